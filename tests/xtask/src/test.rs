//! `cargo xtask test`: all tests, from unit to end-to-end, with the environment prepared; with `--fast` those that
//! need none.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::checkout::{self, Profile};
use crate::env::docker::BUILDER;
use crate::env::{Env, Which};
use crate::talk::say;

/// The package of the tests that need a daemon.
const END_TO_END: &str = "e2e";

/// Where end-to-end tests find this program, to start second builders with.
const XTASK: &str = "WERF_XTASK";

/// Where end-to-end tests write down that they did not run, a line each (`e2e::needs`).
pub const SKIPPED: &str = "WERF_TEST_SKIPPED";

/// Which tests to run, and how.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    which: Which,
    /// Only what needs no daemon: everything but the end-to-end tests
    #[arg(long, conflicts_with = "engine")]
    fast: bool,
    /// A builder that `docker buildx create` has made, which builds in place of the engine's own BuildKit
    #[arg(long, value_name = "NAME", conflicts_with = "fast")]
    builder: Option<String>,
    /// Go to `cargo test`, for example `-p e2e caching`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo_arguments: Vec<String>,
}

/// Runs cargo's tests in full view, says which ones the engine had them skip, and passes their exit status on.
pub fn run(options: &Options) -> Result<ExitCode> {
    let skipped = tempfile::NamedTempFile::new().context("make a file for skipped tests")?;
    let mut cargo = if options.fast {
        checkout::cargo()
    } else {
        equip(&Env::with_frontend_of(options.which, Profile::Harness)?)?
    };
    if let Some(builder) = &options.builder {
        cargo.env(BUILDER, builder);
    }
    cargo
        .args(["test", "--locked", "--no-fail-fast"])
        .args(packages(options))
        .args(&options.cargo_arguments)
        .env(SKIPPED, skipped.path())
        .stdin(Stdio::null());
    say("running the tests");
    let status = cargo.status().context("start cargo test")?;
    say_skipped(&fs::read_to_string(skipped.path()).context("read which tests were skipped")?);
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// Returns cargo with all that end-to-end tests look for in their environment.
pub fn equip(env: &Env) -> Result<Command> {
    let mut cargo = env.equip(checkout::cargo());
    if env.docker.own {
        cargo.env_remove(BUILDER);
    }
    cargo.env(XTASK, std::env::current_exe().context("find this program")?);
    Ok(cargo)
}

/// Says which packages to test, unless the arguments do: with `--workspace`, cargo would not heed those.
fn packages(options: &Options) -> &'static [&'static str] {
    let named = |argument: &String| argument.starts_with("-p") || argument.starts_with("--package");
    let mut for_cargo = options
        .cargo_arguments
        .iter()
        .take_while(|one| *one != "--");
    if for_cargo.any(named) {
        &[]
    } else if options.fast {
        &["--workspace", "--exclude", END_TO_END]
    } else {
        &["--workspace"]
    }
}

/// Says which tests did not run, and why.
fn say_skipped(lines: &str) {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    if !lines.is_empty() {
        say(format_args!("{} tests were skipped:", lines.len()));
    }
    for line in lines {
        say(format_args!("  skipped: {line}"));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Returns the names of the test files of a package that its test program does not have.
    fn forgotten(tests: &Path, manifest: &str) -> Vec<String> {
        let main = fs::read_to_string(tests.join("main.rs")).expect("a test program");
        let files = fs::read_dir(tests).expect("a directory").flatten();
        let names = files.filter_map(|file| {
            let name = file.file_name().into_string().ok()?;
            name.strip_suffix(".rs").map(str::to_owned)
        });
        names
            .filter(|name| name != "main" && !main.contains(&format!("mod {name};")))
            .filter(|name| !manifest.contains(&format!("tests/{name}.rs")))
            .collect()
    }

    #[test]
    fn every_test_file_is_in_a_test_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut programs = 0;
        for directory in ["frontend", "tests"] {
            let packages = fs::read_dir(root.join(directory)).expect("a directory");
            for package in packages.flatten().map(|package| package.path()) {
                let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap_or_default();
                if manifest.contains("autotests = false") {
                    programs += 1;
                    let forgotten = forgotten(&package.join("tests"), &manifest);
                    assert_eq!(forgotten, [""; 0], "{}", package.display());
                }
            }
        }
        assert!(programs > 4, "only {programs}");
    }
}
