//! How much has changed since the last stage before `gitCache` was built.
//!
//! A stage keeps the files of the commit that it was built at, and it may have been built anywhere: the layer alone
//! knows. STORE remembers what was seen of it, so that a build only has to look once.

use std::path::PathBuf;

use stapel_sync::manifest::Manifest;
use stapel_sync::store::Store;
use stapel_sync::{Error, StageDigest};
use werf_plan::digest::Digest;

/// What `gitCache` is counted in.
const MEBIBYTE: u64 = 1 << 20;

/// What is known of the changes since a stage was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// So many whole mebibytes.
    Mebibytes(u64),
    /// Nobody has looked at the layer, and it could be one or more.
    Unknown,
}

impl Changed {
    /// Returns what to plan with: as long as nobody knows, nothing.
    pub fn mebibytes(self) -> u64 {
        match self {
            Changed::Mebibytes(changed) => changed,
            Changed::Unknown => 0,
        }
    }
}

/// Records in STORE what stages hold, each by its digest and the directory in which its file system is.
///
/// A layer without a readable state holds something else than its stage says, or a command removed the file. Then
/// nothing is recorded, and the sync that follows says what is wrong.
///
/// # Errors
/// STORE that cannot be written.
pub fn record(store: &Store, applied: &[(Digest, PathBuf)]) -> Result<(), Error> {
    for (digest, root) in applied {
        if let Ok(Some(manifest)) = stapel_sync::baseline::applied(root) {
            store.write_baseline(stage_digest(digest), &manifest)?;
        }
    }
    Ok(())
}

/// Returns how much a sync from `stage`, the last one before `gitCache` if there is one, to `manifest`, whose contents
/// are in STORE, would write.
///
/// # Errors
/// STORE that cannot be read.
pub fn changed_mebibytes(
    store: &Store,
    stage: Option<&Digest>,
    manifest: &Manifest,
) -> Result<Changed, Error> {
    let Some(stage) = stage else {
        return Ok(Changed::Mebibytes(0));
    };
    if let Some(before) = store.read_baseline(stage_digest(stage)) {
        let bytes = stapel_sync::baseline::bytes_between(store, &before, manifest)?;
        return Ok(Changed::Mebibytes(bytes / MEBIBYTE));
    }
    // Where there is less in all, no more can have changed.
    let all = stapel_sync::baseline::bytes_between(store, &Manifest::default(), manifest)?;
    Ok(if all < MEBIBYTE {
        Changed::Mebibytes(0)
    } else {
        Changed::Unknown
    })
}

/// Returns the name of a stage in STORE.
pub fn stage_digest(digest: &Digest) -> StageDigest {
    digest.hex().parse().expect("both are SHA-256")
}
