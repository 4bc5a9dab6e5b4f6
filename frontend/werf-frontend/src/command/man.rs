//! `man`: manual pages.

use std::path::PathBuf;
use std::process::ExitCode;

use clap_mangen::Man as Page;

use super::terminal;

/// What `man` is told.
#[derive(clap::Args)]
pub struct Man {
    /// Write the pages of all commands into this directory, which is made if need be, in place of printing the first
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Man {
    /// Prints the page of `command`, or writes one for it and one for each of its commands.
    pub fn run(self, command: clap::Command) -> ExitCode {
        let Some(directory) = self.directory else {
            let mut page = Vec::new();
            // Into memory, where nothing can go wrong.
            let _ = Page::new(command).render(&mut page);
            return terminal::print(&String::from_utf8_lossy(&page));
        };
        let written = std::fs::create_dir_all(&directory)
            .and_then(|()| clap_mangen::generate_to(command, &directory));
        let failed = |error| format!("write `{}`: {error}", directory.display());
        terminal::report(written.map_err(failed))
    }
}
