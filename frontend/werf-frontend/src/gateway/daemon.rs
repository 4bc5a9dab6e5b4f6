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

/// What a daemon must be able to do for an image to be patched without being there.
const LINK_CAPABILITIES: [&str; 2] = ["mergeop", "diffop"];

/// Whether images can be patched without being there: Docker's classic image store has neither merges nor differences,
/// though the daemon has the capabilities (`builder/builder-next/worker` of Docker).
pub(super) fn can_link(daemon: &Daemon) -> bool {
    let can = |needed: &&str| daemon.capabilities.iter().any(|present| present == needed);
    has_snapshotter(daemon) && LINK_CAPABILITIES.iter().all(can)
}

fn has_snapshotter(daemon: &Daemon) -> bool {
    daemon.labels.contains_key(SNAPSHOTTER)
}

/// Returns how stages have to mount STORE.
pub(super) fn store_access(daemon: &Daemon) -> StoreAccess {
    if has_snapshotter(daemon) {
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

    #[test]
    fn images_are_patched_without_being_there_where_the_daemon_can_do_all_of_it() {
        let daemon = |label: &str, capabilities: &[&str]| Daemon {
            labels: [(label.to_owned(), "overlayfs".to_owned())].into(),
            capabilities: capabilities.iter().map(|&name| name.to_owned()).collect(),
            ..Daemon::default()
        };
        assert!(can_link(&daemon(SNAPSHOTTER, &["diffop", "mergeop"])));
        assert!(!can_link(&daemon(SNAPSHOTTER, &["diffop"])));
        assert!(!can_link(&daemon("other", &["diffop", "mergeop"])));
    }
}
