//! More builds at once than a machine has room for.

use anyhow::Result;

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
        let builds = (0..BUILDS).map(|number| (&machine, &projects[number % COMMITS]));
        let outcomes = Client::build_at_once(builds, &[])?;
        for (number, outcome) in outcomes.iter().enumerate() {
            tally.faulty(&projects[number % COMMITS], outcome, true, false);
        }
        for project in &projects {
            tally.build_again(&machine, project)?;
        }
    }
    Ok(())
}
