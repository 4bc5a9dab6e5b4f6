//! Processes that end in the middle of a build.

use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::Signal;

use super::Torture;
use super::client::{Client, Moment, part};
use super::machine::Machine;
use super::processes::{self, IsOne};
use super::project::Project;
use super::tally::Tally;

/// A kind of process that is killed.
pub struct Kind {
    is_one: IsOne,
    /// How long after it was seen it may be killed.
    later: Duration,
    /// Whether it is over so soon that one is looked for from the beginning of a build.
    is_brief: bool,
}

/// The frontend, which is there as long as the build.
pub const FRONTEND: Kind = Kind {
    is_one: processes::FRONTEND,
    later: Duration::from_millis(1500),
    is_brief: false,
};

/// PLAN, of a commit of its own in every build: otherwise there is none, since the plan is cached.
pub const PLAN: Kind = Kind {
    is_one: processes::PLAN,
    later: Duration::from_millis(40),
    is_brief: true,
};

/// What brings the files of a stage, or its commands.
pub const STAGE: Kind = Kind {
    is_one: processes::STAGE,
    ..FRONTEND
};

/// How many builds a round makes, until one has met such a process: not all have one, and it may be over.
const TRIES: u32 = 8;

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
pub fn process(torture: &mut Torture, tally: &mut Tally, kind: &Kind) -> Result<()> {
    let machine = Machine::start(torture.env, "torture-kill")?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &project, &[])?;
    tally.faulty(&project, &usual, false, false);
    let from = if kind.is_brief {
        Duration::ZERO
    } else {
        usual.took / 2
    };
    for _ in 0..torture.rounds {
        for number in 1..=TRIES {
            project.commit(&mut torture.random);
            let from = part(&mut torture.random, from);
            // After a miss sooner.
            let later = kind.later.min(usual.took / 2) / number;
            let later = part(&mut torture.random, later);
            let mut client = Client::start(&machine, &project, &[])?;
            let killed = client.wait_for(Moment::After(from))?
                && kill_one(&machine, &mut client, kind.is_one, later)?;
            let outcome = client.wait()?;
            tally.faulty(&project, &outcome, killed, false);
            if killed {
                break;
            }
        }
        tally.build_again(&machine, &project)?;
    }
    Ok(())
}

/// Kills a process so long after it was seen. Returns whether there was one.
fn kill_one(
    machine: &Machine,
    client: &mut Client,
    is_one: IsOne,
    later: Duration,
) -> Result<bool> {
    let mut killed = false;
    let mut seen = None;
    client.wait_until(|_| {
        let mut processes = machine.processes();
        processes.retain(is_one);
        if processes.is_empty() {
            seen = None;
            return false;
        }
        let began = *seen.get_or_insert_with(Instant::now);
        if began.elapsed() < later {
            return false;
        }
        killed = processes.iter().any(|one| one.kill().unwrap_or(false));
        killed
    })?;
    Ok(killed)
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
