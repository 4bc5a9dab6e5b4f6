//! A daemon that things are done to, with what it holds. It goes with all its data when it is dropped.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::processes;
use crate::env::Env;
use crate::env::daemon::Daemon;
use crate::env::docker::Docker;
use crate::process::capture;
use crate::talk::say;

/// One such daemon.
pub struct Machine<'a> {
    env: &'a Env,
    daemon: Daemon,
    docker: Docker,
    root: PathBuf,
}

/// Where a STORE of such a daemon is.
pub struct StorePlace {
    /// Seen from here.
    pub path: PathBuf,
    /// As the daemon knows it.
    pub inside: String,
}

impl<'a> Machine<'a> {
    /// Starts one with an empty cache, whatever it held before.
    pub fn start(env: &'a Env, name: &str) -> Result<Machine<'a>> {
        Machine::with_room(env, name, None)
    }

    /// Starts one whose data have so many bytes of room, in memory.
    pub fn with_room(env: &'a Env, name: &str, room: Option<u64>) -> Result<Machine<'a>> {
        let engine = env.docker.engine.context(
            "only a daemon of the harness may be tortured: name an engine, `--engine docker-26`",
        )?;
        let _lock = env.home.lock()?;
        let root = engine.root(&env.home)?;
        let daemon = Daemon::of(&env.home, engine, name).with_room(room);
        daemon.remove(&env.home)?;
        daemon.ensure(&root, &env.registry)?;
        let docker = Docker::own(&env.home, engine, &root, &daemon)?;
        Ok(Machine {
            env,
            daemon,
            docker,
            root,
        })
    }

    /// Returns the client, led to it.
    pub fn command(&self) -> Command {
        self.docker.command()
    }

    /// Runs the client.
    pub fn docker(&self, arguments: &[&str]) -> Result<String> {
        capture(self.command().args(arguments))
    }

    /// Kills it and all it runs, and starts it again with all it holds.
    pub fn crash(&self) -> Result<()> {
        self.daemon.kill()?;
        self.revive().map(drop)
    }

    /// Starts it again if it has ended. Returns whether it had.
    pub fn revive(&self) -> Result<bool> {
        // Its network is chosen already, which is what others could choose, too.
        self.daemon.ensure(&self.root, &self.env.registry)
    }

    /// Returns the processes in it.
    pub fn processes(&self) -> Vec<processes::Process> {
        let pid = self.daemon.pid();
        pid.map(processes::below).unwrap_or_default()
    }

    /// Returns where its data are, seen from here.
    pub fn data(&self) -> Result<PathBuf> {
        self.seen_from_here("/harness/data")
    }

    /// Returns how a path of its own is seen from here.
    pub fn seen_from_here(&self, path: &str) -> Result<PathBuf> {
        let root = format!("/proc/{}/root", self.dockerd()?);
        Ok(Path::new(&root).join(path.trim_start_matches('/')))
    }

    /// Returns the STOREs that it has.
    pub fn stores(&self) -> Result<Vec<StorePlace>> {
        let data = self.data()?;
        let mut found = Vec::new();
        for snapshots in [
            "containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots",
            "overlay2",
        ] {
            let entries = std::fs::read_dir(data.join(snapshots))
                .into_iter()
                .flatten();
            for entry in entries.flatten() {
                for below in ["fs", "diff"] {
                    let path = entry.path().join(below);
                    if path.join("packs").is_dir() && path.join("slots").is_dir() {
                        let name = entry.file_name();
                        let inside =
                            format!("/harness/data/{snapshots}/{}/{below}", name.display());
                        found.push(StorePlace { path, inside });
                    }
                }
            }
        }
        if found.is_empty() {
            bail!("the daemon `{}` has no STORE", self.daemon.name());
        }
        Ok(found)
    }

    /// Runs a program of the daemon's own in its mount namespace, and where `/proc` is of its processes: `umount` asks there.
    pub fn inside(&self, arguments: &[&str]) -> Result<()> {
        let pid = self.dockerd()?.to_string();
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &pid, "--mount", "--pid", "--root"])
            .args(arguments);
        capture(&mut command).map(drop)
    }

    fn dockerd(&self) -> Result<i32> {
        let processes = self.processes();
        let all = processes.iter().filter(|one| one.is_called("dockerd"));
        // It starts itself again for some of its work, in other namespaces.
        let dockerd = all.min_by_key(|one| one.pid());
        let dockerd =
            dockerd.with_context(|| format!("the daemon `{}` does not run", self.daemon.name()))?;
        Ok(dockerd.pid())
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        let removed = self
            .env
            .home
            .lock()
            .and_then(|_lock| self.daemon.remove(&self.env.home));
        if let Err(error) = removed {
            say(format_args!(
                "the daemon `{}` stays: {error:#}",
                self.daemon.name()
            ));
        }
    }
}
