//! Making the files of an image what a slot says.
//!
//! The state file tells what is applied, the slot's manifest what is to be. Only what differs
//! between the two is touched: first everything that goes is removed, then directories are made,
//! then files are written, last the state. Whatever fails leaves the rootfs half done; the result
//! of a failed exec is thrown away, so nothing here is undone.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::changes::Changes;
use crate::dir::{Dir, Ids, Time};
use crate::error::Error;
use crate::hash::{ManifestId, StageDigest};
use crate::manifest::Manifest;
use crate::owner;
use crate::resolve;
use crate::slot::Slot;
use crate::state::{self, State};
use crate::store::{Location, Store};
use crate::tree::{Place, Role, Tree, split};
use crate::walk::{Base, Ensured, Walker};
use crate::write::{Job, write_files};

/// What to believe of the state file that the image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// An earlier stage of this image wrote it.
    State,
    /// This is the first stage with files: a state file came with the base image and means nothing.
    Nothing,
}

/// What a sync did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many files and links were written.
    pub written: usize,
    /// How many were removed.
    pub deleted: usize,
    /// How many are the same in both manifests and were not looked at.
    pub unchanged: usize,
    /// What happened that somebody should know.
    pub warnings: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { written, deleted, unchanged, .. } = self;
        write!(f, "sources: {written} written, {deleted} deleted, {unchanged} unchanged")
    }
}

/// Brings the files below `root` to what the slot of `stage` names, and returns the slot.
pub fn sync(store: &Store, stage: StageDigest, root: &Path, before: Before) -> Result<(Slot, Report), Error> {
    let slot = store.read_slot(stage)?;
    let report = apply(store, &slot, root, before)?;
    Ok((slot, report))
}

/// Does the same for the last exec of an image, whose slot must name exactly the manifest `tree`,
/// and removes the state file.
pub fn finish(
    store: &Store,
    stage: StageDigest,
    root: &Path,
    before: Before,
    tree: ManifestId,
) -> Result<Report, Error> {
    let slot = store.read_slot(stage)?;
    if slot.manifest != tree {
        let why = format!("it names the manifest {}, not {tree}", slot.manifest);
        return Err(Error::store(format!("read the slot of stage {stage}: {why}")));
    }
    let report = apply(store, &slot, root, before)?;
    state::remove(&open_root(root)?)?;
    Ok(report)
}

fn open_root(path: &Path) -> Result<Dir, Error> {
    Dir::root(path).map_err(|why| Error::own(format!("open directory `{}`: {why}", path.display())))
}

fn apply(store: &Store, slot: &Slot, root: &Path, before: Before) -> Result<Report, Error> {
    let root = open_root(root)?;
    let state = match before {
        Before::State => state::read(&root)?,
        Before::Nothing => None,
    };
    let bytes = store.read_manifest(slot.manifest)?;
    let manifest = Manifest::decode(&bytes);
    let manifest = manifest.map_err(|why| Error::store(format!("read manifest {}: {why}", slot.manifest)))?;
    let new = Tree::new(&manifest);
    if state.as_ref().is_some_and(|state| state.id == slot.manifest) {
        return Ok(Report { unchanged: new.files.len(), ..Report::default() });
    }
    let applied = state.map_or_else(|| Ok(Manifest::default()), |state| Manifest::decode(&state.manifest));
    let applied = applied.map_err(|why| Error::own(format!("read `{}`: {why}", state::STATE_PATH)))?;
    let old = Tree::new(&applied);
    let changes = Changes::between(&old, &new);
    // Nothing is touched before it is known that all that is needed is there.
    let blobs = locate(store, &new, &changes)?;
    let time = Time(slot.commit.time_unix);
    let mut report = Report { unchanged: changes.unchanged, ..Report::default() };
    let mut session = Session { root: &root, time, report: &mut report, skipped: BTreeMap::new() };
    session.delete(&old, &changes)?;
    let targets = session.make_directories(&new, &changes)?;
    session.write(store, &new, &changes, &targets, &blobs)?;
    session.warn_of_skipped();
    state::write(&root, &State { id: slot.manifest, manifest: bytes }, time)?;
    Ok(report)
}

/// Finds the blobs of all files that are to be written, in the same order.
fn locate(store: &Store, tree: &Tree<'_>, changes: &Changes) -> Result<Vec<Location>, Error> {
    let ids: Vec<_> = changes.written.iter().map(|&at| tree.leaf(&tree.files[at]).id).collect();
    let found = store.locate(&ids)?;
    if let Some(missing) = found.iter().position(Option::is_none) {
        let path = tree.file_path(&tree.files[changes.written[missing]]).show();
        let count = found.iter().filter(|found| found.is_none()).count();
        let id = ids[missing];
        let others = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        return Err(Error::store(format!("read blob {id} (`{path}`): it is missing{others}")));
    }
    Ok(found.into_iter().flatten().collect())
}

/// Why the target of a file that is written can be relied on.
pub(crate) const HAS_TARGET: &str = "a target was made for the mapping of every file to write";

/// A mapping with the directory that it is written below, and whose everything there is.
pub(crate) struct Target {
    pub(crate) base: Arc<Base>,
    /// The owner as far as the mapping names one: what exists and is taken over gets it.
    named: Ids,
    /// The owner in full: what is made gets it.
    full: Ids,
    /// The owner as far as it is not this process, whose new files are anyway.
    other: Ids,
}

impl Target {
    /// Finds or makes the base of a mapping.
    fn new(root: &Dir, place: &Place<'_>, time: Time) -> Result<Target, Error> {
        let (named, ours) = (owner::ids(root, place.mapping)?, Ids::ours());
        let full = Ids { user: named.user.or(ours.user), group: named.group.or(ours.group) };
        let other = Ids {
            user: full.user.filter(|_| full.user != ours.user),
            group: full.group.filter(|_| full.group != ours.group),
        };
        let base = Base::new(resolve::make(root, place.base.as_bytes(), full, time)?)?;
        Ok(Target { base: Arc::new(base), named, full, other })
    }

    /// Returns the owner to give to a file just made; in a directory with the set-group-id bit it
    /// has the directory's group.
    pub(crate) fn ids_for_file(&self, set_gid: bool) -> Ids {
        let group = if set_gid { self.full.group } else { self.other.group };
        Ids { user: self.other.user, group }
    }
}

struct Session<'a> {
    root: &'a Dir,
    time: Time,
    report: &'a mut Report,
    /// Guarded paths, and how many files were not written there.
    skipped: BTreeMap<&'static str, usize>,
}

impl Session<'_> {
    /// Removes files that are gone and directories that are left without any.
    fn delete(&mut self, tree: &Tree<'_>, changes: &Changes) -> Result<(), Error> {
        let (root, time) = (self.root, self.time);
        let mut walkers = PerMapping::new(tree, |mapping| {
            let base = resolve::find(root, tree.places[mapping].base.as_bytes())?;
            let base = base.map(Base::new).transpose()?;
            Ok(base.map(|base| Walker::new(Arc::new(base), time)))
        });
        for &at in &changes.gone {
            let file = &tree.files[at];
            if let Some(walker) = walkers.get(file.mapping)? {
                self.report.deleted += usize::from(delete_file(walker, tree.file_path(file).below)?);
            }
        }
        // From the end, so that whatever is below a directory comes before it.
        for &at in changes.left.iter().rev() {
            let directory = &tree.directories[at];
            if let Some(walker) = walkers.get(directory.mapping)? {
                delete_directory(walker, tree.directory_path(directory).below)?;
            }
        }
        walkers.made.into_iter().flatten().flatten().try_for_each(Walker::finish)
    }

    /// Makes the directories that are needed, and takes over those that came and exist.
    fn make_directories(&mut self, tree: &Tree<'_>, changes: &Changes) -> Result<Vec<Option<Target>>, Error> {
        let (root, time) = (self.root, self.time);
        let mut places = PerMapping::new(tree, |mapping| {
            let target = Target::new(root, &tree.places[mapping], time)?;
            let walker = Walker::new(Arc::clone(&target.base), time);
            Ok((target, walker))
        });
        for needed in &changes.needed {
            let directory = &tree.directories[needed.directory];
            let path = tree.directory_path(directory).below;
            let (target, walker) = places.get(directory.mapping)?;
            if let Some(guarded) = target.base.guard.covers(path) {
                self.skipped.entry(guarded).or_default();
                continue;
            }
            let mode = match directory.role {
                Role::Base => 0o755,
                Role::Nested => 0o775,
            };
            let (here, ensured) = walker.ensure(path, mode, target.full)?;
            if needed.came && matches!(ensured, Ensured::Present) {
                take_over(&here.dir, target.named)
                    .map_err(|why| walker.failed("change the owner of", path, &why))?;
            }
        }
        // The directories of a mapping may all be another's, too.
        for &at in &changes.written {
            places.get(tree.files[at].mapping)?;
        }
        let mut targets = Vec::new();
        for place in places.made {
            targets.push(match place {
                Some((target, walker)) => {
                    walker.finish()?;
                    Some(target)
                }
                None => None,
            });
        }
        Ok(targets)
    }

    fn write(
        &mut self,
        store: &Store,
        tree: &Tree<'_>,
        changes: &Changes,
        targets: &[Option<Target>],
        blobs: &[Location],
    ) -> Result<(), Error> {
        let mut jobs = Vec::with_capacity(blobs.len());
        for (&at, &blob) in changes.written.iter().zip(blobs) {
            let file = &tree.files[at];
            let target = targets[file.mapping].as_ref().expect(HAS_TARGET);
            match target.base.guard.covers(tree.file_path(file).below) {
                Some(guarded) => *self.skipped.entry(guarded).or_default() += 1,
                None => jobs.push(Job { file, blob }),
            }
        }
        self.report.written = jobs.len();
        let replaced = write_files(store, tree, targets, &jobs, self.time)?;
        self.report.warnings.extend(replaced);
        Ok(())
    }

    fn warn_of_skipped(&mut self) {
        for (guarded, count) in &self.skipped {
            self.report.warnings.push(format!(
                "skipped {count} files at `{guarded}`: what the build container has there is not part of the image"
            ));
        }
    }
}

/// Something for each mapping that needs it, made when it is first asked for.
struct PerMapping<T, F> {
    made: Vec<Option<T>>,
    make: F,
}

impl<T, F: FnMut(usize) -> Result<T, Error>> PerMapping<T, F> {
    fn new(tree: &Tree<'_>, make: F) -> Self {
        PerMapping { made: tree.places.iter().map(|_| None).collect(), make }
    }

    fn get(&mut self, mapping: usize) -> Result<&mut T, Error> {
        let slot = &mut self.made[mapping];
        match slot {
            Some(made) => Ok(made),
            None => Ok(slot.insert((self.make)(mapping)?)),
        }
    }
}

/// Removes what stands where a file stood, unless it is a directory: that is somebody else's.
fn delete_file(walker: &mut Walker, path: &[u8]) -> Result<bool, Error> {
    if walker.base().guard.covers(path).is_some() {
        return Ok(false);
    }
    let (directory, name) = split(path);
    let Some(here) = walker.find(directory)? else { return Ok(false) };
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
    let Some(here) = walker.find(directory)? else { return Ok(()) };
    match here.dir.remove_directory(name) {
        Ok(()) => walker.changed(),
        // Foreign files in it, gone already, something else in its place, or a mount.
        Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT | Errno::NOTDIR | Errno::BUSY) => {}
        Err(why) => return Err(walker.failed("delete directory", path, &why)),
    }
    Ok(())
}

/// Gives a directory that was there to the owner of the mapping, if it names one.
fn take_over(dir: &Dir, named: Ids) -> rustix::io::Result<()> {
    let stat = dir.stat()?;
    let user = named.user.filter(|&user| user != stat.st_uid);
    let group = named.group.filter(|&group| group != stat.st_gid);
    dir.own(Ids { user, group })
}
