//! PLAN alone, without a daemon: how long it takes and how much memory it needs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::bench::stats::Summary;

/// What several runs of PLAN took.
pub struct Cost {
    /// From start to end.
    pub time: Summary,
    /// The most resident memory of any run, pages of mapped packs included.
    pub memory: u64,
}

/// The program, and the directories that it is given.
pub struct Plan<'a> {
    /// The frontend as it is released.
    pub program: &'a Path,
    /// A directory for STORE, the tools and the answer.
    pub scratch: &'a Path,
    /// The root of the work tree.
    pub repository: &'a Path,
}

impl Plan<'_> {
    /// Runs PLAN on the repository's HEAD so many times.
    pub fn measure(&self, runs: u32) -> Result<Cost> {
        let mut times = Vec::new();
        let mut memory = 0;
        for _ in 0..runs {
            let (time, peak) = self.run()?;
            times.push(time);
            memory = memory.max(peak);
        }
        Ok(Cost {
            time: Summary::of(&times),
            memory,
        })
    }

    fn run(&self) -> Result<(Duration, u64)> {
        let [store, tools, out] =
            ["store", "tools", "plan.json"].map(|name| self.scratch.join(name));
        fs::create_dir_all(&tools)?;
        let began = Instant::now();
        let mut child = Command::new(self.program)
            .arg("plan-in-build")
            .arg("--git-dir")
            .arg(self.repository.join(".git"))
            .arg("--store")
            .arg(store)
            .arg("--tools")
            .arg(tools)
            .arg("--out")
            .arg(&out)
            .stdin(Stdio::null())
            .spawn()
            .context("start PLAN")?;
        // The kernel keeps the peak, but forgets it with the process: so it is asked until the end.
        let status_file = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            peak =
                peak.max(fs::read_to_string(&status_file).map_or(0, |status| high_water(&status)));
            thread::sleep(Duration::from_millis(1));
        };
        let time = began.elapsed();
        ensure!(status.success(), "PLAN failed ({status})");
        let plan = fs::read_to_string(&out)?;
        ensure!(plan.contains("\"stages\""), "PLAN found mistakes: {plan}");
        Ok((time, peak))
    }
}

/// Returns the peak of resident memory in bytes from `/proc/PID/status`; a process that has ended has none.
fn high_water(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .and_then(|number| number.parse::<u64>().ok())
        .map_or(0, |number| number * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status_of_a_process() {
        assert_eq!(
            high_water("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"),
            2_097_152
        );
        assert_eq!(high_water("Name:\tx\nState:\tZ (zombie)\n"), 0);
        let own = fs::read_to_string("/proc/self/status").unwrap();
        assert!(high_water(&own) > 100_000, "{own}");
    }
}
