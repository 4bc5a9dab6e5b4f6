//! Becoming the script of a stage.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::error::Error;
use crate::slot::Commit;

/// Replaces this process by `script`, which learns of the commit from its environment. Returns only
/// if that fails; signals and exit code are the script's from then on.
pub fn run(script: &[OsString], commit: &Commit) -> Error {
    let Some((program, arguments)) = script.split_first() else {
        return Error::own("run the script: none is given");
    };
    let why = Command::new(program)
        .args(arguments)
        .env("WERF_COMMIT_HASH", &commit.hash)
        .env("WERF_COMMIT_TIME_HUMAN", &commit.time_human)
        .env("WERF_COMMIT_TIME_UNIX", commit.time_unix.to_string())
        .exec();
    Error::own(format!("run `{}`: {why}", program.display()))
}
