//! What commands print, and their exit status.

#![allow(
    clippy::print_stderr,
    reason = "the only place that talks to a terminal"
)]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use stapel_sync::store::tools::StoreError;
use stapel_sync::{ErrorKind, is_no_room};
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

/// Says that STORE was filled, or what kept a helper from that; the exit status tells a disk without room from all else.
pub fn report_filled(result: Result<(), StoreError>) -> ExitCode {
    match result {
        Err(error) if is_no_room(&error.cause) => {
            fail(&error.to_string());
            ExitCode::from(ErrorKind::NoRoom.exit_code())
        }
        result => report(result),
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

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind as Kind};

    use super::*;

    #[test]
    fn a_store_without_room_ends_with_a_code_of_its_own() {
        let ended = |kind: Kind| {
            report_filled(Err(StoreError {
                action: "write /out/plan.json".to_owned(),
                cause: Error::from(kind),
            }))
        };
        assert_eq!(ended(Kind::StorageFull), ExitCode::from(96));
        assert_eq!(ended(Kind::ReadOnlyFilesystem), ExitCode::FAILURE);
        assert_eq!(report_filled(Ok(())), ExitCode::SUCCESS);
    }
}
