//! The seal: what has to be known of a layer to patch it without having it.
//!
//! The manifest says what was put there; commands have run since. The seal has the manifest, and of every directory
//! that mappings use what it is now, which files are not there any more, and who the owners are. It is a small layer of
//! its own on top of the one that it is about. `docs/store.md` describes the bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};

use crate::bytes::{Reader, put_bytes, put_varint};
use crate::dir::{Dir, Ids, Time, finish_file};
use crate::error::{Error, Reason};
use crate::hash::{SealId, sha256};
use crate::owner::Names;
use crate::path::common_prefix;
use crate::state::keeping_time;

/// Where the file is, beside the state file.
pub const SEAL_PATH: &str = "/.werf-git-seal";

/// How many bytes of the file it takes to read its [`Head`].
pub const HEAD_BYTES: usize = HEADER.len() + 32 + 1;

pub(crate) const NAME: &[u8] = b".werf-git-seal";
const HEADER: &[u8; 12] = b"WERFSEAL\x01\0\0\0";

const LINK: u8 = 0;
const OTHER: u8 = 1;
const DIRECTORY: u8 = 2;
/// Added to the kind of a directory whose entries are known.
const LISTED: u8 = 4;
/// Added to the kind of a directory with extended attributes.
const ATTRIBUTES: u8 = 8;

/// What the beginning of the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The identity of the seal.
    pub id: SealId,
    /// Whether a patch can be made by it. Otherwise the layer has no readable state.
    pub serves: bool,
}

impl Head {
    /// Reads the first [`HEAD_BYTES`] of a seal; `None` if they are of something else.
    pub fn decode(bytes: &[u8]) -> Option<Head> {
        let rest = bytes.strip_prefix(HEADER)?;
        let (id, rest) = rest.split_first_chunk()?;
        Some(Head {
            id: SealId::from_bytes(*id),
            serves: *rest.first()? == 1,
        })
    }
}

/// What is known of a layer. Paths are below the root, without a slash at the beginning; the root is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The bytes of the manifest that is applied.
    pub(crate) manifest: Vec<u8>,
    /// The owners that mappings name.
    pub(crate) names: Names,
    /// Where something is mounted into stages.
    pub(crate) mounts: BTreeSet<Vec<u8>>,
    /// The directories of mappings and above them, and of what else is in those of mappings the directories and links.
    pub(crate) nodes: BTreeMap<Vec<u8>, Sealed>,
    /// The files of the manifest that are not there, in directories that are.
    pub(crate) absent: BTreeSet<Vec<u8>>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sealed {
    Directory(SealedDirectory),
    Link,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SealedDirectory {
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    /// The modification time in seconds since 1970, which is what layers have of it.
    pub(crate) time: i64,
    /// How many entries it has, if it is one of a mapping's, so that all that matters of them is known.
    pub(crate) entries: Option<u64>,
    pub(crate) has_attributes: bool,
}

/// Returns the bytes of a seal, or of one that serves nobody.
fn encode(seal: Option<&Seal>) -> Vec<u8> {
    let mut body = vec![u8::from(seal.is_some())];
    if let Some(seal) = seal {
        put_bytes(&mut body, &seal.manifest);
        for names in [&seal.names.users, &seal.names.groups] {
            put_varint(&mut body, names.len() as u64);
            for (name, id) in names {
                put_bytes(&mut body, name.as_bytes());
                put_varint(&mut body, u64::from(*id));
            }
        }
        put_paths(&mut body, seal.mounts.iter(), |_, _| ());
        put_paths(&mut body, seal.nodes.keys(), |body, path| {
            put_node(body, seal.nodes[path]);
        });
        put_paths(&mut body, seal.absent.iter(), |_, _| ());
    }
    [&HEADER[..], &sha256(&body), &body].concat()
}

fn put_paths<'a>(
    out: &mut Vec<u8>,
    paths: impl ExactSizeIterator<Item = &'a Vec<u8>>,
    mut then: impl FnMut(&mut Vec<u8>, &'a Vec<u8>),
) {
    put_varint(out, paths.len() as u64);
    let mut before: &[u8] = b"";
    for path in paths {
        let shared = common_prefix(before, path);
        put_varint(out, shared as u64);
        put_bytes(out, &path[shared..]);
        then(out, path);
        before = path;
    }
}

fn put_node(out: &mut Vec<u8>, node: Sealed) {
    match node {
        Sealed::Link => out.push(LINK),
        Sealed::Other => out.push(OTHER),
        Sealed::Directory(directory) => {
            let listed = directory.entries.map_or(0, |_| LISTED);
            let attributes = if directory.has_attributes {
                ATTRIBUTES
            } else {
                0
            };
            out.push(DIRECTORY | listed | attributes);
            for number in [directory.mode, directory.user, directory.group] {
                put_varint(out, u64::from(number));
            }
            put_varint(out, directory.time as u64);
            if let Some(entries) = directory.entries {
                put_varint(out, entries);
            }
        }
    }
}

/// Reads the bytes of the seal `id`; `None` if they are not that.
fn decode(bytes: &[u8], id: SealId) -> Option<Seal> {
    let head = Head::decode(bytes)?;
    let body = &bytes[HEADER.len() + 32..];
    if head.id != id || !head.serves || sha256(body) != *id.as_bytes() {
        return None;
    }
    let mut input = Reader::new(&body[1..]);
    let manifest = input.bytes()?.to_vec();
    let mut names = || {
        let count = input.count(2)?;
        let pair = |_| Some((input.text()?, u32::try_from(input.varint()?).ok()?));
        (0..count).map(pair).collect::<Option<_>>()
    };
    let names = Names {
        users: names()?,
        groups: names()?,
    };
    let mut seal = Seal {
        manifest,
        names,
        ..Seal::default()
    };
    paths(&mut input, |_, path| {
        seal.mounts.insert(path.to_vec());
        Some(())
    })?;
    paths(&mut input, |input, path| {
        seal.nodes.insert(path.to_vec(), node(input)?);
        Some(())
    })?;
    paths(&mut input, |_, path| {
        seal.absent.insert(path.to_vec());
        Some(())
    })?;
    input.is_empty().then_some(seal)
}

/// Reads paths, each with what follows it.
fn paths(
    input: &mut Reader<'_>,
    mut then: impl FnMut(&mut Reader<'_>, &[u8]) -> Option<()>,
) -> Option<()> {
    let mut path = Vec::new();
    for _ in 0..input.count(2)? {
        let shared = usize::try_from(input.varint()?).ok()?;
        path.get(..shared)?;
        path.truncate(shared);
        path.extend_from_slice(input.bytes()?);
        then(input, &path)?;
    }
    Some(())
}

fn node(input: &mut Reader<'_>) -> Option<Sealed> {
    let kind = input.byte()?;
    match kind {
        LINK => return Some(Sealed::Link),
        OTHER => return Some(Sealed::Other),
        _ if kind & !(LISTED | ATTRIBUTES) == DIRECTORY => {}
        _ => return None,
    }
    let mut number = || u32::try_from(input.varint()?).ok();
    let (mode, user, group) = (number()?, number()?, number()?);
    let time = input.varint()? as i64;
    let entries = match kind & LISTED {
        0 => None,
        _ => Some(input.varint()?),
    };
    Some(Sealed::Directory(SealedDirectory {
        mode,
        user,
        group,
        time,
        entries,
        has_attributes: kind & ATTRIBUTES != 0,
    }))
}

fn failed(action: &str, why: impl Reason) -> Error {
    Error::of(format_args!("{action} `{SEAL_PATH}`"), &why)
}

/// Reads the seal `id`.
pub(crate) fn read(root: &Dir, id: SealId) -> Result<Seal, Error> {
    let bytes = bytes(root)?.ok_or_else(|| failed("read", "it is not there"))?;
    decode(&bytes, id).ok_or_else(|| failed("read", "it is another one"))
}

/// Reads the manifest of whatever seal there is; `None` if there is none that serves.
pub(crate) fn read_manifest(root: &Dir) -> Result<Option<Vec<u8>>, Error> {
    let bytes = bytes(root)?;
    let seal = bytes.and_then(|bytes| decode(&bytes, Head::decode(&bytes)?.id));
    Ok(seal.map(|seal| seal.manifest))
}

fn bytes(root: &Dir) -> Result<Option<Vec<u8>>, Error> {
    if root
        .kind(NAME)
        .map_err(|why| failed("read", why))?
        .is_none()
    {
        return Ok(None);
    }
    let file = root.open_file(NAME).map_err(|why| failed("read", why))?;
    let mut file = file.ok_or_else(|| failed("read", "it is not a file"))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|why| failed("read", why))?;
    Ok(Some(bytes))
}

/// Writes a seal, over one that is there; `None` is one that serves nobody.
pub(crate) fn write(root: &Dir, seal: Option<&Seal>) -> Result<(), Error> {
    let bytes = encode(seal);
    keeping_time(root, || {
        if root.kind(NAME)?.is_some() {
            root.remove_file(NAME)?;
        }
        let mut file = root.make_file(NAME)?;
        file.write_all(&bytes)?;
        Ok(finish_file(&file, 0o600, Ids::ours(), Time(0))?)
    })
    .map_err(|why| failed("write", why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Seal {
        let directory = |entries, has_attributes| {
            Sealed::Directory(SealedDirectory {
                mode: 0o2755,
                user: 1000,
                group: 70_000,
                time: -5,
                entries,
                has_attributes,
            })
        };
        let nodes = [
            (&b""[..], directory(None, false)),
            (b"app", directory(Some(3), false)),
            (b"app/\xff", directory(Some(0), true)),
            (b"app/link", Sealed::Link),
            (b"srv", Sealed::Other),
        ];
        let path = |path: &str| path.as_bytes().to_vec();
        Seal {
            manifest: b"files".to_vec(),
            names: Names {
                users: vec![("app".to_owned(), 1000)],
                groups: vec![("web".to_owned(), 33), ("zoo".to_owned(), 0)],
            },
            mounts: [path("app/cache")].into(),
            nodes: nodes.map(|(path, node)| (path.to_vec(), node)).into(),
            absent: [path("app/a"), path("app/ab")].into(),
        }
    }

    #[test]
    fn a_seal_survives_its_bytes_and_nothing_else_is_one() {
        let bytes = encode(Some(&sample()));
        let head = Head::decode(&bytes[..HEAD_BYTES]).unwrap();
        assert!(head.serves);
        assert_eq!(decode(&bytes, head.id), Some(sample()));
        assert_eq!(decode(&bytes, SealId::from_bytes([0; 32])), None);
        for at in 0..bytes.len() {
            tally::refused(2);
            assert_eq!(decode(&bytes[..at], head.id), None, "cut at {at}");
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(decode(&damaged, head.id), None, "flipped at {at}");
        }
    }

    #[test]
    fn bytes_with_the_right_sum_that_make_no_sense_are_refused() {
        let body = &encode(Some(&sample()))[HEADER.len() + 32..];
        for at in 1..body.len() {
            for body in [&body[..at], &[&body[..at], &[0xff], &body[at..]].concat()] {
                let id = sha256(body);
                let bytes = [&HEADER[..], &id, body].concat();
                // No panic, and no memory for what is not there.
                let _ = decode(&bytes, SealId::from_bytes(id));
            }
        }
    }

    #[test]
    fn one_that_serves_nobody_says_so() {
        let bytes = encode(None);
        let head = Head::decode(&bytes).unwrap();
        assert!(!head.serves);
        assert_eq!(bytes.len(), HEAD_BYTES);
        assert_eq!(decode(&bytes, head.id), None);
    }
}
