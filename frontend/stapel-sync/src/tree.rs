//! A manifest as one tree of absolute paths: which file stands where once all mappings are applied
//! in order, and which directories they need.
//!
//! Nodes are numbers into the manifest: with a hundred thousand files, copying their paths would
//! take longer than all else that a small change needs.

use crate::manifest::{Content, Leaf, Manifest, Mapping};
use crate::node_path::NodePath;
use crate::path::{AbsPath, common_prefix, split};

/// The files and directories of a manifest, each sorted by path.
pub(crate) struct Tree<'m> {
    pub(crate) places: Vec<Place<'m>>,
    pub(crate) files: Vec<FileNode>,
    pub(crate) directories: Vec<DirectoryNode>,
}

/// Where a mapping goes.
pub(crate) struct Place<'m> {
    pub(crate) mapping: &'m Mapping,
    /// The directory below which everything is written: `to`, or the one that holds it if `to` is
    /// a file.
    pub(crate) base: AbsPath,
    /// The name below the base if `to` is a file.
    name: &'m [u8],
}

impl<'m> Place<'m> {
    fn new(mapping: &'m Mapping) -> Self {
        let to = mapping.to.as_bytes();
        match mapping.content {
            Content::Directory(_) => Place {
                mapping,
                base: mapping.to.clone(),
                name: b"",
            },
            Content::File(_) => {
                let (above, name) = split(to);
                let base = if above.is_empty() { b"/" } else { above };
                let base = AbsPath::parse(base).expect("what holds a plain path is a plain path");
                Place {
                    mapping,
                    base,
                    name,
                }
            }
        }
    }

    pub(crate) fn same_owner(&self, other: &Place<'_>) -> bool {
        let (mine, theirs) = (self.mapping, other.mapping);
        mine.owner == theirs.owner && mine.group == theirs.group
    }

    fn rows(&self) -> usize {
        match &self.mapping.content {
            Content::File(_) => 1,
            Content::Directory(listing) => listing.len(),
        }
    }

    fn below(&self, row: usize) -> &[u8] {
        match &self.mapping.content {
            Content::File(_) => self.name,
            Content::Directory(listing) => listing.path(row),
        }
    }

    fn at<'p>(&'p self, below: &'p [u8]) -> NodePath<'p> {
        let base = self.base.as_bytes();
        NodePath {
            base: if base == b"/" { b"" } else { base },
            below,
        }
    }
}

/// A file or link: a row of a mapping. While it is not yet known which mapping wins, also the base
/// of a directory mapping.
#[derive(Clone, Copy)]
pub(crate) struct FileNode {
    mapping: u32,
    row: u32,
}

/// The row of a base.
const BASE: u32 = u32::MAX;

impl FileNode {
    pub(crate) fn mapping(self) -> usize {
        self.mapping as usize
    }

    fn is_base(self) -> bool {
        self.row == BASE
    }
}

/// A directory: as many bytes of a file's path below the base as `end` says. Bases have an `end` of
/// zero.
#[derive(Clone, Copy)]
pub(crate) struct DirectoryNode {
    /// In the last mapping that needs the directory.
    file: FileNode,
    end: usize,
    pub(crate) role: Role,
}

impl DirectoryNode {
    pub(crate) fn mapping(&self) -> usize {
        self.file.mapping()
    }
}

/// What a directory is to its mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The base: made with mode 0755, never removed.
    Base,
    /// A directory of the repository: made with mode 0775, removed when it is left empty.
    Nested,
}

impl<'m> Tree<'m> {
    pub(crate) fn new(manifest: &'m Manifest) -> Tree<'m> {
        let places = manifest.mappings.iter().map(Place::new).collect();
        let mut tree = Tree {
            places,
            files: Vec::new(),
            directories: Vec::new(),
        };
        let mut claims = tree.claims();
        if tree.overlap() {
            tree.settle(&mut claims);
        }
        tree.directories = tree.directories(&claims);
        claims.retain(|claim| !claim.is_base());
        tree.files = claims;
        tree
    }

    pub(crate) fn leaf(&self, file: FileNode) -> Leaf {
        match &self.places[file.mapping()].mapping.content {
            Content::File(leaf) => *leaf,
            Content::Directory(listing) => listing.leaf(file.row as usize),
        }
    }

    pub(crate) fn file_path(&self, file: FileNode) -> NodePath<'_> {
        let place = &self.places[file.mapping()];
        place.at(if file.is_base() {
            b""
        } else {
            place.below(file.row as usize)
        })
    }

    pub(crate) fn directory_path(&self, directory: &DirectoryNode) -> NodePath<'_> {
        let path = self.file_path(directory.file);
        NodePath {
            below: &path.below[..directory.end],
            ..path
        }
    }

    /// Returns the directory of a file and its name, below the base of its mapping.
    pub(crate) fn file_below(&self, file: FileNode) -> (&[u8], &[u8]) {
        split(self.file_path(file).below)
    }

    /// Returns the number of the directory with this path.
    pub(crate) fn find_directory(&self, path: &NodePath<'_>) -> Option<usize> {
        self.directories
            .binary_search_by(|node| self.directory_path(node).cmp(path))
            .ok()
    }

    /// Returns the number of the file with this path.
    pub(crate) fn find_file(&self, path: &NodePath<'_>) -> Option<usize> {
        self.files
            .binary_search_by(|file| self.file_path(*file).cmp(path))
            .ok()
    }

    /// Lists all that the mappings want to put somewhere, sorted by path unless they overlap.
    fn claims(&self) -> Vec<FileNode> {
        let total = self.places.iter().map(|place| place.rows() + 1).sum();
        let mut claims = Vec::with_capacity(total);
        let mut order: Vec<usize> = (0..self.places.len()).collect();
        // Whatever is below a directory sorts as if its path ended in a slash.
        let key = |&at: &usize| {
            let Mapping { to, content, .. } = self.places[at].mapping;
            let slash = matches!(content, Content::Directory(_)) && !to.is_root();
            [to.as_bytes(), if slash { b"/" } else { b"" }].concat()
        };
        order.sort_by_cached_key(key);
        for at in order {
            let (place, mapping) = (&self.places[at], at as u32);
            if let Content::Directory(_) = place.mapping.content {
                claims.push(FileNode { mapping, row: BASE });
            }
            claims.extend((0..place.rows() as u32).map(|row| FileNode { mapping, row }));
        }
        claims
    }

    /// Says whether one mapping goes to or below where another goes.
    fn overlap(&self) -> bool {
        let mut to: Vec<Vec<u8>> = self
            .places
            .iter()
            .map(|place| place.mapping.to.as_bytes().to_vec())
            .collect();
        // With slashes as the lowest byte, whatever is below a path comes right after it.
        for path in &mut to {
            path.iter_mut()
                .filter(|byte| **byte == b'/')
                .for_each(|byte| *byte = 0);
        }
        to.sort();
        let holds = |a: &[u8], b: &[u8]| {
            b.strip_prefix(a)
                .is_some_and(|rest| a == b"\0" || matches!(rest.first(), None | Some(0)))
        };
        to.windows(2).any(|pair| holds(&pair[0], &pair[1]))
    }

    /// Leaves out whatever a later mapping has no room for: a file yields to everything of a later
    /// mapping at its path, above it or below it; a base yields to a later file at its path or
    /// above it.
    fn settle(&self, claims: &mut Vec<FileNode>) {
        let path = |claim: &FileNode| self.file_path(*claim);
        // Of several at one path, files come first: bases have them above, they have bases below.
        let rank = |claim: &FileNode| (claim.is_base(), claim.mapping);
        claims.sort_by(|a, b| path(a).cmp(&path(b)).then_with(|| rank(a).cmp(&rank(b))));
        let mut yields = vec![false; claims.len()];
        // Claims whose path is a prefix of the current one, as bytes if not as directories.
        let mut open: Vec<usize> = Vec::new();
        for (at, claim) in claims.iter().enumerate() {
            let here = path(claim);
            while open
                .pop_if(|outer| path(&claims[*outer]).compare(&here).1.is_some())
                .is_some()
            {}
            for &outer in &open {
                let above = &claims[outer];
                if !above.is_base() && path(above).holds(&here) {
                    yields[at] |= above.mapping > claim.mapping;
                    yields[outer] |= claim.mapping > above.mapping;
                }
            }
            open.push(at);
        }
        let mut yields = yields.into_iter();
        claims.retain(|_| !yields.next().unwrap_or(false));
    }

    /// Lists the directories that the claims need; of several at one path, that of the last mapping.
    fn directories(&self, claims: &[FileNode]) -> Vec<DirectoryNode> {
        let mut directories = Vec::new();
        let mut before: Option<FileNode> = None;
        for &file in claims {
            let below = self.file_path(file).below;
            // What the path shares with the one before is there already.
            let known = match before.filter(|before| before.mapping == file.mapping) {
                Some(before) => common_prefix(self.file_path(before).below, below),
                None => {
                    directories.push(DirectoryNode {
                        file,
                        end: 0,
                        role: Role::Base,
                    });
                    0
                }
            };
            let slashes = below
                .iter()
                .enumerate()
                .skip(known)
                .filter(|(_, byte)| **byte == b'/');
            directories.extend(slashes.map(|(end, _)| DirectoryNode {
                file,
                end,
                role: Role::Nested,
            }));
            before = Some(file);
        }
        let path = |directory: &DirectoryNode| self.directory_path(directory);
        directories.sort_by(|a, b| {
            path(a)
                .cmp(&path(b))
                .then(b.file.mapping.cmp(&a.file.mapping))
        });
        directories.dedup_by(|a, b| path(a) == path(b));
        directories
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{HashKind, ObjectId};
    use crate::manifest::{EntryKind, Listing};

    fn leaf() -> Leaf {
        Leaf {
            kind: EntryKind::File,
            id: ObjectId::Sha1([0; 20]),
        }
    }

    fn mapping(to: &str, content: Content) -> Mapping {
        let to = AbsPath::parse(to.as_bytes()).unwrap();
        Mapping {
            to,
            owner: String::new(),
            group: String::new(),
            content,
        }
    }

    fn directory(to: &str, paths: &[&str]) -> Mapping {
        let mut listing = Listing::new(HashKind::Sha1);
        for path in paths {
            listing.push(path.as_bytes(), leaf()).unwrap();
        }
        mapping(to, Content::Directory(listing))
    }

    fn file(to: &str) -> Mapping {
        mapping(to, Content::File(leaf()))
    }

    /// Shows a tree as lines, first the directories, each with its mapping.
    fn shown(mappings: Vec<Mapping>) -> Vec<String> {
        let manifest = Manifest { mappings };
        let tree = Tree::new(&manifest);
        let directories = tree.directories.iter().map(|directory| {
            let base = if directory.role == Role::Base {
                "(base) "
            } else {
                ""
            };
            format!(
                "{} {base}{}",
                directory.mapping(),
                tree.directory_path(directory).show()
            )
        });
        let files = tree
            .files
            .iter()
            .map(|&file| format!("{} {}", file.mapping(), tree.file_path(file).show()));
        directories.chain(files).collect()
    }

    #[test]
    fn directories_are_those_that_files_need() {
        assert_eq!(
            shown(vec![directory(
                "/app",
                &["a-b/x", "a/b/c", "a/b/d", "a/e", "f"]
            )]),
            [
                "0 (base) /app",
                "0 /app/a",
                "0 /app/a-b",
                "0 /app/a/b",
                "0 /app/a-b/x",
                "0 /app/a/b/c",
                "0 /app/a/b/d",
                "0 /app/a/e",
                "0 /app/f"
            ]
        );
        assert_eq!(
            shown(vec![directory("/", &["a/b", "c"]), file("/etc/x")]),
            [
                "0 (base) /",
                "0 /a",
                "1 (base) /etc",
                "0 /a/b",
                "0 /c",
                "1 /etc/x"
            ]
        );
    }

    #[test]
    fn files_are_in_order_across_mappings() {
        let mappings = vec![
            directory("/app", &["a", "b/c"]),
            directory("/app-b", &["x"]),
            file("/app.c"),
            directory("/appd", &["y"]),
        ];
        let files: Vec<_> = shown(mappings).split_off(5);
        assert_eq!(
            files,
            [
                "1 /app-b/x",
                "2 /app.c",
                "0 /app/a",
                "0 /app/b/c",
                "3 /appd/y"
            ]
        );
    }

    #[test]
    fn later_mappings_win_where_mappings_meet() {
        for (mappings, expected) in [
            (
                vec![directory("/a", &["x", "y"]), file("/a/x")],
                &["1 (base) /a", "1 /a/x", "0 /a/y"][..],
            ),
            (
                vec![file("/a/x"), directory("/a", &["x", "y"])],
                &["1 (base) /a", "1 /a/x", "1 /a/y"],
            ),
            (
                vec![directory("/a", &["x"]), directory("/a/x", &[])],
                &["0 (base) /a", "1 (base) /a/x"],
            ),
            (
                vec![directory("/a/x", &["y"]), directory("/a", &["x"])],
                &["1 (base) /a", "1 /a/x"],
            ),
            (
                vec![directory("/a/x/y", &["z"]), file("/a")],
                &["1 (base) /", "1 /a"],
            ),
            (
                vec![file("/a"), directory("/a/x/y", &["z"])],
                &["1 (base) /a/x/y", "1 /a/x/y/z"],
            ),
            (
                // The last hides the middle one, and the middle one still hides the first.
                vec![
                    directory("/", &["p/a"]),
                    directory("/", &["p"]),
                    directory("/", &["p/b"]),
                ],
                &["2 (base) /", "2 /p", "2 /p/b"],
            ),
            (
                vec![
                    directory("/app", &["conf/a", "conf/b"]),
                    directory("/", &["app/conf/b"]),
                ],
                &[
                    "1 (base) /",
                    "1 /app",
                    "1 /app/conf",
                    "0 /app/conf/a",
                    "1 /app/conf/b",
                ],
            ),
        ] {
            assert_eq!(shown(mappings.clone()), expected, "{mappings:?}");
        }
    }
}
