//! The manifest: what the git mappings of an image put into it, path by path.
//!
//! It holds nothing of the commit it was made from, so commits that do not touch the mapped files
//! share one manifest. The bytes are described in `docs/store.md`.

use std::fmt;

use crate::bytes::{Reader, put_bytes, put_varint};
use crate::hash::{HashKind, ManifestId, ObjectId, sha256};
pub use crate::listing::Listing;
use crate::path::{AbsPath, PathError};

const MAGIC: &[u8] = b"WERFTREE";
const VERSION: u8 = 1;
const DIRECTORY: u8 = 0;
const FILE: u8 = 1;

/// Fewest bytes of a mapping: what a count is checked against before memory is set aside for it.
const MIN_MAPPING: usize = 6;

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
    pub(crate) const fn code(self) -> u8 {
        match self {
            EntryKind::File => 0,
            EntryKind::Executable => 1,
            EntryKind::Symlink => 2,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<EntryKind> {
        match code {
            0 => Some(EntryKind::File),
            1 => Some(EntryKind::Executable),
            2 => Some(EntryKind::Symlink),
            _ => None,
        }
    }
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
                    listing.encode(&mut out);
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
        let mappings = (0..count)
            .map(|_| decode_mapping(&mut input))
            .collect::<Result<_, _>>()?;
        if !input.is_empty() {
            return Err(ManifestError::Malformed);
        }
        let manifest = Manifest { mappings };
        manifest.check()?;
        Ok(manifest)
    }

    /// Goes through the ids of all files in order, those of equal files again and again.
    pub fn blobs(&self) -> impl Iterator<Item = ObjectId> {
        self.mappings.iter().flat_map(|mapping| {
            let (file, listing) = match &mapping.content {
                Content::File(leaf) => (Some(leaf.id), None),
                Content::Directory(listing) => (None, Some(listing)),
            };
            let listed = listing
                .into_iter()
                .flat_map(|listing| listing.iter().map(|(_, leaf)| leaf.id));
            file.into_iter().chain(listed)
        })
    }

    /// Checks what the types of a manifest do not promise by themselves.
    pub(crate) fn check(&self) -> Result<(), ManifestError> {
        if self.mappings.len() > MAX_MAPPINGS {
            return Err(ManifestError::TooManyMappings);
        }
        let at_root =
            |mapping: &Mapping| mapping.to.is_root() && matches!(mapping.content, Content::File(_));
        if self.mappings.iter().any(at_root) {
            return Err(ManifestError::FileAtRoot);
        }
        Ok(())
    }
}

fn decode_mapping(input: &mut Reader<'_>) -> Result<Mapping, ManifestError> {
    let malformed = || ManifestError::Malformed;
    let to = AbsPath::parse(input.bytes().ok_or_else(malformed)?).map_err(ManifestError::Path)?;
    let owner = input.text().ok_or_else(malformed)?;
    let group = input.text().ok_or_else(malformed)?;
    let content = input.byte().ok_or_else(malformed)?;
    let hash = input
        .byte()
        .and_then(HashKind::from_code)
        .ok_or_else(malformed)?;
    let content = match content {
        FILE => {
            let kind = input
                .byte()
                .and_then(EntryKind::from_code)
                .ok_or_else(malformed)?;
            let id = input.take(hash.id_len()).and_then(ObjectId::from_bytes);
            Content::File(Leaf {
                kind,
                id: id.ok_or_else(malformed)?,
            })
        }
        DIRECTORY => Content::Directory(Listing::decode(input, hash)?),
        _ => return Err(ManifestError::Malformed),
    };
    Ok(Mapping {
        to,
        owner,
        group,
        content,
    })
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

    fn mapping(to: &str, content: Content) -> Mapping {
        let to = AbsPath::parse(to.as_bytes()).unwrap();
        Mapping {
            to,
            owner: "app".into(),
            group: String::new(),
            content,
        }
    }

    fn sample() -> Manifest {
        let mut sha256 = Listing::new(HashKind::Sha256);
        let id = ObjectId::Sha256([9; 32]);
        sha256
            .push(
                b"run.sh",
                Leaf {
                    kind: EntryKind::Executable,
                    id,
                },
            )
            .unwrap();
        let link = Leaf {
            kind: EntryKind::Symlink,
            ..leaf(7)
        };
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
        assert_eq!(
            Manifest::decode(&Manifest::default().encode()),
            Ok(Manifest::default())
        );
        assert_eq!(manifest.id(), Manifest::id_of(&bytes));
        assert_eq!(manifest.blobs().count(), 5 + 1 + 1);
    }

    #[test]
    fn a_manifest_that_cannot_be_read_again_is_not_written() {
        let file = mapping("/", Content::File(leaf(1)));
        let manifest = Manifest {
            mappings: vec![file],
        };
        assert_eq!(manifest.check(), Err(ManifestError::FileAtRoot));
        assert_eq!(
            Manifest::decode(&manifest.encode()),
            Err(ManifestError::FileAtRoot)
        );
        let many = mapping("/a", Content::File(leaf(1)));
        let manifest = Manifest {
            mappings: vec![many; MAX_MAPPINGS + 1],
        };
        assert_eq!(
            Manifest::decode(&manifest.encode()),
            Err(ManifestError::TooManyMappings)
        );
    }

    /// Changing it makes every state file in every cached layer unreadable: raise the tool
    /// protocol with it.
    #[test]
    fn the_identity_of_a_known_manifest_never_changes() {
        let known = "21a698f7eb01fc470ac0e37451f09c272a53796bebcc93bb02bec7248e2abb0e";
        assert_eq!(sample().id().to_string(), known);
    }

    #[test]
    fn damaged_bytes_are_refused_or_mean_something_else() {
        let bytes = sample().encode();
        for end in 0..bytes.len() {
            tally::refused(1);
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
