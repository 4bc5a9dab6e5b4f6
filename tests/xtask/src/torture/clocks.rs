//! Clocks that are wrong: commits of 1970 and 2040, and a STORE whose contents were used then.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use super::Torture;
use super::client::Client;
use super::machine::Machine;
use super::project::Project;
use super::tally::Tally;

/// The beginnings of 1970 and of 2040, in seconds.
const TIMES: [u64; 2] = [0, 2_208_988_800];

/// Builds commits of both years; between two builds, all that STORE has is dated to one of them.
pub fn run(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    let machine = Machine::start(torture.env, "torture-clock")?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &project, &[])?;
    tally.faulty(&project, &usual, false, false);
    for round in 0..torture.rounds as usize {
        project.change(&mut torture.random);
        let date = format!("@{} +0000", TIMES[round % 2]);
        let repo = project.repo();
        repo.git(&["add", "--all"]);
        // These win over the dates that every command of git has in its environment.
        repo.git(&[
            "-c",
            "alias.dated=!f() { GIT_AUTHOR_DATE=\"$1\" GIT_COMMITTER_DATE=\"$1\" git commit --quiet --message dated; }; f",
            "dated",
            &date,
        ]);
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(TIMES[round / 2 % 2]);
        for store in machine.stores()? {
            set_time(&store.path, then)?;
        }
        let outcome = Client::build(&machine, &project, &[])?;
        tally.faulty(&project, &outcome, true, false);
        tally.build_again(&machine, &project)?;
        let left = still_at(&machine, then)?;
        if TIMES[1] == TIMES[round / 2 % 2] && left > 0 {
            tally.wrong(&format!("{left} files of STORE are still of 2040"));
        }
    }
    Ok(())
}

/// Dates a directory and all files below it.
fn set_time(path: &Path, time: SystemTime) -> Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            set_time(&entry?.path(), time)?;
        }
    }
    if meta.is_dir() || meta.is_file() {
        let file = File::open(path)?;
        file.set_modified(time)
            .with_context(|| format!("date {}", path.display()))?;
    }
    Ok(())
}

/// Returns how many files that go by age are still dated so.
fn still_at(machine: &Machine, time: SystemTime) -> Result<usize> {
    let mut count = 0;
    for store in machine.stores()? {
        for directory in ["packs", "manifests", "slots", "baselines"] {
            for entry in fs::read_dir(store.path.join(directory))? {
                count += usize::from(entry?.metadata()?.modified()? == time);
            }
        }
    }
    Ok(count)
}
