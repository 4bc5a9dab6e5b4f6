//! `cargo xtask builder`: a second builder that knows nothing of the first, to test cache imports with.
//!
//! With the harness's own engine it is another daemon. On a person's own Docker it is a buildx builder in a
//! container (which needs BuildKit's image, `moby/buildkit`).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};

use crate::env::Env;
use crate::env::daemon::Daemon;
use crate::env::docker::{BUILDER, Docker};
use crate::env::engine::Engine;
use crate::home::Home;
use crate::process::{capture, line, show, succeeds};
use crate::talk::{print, say};

const PREFIX: &str = "werf-frontend-";

/// What to do with a builder.
#[derive(Subcommand)]
pub enum Action {
    /// Starts it with an empty cache, whatever it held before, and prints `export` lines
    Start {
        /// Any word; `main` and the names of engines are taken
        name: String,
    },
    /// Kills it as a crash would, and starts it again with all it holds
    Crash {
        /// The word it was started with
        name: String,
    },
    /// Stops it and removes all it held
    Stop {
        /// The word it was started with
        name: String,
    },
}

/// Starts, crashes or stops a builder.
pub fn run(action: &Action) -> Result<()> {
    let (Action::Start { name } | Action::Crash { name } | Action::Stop { name }) = action;
    check_name(name)?;
    match action {
        Action::Start { name } => start(name),
        Action::Crash { name } => crash(name),
        Action::Stop { name } => stop(name),
    }
}

fn start(name: &str) -> Result<()> {
    let mut env = Env::bare()?;
    if let Some(docker) = start_empty(&env, name)? {
        env.docker = docker;
    }
    print(env.exports())?;
    // Of a daemon it is the own one, whatever builder the tests were given.
    let builder = if env.docker.own {
        "default".to_owned()
    } else {
        format!("{PREFIX}{name}")
    };
    print(format_args!("export {BUILDER}={builder}"))
}

/// Starts a builder with an empty cache. Returns the client of it if it is a daemon.
fn start_empty(env: &Env, name: &str) -> Result<Option<Docker>> {
    let _lock = env.home.lock()?;
    let Some(engine) = env.docker.engine else {
        remove_container(name);
        create_container(env, name)?;
        return Ok(None);
    };
    let root = engine.root(&env.home)?;
    let daemon = Daemon::of(&env.home, engine, name);
    if daemon.remove(&env.home)? {
        say(format_args!("replacing the builder `{name}`"));
    }
    daemon.ensure(&root, &env.registry)?;
    Docker::own(&env.home, engine, &root, &daemon).map(Some)
}

/// A builder that this program uses itself. It goes with all its data when it is dropped.
pub struct Builder<'a> {
    env: &'a Env,
    name: &'static str,
    docker: Option<Docker>,
}

impl<'a> Builder<'a> {
    /// Starts one with an empty cache, whatever it held before.
    pub fn start(env: &'a Env, name: &'static str) -> Result<Builder<'a>> {
        let docker = start_empty(env, name)?;
        Ok(Builder { env, name, docker })
    }

    /// Returns the client, led to it.
    pub fn command(&self) -> Command {
        match &self.docker {
            Some(docker) => docker.command(),
            None => {
                let mut command = self.env.docker.command();
                command.env(BUILDER, format!("{PREFIX}{}", self.name));
                command
            }
        }
    }

    /// Builds with more `arguments` in a directory, and returns the progress.
    pub fn build(&self, directory: &Path, arguments: &[&str]) -> Result<String> {
        let mut build = self.command();
        build
            .current_dir(directory)
            .args(["buildx", "build", "--progress=plain", "--provenance=false"])
            .args(arguments)
            .stdin(Stdio::null());
        let output = build
            .output()
            .with_context(|| format!("start `{}`", line(&build)))?;
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            bail!("`{}` failed ({}):\n{log}", line(&build), output.status);
        }
        Ok(log)
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        if let Err(error) = stop(self.name) {
            say(format_args!("the builder `{}` stays: {error}", self.name));
        }
    }
}

fn crash(name: &str) -> Result<()> {
    let env = Env::bare()?;
    let _lock = env.home.lock()?;
    if let Some(engine) = env.docker.engine {
        let root = engine.root(&env.home)?;
        let daemon = Daemon::of(&env.home, engine, name);
        if !daemon.kill()? {
            bail!("no builder `{name}` was running");
        }
        daemon.ensure(&root, &env.registry)?;
    } else {
        // The container that buildx makes for the first node of a builder.
        let container = format!("buildx_buildkit_{PREFIX}{name}0");
        show(env.docker.command().args(["kill", &container]))?;
        show(env.docker.command().args(["start", &container]))?;
    }
    say(format_args!(
        "killed the builder `{name}` and started it again"
    ));
    Ok(())
}

fn stop(name: &str) -> Result<()> {
    let home = Home::open()?;
    let _lock = home.lock()?;
    if Daemon::named(&home, name).remove(&home)? || remove_container(name) {
        say(format_args!("removed the builder `{name}`"));
    } else {
        say(format_args!("no builder `{name}` was running"));
    }
    Ok(())
}

fn create_container(env: &Env, name: &str) -> Result<()> {
    let config = env.home.join("buildkitd.toml");
    fs::write(
        &config,
        format!("[registry.\"{}\"]\n  http = true\n", env.registry),
    )?;
    show(
        env.docker
            .command()
            .args([
                "buildx",
                "create",
                "--name",
                &format!("{PREFIX}{name}"),
                "--bootstrap",
            ])
            // In the host's network, the builder finds the registry under the same name as everybody else.
            .args([
                "--driver",
                "docker-container",
                "--driver-opt",
                "network=host",
                "--config",
            ])
            .arg(&config),
    )
}

fn remove_container(name: &str) -> bool {
    succeeds(Command::new("docker").args(["buildx", "rm", "--force", &format!("{PREFIX}{name}")]))
}

/// Removes the builders made in a person's own Docker.
pub fn remove_all_containers() {
    let names = capture(Command::new("docker").args(["buildx", "ls", "--format", "{{.Name}}"]));
    for name in names.unwrap_or_default().lines() {
        if let Some(name) = name.strip_prefix(PREFIX)
            && remove_container(name)
        {
            say(format_args!("removed the builder `{name}`"));
        }
    }
}

/// The name becomes a directory.
fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let taken = Engine::value_variants()
        .iter()
        .any(|engine| [engine.daemon(), engine.name()].contains(&name));
    if taken || name.is_empty() || name.len() > 30 || !name.bytes().all(plain) {
        bail!(
            "`{name}` cannot name a builder: up to 30 small letters, digits and `-`, other than `main` and the names of engines"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn a_builder_s_name_cannot_leave_the_directory() {
        for bad in [
            "",
            "main",
            "docker-28-classic",
            "..",
            "a/b",
            "A",
            "a b",
            &"x".repeat(31),
        ] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_name("fresh-2").is_ok());
    }
}
