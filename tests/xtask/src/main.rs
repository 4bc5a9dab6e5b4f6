//! The harness: what turns a bare Debian machine into one on which the project can be tried.
//!
//! ```console
//! $ cargo xtask demo        # build an example through the frontend, run it, build it again
//! $ cargo xtask test        # all tests, unit to end-to-end
//! $ cargo xtask test --fast # those that need no daemon
//! ```
//!
//! Demo and tests begin with [`env`], which finds Docker or makes one. Data goes to standard output, talk to
//! standard error. `docs/harness.md` says what is kept where and why.

mod apt;
mod bench;
mod builder;
mod cases;
mod checkout;
mod compatibility;
mod demo;
mod down;
mod elf;
mod env;
mod groups;
mod home;
mod http;
mod image;
mod phases;
mod pidfile;
mod process;
mod talk;
mod test;
mod torture;
mod written_table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Everything a checkout needs besides cargo: a Docker, a demo, tests and benchmarks.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Finds or makes Docker, a registry, base images and the frontend image; prints `export` lines
    Env(env::Options),
    /// Stops what `env` and `builder` started
    Down(down::Options),
    /// Builds examples/shell-app, runs it, builds it again
    Demo,
    /// Runs all tests; arguments go to `cargo test` (test arguments after a second `--`)
    Test(test::Options),
    /// Runs the tests that `tests/e2e/compatibility` names on every engine and writes the table of docs/compatibility.md
    Compatibility(compatibility::Options),
    /// Runs the tests that `tests/tally/groups` names and writes the table of hostile inputs of docs/security.md
    Groups,
    /// Compares files of recorded answers with ours: prints the cases that differ and how many pass
    Cases {
        /// In any of the formats of `tests/cases`
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// A second builder with an empty cache, to test cache imports with
    #[command(subcommand)]
    Builder(builder::Action),
    /// Builds the whole of Dockerfile.frontend, or only packages the host's binaries
    Image(image::Options),
    /// Builds the image of the ansible tool chain unless the local registry has it; prints its name
    Ansible,
    /// Has things go wrong under builds of daemons of its own: each ends in a right image or one error, and the next is right
    Torture(torture::Options),
    /// Measures the frontend against an equivalent Dockerfile
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            talk::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Env(options) => env::run(&options)?,
        Task::Down(options) => down::run(&options)?,
        Task::Demo => demo::run()?,
        Task::Test(options) => return test::run(&options),
        Task::Compatibility(options) => compatibility::run(&options)?,
        Task::Groups => groups::run()?,
        Task::Cases { files } => return cases::run(&files),
        Task::Builder(action) => builder::run(&action)?,
        Task::Image(options) => image::run(&options)?,
        Task::Ansible => env::ansible::run()?,
        Task::Torture(options) => return torture::run(&options),
        Task::Bench(bench) => bench::run(&bench)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What documents have one type is understood.
    #[test]
    fn commands_of_the_documents_are_commands() {
        let root = checkout::root();
        let mut files = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
        for entry in std::fs::read_dir(root.join("docs")).unwrap() {
            files.push(entry.unwrap().path());
        }
        let mut parsed = 0;
        for path in files
            .iter()
            .filter(|it| it.extension().is_some_and(|it| it == "md"))
        {
            let text = std::fs::read_to_string(path).unwrap();
            let lines = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("$ "));
            for line in lines {
                let Some((_, command)) = line.split_once("cargo xtask ") else {
                    continue;
                };
                let command = command.split(['#', ')', '"']).next().unwrap();
                let words = ["xtask"].into_iter().chain(command.split_whitespace());
                let understood = Arguments::try_parse_from(words);
                assert!(understood.is_ok(), "{}: {line}", path.display());
                parsed += 1;
            }
        }
        assert!(parsed > 10, "only {parsed}");
    }
}
