//! What a working directory holds, on the disk or elsewhere.

use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::git::disk::{on_disk, unreadable};
use crate::git::repo::{MAX_CONFIG_BYTES, RepoError};

/// What there is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A directory.
    Directory,
    /// What git does not know, such as a socket.
    Other,
}

/// A time as the index has it.
pub(super) type Time = (i64, u32);

/// What a file system says of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What is there.
    pub kind: StatKind,
    /// Whether its owner may execute it.
    pub is_executable: bool,
    /// The size in bytes.
    pub size: u64,
    /// When its content changed last.
    pub modified: (i64, u32),
    /// When anything of it changed last, if that is known.
    pub changed: Option<(i64, u32)>,
    /// Where a link leads.
    pub target: Option<Vec<u8>>,
}

/// An entry of a directory.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name.
    pub name: Vec<u8>,
    /// What there is.
    pub stat: Stat,
}

/// Where the content of a file is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
}

impl Found {
    /// Reads a file that says something about others.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, RepoError> {
        let path = self.path.as_os_str().as_bytes();
        let metadata = std::fs::metadata(&self.path).map_err(|error| unreadable(path, &error))?;
        if metadata.len() > MAX_CONFIG_BYTES {
            let message = format!("`{}` is too large to say what counts", self.path.display());
            return Err(RepoError::new(message));
        }
        std::fs::read(&self.path).map_err(|error| unreadable(path, &error))
    }
}

/// A working directory. Paths have slashes and begin at its root.
pub trait Directory {
    /// Returns the entries of the directory at `path`, in any order.
    ///
    /// # Errors
    /// A directory that cannot be read.
    fn list(&self, path: &[u8]) -> Result<Vec<Listed>, RepoError>;

    /// Whether there is anything at `path`.
    fn has(&self, path: &[u8]) -> bool;

    /// Returns where the content of the regular file at `path` is; `None` if it is not known.
    fn content(&self, path: &[u8]) -> Option<Found>;

    /// Returns where the index and `info/exclude` of the repository at `git_dir` are.
    fn git_dir(&self, git_dir: &Path) -> PathBuf {
        git_dir.to_owned()
    }
}

/// A working directory on the disk.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    /// Where what is asked for below a git directory is, if it is not there.
    copy: Option<GitCopy>,
}

/// Parts of a git directory that were copied elsewhere.
#[derive(Clone, Debug)]
pub struct GitCopy {
    /// The git directory.
    pub of: PathBuf,
    /// Where its parts are.
    pub at: PathBuf,
}

impl GitCopy {
    /// Returns where what is below `git_dir` is.
    pub(super) fn find(&self, git_dir: &Path) -> PathBuf {
        match git_dir.strip_prefix(&self.of) {
            Ok(below) => self.at.join(below),
            Err(_) => git_dir.to_owned(),
        }
    }
}

impl Disk {
    /// Returns the one at `root`.
    pub fn new(root: &Path) -> Disk {
        Disk {
            root: root.to_owned(),
            copy: None,
        }
    }

    /// Returns a copy of a client's, whose times of changes are not the client's, and whose index is in `copy`.
    pub fn copied(root: &Path, copy: GitCopy) -> Disk {
        Disk {
            root: root.to_owned(),
            copy: Some(copy),
        }
    }
}

impl Directory for Disk {
    fn list(&self, path: &[u8]) -> Result<Vec<Listed>, RepoError> {
        let here = on_disk(&self.root, path);
        let refuse = |error: std::io::Error| unreadable(path, &error);
        let mut listed = Vec::new();
        for entry in std::fs::read_dir(&here).map_err(refuse)? {
            let entry = entry.map_err(refuse)?;
            let mut stat = match stat(&entry.path()) {
                Ok(stat) => stat,
                // It went while we looked.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(refuse(error)),
            };
            if self.copy.is_some() {
                stat.changed = None;
            }
            let name = entry.file_name().into_vec();
            listed.push(Listed { name, stat });
        }
        Ok(listed)
    }

    fn has(&self, path: &[u8]) -> bool {
        on_disk(&self.root, path).symlink_metadata().is_ok()
    }

    fn content(&self, path: &[u8]) -> Option<Found> {
        let path = on_disk(&self.root, path);
        let is_file = path.symlink_metadata().is_ok_and(|it| it.is_file());
        is_file.then_some(Found { path })
    }

    fn git_dir(&self, git_dir: &Path) -> PathBuf {
        match &self.copy {
            Some(copy) => copy.find(git_dir),
            None => git_dir.to_owned(),
        }
    }
}

/// Asks the file system.
pub(super) fn stat(path: &Path) -> Result<Stat, std::io::Error> {
    let metadata = path.symlink_metadata()?;
    let kind = match metadata.file_type() {
        kind if kind.is_file() => StatKind::File,
        kind if kind.is_symlink() => StatKind::Link,
        kind if kind.is_dir() => StatKind::Directory,
        _ => StatKind::Other,
    };
    let target = match kind {
        StatKind::Link => Some(std::fs::read_link(path)?.into_os_string().into_vec()),
        _ => None,
    };
    Ok(Stat {
        kind,
        is_executable: metadata.mode() & 0o100 != 0,
        size: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec() as u32),
        changed: Some((metadata.ctime(), metadata.ctime_nsec() as u32)),
        target,
    })
}
