//! `cargo xtask image`: the frontend image, packaged from the host's binaries or built as a whole.

mod reproducible;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::checkout::{self, Profile};
use crate::elf;
use crate::env::{Env, images, recipe, sync_tool};
use crate::home::remove_dir;
use crate::process::{capture, logged, show};
use crate::talk::{print, say};

/// How large the image may be, uncompressed.
const LIMIT: u64 = 25_000_000;

/// How large the tool may be that is copied into the STORE of every builder.
const SYNC_TOOL_LIMIT: u64 = 450_000;

const FULL: &str = "werf-frontend:full";

/// How `image` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// Compiles inside Docker, as a release does, and checks the result
    #[arg(long)]
    full: bool,
}

/// Builds the image and prints its name.
pub fn run(options: &Options) -> Result<()> {
    if !options.full {
        let env = Env::with_frontend(Profile::Image)?;
        return print(env.frontend_image()?);
    }
    let env = Env::bare()?;
    provide_build_base(&env)?;
    build(&env)?;
    check(&env)?;
    reproducible::check(&env)?;
    print(FULL)
}

/// Builds all of `Dockerfile.frontend`, in full view: it takes minutes.
fn build(env: &Env) -> Result<()> {
    say(format_args!("building {FULL} from Dockerfile.frontend"));
    let mut build = recipe::build(&env.docker);
    show(build.args(["--load", "--tag", FULL, "."]))
}

/// Checks the limit, that every program is static, and that each starts.
fn check(env: &Env) -> Result<()> {
    let dir = env.home.join("image");
    remove_dir(&dir)?;
    // A container that is never started: its root filesystem is the image.
    let container = capture(env.docker.command().args(["create", FULL]))?;
    let exported = logged(
        "exporting the image",
        &env.home.logs()?.join("image.log"),
        env.docker
            .command()
            .args(["cp", &format!("{}:/", container.trim())])
            .arg(&dir),
    );
    capture(env.docker.command().args(["rm", container.trim()]))?;
    exported?;

    let files = files(&dir)?;
    let mut size = 0;
    for file in &files {
        let content = fs::read(file).with_context(|| format!("read {}", file.display()))?;
        size += content.len() as u64;
        let name = file.strip_prefix(&dir)?.display();
        if content.starts_with(b"\x7fELF") {
            ensure!(elf::is_static(&content)?, "/{name} is not static");
            print(format_args!("/{name}: {} bytes, static", content.len()))?;
        }
    }
    let tool = fs::metadata(dir.join(sync_tool::PATH)).context("look at the sync tool")?;
    ensure!(
        tool.len() <= SYNC_TOOL_LIMIT,
        "/{} has {} bytes, {SYNC_TOOL_LIMIT} are allowed",
        sync_tool::PATH,
        tool.len()
    );
    check_licences(&dir.join("licences"))?;
    ensure!(
        size <= LIMIT,
        "the image holds {size} bytes, more than {LIMIT}"
    );
    print(format_args!("{size} bytes in all, {LIMIT} allowed"))?;
    remove_dir(&dir)?;

    let run = |arguments: &[&str]| {
        let mut docker = env.docker.command();
        docker
            .args(["run", "--rm", "--network=none", "--read-only"])
            .args(arguments);
        capture(&mut docker)
    };
    print(format_args!(
        "it starts: {}",
        run(&[FULL, "--version"])?.trim()
    ))?;
    let bash = "/stapel/embedded/bin/bash";
    // Counts letters, not bytes, without any locale in the image: what musl was chosen for.
    let script = "x=привет; echo ${#x} $OSTYPE $BASH_VERSION";
    let said = run(&["--entrypoint", bash, FULL, "-c", script])?;
    ensure!(
        said.starts_with("6 linux-gnu "),
        "bash in the image says {said:?}"
    );
    print(format_args!("bash starts: {}", said.trim()))
}

/// Checks that each package that is listed has a licence, that its texts are there, and that bash has its own.
fn check_licences(dir: &Path) -> Result<()> {
    let listed = fs::read_to_string(dir.join("PACKAGES")).context("read the list of packages")?;
    let (texts, packages): (Vec<&str>, Vec<&str>) =
        listed.lines().partition(|line| line.starts_with(' '));
    ensure!(
        packages.iter().any(|line| line.starts_with("tonic ")),
        "/licences/PACKAGES does not list what the frontend is made of: {listed}"
    );
    for package in &packages {
        let licence = package.split_once(": ").map_or("", |it| it.1);
        ensure!(!licence.is_empty(), "no licence of {package}");
    }
    for text in texts {
        let path = text.split_once(": ").map_or(text, |it| it.1);
        ensure!(dir.join(path).is_file(), "/licences/{path} is missing");
    }
    for file in ["LICENSE", "bash/COPYING", "bash/SOURCE"] {
        ensure!(dir.join(file).is_file(), "/licences/{file} is missing");
    }
    print(format_args!("licences of {} packages", packages.len()))
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(self::files(&entry.path())?);
        } else if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Makes sure that the image in which `Dockerfile.frontend` compiles is there: pulled, or else Debian's
/// compiler with this machine's Rust.
fn provide_build_base(env: &Env) -> Result<()> {
    let recipe = fs::read_to_string(checkout::root().join("Dockerfile.frontend"))?;
    let image =
        default_of(&recipe, "BUILD_BASE").context("Dockerfile.frontend names no BUILD_BASE")?;
    let _lock = env.home.lock()?;
    images::provide(&env.home, &env.docker, &env.registry, image, || {
        let rustc = || {
            let mut rustc = Command::new("rustc");
            rustc.current_dir(checkout::root());
            rustc
        };
        let sysroot = PathBuf::from(capture(rustc().args(["--print", "sysroot"]))?.trim());
        say(format_args!(
            "{image} gets this machine's {}",
            capture(rustc().arg("--version"))?.trim()
        ));
        // The toolchain without half a gigabyte of documentation; links cost nothing.
        let toolchain = env.home.join("toolchain");
        remove_dir(&toolchain)?;
        fs::create_dir_all(toolchain.join("rust"))?;
        for part in ["bin", "lib"] {
            let copy = capture(
                Command::new("cp")
                    .args(["--archive", "--link"])
                    .arg(sysroot.join(part))
                    .arg(toolchain.join("rust")),
            );
            if copy.is_err() {
                // Another filesystem.
                capture(
                    Command::new("cp")
                        .arg("--archive")
                        .arg(sysroot.join(part))
                        .arg(toolchain.join("rust")),
                )?;
            }
        }
        fs::write(
            toolchain.join("Dockerfile"),
            include_str!("rust.Dockerfile"),
        )?;
        logged(
            &format!("making {image}"),
            &env.home.logs()?.join("rust.log"),
            env.docker
                .command()
                .args([
                    "buildx",
                    "build",
                    "--progress=plain",
                    "--provenance=false",
                    "--load",
                    "--tag",
                    image,
                ])
                .arg(&toolchain),
        )?;
        remove_dir(&toolchain)
    })
}

/// Returns the default of an `ARG` in a Dockerfile.
fn default_of<'a>(recipe: &'a str, argument: &str) -> Option<&'a str> {
    recipe
        .lines()
        .find_map(|line| {
            line.strip_prefix("ARG ")?
                .trim()
                .strip_prefix(argument)?
                .strip_prefix('=')
        })
        .map(|value| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::default_of;

    #[test]
    fn the_build_base_is_read_from_the_dockerfile() {
        let recipe = "ARG OTHER=x\nARG BUILD_BASE=rust:1-bookworm\nFROM ${BUILD_BASE} AS build\nARG BUILD_BASE\n";
        assert_eq!(default_of(recipe, "BUILD_BASE"), Some("rust:1-bookworm"));
        assert_eq!(default_of(recipe, "BUILD"), None);
    }
}
