//! What the harness says while it works: on standard error, with the time since it began.
#![allow(clippy::print_stderr)] // this module is where talk is printed

use std::fmt::Display;
use std::io::{Write, stdout};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// When something was said last, in milliseconds since it began.
static SAID: AtomicU64 = AtomicU64::new(0);

/// Says one line of progress.
pub fn say(what: impl Display) {
    eprintln!("[{:6.1}s] {what}", BEGAN.elapsed().as_secs_f32());
    said();
}

/// Passes on a line of a program that talks for itself.
pub fn pass_on(line: &str) {
    eprintln!("{line}");
    said();
}

/// Returns for how long nothing was said.
pub fn silence() -> Duration {
    BEGAN
        .elapsed()
        .saturating_sub(Duration::from_millis(SAID.load(Ordering::Relaxed)))
}

fn said() {
    let now = BEGAN.elapsed().as_millis();
    SAID.store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Says why the task failed, with the chain of causes.
pub fn error(error: &anyhow::Error) {
    eprintln!("xtask: {error:#}");
}

/// Prints data: the only way anything reaches standard output.
pub fn print(data: impl Display) -> Result<()> {
    writeln!(stdout(), "{data}")?;
    Ok(())
}
