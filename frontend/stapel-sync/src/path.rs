//! The two kinds of path in a manifest, checked in one place.

use std::fmt;

/// Longest path that a manifest may hold, Linux's `PATH_MAX` without the final NUL.
pub const MAX_PATH: usize = 4095;

/// Why a path cannot stand in a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// A component is empty: `a//b`, a leading or trailing `/`, or nothing at all.
    Empty,
    /// A component is `.` or `..`.
    Relative,
    /// It holds a NUL byte.
    Nul,
    /// It is longer than [`MAX_PATH`].
    TooLong,
    /// It had to begin with `/`.
    NotAbsolute,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathError::Empty => "a component is empty",
            PathError::Relative => "a component is `.` or `..`",
            PathError::Nul => "it holds a NUL byte",
            PathError::TooLong => "it is longer than 4095 bytes",
            PathError::NotAbsolute => "it does not begin with `/`",
        })
    }
}

/// Checks a path relative to a mapping: plain components, joined by single slashes.
pub(crate) fn check_relative(path: &[u8]) -> Result<(), PathError> {
    if path.len() > MAX_PATH {
        return Err(PathError::TooLong);
    }
    for component in path.split(|&byte| byte == b'/') {
        match component {
            b"" => return Err(PathError::Empty),
            b"." | b".." => return Err(PathError::Relative),
            _ if component.contains(&0) => return Err(PathError::Nul),
            _ => {}
        }
    }
    Ok(())
}

/// Returns how many bytes both begin with.
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    // Paths that follow each other share much, so eight bytes are compared at a time.
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let same = words.take_while(|(a, b)| a == b).count() * 8;
    same + a[same..]
        .iter()
        .zip(&b[same..])
        .take_while(|(a, b)| a == b)
        .count()
}

/// Splits a path at its last slash.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// An absolute path in a container, without `.`, `..`, doubled or trailing slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbsPath(Vec<u8>);

impl AbsPath {
    /// The only way to make one: nobody who holds it checks again.
    pub fn parse(raw: &[u8]) -> Result<AbsPath, PathError> {
        let relative = raw.strip_prefix(b"/").ok_or(PathError::NotAbsolute)?;
        if !relative.is_empty() {
            check_relative(relative)?;
        }
        Ok(AbsPath(raw.to_vec()))
    }

    /// Returns the path as written, beginning with `/`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0 == b"/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_not_plain_are_refused() {
        for (path, why) in [
            (&b""[..], PathError::Empty),
            (b"/a", PathError::Empty),
            (b"a/", PathError::Empty),
            (b"a//b", PathError::Empty),
            (b".", PathError::Relative),
            (b"../etc/passwd", PathError::Relative),
            (b"a/../b", PathError::Relative),
            (b"a\0b", PathError::Nul),
        ] {
            assert_eq!(check_relative(path), Err(why), "{}", path.escape_ascii());
        }
        assert_eq!(
            check_relative(&[b'a'; MAX_PATH + 1]),
            Err(PathError::TooLong)
        );
        assert_eq!(check_relative(b"a/...b/\xff\n"), Ok(()));
    }

    #[test]
    fn absolute_paths_have_one_spelling() {
        for (path, why) in [
            (&b""[..], PathError::NotAbsolute),
            (b"app", PathError::NotAbsolute),
            (b"//", PathError::Empty),
            (b"/app/", PathError::Empty),
            (b"/app/..", PathError::Relative),
        ] {
            assert_eq!(AbsPath::parse(path), Err(why), "{}", path.escape_ascii());
        }
        assert!(AbsPath::parse(b"/").unwrap().is_root());
        assert_eq!(AbsPath::parse(b"/srv/a b").unwrap().as_bytes(), b"/srv/a b");
    }
}
