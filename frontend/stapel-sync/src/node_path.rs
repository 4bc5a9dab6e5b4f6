//! Paths of files and directories in a tree, without a copy of any of them.

use std::cmp::Ordering;

use crate::error::show;
use crate::path::{common_prefix, split};

/// An absolute path in two parts; the root is empty. It is ordered as its bytes are.
#[derive(Clone, Copy)]
pub(crate) struct NodePath<'a> {
    pub(crate) base: &'a [u8],
    pub(crate) below: &'a [u8],
}

impl<'a> NodePath<'a> {
    fn parts(&self) -> [&'a [u8]; 3] {
        [
            self.base,
            if self.below.is_empty() { b"" } else { b"/" },
            self.below,
        ]
    }

    fn len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    /// Returns the directory that holds it; nothing holds the root.
    pub(crate) fn parent(&self) -> Option<NodePath<'a>> {
        match (self.base, self.below) {
            (b"", b"") => None,
            (base, b"") => Some(NodePath {
                base: split(base).0,
                below: b"",
            }),
            (base, below) => Some(NodePath {
                base,
                below: split(below).0,
            }),
        }
    }

    /// Returns the path without the slash at its beginning; the root is empty.
    pub(crate) fn below_root(&self) -> Vec<u8> {
        let mut path = self.parts().concat();
        if !path.is_empty() {
            path.remove(0);
        }
        path
    }

    pub(crate) fn show(&self) -> String {
        if self.len() == 0 {
            "/".into()
        } else {
            show(&self.parts().concat())
        }
    }

    /// Returns how many bytes both begin with, and the next byte of each.
    pub(crate) fn compare(&self, other: &NodePath<'_>) -> (usize, Option<u8>, Option<u8>) {
        let (mine, theirs) = (self.parts(), other.parts());
        let (mut mine, mut theirs) = (mine.iter(), theirs.iter());
        let (mut a, mut b): (&[u8], &[u8]) = (b"", b"");
        let mut shared = 0;
        loop {
            while let ([], Some(part)) = (a, mine.as_slice().first()) {
                a = part;
                mine.next();
            }
            while let ([], Some(part)) = (b, theirs.as_slice().first()) {
                b = part;
                theirs.next();
            }
            let same = common_prefix(a, b);
            shared += same;
            (a, b) = (&a[same..], &b[same..]);
            if same == 0 || !(a.is_empty() || b.is_empty()) {
                return (shared, a.first().copied(), b.first().copied());
            }
        }
    }

    /// Says whether this is `other` or a directory above it.
    pub(crate) fn holds(&self, other: &NodePath<'_>) -> bool {
        let (_, mine, next) = self.compare(other);
        mine.is_none() && matches!(next, None | Some(b'/'))
    }
}

impl Ord for NodePath<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.base == other.base {
            // Neighbours share most of their bytes, and not every libc compares those fast.
            let shared = common_prefix(self.below, other.below);
            return self.below.get(shared).cmp(&other.below.get(shared));
        }
        let (_, mine, theirs) = self.compare(other);
        mine.cmp(&theirs)
    }
}

impl PartialOrd for NodePath<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for NodePath<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for NodePath<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns all ways to cut a path into a base and what is below it.
    fn cuts(path: &str) -> Vec<NodePath<'_>> {
        let path = path.as_bytes();
        let slashes = (0..path.len()).filter(|&at| path[at] == b'/');
        let cuts = slashes.map(|at| NodePath {
            base: &path[..at],
            below: &path[at + 1..],
        });
        cuts.chain([NodePath {
            base: path,
            below: b"",
        }])
        .collect()
    }

    #[test]
    fn paths_are_ordered_as_their_bytes_however_they_are_cut() {
        let paths = [
            "",
            "/a",
            "/a-b",
            "/a/b",
            "/a/b/c",
            "/a/bc/d",
            "/ab",
            "/b/12345678/x",
            "/b/12345678y",
        ];
        for a in paths {
            for b in paths {
                for (one, other) in cuts(a)
                    .iter()
                    .flat_map(|one| cuts(b).into_iter().map(move |other| (one, other)))
                {
                    assert_eq!(one.cmp(&other), a.cmp(b), "{a} {b}");
                    let holds =
                        a == b || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('/'));
                    assert_eq!(one.holds(&other), holds, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn the_way_up_ends_at_the_root() {
        for path in cuts("/a/b/c") {
            let mut above = Vec::new();
            let mut next = path.parent();
            while let Some(path) = next {
                above.push(path.show());
                next = path.parent();
            }
            assert_eq!(above, ["/a/b", "/a", "/"]);
        }
    }
}
