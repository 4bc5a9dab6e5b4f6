//! `bake`: a file for `docker buildx bake`.

use std::process::ExitCode;

use werf_frontend::helper::bake;

use super::{Checkout, build_args, terminal};

/// What `bake` is told.
#[derive(clap::Args)]
pub struct Bake {
    #[command(flatten)]
    checkout: Checkout,
    /// A build argument, which templates may read with `env`; may be repeated. `docker buildx bake --set
    /// '*.args.NAME=VALUE'` gives it to the build
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
}

impl Bake {
    /// Prints the file.
    pub fn run(self) -> ExitCode {
        let request = self.checkout.request(build_args(&self.build_arg));
        terminal::show(&bake::bake_commit(&request))
    }
}
