//! The processes that a daemon runs, and how one of them is killed and no other.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::pidfile::parent_of;

/// Says whether a process is of a kind.
pub type IsOne = fn(&Process) -> bool;

/// The frontend, which has no arguments.
pub const FRONTEND: IsOne =
    |process| process.is_called("werf-frontend") && process.arguments.len() == 1;

/// PLAN, which is the same program.
pub const PLAN: IsOne = |process| {
    process.is_called("werf-frontend")
        && process
            .arguments
            .get(1)
            .is_some_and(|one| one == "plan-in-build")
};

/// What brings the files of a stage, or its commands.
pub const STAGE: IsOne = |process| {
    process.is_called("stapel-sync")
        || (process.is_called("bash")
            && process
                .arguments
                .iter()
                .any(|one| one.starts_with("/.werf")))
};

/// A process.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    arguments: Vec<String>,
}

impl Process {
    /// Returns its number.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether its program has this name.
    pub fn is_called(&self, name: &str) -> bool {
        let program = self.arguments.first().map_or("", String::as_str);
        program.rsplit('/').next() == Some(name)
    }

    /// Kills it, unless it is another by now. Returns whether it did.
    pub fn kill(&self) -> Result<bool> {
        let pid = Pid::from_raw(self.pid).context("a process has a number")?;
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
            return Ok(false);
        };
        // The handle is of the one that has these arguments, or it is of another and so are the arguments.
        if arguments(self.pid) != self.arguments {
            return Ok(false);
        }
        match pidfd_send_signal(&handle, Signal::KILL) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error).context("kill a process of the daemon"),
        }
    }
}

/// Returns all processes that `root` has started, and that these have.
pub fn below(root: i32) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let parents: HashMap<i32, i32> = pids
        .filter_map(|pid| Some((pid, parent_of(pid)?)))
        .collect();
    let is_below = |pid: i32| {
        let mut at = pid;
        // No chain is longer than there are processes.
        for _ in 0..parents.len() {
            match parents.get(&at) {
                Some(&parent) if parent == root => return true,
                Some(&parent) => at = parent,
                None => return false,
            }
        }
        false
    };
    parents
        .keys()
        .filter(|&&pid| is_below(pid))
        .map(|&pid| Process {
            pid,
            arguments: arguments(pid),
        })
        .collect()
}

fn arguments(pid: i32) -> Vec<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line
        .split(|&byte| byte == 0)
        .filter(|word| !word.is_empty());
    words
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn one_process_below_is_found_and_killed() {
        let mut child = Command::new("sleep").arg("61").spawn().unwrap();
        let own = std::process::id().cast_signed();
        let processes = below(own);
        let found = processes
            .iter()
            .find(|one| one.pid() == child.id().cast_signed());
        let found = found.expect("the child is below");
        assert!(found.is_called("sleep") && !FRONTEND(found) && !PLAN(found) && !STAGE(found));
        assert!(found.kill().unwrap());
        assert!(!child.wait().unwrap().success());
        assert!(!found.kill().unwrap());
    }
}
