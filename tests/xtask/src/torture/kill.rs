//! Processes that end in the middle of a build.

use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use super::Torture;
use super::client::{Client, Moment, part};
use super::machine::Machine;
use super::processes::IsOne;
use super::project::Project;
use super::tally::Tally;

/// A process of a stage may be killed so long after it was seen.
const LATER: Duration = Duration::from_millis(1500);

/// The client is interrupted or killed.
pub fn client(torture: &mut Torture, tally: &mut Tally, kill: bool) -> Result<()> {
    let signal = if kill { Signal::KILL } else { Signal::INT };
    torture.rounds_at_moments("torture-kill", tally, true, |_, client| {
        client.signal(signal)
    })
}

/// The daemon is killed with all it runs, and started again.
pub fn daemon(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    torture.rounds_at_moments("torture-kill", tally, true, |machine, _| machine.crash())
}

/// One process of the daemon's is killed.
pub fn process(torture: &mut Torture, tally: &mut Tally, is_one: IsOne) -> Result<()> {
    let machine = Machine::start(torture.env, "torture-kill")?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &project, &[])?;
    tally.faulty(&project, &usual, false, false);
    for _ in 0..torture.rounds {
        project.commit(&mut torture.random);
        let from = part(&mut torture.random, usual.took / 2);
        let later = part(&mut torture.random, LATER.min(usual.took / 2));
        let mut client = Client::start(&machine, &project, &[])?;
        let mut killed = false;
        if client.wait_for(Moment::After(from))? {
            let mut seen = None;
            client.wait_until(|_| {
                let began = *seen.get_or_insert_with(std::time::Instant::now);
                let mut processes = machine.processes();
                processes.retain(is_one);
                if processes.is_empty() {
                    seen = None;
                    return false;
                }
                if began.elapsed() < later {
                    return false;
                }
                killed = processes.iter().any(|one| one.kill().unwrap_or(false));
                killed
            })?;
        }
        let outcome = client.wait()?;
        tally.faulty(&project, &outcome, killed, false);
        tally.build_again(&machine, &project)?;
    }
    Ok(())
}

impl Torture<'_> {
    /// Builds a commit in every round, and does something at a moment of each build; then builds it again.
    ///
    /// `may_end` says whether that may take away who would say what is wrong.
    pub fn rounds_at_moments(
        &mut self,
        name: &str,
        tally: &mut Tally,
        may_end: bool,
        act: impl Fn(&Machine, &Client) -> Result<()>,
    ) -> Result<()> {
        let machine = Machine::start(self.env, name)?;
        let mut project = Project::new(&self.frontend, &mut self.random);
        let usual = Client::build(&machine, &project, &[])?;
        tally.faulty(&project, &usual, false, false);
        for _ in 0..self.rounds {
            project.commit(&mut self.random);
            let moment = Moment::draw(&mut self.random, &usual);
            let mut client = Client::start(&machine, &project, &[])?;
            let met = client.wait_for(moment)?;
            if met {
                act(&machine, &client)?;
            }
            let outcome = client.wait()?;
            tally.faulty(&project, &outcome, met, may_end);
            tally.build_again(&machine, &project)?;
        }
        Ok(())
    }
}
