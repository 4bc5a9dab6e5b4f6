//! `cargo xtask bench`: what the frontend costs, beside an equivalent Dockerfile in the same daemon.
//!
//! One module per benchmark. Each hands two ways of doing the same thing to [`paired`], which runs them by turns,
//! so that whatever else the machine does meets both alike.

mod ansible;
mod examples;
mod figure;
mod fresh;
mod git;
mod noop;
mod stats;
mod templates;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Subcommand;

use crate::talk::{print, say};
use stats::Summary;

/// Which benchmark.
#[derive(Subcommand)]
pub enum Bench {
    /// A build in which nothing changed
    Noop(Options),
    /// Builds with sources of a git repository of 100,000 files, and of one of 50
    Git(git::Options),
    /// A build of an edited file in development mode, and one after a commit of it
    Dev(git::dev::Options),
    /// A commit of one file on builders that have nothing but a cache in a registry
    Fresh(fresh::Options),
    /// Rendering and reading a large configuration, on the host
    Templates(templates::Options),
    /// The applications of `examples/apps`, each beside its Dockerfile
    Examples(examples::Options),
    /// Ansible stages of one task and of several, beside a shell stage that does nothing
    Ansible(ansible::Options),
}

/// How every benchmark is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

/// Runs a benchmark and prints its table.
pub fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Noop(options) => noop::run(options),
        Bench::Git(options) => git::run(options),
        Bench::Dev(options) => git::dev::run(options),
        Bench::Fresh(options) => fresh::run(options),
        Bench::Templates(options) => templates::run(options),
        Bench::Ansible(options) => ansible::run(options),
        Bench::Examples(options) => examples::run(options),
    }
}

/// One of two ways of doing the same thing.
struct Way<'a> {
    name: &'static str,
    /// What precedes every run and is not measured.
    before: Option<Work<'a>>,
    work: Work<'a>,
}

type Work<'a> = Box<dyn FnMut() -> Result<()> + 'a>;

impl<'a> Way<'a> {
    fn new(name: &'static str, work: impl FnMut() -> Result<()> + 'a) -> Self {
        Way {
            name,
            before: None,
            work: Box::new(work),
        }
    }

    fn after(mut self, before: Work<'a>) -> Self {
        self.before = Some(before);
        self
    }

    fn measure(&mut self) -> Result<Duration> {
        if let Some(before) = &mut self.before {
            before()?;
        }
        let began = Instant::now();
        (self.work)()?;
        Ok(began.elapsed())
    }
}

/// Runs both ways by turns and prints medians, spreads and the difference.
fn paired(title: &str, runs: u32, mut ways: [Way; 2]) -> Result<()> {
    say(format_args!("{title}: once each to warm up"));
    for way in &mut ways {
        way.measure()?;
    }
    let names = [ways[0].name, ways[1].name];
    let times = by_turns(title, runs, ways)?;
    print(stats::table(title, names, times))
}

/// Runs both ways by turns.
fn by_turns(title: &str, runs: u32, mut ways: [Way; 2]) -> Result<[Summary; 2]> {
    say(format_args!("{title}: {runs} runs each"));
    let mut times = [Vec::new(), Vec::new()];
    for run in 1..=runs {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            times.push(way.measure()?);
        }
        let last = |index: usize| times[index].last().map_or(0.0, Duration::as_secs_f64);
        say(format_args!(
            "run {run}: {} {:.2} s, {} {:.2} s",
            ways[0].name,
            last(0),
            ways[1].name,
            last(1)
        ));
    }
    Ok(times.map(|times| Summary::of(&times)))
}
