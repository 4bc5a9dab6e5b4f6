//! Removing what the new tree does not have.

use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::walkers::Walkers;
use crate::changes::Changes;
use crate::dir::{Dir, Time};
use crate::error::Error;
use crate::path::split;
use crate::resolve;
use crate::tree::{Place, Tree};
use crate::walk::{Base, Walker};

/// Removes files that are gone and directories that are left without any; returns how many files.
pub(super) fn delete(
    root: &Dir,
    tree: &Tree<'_>,
    changes: &Changes,
    time: Time,
) -> Result<usize, Error> {
    let bases = bases(root, tree, changes)?;
    let mut walkers = Walkers::new(tree);
    let mut deleted = 0;
    for &at in &changes.gone {
        let file = tree.files[at];
        if let Some(base) = &bases[file.mapping()] {
            let (walker, ()) = walkers.get(file.mapping(), || Ok((Walker::new(base, time), ())))?;
            deleted += usize::from(delete_file(walker, tree.file_path(file).below)?);
        }
    }
    // From the end, so that whatever is below a directory comes before it.
    for &at in changes.left.iter().rev() {
        let directory = &tree.directories[at];
        if let Some(base) = &bases[directory.mapping()] {
            let (walker, ()) =
                walkers.get(directory.mapping(), || Ok((Walker::new(base, time), ())))?;
            delete_directory(walker, tree.directory_path(directory).below)?;
        }
    }
    walkers.finish()?;
    Ok(deleted)
}

/// Finds the bases of mappings with something to remove; commands may have removed any.
fn bases(root: &Dir, tree: &Tree<'_>, changes: &Changes) -> Result<Vec<Option<Arc<Base>>>, Error> {
    let mut wanted = vec![false; tree.places.len()];
    for &at in &changes.gone {
        wanted[tree.files[at].mapping()] = true;
    }
    for &at in &changes.left {
        wanted[tree.directories[at].mapping()] = true;
    }
    let find = |(place, wanted): (&Place<'_>, bool)| {
        let found = if wanted {
            resolve::find(root, place.base.as_bytes())?
        } else {
            None
        };
        Ok(found.map(Base::new).transpose()?.map(Arc::new))
    };
    tree.places.iter().zip(wanted).map(find).collect()
}

/// Removes what stands where a file stood, unless it is a directory: that is somebody else's.
fn delete_file(walker: &mut Walker, path: &[u8]) -> Result<bool, Error> {
    if walker.base().guard.covers(path).is_some() {
        return Ok(false);
    }
    let (directory, name) = split(path);
    let Some(here) = walker.find(directory)? else {
        return Ok(false);
    };
    let removed = match here.dir.kind(name) {
        Ok(None | Some(FileType::Directory)) => return Ok(false),
        Ok(Some(_)) => here.dir.remove_file(name),
        Err(why) => Err(why),
    };
    removed.map_err(|why| walker.failed("delete", path, &why))?;
    walker.changed();
    Ok(true)
}

/// Removes a directory if nothing is left in it.
fn delete_directory(walker: &mut Walker, path: &[u8]) -> Result<(), Error> {
    if walker.base().guard.covers(path).is_some() {
        return Ok(());
    }
    let (directory, name) = split(path);
    let Some(here) = walker.find(directory)? else {
        return Ok(());
    };
    match here.dir.remove_directory(name) {
        Ok(()) => walker.changed(),
        // Foreign files in it, gone already, something else in its place, or a mount.
        Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT | Errno::NOTDIR | Errno::BUSY) => {}
        Err(why) => return Err(walker.failed("delete directory", path, &why)),
    }
    Ok(())
}
