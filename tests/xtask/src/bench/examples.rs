//! The applications of `examples/apps` on a builder of their own: from nothing, after a commit of sources alone, and after one of another
//! package, through the frontend and from the Dockerfile beside it.
//!
//! Both ways begin with the images that they are built on at hand, and with nothing else: packages come from their registries.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::applications::{APPLICATIONS, Application};

use super::stats::Summary;
use crate::builder::Builder;
use crate::checkout::Profile;
use crate::env::Env;
use crate::process::capture;
use crate::talk::{print, say};

const BUILDER: &str = "bench-examples";

/// What is measured of an application.
const STEPS: [&str; 3] = ["first build", "sources", "another package"];

/// How `bench examples` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// One application only
    #[arg(long)]
    only: Option<String>,
}

/// The two ways, and the file of each.
const WAYS: [&str; 2] = ["werf.yaml", "Dockerfile"];

/// Measures everything and prints the table for `docs/performance.md`.
pub fn run(options: &Options) -> Result<()> {
    // Next to what package managers take it is all the same how the frontend is compiled.
    let env = Env::with_frontend(Profile::Harness)?;
    let frontend = env.frontend_image()?;
    let mut rows = Vec::new();
    for application in &APPLICATIONS {
        if options
            .only
            .as_ref()
            .is_some_and(|only| only != application.name)
        {
            continue;
        }
        let contexts = application.contexts(&env.registry.to_string(), &|| env.docker.command());
        let mut times: [[Vec<Duration>; 3]; 2] = Default::default();
        for run in 1..=options.runs {
            for (way, times) in WAYS.iter().zip(&mut times) {
                let measured = measure(&env, application, &frontend, way, &contexts)?;
                let shown = measured.map(|time| format!("{:.2} s", time.as_secs_f64()));
                say(format_args!(
                    "{}, run {run}, {way}: {}",
                    application.name,
                    shown.join(", ")
                ));
                for (times, time) in times.iter_mut().zip(measured) {
                    times.push(time);
                }
            }
        }
        rows.push(row(application, &times)?);
    }
    print(format_args!(
        "| application | lines | {} |\n| --- | --- | --- | --- | --- |\n{}",
        STEPS.join(" | "),
        rows.join("\n")
    ))
}

/// Builds an application three times on a builder that has nothing but its base images.
fn measure(
    env: &Env,
    application: &Application,
    frontend: &str,
    file: &str,
    contexts: &[String],
) -> Result<[Duration; 3]> {
    let project = tempfile::tempdir().context("make a directory for the example")?;
    let root = project.path();
    capture(
        Command::new("cp")
            .arg("--recursive")
            .arg(application.directory().join("."))
            .arg(root),
    )?;
    let config = root.join("werf.yaml");
    let text = fs::read_to_string(&config)?;
    let (_, rest) = text.split_once('\n').context("a first line")?;
    fs::write(&config, format!("# syntax={frontend}\n{rest}"))?;
    commit(root, true)?;
    let builder = Builder::start(env, BUILDER)?;
    fetch_bases(&builder, contexts)?;
    let build = || -> Result<Duration> {
        let began = Instant::now();
        for target in application.targets {
            let name = if file == "werf.yaml" {
                Some(target.image)
            } else {
                target.stage
            };
            let mut arguments = vec!["--file", file, "--load", "--tag", "bench-examples"];
            arguments.extend(name.iter().flat_map(|name| ["--target", *name]));
            arguments.extend(contexts.iter().map(String::as_str));
            arguments.push(".");
            builder.build(root, &arguments)?;
        }
        Ok(began.elapsed())
    };
    let first = build()?;
    application.source.make(root);
    commit(root, false)?;
    let sources = build()?;
    for edit in application.packages {
        edit.make(root);
    }
    commit(root, false)?;
    Ok([first, sources, build()?])
}

/// Has the builder fetch the images that stand for the base images.
fn fetch_bases(builder: &Builder, contexts: &[String]) -> Result<()> {
    let directory = tempfile::tempdir().context("make a directory for a Dockerfile")?;
    let images = contexts
        .iter()
        .filter_map(|it| it.split_once("=docker-image://"));
    let stages: Vec<String> = images
        .enumerate()
        .map(|(at, (_, image))| format!("FROM {image} AS s{at}\nRUN true > /fetched-{at}\n"))
        .chain(["FROM debian:bookworm-slim AS debian\nRUN true > /fetched\n".to_owned()])
        .collect();
    let copies: Vec<String> = (0..stages.len() - 1)
        .map(|at| format!("COPY --from=s{at} /fetched-{at} /\n"))
        .collect();
    fs::write(
        directory.path().join("Dockerfile"),
        format!("{}{}", stages.concat(), copies.concat()),
    )?;
    let arguments = ["--output", "type=cacheonly", "."];
    builder.build(directory.path(), &arguments).map(drop)
}

fn commit(root: &Path, is_first: bool) -> Result<()> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(root)
            .args([
                "-c",
                "user.name=bench",
                "-c",
                "user.email=bench@example.org",
            ])
            .args(arguments);
        capture(&mut git).map(drop)
    };
    if is_first {
        git(&["init", "--quiet"])?;
    }
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "bench"])
}

fn row(application: &Application, times: &[[Vec<Duration>; 3]; 2]) -> Result<String> {
    let directory = application.directory();
    let lines = |files: &[&str]| -> Result<usize> {
        let mut count = 0;
        for file in files {
            count += lines_of(&fs::read_to_string(directory.join(file))?);
        }
        Ok(count)
    };
    let [ours, theirs] = times;
    let cells: Vec<String> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| {
            let seconds = |times: &[Duration]| Summary::of(times).median.as_secs_f64();
            format!("{:.1} s, {:.1} s", seconds(ours), seconds(theirs))
        })
        .collect();
    Ok(format!(
        "| {} | {}, {} | {} |",
        application.name,
        lines(&["werf.yaml"])?,
        lines(&["Dockerfile"])?,
        cells.join(" | ")
    ))
}

/// Counts the lines that are not empty.
fn lines_of(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_lines_and_medians_of_both() {
        let seconds = |all: [u64; 3]| all.map(|it| vec![Duration::from_secs(it)]);
        let times = [seconds([3, 1, 2]), seconds([6, 5, 4])];
        let row = row(&APPLICATIONS[0], &times).unwrap();
        let (_, cells) = row.split_once("| node | ").unwrap();
        let (lines, cells) = cells.split_once(" | ").unwrap();
        assert!(
            lines
                .split(", ")
                .all(|count| count.parse::<usize>().is_ok())
        );
        assert_eq!(cells, "3.0 s, 6.0 s | 1.0 s, 5.0 s | 2.0 s, 4.0 s |");
    }

    #[test]
    fn the_documentation_has_the_lines_that_there_are() {
        let document = include_str!("../../../../docs/performance.md");
        for application in &APPLICATIONS {
            let row = row(application, &Default::default()).unwrap();
            let cells: Vec<&str> = row.split(" | ").take(2).collect();
            let start = format!("{} |", cells.join(" | "));
            assert!(document.contains(&start), "{start}");
        }
    }
}
