//! Runs files of recorded answers and prints what differs: `cargo xtask cases FILE…`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut passed, mut failed) = (0, 0);
    for path in std::env::args_os().skip(1) {
        let report = std::fs::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|json| answers::run(&json).map_err(|error| error.to_string()));
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                eprintln!("ERROR: read {}: {error}", path.display());
                return ExitCode::FAILURE;
            }
        };
        for (id, difference) in &report.failed {
            println!("{id}");
            eprintln!("{id}: {difference}");
        }
        passed += report.passed;
        failed += report.failed.len();
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
