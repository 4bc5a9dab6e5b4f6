//! Making the files of an image what a slot says.
//!
//! The state file tells what is applied, the slot's manifest what is to be. Only what differs
//! between the two is touched: first everything that goes is removed, then directories are made,
//! then files are written, last the state. Whatever fails leaves the rootfs half done; the result
//! of a failed exec is thrown away, so nothing here is undone.

mod delete;
mod directories;
mod files;
mod patch;
mod seal;
mod skeleton;
mod walkers;

use std::fmt;
use std::path::Path;

use crate::changes::Changes;
use crate::dir::{Dir, Time};
use crate::error::Error;
use crate::guard::Skipped;
use crate::hash::{ManifestId, StageDigest};
use crate::manifest::Manifest;
use crate::owner::Owners;
use crate::slot::Slot;
use crate::state;
use crate::store::{Location, Store};
use crate::tree::Tree;
use delete::delete;
use directories::make_directories;
use files::write_files;

pub use patch::{PatchPlaces, patch};
pub use seal::{check, seal};

/// What to believe of the state file that the image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// An earlier stage of this image wrote it.
    State,
    /// This is the first stage with files: a state file came with the base image and means nothing.
    Nothing,
}

/// What a sync did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many files and links were written.
    pub written: usize,
    /// How many bytes are in those.
    pub bytes: u64,
    /// How many were removed.
    pub deleted: usize,
    /// How many are the same in both manifests and were not looked at.
    pub unchanged: usize,
    /// What happened that somebody should know.
    pub warnings: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            written,
            bytes,
            deleted,
            unchanged,
            ..
        } = self;
        write!(f, "sources: {written} written")?;
        if *written > 0 {
            write!(f, " ({})", size(*bytes))?;
        }
        write!(f, ", {deleted} deleted, {unchanged} unchanged")
    }
}

/// Returns a number of bytes as people read it, in the units of Docker.
fn size(bytes: u64) -> String {
    let mut tenths = bytes.saturating_mul(10);
    for unit in ["B", "kB", "MB"] {
        if tenths < 10_000 {
            return match tenths % 10 {
                0 => format!("{} {unit}", tenths / 10),
                rest => format!("{}.{rest} {unit}", tenths / 10),
            };
        }
        tenths /= 1000;
    }
    format!("{}.{} GB", tenths / 10, tenths % 10)
}

/// The mode of directories below the target of a mapping, which is werf's.
const STAGE_DIRECTORIES: u32 = 0o775;

/// The mode of directories in a build context, which is what git's checkout has nearly everywhere.
const CONTEXT_DIRECTORIES: u32 = 0o755;

/// Brings the files below `root` to what the slot of `stage` names, and returns the slot.
pub fn sync(
    store: &Store,
    stage: StageDigest,
    root: &Path,
    before: Before,
) -> Result<(Slot, Report), Error> {
    let slot = store.read_slot(stage)?;
    let root = open_root(root)?;
    let (report, manifest) = apply(store, &slot, &root, before, STAGE_DIRECTORIES)?;
    if let Some(manifest) = manifest {
        state::write(&root, slot.manifest, &manifest, slot.commit.time())?;
    }
    Ok((slot, report))
}

/// Does the same for the last exec of an image, whose slot must name exactly the manifest `tree`,
/// and removes the state file.
pub fn finish(
    store: &Store,
    stage: StageDigest,
    root: &Path,
    before: Before,
    tree: ManifestId,
) -> Result<Report, Error> {
    let slot = exact_slot(store, stage, tree)?;
    let root = open_root(root)?;
    let (report, _) = apply(store, &slot, &root, before, STAGE_DIRECTORIES)?;
    state::remove(&root)?;
    Ok(report)
}

/// Writes exactly the manifest `tree` where nothing is yet, with the directories of a fresh checkout: the context of a
/// Dockerfile, whose `COPY` takes their modes over.
pub fn context(
    store: &Store,
    stage: StageDigest,
    root: &Path,
    tree: ManifestId,
) -> Result<Report, Error> {
    let slot = exact_slot(store, stage, tree)?;
    let root = open_root(root)?;
    let (report, _) = apply(store, &slot, &root, Before::Nothing, CONTEXT_DIRECTORIES)?;
    Ok(report)
}

/// Reads a slot that must name the manifest `tree`.
fn exact_slot(store: &Store, stage: StageDigest, tree: ManifestId) -> Result<Slot, Error> {
    let slot = store.read_slot(stage)?;
    if slot.manifest != tree {
        let why = format!("it names the manifest {}, not {tree}", slot.manifest);
        return Err(Error::store(format!(
            "read the slot of stage {stage}: {why}"
        )));
    }
    Ok(slot)
}

fn open_root(path: &Path) -> Result<Dir, Error> {
    Dir::root(path).map_err(|why| Error::own(format!("open directory `{}`: {why}", path.display())))
}

/// Changes everything but the state; directories below the target of a mapping are made with `nested_mode`. Returns the bytes of the manifest if the state has to follow.
fn apply(
    store: &Store,
    slot: &Slot,
    root: &Dir,
    before: Before,
    nested_mode: u32,
) -> Result<(Report, Option<Vec<u8>>), Error> {
    let state = match before {
        Before::State => state::read(root)?,
        Before::Nothing => None,
    };
    let (bytes, manifest) = read_manifest(store, slot)?;
    let new = Tree::new(&manifest);
    if state
        .as_ref()
        .is_some_and(|state| state.id == slot.manifest)
    {
        let unchanged = new.files.len();
        return Ok((
            Report {
                unchanged,
                ..Report::default()
            },
            None,
        ));
    }
    let applied = state.as_ref().map_or_else(
        || Ok(Manifest::default()),
        |state| Manifest::decode(state.manifest()),
    );
    let applied =
        applied.map_err(|why| Error::own(format!("read `{}`: {why}", state::STATE_PATH)))?;
    let old = Tree::new(&applied);
    let changes = Changes::between(&old, &new);
    // Nothing is touched before it is known that all that is needed is there.
    let blobs = locate(store, &new, &changes)?;
    let manner = Manner {
        time: slot.commit.time(),
        nested_mode,
        owners: Owners::Image(root),
    };
    let report = carry_out(root, (&old, &new), &changes, blobs, manner)?;
    Ok((report, Some(bytes)))
}

/// How changes are carried out.
#[derive(Clone, Copy)]
struct Manner<'a> {
    /// The time of everything that changes.
    time: Time,
    /// The mode of directories below the target of a mapping.
    nested_mode: u32,
    /// Who knows the owners that mappings name.
    owners: Owners<'a>,
}

/// Carries out the changes from one tree to the other; `blobs` are those of the files that are written, in order.
fn carry_out(
    root: &Dir,
    (old, new): (&Tree<'_>, &Tree<'_>),
    changes: &Changes,
    blobs: Vec<Location>,
    manner: Manner<'_>,
) -> Result<Report, Error> {
    let mut skipped = Skipped::default();
    let deleted = delete(root, old, changes, manner.time)?;
    let targets = make_directories(root, new, changes, manner, &mut skipped)?;
    let files = changes.written.iter().map(|&at| new.files[at]).zip(blobs);
    let written = write_files(new, &targets, files, manner.time, &mut skipped)?;
    let warnings = [written.warnings, skipped.warnings()].concat();
    Ok(Report {
        written: written.files,
        bytes: written.bytes,
        deleted,
        unchanged: changes.unchanged,
        warnings,
    })
}

/// Reads the manifest that a slot names.
fn read_manifest(store: &Store, slot: &Slot) -> Result<(Vec<u8>, Manifest), Error> {
    let bytes = store.read_manifest(slot.manifest)?;
    let manifest = Manifest::decode(&bytes);
    let manifest =
        manifest.map_err(|why| Error::store(format!("read manifest {}: {why}", slot.manifest)))?;
    Ok((bytes, manifest))
}

/// Finds the blobs of all files that are to be written, in the same order.
fn locate(store: &Store, tree: &Tree<'_>, changes: &Changes) -> Result<Vec<Location>, Error> {
    let ids: Vec<_> = changes
        .written
        .iter()
        .map(|&at| tree.leaf(tree.files[at]).id)
        .collect();
    let found = store.locate(&ids)?;
    if let Some(missing) = found.iter().position(Option::is_none) {
        let path = tree.file_path(tree.files[changes.written[missing]]).show();
        let count = found.iter().filter(|found| found.is_none()).count();
        let id = ids[missing];
        let others = if count > 1 {
            format!(", and {} more", count - 1)
        } else {
            String::new()
        };
        return Err(Error::store(format!(
            "read blob {id} (`{path}`): it is missing{others}"
        )));
    }
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (12_449, "12.4 kB"),
            (999_999, "999.9 kB"),
            (5_000_000, "5 MB"),
            (454_000_000_000, "454.0 GB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }
}
