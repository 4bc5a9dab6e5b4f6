//! Debian root filesystems, made with debootstrap and kept.

use std::collections::BTreeSet;
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
    /// The name of its directory; raise the number when the recipe changes otherwise than by one more package.
    pub name: &'static str,
    what: &'static str,
    suite: &'static str,
    /// Whether Debian still works on the release: debootstrap has no script of its name, and a mirror may serve an
    /// index for longer than the index allows.
    unreleased: bool,
    packages: &'static [&'static str],
}

/// Docker, buildx, compose and a registry.
const ENGINE: &[&str] = &[
    "docker.io",
    "docker-cli",
    "docker-buildx",
    "docker-compose",
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
    /// Returns the directory of the root filesystem, made first if it is not there. One that was made when the recipe had
    /// fewer packages gets the others.
    pub fn ensure(&self, home: &Home) -> Result<PathBuf> {
        let dir = home.dir("rootfs")?.join(self.name);
        if dir.is_dir() {
            self.extend(home, &dir)?;
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
        self.install(home, &making, self.packages)?;
        fs::rename(&making, &dir)
            .with_context(|| format!("rename {} to {}", making.display(), dir.display()))?;
        Ok(dir)
    }

    /// Installs the packages that a root filesystem lacks. A daemon may run in it meanwhile: packages that are there stay.
    fn extend(&self, home: &Home, root: &Path) -> Result<()> {
        if self.packages.is_empty() {
            return Ok(());
        }
        let path = root.join("var/lib/dpkg/status");
        let status =
            fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let missing = missing(&status, self.packages);
        if missing.is_empty() {
            return Ok(());
        }
        may_be_made()?;
        say(format_args!(
            "adding {} to {}",
            missing.join(", "),
            self.what
        ));
        refresh(root)?;
        self.install(home, root, &missing)
    }

    fn install(&self, home: &Home, root: &Path, packages: &[&str]) -> Result<()> {
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
                .arg(root)
                .args(packages)
                .env("PATH", with_sbin())
                .env(
                    "CHECK_VALID_UNTIL",
                    if self.unreleased { "false" } else { "true" },
                ),
        )
    }
}

/// Returns those of `packages` that are not installed, by dpkg's own records (`/var/lib/dpkg/status`).
fn missing<'a>(status: &str, packages: &[&'a str]) -> Vec<&'a str> {
    let records = status.split("\n\n").filter(|record| {
        record
            .lines()
            .any(|line| line == "Status: install ok installed")
    });
    let installed: BTreeSet<&str> = records
        .filter_map(|record| {
            record
                .lines()
                .find_map(|line| line.strip_prefix("Package: "))
        })
        .collect();
    let lacking = |package: &&str| !installed.contains(package);
    packages.iter().copied().filter(lacking).collect()
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

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn a_package_that_is_not_wholly_installed_is_missing() {
        let status = "Package: git\nStatus: install ok installed\nVersion: 1\n\n\
                      Package: tini\nStatus: install ok unpacked\n\n\
                      Package: iptables\nStatus: deinstall ok config-files\n\n\
                      Package: git-man\nStatus: install ok installed\nDescription: manual\n of Package: docker-cli\n";
        let wanted = ["git", "tini", "iptables", "docker-cli", "git-man"];
        assert_eq!(missing(status, &wanted), ["tini", "iptables", "docker-cli"]);
        assert_eq!(missing("", &["git"]), ["git"]);
    }
}
