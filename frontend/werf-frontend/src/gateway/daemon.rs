//! What the daemon must be able to do, and what it runs on.

use buildkit_llb::Platform;
use diagnostic::Diagnostic;

use crate::lower::StoreAccess;

use super::bridge::Daemon;

/// The label of every worker with a snapshotter of containerd's kind. Only Docker's classic image store has none.
const SNAPSHOTTER: &str = "org.mobyproject.buildkit.worker.snapshotter";

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
        .filter(|needed| !daemon.can(needed))
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

/// Returns how stages have to mount STORE.
pub(super) fn store_access(daemon: &Daemon) -> StoreAccess {
    if daemon.labels.contains_key(SNAPSHOTTER) {
        StoreAccess::Readonly
    } else {
        StoreAccess::Writable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_without_a_snapshotter_is_store_writable_in_stages() {
        let labels = |name: &str| Daemon {
            labels: [(name.to_owned(), "overlayfs".to_owned())].into(),
            ..Daemon::default()
        };
        let of_docker = "org.mobyproject.buildkit.worker.moby.host-gateway-ip";
        assert_eq!(store_access(&labels(of_docker)), StoreAccess::Writable);
        assert_eq!(store_access(&labels(SNAPSHOTTER)), StoreAccess::Readonly);
    }
}
