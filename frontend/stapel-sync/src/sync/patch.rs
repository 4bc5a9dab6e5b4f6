//! The patch of a layer that is not at hand, but for its seal.
//!
//! The changes are carried out on the skeleton of the layer, by the code that carries them out on a whole one. What it
//! was before and what it is then differ by what the layer has to become.

use std::path::Path;

use super::skeleton::{Skeleton, placeholder};
use super::{
    Manner, Report, STAGE_DIRECTORIES, carry_out, exact_slot, locate, open_root, read_manifest,
};
use crate::changes::Changes;
use crate::error::{Error, ErrorKind};
use crate::hash::{ManifestId, SealId, StageDigest};
use crate::manifest::Manifest;
use crate::owner::Owners;
use crate::store::Store;
use crate::tree::Tree;
use crate::{seal, state};

/// The directories of a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchPlaces<P> {
    /// Has the seal.
    pub sealed: P,
    /// Empty; gets what the layer has of all that changes.
    pub gone: P,
    /// Empty; gets what the layer is to have of that.
    pub new: P,
}

/// Writes two trees which differ by what [`finish`](super::finish) would do to the layer with the seal `id`: by exactly the
/// manifest `tree`, which the slot of `stage` must name, and without state file and seal.
///
/// # Errors
/// Whatever STORE lacks; everything else is inexact: `finish` knows, or says what is wrong.
pub fn patch<P: AsRef<Path>>(
    store: &Store,
    stage: StageDigest,
    tree: ManifestId,
    id: SealId,
    places: &PatchPlaces<P>,
) -> Result<Report, Error> {
    write_patch(store, stage, tree, id, places).map_err(|error| match error.kind() {
        ErrorKind::Own | ErrorKind::NoRoom => Error::inexact(error.to_string()),
        ErrorKind::Store | ErrorKind::Inexact => error,
    })
}

fn write_patch<P: AsRef<Path>>(
    store: &Store,
    stage: StageDigest,
    tree: ManifestId,
    id: SealId,
    places: &PatchPlaces<P>,
) -> Result<Report, Error> {
    let slot = exact_slot(store, stage, tree)?;
    let seal = seal::read(&open_root(places.sealed.as_ref())?, id)?;
    let [gone, new_root] = [
        open_root(places.gone.as_ref())?,
        open_root(places.new.as_ref())?,
    ];
    let applied = Manifest::decode(&seal.manifest)
        .map_err(|why| Error::own(format!("read `{}`: {why}", seal::SEAL_PATH)))?;
    let (_, manifest) = read_manifest(store, &slot)?;
    let (old, new) = (Tree::new(&applied), Tree::new(&manifest));
    let report = if applied == manifest {
        Report {
            unchanged: new.files.len(),
            ..Report::default()
        }
    } else {
        let changes = Changes::between(&old, &new);
        let blobs = locate(store, &new, &changes)?;
        let skeleton = Skeleton::new(&seal, &old, &new, &changes)?;
        skeleton.make(&gone, false)?;
        skeleton.make(&new_root, true)?;
        let manner = Manner {
            time: slot.commit.time(),
            nested_mode: STAGE_DIRECTORIES,
            owners: Owners::Seen(&seal.names),
        };
        let report = carry_out(&new_root, (&old, &new), &changes, blobs, manner)?;
        skeleton.remove_others(&new_root)?;
        report
    };
    for name in [state::NAME, seal::NAME] {
        placeholder(&gone, name)
            .map_err(|why| Error::own(format!("make what the patch starts from: {why}")))?;
    }
    Ok(report)
}
