//! `bake`: a file for `docker buildx bake`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use werf_frontend::helper::bake::{self, BakeOptions};

use super::{Checkout, build_args, terminal};

/// What `bake` is told.
#[derive(clap::Args)]
pub struct Bake {
    #[command(flatten)]
    checkout: Checkout,
    /// A build argument, which templates may read with `env`; may be repeated. The file has a variable for each that is
    /// read, which `docker buildx bake` takes from its environment
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
    /// Takes the variables of the environment whose names begin with PREFIX as build arguments, such as `CI_` in GitLab or
    /// `GITHUB_`; may be repeated
    #[arg(long, value_name = "PREFIX")]
    env_from: Vec<String>,
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
        let from_env = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            let mut prefixes = self.env_from.iter();
            let is_meant = prefixes.any(|prefix| name.starts_with(prefix.as_str()));
            is_meant.then_some((name, value))
        });
        let mut arguments: BTreeMap<String, String> = from_env.collect();
        arguments.extend(build_args(&self.build_arg));
        let context = self.checkout.context();
        let request = self.checkout.request(arguments);
        let options = BakeOptions {
            context,
            repo: self.repo,
            metadata: self.metadata_file,
        };
        terminal::show(&bake::bake_commit(&request, &options))
    }
}
