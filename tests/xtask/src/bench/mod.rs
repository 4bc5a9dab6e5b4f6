//! `cargo xtask bench`: what the frontend costs, beside an equivalent Dockerfile in the same daemon.
//!
//! One module per benchmark. Each hands two ways of doing the same thing to [`paired`], which runs them by turns,
//! so that whatever else the machine does meets both alike.

mod noop;
mod stats;

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
    }
}

/// One of two ways of doing the same thing.
struct Way<'a> {
    name: &'static str,
    work: Box<dyn FnMut() -> Result<()> + 'a>,
}

/// Runs both ways by turns and prints medians, spreads and the difference.
fn paired(title: &str, runs: u32, mut ways: [Way; 2]) -> Result<()> {
    say(format_args!(
        "{title}: once each to warm up, then {runs} runs each"
    ));
    for way in &mut ways {
        (way.work)()?;
    }
    let mut times = [Vec::new(), Vec::new()];
    for run in 1..=runs {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            let began = Instant::now();
            (way.work)()?;
            times.push(began.elapsed());
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
    let names = [ways[0].name, ways[1].name];
    print(stats::table(
        title,
        names,
        [Summary::of(&times[0]), Summary::of(&times[1])],
    ))
}
