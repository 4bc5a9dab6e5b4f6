//! Reading `werf.yaml`: what is understood, what is refused and what a person then sees.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

/// How long reading a file may take before it counts as hanging: most take milliseconds, but machines are busy.
const HANG: std::time::Duration = std::time::Duration::from_secs(60);

#[path = "config/canary.rs"]
mod canary;
#[path = "config/fuzz.rs"]
mod fuzz;
#[path = "config/good.rs"]
mod good;
#[path = "config/hostile.rs"]
mod hostile;

use std::path::PathBuf;

/// Returns a path below the `tests` directory of the project.
fn shared(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests")
        .join(path)
}
