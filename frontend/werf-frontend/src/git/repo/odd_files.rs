//! Files of a git directory that nobody should open: what is no file blocks whoever reads it, and what is too large fills memory.

use std::fs::FileType;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use super::RepoError;

/// A file with a reference, HEAD among them, larger than this is none: it holds a path.
const MAX_REFERENCE_BYTES: u64 = 4096 + 16;

/// A `config` larger than this is none: 10,000 branches make less than a mebibyte. Reading one takes twenty times its size.
const MAX_CONFIG_FILE_BYTES: u64 = 4 << 20;

/// What is read of a git directory besides files in it.
const DIRECTORIES: [&str; 3] = ["info", "objects", "refs"];

/// Refuses a git directory, and the common one that it names, with such files where git looks.
pub(super) fn refuse(git_dir: &Path) -> Result<(), RepoError> {
    refuse_in(git_dir)?;
    match common_dir(git_dir) {
        Some(common) => refuse_in(&common),
        None => Ok(()),
    }
}

fn refuse_in(git_dir: &Path) -> Result<(), RepoError> {
    refuse_what_blocks(git_dir, git_dir, false)?;
    for name in DIRECTORIES {
        refuse_what_blocks(git_dir, &git_dir.join(name), true)?;
    }
    for name in ["config", "config.worktree"] {
        refuse_huge(git_dir, name, MAX_CONFIG_FILE_BYTES, "configuration")?;
    }
    refuse_huge(git_dir, "HEAD", MAX_REFERENCE_BYTES, "reference")?;
    let head = std::fs::read_to_string(git_dir.join("HEAD")).unwrap_or_default();
    match head.trim_end().strip_prefix("ref: ") {
        Some(branch) => refuse_huge(git_dir, branch.trim(), MAX_REFERENCE_BYTES, "reference"),
        None => Ok(()),
    }
}

/// Returns the directory that the file `commondir` names: a small file, or it is none.
fn common_dir(git_dir: &Path) -> Option<PathBuf> {
    let file = git_dir.join("commondir");
    let meta = std::fs::metadata(&file).ok()?;
    if !meta.is_file() || meta.len() > MAX_REFERENCE_BYTES {
        return None;
    }
    let named = std::fs::read_to_string(file).ok()?;
    Some(git_dir.join(named.trim_end()))
}

/// Refuses pipes and devices in `directory`, and below it if `is_deep`.
fn refuse_what_blocks(git_dir: &Path, directory: &Path, is_deep: bool) -> Result<(), RepoError> {
    // What cannot be listed, whoever reads it says.
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let path = entry.path();
        if is_deep && kind.is_dir() {
            refuse_what_blocks(git_dir, &path, true)?;
        }
        // A link may lead to such a thing.
        let kind = if kind.is_symlink() {
            std::fs::metadata(&path).ok().map(|meta| meta.file_type())
        } else {
            Some(kind)
        };
        if let Some(what) = kind.and_then(blocking) {
            let shown = path.strip_prefix(git_dir).unwrap_or(&path);
            return Err(RepoError::new(format!(
                "`.git/{}` is {what}, and no file",
                shown.display()
            ))
            .hint("git makes none: remove it, or clone the repository anew"));
        }
    }
    Ok(())
}

/// Returns what a file is that is no file, directory or link.
fn blocking(kind: FileType) -> Option<&'static str> {
    if kind.is_fifo() {
        return Some("a named pipe");
    }
    // A socket, as the file system monitor of git has one there, cannot be opened and so blocks nobody.
    (kind.is_char_device() || kind.is_block_device()).then_some("a device")
}

/// Refuses a file that is no `what` by its size alone.
fn refuse_huge(git_dir: &Path, name: &str, most: u64, what: &str) -> Result<(), RepoError> {
    match std::fs::metadata(git_dir.join(name)) {
        Ok(meta) if meta.is_file() && meta.len() > most => Err(RepoError::new(format!(
            "`.git/{name}` has {} bytes, and is no {what}",
            meta.len()
        ))
        .hint("`git fsck` says more about it")),
        _ => Ok(()),
    }
}
