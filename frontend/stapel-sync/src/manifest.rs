//! The manifest: what the git mappings of an image put into it, path by path.
//!
//! It holds nothing of the commit it was made from, so commits that do not touch the mapped files
//! share one manifest. The bytes are described in `docs/store.md`.

use std::fmt;

use crate::bytes::{Reader, put_bytes, put_varint};
use crate::hash::{HashKind, ManifestId, ObjectId, sha256};
use crate::path::{AbsPath, MAX_PATH, PathError, check_relative};

const MAGIC: &[u8] = b"WERFTREE";
const VERSION: u8 = 1;
const DIRECTORY: u8 = 0;
const FILE: u8 = 1;

/// Fewest bytes of a mapping and, besides its id, of an entry: what a count is checked against
/// before memory is set aside for it.
const MIN_MAPPING: usize = 6;
const MIN_ENTRY: usize = 4;

/// Most mappings that one image may have.
const MAX_MAPPINGS: usize = 0xffff;

/// All mappings of one image; where two of them meet, the later wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The mappings in the order in which they are applied.
    pub mappings: Vec<Mapping>,
}

/// One git mapping as it stands in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where it goes: the directory that is filled, or the path of the file.
    pub to: AbsPath,
    /// A user of the image by name or number; empty is root.
    pub owner: String,
    /// A group of the image by name or number; empty is root's.
    pub group: String,
    /// What is put there.
    pub content: Content,
}

/// What a mapping puts at its `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// `to` is this file.
    File(Leaf),
    /// `to` is a directory with these files.
    Directory(Listing),
}

/// A file without its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What it is.
    pub kind: EntryKind,
    /// Its contents; a symbolic link's are its target.
    pub id: ObjectId,
}

/// What git can hold besides directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file of mode 0644.
    File,
    /// A file of mode 0755.
    Executable,
    /// A symbolic link.
    Symlink,
}

impl EntryKind {
    const fn code(self) -> u8 {
        match self {
            EntryKind::File => 0,
            EntryKind::Executable => 1,
            EntryKind::Symlink => 2,
        }
    }

    const fn from_code(code: u8) -> Option<EntryKind> {
        match code {
            0 => Some(EntryKind::File),
            1 => Some(EntryKind::Executable),
            2 => Some(EntryKind::Symlink),
            _ => None,
        }
    }
}

/// The files of a directory mapping, sorted by the bytes of their paths.
///
/// Paths are relative to the mapping's `to`, plain, and none lies below another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    hash: HashKind,
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
        Leaf { kind: self.kinds[at], id: id.expect("an id has the length of its kind") }
    }

    fn last(&self) -> &[u8] {
        match self.len() {
            0 => b"",
            len => self.path(len - 1),
        }
    }

    /// Appends the path that has its first `shared` bytes from the one before; the id is not here.
    fn append(&mut self, shared: usize, suffix: &[u8], kind: EntryKind) -> Result<(), ManifestError> {
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
}

/// Checks a path of which `shared` bytes were checked as part of the one before; `prefixes` are
/// the lengths of all paths that the one before begins with.
fn check_next(path: &[u8], shared: usize, prefixes: &[usize]) -> Result<(), ManifestError> {
    if path.len() > MAX_PATH {
        return Err(ManifestError::Path(PathError::TooLong));
    }
    let component = path[..shared].iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    check_relative(&path[component..]).map_err(ManifestError::Path)?;
    let mut inherited = prefixes.iter().take_while(|&&len| len <= shared);
    if inherited.any(|&len| path[len] == b'/') {
        return Err(ManifestError::BelowFile);
    }
    Ok(())
}

/// Returns how many bytes both begin with.
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    // Paths that follow each other share much, so eight bytes are compared at a time.
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let same = words.take_while(|(a, b)| a == b).count() * 8;
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

impl Manifest {
    /// Returns the bytes of the manifest; equal manifests have equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        put_varint(&mut out, self.mappings.len() as u64);
        for mapping in &self.mappings {
            put_bytes(&mut out, mapping.to.as_bytes());
            put_bytes(&mut out, mapping.owner.as_bytes());
            put_bytes(&mut out, mapping.group.as_bytes());
            match &mapping.content {
                Content::File(leaf) => {
                    out.extend_from_slice(&[FILE, leaf.id.kind().code(), leaf.kind.code()]);
                    out.extend_from_slice(leaf.id.as_bytes());
                }
                Content::Directory(listing) => {
                    out.extend_from_slice(&[DIRECTORY, listing.hash.code()]);
                    encode_listing(&mut out, listing);
                }
            }
        }
        out
    }

    /// Returns the identity: the sha256 of the bytes.
    pub fn id(&self) -> ManifestId {
        Manifest::id_of(&self.encode())
    }

    /// Returns the identity of a manifest with these bytes.
    pub fn id_of(bytes: &[u8]) -> ManifestId {
        ManifestId::from_bytes(sha256(bytes))
    }

    /// Reads a manifest and checks all that is promised of one.
    pub fn decode(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let mut input = Reader::new(bytes);
        if input.take(MAGIC.len()) != Some(MAGIC) {
            return Err(ManifestError::NotAManifest);
        }
        match input.byte() {
            Some(VERSION) => {}
            Some(version) => return Err(ManifestError::Version(version)),
            None => return Err(ManifestError::Malformed),
        }
        let count = input.count(MIN_MAPPING).ok_or(ManifestError::Malformed)?;
        if count > MAX_MAPPINGS {
            return Err(ManifestError::TooManyMappings);
        }
        let mappings = (0..count).map(|_| decode_mapping(&mut input)).collect::<Result<_, _>>()?;
        if !input.is_empty() {
            return Err(ManifestError::Malformed);
        }
        Ok(Manifest { mappings })
    }
}

/// Ids first: they do not compress, the paths behind them do.
fn encode_listing(out: &mut Vec<u8>, listing: &Listing) {
    put_varint(out, listing.len() as u64);
    out.extend_from_slice(&listing.ids);
    let mut previous: &[u8] = b"";
    for at in 0..listing.len() {
        let path = listing.path(at);
        let shared = common_prefix(previous, path);
        out.push(listing.kinds[at].code());
        put_varint(out, shared as u64);
        put_bytes(out, &path[shared..]);
        previous = path;
    }
}

fn decode_mapping(input: &mut Reader<'_>) -> Result<Mapping, ManifestError> {
    let malformed = || ManifestError::Malformed;
    let to = AbsPath::parse(input.bytes().ok_or_else(malformed)?).map_err(ManifestError::Path)?;
    let owner = input.text().ok_or_else(malformed)?;
    let group = input.text().ok_or_else(malformed)?;
    let content = input.byte().ok_or_else(malformed)?;
    let hash = input.byte().and_then(HashKind::from_code).ok_or_else(malformed)?;
    let content = match content {
        FILE if to.is_root() => return Err(ManifestError::FileAtRoot),
        FILE => {
            let kind = input.byte().and_then(EntryKind::from_code).ok_or_else(malformed)?;
            let id = input.take(hash.id_len()).and_then(ObjectId::from_bytes);
            Content::File(Leaf { kind, id: id.ok_or_else(malformed)? })
        }
        DIRECTORY => Content::Directory(decode_listing(input, hash)?),
        _ => return Err(ManifestError::Malformed),
    };
    Ok(Mapping { to, owner, group, content })
}

fn decode_listing(input: &mut Reader<'_>, hash: HashKind) -> Result<Listing, ManifestError> {
    let malformed = || ManifestError::Malformed;
    let count = input.count(hash.id_len() + MIN_ENTRY).ok_or_else(malformed)?;
    let mut listing = Listing::new(hash);
    listing.ids = input.take(count * hash.id_len()).ok_or_else(malformed)?.to_vec();
    listing.ends.reserve(count);
    listing.kinds.reserve(count);
    for _ in 0..count {
        let kind = input.byte().and_then(EntryKind::from_code).ok_or_else(malformed)?;
        let shared = input.varint().ok_or_else(malformed)?;
        let suffix = input.bytes().ok_or_else(malformed)?;
        if shared > listing.last().len() as u64 {
            return Err(ManifestError::Order);
        }
        listing.append(shared as usize, suffix, kind)?;
    }
    Ok(listing)
}

/// What is wrong with a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// It begins with something else.
    NotAManifest,
    /// Another version of the format.
    Version(u8),
    /// It is cut off, goes on after its end or holds a value that means nothing.
    Malformed,
    /// More mappings than the format allows.
    TooManyMappings,
    /// A file mapping whose `to` is `/`.
    FileAtRoot,
    /// A path that is not plain.
    Path(PathError),
    /// A path that does not come after the one before it.
    Order,
    /// A path below another path of the same mapping.
    BelowFile,
    /// An id of the other object format.
    MixedHashes,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestError::NotAManifest => f.write_str("not a manifest"),
            ManifestError::Version(version) => write!(f, "format version {version} is not known"),
            ManifestError::Malformed => f.write_str("cut off or damaged"),
            ManifestError::TooManyMappings => f.write_str("more than 65535 mappings"),
            ManifestError::FileAtRoot => f.write_str("a file cannot be mapped to `/`"),
            ManifestError::Path(why) => write!(f, "a path is not usable: {why}"),
            ManifestError::Order => f.write_str("paths are not in order"),
            ManifestError::BelowFile => f.write_str("a path lies below a file"),
            ManifestError::MixedHashes => f.write_str("object ids of both formats in one mapping"),
        }
    }
}

impl std::error::Error for ManifestError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(byte: u8) -> Leaf {
        Leaf { kind: EntryKind::File, id: ObjectId::Sha1([byte; 20]) }
    }

    fn listing(paths: &[&[u8]]) -> Result<Listing, ManifestError> {
        let mut listing = Listing::new(HashKind::Sha1);
        for (byte, path) in paths.iter().enumerate() {
            listing.push(path, leaf(byte as u8))?;
        }
        Ok(listing)
    }

    fn mapping(to: &str, content: Content) -> Mapping {
        let to = AbsPath::parse(to.as_bytes()).unwrap();
        Mapping { to, owner: "app".into(), group: String::new(), content }
    }

    fn sample() -> Manifest {
        let mut sha256 = Listing::new(HashKind::Sha256);
        let id = ObjectId::Sha256([9; 32]);
        sha256.push(b"run.sh", Leaf { kind: EntryKind::Executable, id }).unwrap();
        let link = Leaf { kind: EntryKind::Symlink, ..leaf(7) };
        let paths: [&[u8]; 5] = [b"a", b"a-b/c", b"a.txt", b"src/main.rs", b"src/\xff\n"];
        Manifest {
            mappings: vec![
                mapping("/app", Content::Directory(listing(&paths).unwrap())),
                mapping("/opt/tools", Content::Directory(sha256)),
                mapping("/etc/motd", Content::File(link)),
                mapping("/", Content::Directory(Listing::new(HashKind::Sha1))),
            ],
        }
    }

    #[test]
    fn a_manifest_survives_its_bytes() {
        let manifest = sample();
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes), Ok(manifest.clone()));
        assert_eq!(Manifest::decode(&Manifest::default().encode()), Ok(Manifest::default()));
        assert_eq!(manifest.id(), Manifest::id_of(&bytes));
    }

    /// Changing it makes every state file in every cached layer unreadable: raise the tool
    /// protocol with it.
    #[test]
    fn the_identity_of_a_known_manifest_never_changes() {
        let known = "21a698f7eb01fc470ac0e37451f09c272a53796bebcc93bb02bec7248e2abb0e";
        assert_eq!(sample().id().to_string(), known);
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
        let sha256 = Leaf { kind: EntryKind::File, id: ObjectId::Sha256([0; 32]) };
        assert_eq!(made.push(b"c", sha256), Err(ManifestError::MixedHashes));
        assert_eq!(made.push(b"a/b", leaf(0)), Err(ManifestError::BelowFile));
        assert_eq!(made.push(b"a-b/x/y", leaf(0)), Err(ManifestError::BelowFile));
        assert_eq!(made, before);
    }

    #[test]
    fn damaged_bytes_are_refused_or_mean_something_else() {
        let bytes = sample().encode();
        for end in 0..bytes.len() {
            assert!(Manifest::decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            for flip in [1, 0x40, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(read) = Manifest::decode(&damaged) {
                    assert_eq!(read.encode(), damaged, "one manifest, one encoding");
                }
            }
        }
        let longer = [&bytes[..], b"\0"].concat();
        assert_eq!(Manifest::decode(&longer), Err(ManifestError::Malformed));
    }
}
