//! A manifest as it is stored: encrypted, behind a list of the blobs that it mentions.
//!
//! ```text
//! magic "WERFMANI" · version u32 · number of blobs u32
//! of each blob the first eight bytes of its place, in order
//! the manifest, encrypted
//! ```
//!
//! Whoever merges packs has to know which blobs are of use, and cannot open the manifests of others. The beginnings of
//! places tell it: they are in the indexes of packs anyway. Two that are equal by chance keep a blob for a while longer.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::capability::Capability;
use crate::bytes::Reader;
use crate::hash::{ManifestId, ObjectId};
use crate::manifest::Manifest;

const MAGIC: &[u8] = b"WERFMANI";
const VERSION: u32 = 2;
const FIXED: usize = 8 + 4 + 4;
const MENTION: usize = 8;

/// Returns the identity of a manifest, and the bytes that are stored.
pub(super) fn close(manifest: &Manifest) -> (ManifestId, Vec<u8>) {
    let bytes = manifest.encode();
    let id = Manifest::id_of(&bytes);
    let mut ids: Vec<ObjectId> = manifest.blobs().collect();
    ids.sort_unstable();
    ids.dedup();
    let places = ids.iter().map(|id| Capability::of_blob(id).place());
    let mut mentioned: Vec<u64> = places.map(|place| place.prefix()).collect();
    mentioned.sort_unstable();
    let mut out = Vec::with_capacity(FIXED + mentioned.len() * MENTION + bytes.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&(mentioned.len() as u32).to_le_bytes());
    for mention in mentioned {
        out.extend_from_slice(&mention.to_be_bytes());
    }
    let begin = out.len();
    out.extend_from_slice(&bytes);
    let whole = Capability::of_manifest(&id)
        .stream()
        .apply(&mut out[begin..]);
    debug_assert!(whole, "a key stream is longer than any manifest");
    (id, out)
}

/// Returns the bytes of the manifest `id`; `None` if these are stored bytes of something else.
pub(super) fn open(id: ManifestId, mut stored: Vec<u8>) -> Option<Vec<u8>> {
    let count = count(&stored)?;
    let begin = FIXED.checked_add(count.checked_mul(MENTION)?)?;
    if begin > stored.len() {
        return None;
    }
    let mut bytes = stored.split_off(begin);
    let whole = Capability::of_manifest(&id).stream().apply(&mut bytes);
    (whole && Manifest::id_of(&bytes) == id).then_some(bytes)
}

/// Reads which blobs a stored manifest mentions, and nothing else of it; `None` if it is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u64>>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut fixed = [0; FIXED];
    file.read_exact(&mut fixed)?;
    let Some(count) = count(&fixed) else {
        return Ok(None);
    };
    let length = count as u64 * MENTION as u64;
    // Before memory is set aside for it.
    if FIXED as u64 + length > size {
        return Ok(None);
    }
    let mut mentions = vec![0; length as usize];
    file.read_exact(&mut mentions)?;
    let mentions = mentions.chunks_exact(MENTION);
    let mentions = mentions.filter_map(|bytes| bytes.try_into().ok());
    Ok(Some(mentions.map(u64::from_be_bytes).collect()))
}

/// Returns how many blobs are listed.
fn count(stored: &[u8]) -> Option<usize> {
    let mut input = Reader::new(stored);
    if input.take(MAGIC.len())? != MAGIC || input.u32()? != VERSION {
        return None;
    }
    usize::try_from(input.u32()?).ok()
}
