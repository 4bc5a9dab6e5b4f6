//! The one checked path type: what a git tree may name and a sync may write.

use std::fmt;

use gix::bstr::ByteSlice as _;
use gix::validate::path::{component, component as path_component};

/// Longer paths than this cannot be opened on Linux (`PATH_MAX`, with the NUL behind them).
const LONGEST: usize = 4095;

/// Longer names than this cannot be written on Linux's file systems (`NAME_MAX`).
const LONGEST_NAME: usize = 255;

/// A path from a git tree that is safe to join to an output root: relative, with slashes, any bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Vec<u8>);

/// Why some bytes are no [`RepoPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// A component is empty, as in `/a`, `a/`, `a//b` and the empty path.
    Empty,
    /// A component is `.` or `..`.
    Relative,
    /// A component is `.git`, in any case, or what Windows takes for it, such as `git~1`: whoever writes it changes a
    /// repository. git refuses these by default on all systems (`core.protectNTFS`).
    DotGit,
    /// A component holds a NUL.
    Nul,
    /// A single name holds a slash.
    Slash,
    /// The path has more than 4095 bytes.
    TooLong,
    /// A component has more than 255 bytes.
    NameTooLong,
}

impl RepoPath {
    /// Checks every component, so that no caller checks again.
    ///
    /// # Errors
    /// A component that is not a plain name, or too many bytes.
    pub fn parse(raw: &[u8]) -> Result<RepoPath, PathError> {
        if raw.len() > LONGEST {
            return Err(PathError::TooLong);
        }
        raw.split(|&byte| byte == b'/').try_for_each(check_name)?;
        Ok(RepoPath(raw.to_vec()))
    }

    /// Returns the path of `name` in the directory `parent`, or in the root; only `name` is checked.
    ///
    /// # Errors
    /// A name that is not a plain name, or too many bytes in all.
    pub fn child(parent: Option<&RepoPath>, name: &[u8]) -> Result<RepoPath, PathError> {
        check_name(name)?;
        if name.contains(&b'/') {
            return Err(PathError::Slash);
        }
        let Some(RepoPath(parent)) = parent else {
            return RepoPath::parse(name);
        };
        let length = parent.len() + 1 + name.len();
        if length > LONGEST {
            return Err(PathError::TooLong);
        }
        let mut path = Vec::with_capacity(length);
        path.extend_from_slice(parent);
        path.push(b'/');
        path.extend_from_slice(name);
        Ok(RepoPath(path))
    }

    /// Returns the bytes, without a slash at either end.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the components from the root on.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/')
    }

    /// Returns the last component.
    pub fn name(&self) -> &[u8] {
        self.components().last().unwrap_or_default()
    }
}

fn check_name(name: &[u8]) -> Result<(), PathError> {
    match name {
        b"" => Err(PathError::Empty),
        b"." | b".." => Err(PathError::Relative),
        _ if name.contains(&0) => Err(PathError::Nul),
        _ if name.len() > LONGEST_NAME => Err(PathError::NameTooLong),
        _ if is_dot_git(name) => Err(PathError::DotGit),
        _ => Ok(()),
    }
}

/// Whether git takes `name` for `.git` by default. A slash in it is somebody else's mistake.
fn is_dot_git(name: &[u8]) -> bool {
    let options = component::Options {
        protect_windows: false,
        protect_hfs: false,
        protect_ntfs: true,
    };
    let checked = path_component(name.as_bstr(), None, options);
    matches!(checked, Err(component::Error::DotGitDir))
}

/// The path as a person reads it; control characters and what is not UTF-8 are escaped.
impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoPath({self})")
    }
}

/// How many bytes of a path are shown: all of a path that can be one, and the beginning of what cannot.
const SHOWN: usize = 4096;

/// Returns `path` on one line: what a terminal would obey and bytes that are not UTF-8 are escaped.
pub fn printable(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len().min(SHOWN));
    let (path, rest) = path.split_at(path.len().min(SHOWN));
    for chunk in path.utf8_chunks() {
        text.push_str(&diagnostic::printable::line(chunk.valid()));
        text.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    if !rest.is_empty() {
        text.push('…');
    }
    text
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathError::Empty => "a component is empty",
            PathError::Relative => "a component is `.` or `..`",
            PathError::DotGit => "a component is `.git`, or what other systems take for it",
            PathError::Nul => "a component holds a NUL",
            PathError::Slash => "a name holds a slash",
            PathError::TooLong => "it has more than 4095 bytes",
            PathError::NameTooLong => "a name has more than 255 bytes",
        })
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tree_paths_that_leave_the_root_are_refused() {
        for (path, why) in [
            (&b""[..], PathError::Empty),
            (b"/a", PathError::Empty),
            (b"a/", PathError::Empty),
            (b"a//b", PathError::Empty),
            (b"../etc/passwd", PathError::Relative),
            (b"a/./b", PathError::Relative),
            (b".git", PathError::DotGit),
            (b"sub/.GIT/config", PathError::DotGit),
            (b"a/b\0c", PathError::Nul),
            (&[b'a'; 4096], PathError::TooLong),
        ] {
            tally::refused(1);
            assert_eq!(RepoPath::parse(path), Err(why), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn any_other_bytes_are_a_path() {
        for path in [
            &b"a"[..],
            b"a b/\"c\"",
            b"\xff\xfe/\n",
            b".github/x",
            b"...",
            b".git2",
            b"a\\b",
        ] {
            tally::right(1);
            assert_eq!(RepoPath::parse(path).unwrap().as_bytes(), path);
        }
    }

    #[test]
    fn a_child_is_checked_like_a_whole_path() {
        let parent = RepoPath::parse(b"a/b").unwrap();
        let child = RepoPath::child(Some(&parent), b"c").unwrap();
        assert_eq!(child, RepoPath::parse(b"a/b/c").unwrap());
        assert_eq!(child.name(), b"c");
        for (name, why) in [
            (&b"c/d"[..], PathError::Slash),
            (b"..", PathError::Relative),
            (b".Git", PathError::DotGit),
            (b"", PathError::Empty),
            (b"git~1", PathError::DotGit),
            (b".git ", PathError::DotGit),
            (b".git::$INDEX_ALLOCATION", PathError::DotGit),
            (&[b'a'; 256], PathError::NameTooLong),
        ] {
            assert_eq!(RepoPath::child(Some(&parent), name), Err(why));
        }
        assert_eq!(RepoPath::child(None, b"c/d"), Err(PathError::Slash));
        let deep =
            RepoPath::parse([&[b'a'; 255][..]; 16].join(&b'/').as_slice()).expect("short names");
        assert_eq!(RepoPath::child(Some(&deep), b"c"), Err(PathError::TooLong));
        for name in [&b".gitmodules"[..], b"git~2", b".git2", b"git", b".gitx "] {
            assert!(RepoPath::parse(name).is_ok(), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn odd_bytes_are_shown_on_one_line() {
        let path = RepoPath::parse(b"\xd0\xb6 a\n\xff\x1b").unwrap();
        assert_eq!(path.to_string(), "ж a\\n\\xff\\u{1b}");
    }
}
