//! What the daemon must be able to do, and what it runs on.

use buildkit_llb::Platform;
use diagnostic::Diagnostic;

use super::bridge::Daemon;

/// What the oldest supported daemon can do and older ones cannot.
const NEEDED_CAPABILITIES: [&str; 4] = [
    "exec.mount.cache.content",
    "source.metaresolver",
    "proto.refarray",
    "gateway.solve.evaluate",
];

/// Refuses a daemon that lacks what every build needs.
pub(super) fn check(daemon: &Daemon) -> Result<(), Diagnostic> {
    let lacking: Vec<&str> = NEEDED_CAPABILITIES
        .into_iter()
        .filter(|needed| !daemon.capabilities.iter().any(|present| present == needed))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(Diagnostic::error(format!(
        "this BuildKit is too old: werf-frontend needs BuildKit 0.13 or newer (Docker 26), this one lacks {}",
        lacking.join(", ")
    )))
}

/// Returns the builder's own platform.
pub(super) fn native(daemon: &Daemon) -> Platform {
    let first = daemon.platforms.first();
    first.map(Platform::from_proto).unwrap_or_default()
}
