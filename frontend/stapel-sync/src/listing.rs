//! The files of one directory mapping.

use crate::bytes::{Reader, put_bytes, put_varint};
use crate::hash::{HashKind, ObjectId};
use crate::manifest::{EntryKind, Leaf, ManifestError};
use crate::path::{MAX_PATH, PathError, check_relative, common_prefix};

/// Fewest bytes of an entry besides its id: what a count is checked against before memory is set
/// aside for it.
const MIN_ENTRY: usize = 4;

/// The files of a directory mapping, sorted by the bytes of their paths.
///
/// Paths are relative to the mapping's `to`, plain, and none lies below another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub(crate) hash: HashKind,
    /// All paths, one after the other, and where each of them ends.
    paths: Vec<u8>,
    ends: Vec<usize>,
    kinds: Vec<EntryKind>,
    /// All ids, one after the other.
    ids: Vec<u8>,
    /// Lengths of those paths that are a prefix of the last one, the last one included.
    prefixes: Vec<usize>,
}

impl Listing {
    /// Makes an empty listing of a repository with this object format.
    pub fn new(hash: HashKind) -> Self {
        Listing {
            hash,
            paths: Vec::new(),
            ends: Vec::new(),
            kinds: Vec::new(),
            ids: Vec::new(),
            prefixes: Vec::new(),
        }
    }

    /// Appends a file; paths come in the order of their bytes, which is the order of a walk
    /// through git's trees.
    pub fn push(&mut self, path: &[u8], leaf: Leaf) -> Result<(), ManifestError> {
        if leaf.id.kind() != self.hash {
            return Err(ManifestError::MixedHashes);
        }
        let shared = common_prefix(self.last(), path);
        self.append(shared, &path[shared..], leaf.kind)?;
        self.ids.extend_from_slice(leaf.id.as_bytes());
        Ok(())
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Says whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Goes through the files in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Leaf)> {
        (0..self.len()).map(|at| (self.path(at), self.leaf(at)))
    }

    /// Returns the path of the file with this number.
    pub(crate) fn path(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.paths[start..self.ends[at]]
    }

    /// Returns the rest of the file with this number.
    pub(crate) fn leaf(&self, at: usize) -> Leaf {
        let size = self.hash.id_len();
        let id = ObjectId::from_bytes(&self.ids[at * size..][..size]);
        Leaf {
            kind: self.kinds[at],
            id: id.expect("an id has the length of its kind"),
        }
    }

    fn last(&self) -> &[u8] {
        match self.len() {
            0 => b"",
            len => self.path(len - 1),
        }
    }

    /// Appends the path that has its first `shared` bytes from the one before; the id is not here.
    fn append(
        &mut self,
        shared: usize,
        suffix: &[u8],
        kind: EntryKind,
    ) -> Result<(), ManifestError> {
        let (last, end) = (self.last(), self.paths.len());
        let start = end - last.len();
        // What differs must be greater: so paths are sorted, and `shared` is as long as it can be.
        let in_order = match (last.get(shared), suffix.first()) {
            (Some(old), Some(new)) => old < new,
            (None, Some(_)) => shared == last.len(),
            (_, None) => self.is_empty(),
        };
        if !in_order {
            return Err(ManifestError::Order);
        }
        self.paths.extend_from_within(start..start + shared);
        self.paths.extend_from_slice(suffix);
        let path = &self.paths[end..];
        if let Err(error) = check_next(path, shared, &self.prefixes) {
            self.paths.truncate(end);
            return Err(error);
        }
        while self.prefixes.pop_if(|len| *len > shared).is_some() {}
        self.prefixes.push(path.len());
        self.ends.push(self.paths.len());
        self.kinds.push(kind);
        Ok(())
    }

    /// Writes the ids first: they do not compress, the paths behind them do.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.len() as u64);
        out.extend_from_slice(&self.ids);
        let mut previous: &[u8] = b"";
        for at in 0..self.len() {
            let path = self.path(at);
            let shared = common_prefix(previous, path);
            out.push(self.kinds[at].code());
            put_varint(out, shared as u64);
            put_bytes(out, &path[shared..]);
            previous = path;
        }
    }

    /// Reads what [`Listing::encode`] wrote.
    pub(crate) fn decode(input: &mut Reader<'_>, hash: HashKind) -> Result<Listing, ManifestError> {
        let malformed = || ManifestError::Malformed;
        let count = input
            .count(hash.id_len() + MIN_ENTRY)
            .ok_or_else(malformed)?;
        let mut listing = Listing::new(hash);
        listing.ids = input
            .take(count * hash.id_len())
            .ok_or_else(malformed)?
            .to_vec();
        listing.ends.reserve(count);
        listing.kinds.reserve(count);
        for _ in 0..count {
            let kind = input
                .byte()
                .and_then(EntryKind::from_code)
                .ok_or_else(malformed)?;
            let shared = input.varint().ok_or_else(malformed)?;
            let suffix = input.bytes().ok_or_else(malformed)?;
            if shared > listing.last().len() as u64 {
                return Err(ManifestError::Order);
            }
            listing.append(shared as usize, suffix, kind)?;
        }
        Ok(listing)
    }
}

/// Checks a path of which `shared` bytes were checked as part of the one before; `prefixes` are
/// the lengths of all paths that the one before begins with.
fn check_next(path: &[u8], shared: usize, prefixes: &[usize]) -> Result<(), ManifestError> {
    if path.len() > MAX_PATH {
        return Err(ManifestError::Path(PathError::TooLong));
    }
    let component = path[..shared]
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |at| at + 1);
    check_relative(&path[component..]).map_err(ManifestError::Path)?;
    let mut inherited = prefixes.iter().take_while(|&&len| len <= shared);
    if inherited.any(|&len| path[len] == b'/') {
        return Err(ManifestError::BelowFile);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(byte: u8) -> Leaf {
        Leaf {
            kind: EntryKind::File,
            id: ObjectId::Sha1([byte; 20]),
        }
    }

    fn listing(paths: &[&[u8]]) -> Result<Listing, ManifestError> {
        let mut listing = Listing::new(HashKind::Sha1);
        for (byte, path) in paths.iter().enumerate() {
            listing.push(path, leaf(byte as u8))?;
        }
        Ok(listing)
    }

    #[test]
    fn listings_hold_what_they_promise() {
        let refused: [(&[&[u8]], ManifestError); 9] = [
            (&[b""], ManifestError::Path(PathError::Empty)),
            (&[b"a", b"a"], ManifestError::Order),
            (&[b"b", b"a"], ManifestError::Order),
            (&[b"ab", b"a"], ManifestError::Order),
            (&[b"a", b"a/b"], ManifestError::BelowFile),
            (&[b"a", b"a-b", b"a/b"], ManifestError::BelowFile),
            (&[b"a/b", b"a/b/c/d"], ManifestError::BelowFile),
            (&[b"a/b", b"a/../c"], ManifestError::Order),
            (&[b"a/-", b"a/.."], ManifestError::Path(PathError::Relative)),
        ];
        for (paths, why) in refused {
            assert_eq!(listing(paths), Err(why), "{paths:?}");
        }
        let fine: [&[u8]; 6] = [b"a", b"a-", b"a-b", b"ab", b"b/a", b"b/ab"];
        let made = listing(&fine).unwrap();
        assert!(made.iter().map(|(path, _)| path).eq(fine));
        assert_eq!(made.len(), 6);
    }

    #[test]
    fn a_refused_path_leaves_the_listing_as_it_was() {
        let mut made = listing(&[b"a", b"a-b"]).unwrap();
        let before = made.clone();
        let sha256 = Leaf {
            kind: EntryKind::File,
            id: ObjectId::Sha256([0; 32]),
        };
        assert_eq!(made.push(b"c", sha256), Err(ManifestError::MixedHashes));
        assert_eq!(made.push(b"a/b", leaf(0)), Err(ManifestError::BelowFile));
        assert_eq!(
            made.push(b"a-b/x/y", leaf(0)),
            Err(ManifestError::BelowFile)
        );
        assert_eq!(made, before);
    }
}
