//! `print-failure`: what a failed script has left behind, for the gateway.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use super::terminal;

/// A script leaves a command there, and no file.
const MOST_BYTES: u64 = 32 << 10;

/// What `print-failure` is told.
#[derive(clap::Args)]
pub struct PrintFailure {
    /// The file
    file: PathBuf,
}

impl PrintFailure {
    /// Prints the beginning of the file. Commands of a user have made it, so it may be anything: a link is not followed.
    pub fn run(self) -> ExitCode {
        terminal::report(self.print())
    }

    fn print(&self) -> std::io::Result<()> {
        if !std::fs::symlink_metadata(&self.file)?.is_file() {
            return Err(std::io::ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&self.file)?;
        file.take(MOST_BYTES).read_to_end(&mut bytes)?;
        std::io::stdout().write_all(&bytes)
    }
}
