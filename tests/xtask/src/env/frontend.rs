//! The frontend image: this checkout's binaries, compiled on the host, packaged by `Dockerfile.frontend`
//! and pushed to the local registry under a tag that names their content.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use super::recipe::{self, RECIPE};
use super::{Env, sync_tool};
use crate::checkout::{self, Profile};
use crate::home::remove_dir;
use crate::phases;
use crate::process::{capture, logged, output};
use crate::talk::say;

/// The package of the frontend, and its program.
const PACKAGE: &str = "werf-frontend";

/// Makes sure that the image is in the registry and returns its name.
pub fn ensure(env: &Env, profile: Profile) -> Result<String> {
    let kept = sync_tool::kept(env)?;
    let programs = if profile == Profile::Demo && !kept.exists() {
        let [frontend, tool] = programs(profile, [PACKAGE, sync_tool::PACKAGE])?;
        [(PACKAGE, frontend), (sync_tool::PATH, tool)]
    } else {
        let frontend = program(profile)?;
        sync_tool::ensure(env, &kept)?;
        [(PACKAGE, frontend), (sync_tool::PATH, kept)]
    };
    let recipe = checkout::root().join(RECIPE);
    let tag = tag(&recipe, &programs)?;
    let image = format!("{}/werf-frontend:{tag}", env.registry);
    if env.registry.holds("werf-frontend", &tag) {
        return Ok(image);
    }
    phases::begin("packaging the frontend");
    say(format_args!(
        "packaging the frontend as {image} (the first time with bash: about a minute)"
    ));
    let context = env.home.join("frontend");
    lay_out(&context, &programs)?;
    let instead = |stage: &str| format!("{stage}={}", context.display());
    logged(
        "packaging the frontend",
        &env.home.logs()?.join("frontend.log"),
        recipe::build(&env.docker)
            .args(["--build-context", &instead("binary")])
            .args(["--build-context", &instead("sync")])
            .args(["--load", "--tag", &image, "."]),
    )?;
    capture(env.docker.command().args(["push", "--quiet", &image]))?;
    Ok(image)
}

/// Returns this machine's target, which must be named for a static program even when it is the host's.
pub fn target() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// Compiles the frontend as a static program and returns its file.
pub fn program(profile: Profile) -> Result<PathBuf> {
    programs(profile, [PACKAGE]).map(|[program]| program)
}

/// Compiles packages of the frontend as static programs of the same names and returns their files.
fn programs<const N: usize>(profile: Profile, packages: [&str; N]) -> Result<[PathBuf; N]> {
    phases::begin("compiling the frontend");
    say(format_args!(
        "compiling the frontend (profile {})",
        profile.name()
    ));
    let target = target();
    let mut cargo = checkout::cargo();
    cargo
        .args([
            "build",
            "--quiet",
            "--bins",
            "--profile",
            profile.name(),
            "--target",
            &target,
        ])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(["--message-format", "json-render-diagnostics", "--config"])
        .arg(format!(
            "target.{target}.rustflags=[\"-Ctarget-feature=+crt-static\"]"
        ))
        // Either would take the place of the flags above.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let output = output("compiling the frontend", &mut cargo)?;
    if !output.status.success() {
        bail!("the frontend does not compile");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut files = Vec::new();
    for package in packages {
        files.push(executable(&messages, package).with_context(|| {
            format!("package `{package}` has no program of the name `{package}`")
        })?);
    }
    files
        .try_into()
        .map_err(|files| anyhow!("{files:?} are not the programs of {packages:?}"))
}

/// Finds where cargo put a program in what it says with `--message-format json`.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name && message["target"]["kind"][0] == "bin";
        is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
    })
}

/// Names the image by all that it is made of, so that a tag never changes its meaning.
fn tag(recipe: &Path, programs: &[(&str, PathBuf)]) -> Result<String> {
    let binaries = programs.iter().map(|(_, binary)| binary.as_path());
    let files = std::iter::once(recipe).chain(binaries);
    let contents: Vec<Vec<u8>> = files.map(recipe::read).collect::<Result<_>>()?;
    Ok(recipe::tag_of(&contents))
}

/// Lays the programs out as the stages do that compile them: where each is in the image, and its file.
fn lay_out(context: &Path, programs: &[(&str, PathBuf)]) -> Result<()> {
    remove_dir(context)?;
    for (path, binary) in programs {
        let path = context.join("out").join(path);
        let dir = path.parent().context("a program is in a directory")?;
        fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
        fs::copy(binary, &path).with_context(|| format!("copy {}", binary.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargo_s_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"werf-frontend","kind":["lib"]},"executable":null}
{"reason":"compiler-artifact","target":{"name":"build-script-build","kind":["custom-build"]},"executable":null}
{"reason":"compiler-artifact","target":{"name":"werf-frontend","kind":["bin"]},"executable":"/t/werf-frontend"}
{"reason":"build-finished","success":true}
not json"#;
        assert_eq!(
            executable(messages, "werf-frontend"),
            Some("/t/werf-frontend".into())
        );
        assert_eq!(executable(messages, "stapel-sync"), None);
    }

    #[test]
    fn a_tag_changes_with_any_file() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, "a").unwrap();
        fs::write(&two, "b").unwrap();
        let programs = [("program", two.clone())];
        let before = tag(&one, &programs).unwrap();
        assert_eq!(before.len(), 12);
        fs::write(&two, "c").unwrap();
        assert_ne!(before, tag(&one, &programs).unwrap());
    }
}
