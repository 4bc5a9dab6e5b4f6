//! What an ansible stage costs over a shell stage that does nothing, and a further task of it.
//!
//! Every build is of a stage that has never run: its first task or command says a number of its own. All else is in
//! the daemon, the tool chain too.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use super::stats::Summary;
use crate::checkout::Profile;
use crate::demo::{commit_again, commit_all};
use crate::env::{Env, ansible};
use crate::process::capture;
use crate::talk::{print, say};

/// How many tasks the longer stages have more.
const FURTHER: usize = 10;

/// What one task may cost over a shell stage, and each further one, in seconds.
const LIMITS: [f64; 2] = [1.0, 0.2];

/// A stage: what its first task or command is, with a number in place of `@`, and what follows it `FURTHER` times.
struct Kind {
    name: &'static str,
    directive: &'static str,
    first: &'static str,
    further: Option<&'static str>,
    /// The kind that it is compared with.
    over: Option<usize>,
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "shell, a command that does nothing",
        directive: "shell",
        first: "\": @\"",
        further: None,
        over: None,
    },
    Kind {
        name: "ansible, one `debug`",
        directive: "ansible",
        first: "debug: msg=@",
        further: None,
        over: Some(0),
    },
    Kind {
        name: "and ten more",
        directive: "ansible",
        first: "debug: msg=@",
        further: Some("debug: msg=more"),
        over: Some(1),
    },
    Kind {
        name: "ansible, one `command`",
        directive: "ansible",
        first: "command: echo @",
        further: None,
        over: Some(0),
    },
    Kind {
        name: "and ten more",
        directive: "ansible",
        first: "command: echo @",
        further: Some("command: echo more"),
        over: Some(3),
    },
    Kind {
        name: "ansible, one `copy`",
        directive: "ansible",
        first: "copy: dest=/first content=@",
        further: None,
        over: Some(0),
    },
    Kind {
        name: "and ten more",
        directive: "ansible",
        first: "copy: dest=/first content=@",
        further: Some("copy: dest=/more content=more"),
        over: Some(5),
    },
];

/// How it is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

/// Measures all kinds by turns and prints the table.
pub fn run(options: &Options) -> Result<()> {
    let env = Env::with_frontend(Profile::Image)?;
    let frontend = env.frontend_image()?;
    let toolchain = ansible::ensure(&env)?;
    let project = tempfile::tempdir().context("make a directory for the project")?;
    fs::write(project.path().join("README.md"), "measured\n")?;
    commit_all(project.path())?;
    // No two runs of this program have a stage in common either.
    let began = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    say(format_args!("{} runs each, by turns", options.runs));
    let mut times: [Vec<Duration>; KINDS.len()] = Default::default();
    for run in 0..=options.runs {
        for (kind, times) in KINDS.iter().zip(&mut times) {
            let text = config(kind, &frontend, &format!("{began}-{run}"));
            fs::write(project.path().join("werf.yaml"), text)?;
            commit_again(project.path())?;
            let time = build(&env, project.path(), &toolchain)?;
            // The first of each warms up.
            if run > 0 {
                times.push(time);
            }
        }
    }
    print_table(&times.map(|times| Summary::of(&times)))
}

fn config(kind: &Kind, frontend: &str, number: &str) -> String {
    let Kind {
        directive,
        first,
        further,
        ..
    } = kind;
    let mut text = format!(
        "# syntax={frontend}\nproject: bench\nconfigVersion: 1\n---\nimage: app\nfrom: debian:bookworm-slim\n{directive}:\n  install:\n  - {}\n",
        first.replace('@', number)
    );
    for line in further.iter().flat_map(|line| [line; FURTHER]) {
        text.push_str("  - ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn build(env: &Env, project: &Path, toolchain: &str) -> Result<Duration> {
    let mut build = env.docker.command();
    build
        .current_dir(project)
        .args(["buildx", "build", "--progress=plain", "--load"])
        .args(["--tag", "werf-frontend-bench:ansible"])
        .args(["--build-arg", &format!("WERF_STAPEL_ANSIBLE={toolchain}")])
        .args(["--file", "werf.yaml", "."]);
    let began = Instant::now();
    capture(&mut build)?;
    Ok(began.elapsed())
}

fn print_table(summaries: &[Summary; KINDS.len()]) -> Result<()> {
    let mut table = format!(
        "{:36} {:>8} {:>8} {:>8}  {:>8}",
        "", "median", "min", "max", "costs"
    );
    let mut missed = Vec::new();
    for (kind, summary) in KINDS.iter().zip(summaries) {
        let [median, min, max] =
            [summary.median, summary.min, summary.max].map(|time| time.as_secs_f64());
        write!(
            table,
            "\n{:36} {median:>7.3}s {min:>7.3}s {max:>7.3}s",
            kind.name
        )?;
        let Some(over) = kind.over else { continue };
        let more = median - summaries[over].median.as_secs_f64();
        let (cost, limit, unit) = match kind.further {
            None => (more, LIMITS[0], ""),
            Some(_) => (more / FURTHER as f64, LIMITS[1], " a task"),
        };
        write!(table, "  {cost:>+7.3}s{unit}, at most {limit:.1} s")?;
        if cost > limit {
            missed.push(kind.name);
        }
    }
    print(table)?;
    if !missed.is_empty() {
        bail!("over the limit: {}", missed.join("; "));
    }
    Ok(())
}
