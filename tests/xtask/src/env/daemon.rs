//! A Docker daemon of the harness: its own root filesystem, data, socket and bridge.
//!
//! It runs in a mount namespace (see `enter.sh`) and a pid namespace: when its first process ends,
//! everything it started ends too, and no mount is left on the host.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::engine::Engine;
use super::registry::Registry;
use super::rootfs;
use crate::home::{Home, remove_dir, write_if_changed};
use crate::http;
use crate::pidfile::PidFile;
use crate::process::{capture, tail};
use crate::talk::say;

/// So long after it answers, a daemon has collected garbage for the first time: BuildKit does that one second after it starts, and who mounts
/// STORE meanwhile may get an empty one (`docs/store.md`, "When STORE splits"), which tests that count steps and bytes do not expect.
const FIRST_COLLECTION: Duration = Duration::from_millis(1200);

/// The script that makes a directory the root of a program.
pub const ENTER: &str = include_str!("enter.sh");

/// One daemon, named by its directory.
pub struct Daemon {
    name: String,
    dir: PathBuf,
    engine: Engine,
    /// How many bytes of room its data have, where they are in memory.
    room: Option<u64>,
}

impl Daemon {
    /// Returns the daemon of an engine that `cargo xtask env` speaks of.
    pub fn main(home: &Home, engine: Engine) -> Daemon {
        Daemon::of(home, engine, engine.daemon())
    }

    /// Returns a daemon of an engine, by its name.
    pub fn of(home: &Home, engine: Engine, name: &str) -> Daemon {
        Daemon {
            name: name.to_owned(),
            dir: home.join("daemons").join(name),
            engine,
            room: None,
        }
    }

    /// Gives its data a file system of their own in memory, with so many bytes of room, which goes when it ends.
    pub fn with_room(mut self, room: Option<u64>) -> Daemon {
        self.room = room;
        self
    }

    /// Returns a daemon by its name, running or not, of the engine that it was last started with.
    pub fn named(home: &Home, name: &str) -> Daemon {
        let recorded = fs::read_to_string(home.join("daemons").join(name).join("engine"));
        let engine = recorded
            .ok()
            .and_then(|recorded| Engine::named(recorded.trim()).ok());
        Daemon::of(home, engine.unwrap_or(Engine::DEFAULT), name)
    }

    /// Returns every daemon that has a directory.
    pub fn all(home: &Home) -> Result<Vec<Daemon>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(home.dir("daemons")?)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names.iter().map(|name| Daemon::named(home, name)).collect())
    }

    /// Returns the value of `DOCKER_HOST` for it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Starts the daemon unless it already runs as it should. Returns whether it was started.
    pub fn ensure(&self, root: &Path, registry: &Registry) -> Result<bool> {
        fs::create_dir_all(&self.dir).with_context(|| format!("make {}", self.dir.display()))?;
        write_if_changed(&self.dir.join("engine"), self.engine.name())?;
        let config = config(self.engine, registry);
        let reconfigured = write_if_changed(&self.dir.join("daemon.json"), &config)?
            | write_if_changed(&self.dir.join("daemon.sh"), &script(self.room))?;
        if !reconfigured && self.answers() {
            return Ok(false);
        }
        if self.pid_file().stop(Duration::from_secs(20))? {
            say(format_args!(
                "stopped the daemon `{}`: it did not answer, or its set-up has changed",
                self.name
            ));
        }
        if let Err(why) = self.start(root) {
            self.start_with_nothing(root, why)?;
        }
        Ok(true)
    }

    /// Starts a daemon that did not start with what it has kept: Docker gives up when its records of builds cannot be opened within
    /// some seconds, as happens with very many on a slow disk, and then it never starts again. What the daemons of engines keep are
    /// caches; that of a builder in a test is what the test is about.
    fn start_with_nothing(&self, root: &Path, why: anyhow::Error) -> Result<()> {
        let data = self.dir.join("data");
        if self.name != self.engine.daemon() || !data.exists() {
            return Err(why);
        }
        say(format_args!(
            "{why}\nthe daemon `{}` does not start with what it has kept; removing that, and starting it again",
            self.name
        ));
        self.pid_file().stop(Duration::from_secs(20))?;
        remove_dir(&data)?;
        self.start(root)
    }

    fn start(&self, root: &Path) -> Result<()> {
        say(format_args!("starting the daemon `{}`", self.name));
        rootfs::refresh(root)?;
        let _ = fs::remove_file(self.socket());
        let network = Network::of(&self.dir)?;
        let log_path = self.dir.join("log");
        let log =
            File::create(&log_path).with_context(|| format!("create {}", log_path.display()))?;
        let mut child = detached(root, &self.dir)
            .args(["sh", "/harness/daemon.sh", "up"])
            .args(network.arguments())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start the daemon")?;
        self.pid_file().record(child.id())?;
        let began = Instant::now();
        while !self.answers() {
            if let Some(status) = child.try_wait()? {
                bail!(
                    "the daemon `{}` ended ({status}):\n{}",
                    self.name,
                    tail(&log_path)
                );
            }
            if began.elapsed() > Duration::from_secs(60) {
                bail!(
                    "the daemon `{}` does not answer:\n{}",
                    self.name,
                    tail(&log_path)
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
        thread::sleep(FIRST_COLLECTION);
        Ok(())
    }

    /// Stops the daemon if it runs and takes its bridge away. Returns whether it ran.
    pub fn stop(&self, home: &Home) -> Result<bool> {
        let ran = self.pid_file().stop(Duration::from_secs(20))?;
        if let Some(network) = Network::recorded(&self.dir)
            && network.bridge_exists()
        {
            let root = self.engine.root(home)?;
            capture(
                Command::new("unshare")
                    .args(["--mount", "sh", "-c", ENTER, "enter.sh"])
                    .args([&root, &self.dir])
                    .args(["sh", "/harness/daemon.sh", "down"])
                    .args(network.arguments()),
            )?;
        }
        Ok(ran)
    }

    /// Kills the daemon and all it started, without a word. Returns whether it ran.
    pub fn kill(&self) -> Result<bool> {
        self.pid_file().kill()
    }

    /// Stops the daemon and removes everything it holds.
    pub fn remove(&self, home: &Home) -> Result<bool> {
        let ran = self.stop(home)?;
        remove_dir(&self.dir)?;
        Ok(ran)
    }

    /// Returns the process that all of it is below, if it runs.
    pub fn pid(&self) -> Option<i32> {
        self.pid_file().alive()
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn answers(&self) -> bool {
        self.pid_file().alive().is_some()
            && http::unix_status(&self.socket(), "/_ping").is_ok_and(|status| status == 200)
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("docker.sock")
    }

    fn pid_file(&self) -> PidFile {
        PidFile::at(self.dir.join("pid"))
    }
}

/// Returns a command for a program in `root` that outlives this one and takes its children along
/// when it ends; the caller adds the program.
pub fn detached(root: &Path, state: &Path) -> Command {
    let mut command = Command::new("setsid");
    command
        .args([
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            ENTER,
            "enter.sh",
        ])
        .args([root, state])
        .stdin(Stdio::null())
        .current_dir("/")
        .env_clear()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        );
    for name in [
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The script that starts the daemon.
fn script(room: Option<u64>) -> String {
    let script = include_str!("daemon.sh");
    let Some(bytes) = room else {
        return script.to_owned();
    };
    let start = "exec tini-static";
    let mount = format!(
        "mkdir -p /harness/data\nmount -t tmpfs -o size={bytes} tmpfs /harness/data\n{start}"
    );
    script.replacen(start, &mount, 1)
}

/// The daemon's settings: the engine's image store, host network for those who ask, and the local registry as a
/// mirror, because that is where stand-ins for base images are.
fn config(engine: Engine, registry: &Registry) -> String {
    let config = json!({
        "features": { "containerd-snapshotter": engine.containerd_store() },
        "builder": {
            "entitlements": { "network-host": true },
            "gc": { "enabled": true, "defaultKeepStorage": "20GB" },
        },
        "registry-mirrors": [format!("http://{registry}")],
    });
    format!("{config:#}\n")
}

/// The bridge of a daemon: `werf7` with 10.213.7.0/24.
#[derive(Debug, PartialEq, Eq)]
struct Network {
    number: u8,
}

impl Network {
    /// Returns the daemon's network, chosen when it has none yet.
    fn of(dir: &Path) -> Result<Network> {
        if let Some(network) = Network::recorded(dir) {
            return Ok(network);
        }
        let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
        let network = (0..=u8::MAX)
            .map(|number| Network { number })
            .find(|network| !network.bridge_exists() && !network.is_routed(&routes))
            .context("all networks in 10.213.0.0/16 are in use")?;
        fs::write(dir.join("network"), network.number.to_string())?;
        Ok(network)
    }

    fn recorded(dir: &Path) -> Option<Network> {
        let number = fs::read_to_string(dir.join("network")).ok()?;
        Some(Network {
            number: number.trim().parse().ok()?,
        })
    }

    fn bridge(&self) -> String {
        format!("werf{}", self.number)
    }

    fn bridge_exists(&self) -> bool {
        Path::new("/sys/class/net").join(self.bridge()).exists()
    }

    /// Whether one of the routes in `/proc/net/route`, other than the default, leads into this network.
    fn is_routed(&self, routes: &str) -> bool {
        let own = u32::from_be_bytes([10, 213, self.number, 0]);
        routes.lines().skip(1).any(|route| {
            let field = |index| {
                let field = route.split_whitespace().nth(index)?;
                u32::from_str_radix(field, 16).ok().map(u32::swap_bytes)
            };
            let (Some(destination), Some(mask)) = (field(1), field(7)) else {
                return false;
            };
            let common = mask & 0xffff_ff00;
            mask != 0 && own & common == destination & common
        })
    }

    fn arguments(&self) -> [String; 3] {
        [
            self.bridge(),
            format!("10.213.{}.1/24", self.number),
            mtu().to_string(),
        ]
    }
}

/// Returns the packet size of the way out; packets that are larger vanish on some networks.
fn mtu() -> u32 {
    let way_out = || {
        let routes = fs::read_to_string("/proc/net/route").ok()?;
        let default = routes
            .lines()
            .find(|route| route.split_whitespace().nth(1) == Some("00000000"))?;
        let interface = default.split_whitespace().next()?;
        fs::read_to_string(format!("/sys/class/net/{interface}/mtu"))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    way_out().unwrap_or(1500)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_is_routed_elsewhere_is_not_taken() {
        // Columns as in the kernel: addresses are hexadecimal in the byte order of the machine.
        let routes = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n\
                      eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\n\
                      vpn0\t0007D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n\
                      one0\t0508D50A\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\n";
        assert!(!Network { number: 0 }.is_routed(routes));
        assert!(Network { number: 7 }.is_routed(routes));
        assert!(Network { number: 8 }.is_routed(routes));
        assert!(Network { number: 0 }.is_routed("h\nall0 0000000A 0 1 0 0 0 000000FF 0\n"));
    }

    #[test]
    fn only_a_daemon_with_little_room_has_its_data_in_memory() {
        assert_eq!(script(None), include_str!("daemon.sh"));
        let with_room = script(Some(7));
        let lines: Vec<&str> = with_room.lines().collect();
        let mount = lines.iter().position(|line| line.contains("size=7 tmpfs"));
        let start = lines.iter().position(|line| line.starts_with("exec tini"));
        assert!(mount.is_some() && mount < start, "{with_room}");
    }

    #[test]
    fn a_network_once_chosen_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("network"), "12\n").unwrap();
        assert_eq!(Network::of(dir.path()).unwrap(), Network { number: 12 });
        assert_eq!(Network { number: 12 }.bridge(), "werf12");
    }
}
