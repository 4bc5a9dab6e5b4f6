//! What came of the builds of a scenario.

use std::collections::BTreeMap;

use anyhow::Result;

use super::client::{Client, Ended, Outcome};
use super::machine::Machine;
use super::project::Project;
use crate::talk::{pass_on, say};

/// The two lines above the rows.
pub const HEADING: &str = "| what goes wrong | builds | right | one clear error | no word | no fault | next build right | daemon's own | wrong |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

/// What the daemon says where it has failed itself, whatever is built (`DAEMON_FAILED` of the end-to-end tests says more).
const DAEMON_FAILED: [&str; 2] = [
    "waiting for init preliminary setup",
    "failed to prepare extraction snapshot",
];

/// What it says besides where very many builds run: BuildKit gives up a frontend that does not speak within ten seconds.
const CROWDED: &str = "frontend grpc server closed unexpectedly";

/// Counts of builds.
pub struct Tally {
    scenario: String,
    is_crowded: bool,
    /// What a build that fails has to say, in small letters.
    words: &'static str,
    builds: u32,
    right: u32,
    refused: u32,
    ended: u32,
    not_met: u32,
    next: u32,
    daemon: u32,
    wrong: u32,
    /// What people have read, and how often.
    errors: BTreeMap<String, u32>,
}

impl Tally {
    /// Counts for the scenario of this name.
    pub fn new(scenario: &str) -> Tally {
        Tally {
            scenario: scenario.to_owned(),
            is_crowded: false,
            words: "",
            builds: 0,
            right: 0,
            refused: 0,
            ended: 0,
            not_met: 0,
            next: 0,
            daemon: 0,
            wrong: 0,
            errors: BTreeMap::new(),
        }
    }

    /// Counts a build under which something went wrong.
    ///
    /// `met` says whether the fault came while it ran; `may_end` whether the fault takes away who would say what is wrong.
    pub fn faulty(&mut self, project: &Project, outcome: &Outcome, met: bool, may_end: bool) {
        self.builds += 1;
        self.not_met += u32::from(!met);
        match &outcome.ended {
            Ended::Right(tree) => match project.check(tree) {
                Ok(()) => self.right += 1,
                Err(why) => self.wrong_build(&why, outcome),
            },
            Ended::Failed if self.is_the_daemons(&outcome.log) => self.daemon += 1,
            Ended::Failed if !met => self.wrong_build("it failed without a fault", outcome),
            Ended::Failed => match outcome.error() {
                Ok(_) if !outcome.log.to_lowercase().contains(self.words) => {
                    self.wrong_build("it does not say why", outcome);
                }
                Ok(error) => {
                    self.refused += 1;
                    *self.errors.entry(error).or_default() += 1;
                }
                Err(_) if may_end => self.ended += 1,
                Err(why) => self.wrong_build(&why, outcome),
            },
            Ended::Stuck => self.wrong_build("it does not end", outcome),
        }
    }

    /// Counts the build after it, which has to be right. Returns whether it is.
    pub fn next(&mut self, project: &Project, outcome: &Outcome) -> bool {
        self.builds += 1;
        let checked = match &outcome.ended {
            Ended::Right(tree) => project.check(tree),
            Ended::Failed if self.is_the_daemons(&outcome.log) => {
                self.daemon += 1;
                return false;
            }
            Ended::Failed => Err("the next build failed".to_owned()),
            Ended::Stuck => Err("the next build does not end".to_owned()),
        };
        match checked {
            Ok(()) => self.next += 1,
            Err(why) => self.wrong_build(&why, outcome),
        }
        true
    }

    /// Builds once more without a fault, which has to be right; and again if the daemon failed by itself.
    pub fn build_again(&mut self, machine: &Machine, project: &Project) -> Result<()> {
        for _ in 0..3 {
            let outcome = Client::build(machine, project, &[])?;
            if self.next(project, &outcome) {
                return Ok(());
            }
        }
        self.wrong("the daemon failed three times by itself");
        Ok(())
    }

    fn wrong_build(&mut self, why: &str, outcome: &Outcome) {
        pass_on(&outcome.log);
        self.wrong(why);
    }

    fn is_the_daemons(&self, log: &str) -> bool {
        DAEMON_FAILED.iter().any(|said| log.contains(said))
            || (self.is_crowded && log.contains(CROWDED))
    }

    /// Has it that whoever fails says these words, be it the command of a stage. They are in small letters.
    pub fn asks_for(&mut self, words: &'static str) {
        self.words = words;
    }

    /// Has it that very many builds run at once.
    pub fn crowded(&mut self) {
        self.is_crowded = true;
    }

    /// Counts what must not be.
    pub fn wrong(&mut self, why: &str) {
        self.wrong += 1;
        say(format_args!("{}: WRONG: {why}", self.scenario));
    }

    /// Returns how often that was.
    pub fn count_wrong(&self) -> u32 {
        self.wrong
    }

    /// Says what people have read.
    pub fn say_errors(&self) {
        for (error, times) in &self.errors {
            say(format_args!("{}: {times} × {error}", self.scenario));
        }
    }

    /// Returns the row of the table.
    pub fn row(&self, what: &str) -> String {
        let Tally {
            builds,
            right,
            refused,
            ended,
            not_met,
            next,
            daemon,
            wrong,
            ..
        } = self;
        format!(
            "| {what} | {builds} | {right} | {refused} | {ended} | {not_met} | {next} | {daemon} | {wrong} |"
        )
    }
}
