//! Builds with sources: from nothing, after a commit of one file, and once more.
//!
//! A repository of 100,000 files and one of 50, both ways: through the frontend with a git mapping, and from a
//! Dockerfile that copies everything last. The client, the daemon and the export are the same; only what is
//! measured differs, so all that a person waits for counts.

pub mod dev;
mod plan;
mod repository;
pub mod text;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::figure::{Figure, Measured, Target, table};
use super::{Way, by_turns};
use crate::checkout::Profile;
use crate::env::{Env, frontend};
use crate::home::remove_dir;
use crate::process::capture;
use crate::talk::{print, say};
use plan::Plan;
pub use repository::Repository;

const WERF: &str = include_str!("werf.yaml");
const PEER: &str = include_str!("Dockerfile.peer");
const TAGS: [&str; 2] = [
    "werf-frontend-bench:frontend",
    "werf-frontend-bench:dockerfile",
];

const SMALL: usize = 50;

/// How `bench git` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured with the large repository
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// How many files the large repository has; targets are those of 100,000
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    files: u32,
    /// How often each way is measured from nothing
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    cold_runs: u32,
    /// How often each way is measured with the small repository
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    small_runs: u32,
    /// Measures PLAN only
    #[arg(long)]
    plan_only: bool,
    /// Lets a Docker of your own lose its whole build cache, as builds from nothing need it
    #[arg(long)]
    prune: bool,
}

/// Measures everything and prints the table for `docs/performance.md`.
pub fn run(options: &Options) -> Result<()> {
    let env = Env::with_frontend(Profile::Image)?;
    ensure!(
        env.docker.own || options.prune || options.plan_only,
        "builds from nothing remove the whole build cache of your Docker; say `--prune` if they may"
    );
    let name = env.frontend_image()?;
    let mut large = prepared(&env, options.files as usize, &name)?;
    let (files, bytes, packed) = large.sizes()?;
    let about = format!(
        "{files} files, {:.0} MB, in one pack of {:.0} MB",
        bytes as f64 / 1e6,
        packed as f64 / 1e6
    );
    say(&about);
    let mut figures = plan_figures(&env, &mut large, options.runs)?;
    if !options.plan_only {
        let peer = tempfile::NamedTempFile::new()?;
        fs::write(peer.path(), PEER)?;
        let mut builds = large_figures(&env, &mut large, peer.path(), options)?;
        let mut small = prepared(&env, SMALL, &name)?;
        builds.push(small_figure(&env, &mut small, peer.path(), options)?);
        builds.append(&mut figures);
        figures = builds;
    }
    print(format_args!(
        "The large repository: {about}.\n\n{}",
        table(&figures)
    ))
}

/// Returns a repository whose HEAD can be built both ways.
fn prepared(env: &Env, files: usize, frontend: &str) -> Result<Repository> {
    let repository = Repository::ensure(&env.home, files)?;
    repository.commit_files(&[
        ("werf.yaml", &werf_yaml(frontend, files)),
        (".dockerignore", ".git\n"),
    ])?;
    Ok(repository)
}

/// The two repositories must not share stages: one would take the other's files for an older commit of its own.
fn werf_yaml(frontend: &str, files: usize) -> String {
    format!("# syntax={frontend}\n{WERF}").replace("FILES", &files.to_string())
}

/// PLAN on its own: with an empty STORE, then after commits of one file.
fn plan_figures(env: &Env, large: &mut Repository, runs: u32) -> Result<Vec<Figure>> {
    let scratch = env.home.join("bench/plan");
    remove_dir(&scratch)?;
    fs::create_dir_all(&scratch)?;
    let program = frontend::program(Profile::Image)?;
    let root = large.path().to_owned();
    let plan = Plan {
        program: &program,
        scratch: &scratch,
        repository: &root,
    };
    say("PLAN alone, first into an empty STORE");
    let empty = plan.measure(1)?;
    large.commit_one_file()?;
    let commit = plan.measure(1)?;
    let filled = plan.measure(runs.max(5))?;
    remove_dir(&scratch)?;
    say(format_args!(
        "filling STORE {:.2} s, one file new {:.2} s, nothing new {:.2} s",
        empty.time.median.as_secs_f64(),
        commit.time.median.as_secs_f64(),
        filled.time.median.as_secs_f64()
    ));
    let memory = |what, memory| Figure {
        what,
        runs: 1,
        measured: Measured::Bytes(memory),
        target: Target::Bytes(250_000_000),
    };
    Ok(vec![
        Figure {
            what: "large: PLAN alone, STORE is filled",
            runs: runs.max(5),
            measured: Measured::Time(filled.time),
            target: Target::Within(Duration::from_millis(500)),
        },
        memory(
            "large: memory of PLAN, STORE is filled",
            filled.memory.max(commit.memory),
        ),
        memory("large: memory of PLAN, STORE is empty", empty.memory),
    ])
}

fn large_figures(
    env: &Env,
    large: &mut Repository,
    peer: &Path,
    options: &Options,
) -> Result<Vec<Figure>> {
    let root = large.path().to_owned();
    let ours = || build(env, &root, Path::new("werf.yaml"), TAGS[0]);
    let theirs = || build(env, &root, peer, TAGS[1]);
    let nothing = || Ok(());
    let ways = |before_ours, before_theirs| {
        [
            Way::new("werf.yaml", ours).after(before_ours),
            Way::new("Dockerfile", theirs).after(before_theirs),
        ]
    };
    let cold = by_turns(
        "a build from nothing",
        options.cold_runs,
        ways(
            Box::new(|| forget(env)) as Box<dyn FnMut() -> Result<()>>,
            Box::new(|| forget(env)),
        ),
    )?;
    say("once each to warm up");
    ours()?;
    theirs()?;
    let commit = by_turns(
        "a commit of one file",
        options.runs,
        ways(Box::new(|| large.commit_one_file()), Box::new(nothing)),
    )?;
    let again = by_turns(
        "the same commit again",
        options.runs,
        ways(Box::new(nothing), Box::new(nothing)),
    )?;
    let figure = |what, runs, times, target| Figure {
        what,
        runs,
        measured: Measured::Pair(times),
        target,
    };
    Ok(vec![
        figure(
            "large: one changed",
            options.runs,
            commit,
            Target::TimesFaster(10.0),
        ),
        figure(
            "large: the same commit again",
            options.runs,
            again,
            Target::TimesFaster(4.0),
        ),
        figure(
            "large: nothing cached",
            options.cold_runs,
            cold,
            Target::AtMostSlower(Duration::ZERO),
        ),
    ])
}

fn small_figure(
    env: &Env,
    small: &mut Repository,
    peer: &Path,
    options: &Options,
) -> Result<Figure> {
    let root = small.path().to_owned();
    let ours = || build(env, &root, Path::new("werf.yaml"), TAGS[0]);
    let theirs = || build(env, &root, peer, TAGS[1]);
    ours()?;
    theirs()?;
    let times = by_turns(
        "50 files, a commit of one",
        options.small_runs,
        [
            Way::new("werf.yaml", ours).after(Box::new(|| small.commit_one_file())),
            Way::new("Dockerfile", theirs),
        ],
    )?;
    Ok(Figure {
        what: "small, 50 files: one changed",
        runs: options.small_runs,
        measured: Measured::Pair(times),
        target: Target::AtMostSlower(Duration::from_millis(400)),
    })
}

fn build(env: &Env, root: &Path, file: &Path, tag: &str) -> Result<()> {
    capture(&mut command(env, root, file, tag)).map(drop)
}

fn command(env: &Env, root: &Path, file: &Path, tag: &str) -> Command {
    let mut build: Command = env.docker.command();
    build
        .current_dir(root)
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
}

/// Removes the images and all that the daemon has cached, STORE included.
fn forget(env: &Env) -> Result<()> {
    let docker = |arguments: &[&str]| capture(env.docker.command().args(arguments)).map(drop);
    docker(&[&["image", "rm", "--force"], &TAGS[..]].concat())?;
    docker(&["buildx", "prune", "--all", "--force"])
}
