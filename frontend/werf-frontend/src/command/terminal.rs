//! What commands print, and their exit status.

#![allow(
    clippy::print_stderr,
    reason = "the only place that talks to a terminal"
)]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use werf_frontend::helper::render::Rendering;

/// Returns how many columns the terminal has that standard output is; `None` where it is none.
pub fn width() -> Option<u16> {
    let out = std::io::stdout();
    let size = out
        .is_terminal()
        .then(|| rustix::termios::tcgetwinsize(out));
    size?
        .ok()
        .map(|size| size.ws_col)
        .filter(|columns| *columns > 0)
}

/// Prints the text of `rendering`, or its mistakes, with the warnings before them.
pub fn show(rendering: &Rendering) -> ExitCode {
    for warning in &rendering.warnings {
        eprint!("{warning}");
    }
    match &rendering.result {
        Ok(text) => print(text),
        Err(errors) => {
            for error in errors {
                eprint!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Says that a helper has done its work, or what kept it from that.
pub fn report<E: std::fmt::Display>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// Prints `text`.
pub fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&format!("write the result: {error}")),
    }
}

/// Says something to the person, beside what is printed.
pub fn say(text: &str) {
    eprint!("{text}");
}

/// Says what went wrong.
pub fn fail(message: &str) -> ExitCode {
    eprintln!("ERROR: {message}");
    ExitCode::FAILURE
}
