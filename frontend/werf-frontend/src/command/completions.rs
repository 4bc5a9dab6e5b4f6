//! `completions`: what a shell completes.

use std::process::ExitCode;

use clap_complete::{Shell, generate};

use super::terminal;

/// What `completions` is told.
#[derive(clap::Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the script that teaches a shell `command`.
    pub fn run(self, mut command: clap::Command) -> ExitCode {
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        generate(self.shell, &mut command, name, &mut script);
        terminal::print(&String::from_utf8_lossy(&script))
    }
}
