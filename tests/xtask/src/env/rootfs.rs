//! Debian root filesystems, made with debootstrap and kept.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::home::{Home, remove_dir};
use crate::process::logged;
use crate::talk::say;

/// A root filesystem: a Debian release and what is installed in it.
pub struct Recipe {
    /// The name of its directory; raise the number when the recipe changes.
    pub name: &'static str,
    what: &'static str,
    suite: &'static str,
    /// Whether Debian still works on the release: debootstrap has no script of its name, and a mirror may serve an
    /// index for longer than the index allows.
    unreleased: bool,
    packages: &'static [&'static str],
}

/// Docker, buildx and a registry.
const ENGINE: &[&str] = &[
    "docker.io",
    "docker-cli",
    "docker-buildx",
    "docker-registry",
    "iptables",
    "iproute2",
    "git",
    "tini",
];

/// The older engine. Debian 12's own Docker has a BuildKit that is too old (0.8).
pub const TRIXIE: Recipe = Recipe {
    name: "engine-1",
    what: "Debian 13 with Docker 26",
    suite: "trixie",
    unreleased: false,
    packages: ENGINE,
};

/// The newer engine.
pub const FORKY: Recipe = Recipe {
    name: "engine-forky-1",
    what: "Debian forky with Docker 28",
    suite: "forky",
    unreleased: true,
    packages: ENGINE,
};

/// The stand-in for `debian:bookworm-slim`.
pub const BOOKWORM: Recipe = Recipe {
    name: "bookworm-1",
    what: "a minimal Debian 12",
    suite: "bookworm",
    unreleased: false,
    packages: &[],
};

/// Says what is missing for making one, if something is.
pub fn may_be_made() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("no Docker answers, and only root can make one: start Docker, or run this as root");
    }
    Ok(())
}

impl Recipe {
    /// Returns the directory of the root filesystem, made first if it is not there.
    pub fn ensure(&self, home: &Home) -> Result<PathBuf> {
        let dir = home.dir("rootfs")?.join(self.name);
        if dir.is_dir() {
            return Ok(dir);
        }
        may_be_made()?;
        apt::need(home, "debootstrap", "debootstrap")?;
        let mirror = apt::mirror()?;
        say(format_args!(
            "making {} from {mirror} (a minute or two)",
            self.what
        ));
        let making = home.join("rootfs").join(format!("{}.making", self.name));
        // The lock is held, so whatever is there was left by a run that did not finish.
        remove_dir(&making)?;
        logged(
            &format!("debootstrap {}", self.suite),
            &home.logs()?.join(format!("debootstrap-{}.log", self.name)),
            Command::new("debootstrap")
                .args(["--variant=minbase", "--include=ca-certificates", self.suite])
                .arg(&making)
                .arg(mirror)
                .args(self.unreleased.then_some("sid"))
                .env("PATH", with_sbin()),
        )?;
        logged(
            &format!("installing packages in {}", self.name),
            &home.logs()?.join(format!("install-{}.log", self.name)),
            Command::new("unshare")
                .args([
                    "--mount",
                    "sh",
                    "-c",
                    include_str!("install.sh"),
                    "install.sh",
                ])
                .arg(&making)
                .args(self.packages)
                .env("PATH", with_sbin())
                .env(
                    "CHECK_VALID_UNTIL",
                    if self.unreleased { "false" } else { "true" },
                ),
        )?;
        fs::rename(&making, &dir)
            .with_context(|| format!("rename {} to {}", making.display(), dir.display()))?;
        Ok(dir)
    }
}

/// Returns PATH with the directories that hold `chroot` and `debootstrap`.
fn with_sbin() -> String {
    format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default())
}

/// Gives a root filesystem the host's name servers and certificates, which may have changed.
pub fn refresh(root: &Path) -> Result<()> {
    // With systemd-resolved the usual file names a server that only the host itself can reach.
    let resolved = Path::new("/run/systemd/resolve/resolv.conf");
    let usual = Path::new("/etc/resolv.conf");
    let servers = if resolved.exists() { resolved } else { usual };
    copy(servers, &root.join("etc/resolv.conf"))?;
    let bundle = "etc/ssl/certs/ca-certificates.crt";
    copy(&Path::new("/").join(bundle), &root.join(bundle))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.exists() {
        return Ok(());
    }
    fs::copy(from, to).with_context(|| format!("copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
