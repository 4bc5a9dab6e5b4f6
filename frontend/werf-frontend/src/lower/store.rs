//! STORE as the containers of stages see it.

use buildkit_llb::{CacheSharing, Exec, Mount};
use werf_plan::agreed::{STAPEL_DIRECTORY, STORE_DIRECTORY, store_id};

/// The program that brings the sources up to date.
pub(super) const SYNC: &str = "/.werf/stapel/bin/stapel-sync";

/// Mounts STORE, and those tools of it that are in the directory `tools`.
pub(super) fn with_store(exec: Exec, tools: &str) -> Exec {
    exec.mount(
        Mount::cache(STAPEL_DIRECTORY, store_id())
            .selector(format!("/{tools}"))
            .sharing(CacheSharing::Shared)
            .readonly(),
    )
    .mount(
        Mount::cache(STORE_DIRECTORY, store_id())
            .sharing(CacheSharing::Shared)
            .readonly(),
    )
}
