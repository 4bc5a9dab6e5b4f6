//! STORE as the containers of stages see it.

use buildkit_llb::{CacheMount, CacheSharing, Exec, Mount};
use werf_plan::agreed::{STAPEL_DIRECTORY, STORE_DIRECTORY, store_id};

/// The program that brings the sources up to date.
pub(super) const SYNC: &str = "/.werf/stapel/bin/stapel-sync";

/// How stages mount STORE, and other cache mounts that PLAN fills. It is in their cache keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreAccess {
    /// Read-only.
    #[default]
    Readonly,
    /// So that they could write to it, which they do not. Docker's classic image store hands all that use a cache mount at the same
    /// time one list of mounts, and a read-only use makes it read-only for all of them, PLAN of another build among them
    /// (`snapshot/snapshot.go` of Docker's `builder-next` adapter; seen with Docker 26.1 and 28.5).
    Writable,
}

impl StoreAccess {
    /// Returns a cache mount as it is to be mounted by stages.
    pub(super) fn of(self, mount: CacheMount) -> CacheMount {
        match self {
            StoreAccess::Readonly => mount.readonly(),
            StoreAccess::Writable => mount,
        }
    }
}

/// Which STORE stages mount, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreMount {
    /// How. It is in their cache keys.
    pub access: StoreAccess,
    /// Which generation of it. It is in no key.
    pub generation: u32,
}

/// Mounts STORE, and those tools of it that are in the directory `tools`.
pub(super) fn with_store(exec: Exec, tools: &str, store: StoreMount) -> Exec {
    let id = store_id(store.generation);
    let mounted = |destination: &str| {
        let mount = Mount::cache(destination, &id).sharing(CacheSharing::Shared);
        store.access.of(mount)
    };
    exec.mount(mounted(STAPEL_DIRECTORY).selector(format!("/{tools}")))
        .mount(mounted(STORE_DIRECTORY))
}
