//! Puts the ansible tool chain into STORE, as the gateway has it done inside the build graph
//! ([`werf_frontend::gateway::toolchain`] writes its arguments).

use std::path::PathBuf;
use std::process::ExitCode;

use stapel_sync::store::toolchains;
use werf_plan::agreed::put_toolchain as flag;

use super::terminal;

/// What is told.
#[derive(clap::Args)]
pub struct PutToolchain {
    /// Where the image of the tool chain is mounted
    #[arg(long = flag::FROM, value_name = "DIR")]
    from: PathBuf,
    /// The directory shared by all builds
    #[arg(long = flag::STORE, value_name = "DIR")]
    store: PathBuf,
    /// The tool chain's name there
    #[arg(long = flag::NAME, value_name = "NAME")]
    name: String,
}

impl PutToolchain {
    /// Copies it, where it is not there.
    pub fn run(self) -> ExitCode {
        terminal::report(toolchains::install(&self.store, &self.from, &self.name))
    }
}
