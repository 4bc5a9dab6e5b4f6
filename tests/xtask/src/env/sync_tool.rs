//! The sync tool: compiled in Docker as it is released when something first needs it, and kept. All tests run
//! what people get.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Env;
use super::recipe::{self, RECIPE};
use crate::checkout;
use crate::home::remove_dir;
use crate::phases;
use crate::process::logged;
use crate::talk::say;

/// Where it is in the image.
pub const PATH: &str = "stapel/bin/stapel-sync";

/// What it is made of.
const PARTS: [&str; 6] = [
    RECIPE,
    "Cargo.lock",
    "Cargo.toml",
    "frontend/build-sync",
    "frontend/key-stream",
    "frontend/stapel-sync",
];

/// Where the recipe compiles it.
const DIRECTORY: &str = "/src";

/// Makes sure that it is there and returns its file.
pub fn ensure(env: &Env) -> Result<PathBuf> {
    let tag = recipe::tag(&checkout::root(), &PARTS)?;
    let kept = env.home.join(format!("stapel-sync-{tag}"));
    if !kept.exists() {
        phases::begin("compiling the sync tool");
        say("compiling the sync tool: two minutes, once");
        let making = env.home.join("stapel-sync.making");
        fs::copy(compile(env, &making, DIRECTORY)?, &kept)
            .with_context(|| format!("write {}", kept.display()))?;
        remove_dir(&making)?;
    }
    Ok(kept)
}

/// Compiles it with the sources at `directory` of the container, puts it into `output` on the host and returns its file.
pub fn compile(env: &Env, output: &Path, directory: &str) -> Result<PathBuf> {
    remove_dir(output)?;
    let mut build = recipe::build(&env.docker);
    build
        .args(["--target", "sync-tool"])
        .args(["--build-arg", &format!("SYNC_DIRECTORY={directory}")])
        .args(["--output", &format!("type=local,dest={}", output.display())])
        .arg(".");
    logged(
        &format!("compiling the sync tool at {directory}"),
        &env.home.logs()?.join("stapel-sync.log"),
        &mut build,
    )?;
    Ok(output.join(PATH))
}
