//! The program as a person or a script runs it.

use std::path::Path;
use std::process::{Command, Output};

/// Runs git in `directory`.
pub fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        // The same contents are the same commit.
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// Commits everything in `directory`.
pub fn git_all(directory: &Path) {
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--message", "m"]);
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_werf-frontend"))
        .args(arguments)
        .current_dir(directory)
        .env("TAG_OF_THE_SHELL", "9")
        .env_remove("TAG")
        .output()
        .unwrap()
}

/// Returns the exit code, standard output and standard error.
pub fn told(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(directory, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}
