//! Making the directories that files need.

use std::sync::Arc;

use super::Manner;
use super::walkers::Walkers;
use crate::changes::Changes;
use crate::dir::{Dir, Ids};
use crate::error::Error;
use crate::guard::Skipped;
use crate::resolve;
use crate::tree::{Place, Role, Tree};
use crate::walk::{Base, Ensured, Walker};

/// A mapping with the directory that it is written below, and whose everything there is.
pub(super) struct Target {
    pub(super) base: Arc<Base>,
    /// The owner as far as the mapping names one: what exists and is taken over gets it.
    named: Ids,
    /// The owner in full: what is made gets it.
    full: Ids,
    /// The owner as far as it is not this process, whose new files are anyway.
    other: Ids,
}

impl Target {
    /// Finds or makes the base of a mapping.
    fn new(root: &Dir, place: &Place<'_>, manner: Manner<'_>) -> Result<Target, Error> {
        let (named, ours) = (manner.owners.ids(place.mapping)?, Ids::ours());
        let full = Ids {
            user: named.user.or(ours.user),
            group: named.group.or(ours.group),
        };
        let other = Ids {
            user: full.user.filter(|_| full.user != ours.user),
            group: full.group.filter(|_| full.group != ours.group),
        };
        let base = Base::new(resolve::make(
            root,
            place.base.as_bytes(),
            full,
            manner.time,
        )?)?;
        Ok(Target {
            base: Arc::new(base),
            named,
            full,
            other,
        })
    }

    /// Returns the owner to give to a file just made; in a directory with the set-group-id bit it
    /// has the directory's group.
    pub(super) fn ids_for_file(&self, set_gid: bool) -> Ids {
        let group = if set_gid {
            self.full.group
        } else {
            self.other.group
        };
        Ids {
            user: self.other.user,
            group,
        }
    }
}

/// Makes the directories that are needed, and takes over those that came and exist. Returns the
/// targets of all mappings with a file to write.
pub(super) fn make_directories(
    root: &Dir,
    tree: &Tree<'_>,
    changes: &Changes,
    manner: Manner<'_>,
    skipped: &mut Skipped,
) -> Result<Vec<Option<Target>>, Error> {
    let start = |mapping: usize| {
        let target = Target::new(root, &tree.places[mapping], manner)?;
        Ok((Walker::new(&target.base, manner.time), target))
    };
    let mut walkers = Walkers::new(tree);
    for needed in &changes.needed {
        let directory = &tree.directories[needed.directory];
        let path = tree.directory_path(directory).below;
        let (walker, target) = walkers.get(directory.mapping(), || start(directory.mapping()))?;
        if let Some(guarded) = target.base.guard.covers(path) {
            skipped.directory(guarded);
            continue;
        }
        let mode = match directory.role {
            Role::Base => 0o755,
            Role::Nested => manner.nested_mode,
        };
        let (here, ensured) = walker.ensure(path, mode, target.full)?;
        if needed.came && matches!(ensured, Ensured::Present) {
            take_over(&here.dir, target.named)
                .map_err(|why| walker.failed("change the owner of", path, &why))?;
        }
    }
    // The directories of a mapping may all be another's, too.
    for &at in &changes.written {
        let mapping = tree.files[at].mapping();
        walkers.get(mapping, || start(mapping))?;
    }
    walkers.finish()
}

/// Gives a directory that was there to the owner of the mapping, if it names one.
fn take_over(dir: &Dir, named: Ids) -> rustix::io::Result<()> {
    let stat = dir.stat()?;
    let user = named.user.filter(|&user| user != stat.st_uid);
    let group = named.group.filter(|&group| group != stat.st_gid);
    dir.own(Ids { user, group })
}
