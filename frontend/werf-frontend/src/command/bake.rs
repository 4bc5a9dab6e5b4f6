//! `bake`: a file for `docker buildx bake`.

use std::path::PathBuf;
use std::process::ExitCode;

use werf_frontend::helper::bake::{self, BakeOptions};

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
    /// Where images are pushed: each target has the tag REPO/IMAGE
    #[arg(long)]
    repo: Option<String>,
    /// What `docker buildx bake --metadata-file` has written for an earlier step: what images are told of those that it
    /// names (`dependencies`) becomes arguments of their targets; may be repeated
    #[arg(long, value_name = "FILE")]
    metadata_file: Vec<PathBuf>,
}

impl Bake {
    /// Prints the file.
    pub fn run(self) -> ExitCode {
        let request = self.checkout.request(build_args(&self.build_arg));
        let options = BakeOptions {
            repo: self.repo,
            metadata: self.metadata_file,
        };
        terminal::show(&bake::bake_commit(&request, &options))
    }
}
