//! `cargo xtask test`: all tests, from unit to end-to-end, with the environment prepared.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::checkout::{self, Profile};
use crate::env::{Env, Which};
use crate::talk::say;

/// Where end-to-end tests find this program, to start second builders with.
const XTASK: &str = "WERF_XTASK";

/// Where end-to-end tests write down that they did not run, a line each (`e2e::needs`).
pub const SKIPPED: &str = "WERF_TEST_SKIPPED";

/// How `test` is asked for.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    which: Which,
    /// For example `-p e2e cache`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo_arguments: Vec<String>,
}

/// Runs cargo's tests in full view, says which ones the engine had them skip, and passes their exit status on.
pub fn run(options: &Options) -> Result<ExitCode> {
    let env = Env::with_frontend_of(options.which, Profile::Harness)?;
    let skipped = tempfile::NamedTempFile::new().context("make a file for skipped tests")?;
    let mut cargo = equip(&env)?;
    cargo
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
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
    cargo.env(XTASK, std::env::current_exe().context("find this program")?);
    Ok(cargo)
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
