//! Trees that no commit has: the commit's with files of the working directory in place of its own.
//!
//! They are made in memory, with the ids that git would give them, so whoever reads trees and blobs of a [`Repo`] needs to
//! know nothing of them. Nothing is written to the repository. Contents of large files stay on the disk until somebody
//! reads them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::BString;
use gix::objs::tree::{Entry as GitEntry, EntryKind, EntryMode};
use gix::objs::{Kind, Tree, WriteTo as _};

use super::repo::{MAX_CONFIG_BYTES, Repo, RepoError, chain};

/// So many files may be in one tree.
pub(super) const MOST_FILES: usize = 2_000_000;

/// What git holds at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its kind: anything but a directory.
    pub kind: EntryKind,
    /// Its object.
    pub id: gix::ObjectId,
}

/// Files, links and submodules by their paths, in the order of their bytes.
pub type Leaves = BTreeMap<Vec<u8>, Leaf>;

/// The content of a blob that is in no repository.
#[derive(Clone, Debug)]
pub enum Content {
    /// The bytes.
    Bytes(Vec<u8>),
    /// A file of the disk, and its size when it was hashed.
    File {
        /// Its path.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
}

/// Objects that are in no repository.
#[derive(Debug, Default)]
pub struct Overlay {
    trees: HashMap<gix::ObjectId, Vec<u8>>,
    blobs: HashMap<gix::ObjectId, Content>,
}

impl Overlay {
    /// Returns the bytes of a tree.
    pub(super) fn tree(&self, id: &gix::oid) -> Option<&[u8]> {
        self.trees.get(id).map(Vec::as_slice)
    }

    /// Returns the size of a blob.
    pub(super) fn size(&self, id: gix::ObjectId) -> Option<u64> {
        Some(match self.blobs.get(&id)? {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File { size, .. } => *size,
        })
    }

    /// Returns the bytes of a blob, which is named `path` in messages.
    pub(super) fn read(&self, id: gix::ObjectId, path: &str) -> Option<Result<Vec<u8>, RepoError>> {
        Some(match self.blobs.get(&id)? {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::File { path: file, .. } => read_again(file, id, path),
        })
    }
}

/// Reads a file that was hashed before.
fn read_again(file: &Path, id: gix::ObjectId, path: &str) -> Result<Vec<u8>, RepoError> {
    let changed = || {
        RepoError::new(format!("`{path}` was changed while it was read"))
            .hint("build again when nobody writes to the working directory")
    };
    let bytes = std::fs::read(file).map_err(|_| changed())?;
    match blob_id(&bytes, id.kind()) {
        Ok(again) if again == id => Ok(bytes),
        Ok(_) => Err(changed()),
        Err(error) => Err(error),
    }
}

/// Returns the id that git gives a blob with these bytes.
///
/// # Errors
/// Bytes made for a collision of SHA-1.
pub fn blob_id(bytes: &[u8], hash: gix::hash::Kind) -> Result<gix::ObjectId, RepoError> {
    gix::objs::compute_hash(hash, Kind::Blob, bytes)
        .map_err(|error| RepoError::new(format!("hash a file: {}", chain(&error))))
}

/// A directory that is being put together.
#[derive(Default)]
struct Directory {
    files: BTreeMap<Vec<u8>, Leaf>,
    directories: BTreeMap<Vec<u8>, Directory>,
}

impl Directory {
    fn add(&mut self, path: &[u8], leaf: Leaf) {
        let mut directory = self;
        let mut rest = path;
        while let Some(at) = rest.iter().position(|byte| *byte == b'/') {
            let name = rest[..at].to_vec();
            // A file that is in the way of a directory is gone.
            directory.files.remove(&name);
            directory = directory.directories.entry(name).or_default();
            rest = &rest[at + 1..];
        }
        if !directory.directories.contains_key(rest) {
            directory.files.insert(rest.to_vec(), leaf);
        }
    }

    /// Returns the id of the tree, and puts it and those below it into `trees`.
    fn write(
        self,
        hash: gix::hash::Kind,
        trees: &mut HashMap<gix::ObjectId, Vec<u8>>,
    ) -> Result<gix::ObjectId, RepoError> {
        let entry = |mode: EntryMode, name: Vec<u8>, oid| GitEntry {
            mode,
            filename: BString::from(name),
            oid,
        };
        let files = self.files.into_iter();
        let mut entries: Vec<GitEntry> = files
            .map(|(name, leaf)| entry(leaf.kind.into(), name, leaf.id))
            .collect();
        for (name, directory) in self.directories {
            let id = directory.write(hash, trees)?;
            entries.push(entry(EntryKind::Tree.into(), name, id));
        }
        entries.sort();
        let refuse = |error: String| RepoError::new(format!("make a tree: {error}"));
        let mut bytes = Vec::new();
        Tree { entries }
            .write_to(&mut bytes)
            .map_err(|error| refuse(error.to_string()))?;
        let id = gix::objs::compute_hash(hash, Kind::Tree, &bytes)
            .map_err(|error| refuse(chain(&error)))?;
        trees.insert(id, bytes);
        Ok(id)
    }
}

impl Repo {
    /// Returns the repository with other files in place of the commit's. The contents that it does not hold are in `blobs`.
    ///
    /// # Errors
    /// A name that no tree can hold.
    pub fn with_files(
        &self,
        leaves: &Leaves,
        blobs: HashMap<gix::ObjectId, Content>,
    ) -> Result<Repo, RepoError> {
        let hash = self.commit_id().kind();
        let mut root = Directory::default();
        for (path, leaf) in leaves {
            root.add(path, *leaf);
        }
        let mut overlay = Overlay {
            trees: HashMap::new(),
            blobs,
        };
        let tree = root.write(hash, &mut overlay.trees)?;
        Ok(self.over(tree, Arc::new(overlay)))
    }

    /// Returns the files, links and submodules of the commit. Submodules are not gone into.
    ///
    /// # Errors
    /// Objects that are missing or broken; too many files.
    pub fn leaves(&self) -> Result<Leaves, RepoError> {
        let mut leaves = Leaves::new();
        let mut buffer = Vec::new();
        let mut pending = vec![(Vec::new(), self.root_tree())];
        while let Some((directory, tree)) = pending.pop() {
            for entry in self.entries(&tree, &mut buffer)? {
                let entry = entry?;
                if entry.filename.is_empty() || entry.filename.contains(&b'/') {
                    return Err(RepoError::new(format!(
                        "tree {}: it has an entry without a plain name",
                        tree.to_hex_with_len(8)
                    ))
                    .hint("`git fsck` says more about it"));
                }
                let mut path = directory.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(entry.filename);
                match entry.mode.kind() {
                    EntryKind::Tree => pending.push((path, entry.oid.to_owned())),
                    kind => {
                        let id = entry.oid.to_owned();
                        leaves.insert(path, Leaf { kind, id });
                    }
                }
            }
            if leaves.len() + pending.len() > MOST_FILES {
                return Err(RepoError::new(format!(
                    "the commit has more than {MOST_FILES} files"
                )));
            }
        }
        Ok(leaves)
    }
}

/// Contents up to this size are held in memory.
pub(super) const MOST_HELD: u64 = MAX_CONFIG_BYTES >> 8;

#[cfg(test)]
mod tests {
    use crate::git::fixture::Fixture;

    use super::*;

    #[test]
    fn the_leaves_of_a_commit_make_its_tree() {
        let fixture = Fixture::with(&[
            ("a", "1"),
            ("a.b/c", "2"),
            ("a-b", "3"),
            ("lib/x/y.txt", "4"),
            ("lib0", "5"),
        ]);
        fixture.link("lib", "link");
        fixture.commit();
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let leaves = repo.leaves().expect("files");
        assert_eq!(leaves.len(), 6);
        let again = repo.with_files(&leaves, HashMap::new()).expect("a tree");
        assert_eq!(again.root_tree(), repo.root_tree());
        assert_eq!(
            again.root_tree().to_string(),
            fixture.git(&["rev-parse", "HEAD^{tree}"])
        );
    }

    #[test]
    fn files_that_are_not_committed_have_the_ids_that_git_gives_them() {
        let fixture = Fixture::with(&[("a/b", "1"), ("c", "2")]);
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let mut leaves = repo.leaves().expect("files");
        let kind = EntryKind::Blob;
        let id = blob_id(b"new", repo.commit_id().kind()).expect("an id");
        leaves.remove(&b"c"[..]);
        leaves.insert(b"c/d/e".to_vec(), Leaf { kind, id });
        let blobs = HashMap::from([(id, Content::Bytes(b"new".to_vec()))]);
        let changed = repo.with_files(&leaves, blobs).expect("a tree");
        assert_eq!(changed.commit(), repo.commit());
        assert_eq!(changed.read(id, "c/d/e").expect("bytes"), b"new");
        assert_eq!(changed.size(id, "c/d/e").expect("bytes"), 3);
        std::fs::remove_file(fixture.path().join("c")).expect("removed");
        fixture.write("c/d/e", "new");
        fixture.git(&["add", "--all"]);
        assert_eq!(
            changed.root_tree().to_string(),
            fixture.git(&["write-tree"])
        );
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_told() {
        let fixture = Fixture::with(&[("a", "1")]);
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let id = blob_id(b"old", repo.commit_id().kind()).expect("an id");
        let path = fixture.path().join("big");
        fixture.write("big", "old");
        let content = Content::File { path, size: 3 };
        let changed = repo.with_files(&Leaves::new(), HashMap::from([(id, content)]));
        let changed = changed.expect("a tree");
        assert_eq!(changed.read_any(id, "big").expect("bytes"), b"old");
        fixture.write("big", "new");
        let error = changed.read_any(id, "big").expect_err("changed").message;
        assert_eq!(error, "`big` was changed while it was read");
    }
}
