//! As much of a sealed layer as changes can touch, so that they can be carried out without the layer.
//!
//! What is not known for sure refuses: the patch is then made by a sync of the whole image.

use std::collections::BTreeSet;

use super::seal::ways;
use crate::changes::Changes;
use crate::dir::{Dir, Found, Ids, Time, finish_file};
use crate::error::{Error, show};
use crate::guard::Guard;
use crate::node_path::NodePath;
use crate::owner;
use crate::path::split;
use crate::seal::{Seal, Sealed, SealedDirectory};
use crate::tree::{FileNode, Tree};

/// Stands for all entries of a directory that no change touches.
const OTHERS: &[u8] = b".werf-others";

/// The directories and files that changes can touch. Paths are below the root, without a slash at the beginning.
pub(super) struct Skeleton<'a> {
    seal: &'a Seal,
    directories: BTreeSet<Vec<u8>>,
    /// The files that go.
    gone: BTreeSet<Vec<u8>>,
    /// Directories that may go, and have more in them than what is here.
    kept: Vec<Vec<u8>>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Directory(SealedDirectory),
    Link,
    /// Something else.
    File,
    Nothing,
    /// Something else, or nothing.
    NoDirectory,
    /// Anything: it is in a directory of somebody else's.
    Unknown,
}

fn inexact(path: &[u8], why: &str) -> Error {
    Error::inexact(format!("patch without the image: `/{}` {why}", show(path)))
}

impl<'a> Skeleton<'a> {
    /// Takes from the seal what the changes from `old` to `new` can touch.
    pub(super) fn new(
        seal: &'a Seal,
        old: &Tree<'_>,
        new: &Tree<'_>,
        changes: &Changes,
    ) -> Result<Skeleton<'a>, Error> {
        let mut builder = Builder {
            seal,
            old,
            ways: ways(old),
            guard: Guard::of(b""),
            skeleton: Skeleton {
                seal,
                directories: BTreeSet::new(),
                gone: BTreeSet::new(),
                kept: Vec::new(),
            },
        };
        builder.add(b"")?;
        builder.gone(changes)?;
        let left = builder.left(changes)?;
        builder.needed(new, changes)?;
        builder.written(new, changes)?;
        builder.owners(new, changes)?;
        builder.keep(&left)?;
        Ok(builder.skeleton)
    }

    /// Makes it in an empty directory; `with_others` has what stands for entries that no change touches, too.
    pub(super) fn make(&self, root: &Dir, with_others: bool) -> Result<(), Error> {
        self.make_in(root, with_others)
            .map_err(|why| Error::own(format!("make what the patch starts from: {why}")))
    }

    fn directories(&self) -> impl DoubleEndedIterator<Item = (&Vec<u8>, SealedDirectory)> {
        let sealed = |path| match self.seal.nodes.get(path) {
            Some(Sealed::Directory(directory)) => Some((path, *directory)),
            _ => None,
        };
        self.directories.iter().filter_map(sealed)
    }

    fn make_in(&self, root: &Dir, with_others: bool) -> rustix::io::Result<()> {
        for (path, directory) in self.directories() {
            let ids = Ids {
                user: Some(directory.user),
                group: Some(directory.group),
            };
            if path.is_empty() {
                root.own(ids)?;
                root.set_mode(directory.mode)?;
            } else {
                let (above, name) = split(path);
                open(root, above)?.make_directory(name, directory.mode, ids)?;
            }
        }
        for path in &self.gone {
            let (above, name) = split(path);
            placeholder(&open(root, above)?, name)?;
        }
        for path in self.kept.iter().filter(|_| with_others) {
            placeholder(&open(root, path)?, OTHERS)?;
        }
        for (path, directory) in self.directories().rev() {
            open(root, path)?.set_time(Time(directory.time))?;
        }
        Ok(())
    }

    /// Removes, without a trace, what stands for entries that no change touches.
    pub(super) fn remove_others(&self, root: &Dir) -> Result<(), Error> {
        let remove = |path: &Vec<u8>| {
            let dir = open(root, path)?;
            let before = dir.stat()?;
            dir.remove_file(OTHERS)?;
            dir.restore_time(&before)
        };
        let removed = self.kept.iter().try_for_each(remove);
        removed.map_err(|why| Error::own(format!("clear what the patch started from: {why}")))
    }
}

/// Puts something at a name that is to be seen as gone.
pub(super) fn placeholder(dir: &Dir, name: &[u8]) -> rustix::io::Result<()> {
    let file = dir.make_file(name)?;
    finish_file(&file, 0o600, Ids::default(), Time(0))
}

fn open(root: &Dir, path: &[u8]) -> rustix::io::Result<Dir> {
    let mut here = root.duplicate()?;
    for name in path
        .split(|&byte| byte == b'/')
        .filter(|name| !name.is_empty())
    {
        match here.find(name)? {
            Found::Directory(dir) => here = dir,
            _ => return Err(rustix::io::Errno::NOTDIR),
        }
    }
    Ok(here)
}

struct Builder<'a, 'b> {
    seal: &'a Seal,
    old: &'b Tree<'b>,
    ways: BTreeSet<Vec<u8>>,
    guard: Guard,
    skeleton: Skeleton<'a>,
}

impl Builder<'_, '_> {
    /// The files that go, as far as they are there.
    fn gone(&mut self, changes: &Changes) -> Result<(), Error> {
        for &at in &changes.gone {
            let file = self.old.files[at];
            let path = self.old.file_path(file).below_root();
            if self.guard.covers(&path).is_some() || !self.has_base(self.old, file.mapping())? {
                continue;
            }
            let (above, name) = split(&path);
            match (self.look(above), self.look(&path)) {
                (Seen::Directory(_), Seen::File | Seen::Link) => {
                    if name == OTHERS {
                        return Err(inexact(&path, "has a name that means something here"));
                    }
                    self.touch(&path)?;
                    self.add(above)?;
                    self.skeleton.gone.insert(path);
                }
                (Seen::Directory(_), Seen::Directory(_) | Seen::Nothing) => {}
                (Seen::Directory(_), Seen::NoDirectory | Seen::Unknown) | (Seen::Unknown, _) => {
                    return Err(inexact(&path, "is not in the seal"));
                }
                (Seen::Link | Seen::File | Seen::Nothing | Seen::NoDirectory, _) => {}
            }
        }
        Ok(())
    }

    /// The directories that go if nothing is left in them, as far as they are there.
    fn left(&mut self, changes: &Changes) -> Result<Vec<Vec<u8>>, Error> {
        let mut left = Vec::new();
        for &at in &changes.left {
            let directory = &self.old.directories[at];
            let path = self.old.directory_path(directory).below_root();
            if self.guard.covers(&path).is_some()
                || !self.has_base(self.old, directory.mapping())?
            {
                continue;
            }
            match self.look(&path) {
                Seen::Directory(_) => {
                    self.touch(&path)?;
                    self.add(&path)?;
                    left.push(path);
                }
                Seen::Unknown => return Err(inexact(&path, "is not in the seal")),
                Seen::Link | Seen::File | Seen::Nothing | Seen::NoDirectory => {}
            }
        }
        Ok(left)
    }

    /// The directories that are to be there, as far as they are.
    fn needed(&mut self, new: &Tree<'_>, changes: &Changes) -> Result<(), Error> {
        for needed in &changes.needed {
            let directory = &new.directories[needed.directory];
            let path = new.directory_path(directory).below_root();
            self.make_base(new, directory.mapping())?;
            if self.guard.covers(&path).is_some() {
                continue;
            }
            self.touch(&path)?;
            match self.look(&path) {
                Seen::Directory(_) => self.add(&path)?,
                Seen::Link => return Err(inexact(&path, "is a symbolic link")),
                Seen::Unknown => return Err(inexact(&path, "is not in the seal")),
                Seen::File | Seen::Nothing | Seen::NoDirectory => {}
            }
        }
        Ok(())
    }

    /// What is replaced by files; only directories matter, since anything else simply is no more.
    fn written(&mut self, new: &Tree<'_>, changes: &Changes) -> Result<(), Error> {
        for &at in &changes.written {
            let file: FileNode = new.files[at];
            let path = new.file_path(file).below_root();
            self.make_base(new, file.mapping())?;
            if self.guard.covers(&path).is_some() {
                continue;
            }
            self.touch(&path)?;
            if self.seal.mounts.iter().any(|mount| is_below(mount, &path)) {
                return Err(inexact(&path, "has a mount in it"));
            }
            if let Seen::Directory(_) = self.look(&path) {
                self.add(&path)?;
            }
        }
        Ok(())
    }

    /// Refuses names of owners where the files change in which they are looked up.
    fn owners(&self, new: &Tree<'_>, changes: &Changes) -> Result<(), Error> {
        let written = changes.written.iter();
        let written = written.map(|&at| new.files[at].mapping());
        let needed = changes.needed.iter();
        let needed = needed.map(|needed| new.directories[needed.directory].mapping());
        let mut mappings = written.chain(needed);
        if mappings.any(|at| owner::is_by_name(new.places[at].mapping)) {
            for file in owner::DATABASES {
                let path = &file.as_bytes()[1..];
                if self.skeleton.gone.contains(path) {
                    return Err(inexact(path, "goes, and has the owners of files"));
                }
            }
        }
        Ok(())
    }

    /// Finds out which directories are not left empty.
    fn keep(&mut self, left: &[Vec<u8>]) -> Result<(), Error> {
        for path in left {
            let Some(Sealed::Directory(SealedDirectory {
                entries: Some(entries),
                ..
            })) = self.seal.nodes.get(path)
            else {
                return Err(inexact(path, "is not in the seal"));
            };
            let Skeleton {
                directories, gone, ..
            } = &self.skeleton;
            let shown = children(directories, path) + children(gone, path);
            if *entries > shown as u64 {
                self.skeleton.kept.push(path.clone());
            }
        }
        Ok(())
    }

    /// Adds a directory with all above it.
    fn add(&mut self, path: &[u8]) -> Result<(), Error> {
        let mut path = path;
        while !self.skeleton.directories.contains(path) {
            match self.look(path) {
                Seen::Directory(directory) if directory.has_attributes => {
                    return Err(inexact(path, "has extended attributes"));
                }
                Seen::Directory(_) => drop(self.skeleton.directories.insert(path.to_vec())),
                _ => return Err(inexact(path, "is not a directory")),
            }
            path = split(path).0;
        }
        Ok(())
    }

    /// Refuses what is in a mount: the image does not have it.
    fn touch(&self, path: &[u8]) -> Result<(), Error> {
        let is_in = |mount: &&Vec<u8>| path == mount.as_slice() || is_below(path, mount);
        match self.seal.mounts.iter().find(is_in) {
            Some(_) => Err(inexact(path, "is in a mount")),
            None => Ok(()),
        }
    }

    /// Says whether the base of a mapping is there.
    fn has_base(&self, tree: &Tree<'_>, mapping: usize) -> Result<bool, Error> {
        let base = tree.places[mapping].base.as_bytes();
        for path in prefixes(&base[1..]) {
            match self.look(path) {
                Seen::Directory(_) => {}
                Seen::Link => return Err(inexact(path, "is a symbolic link")),
                Seen::Unknown | Seen::NoDirectory => {
                    return Err(inexact(path, "is not in the seal"));
                }
                Seen::File | Seen::Nothing => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Adds what there is of the base of a mapping, which is to be there.
    fn make_base(&mut self, tree: &Tree<'_>, mapping: usize) -> Result<(), Error> {
        let base = tree.places[mapping].base.as_bytes();
        for path in prefixes(&base[1..]) {
            self.touch(path)?;
            match self.look(path) {
                Seen::Directory(_) => self.add(path)?,
                Seen::Link => return Err(inexact(path, "is a symbolic link")),
                Seen::Unknown | Seen::NoDirectory => {
                    return Err(inexact(path, "is not in the seal"));
                }
                Seen::File if self.skeleton.gone.contains(path) => break,
                Seen::File => return Err(inexact(path, "is not a directory")),
                Seen::Nothing => break,
            }
        }
        Ok(())
    }

    fn look(&self, path: &[u8]) -> Seen {
        if let Some(node) = self.seal.nodes.get(path) {
            return match node {
                Sealed::Directory(directory) => Seen::Directory(*directory),
                Sealed::Link => Seen::Link,
                Sealed::Other => Seen::File,
            };
        }
        let Seen::Directory(above) = self.look_above(path) else {
            return match self.look_above(path) {
                Seen::Unknown => Seen::Unknown,
                _ => Seen::Nothing,
            };
        };
        let known = NodePath {
            base: b"",
            below: path,
        };
        if self.ways.contains(path) || self.old.find_directory(&known).is_some() {
            return Seen::Nothing;
        }
        if above.entries.is_none() {
            return Seen::Unknown;
        }
        match self.old.find_file(&known) {
            Some(_) if self.seal.absent.contains(path) => Seen::Nothing,
            Some(_) => Seen::File,
            None => Seen::NoDirectory,
        }
    }

    fn look_above(&self, path: &[u8]) -> Seen {
        if path.is_empty() {
            Seen::Unknown
        } else {
            self.look(split(path).0)
        }
    }
}

/// Returns how many of the paths are directly in a directory.
fn children(paths: &BTreeSet<Vec<u8>>, directory: &[u8]) -> usize {
    let start = [directory, b"/"].concat();
    let below = paths.range(start.clone()..);
    let below = below.map_while(|path| path.strip_prefix(start.as_slice()));
    below.filter(|rest| !rest.contains(&b'/')).count()
}

/// Returns the path with all above it but the root, the outermost first.
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = path
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/')
        .map(|(end, _)| end);
    let whole = (!path.is_empty()).then_some(path.len());
    ends.chain(whole).map(|end| &path[..end])
}

fn is_below(path: &[u8], outer: &[u8]) -> bool {
    let rest = path.strip_prefix(outer);
    rest.is_some_and(|rest| rest.first() == Some(&b'/') || (outer.is_empty() && !rest.is_empty()))
}
