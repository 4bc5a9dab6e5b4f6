//! `cargo xtask down`: stops what the harness started, and nothing else.

use anyhow::Result;

use crate::builder;
use crate::env::daemon::Daemon;
use crate::env::registry::{CONTAINER, Registry};
use crate::home::{Home, remove_dir};
use crate::process::{capture, on_path, succeeds};
use crate::talk::say;

/// How `down` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// Removes everything the harness keeps, too: the next run starts from nothing
    #[arg(long)]
    purge: bool,
}

/// Stops daemons, registries and second builders.
pub fn run(options: &Options) -> Result<()> {
    let home = Home::open()?;
    let _lock = home.lock()?;
    for daemon in Daemon::all(&home)? {
        if daemon.stop(&home)? {
            say(format_args!("stopped the daemon `{}`", daemon.name()));
        }
    }
    if Registry::stop(&home)? {
        say("stopped the registry");
    }
    on_a_persons_docker()?;
    if options.purge {
        for part in [
            "daemons", "registry", "rootfs", "frontend", "busybox", "clients", "logs",
        ] {
            remove_dir(&home.join(part))?;
        }
        say(format_args!(
            "removed what was kept in {}",
            home.join("").display()
        ));
    }
    Ok(())
}

/// The harness recognises what it made in a person's own Docker by name.
fn on_a_persons_docker() -> Result<()> {
    let docker = || std::process::Command::new("docker");
    if !on_path("docker") || !succeeds(docker().args(["container", "inspect", CONTAINER])) {
        return Ok(());
    }
    capture(docker().args(["rm", "--force", "--volumes", CONTAINER]))?;
    say(format_args!("removed the container `{CONTAINER}`"));
    builder::remove_all_containers();
    Ok(())
}
