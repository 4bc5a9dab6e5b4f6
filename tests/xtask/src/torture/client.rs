//! A client that builds, whose progress is watched while it runs.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::{Random, Tree};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::NamedTempFile;

use super::machine::Machine;
use super::project::Project;

/// How long a build may take before it is stuck.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often a build is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// A message of more than that is not clear.
const LONGEST_ERROR: usize = 4000;

/// A build that runs.
pub struct Client {
    child: Child,
    progress: Arc<Mutex<Progress>>,
    reader: JoinHandle<()>,
    archive: NamedTempFile,
    began: Instant,
}

/// What a build has said so far.
#[derive(Default)]
struct Progress {
    log: String,
    steps: Vec<String>,
}

/// When something goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// So long after the start.
    After(Duration),
    /// As soon as so many steps have been announced.
    Step(usize),
}

impl Moment {
    /// Draws a moment of a build like `usual`: half of the time at a step, else at any time.
    pub fn draw(random: &mut Random, usual: &Outcome) -> Moment {
        if random.one_in(2) {
            Moment::Step(1 + random.below(usual.steps.max(1)))
        } else {
            Moment::After(part(random, usual.took))
        }
    }
}

/// Draws a part of a duration.
pub fn part(random: &mut Random, whole: Duration) -> Duration {
    whole.mul_f64(random.below(1000) as f64 / 1000.0)
}

/// What came of a build.
pub struct Outcome {
    pub ended: Ended,
    pub log: String,
    /// How long it took.
    pub took: Duration,
    /// How many steps were announced.
    pub steps: usize,
}

/// How a build ended.
pub enum Ended {
    /// With an image, of which these are the files.
    Right(Tree),
    Failed,
    /// Not at all.
    Stuck,
}

impl Client {
    /// Starts a build of the project's commit, with more arguments for `docker buildx build`.
    pub fn start(machine: &Machine, project: &Project, arguments: &[&str]) -> Result<Client> {
        let archive = NamedTempFile::new().context("make a file for an image")?;
        let mut command = machine.command();
        command
            .args(["buildx", "build", "--progress=plain", "--provenance=false"])
            .args(["--file", "werf.yaml", "--output"])
            .arg(format!("type=tar,dest={}", archive.path().display()))
            .args(arguments)
            .arg(".")
            .current_dir(project.path())
            .env_remove("SOURCE_DATE_EPOCH")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // The client runs buildx as a child: a signal is for both, and for nobody else.
            .process_group(0);
        let mut child = command.spawn().context("start a build")?;
        let stderr = child.stderr.take().context("a pipe was asked for")?;
        let progress = Arc::new(Mutex::new(Progress::default()));
        let shared = Arc::clone(&progress);
        let reader = thread::spawn(move || read(stderr, &shared));
        Ok(Client {
            child,
            progress,
            reader,
            archive,
            began: Instant::now(),
        })
    }

    /// Builds without any fault.
    pub fn build(machine: &Machine, project: &Project, arguments: &[&str]) -> Result<Outcome> {
        Client::start(machine, project, arguments)?.wait()
    }

    /// Builds each project on its machine, all at once.
    pub fn build_at_once<'a>(
        builds: impl Iterator<Item = (&'a Machine<'a>, &'a Project)>,
        arguments: &[&str],
    ) -> Result<Vec<Outcome>> {
        thread::scope(|scope| {
            let builds: Vec<_> = builds
                .map(|(machine, project)| {
                    scope.spawn(move || Client::build(machine, project, arguments))
                })
                .collect();
            builds
                .into_iter()
                .map(|build| build.join().ok().context("a build panicked")?)
                .collect()
        })
    }

    /// Waits for the moment. Returns whether the build still runs then.
    pub fn wait_for(&mut self, moment: Moment) -> Result<bool> {
        self.wait_until(|client| match moment {
            Moment::After(time) => client.began.elapsed() >= time,
            Moment::Step(number) => client.steps() >= number,
        })
    }

    /// Waits until something is so. Returns whether the build still runs then.
    pub fn wait_until(&mut self, mut is_so: impl FnMut(&Client) -> bool) -> Result<bool> {
        loop {
            if self.child.try_wait()?.is_some() || self.began.elapsed() > PATIENCE {
                return Ok(false);
            }
            if is_so(self) {
                return Ok(true);
            }
            thread::sleep(GLANCE);
        }
    }

    /// Sends a signal to the client and what it has started.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("a process has a number")?;
        match kill_process_group(pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error).context("send a signal to a client"),
        }
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Result<Outcome> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break Some(status);
            }
            if self.began.elapsed() > PATIENCE {
                break None;
            }
            thread::sleep(GLANCE);
        };
        let took = self.began.elapsed();
        // What outlives the client would keep the pipe open.
        self.signal(Signal::KILL)?;
        self.child.wait()?;
        let _ = self.reader.join();
        let progress = std::mem::take(&mut *lock(&self.progress));
        let ended = match status.as_ref().map(ExitStatus::success) {
            None => Ended::Stuck,
            Some(false) => Ended::Failed,
            Some(true) => {
                let archive = self.archive.reopen().context("open an image")?;
                Ended::Right(Tree::of_archive(BufReader::new(archive)))
            }
        };
        Ok(Outcome {
            ended,
            log: progress.log,
            took,
            steps: progress.steps.len(),
        })
    }

    fn steps(&self) -> usize {
        lock(&self.progress).steps.len()
    }
}

impl Outcome {
    /// Returns the error that people read, or why it is not one clear error.
    pub fn error(&self) -> Result<String, String> {
        for bad in ["panicked at", "goroutine ", "RUST_BACKTRACE"] {
            if self.log.contains(bad) {
                return Err(format!("the error has `{bad}`"));
            }
        }
        let last_step = self.log.lines().rfind(|line| line.starts_with('#'));
        let begin = last_step.and_then(|line| self.log.rfind(line).map(|at| at + line.len()));
        let error = self.log[begin.unwrap_or(0)..].trim();
        if error.len() > LONGEST_ERROR {
            return Err(format!("the error has {} bytes", error.len()));
        }
        let said = error.lines().find_map(|line| line.strip_prefix("ERROR: "));
        said.map(without_digests)
            .ok_or_else(|| "there is no error".to_owned())
    }
}

/// Returns a message without what differs from build to build.
fn without_digests(message: &str) -> String {
    let is_digest = |word: &str| {
        word.len() >= 16
            && word
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    let mut out = String::new();
    let mut word = String::new();
    for char in message.chars().chain([' ']) {
        if char.is_ascii_alphanumeric() || char == '-' {
            word.push(char);
            continue;
        }
        let long = word.len() >= 20 && word.bytes().any(|byte| byte.is_ascii_digit());
        out.push_str(if is_digest(&word) || long {
            "…"
        } else {
            &word
        });
        word.clear();
        out.push(char);
    }
    let out = out.trim_end();
    let cut = out.char_indices().nth(300).map_or(out.len(), |(at, _)| at);
    out[..cut].to_owned()
}

fn read(stderr: ChildStderr, progress: &Mutex<Progress>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let mut progress = lock(progress);
        progress.log.push_str(&line);
        progress.log.push('\n');
        let number = line
            .strip_prefix('#')
            .and_then(|line| line.split_once(' '))
            .map(|(number, _)| number.to_owned());
        if let Some(number) = number
            && !progress.steps.contains(&number)
        {
            progress.steps.push(number);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(log: &str) -> Outcome {
        Outcome {
            ended: Ended::Failed,
            log: log.to_owned(),
            took: Duration::ZERO,
            steps: 0,
        }
    }

    #[test]
    fn what_people_read_is_behind_the_last_step() {
        let log = "#1 [a]\n#1 ERROR: x\n------\n > [a]:\n------\nERROR: failed to solve: process sha256:0123456789abcdef0123456789abcdef gone\n";
        assert_eq!(
            failed(log).error().unwrap(),
            "failed to solve: process sha256:… gone"
        );
        assert!(failed("#1 [a]\n").error().is_err());
        assert!(
            failed("#1 x\nthread 'main' panicked at y\nERROR: z\n")
                .error()
                .is_err()
        );
    }
}
