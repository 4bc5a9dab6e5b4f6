//! The baseline: which manifest the last stage before the patches holds, as far as is known.
//!
//! What has changed since that stage was built decides whether there is a `gitCache`. The stage may come
//! from anywhere, so its layer is asked once and the answer is kept in STORE. A wrong one does no harm but
//! to the size of a layer: a sync goes by the state file.

use std::path::Path;

use crate::changes::Changes;
use crate::dir::Dir;
use crate::error::Error;
use crate::hash::{ManifestId, ObjectId, StageDigest, sha256};
use crate::hex;
use crate::manifest::Manifest;
use crate::seal;
use crate::state;
use crate::store::Store;
use crate::tree::Tree;

const HEADER: &str = "werf-baseline 1";

/// Returns the text of the baseline of `stage`.
pub(crate) fn encode(stage: StageDigest, manifest: ManifestId) -> String {
    let text = format!("{HEADER}\nstage {stage}\nmanifest {manifest}\n");
    let checksum = hex::encode(&sha256(text.as_bytes()));
    format!("{text}checksum {checksum}\n")
}

/// Reads the baseline of `stage`; `None` if it is none, damaged, or another stage's.
pub(crate) fn decode(bytes: &[u8], stage: StageDigest) -> Option<ManifestId> {
    let text = str::from_utf8(bytes).ok()?;
    let line = text.lines().nth(2)?;
    let manifest = line.strip_prefix("manifest ")?.parse().ok()?;
    // Written again it must be the same text: there is one spelling.
    (encode(stage, manifest) == text).then_some(manifest)
}

/// Returns the manifest that a file system holds by its state file, or by its seal where that is all there is; `None` if
/// it has neither.
///
/// # Errors
/// A state file that is damaged, or cannot be read.
pub fn of_layer(root: &Path) -> Result<Option<Manifest>, Error> {
    let dir = Dir::root(root)
        .map_err(|why| Error::own(format!("open directory `{}`: {why}", root.display())))?;
    let (path, bytes) = match state::read(&dir)? {
        Some(state) => (state::STATE_PATH, state.manifest().to_vec()),
        None => match seal::read_manifest(&dir)? {
            Some(bytes) => (seal::SEAL_PATH, bytes),
            None => return Ok(None),
        },
    };
    let manifest = Manifest::decode(&bytes);
    let manifest = manifest.map_err(|why| Error::own(format!("read `{path}`: {why}")))?;
    Ok(Some(manifest))
}

/// What a file takes in a layer besides its contents, also one that is only removed: a header.
const HEADER_BYTES: u64 = 512;

/// Returns the contents of all files that a sync from `old` to `new` writes.
pub fn written_between(old: &Manifest, new: &Manifest) -> Vec<ObjectId> {
    between(old, new).0
}

/// Returns the same, and how many files go.
fn between(old: &Manifest, new: &Manifest) -> (Vec<ObjectId>, usize) {
    let (old, new) = (Tree::new(old), Tree::new(new));
    let changes = Changes::between(&old, &new);
    let written = changes.written.iter();
    let ids = written.map(|&at| new.leaf(new.files[at]).id).collect();
    (ids, changes.gone.len())
}

/// Returns how many bytes a sync from `old` to `new` puts into a layer, before compression: the contents of all
/// files that are new or differ in contents, mode or owner, and a header for each of them and of those that go.
///
/// # Errors
/// A blob of such a file that is not in STORE.
pub fn bytes_between(store: &Store, old: &Manifest, new: &Manifest) -> Result<u64, Error> {
    if old == new {
        return Ok(0);
    }
    let (ids, gone) = between(old, new);
    let mut bytes = (ids.len() + gone) as u64 * HEADER_BYTES;
    for (location, id) in store.locate(&ids)?.into_iter().zip(ids) {
        let location =
            location.ok_or_else(|| Error::store(format!("read blob {id}: it is missing")))?;
        bytes += location.size();
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: StageDigest = StageDigest::from_bytes([0xab; 32]);

    #[test]
    fn a_baseline_survives_its_text_and_nothing_else_does() {
        let id = ManifestId::from_bytes([7; 32]);
        let text = encode(STAGE, id).into_bytes();
        assert_eq!(decode(&text, STAGE), Some(id));
        assert_eq!(decode(&text, StageDigest::from_bytes([0; 32])), None);
        for at in 0..text.len() {
            assert_eq!(decode(&text[..at], STAGE), None, "cut at {at}");
            let mut damaged = text.clone();
            damaged[at] ^= 1;
            assert_eq!(decode(&damaged, STAGE), None, "flipped at {at}");
        }
        assert_eq!(decode(&[&text[..], b"more\n"].concat(), STAGE), None);
    }
}
