//! Development mode: a build of an edited file that is not committed, beside a build after a commit of one.

use std::cell::RefCell;
use std::path::Path;

use anyhow::Result;

use super::super::{Way, paired};
use super::{TAGS, build, command, prepared};
use crate::checkout::Profile;
use crate::env::Env;
use crate::process::capture;

/// How `bench dev` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// How many files the repository has
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(50..))]
    files: u32,
}

/// Measures both and prints the table.
pub fn run(options: &Options) -> Result<()> {
    let env = Env::with_frontend(Profile::Image)?;
    let name = env.frontend_image()?;
    let repository = prepared(&env, options.files as usize, &name)?;
    let root = repository.path().to_owned();
    let repository = RefCell::new(repository);
    let file = Path::new("werf.yaml");
    let of_commit = || build(&env, &root, file, TAGS[0]);
    let of_disk = || {
        let mut build = command(&env, &root, file, TAGS[1]);
        capture(build.args(["--build-arg", "WERF_DEV=1"])).map(drop)
    };
    let edit = || repository.borrow_mut().edit_one_file().map(drop);
    let commit = || {
        repository.borrow().give_up_edits()?;
        repository.borrow_mut().commit_one_file()
    };
    paired(
        &format!("one file of {} is edited", options.files),
        options.runs,
        [
            Way::new("in development mode", of_disk).after(Box::new(edit)),
            Way::new("committed", of_commit).after(Box::new(commit)),
        ],
    )
}
