//! Processes that outlive the command that started them, recorded so that only they are ever stopped.
//!
//! A pid alone is not enough: it may have been given to somebody else since. The record also holds
//! the time the process started and the boot it started in, both as the kernel tells them.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// One process as recorded in a file.
pub struct PidFile(PathBuf);

/// What tells one process from every other.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    pid: i32,
    started: u64,
    boot: String,
}

impl PidFile {
    /// Names the file; nothing is read yet.
    pub fn at(path: impl Into<PathBuf>) -> PidFile {
        PidFile(path.into())
    }

    /// Records a process that was just started.
    pub fn record(&self, pid: u32) -> Result<()> {
        let identity = Identity::of(pid.cast_signed())
            .with_context(|| format!("process {pid} ended as soon as it was started"))?;
        fs::write(&self.0, identity.to_line())
            .with_context(|| format!("write {}", self.0.display()))
    }

    /// Returns the recorded process if it still runs: the same process, not only the same number.
    pub fn alive(&self) -> Option<i32> {
        let recorded = Identity::from_line(&fs::read_to_string(&self.0).ok()?)?;
        (Identity::of(recorded.pid)? == recorded).then_some(recorded.pid)
    }

    /// Ends the process and forgets it. Returns whether there was one to end.
    ///
    /// What was recorded is `unshare`, which only waits for the first process of a pid namespace. That
    /// one gets the polite signal; if it does not listen, `unshare` is killed, which takes the whole
    /// namespace with it.
    pub fn stop(&self, patience: Duration) -> Result<bool> {
        let Some(pid) = self.alive() else {
            self.forget();
            return Ok(false);
        };
        if let Some(child) = first_child(pid) {
            signal(child, Signal::TERM)?;
            self.wait_until_gone(patience);
        }
        if self.alive().is_some() {
            return self.kill();
        }
        self.forget();
        Ok(true)
    }

    /// Kills the process, and the pid namespace that it waits for, at once. Returns whether there was one.
    pub fn kill(&self) -> Result<bool> {
        let Some(pid) = self.alive() else {
            self.forget();
            return Ok(false);
        };
        signal(pid, Signal::KILL)?;
        self.wait_until_gone(Duration::from_secs(10));
        if self.alive().is_some() {
            bail!("process {pid} does not end");
        }
        self.forget();
        Ok(true)
    }

    fn wait_until_gone(&self, patience: Duration) {
        let began = Instant::now();
        while self.alive().is_some() && began.elapsed() < patience {
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn forget(&self) {
        // Best effort: a record of a process that is gone does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

impl Identity {
    /// Asks the kernel; `None` when there is no such process, or only its zombie.
    fn of(pid: i32) -> Option<Identity> {
        let stat = Stat::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        (stat.state != "Z").then(|| Identity {
            pid,
            started: stat.started,
            boot: boot.trim().to_owned(),
        })
    }

    fn to_line(&self) -> String {
        format!("{} {} {}\n", self.pid, self.started, self.boot)
    }

    fn from_line(line: &str) -> Option<Identity> {
        let mut words = line.split_whitespace();
        Some(Identity {
            pid: words.next()?.parse().ok().filter(|&pid| pid > 1)?,
            started: words.next()?.parse().ok()?,
            boot: words.next()?.to_owned(),
        })
    }
}

/// The fields of `/proc/PID/stat` that matter here; times are in ticks of the clock.
#[derive(Debug, PartialEq, Eq)]
pub struct Stat {
    /// One letter: `R`, `S`, `Z`, …
    pub state: String,
    /// The process that has started it.
    pub parent: i32,
    /// When it started, since the boot.
    pub started: u64,
    /// How long processors have worked for it and for those of its children that it has waited for.
    pub ticks: u64,
}

impl Stat {
    /// Parses the line; the program's name in it may itself hold spaces and parentheses.
    pub fn parse(line: &str) -> Option<Stat> {
        let (_, fields) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        Some(Stat {
            state: (*fields.first()?).to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
            ticks: (11..15)
                .map(|field| fields.get(field)?.parse::<u64>().ok())
                .sum::<Option<u64>>()?,
        })
    }
}

fn first_child(parent: i32) -> Option<i32> {
    children_in(Path::new("/proc"), parent).into_iter().min()
}

fn children_in(proc: &Path, parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(proc) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            fs::read_to_string(proc.join(format!("{pid}/stat")))
                .ok()
                .and_then(|line| Stat::parse(&line))
                .is_some_and(|stat| stat.parent == parent)
        })
        .collect()
}

/// Returns the process that has started another, as far as that still runs.
pub fn parent_of(pid: i32) -> Option<i32> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(Stat::parse(&line)?.parent)
}

fn signal(pid: i32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(pid).context("a process id is never 0")?;
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("signal process {pid:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_name_with_parentheses_does_not_shift_the_fields() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 5 6 7 8 20 0 1 0 987654 1 2 3";
        let expected = Stat {
            state: "S".into(),
            parent: 7,
            started: 987_654,
            ticks: 5 + 6 + 7 + 8,
        };
        assert_eq!(Stat::parse(line), Some(expected));
    }

    #[test]
    fn a_running_process_is_found_again_and_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let file = PidFile::at(dir.path().join("pid"));
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        file.record(child.id()).unwrap();
        assert_eq!(file.alive(), Some(child.id().cast_signed()));
        assert!(file.stop(Duration::from_millis(10)).unwrap());
        assert!(!child.wait().unwrap().success());
        assert_eq!(file.alive(), None);
        assert!(!file.stop(Duration::ZERO).unwrap());
    }

    #[test]
    fn a_pid_given_to_another_process_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        let own = Identity::of(std::process::id().cast_signed()).unwrap();
        for stranger in [
            Identity {
                started: own.started + 1,
                pid: own.pid,
                boot: own.boot.clone(),
            },
            Identity {
                boot: "another boot".replace(' ', "-"),
                pid: own.pid,
                started: own.started,
            },
        ] {
            fs::write(&path, stranger.to_line()).unwrap();
            assert_eq!(PidFile::at(&path).alive(), None, "{stranger:?}");
        }
    }

    #[test]
    fn a_broken_record_names_no_process() {
        for line in [
            "",
            "x",
            "1 2 boot",
            "-5 2 boot",
            "0 2 boot",
            "77",
            "77 now boot",
        ] {
            assert_eq!(Identity::from_line(line), None, "{line:?}");
        }
    }
}
