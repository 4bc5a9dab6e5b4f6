//! Base images: pulled where they can be, else stand-ins made of Debian packages.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::docker::Docker;
use super::registry::Registry;
use super::rootfs;
use crate::apt;
use crate::home::Home;
use crate::process::{capture, logged, logged_within, succeeds};
use crate::talk::say;

const DEBIAN: &str = "debian:bookworm-slim";
const BUSYBOX: &str = "busybox:latest";

/// Makes sure that the base images of examples and tests are in Docker's store.
pub fn ensure(home: &Home, docker: &Docker, registry: &Registry) -> Result<()> {
    if present(docker, &[DEBIAN, BUSYBOX]) {
        return Ok(());
    }
    provide(home, docker, registry, DEBIAN, || debian(home, docker))?;
    provide(home, docker, registry, BUSYBOX, || busybox(home, docker))
}

/// Removes what tests have built whose process is gone (`image::tag` of `tests/e2e` has the names), between runs of tests: see there why.
pub fn remove_leftovers(docker: &Docker) -> Result<()> {
    let mut list = docker.command();
    list.args(["image", "ls", "--filter", "reference=werf-frontend-test"])
        .args(["--format", "{{.Tag}}"]);
    let tags = capture(&mut list)?;
    let is_left = |tag: &&str| {
        let (process, _) = tag.split_once('-').unwrap_or((tag, ""));
        !Path::new("/proc").join(process).exists()
    };
    let left: Vec<String> = tags
        .lines()
        .filter(is_left)
        .map(|tag| format!("werf-frontend-test:{tag}"))
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    say(format_args!(
        "removing {} images of earlier tests",
        left.len()
    ));
    capture(docker.command().args(["image", "rm", "--force"]).args(left)).map(drop)
}

/// Makes sure that one image is there: pulls it, or else calls `make`.
pub fn provide(
    home: &Home,
    docker: &Docker,
    registry: &Registry,
    image: &str,
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if present(docker, &[image]) {
        return Ok(());
    }
    let log = home.logs()?.join("pull.log");
    let pull = logged_within(
        &format!("pulling {image}"),
        &log,
        docker.command().args(["pull", image]),
        Some(Duration::from_secs(300)),
    );
    if pull.is_ok() {
        return Ok(());
    }
    say(format_args!("{image} cannot be pulled: making a stand-in"));
    make().with_context(|| format!("make a stand-in for {image}"))?;
    if docker.own {
        publish(docker, registry, image)?;
    }
    Ok(())
}

fn present(docker: &Docker, images: &[&str]) -> bool {
    succeeds(docker.command().args(["image", "inspect"]).args(images))
}

/// Pushes a stand-in to where the daemons of the harness look before they ask Docker Hub, so that every
/// one of them resolves it like any other image.
fn publish(docker: &Docker, registry: &Registry, image: &str) -> Result<()> {
    let mirrored = format!("{registry}/library/{image}");
    capture(docker.command().args(["tag", image, &mirrored]))?;
    capture(docker.command().args(["push", "--quiet", &mirrored]))?;
    capture(docker.command().args(["rmi", &mirrored]))?;
    Ok(())
}

fn debian(home: &Home, docker: &Docker) -> Result<()> {
    let root = rootfs::BOOKWORM.ensure(home)?;
    let tar = format!(
        "tar --create --directory {} .",
        quoted(&root.to_string_lossy())
    );
    import(home, docker, &tar, DEBIAN, "CMD [\"bash\"]")
}

/// Debian's static busybox, its links, and what an almost empty image still has.
fn busybox(home: &Home, docker: &Docker) -> Result<()> {
    if !succeeds(Command::new("apt-get").args(["download", "--print-uris", "busybox-static"])) {
        apt::update(home)?;
    }
    let dir = home.dir("busybox")?;
    logged(
        "making busybox",
        &home.logs()?.join("busybox.log"),
        Command::new("sh")
            .args(["-c", include_str!("busybox.sh")])
            .current_dir(&dir),
    )?;
    let tar = format!(
        "tar --create --directory {} .",
        quoted(&dir.join("root").to_string_lossy())
    );
    import(home, docker, &tar, BUSYBOX, "CMD [\"sh\"]")
}

fn import(home: &Home, docker: &Docker, tar: &str, image: &str, change: &str) -> Result<()> {
    let docker = docker.command();
    let mut import = Command::new("bash");
    import
        .args(["-eo", "pipefail", "-c"])
        .arg(format!(r#"{tar} | "$0" import --change "$1" - "$2""#))
        .arg(docker.get_program())
        .args([change, image]);
    import.envs(
        docker
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    logged(
        &format!("importing {image}"),
        &home.logs()?.join("import.log"),
        &mut import,
    )
}

fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}
