//! Becoming the script of a stage.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::error::Error;
use crate::for_commit;
use crate::on_exit::{FAILURE_PATH, OnExit};
use crate::slot::Commit;

/// How scripts of a shell are called; ansible's starter is another program.
const SHELL_SCRIPT: &[u8] = b".sh";

/// Replaces this process by `script`, which learns of the commit from its environment. Returns only
/// if that fails; signals and exit code are the script's from then on.
pub fn run(script: &[OsString], commit: &Commit) -> Error {
    let Some((program, arguments)) = script.split_first() else {
        return Error::own("run the script: none is given");
    };
    // Without it a failure is told with less detail.
    let is_shell = program.as_encoded_bytes().ends_with(SHELL_SCRIPT);
    let on_exit = is_shell.then(|| OnExit::new(FAILURE_PATH));
    let on_exit = on_exit.and_then(Result::ok);
    let own = std::env::var_os("BASH_ENV");
    let variables = on_exit.iter().flat_map(|it| it.variables(own.clone()));
    let mut command = Command::new(program);
    for_commit::restore(&mut command);
    let why = command
        .args(arguments)
        .envs(variables)
        .env("WERF_COMMIT_HASH", &commit.hash)
        .env("WERF_COMMIT_TIME_HUMAN", &commit.time_human)
        .env("WERF_COMMIT_TIME_UNIX", commit.time_unix.to_string())
        .exec();
    Error::own(format!("run `{}`: {why}", program.display()))
}
