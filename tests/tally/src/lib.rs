//! Counts of hostile inputs: a test says how many it has tried and what came of them, and `cargo xtask groups` writes the sums
//! into the table of `docs/security.md`.
//!
//! Elsewhere nothing is written: a test is the same with and without.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::thread;

/// The variable that names the file to which counts are added, a line each: `TEST RIGHT REFUSED`.
pub const VARIABLE: &str = "WERF_TEST_TALLY";

/// Says that the test of this thread has tried inputs, of which so many were right in spite of it, and so many refused, as each of
/// them had to be.
///
/// # Panics
/// If the file cannot be written.
pub fn tried(right: usize, refused: usize) {
    let Some(path) = std::env::var_os(VARIABLE) else {
        return;
    };
    let thread = thread::current();
    let name = thread.name().unwrap_or("main");
    let test = name.rsplit("::").next().unwrap_or(name);
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write: several programs may add to the file at once.
    file.and_then(|mut file| file.write_all(format!("{test} {right} {refused}\n").as_bytes()))
        .expect("counts can be written down");
}

/// Says that the test of this thread has tried so many inputs, all of which had to be refused.
///
/// # Panics
/// If the file cannot be written.
pub fn refused(count: usize) {
    tried(0, count);
}

/// Says that the test of this thread has tried so many inputs, all of which had to do no harm.
///
/// # Panics
/// If the file cannot be written.
pub fn right(count: usize) {
    tried(count, 0);
}
