//! Running programs: quietly, into a log with signs of life, or in full view.
//!
//! No program started here reads standard input.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, stderr};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::talk::{say, silence};

/// How often a long quiet step says that it is still alive: nothing is silent for ten seconds.
pub const SIGN_OF_LIFE: Duration = Duration::from_secs(9);

/// Returns the program and its arguments as one line, for messages.
pub fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    if line.chars().count() > 160 {
        line = line.chars().take(160).collect::<String>() + "…";
    }
    line
}

/// Runs a program and returns what it printed; its complaints become the error.
pub fn capture(command: &mut Command) -> Result<String> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = output(&line(command), command)?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({}): {}",
            line(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("read what `{}` printed", line(command)))
}

/// Runs a program and returns what it printed to pipes, saying every few seconds that `what` goes on.
pub fn output(what: &str, command: &mut Command) -> Result<Output> {
    let child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("start `{}`", line(command)))?;
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let output = signs_of_life(what, &ended).context("wait for a program")?;
    output.with_context(|| format!("wait for `{}`", line(command)))
}

/// Waits for something, saying every few seconds that `what` goes on; `None` if there is nothing more to come.
pub fn signs_of_life<T>(what: &str, awaited: &Receiver<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        // Not nine seconds of this wait, but since something was said: the wait before may have ended without a word.
        let left = SIGN_OF_LIFE.saturating_sub(silence());
        match awaited.recv_timeout(left) {
            Ok(it) => return Some(it),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => say_alive(what, began),
        }
    }
}

/// Says that `what` goes on if it is time to say something.
fn say_alive(what: &str, began: Instant) {
    if silence() < SIGN_OF_LIFE {
        return;
    }
    let so_far = began.elapsed().as_secs();
    say(format_args!("… {what}: {so_far} s so far"));
}

/// Whether a short program ends well, whatever it prints; a missing program does not.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a program in full view: everything it prints goes to standard error.
pub fn show(command: &mut Command) -> Result<()> {
    let out = stderr()
        .as_fd()
        .try_clone_to_owned()
        .context("share standard error")?;
    let status = command
        .stdin(Stdio::null())
        .stdout(out)
        .status()
        .with_context(|| format!("start `{}`", line(command)))?;
    succeeded(command, status)
}

/// Runs a long program with its output in `log`, saying every few seconds that `what` goes on.
pub fn logged(what: &str, log: &Path, command: &mut Command) -> Result<()> {
    logged_within(what, log, command, None)
}

/// Like [`logged`], and kills the program when it takes longer than `limit`.
pub fn logged_within(
    what: &str,
    log: &Path,
    command: &mut Command,
    limit: Option<Duration>,
) -> Result<()> {
    let output = File::create(log).with_context(|| format!("create {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let mut child = command
        .spawn()
        .with_context(|| format!("start `{}`", line(command)))?;
    let status = watch(what, &mut child, limit)?;
    succeeded(command, status)
        .with_context(|| format!("{what}; the log {} ends in\n{}", log.display(), tail(log)))
}

/// Waits for a child, saying every few seconds that it is still at work.
fn watch(what: &str, child: &mut Child, limit: Option<Duration>) -> Result<ExitStatus> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if limit.is_some_and(|limit| began.elapsed() > limit) {
            child.kill()?;
            child.wait()?;
            bail!("{what}: no end after {} s", began.elapsed().as_secs());
        }
        say_alive(what, began);
        thread::sleep(Duration::from_millis(50));
    }
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Returns the last lines of a log.
pub fn tail(log: &Path) -> String {
    let Ok(file) = File::open(log) else {
        return String::new();
    };
    let mut last = VecDeque::new();
    for line in BufReader::new(file).lines().map_while(Result::ok) {
        if last.len() == 15 {
            last.pop_front();
        }
        last.push_back(line);
    }
    Vec::from(last).join("\n")
}

/// Whether a program of this name is on PATH.
pub fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .any(|dir| fs::metadata(dir.join(name)).is_ok_and(|file| file.is_file()))
}
