//! The checkout that this program belongs to, and cargo in it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the root of the checkout.
pub fn root() -> PathBuf {
    // `cargo run` tells where the package is now, which may not be where it was compiled.
    let package =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = Path::new(&package);
    package.ancestors().nth(2).unwrap_or(package).to_owned()
}

/// Returns cargo, to be run at the root of the checkout.
pub fn cargo() -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(root());
    // `cargo run` describes this package to this process; another cargo run must not see that.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            command.env_remove(name);
        }
    }
    command
}

/// How the frontend is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quickly: a change reaches BuildKit in seconds.
    Harness,
    /// With as little work as will do, the sync tool along with it: to be seen, not to be worked on.
    Demo,
    /// As it is in the image of a release.
    Image,
}

impl Profile {
    /// Returns the profile's name in the workspace's `Cargo.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Harness => "harness",
            Profile::Demo => "demo",
            Profile::Image => "image",
        }
    }
}
