//! `cargo xtask cases FILE…`: recorded answers of Go against ours, by the program of `tests/answers`, so that this one
//! does not have to be linked with it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::checkout;

/// Runs the cases in full view and passes the exit status on.
pub fn run(files: &[PathBuf]) -> Result<ExitCode> {
    let files: Vec<PathBuf> = files
        .iter()
        .map(|file| std::path::absolute(file).with_context(|| shown(file)))
        .collect::<Result<_>>()?;
    let status = checkout::cargo()
        .args(["run", "--quiet", "--locked", "--package", "answers", "--"])
        .args(files)
        .status()
        .context("start cargo run")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn shown(file: &Path) -> String {
    format!("find {}", file.display())
}
