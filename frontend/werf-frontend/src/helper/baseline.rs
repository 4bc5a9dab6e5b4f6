//! Baselines: which files the last stage before `gitCache` holds, and how far the commit is from them.
//!
//! A stage keeps the files of the commit that it was built at, and it may have been built anywhere: its layer alone
//! knows. STORE remembers what PLAN has seen of a layer, so that a build only has to look once.

use std::path::PathBuf;

use stapel_sync::manifest::Manifest;
use stapel_sync::store::Store;
use stapel_sync::{Error, StageDigest};
use werf_plan::digest::Digest;

/// What `gitCache` is counted in.
const MEBIBYTE: u64 = 1 << 20;

/// A layer of a stage, at hand to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineLayer {
    /// The stage.
    pub stage: Digest,
    /// The directory in which its file system is.
    pub root: PathBuf,
}

/// How far the commit is from a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// So many whole mebibytes.
    Mebibytes(u64),
    /// STORE does not know the baseline, and it could be one or more.
    Unknown,
}

impl Distance {
    /// Returns what to plan with: nothing while the baseline is not known.
    pub fn mebibytes(self) -> u64 {
        match self {
            Distance::Mebibytes(count) => count,
            Distance::Unknown => 0,
        }
    }
}

/// Records in STORE which files the stages of `layers` hold.
///
/// A layer without a readable state holds something else than its stage says, or a command removed the file. Then
/// nothing is recorded, and the sync that follows says what is wrong.
///
/// # Errors
/// STORE that cannot be written.
pub fn record(store: &Store, layers: &[BaselineLayer]) -> Result<(), Error> {
    for BaselineLayer { stage, root } in layers {
        if let Ok(Some(manifest)) = stapel_sync::baseline::of_layer(root) {
            store.write_baseline(stage_digest(stage), &manifest)?;
        }
    }
    Ok(())
}

/// Returns how much a sync from the baseline, which is what `stage` holds, to `manifest` would write. STORE has the contents of what
/// differs, and if it `is_full` all contents. Without a stage there is nothing to be synced.
///
/// # Errors
/// STORE that cannot be read.
pub fn distance(
    store: &Store,
    is_full: bool,
    stage: Option<&Digest>,
    manifest: &Manifest,
) -> Result<Distance, Error> {
    let Some(stage) = stage else {
        return Ok(Distance::Mebibytes(0));
    };
    if let Some(before) = store.read_baseline(stage_digest(stage)) {
        let bytes = stapel_sync::baseline::bytes_between(store, &before, manifest)?;
        return Ok(Distance::Mebibytes(bytes / MEBIBYTE));
    }
    if !is_full {
        return Ok(Distance::Unknown);
    }
    // Where there is less in all, no more can have changed.
    let all = stapel_sync::baseline::bytes_between(store, &Manifest::default(), manifest)?;
    Ok(if all < MEBIBYTE {
        Distance::Mebibytes(0)
    } else {
        Distance::Unknown
    })
}

/// Returns the name of a stage in STORE.
pub fn stage_digest(digest: &Digest) -> StageDigest {
    digest.hex().parse().expect("both are SHA-256")
}
