//! More builds at once than a machine has room for.

use std::thread;

use anyhow::{Context, Result};

use super::Torture;
use super::client::Client;
use super::machine::Machine;
use super::project::Project;
use super::tally::Tally;

const COMMITS: usize = 10;
const BUILDS: usize = 30;

/// Builds ten commits three times each, all at once; then each alone.
pub fn run(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    tally.crowded();
    let machine = Machine::start(torture.env, "torture-many")?;
    let first = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &first, &[])?;
    tally.faulty(&first, &usual, false, false);
    let mut projects: Vec<Project> = (0..COMMITS).map(|_| first.another()).collect();
    // Each of these is as much as all rounds of another scenario.
    for _ in 0..torture.rounds.div_ceil(8) {
        for project in &mut projects {
            project.commit(&mut torture.random);
        }
        let outcomes = thread::scope(|scope| {
            let builds: Vec<_> = (0..BUILDS)
                .map(|number| {
                    let (machine, project) = (&machine, &projects[number % COMMITS]);
                    scope.spawn(move || Client::build(machine, project, &[]))
                })
                .collect();
            builds
                .into_iter()
                .map(|build| build.join().ok().context("a build panicked")?)
                .collect::<Result<Vec<_>>>()
        })?;
        for (number, outcome) in outcomes.iter().enumerate() {
            tally.faulty(&projects[number % COMMITS], outcome, true, false);
        }
        for project in &projects {
            tally.build_again(&machine, project)?;
        }
    }
    Ok(())
}
