//! The engines that the harness makes: one Docker each, by the name that people ask for it with.

use std::env;
use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::rootfs::{self, Recipe};
use crate::home::Home;

/// The variable that names an engine, for all commands of the harness.
pub const VARIABLE: &str = "WERF_ENGINE";

/// A Docker of Debian packages, with one of its two image stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Debian 13's Docker with containerd's image store
    #[value(name = "docker-26")]
    Docker26,
    /// The same with the image store that was the default up to Docker 28: graph drivers
    #[value(name = "docker-26-classic")]
    Docker26Classic,
    /// Docker of Debian forky with containerd's image store
    #[value(name = "docker-28")]
    Docker28,
    /// The same with graph drivers
    #[value(name = "docker-28-classic")]
    Docker28Classic,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Engine {
    /// The one that is used where none is named and no Docker of a person answers.
    pub const DEFAULT: Engine = Engine::Docker26;

    /// Returns the engine that the environment names, if it names one.
    ///
    /// # Errors
    /// When the variable has another value than the name of an engine.
    pub fn of_environment() -> Result<Option<Engine>> {
        match env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => Engine::named(&name)
                .with_context(|| format!("{VARIABLE} is `{name}`"))
                .map(Some),
            _ => Ok(None),
        }
    }

    /// Returns an engine by its name.
    ///
    /// # Errors
    /// When there is no such engine.
    pub fn named(name: &str) -> Result<Engine> {
        Engine::value_variants()
            .iter()
            .copied()
            .find(|engine| engine.name() == name)
            .with_context(|| {
                let names: Vec<&str> = Engine::value_variants()
                    .iter()
                    .map(|engine| engine.name())
                    .collect();
                format!("no engine `{name}`; there are {}", names.join(", "))
            })
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Docker26 => "docker-26",
            Engine::Docker26Classic => "docker-26-classic",
            Engine::Docker28 => "docker-28",
            Engine::Docker28Classic => "docker-28-classic",
        }
    }

    /// Returns the name of the daemon that `cargo xtask env` speaks of.
    pub fn daemon(self) -> &'static str {
        match self {
            Engine::Docker26 => "main",
            other => other.name(),
        }
    }

    /// Whether images are kept by containerd, which cache export and several platforms need.
    pub fn containerd_store(self) -> bool {
        matches!(self, Engine::Docker26 | Engine::Docker28)
    }

    /// Returns the name of the directory of its client, which is as old as the daemon.
    pub fn client(self) -> &'static str {
        self.recipe().name
    }

    /// Returns its root filesystem, made first if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn root(self, home: &Home) -> Result<PathBuf> {
        self.recipe().ensure(home)
    }

    fn recipe(self) -> &'static Recipe {
        match self {
            Engine::Docker26 | Engine::Docker26Classic => &rootfs::TRIXIE,
            Engine::Docker28 | Engine::Docker28Classic => &rootfs::FORKY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_found_by_the_names_that_the_command_line_takes() {
        for engine in Engine::value_variants() {
            assert_eq!(Engine::named(engine.name()).unwrap(), *engine);
            let taken = engine.to_possible_value().unwrap();
            assert_eq!(taken.get_name(), engine.name());
        }
        let none = Engine::named("docker-20").unwrap_err().to_string();
        assert_eq!(
            none,
            "no engine `docker-20`; there are docker-26, docker-26-classic, docker-28, docker-28-classic"
        );
    }
}
