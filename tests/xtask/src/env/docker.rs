//! The Docker in use: a person's own, or the one the harness made.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::daemon::Daemon;
use super::engine::{self, Engine};
use crate::home::Home;
use crate::process::{capture, on_path};
use crate::talk::say;

/// Where buildx finds the name of the builder to use.
pub const BUILDER: &str = "BUILDX_BUILDER";

/// The first Docker whose builder is BuildKit 0.13.
const OLDEST_DOCKER: (u32, u32) = (26, 0);
const OLDEST_BUILDKIT: (u32, u32) = (0, 13);

/// A client and where it finds its daemon.
pub struct Docker {
    program: PathBuf,
    host: String,
    config: PathBuf,
    /// Whether the harness made it.
    pub own: bool,
    /// Which of its engines it is, if the harness made it.
    pub engine: Option<Engine>,
}

impl Docker {
    /// Finds a Docker that answers, has buildx and is new enough; says why if one is passed over.
    pub fn of_this_person(home: &Home) -> Option<Docker> {
        // Whoever ran the export lines is led here by the harness itself.
        let host = env::var("DOCKER_HOST").unwrap_or_default();
        if host.contains(&*home.join("daemons").to_string_lossy()) || !on_path("docker") {
            return None;
        }
        let ask = |arguments: &[&str]| capture(Command::new("docker").args(arguments)).ok();
        let info = ask(&["info", "--format", "{{.ServerVersion}} {{.DriverStatus}}"])?;
        let (version, store) = info.trim().split_once(' ')?;
        if ask(&["buildx", "version"]).is_none() {
            say(format_args!(
                "Docker {version} answers, but without buildx: not used"
            ));
            return None;
        }
        let builder = ask(&["buildx", "inspect"]).unwrap_or_default();
        if !new_enough(version, &builder) {
            say(format_args!(
                "Docker {version} answers, but its BuildKit is older than 0.13: not used"
            ));
            return None;
        }
        if !store.contains("io.containerd.snapshotter") {
            say(format_args!(
                "Docker {version} answers, but without `\"features\": {{\"containerd-snapshotter\": true}}` \
                 in its daemon.json it exports no cache: tests that need that will fail"
            ));
        }
        let host = ask(&[
            "context",
            "inspect",
            "--format",
            "{{.Endpoints.docker.Host}}",
        ])?;
        let config = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
        let config =
            config.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")))?;
        Some(Docker {
            program: "docker".into(),
            host: host.trim().to_owned(),
            config,
            own: false,
            engine: None,
        })
    }

    /// Returns the client for a daemon of the harness.
    pub fn own(home: &Home, engine: Engine, root: &Path, daemon: &Daemon) -> Result<Docker> {
        let client = Path::new("clients").join(engine.client());
        let config = home.dir(client.join("config"))?;
        let plugins = home.dir(client.join("config/cli-plugins"))?;
        for plugin in ["docker-buildx", "docker-compose"] {
            let program = root.join("usr/libexec/docker/cli-plugins").join(plugin);
            link(&program, &plugins.join(plugin))?;
        }
        let program = home.dir(client.join("bin"))?.join("docker");
        link(&root.join("usr/bin/docker"), &program)?;
        Ok(Docker {
            program,
            host: daemon.address(),
            config,
            own: true,
            engine: Some(engine),
        })
    }

    /// Returns the client, led to its daemon.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("DOCKER_HOST", &self.host)
            .env("DOCKER_CONFIG", &self.config);
        if self.own {
            command.env_remove("DOCKER_CONTEXT").env_remove(BUILDER);
        }
        command
    }

    /// Returns the variables that lead any client to this daemon.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("DOCKER_HOST", self.host.clone()),
            ("DOCKER_CONFIG", self.config.to_string_lossy().into_owned()),
        ];
        if let Some(engine) = self.engine {
            variables.push((engine::VARIABLE, engine.name().to_owned()));
        }
        if self.own && !on_path("docker") {
            let bin = self.program.parent().unwrap_or(Path::new("/")).to_owned();
            let path = env::var_os("PATH").unwrap_or_default();
            let dirs = std::iter::once(bin).chain(env::split_paths(&path));
            if let Ok(path) = env::join_paths(dirs) {
                variables.push(("PATH", path.to_string_lossy().into_owned()));
            }
        }
        variables
    }
}

/// Whether a daemon is new enough, by its own version or by what `docker buildx inspect` says.
///
/// Debian builds Docker without BuildKit's version (`v0.0.0+unknown`), so either will do.
fn new_enough(docker: &str, builder: &str) -> bool {
    let buildkit = builder
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.to_ascii_lowercase().starts_with("buildkit"))
        .and_then(|(_, value)| version(value.trim()));
    match buildkit {
        Some((0, 0)) | None => version(docker) >= Some(OLDEST_DOCKER),
        known => known >= Some(OLDEST_BUILDKIT),
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text
        .trim_start_matches('v')
        .split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn link(target: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|now| now == target) {
        return Ok(());
    }
    let _ = fs::remove_file(link);
    symlink(target, link)
        .with_context(|| format!("link {} to {}", link.display(), target.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_daemon_is_told_by_buildkit_or_else_by_docker() {
        for (docker, builder, expected) in [
            ("26.1.5+dfsg1", "BuildKit version: v0.0.0+unknown\n", true),
            ("20.10.24+dfsg1", "Name: default\n", false),
            ("25.0.3", "Driver: docker\nBuildkit:  v0.12.5\n", false),
            (
                "25.0.3",
                "Driver: docker-container\nBuildKit version: v0.29.0-rc1\n",
                true,
            ),
            ("dev", "", false),
        ] {
            assert_eq!(
                new_enough(docker, builder),
                expected,
                "{docker} {builder:?}"
            );
        }
    }
}
