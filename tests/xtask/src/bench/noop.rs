//! A build in which nothing changed: the price of asking.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Options, Way, paired};
use crate::checkout::Profile;
use crate::demo::{EXAMPLE, commit_example};
use crate::env::Env;
use crate::process::capture;

/// The same image as the example's, written as a Dockerfile.
const PEER: &str = include_str!("Dockerfile.peer");

/// Measures the no-op build of the example both ways.
pub fn run(options: &Options) -> Result<()> {
    let env = Env::with_frontend(Profile::Image)?;
    let frontend = env.frontend_image()?;
    let project = tempfile::tempdir().context("make a directory for the example")?;
    commit_example(project.path(), &frontend)?;
    let peer = tempfile::NamedTempFile::new()?;
    std::fs::write(peer.path(), PEER)?;

    let build = |file: &Path, tag: &str| -> Command {
        let mut build = env.docker.command();
        build
            .current_dir(project.path())
            .args([
                "buildx",
                "build",
                "--progress=plain",
                "--load",
                "--tag",
                tag,
                "--file",
            ])
            .arg(file)
            .arg(".");
        build
    };
    let mut ours = build(Path::new("werf.yaml"), "werf-frontend-bench:frontend");
    let mut theirs = build(peer.path(), "werf-frontend-bench:dockerfile");
    paired(
        &format!("no-op build of {EXAMPLE}"),
        options.runs,
        [
            Way::new("werf.yaml", || capture(&mut ours).map(drop)),
            Way::new("Dockerfile", || capture(&mut theirs).map(drop)),
        ],
    )
}
