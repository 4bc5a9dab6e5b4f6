//! Taking the seal of a layer, when all of it is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::FileType;

use super::open_root;
use crate::dir::{Dir, Found, Time};
use crate::error::Error;
use crate::guard::Guard;
use crate::manifest::Manifest;
use crate::path::split;
use crate::resolve::Resolved;
use crate::seal::{self, Seal, Sealed, SealedDirectory};
use crate::state;
use crate::tree::Tree;
use crate::walk::{Base, Walker};
use crate::{SealId, owner};

/// Writes down, in the directory `sealed`, what a patch of the image will have to know.
///
/// Where there is no state that can be read, the seal says that it serves nobody, and the sync that follows says
/// what is wrong.
pub fn seal(root: &Path, sealed: &Path) -> Result<(), Error> {
    let seal = take(&open_root(root)?, Mounts::below(root)?.places)?;
    seal::write(&open_root(sealed)?, seal.as_ref())
}

/// Checks that the seal `id`, which is in the directory `sealed`, is that of the image.
///
/// # Errors
/// Inexact, if it is not.
pub fn check(root: &Path, sealed: &Path, id: SealId) -> Result<(), Error> {
    let mounts = Mounts::below(root)?;
    let expected = seal::read(&open_root(sealed)?, id);
    let expected = expected.map_err(|error| Error::inexact(error.to_string()))?;
    let found = take(&open_root(root)?, mounts.places)?;
    // Where a place for a mount had to be made, it was made just now.
    let timeless = |mut seal: Seal| {
        for (path, node) in &mut seal.nodes {
            if let Sealed::Directory(directory) = node
                && mounts.holders.contains(path)
            {
                directory.time = 0;
            }
        }
        seal
    };
    if found.map(timeless) == Some(timeless(expected)) {
        return Ok(());
    }
    Err(Error::inexact(format!(
        "seal {id} is that of the same stage as it was built at another time"
    )))
}

fn take(root: &Dir, mounts: BTreeSet<Vec<u8>>) -> Result<Option<Seal>, Error> {
    let Ok(Some(state)) = state::read(root) else {
        return Ok(None);
    };
    let Ok(manifest) = Manifest::decode(state.manifest()) else {
        return Ok(None);
    };
    let tree = Tree::new(&manifest);
    let mut look = Look::new(root)?;
    let listed = directories(&tree);
    let mut wanted = ways(&tree);
    wanted.extend(listed.iter().cloned());
    for path in &wanted {
        if !look.is_guarded(path) {
            look.at(path, listed.contains(path))?;
        }
    }
    let absent = look.absent(&tree);
    Ok(Some(Seal {
        manifest: state.manifest().to_vec(),
        names: owner::names(root, &manifest.mappings)?,
        mounts,
        nodes: look.nodes,
        absent,
    }))
}

/// Returns the paths of all directories of a tree, below the root.
pub(super) fn directories(tree: &Tree<'_>) -> BTreeSet<Vec<u8>> {
    let mut paths = BTreeSet::new();
    for directory in &tree.directories {
        paths.insert(tree.directory_path(directory).below_root());
    }
    paths
}

/// Returns the paths of the bases of a tree and of all directories above them, below the root.
pub(super) fn ways(tree: &Tree<'_>) -> BTreeSet<Vec<u8>> {
    let mut ways = BTreeSet::from([Vec::new()]);
    for place in &tree.places {
        let mut path = &place.base.as_bytes()[1..];
        while !path.is_empty() && ways.insert(path.to_vec()) {
            path = split(path).0;
        }
    }
    ways
}

/// What was looked at.
struct Look {
    walker: Walker,
    guard: Guard,
    nodes: BTreeMap<Vec<u8>, Sealed>,
    /// All that is in directories that were listed.
    present: BTreeSet<Vec<u8>>,
}

impl Look {
    fn new(root: &Dir) -> Result<Look, Error> {
        let failed = |why| Error::own(format!("open directory `/`: {why}"));
        let dir = root.duplicate().map_err(failed)?;
        let path = Vec::new();
        let base = Base::new(Resolved { dir, path })?;
        Ok(Look {
            walker: Walker::new(&base.into(), Time(0)),
            guard: Guard::of(b""),
            nodes: BTreeMap::new(),
            present: BTreeSet::new(),
        })
    }

    fn is_guarded(&self, path: &[u8]) -> bool {
        self.guard.covers(path).is_some()
    }

    /// Looks at one path, unless the way there is none, and into it.
    fn at(&mut self, path: &[u8], is_listed: bool) -> Result<(), Error> {
        let (above, name) = split(path);
        let kind = if path.is_empty() {
            Some(FileType::Directory)
        } else {
            match self.walker.find(above)? {
                Some(here) => {
                    let kind = here.dir.kind(name);
                    kind.map_err(|why| self.walker.failed("look at", path, &why))?
                }
                None => None,
            }
        };
        match kind {
            None => {}
            Some(FileType::Symlink) => drop(self.nodes.insert(path.to_vec(), Sealed::Link)),
            Some(FileType::Directory) => self.directory(path, is_listed)?,
            Some(_) => drop(self.nodes.insert(path.to_vec(), Sealed::Other)),
        }
        Ok(())
    }

    fn directory(&mut self, path: &[u8], is_listed: bool) -> Result<(), Error> {
        let Some(here) = self.walker.find(path)? else {
            return Ok(());
        };
        let mut found = Vec::new();
        let looked = describe(&here.dir).and_then(|mut sealed| {
            if is_listed {
                found = here.dir.entries()?;
                sealed.entries = Some(found.len() as u64);
            }
            let children = found.drain(..).map(|(name, kind)| {
                let child = match kind {
                    FileType::Symlink => Some(Sealed::Link),
                    FileType::Directory => match here.dir.find(&name)? {
                        Found::Directory(dir) => Some(Sealed::Directory(describe(&dir)?)),
                        _ => None,
                    },
                    _ => None,
                };
                Ok((name, child))
            });
            Ok((sealed, children.collect::<rustix::io::Result<Vec<_>>>()?))
        });
        let (sealed, children) = looked.map_err(|why| self.walker.failed("look at", path, &why))?;
        self.nodes.insert(path.to_vec(), Sealed::Directory(sealed));
        for (name, child) in children {
            let slash: &[u8] = if path.is_empty() { b"" } else { b"/" };
            let path = [path, slash, &name].concat();
            if let Some(child) = child.filter(|_| !self.is_guarded(&path)) {
                self.nodes.insert(path.clone(), child);
            }
            self.present.insert(path);
        }
        Ok(())
    }

    /// Returns the files of the tree that are not there though their directory is.
    fn absent(&self, tree: &Tree<'_>) -> BTreeSet<Vec<u8>> {
        let is_listed = |path: &[u8]| match self.nodes.get(path) {
            Some(Sealed::Directory(directory)) => directory.entries.is_some(),
            _ => false,
        };
        let mut absent = BTreeSet::new();
        for file in &tree.files {
            let path = tree.file_path(*file).below_root();
            if is_listed(split(&path).0) && !self.present.contains(&path) {
                absent.insert(path);
            }
        }
        absent
    }
}

fn describe(dir: &Dir) -> rustix::io::Result<SealedDirectory> {
    let stat = dir.stat()?;
    Ok(SealedDirectory {
        mode: stat.st_mode & 0o7777,
        user: stat.st_uid,
        group: stat.st_gid,
        time: stat.st_mtime as _,
        entries: None,
        has_attributes: dir.has_attributes()?,
    })
}

/// What is mounted below a root.
struct Mounts {
    /// Where, but for what every container has.
    places: BTreeSet<Vec<u8>>,
    /// The directories in which something is mounted, and those above them.
    holders: BTreeSet<Vec<u8>>,
}

impl Mounts {
    fn below(root: &Path) -> Result<Mounts, Error> {
        const TABLE: &str = "/proc/self/mountinfo";
        let failed = |why| Error::own(format!("read `{TABLE}`: {why}"));
        let table = fs::read(TABLE).map_err(failed)?;
        let root = fs::canonicalize(root).map_err(failed)?;
        let root = root.as_os_str().as_bytes();
        let root = root.strip_suffix(b"/").unwrap_or(root);
        let guard = Guard::of(b"");
        let mut mounts = Mounts {
            places: BTreeSet::new(),
            holders: BTreeSet::from([Vec::new()]),
        };
        for line in table.split(|&byte| byte == b'\n') {
            let Some(point) = line.split(|&byte| byte == b' ').nth(4) else {
                continue;
            };
            let point = unescape(point);
            let below = point
                .strip_prefix(root)
                .and_then(|rest| rest.strip_prefix(b"/"));
            let Some(below) = below.filter(|below| !below.is_empty()) else {
                continue;
            };
            if guard.covers(below).is_none() {
                mounts.places.insert(below.to_vec());
            }
            let mut above = split(below).0;
            while mounts.holders.insert(above.to_vec()) {
                above = split(above).0;
            }
        }
        Ok(mounts)
    }
}

/// Undoes what the kernel does to blanks, line breaks and backslashes in paths of the mount table: `\040` is a blank.
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        let code = || str::from_utf8(after.get(..3)?).ok();
        let code = code().and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.filter(|_| byte == b'\\') {
            Some(code) => {
                plain.push(code);
                rest = &after[3..];
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_mount_table_are_read() {
        assert_eq!(unescape(br"/a\040b\134c\x"), br"/a b\c\x");
        assert_eq!(unescape(b"/plain"), b"/plain");
        let mounts = Mounts::below(Path::new("/")).unwrap();
        assert!(mounts.places.iter().all(|path| !path.starts_with(b"proc")));
        assert!(mounts.holders.contains(&b""[..]));
    }
}
