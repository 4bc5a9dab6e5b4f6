//! The commands, each with its arguments: those for people, and those that the gateway has run inside the build graph.

mod bake;
mod check;
mod completions;
mod explain;
mod explain_text;
mod graph;
mod init;
mod man;
mod plan;
mod plan_in_build;
mod plan_table;
mod print_failure;
mod put_toolchain;
mod render;
mod schema;
mod terminal;
mod values;
mod words;
mod write_note;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use werf_frontend::git::repo::followed_git_file;
use werf_frontend::helper::locate::ConfigQuery;
use werf_frontend::helper::plan::PlanRequest;
use werf_frontend::helper::uncommitted::ClientFiles;
use werf_plan::agreed::{DEFAULT_NAMES, DEV_ARGUMENT};
use werf_plan::remote::GivenRemote;

pub use bake::Bake;
pub use check::Check;
pub use completions::Completions;
pub use explain::Explain;
pub use graph::Graph;
pub use init::Init;
pub use man::Man;
pub use plan::Plan;
pub use plan_in_build::PlanInBuild;
pub use print_failure::PrintFailure;
pub use put_toolchain::PutToolchain;
pub use render::Render;
pub use schema::Schema;
pub use values::Values;
pub use write_note::WriteNote;

/// The directory that a repository is told by, and the one that is named where none is found.
const GIT_DIR: &str = ".git";

/// Where a person's configuration is, and what its templates read.
#[derive(clap::Args)]
struct Checkout {
    /// The git directory [default: .git here, or in the next directory above that has one]
    #[arg(long, value_name = "DIR")]
    git_dir: Option<PathBuf>,
    /// The configuration file, relative to the root of the work tree [default: werf.yaml or werf.yml here, or in the next
    /// directory above that has one]
    #[arg(short, long, value_name = "PATH")]
    file: Option<String>,
    /// The environment, as `.Env`; it is the build argument WERF_ENV
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// Takes the working directory as it is in place of the HEAD commit; it is the build argument WERF_DEV
    #[arg(long)]
    dev: bool,
}

impl Checkout {
    /// Returns the root of the work tree as builds in the working directory name it; `None` for that directory itself, and
    /// if it is not known because a git directory was given.
    fn context(&self) -> Option<String> {
        let root = match self.git_dir {
            Some(_) => return None,
            None => root_from_here(),
        };
        let is_elsewhere = !root.as_os_str().is_empty();
        is_elsewhere.then(|| root.to_string_lossy().into_owned())
    }

    /// Returns the request of a person in a checkout.
    fn request(self, mut build_args: BTreeMap<String, String>) -> PlanRequest {
        let (git_dir, nearest) = match self.git_dir {
            Some(given) => (given, None),
            None => (
                followed_git_file(&root_from_here().join(GIT_DIR)),
                config_from_here(),
            ),
        };
        if let Some(env) = self.env {
            build_args.insert("WERF_ENV".to_owned(), env);
        }
        if self.dev {
            build_args.insert(DEV_ARGUMENT.to_owned(), "1".to_owned());
        }
        PlanRequest {
            client_files: work_tree_of(&git_dir),
            git_dir,
            config: ConfigQuery {
                path: self.file.or(nearest),
                ..ConfigQuery::default()
            },
            build_args,
            ..PlanRequest::default()
        }
    }
}

/// What a command is told that plans the images of a checkout.
#[derive(clap::Args)]
struct Planning {
    #[command(flatten)]
    checkout: Checkout,
    /// A build argument, which templates may read with `env`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
    /// A repository of a mapping with `url`, whose HEAD is the commit that REFERENCE (HEAD, refs/heads/…, refs/tags/…,
    /// a commit) names; may be repeated
    #[arg(long, value_name = "GIT_DIR REFERENCE URL")]
    remote: Vec<GivenRemote>,
}

impl Planning {
    /// Whether the working directory is planned in place of the commit.
    fn is_dev(&self) -> bool {
        self.checkout.dev
    }

    /// Returns the request for the plan.
    fn request(self) -> PlanRequest {
        PlanRequest {
            remotes: self.remote,
            ..self.checkout.request(build_args(&self.build_arg))
        }
    }
}

/// Returns the files of the work tree that has its git directory at `git_dir`.
fn work_tree_of(git_dir: &Path) -> ClientFiles {
    match git_dir.parent() {
        Some(root) if git_dir.ends_with(GIT_DIR) => ClientFiles::Checkout(root.to_owned()),
        _ => ClientFiles::None(format!(
            "`{}` is a git directory without a working directory",
            git_dir.display()
        )),
    }
}

/// Returns the path from the working directory up to the next directory with a `.git`, as git looks for it: empty, or
/// `..` so many times. Empty, too, if there is none.
fn root_from_here() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let levels = here.ancestors().position(has_repository).unwrap_or(0);
    std::iter::repeat_n("..", levels).collect()
}

/// Returns the path of the configuration file that is nearest to the working directory, from the root of the work tree on;
/// `None` if there is none below the root.
fn config_from_here() -> Option<String> {
    let here = std::env::current_dir().ok()?;
    let root = here.ancestors().find(|it| has_repository(it))?;
    let below = here.ancestors().take_while(|directory| *directory != root);
    let mut files = below.flat_map(|directory| DEFAULT_NAMES.map(|name| directory.join(name)));
    // A link that leads nowhere is the file that is meant, and what is wrong with it is said.
    let file = files.find(|file| file.symlink_metadata().is_ok_and(|it| !it.is_dir()))?;
    let names = file.strip_prefix(root).ok()?.iter();
    let names: Vec<&str> = names.map(std::ffi::OsStr::to_str).collect::<Option<_>>()?;
    Some(names.join("/"))
}

fn has_repository(directory: &Path) -> bool {
    directory.join(GIT_DIR).symlink_metadata().is_ok()
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
