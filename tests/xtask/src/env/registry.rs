//! A registry on a loopback port: where the frontend image and stand-ins for base images are pushed,
//! and where tests export caches to.

use std::fmt;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::daemon::detached;
use super::docker::Docker;
use crate::home::{Home, write_if_changed};
use crate::http;
use crate::pidfile::PidFile;
use crate::process::{capture, logged_within, tail};
use crate::talk::say;

/// The container that serves a person's own Docker.
pub const CONTAINER: &str = "werf-frontend-registry";

/// The registry's port; shown as `127.0.0.1:PORT`, which is also how images are named.
pub struct Registry {
    port: u16,
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "127.0.0.1:{}", self.port)
    }
}

impl Registry {
    /// Starts the registry of the harness's own engine unless it runs.
    pub fn own(home: &Home, root: &Path) -> Result<Registry> {
        let dir = home.dir("registry")?;
        let pid = PidFile::at(dir.join("pid"));
        if let Some(registry) = Registry::recorded(home)
            && pid.alive().is_some()
            && registry.answers()
        {
            return Ok(registry);
        }
        pid.stop(Duration::from_secs(5))?;
        let registry = Registry::choose(home)?;
        say(format_args!("starting a registry on {registry}"));
        write_if_changed(&dir.join("config.yml"), &config(&registry))?;
        let log_path = dir.join("log");
        let log =
            File::create(&log_path).with_context(|| format!("create {}", log_path.display()))?;
        let child = detached(root, &dir)
            .args([
                "tini-static",
                "-g",
                "--",
                "docker-registry",
                "serve",
                "/harness/config.yml",
            ])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start the registry")?;
        pid.record(child.id())?;
        registry.wait().with_context(|| tail(&log_path))?;
        Ok(registry)
    }

    /// Starts the registry in a container of a person's own Docker unless it runs.
    pub fn in_container(home: &Home, docker: &Docker) -> Result<Registry> {
        let recorded = Registry::recorded(home);
        let running = docker
            .command()
            .args([
                "container",
                "inspect",
                "--format",
                "{{.State.Running}}",
                CONTAINER,
            ])
            .output()?;
        if let Some(registry) = recorded
            && running.stdout.starts_with(b"true")
            && registry.answers()
        {
            return Ok(registry);
        }
        if running.status.success() {
            capture(docker.command().args(["rm", "--force", CONTAINER]))?;
        }
        let registry = Registry::choose(home)?;
        say(format_args!(
            "starting a registry on {registry} in the container `{CONTAINER}`"
        ));
        let publish = format!("{registry}:5000");
        logged_within(
            "starting the image registry:2",
            &home.logs()?.join("registry.log"),
            docker.command().args([
                "run",
                "--detach",
                "--name",
                CONTAINER,
                "--publish",
                &publish,
                "registry:2",
            ]),
            Some(Duration::from_secs(300)),
        )?;
        registry.wait()?;
        Ok(registry)
    }

    /// Returns the process that all of the harness's own registry is below, if it runs.
    pub fn pid(home: &Home) -> Option<i32> {
        PidFile::at(home.join("registry/pid")).alive()
    }

    /// Ends the harness's own registry. Returns whether it ran.
    pub fn stop(home: &Home) -> Result<bool> {
        PidFile::at(home.join("registry/pid")).stop(Duration::from_secs(5))
    }

    /// Whether it holds a tag.
    pub fn holds(&self, name: &str, tag: &str) -> bool {
        let accept = "Accept: application/vnd.oci.image.index.v1+json, \
                      application/vnd.oci.image.manifest.v1+json, \
                      application/vnd.docker.distribution.manifest.v2+json, \
                      application/vnd.docker.distribution.manifest.list.v2+json\r\n";
        http::tcp_status(
            self.address(),
            "HEAD",
            &format!("/v2/{name}/manifests/{tag}"),
            accept,
        )
        .is_ok_and(|status| status == 200)
    }

    fn recorded(home: &Home) -> Option<Registry> {
        let port = fs::read_to_string(home.join("registry/port")).ok()?;
        Some(Registry {
            port: port.trim().parse().ok()?,
        })
    }

    /// Takes the port of the last time if it is free, else another, and records it.
    fn choose(home: &Home) -> Result<Registry> {
        let last = Registry::recorded(home).map(|registry| registry.port);
        let port = last
            .into_iter()
            .chain(5000..5100)
            .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
            .context("no free port between 5000 and 5100 on 127.0.0.1")?;
        fs::write(home.dir("registry")?.join("port"), port.to_string())?;
        Ok(Registry { port })
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    fn answers(&self) -> bool {
        http::tcp_status(self.address(), "GET", "/v2/", "").is_ok_and(|status| status == 200)
    }

    fn wait(&self) -> Result<()> {
        let began = Instant::now();
        while !self.answers() {
            if began.elapsed() > Duration::from_secs(20) {
                bail!("the registry on {self} does not answer");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn config(registry: &Registry) -> String {
    format!(
        "version: 0.1\n\
         log: {{level: warn, accesslog: {{disabled: true}}}}\n\
         storage:\n  filesystem: {{rootdirectory: /harness/data}}\n  delete: {{enabled: true}}\n\
         http: {{addr: \"{registry}\"}}\n"
    )
}
