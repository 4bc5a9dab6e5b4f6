//! How long the phases of a command take on this machine: elapsed, and time of the processors.
//!
//! Time of processors is what the kernel has in its records (`/proc/PID/stat`) of this process, of the harness's daemons and
//! registry, and of all that is below them, ended or not. What a person's own Docker does is not in it: that is not ours to look at.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::env::daemon::Daemon;
use crate::env::registry::Registry;
use crate::home::Home;
use crate::pidfile::Stat;

/// What has begun so far, in order.
static BEGUN: Mutex<Vec<Begun>> = Mutex::new(Vec::new());

/// A phase that has begun; it lasts until the next one does.
struct Begun {
    what: &'static str,
    at: Instant,
    processors: Processors,
}

/// How long processors have worked so far.
#[derive(Clone, Copy, Default)]
struct Processors {
    /// For this process and what it started; cargo, which becomes this process, included.
    here: Duration,
    /// For daemons and the registry.
    daemons: Duration,
}

/// Ends the phase that lasts, if there is one, and begins another.
pub fn begin(what: &'static str) {
    let processors = Processors::now();
    begun().push(Begun {
        what,
        at: Instant::now(),
        processors,
    });
}

/// Ends the phase that lasts and returns what each took, as a table for people: what cargo did before this program began comes first.
pub fn end() -> String {
    begin("");
    let begun = begun();
    let mut rows = Vec::new();
    if let Some(first) = begun.first() {
        rows.push(Row {
            what: "compiling `cargo xtask`",
            elapsed: age().saturating_sub(first.at.elapsed()),
            processors: first.processors.here,
        });
    }
    for pair in begun.windows(2) {
        let [this, next] = pair else { continue };
        let (before, after) = (this.processors, next.processors);
        rows.push(Row {
            what: this.what,
            elapsed: next.at - this.at,
            processors: after.here.saturating_sub(before.here)
                + after.daemons.saturating_sub(before.daemons),
        });
    }
    table(&rows)
}

/// What a phase took.
struct Row {
    what: &'static str,
    elapsed: Duration,
    processors: Duration,
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("elapsed  processors");
    let total = Row {
        what: "in all",
        elapsed: rows.iter().map(|row| row.elapsed).sum(),
        processors: rows.iter().map(|row| row.processors).sum(),
    };
    for row in rows.iter().chain([&total]) {
        text += &format!(
            "\n{:5.1} s  {:8.1} s  {}",
            row.elapsed.as_secs_f32(),
            row.processors.as_secs_f32(),
            row.what
        );
    }
    text
}

impl Processors {
    /// Asks the kernel. What it does not tell counts for nothing: this is talk, and no reason to fail.
    fn now() -> Processors {
        let processes = processes();
        let own = std::process::id().cast_signed();
        let mut daemons = Vec::new();
        if let Ok(home) = Home::open() {
            daemons.extend(Registry::pid(&home));
            let all = Daemon::all(&home).unwrap_or_default();
            daemons.extend(all.iter().filter_map(Daemon::pid));
        }
        // A daemon that was just started is below this process as long as that lasts: it must not count twice.
        let ended = |ticks: u64| Duration::from_secs_f64(ticks as f64 / ticks_per_second());
        let of_daemons: u64 = ticks_below(&processes, &daemons, &[]);
        Processors {
            here: ended(ticks_below(&processes, &[own], &daemons)),
            daemons: ended(of_daemons),
        }
    }
}

/// Adds up what the processors did for `roots` and all below them, without what is below `except`.
fn ticks_below(processes: &BTreeMap<i32, Stat>, roots: &[i32], except: &[i32]) -> u64 {
    let below = |pid: i32| {
        let mut at = pid;
        loop {
            if except.contains(&at) {
                return false;
            }
            if roots.contains(&at) {
                return true;
            }
            match processes.get(&at) {
                Some(stat) if stat.parent > 0 && stat.parent != at => at = stat.parent,
                _ => return false,
            }
        }
    };
    processes
        .iter()
        .filter(|(pid, _)| below(**pid))
        .map(|(_, stat)| stat.ticks)
        .sum()
}

/// Returns all processes by their number.
fn processes() -> BTreeMap<i32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some((pid, Stat::parse(&line)?))
        })
        .collect()
}

/// Returns how long ago this process was started, as cargo if cargo has become it.
fn age() -> Duration {
    let age = || {
        let own = Stat::parse(&fs::read_to_string("/proc/self/stat").ok()?)?;
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        let age = uptime - own.started as f64 / ticks_per_second();
        Duration::try_from_secs_f64(age).ok()
    };
    age().unwrap_or_default()
}

fn ticks_per_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

fn begun() -> MutexGuard<'static, Vec<Begun>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_with_the_sum() {
        let row = |what, elapsed, processors| Row {
            what,
            elapsed: Duration::from_millis(elapsed),
            processors: Duration::from_millis(processors),
        };
        assert_eq!(
            table(&[row("one", 1_200, 2_000), row("two", 100_000, 3_456)]),
            "elapsed  processors\n  1.2 s       2.0 s  one\n100.0 s       3.5 s  two\n101.2 s       5.5 s  in all"
        );
    }

    #[test]
    fn what_a_daemon_does_counts_once_wherever_it_is() {
        // This process (10) with a child (11) and a daemon (20) that is still below it; the daemon of another (30).
        let process = |parent, ticks| Stat {
            state: "S".into(),
            parent,
            started: 0,
            ticks,
        };
        let processes = BTreeMap::from([
            (1, process(0, 1)),
            (10, process(1, 2)),
            (11, process(10, 4)),
            (20, process(10, 8)),
            (21, process(20, 16)),
            (30, process(1, 32)),
        ]);
        assert_eq!(ticks_below(&processes, &[10], &[20]), 2 + 4);
        assert_eq!(ticks_below(&processes, &[20], &[]), 8 + 16);
        assert_eq!(ticks_below(&processes, &[99], &[]), 0);
    }

    #[test]
    fn this_process_has_an_age_and_has_done_something() {
        let began = Instant::now();
        while Processors::now().here.is_zero() {
            assert!(began.elapsed() < Duration::from_secs(60));
        }
        assert!(age() < Duration::from_secs(24 * 60 * 60), "{:?}", age());
    }
}
