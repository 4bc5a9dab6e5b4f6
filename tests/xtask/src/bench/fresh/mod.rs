//! A commit of one file on a builder that has nothing, as runners of CI start: how much it fetches, and how long it takes.
//!
//! Three ways of the same image, by turns: through the frontend, and from Dockerfiles that copy the sources last, without and with
//! `--link`. Every build has a daemon of its own, which starts with an empty directory; its caches are imported from the
//! registry and exported there. The registry is reached through doors that count, one for all that is pulled and one for the frontend's image.
//!
//! The result is exported as a cache with all its layers (`mode=max`) and not as an image: Docker unpacks every image that it
//! exports, for which each of the three would fetch all of it.

mod steps;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::CountedRegistry;

use super::figure::{Figure, Measured, Target, table};
use super::git::Repository;
use super::git::text::Random;
use super::stats::Summary;
use crate::builder::Builder;
use crate::checkout::Profile;
use crate::env::Env;
use crate::talk::{print, say};

const BUILDER: &str = "bench-fresh";
const FILES: usize = 50;
/// With `--large`.
const MANY_FILES: usize = 100_000;

/// The last steps that are compared: what they are called, the file, and where the cache of each is.
const WAYS: [Way; 3] = [
    Way {
        name: "werf.yaml",
        text: include_str!("werf.yaml"),
        file: "werf.yaml",
    },
    Way {
        name: "`COPY . /app`",
        text: include_str!("Dockerfile.copy"),
        file: "Dockerfile.copy",
    },
    Way {
        name: "`COPY --link . /app`",
        text: include_str!("Dockerfile.link"),
        file: "Dockerfile.link",
    },
];

struct Way {
    name: &'static str,
    text: &'static str,
    file: &'static str,
}

/// The images below the sources, in megabytes, and how the report calls what is held against targets.
const SIZES: [(u64, [&str; 3]); 2] = [
    (
        60,
        [
            "60 MB: fetched besides the frontend",
            "60 MB: against `COPY --link`",
            "60 MB: against `COPY`",
        ],
    ),
    (
        600,
        [
            "600 MB: fetched besides the frontend",
            "600 MB: against `COPY --link`",
            "600 MB: against `COPY`",
        ],
    ),
];

/// How `bench fresh` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Measures with the small image only
    #[arg(long)]
    small: bool,
    /// Measures a repository of 100,000 files upon the small image instead
    #[arg(long, conflicts_with = "small")]
    large: bool,
}

impl Options {
    /// Returns how many files the repository has.
    fn files(&self) -> usize {
        if self.large { MANY_FILES } else { FILES }
    }
}

/// What one build came to.
struct Run {
    time: Duration,
    /// What the registry has sent besides the frontend's image.
    fetched: u64,
    /// What it has sent of that.
    frontend: u64,
    log: String,
}

/// The registry as the builders know it.
struct Doors {
    project: CountedRegistry,
    frontend: CountedRegistry,
    /// The frontend's image behind its own door.
    image: String,
}

/// Measures everything and prints the tables for `docs/performance.md`.
pub fn run(options: &Options) -> Result<()> {
    let env = Env::with_frontend(Profile::Image)?;
    let registry = env.registry.to_string();
    let frontend = CountedRegistry::of(&registry);
    let doors = Doors {
        project: CountedRegistry::of(&registry),
        image: env.frontend_image()?.replace(&registry, &frontend.address),
        frontend,
    };
    let mut rows = Vec::new();
    let mut figures = Vec::new();
    let mut slowest = Vec::new();
    let sizes = if options.small || options.large {
        &SIZES[..1]
    } else {
        &SIZES
    };
    for (megabytes, names) in sizes {
        let runs = measure(&env, &doors, *megabytes, options)?;
        for (way, runs) in WAYS.iter().zip(&runs) {
            rows.push(row(*megabytes, way, runs));
        }
        if options.large {
            [slowest, ..] = runs;
            continue;
        }
        let [ours, copy, link] = runs.each_ref().map(|runs| summary(runs));
        let fetched = runs[0].iter().map(|run| run.fetched).max();
        let targets = [
            (
                Measured::Bytes(fetched.unwrap_or(0)),
                Target::Bytes(3_000_000),
            ),
            (
                Measured::Pair([ours, link]),
                Target::AtMostSlower(Duration::from_secs(1)),
            ),
            (Measured::Pair([ours, copy]), Target::TimesFaster(5.0)),
        ];
        // A small image is fetched fast, so that the last is a target of the large one.
        let count = if *megabytes < 600 { 2 } else { 3 };
        for ((measured, target), what) in targets.into_iter().zip(names).take(count) {
            figures.push(Figure {
                what,
                runs: options.runs,
                measured,
                target,
            });
        }
        let [ours, ..] = runs;
        slowest = ours;
    }
    print(format_args!(
        "| image below the sources | last step | fetched, median | of the frontend besides | median (min to max) |\n| --- | --- | --- | --- | --- |\n{}\n",
        rows.join("\n")
    ))?;
    if !figures.is_empty() {
        print(table(&figures))?;
    }
    slowest.sort_by_key(|run| run.time);
    let median = &slowest[slowest.len() / 2];
    say("steps of a build through the frontend, which overlap:");
    for (name, time) in steps::of_progress(&median.log) {
        say(format_args!("{time:>6.1} s  {name}"));
    }
    Ok(())
}

/// Measures all ways by turns upon an image of so many megabytes; each has caches of its own for each number of files.
fn measure(env: &Env, doors: &Doors, megabytes: u64, options: &Options) -> Result<[Vec<Run>; 3]> {
    let mut repository = Repository::ensure(&env.home, options.files())?;
    let base = format!("{}/bench-fresh/base:{megabytes}", doors.project.address);
    let with_base = |way: &Way| way.text.replace("BASE", &base);
    let ours = format!("# syntax={}\n{}", doors.image, with_base(&WAYS[0]));
    repository.commit_files(&[
        (WAYS[0].file, &ours),
        (WAYS[1].file, &with_base(&WAYS[1])),
        (WAYS[2].file, &with_base(&WAYS[2])),
        (".dockerignore", ".git\n"),
    ])?;
    let cache = |way: &Way| {
        format!(
            "type=registry,ref={}/bench-fresh/{}:{megabytes}-{}",
            doors.project.address,
            way.file.to_lowercase(),
            options.files()
        )
    };
    say(format_args!(
        "filling caches, upon an image of {megabytes} MB"
    ));
    {
        let builder = Builder::start(env, BUILDER)?;
        make_base(&builder, &base, megabytes)?;
        for way in &WAYS {
            build(&builder, doors, repository.path(), way, &cache(way))?;
        }
    }
    let mut all: [Vec<Run>; 3] = Default::default();
    for number in 1..=options.runs {
        repository.commit_one_file()?;
        for (way, runs) in WAYS.iter().zip(&mut all) {
            let builder = Builder::start(env, BUILDER)?;
            let run = build(&builder, doors, repository.path(), way, &cache(way))?;
            say(format_args!(
                "run {number}, {}: {:.2} s, {} bytes and {} of the frontend",
                way.name,
                run.time.as_secs_f64(),
                run.fetched,
                run.frontend
            ));
            runs.push(run);
        }
    }
    Ok(all)
}

/// Pushes an image with one layer of noise, which is the same every time.
fn make_base(builder: &Builder, name: &str, megabytes: u64) -> Result<()> {
    let directory = tempfile::tempdir().context("make a directory for the base image")?;
    let file = fs::File::create(directory.path().join("noise"))?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, &file);
    let mut random = Random::new(megabytes);
    for _ in 0..megabytes * 1_000_000 / 8 {
        out.write_all(&random.next().to_le_bytes())?;
    }
    out.flush()?;
    drop(out);
    file.set_modified(std::time::UNIX_EPOCH)?;
    fs::write(
        directory.path().join("Dockerfile"),
        "FROM busybox:latest\nCOPY noise /noise\n",
    )?;
    let output = format!("type=image,push=true,name={name}");
    builder
        .build(directory.path(), &["--output", &output, "."])
        .map(drop)
}

/// Builds one way with its cache, and returns what that took.
fn build(builder: &Builder, doors: &Doors, project: &Path, way: &Way, cache: &str) -> Result<Run> {
    let export = format!("{cache},mode=max");
    let arguments = [
        "--cache-from",
        cache,
        "--cache-to",
        &export,
        "--output",
        "type=cacheonly",
        "--file",
        way.file,
        ".",
    ];
    doors.project.sent();
    doors.frontend.sent();
    let began = Instant::now();
    let log = builder.build(project, &arguments)?;
    Ok(Run {
        time: began.elapsed(),
        fetched: doors.project.sent(),
        frontend: doors.frontend.sent(),
        log,
    })
}

fn summary(runs: &[Run]) -> Summary {
    let times: Vec<Duration> = runs.iter().map(|run| run.time).collect();
    Summary::of(&times)
}

fn row(megabytes: u64, way: &Way, runs: &[Run]) -> String {
    let median = |bytes: &dyn Fn(&Run) -> u64| {
        let mut bytes: Vec<u64> = runs.iter().map(bytes).collect();
        bytes.sort_unstable();
        bytes.get(bytes.len() / 2).copied().unwrap_or(0)
    };
    let [fetched, frontend] = [
        median(&|run: &Run| run.fetched),
        median(&|run: &Run| run.frontend),
    ]
    .map(shown);
    let times = summary(runs);
    let [median, min, max] = [times.median, times.min, times.max].map(|time| time.as_secs_f64());
    format!(
        "| {megabytes} MB | {} | {fetched} | {frontend} | {median:.2} s ({min:.2} to {max:.2}) |",
        way.name
    )
}

/// Returns bytes in the unit that has few digits.
fn shown(bytes: u64) -> String {
    match bytes {
        0 => "–".to_owned(),
        1..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_middle_run_and_the_spread() {
        let run = |millis, fetched| Run {
            time: Duration::from_millis(millis),
            fetched,
            frontend: 7_540_000,
            log: String::new(),
        };
        let runs = [run(900, 21_000), run(2000, 20_000), run(1000, 600_000_000)];
        assert_eq!(
            row(60, &WAYS[2], &runs),
            "| 60 MB | `COPY --link . /app` | 21 kB | 7.5 MB | 1.00 s (0.90 to 2.00) |"
        );
        assert_eq!(shown(0), "–");
    }

    #[test]
    fn all_ways_start_from_the_base_and_copy_the_same() {
        for way in &WAYS {
            assert_eq!(way.text.matches("BASE").count(), 1, "{}", way.file);
            assert!(way.text.contains("cp /app/package.json /installed"));
        }
    }
}
