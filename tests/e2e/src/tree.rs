//! File systems as they came out of a build or out of `git archive`: an archive, read into a map.

use std::collections::BTreeMap;
use std::io::Read;

use tar::EntryType;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file and its bytes.
    File(Vec<u8>),
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// A device, a pipe or a hard link: nothing that comes from git.
    Other,
}

/// A file, a link or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Permissions; 0777 for links, which have none.
    pub mode: u32,
    /// The numbers of user and group.
    pub owner: (u64, u64),
}

/// All nodes by their path, without slashes in front and behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(pub BTreeMap<Vec<u8>, Node>);

impl Tree {
    /// Reads an archive.
    ///
    /// # Panics
    /// If it is broken.
    pub fn of_archive(archive: impl Read) -> Tree {
        let mut nodes = BTreeMap::new();
        let mut archive = tar::Archive::new(archive);
        // The crate's own reading of extended headers stops at a newline, which names may have.
        let mut long = Long::default();
        for entry in archive.entries().expect("an archive").raw(true) {
            let mut entry = entry.expect("an entry of an archive");
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("a whole entry");
            let header = entry.header();
            let link = header.link_name_bytes().unwrap_or_default().into_owned();
            let kind = match header.entry_type() {
                EntryType::XHeader => {
                    long.read_records(&bytes);
                    continue;
                }
                EntryType::GNULongName => {
                    long.path = Some(without_end(&bytes));
                    continue;
                }
                EntryType::GNULongLink => {
                    long.link = Some(without_end(&bytes));
                    continue;
                }
                EntryType::XGlobalHeader => continue,
                EntryType::Directory => Kind::Directory,
                EntryType::Regular => Kind::File(bytes),
                EntryType::Symlink => Kind::Symlink(long.link.take().unwrap_or(link)),
                _ => Kind::Other,
            };
            let mode = match kind {
                Kind::Symlink(_) => 0o777,
                _ => header.mode().expect("a mode") & 0o7777,
            };
            let owner = (
                header.uid().expect("a user"),
                header.gid().expect("a group"),
            );
            let path = long
                .path
                .take()
                .unwrap_or_else(|| header.path_bytes().into_owned());
            nodes.insert(trimmed(&path), Node { kind, mode, owner });
            long = Long::default();
        }
        nodes.remove(&b""[..]);
        Tree(nodes)
    }

    /// Returns the text of a file, or `None` if there is none at `path`.
    pub fn text(&self, path: &str) -> Option<String> {
        match &self.0.get(path.trim_matches('/').as_bytes())?.kind {
            Kind::File(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    /// Returns what is at and below `path`.
    pub fn at(&self, path: &str) -> Tree {
        let path = path.trim_matches('/').as_bytes();
        let is_at = |other: &[u8]| {
            other
                .strip_prefix(path)
                .is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/'))
        };
        let nodes = self.0.iter().filter(|(other, _)| is_at(other));
        Tree(
            nodes
                .map(|(path, node)| (path.clone(), node.clone()))
                .collect(),
        )
    }

    /// Says in words where `self` and `expected` differ; empty if they are equal.
    pub fn differences(&self, expected: &Tree) -> String {
        let mut text = String::new();
        let mut say = |path: &[u8], what: String| {
            text.push_str(&format!("  {}: {what}\n", path.escape_ascii()));
        };
        for (path, wanted) in &expected.0 {
            match self.0.get(path) {
                Some(found) if found == wanted => {}
                Some(found) => say(path, format!("is {found:?}, not {wanted:?}")),
                None => say(path, format!("is missing: {wanted:?}")),
            }
        }
        for (path, found) in &self.0 {
            if !expected.0.contains_key(path) {
                say(path, format!("should not be there: {found:?}"));
            }
        }
        text
    }
}

/// What the entries before another say about it, because its own header has no room.
#[derive(Default)]
struct Long {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl Long {
    /// Reads records `LENGTH KEY=VALUE\n`, whose length counts all of it.
    fn read_records(&mut self, mut bytes: &[u8]) {
        while let Some(blank) = bytes.iter().position(|&byte| byte == b' ') {
            let length = std::str::from_utf8(&bytes[..blank]).expect("a length");
            let length: usize = length.parse().expect("a length");
            let record = &bytes[blank + 1..length - 1];
            let equals = record.iter().position(|&byte| byte == b'=');
            let (key, value) = record.split_at(equals.expect("a key and a value"));
            match key {
                b"path" => self.path = Some(value[1..].to_vec()),
                b"linkpath" => self.link = Some(value[1..].to_vec()),
                _ => {}
            }
            bytes = &bytes[length..];
        }
    }
}

fn without_end(bytes: &[u8]) -> Vec<u8> {
    bytes.strip_suffix(b"\0").unwrap_or(bytes).to_vec()
}

fn trimmed(path: &[u8]) -> Vec<u8> {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    path.strip_suffix(b"/").unwrap_or(path).to_vec()
}
