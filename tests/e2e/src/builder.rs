//! A second builder with an empty disk, as a fresh CI machine has one.

use std::process::Command;

use crate::Build;

/// A daemon of the harness that is removed at the end of its life, with all its data.
pub struct Builder {
    name: String,
    variables: Vec<(String, String)>,
}

impl Builder {
    /// Starts one.
    ///
    /// # Panics
    /// If `cargo xtask test` has not set the environment up.
    pub fn start(name: &str) -> Builder {
        let name = format!("{name}{}", std::process::id());
        let lines = harness(&["builder", "start", &name]);
        let variables = lines
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
            .collect();
        Builder { name, variables }
    }

    /// Kills it as a crash would, and starts it again with all it holds.
    ///
    /// # Panics
    /// If it does not come up again.
    pub fn crash(&self) {
        harness(&["builder", "crash", &self.name]);
    }

    /// Has `build` run on this builder.
    pub fn run(&self, build: Build) -> Build {
        self.variables
            .iter()
            .fold(build, |build, (name, value)| build.env(name, value))
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        harness(&["builder", "stop", &self.name]);
    }
}

pub(crate) fn harness(arguments: &[&str]) -> String {
    let program = std::env::var("WERF_XTASK")
        .unwrap_or_else(|_| panic!("WERF_XTASK is not set: run the tests with `cargo xtask test`"));
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the harness runs");
    assert!(
        output.status.success(),
        "xtask {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
