//! What the daemon that the tests run on and its client can do: a test that needs more than that says so, and is skipped in full view.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::panic::Location;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use crate::image::docker;

/// What not every engine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `--cache-to` other than `type=inline`.
    CacheExport,
    /// `--platform` with several; what the file asks for needs no more than an output that can hold them.
    SeveralPlatforms,
    /// Provenance and lists of contents beside an image.
    Attestations,
    /// Named contexts that are OCI layouts.
    OciLayouts,
    /// `--output type=oci`, which has an index.
    OciOutput,
    /// Merges and differences of layers, by which an image is patched that is not there.
    Merges,
    /// Parameters in the URL of a git context, which came with BuildKit 0.24 and buildx 0.28.
    GitQueries,
    /// Files of the client of which only the metadata are sent.
    Metadata,
    /// `docker compose`, which the client may lack.
    Compose,
    /// `additional_contexts` that are other services, which came with compose 2.33.
    ComposeServices,
}

impl Feature {
    /// Whether the engine has it. Most come with containerd's image store.
    pub fn is_there(self) -> bool {
        match self {
            Feature::Attestations
            | Feature::CacheExport
            | Feature::SeveralPlatforms
            | Feature::OciLayouts
            | Feature::OciOutput
            | Feature::Merges => has_containerd_store(),
            // Docker has had BuildKit 0.24 and newer since 28.4.
            Feature::GitQueries => has_docker(28, 4),
            Feature::Metadata => has_docker(28, 2),
            Feature::Compose => compose().is_some(),
            Feature::ComposeServices => compose() >= Some((2, 33)),
        }
    }

    fn what(self) -> &'static str {
        match self {
            Feature::CacheExport => "cache export",
            Feature::SeveralPlatforms => "`--platform` with several",
            Feature::Attestations => "attestations",
            Feature::OciLayouts => "OCI layouts as contexts",
            Feature::OciOutput => "`--output type=oci`",
            Feature::Merges => "merges of layers",
            Feature::GitQueries => "parameters in git URLs",
            Feature::Metadata => "metadata of the client's files",
            Feature::Compose => "`docker compose`",
            Feature::ComposeServices => "services as contexts of services",
        }
    }
}

/// Whether the daemon has all that a test needs; the test ends at once where it has not:
///
/// ```no_run
/// use e2e::{Feature, needs};
///
/// if !needs(&[Feature::CacheExport]) {
///     return;
/// }
/// ```
///
/// A skipped test is said on standard error, past what cargo hides of tests that pass, and written down for the
/// summary of `cargo xtask test`.
///
/// # Panics
/// If the daemon does not answer.
#[track_caller]
pub fn needs(features: &[Feature]) -> bool {
    let Some(missing) = features.iter().find(|feature| !feature.is_there()) else {
        return true;
    };
    let thread = thread::current();
    let name = thread.name().unwrap_or("a test");
    // A test program of one file has no module in the names of its tests.
    let module = Path::new(Location::caller().file()).file_stem();
    let test = if name.contains("::") {
        name.to_owned()
    } else {
        format!("{}::{name}", module.unwrap_or_default().display())
    };
    let line = format!("{test}: this engine lacks {}\n", missing.what());
    // Not `eprint`, which cargo hides where a test passes.
    std::io::stderr()
        .write_all(format!("skipped: {line}").as_bytes())
        .expect("standard error is open");
    if let Some(file) = std::env::var_os("WERF_TEST_SKIPPED") {
        let mut file = OpenOptions::new()
            .append(true)
            .open(file)
            .expect("the harness made a file for skipped tests");
        file.write_all(line.as_bytes())
            .expect("a skipped test is written down");
    }
    false
}

/// Whether the daemon is of this release of Docker or a newer one.
fn has_docker(major: u32, minor: u32) -> bool {
    static RELEASE: OnceLock<(u32, u32)> = OnceLock::new();
    let docker_s = RELEASE.get_or_init(|| {
        let version = docker(&["version", "--format", "{{.Server.Version}}"]);
        release(&version).expect("a version of Docker")
    });
    *docker_s >= (major, minor)
}

/// The release of the client's compose, if it has one.
fn compose() -> Option<(u32, u32)> {
    static RELEASE: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *RELEASE.get_or_init(|| {
        let output = Command::new("docker")
            .args(["compose", "version", "--short"])
            .output()
            .expect("docker is installed");
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        output
            .status
            .success()
            .then(|| release(&version).expect("a version of compose"))
    })
}

/// Returns the first two numbers of a version.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn has_containerd_store() -> bool {
    static STORE: OnceLock<bool> = OnceLock::new();
    *STORE.get_or_init(|| {
        docker(&["info", "--format", "{{.DriverStatus}}"]).contains("io.containerd.snapshotter")
    })
}
