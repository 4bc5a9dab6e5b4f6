//! Files of the working directory, as git would add them.

use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gix::objs::tree::EntryKind;

use super::overlay::{Content, Leaf, MOST_FILES, MOST_HELD, blob_id};
use super::path::printable;
use super::repo::{MAX_OBJECT_BYTES, RepoError};

/// A file or a link of the working directory.
#[derive(Debug)]
pub struct DiskFile {
    /// Its path, relative to the root of the working directory.
    pub path: Vec<u8>,
    /// Where it is.
    pub file: PathBuf,
    /// What the file system says of it.
    pub metadata: Metadata,
}

/// What there is below a directory.
pub trait Wanted {
    /// Whether the file at `path` counts.
    fn file(&mut self, path: &[u8]) -> bool;
    /// Whether a file below the directory at `path` may count.
    fn below(&mut self, path: &[u8]) -> bool;
}

/// Returns what of the files and links below `directory` of `root` is wanted. Links are not followed, and nothing that is
/// called `.git` is looked at.
///
/// # Errors
/// A directory that cannot be read; too many files.
pub fn files(
    root: &Path,
    directory: &[u8],
    wanted: &mut dyn Wanted,
) -> Result<Vec<DiskFile>, RepoError> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_vec()];
    while let Some(directory) = pending.pop() {
        let here = on_disk(root, &directory);
        let refuse = |error: std::io::Error| unreadable(&directory, &error);
        let entries = match std::fs::read_dir(&here) {
            Ok(entries) => entries,
            // A project directory that only the commit has.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(refuse(error)),
        };
        for entry in entries {
            let entry = entry.map_err(refuse)?;
            let name = entry.file_name();
            if name.as_bytes().eq_ignore_ascii_case(b".git") {
                continue;
            }
            let mut path = directory.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
            let kind = entry.file_type().map_err(refuse)?;
            if kind.is_dir() {
                if wanted.below(&path) {
                    pending.push(path);
                }
            } else if (kind.is_file() || kind.is_symlink()) && wanted.file(&path) {
                let metadata = match entry.metadata() {
                    Ok(metadata) => metadata,
                    // It went while we looked.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(unreadable(&path, &error)),
                };
                found.push(DiskFile {
                    path,
                    file: entry.path(),
                    metadata,
                });
                if found.len() > MOST_FILES {
                    return Err(RepoError::new(format!(
                        "the working directory has more than {MOST_FILES} files"
                    )));
                }
            }
        }
    }
    Ok(found)
}

/// Returns where the file at `path` is on the disk.
pub(super) fn on_disk(root: &Path, path: &[u8]) -> PathBuf {
    let root = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    root.join(std::ffi::OsStr::from_bytes(path))
}

impl DiskFile {
    /// Returns what git would hold at its path, and its content.
    ///
    /// # Errors
    /// A file that cannot be read, or is too large.
    pub fn leaf(&self, hash: gix::hash::Kind) -> Result<(Leaf, Content), RepoError> {
        let refuse = |error: std::io::Error| unreadable(&self.path, &error);
        if self.metadata.is_symlink() {
            let target = std::fs::read_link(&self.file).map_err(refuse)?;
            let bytes = target.as_os_str().as_bytes().to_vec();
            let id = blob_id(&bytes, hash)?;
            let kind = EntryKind::Link;
            return Ok((Leaf { kind, id }, Content::Bytes(bytes)));
        }
        let kind = self.kind();
        let (id, content) = blob_of(&self.path, &self.file, hash)?;
        Ok((Leaf { kind, id }, content))
    }

    /// Returns its kind, with the mode that git knows.
    pub fn kind(&self) -> EntryKind {
        if self.metadata.is_symlink() {
            EntryKind::Link
        } else if self.metadata.permissions().mode() & 0o100 == 0 {
            EntryKind::Blob
        } else {
            EntryKind::BlobExecutable
        }
    }
}

/// Returns the id that git gives the content of a regular file, which is at `path` of the working directory, and that content.
///
/// # Errors
/// A file that cannot be read, or is too large.
pub(super) fn blob_of(
    path: &[u8],
    file: &Path,
    hash: gix::hash::Kind,
) -> Result<(gix::ObjectId, Content), RepoError> {
    let refuse = |error: std::io::Error| unreadable(path, &error);
    let size = std::fs::metadata(file).map_err(refuse)?.len();
    if size > MAX_OBJECT_BYTES {
        return Err(RepoError::new(format!(
            "`{}` has {} MiB, and a file of the working directory may have {}",
            printable(path),
            size >> 20,
            MAX_OBJECT_BYTES >> 20
        ))
        .hint("put it into `.gitignore`, or elsewhere"));
    }
    let bytes = std::fs::read(file).map_err(refuse)?;
    let id = blob_id(&bytes, hash)?;
    let content = if bytes.len() as u64 <= MOST_HELD {
        Content::Bytes(bytes)
    } else {
        Content::File {
            path: file.to_owned(),
            size: bytes.len() as u64,
        }
    };
    Ok((id, content))
}

pub(super) fn unreadable(path: &[u8], error: &std::io::Error) -> RepoError {
    RepoError::new(format!(
        "read `{}` of the working directory: {error}",
        match path {
            [] => ".".to_owned(),
            path => printable(path),
        }
    ))
}
