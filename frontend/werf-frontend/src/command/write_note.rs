//! `write-note`: what the gateway has to tell later builds, written where BuildKit keeps it
//! ([`werf_frontend::gateway::generation`] writes its arguments).

use std::path::PathBuf;
use std::process::ExitCode;

use werf_plan::agreed::write_note as flag;

use super::terminal;

/// What is told.
#[derive(clap::Args)]
pub struct WriteNote {
    /// The file that is written
    #[arg(long = flag::OUT, value_name = "FILE")]
    out: PathBuf,
    /// The number of the note, which makes it another
    #[arg(long = flag::NUMBER, value_name = "NUMBER")]
    _number: u32,
}

impl WriteNote {
    /// Writes the value of the variable.
    pub fn run(self) -> ExitCode {
        let note = std::env::var(flag::VARIABLE).unwrap_or_default();
        terminal::report(std::fs::write(self.out, note))
    }
}
