//! A working directory of which a client has sent what the file system says of it, and only some contents.
//!
//! BuildKit puts that into one file (`receive.go` of `tonistiigi/fsutil`): messages `Stat`, each behind its length in four bytes, lowest
//! first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost::Message;

use super::directory::{Directory, Found, GitCopy, Listed, Stat, StatKind};
use crate::git::disk::{on_disk, unreadable};
use crate::git::repo::RepoError;

/// The name of the file.
pub const FILE_NAME: &str = ".fsutil-metadata";

/// What is said of a path (`types/stat.proto` of `tonistiigi/fsutil`).
#[derive(Clone, PartialEq, Message)]
struct FsutilStat {
    #[prost(string, tag = "1")]
    path: String,
    #[prost(uint32, tag = "2")]
    mode: u32,
    #[prost(int64, tag = "5")]
    size: i64,
    /// In nanoseconds.
    #[prost(int64, tag = "6")]
    mod_time: i64,
    #[prost(string, tag = "7")]
    linkname: String,
}

/// Bits of Go's `fs.FileMode`.
const GO_DIRECTORY: u32 = 1 << 31;
const GO_SYMLINK: u32 = 1 << 27;
const GO_TYPE: u32 = GO_DIRECTORY | GO_SYMLINK | 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19;

/// What a client has sent.
#[derive(Debug)]
pub struct Metadata {
    /// The directory with that file, and with contents.
    root: PathBuf,
    /// The directory with further contents.
    contents: Option<PathBuf>,
    copy: GitCopy,
    directories: BTreeMap<Vec<u8>, Vec<Listed>>,
}

impl Metadata {
    /// Reads what was sent to `root`, with parts of the git directory at `git_dir`; `contents` has contents that are not there.
    ///
    /// # Errors
    /// A file that is missing or broken.
    pub fn read(
        root: &Path,
        git_dir: &Path,
        contents: Option<&Path>,
    ) -> Result<Metadata, RepoError> {
        let broken = |why: String| {
            RepoError::new(format!("read what the client has sent of its files: {why}"))
        };
        let path = root.join(FILE_NAME);
        let bytes =
            std::fs::read(&path).map_err(|error| unreadable(FILE_NAME.as_bytes(), &error))?;
        let mut directories: BTreeMap<Vec<u8>, Vec<Listed>> = BTreeMap::new();
        let mut rest = &bytes[..];
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let Some((message, after)) = after.split_at_checked(length) else {
                return Err(broken("it ends too early".to_owned()));
            };
            rest = after;
            let said = FsutilStat::decode(message).map_err(|error| broken(error.to_string()))?;
            let path = said.path.into_bytes();
            let (parent, name) = split(&path);
            let (parent, name) = (parent.to_vec(), name.to_vec());
            let kind = match said.mode & GO_TYPE {
                0 => StatKind::File,
                GO_DIRECTORY => StatKind::Directory,
                GO_SYMLINK => StatKind::Link,
                _ => StatKind::Other,
            };
            let nanoseconds = 1_000_000_000;
            let stat = Stat {
                kind,
                is_executable: said.mode & 0o100 != 0,
                size: said.size.unsigned_abs(),
                modified: (
                    said.mod_time.div_euclid(nanoseconds),
                    said.mod_time.rem_euclid(nanoseconds) as u32,
                ),
                changed: None,
                target: (kind == StatKind::Link).then(|| said.linkname.into_bytes()),
            };
            if kind == StatKind::Directory {
                directories.entry(path).or_default();
            }
            directories
                .entry(parent)
                .or_default()
                .push(Listed { name, stat });
        }
        if !rest.is_empty() {
            return Err(broken("it ends too early".to_owned()));
        }
        Ok(Metadata {
            root: root.to_owned(),
            contents: contents.map(Path::to_owned),
            copy: GitCopy {
                of: git_dir.to_owned(),
                at: root.join(".git"),
            },
            directories,
        })
    }
}

/// Returns the directory of a path and the name there.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

impl Directory for Metadata {
    fn list(&self, path: &[u8]) -> Result<Vec<Listed>, RepoError> {
        Ok(self.directories.get(path).cloned().unwrap_or_default())
    }

    fn has(&self, path: &[u8]) -> bool {
        let (parent, name) = split(path);
        let listed = self.directories.get(parent);
        listed.is_some_and(|listed| listed.iter().any(|it| it.name == name))
    }

    fn content(&self, path: &[u8]) -> Option<Found> {
        let roots = [Some(&self.root), self.contents.as_ref()];
        let mut paths = roots.into_iter().flatten().map(|root| on_disk(root, path));
        let path = paths.find(|path| path.symlink_metadata().is_ok_and(|it| it.is_file()))?;
        Some(Found { path })
    }

    fn git_dir(&self, git_dir: &Path) -> PathBuf {
        self.copy.find(git_dir)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::git::fixture::Fixture;
    use crate::git::repo::Repo;
    use crate::git::work_tree::{Disk, WorkTree};

    /// Sends what fsutil would send of the working directory: everything by metadata, and these contents.
    fn send(fixture: &Fixture, contents: &[&str]) -> tempfile::TempDir {
        let sent = tempfile::tempdir().expect("a directory");
        let mut bytes = Vec::new();
        let mut pending = vec![Vec::new()];
        let disk = Disk::new(fixture.path());
        while let Some(directory) = pending.pop() {
            for Listed { name, stat } in disk.list(&directory).expect("entries") {
                let path = match &directory[..] {
                    [] => name,
                    directory => [directory, b"/", &name].concat(),
                };
                let kind = match stat.kind {
                    StatKind::Directory => GO_DIRECTORY,
                    StatKind::Link => GO_SYMLINK,
                    _ => 0,
                };
                let said = FsutilStat {
                    path: String::from_utf8(path.clone()).expect("a name"),
                    mode: kind | if stat.is_executable { 0o755 } else { 0o644 },
                    size: stat.size as i64,
                    mod_time: stat.modified.0 * 1_000_000_000 + i64::from(stat.modified.1),
                    linkname: String::from_utf8(stat.target.unwrap_or_default()).expect("a link"),
                };
                let message = said.encode_to_vec();
                bytes.extend((message.len() as u32).to_le_bytes());
                bytes.extend(message);
                if stat.kind == StatKind::Directory && path != b".git" {
                    pending.push(path);
                }
            }
        }
        std::fs::write(sent.path().join(FILE_NAME), bytes).expect("written");
        for path in contents {
            let to = sent.path().join(path);
            std::fs::create_dir_all(to.parent().expect("a directory")).expect("made");
            std::fs::copy(fixture.path().join(path), &to).expect("copied");
            let time = std::fs::metadata(fixture.path().join(path)).and_then(|it| it.modified());
            let file = std::fs::File::options()
                .write(true)
                .open(&to)
                .expect("a file");
            file.set_modified(time.expect("a time")).expect("set");
        }
        sent
    }

    #[test]
    fn only_contents_that_may_have_changed_are_asked_for() {
        let fixture = Fixture::with(&[
            ("a/same", "1"),
            ("a/edited", "2"),
            ("gone", "3"),
            ("run", "4"),
            (".gitignore", "*.o\n"),
        ]);
        // So that nothing is written in the second in which the index is.
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        for path in ["a/same", "a/edited", "gone", "run", ".gitignore"] {
            let file = std::fs::File::options()
                .write(true)
                .open(fixture.path().join(path));
            file.and_then(|file| file.set_modified(old)).expect("set");
        }
        fixture.git(&["update-index", "--refresh"]);
        fixture.write("a/edited", "new");
        fixture.write("a/more", "more");
        fixture.write("a/x.o", "ignored");
        fixture.link("same", "a/link");
        std::fs::remove_file(fixture.path().join("gone")).expect("removed");
        std::fs::set_permissions(fixture.path().join("run"), Permissions::from_mode(0o755))
            .expect("changed");
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let sent = send(&fixture, &[".git/index", ".gitignore"]);
        let read = |contents: Option<&Path>| {
            let metadata =
                Metadata::read(sent.path(), &fixture.git_dir(), contents).expect("metadata");
            WorkTree::read(&repo, &metadata).expect("a tree")
        };
        let lacking: Vec<Vec<u8>> = read(None).lacking().map(<[u8]>::to_vec).collect();
        assert_eq!(lacking, [&b"a/edited"[..], b"a/more", b"run"]);
        let contents = send(&fixture, &["a/edited", "a/more", "run"]);
        let tree = read(Some(contents.path()));
        assert_eq!(tree.lacking().count(), 0);
        let over = tree.over(&repo).expect("a tree");
        fixture.git(&["add", "--all"]);
        let leaves = over.leaves().expect("leaves");
        let theirs = fixture.git(&["ls-files"]);
        let paths: Vec<&str> = theirs.lines().collect();
        assert!(
            leaves.keys().eq(paths.iter().map(|path| path.as_bytes())),
            "{paths:?}"
        );
        let id = |path: &str| fixture.git(&["rev-parse", &format!(":{path}")]);
        for path in paths {
            assert_eq!(leaves[path.as_bytes()].id.to_string(), id(path), "{path}");
        }
    }

    #[test]
    fn what_ends_too_early_is_no_metadata() {
        let directory = tempfile::tempdir().expect("a directory");
        let read = |bytes: &[u8]| {
            std::fs::write(directory.path().join(FILE_NAME), bytes).expect("written");
            Metadata::read(directory.path(), directory.path(), None).map(|_| ())
        };
        assert!(read(b"").is_ok());
        for bytes in [
            &b"\x01"[..],
            b"\x05\0\0\0ab",
            b"\xff\xff\xff\xff",
            b"\x01\0\0\0\xff",
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
