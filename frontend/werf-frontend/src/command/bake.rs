//! `bake`: a file for `docker buildx bake`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use werf_frontend::helper::bake::{self, BakeOptions};
use werf_frontend::helper::bake_targets::TargetOptions;

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
    /// A tag of each target, such as `%repo%/%image%:%commit%`; `%project%` is replaced, too; may be repeated
    #[arg(long, value_name = "TEMPLATE")]
    tag_template: Vec<String>,
    /// Keeps a cache of each target in a registry, such as `%repo%/cache:%image%`: it is read, and written whole
    #[arg(long, value_name = "TEMPLATE")]
    cache_ref: Option<String>,
    /// Pushes the images
    #[arg(long)]
    push: bool,
    /// Where results go, as for `docker buildx build`, such as `type=oci,dest=%image%.tar`; may be repeated
    #[arg(long, value_name = "TEMPLATE")]
    output: Vec<String>,
    /// A secret, as for `docker buildx build`; may be repeated
    #[arg(long, value_name = "SPEC")]
    secret: Vec<String>,
    /// Takes the secrets of the configuration from the variables and files that it names
    #[arg(long)]
    secrets_as_configured: bool,
    /// An SSH agent or key, as for `docker buildx build`; may be repeated
    #[arg(long, value_name = "SPEC")]
    ssh: Vec<String>,
    /// The platforms to build for, separated by commas [default: those that each image names]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    platform: Vec<String>,
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
            targets: TargetOptions {
                repo: self.repo,
                tags: self.tag_template,
                cache: self.cache_ref,
                is_pushed: self.push,
                outputs: self.output,
                secrets: self.secret,
                has_own_secrets: self.secrets_as_configured,
                ssh: self.ssh,
                platforms: self.platform,
            },
            metadata: self.metadata_file,
        };
        terminal::show(&bake::bake_commit(&request, &options))
    }
}
