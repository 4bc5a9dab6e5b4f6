//! `values`: values for Helm, in the shape that charts for werf read.

use std::path::PathBuf;
use std::process::ExitCode;

use werf_frontend::helper::chart_values;

use super::{Checkout, build_args, terminal};

/// What `values` is told.
#[derive(clap::Args)]
pub struct Values {
    #[command(flatten)]
    checkout: Checkout,
    /// A build argument, which templates may read with `env`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
    /// The repository of the images, as `.Values.werf.repo`
    #[arg(long)]
    repo: Option<String>,
    /// What `docker buildx bake --metadata-file` has written for a file of `bake`; may be repeated
    #[arg(long, value_name = "FILE", required = true)]
    metadata_file: Vec<PathBuf>,
}

impl Values {
    /// Prints the values.
    pub fn run(self) -> ExitCode {
        let request = self.checkout.request(build_args(&self.build_arg));
        let repo = self.repo.as_deref();
        terminal::show(&chart_values::chart_values(
            &request,
            &self.metadata_file,
            repo,
        ))
    }
}
