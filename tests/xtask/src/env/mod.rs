//! `cargo xtask env`: everything a build through the frontend needs, found or made.
//!
//! ```text
//! docker ──► registry ──► base images ──► frontend image ──► export lines
//! ```
//!
//! A person's own Docker is used where it answers and is new enough. Otherwise root gets one made of
//! Debian packages, which outlives the command; `cargo xtask down` stops it. Every step first looks
//! whether its work is already done, so a second run takes about a second.

pub mod ansible;
pub mod daemon;
pub mod docker;
pub mod engine;
mod export;
pub mod frontend;
pub mod images;
pub mod recipe;
pub mod registry;
pub mod rootfs;
pub mod sync_tool;

use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Profile;
use crate::home::Home;
use crate::phases;
use crate::talk::{print, say};
use docker::Docker;
use engine::Engine;
use registry::Registry;

/// How `env` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// Leaves the frontend image out: Docker, registry and base images only
    #[arg(long)]
    without_frontend: bool,
    #[command(flatten)]
    which: Which,
}

/// Which Docker is asked for.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Which {
    /// An engine of the harness, whatever Docker answers; WERF_ENGINE does the same for all commands
    #[arg(long, value_name = "NAME")]
    engine: Option<Engine>,
}

impl Which {
    /// A certain engine.
    pub fn of(engine: Engine) -> Which {
        Which {
            engine: Some(engine),
        }
    }

    /// Returns the engine that the command line or else the environment names.
    fn engine(self) -> Result<Option<Engine>> {
        self.engine
            .map_or_else(Engine::of_environment, |engine| Ok(Some(engine)))
    }
}

/// What was found or made.
pub struct Env {
    /// The harness's directory.
    pub home: Home,
    /// Docker that answers.
    pub docker: Docker,
    /// A registry on this machine that Docker may push to.
    pub registry: Registry,
    /// The frontend image in that registry: what goes after `# syntax=`.
    pub frontend: Option<String>,
}

/// Prepares everything and prints the `export` lines.
pub fn run(options: &Options) -> Result<()> {
    let env = if options.without_frontend {
        Env::bare_of(options.which)?
    } else {
        Env::with_frontend_of(options.which, Profile::Harness)?
    };
    print(env.exports())
}

impl Env {
    /// Prepares Docker, the registry and the base images.
    pub fn bare() -> Result<Env> {
        Env::bare_of(Which { engine: None })
    }

    /// Prepares the same with a certain engine.
    pub fn bare_of(which: Which) -> Result<Env> {
        let home = Home::open()?;
        let _lock = home.lock()?;
        Env::locked(home.clone(), which)
    }

    /// Prepares everything, the frontend image with the binaries of this checkout included.
    pub fn with_frontend(profile: Profile) -> Result<Env> {
        Env::with_frontend_of(Which { engine: None }, profile)
    }

    /// Prepares the same with a certain engine.
    pub fn with_frontend_of(which: Which, profile: Profile) -> Result<Env> {
        let home = Home::open()?;
        let _lock = home.lock()?;
        let mut env = Env::locked(home.clone(), which)?;
        env.frontend = Some(frontend::ensure(&env, profile)?);
        Ok(env)
    }

    /// Returns the name of the frontend image that [`Env::with_frontend`] has made.
    pub fn frontend_image(&self) -> Result<String> {
        let frontend = self.frontend.clone();
        frontend.context("the frontend was not packaged")
    }

    fn locked(home: Home, which: Which) -> Result<Env> {
        phases::begin("looking for Docker");
        let (docker, registry) = if let Some(engine) = which.engine()? {
            Env::engine(&home, engine)?
        } else if let Some(docker) = Docker::of_this_person(&home) {
            let registry = Registry::in_container(&home, &docker)?;
            (docker, registry)
        } else {
            Env::engine(&home, Engine::DEFAULT)?
        };
        phases::begin("base images");
        images::ensure(&home, &docker, &registry)?;
        images::remove_leftovers(&docker)?;
        Ok(Env {
            home,
            docker,
            registry,
            frontend: None,
        })
    }

    /// Starts the harness's own registry and daemon.
    fn engine(home: &Home, engine: Engine) -> Result<(Docker, Registry)> {
        rootfs::may_be_made()?;
        phases::begin("Docker, made of Debian packages");
        let root = engine.root(home)?;
        phases::begin("starting the registry and the daemon");
        let registry = Registry::own(home, &root)?;
        let daemon = daemon::Daemon::main(home, engine);
        if daemon.ensure(&root, &registry)? {
            say(format_args!(
                "{engine} is up; it keeps running until `cargo xtask down`"
            ));
        }
        Ok((Docker::own(home, engine, &root, &daemon)?, registry))
    }

    /// Returns the variables that lead other programs to all this.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.docker.variables();
        variables.push(("WERF_REGISTRY", self.registry.to_string()));
        if let Some(frontend) = &self.frontend {
            variables.push(("WERF_FRONTEND", frontend.clone()));
        }
        variables
    }

    /// Returns the variables as `export` lines.
    pub fn exports(&self) -> String {
        let lines: Vec<String> = self
            .variables()
            .iter()
            .map(|(name, value)| export::line(name, value))
            .collect();
        lines.join("\n")
    }

    /// Returns a command with the variables set.
    pub fn equip(&self, mut command: Command) -> Command {
        command.envs(self.variables());
        command
    }
}
