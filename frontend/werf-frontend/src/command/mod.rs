//! The commands, each with its arguments: those for people, and those that the gateway has run inside the build graph.

mod bake;
mod plan;
mod plan_in_build;
mod put_toolchain;
mod render;
mod terminal;

use std::collections::BTreeMap;
use std::path::PathBuf;

use werf_frontend::helper::locate::ConfigQuery;
use werf_frontend::helper::plan::PlanRequest;

pub use bake::Bake;
pub use plan::Plan;
pub use plan_in_build::PlanInBuild;
pub use put_toolchain::PutToolchain;
pub use render::Render;

/// Where a person's configuration is.
#[derive(clap::Args)]
struct Checkout {
    /// The git directory
    #[arg(long, value_name = "DIR", default_value = ".git")]
    git_dir: PathBuf,
    /// The configuration file, relative to the root of the work tree [default: werf.yaml, werf.yml]
    #[arg(short, long, value_name = "PATH")]
    file: Option<String>,
}

impl Checkout {
    /// Returns the request of a person in a checkout.
    fn request(self, build_args: BTreeMap<String, String>) -> PlanRequest {
        PlanRequest {
            git_dir: self.git_dir,
            config: ConfigQuery {
                path: self.file,
                ..ConfigQuery::default()
            },
            build_args,
            ..PlanRequest::default()
        }
    }
}

/// Splits `NAME=VALUE`; as for other builders, a name alone takes its value from the environment.
fn build_args(written: &[String]) -> BTreeMap<String, String> {
    let split = written
        .iter()
        .filter_map(|text| match text.split_once('=') {
            Some((name, value)) => Some((name.to_owned(), value.to_owned())),
            None => Some((text.clone(), std::env::var(text).ok()?)),
        });
    split.collect()
}
