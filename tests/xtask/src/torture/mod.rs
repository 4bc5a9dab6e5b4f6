//! `cargo xtask torture`: builds that something goes wrong under. Each ends in a right image or in one clear error, and the build
//! after it is right.
//!
//! ```text
//! commit ─► build, and at some moment the fault ─► right image, or one error ─► build again ─► right image
//! ```
//!
//! What is right is told by `git archive`, and by what the commands of the image leave behind ([`project`]). Daemons are the
//! torturer's own, with data of their own: nobody else's are touched. Moments are drawn from a seed, which repeats them as far as the machine
//! is as fast.

mod client;
mod clocks;
mod disk;
mod door;
mod kill;
mod machine;
mod many;
mod processes;
mod project;
mod prune;
mod registry;
mod tally;

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;
use e2e::Random;

use crate::checkout::Profile;
use crate::env::{Env, Which};
use crate::talk::{print, say};
use tally::Tally;

/// How `torture` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// Only these scenarios
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// How many times each
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Repeats the moments of another run
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A frontend that is packaged already, in place of this checkout's
    #[arg(long, value_name = "IMAGE")]
    frontend: Option<String>,
    #[command(flatten)]
    which: Which,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// The client is interrupted, as by Ctrl-C
    Cancel,
    /// The client is killed
    KillClient,
    /// The process of the frontend is killed
    KillFrontend,
    /// The process of PLAN is killed
    KillPlan,
    /// A process of a stage is killed
    KillStage,
    /// The daemon and all it runs are killed
    KillDaemon,
    /// The daemon's disk is full
    FullDisk,
    /// STORE is full, and the rest of the disk is not
    FullStore,
    /// STORE cannot be written
    ReadOnlyStore,
    /// Cache mounts, or all that the daemon may forget, are pruned
    Prune,
    /// The registry stops while a cache is imported
    Import,
    /// The registry stops while a cache is exported
    Export,
    /// Two daemons write one cache at once
    TwoDaemons,
    /// 30 builds of 10 commits at once on one daemon
    Thirty,
    /// Commits and STORE of 1970 and of 2040
    Clocks,
}

/// What all scenarios are given.
struct Torture<'a> {
    env: &'a Env,
    frontend: String,
    rounds: u32,
    random: Random,
}

/// Runs the scenarios, prints the table, and fails if anything came out wrong.
pub fn run(options: &Options) -> Result<ExitCode> {
    let (env, frontend) = if let Some(frontend) = &options.frontend {
        (Env::bare_of(options.which)?, frontend.clone())
    } else {
        let env = Env::with_frontend_of(options.which, Profile::Harness)?;
        let frontend = env.frontend_image()?;
        (env, frontend)
    };
    let all = Scenario::value_variants();
    let scenarios = if options.scenarios.is_empty() {
        all
    } else {
        &options.scenarios
    };
    let mut rows = Vec::new();
    let mut wrong = 0;
    for scenario in scenarios {
        let name = scenario.name();
        if scenario.needs_caches() && env.docker.engine.is_some_and(|it| !it.containerd_store()) {
            say(format_args!(
                "{name}: not on this engine, which exports no cache"
            ));
            continue;
        }
        say(format_args!("{name}: {}", scenario.what()));
        let number = all.iter().position(|one| one == scenario).unwrap_or(0) as u64;
        let mut torture = Torture {
            env: &env,
            frontend: frontend.clone(),
            rounds: options.rounds,
            random: Random::new(options.seed.wrapping_mul(1000).wrapping_add(number)),
        };
        let mut tally = Tally::new(&name);
        let outcome = match scenario {
            Scenario::Cancel => kill::client(&mut torture, &mut tally, false),
            Scenario::KillClient => kill::client(&mut torture, &mut tally, true),
            Scenario::KillFrontend => kill::process(&mut torture, &mut tally, &kill::FRONTEND),
            Scenario::KillPlan => kill::process(&mut torture, &mut tally, &kill::PLAN),
            Scenario::KillStage => kill::process(&mut torture, &mut tally, &kill::STAGE),
            Scenario::KillDaemon => kill::daemon(&mut torture, &mut tally),
            Scenario::FullDisk => disk::full(&mut torture, &mut tally),
            Scenario::FullStore => disk::full_store(&mut torture, &mut tally),
            Scenario::ReadOnlyStore => disk::read_only_store(&mut torture, &mut tally),
            Scenario::Prune => prune::run(&mut torture, &mut tally),
            Scenario::Import => registry::import(&mut torture, &mut tally),
            Scenario::Export => registry::export(&mut torture, &mut tally),
            Scenario::TwoDaemons => registry::two_daemons(&mut torture, &mut tally),
            Scenario::Thirty => many::run(&mut torture, &mut tally),
            Scenario::Clocks => clocks::run(&mut torture, &mut tally),
        };
        if let Err(error) = outcome {
            tally.wrong(&format!("{error:#}"));
        }
        wrong += tally.count_wrong();
        tally.say_errors();
        rows.push(tally.row(scenario.what()));
    }
    print(format_args!("{}{}", tally::HEADING, rows.join("\n")))?;
    if wrong > 0 {
        say(format_args!(
            "{wrong} came out wrong; `--seed {}` repeats this",
            options.seed
        ));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

impl Scenario {
    /// Returns what the command line calls it.
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it is about caches in registries, which Docker's classic image store does not write.
    fn needs_caches(self) -> bool {
        matches!(
            self,
            Scenario::Import | Scenario::Export | Scenario::TwoDaemons
        )
    }

    /// Returns what goes wrong, as a row says it.
    fn what(self) -> &'static str {
        match self {
            Scenario::Cancel => "the client is interrupted",
            Scenario::KillClient => "the client is killed",
            Scenario::KillFrontend => "the frontend is killed",
            Scenario::KillPlan => "PLAN is killed",
            Scenario::KillStage => "a stage is killed",
            Scenario::KillDaemon => "the daemon is killed",
            Scenario::FullDisk => "the daemon's disk is full",
            Scenario::FullStore => "STORE is full",
            Scenario::ReadOnlyStore => "STORE is read-only",
            Scenario::Prune => "the builder is pruned",
            Scenario::Import => "the registry stops while a cache is imported",
            Scenario::Export => "the registry stops while a cache is exported",
            Scenario::TwoDaemons => "two daemons write one cache at once",
            Scenario::Thirty => "30 builds of 10 commits at once",
            Scenario::Clocks => "commits and STORE of 1970 and 2040",
        }
    }
}
