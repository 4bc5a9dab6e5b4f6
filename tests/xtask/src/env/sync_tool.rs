//! The sync tool: compiled in Docker as it is released when something first needs it, and kept. All tests run
//! what people get; only the demo makes do with any that works.

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

/// Its package, and its program.
pub const PACKAGE: &str = "stapel-sync";

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

/// Returns the file where it is kept, there or not.
pub fn kept(env: &Env) -> Result<PathBuf> {
    let tag = recipe::tag(&checkout::root(), &PARTS)?;
    Ok(env.home.join(format!("{PACKAGE}-{tag}")))
}

/// Makes sure that it is in the file where it is kept.
pub fn ensure(env: &Env, kept: &Path) -> Result<()> {
    if !kept.exists() {
        phases::begin("compiling the sync tool");
        say("compiling the sync tool: two minutes, once");
        let making = env.home.join("stapel-sync.making");
        fs::copy(compile(env, &making, DIRECTORY)?, kept)
            .with_context(|| format!("write {}", kept.display()))?;
        remove_dir(&making)?;
    }
    Ok(())
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
