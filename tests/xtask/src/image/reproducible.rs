//! That the sync tool has the same bytes wherever it is compiled: the layers of images must not depend on who built
//! the frontend, and a person can check a release against its sources.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::checkout;
use crate::home::{Home, remove_dir};
use crate::process::{capture, logged};
use crate::talk::print;

/// What is compiled, and what cargo wants to see of the workspace besides.
const PARTS: [&str; 5] = [".cargo", "Cargo.lock", "Cargo.toml", "frontend", "tests"];

/// Compiles the tool in two copies of the checkout, one deeper than the other, and compares.
pub fn check(home: &Home) -> Result<()> {
    let dir = home.join("reproducible");
    remove_dir(&dir)?;
    let mut programs = Vec::new();
    for place in ["one", "another/one/further/down"] {
        let copy = dir.join(place);
        copy_checkout(&copy)?;
        let program = copy.join("stapel-sync");
        let mut build = Command::new(copy.join("frontend/build"));
        build
            .args(["stapel-sync", "tiny"])
            .arg(&program)
            .env_remove("CARGO_TARGET_DIR");
        logged(
            &format!("compiling the sync tool in {}", copy.display()),
            &home.logs()?.join("reproducible.log"),
            &mut build,
        )?;
        programs.push(fs::read(&program)?);
    }
    let [one, another] = &programs[..] else {
        unreachable!("two places")
    };
    ensure!(
        one == another,
        "the sync tool has other bytes when the checkout is elsewhere: compare the two in {}",
        dir.display()
    );
    remove_dir(&dir)?;
    print(format_args!(
        "the sync tool is the same {} bytes from two directories",
        one.len()
    ))
}

/// Copies what git knows of the checkout, as it is now.
fn copy_checkout(to: &Path) -> Result<()> {
    let mut list = Command::new("git");
    list.current_dir(checkout::root())
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
        ])
        .args(PARTS);
    for path in capture(&mut list)?.split_terminator('\0') {
        let from = checkout::root().join(path);
        // A file that was removed and not yet committed is still in the list.
        if !from.exists() {
            continue;
        }
        let to = to.join(path);
        fs::create_dir_all(to.parent().context("a file is in a directory")?)?;
        fs::copy(&from, &to).with_context(|| format!("copy {}", from.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_checkout_can_be_compiled() {
        let dir = tempfile::tempdir().unwrap();
        copy_checkout(dir.path()).unwrap();
        for part in [
            "Cargo.toml",
            "frontend/build",
            "frontend/stapel-sync/src/main.rs",
        ] {
            let (here, there) = (checkout::root().join(part), dir.path().join(part));
            assert_eq!(fs::read(here).unwrap(), fs::read(&there).unwrap(), "{part}");
        }
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(dir.path().join("frontend/build")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o111, 0o111, "it can be run");
    }
}
