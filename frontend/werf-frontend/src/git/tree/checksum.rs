//! What a stage depends on: one checksum per mask of `stageDependencies`.
//!
//! werf hashes object ids alone, so that a rename or a change of mode of a file that is matched on its own goes
//! unseen, and collapses what is matched as a whole directory. Here path, mode and content of every file count,
//! and how the mask is written does not.

use sha2::{Digest as _, Sha256};

use super::{Mask, TreeListing};

/// The checksum of the files that one mask matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskChecksum {
    /// The mask after cleaning.
    pub mask: String,
    /// SHA-256 over the paths, modes and object ids.
    pub sha256: [u8; 32],
    /// How many files it covers; none is worth a warning.
    pub files: usize,
}

pub(super) fn of(listing: &TreeListing, mask: &Mask) -> MaskChecksum {
    let mut hash = Sha256::new();
    let mut files = 0;
    for entry in listing.matching(mask) {
        for part in [
            entry.path.as_bytes(),
            entry.kind.mode().as_bytes(),
            entry.id.as_bytes(),
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        files += 1;
    }
    MaskChecksum {
        mask: mask.as_str().to_owned(),
        sha256: hash.finalize().into(),
        files,
    }
}
