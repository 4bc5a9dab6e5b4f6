//! The packs of a STORE, as they were when it was opened.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::sync::{Arc, OnceLock};

use super::layout::{Layout, unusable};
use super::pack::Pack;
use crate::error::Error;
use crate::hash::PackId;

/// Packs in force, and those that were merged into others.
pub(super) struct Packs {
    /// Open, so that they stay readable; large before small.
    pub(super) in_force: Vec<Arc<Pack>>,
    /// Of use only to builds that began before they were merged: opened when something is found
    /// nowhere else, for on a busy builder there are many.
    pub(super) superseded: Vec<PackId>,
    opened: OnceLock<Vec<Arc<Pack>>>,
}

impl Packs {
    pub(super) fn open(layout: &Layout) -> Result<Packs, Error> {
        let mut known = Vec::new();
        let mut superseded = HashSet::new();
        // Opened and closed one by one: there may be more than a process may hold open.
        for id in names(layout)? {
            if let Some(pack) = open(layout, id)? {
                superseded.extend(pack.index.supersedes.iter().copied());
                known.push(id);
            }
        }
        let (superseded, known): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|id| superseded.contains(id));
        let mut in_force = Vec::new();
        for id in known {
            in_force.extend(open(layout, id)?.map(Arc::new));
        }
        in_force.sort_by_key(|pack| (u64::MAX - pack.index.pack_length, pack.id));
        Ok(Packs {
            in_force,
            superseded,
            opened: OnceLock::new(),
        })
    }

    /// Returns the superseded packs that are still there.
    pub(super) fn superseded(&self, layout: &Layout) -> Result<&[Arc<Pack>], Error> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let mut packs = Vec::new();
        for &id in &self.superseded {
            packs.extend(open(layout, id)?.map(Arc::new));
        }
        Ok(self.opened.get_or_init(|| packs))
    }

    /// Adds a pack that was just written.
    pub(super) fn add(&mut self, pack: Pack) {
        self.in_force.retain(|known| known.id != pack.id);
        self.in_force.push(Arc::new(pack));
    }
}

fn open(layout: &Layout, id: PackId) -> Result<Option<Pack>, Error> {
    Pack::open(layout, id).map_err(|why| unusable("pack", &layout.pack(id), &why))
}

/// Lists the packs that have an index.
fn names(layout: &Layout) -> Result<Vec<PackId>, Error> {
    let directory = layout.directory("packs");
    let failed = |why| unusable("directory", &directory, &why);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(failed(why)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(index_name(&entry.map_err(failed)?.file_name()));
    }
    Ok(names)
}

/// Returns the pack that an index with this file name belongs to.
pub(super) fn index_name(name: &OsStr) -> Option<PackId> {
    name.to_str()?.strip_suffix(".idx")?.parse().ok()
}
