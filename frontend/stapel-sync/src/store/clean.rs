//! Keeping STORE small: old things go, many small packs become one.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::disk;
use super::index::Record;
use super::layout::Layout;
use super::lock::{own_packs, try_clean};
use super::mentioned;
use super::pack::{Pack, PackWriter};
use super::packs::index_name;
use super::{BlobReader, Store};
use crate::error::{Error, ErrorKind};
use crate::hash::{ObjectId, PackId};

/// How far ahead of this machine's clock a time in STORE may be.
const AHEAD: Duration = Duration::from_secs(60 * 60);

/// How long things stay, and when packs are merged.
#[derive(Clone, Copy, Debug)]
pub struct CleanPolicy {
    /// The longest that a build may take: nothing younger is removed. Slots and manifests, which
    /// every build writes again, are removed when they are older.
    pub build: Duration,
    /// How long a pack stays after the last build that used it.
    pub blobs: Duration,
    /// How many small packs may stand side by side before they are merged.
    pub small_packs: usize,
    /// Below how many bytes a pack is small.
    pub small: u64,
}

impl Default for CleanPolicy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        CleanPolicy {
            build: DAY,
            blobs: 14 * DAY,
            small_packs: 32,
            small: 32 << 20,
        }
    }
}

/// What cleaning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Files that were removed, packs with their indexes.
    pub removed: usize,
    /// Packs that were merged into others.
    pub merged: usize,
}

impl Store {
    /// Removes what nobody used for long and merges small packs. If somebody else is cleaning, it
    /// does nothing.
    pub fn clean(&mut self, policy: &CleanPolicy) -> Result<Cleaned, Error> {
        let mut cleaned = Cleaned::default();
        let Some(_lock) = try_clean(&self.layout) else {
            return Ok(cleaned);
        };
        let now = SystemTime::now();
        for directory in ["tmp", "slots", "manifests", "baselines"] {
            for path in files(&self.layout.directory(directory)) {
                cleaned.removed += usize::from(remove_if_older(&path, now, policy.build));
            }
        }
        self.refresh()?;
        cleaned.removed += self.remove_packs(now, policy);
        self.refresh()?;
        cleaned.merged = match self.merge(now, policy) {
            // It can wait until there is: all that builds need is there.
            Err(error) if error.kind() == ErrorKind::NoRoom => 0,
            merged => merged?,
        };
        Ok(cleaned)
    }

    /// Reads all of these blobs, removes the packs in which one is damaged, and returns how many
    /// packs that were. Whatever else was in them is then missing and is filled again.
    ///
    /// This is for a build whose stage found something damaged; it reads as much as was written.
    pub fn repair(&mut self, ids: &[ObjectId]) -> Result<usize, Error> {
        self.refresh()?;
        let mut damaged: HashSet<PackId> = HashSet::new();
        for pack in &self.packs.in_force {
            if !pack.index.is_intact(pack.id).unwrap_or(false) {
                damaged.insert(pack.id);
            }
        }
        let mut reader = BlobReader::new();
        for location in self.locate(ids)?.into_iter().flatten() {
            let pack = location.pack();
            if !damaged.contains(&pack) && reader.read(&location, |_| Ok(())).is_err() {
                damaged.insert(pack);
            }
        }
        let lock = own_packs(&self.layout);
        for &pack in &damaged {
            remove_pack(&self.layout, pack);
        }
        drop(lock);
        self.refresh()?;
        Ok(damaged.len())
    }

    /// Removes old packs, and files without their other half or without sense.
    fn remove_packs(&self, now: SystemTime, policy: &CleanPolicy) -> usize {
        let _lock = own_packs(&self.layout);
        let superseded: HashSet<PackId> = self.packs.superseded.iter().copied().collect();
        let in_force = self.packs.in_force.iter().map(|pack| pack.id);
        let usable: HashSet<PackId> = in_force.chain(superseded.iter().copied()).collect();
        let mut removed = 0;
        for path in files(&self.layout.directory("packs")) {
            let id = path.file_name().and_then(index_name);
            let Some(id) = id.filter(|id| usable.contains(id)) else {
                // Half of a pack may be one that is just being written.
                let known = path
                    .file_stem()
                    .and_then(|stem| stem.to_str()?.parse().ok());
                if known.is_none_or(|id| !usable.contains(&id)) {
                    removed += usize::from(remove_if_older(&path, now, policy.build));
                }
                continue;
            };
            bring_back(&path, now);
            // The age is looked at under the lock: a build may have used the pack since.
            let limit = if superseded.contains(&id) {
                policy.build
            } else {
                policy.blobs
            };
            if is_older(&self.layout.pack(id), now, limit) {
                remove_pack(&self.layout, id);
                removed += 2;
            }
        }
        removed
    }

    /// Merges small packs if there are many, and with them large ones of which less than half is
    /// of use. The merged packs stay for as long as a build may take.
    fn merge(&mut self, now: SystemTime, policy: &CleanPolicy) -> Result<usize, Error> {
        let packs = &self.packs.in_force;
        let small = |pack: &Pack| pack.index.pack_length < policy.small;
        if packs.iter().filter(|pack| small(pack)).count() <= policy.small_packs {
            return Ok(0);
        }
        let mentioned = self.mentioned();
        let mut sources = Vec::new();
        for pack in packs {
            let records = worth_keeping(pack, &mentioned, now, policy);
            let kept: u64 = records.iter().map(|record| record.length).sum();
            if small(pack) || kept < pack.index.pack_length / 2 {
                sources.push((&**pack, records));
            }
        }
        if sources.len() < 2 {
            return Ok(0);
        }
        self.write_merged(&sources)?;
        let merged = sources.len();
        self.refresh()?;
        Ok(merged)
    }

    /// Writes one pack with these records of others, as they are stored: nobody here can open them. What is damaged stays
    /// so until a build reads it.
    fn write_merged(&self, sources: &[(&Pack, Vec<Record>)]) -> Result<(), Error> {
        let mut writer = PackWriter::new(&self.layout)?;
        let mut supersedes = Vec::new();
        let mut reader = BlobReader::new();
        let mut blob = Vec::new();
        for (pack, records) in sources {
            for &record in records {
                blob.clear();
                let read = reader.read_stored(pack, record, |piece| {
                    blob.extend_from_slice(piece);
                    true
                });
                if read.is_ok() {
                    writer.copy(record.place, &blob)?;
                }
            }
            supersedes.push(pack.id);
            // What the source superseded may still be there, and must not come into force again.
            let older = pack.index.supersedes.iter().copied();
            supersedes.extend(older.filter(|id| self.packs.superseded.contains(id)));
        }
        writer.finish(&self.layout, &supersedes)?;
        Ok(())
    }

    /// Returns the beginnings of the places of all blobs that a manifest in STORE mentions.
    fn mentioned(&self) -> HashSet<u64> {
        let manifests = files(&self.layout.directory("manifests"));
        let read = |path: &PathBuf| mentioned::read(path).ok().flatten();
        manifests.iter().filter_map(read).flatten().collect()
    }
}

/// Returns what to take from a pack, in the order in which it is stored.
///
/// A pack that builds use, and that is older than a build may be, has been mentioned with all that
/// they use of it. Of one that nobody used lately nothing is known, and all is kept.
fn worth_keeping(
    pack: &Pack,
    mentioned: &HashSet<u64>,
    now: SystemTime,
    policy: &CleanPolicy,
) -> Vec<Record> {
    let mut records = pack.index.records().unwrap_or_default();
    let age = |time| now.duration_since(time).unwrap_or_default();
    if age(pack.created) > policy.build && age(pack.used) <= policy.build {
        records.retain(|record| mentioned.contains(&record.place.prefix()));
    }
    records.sort_unstable_by_key(|record| (record.offset, record.length));
    // A fill writes no blobs that overlap. Of what is not from one nobody here can tell by its contents, and copied it could
    // take any space.
    let mut end = 0;
    records.retain(|record| {
        let follows = record.offset >= end;
        let until = record.offset.checked_add(record.length);
        let until = until.filter(|&until| follows && until <= pack.index.pack_length);
        end = until.unwrap_or(end);
        until.is_some()
    });
    records
}

/// Returns the files of a directory; what cannot be listed is not cleaned.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Whether nobody used a file or a directory for longer than `limit`; what is not there is not old.
///
/// What was used in a future that no build can be in, by a clock that was wrong, counts as used now, and is dated so: it goes in its
/// time, and not when that future has come.
pub fn is_older(path: &Path, now: SystemTime, limit: Duration) -> bool {
    bring_back(path, now);
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| now.duration_since(time).is_ok_and(|age| age > limit))
}

/// Dates what has a time in the future.
fn bring_back(path: &Path, now: SystemTime) {
    let meta = fs::symlink_metadata(path);
    let modified = meta.as_ref().map(fs::Metadata::modified);
    if let (Ok(meta), Ok(Ok(modified))) = (&meta, modified)
        && (meta.is_file() || meta.is_dir())
        && modified > now + AHEAD
    {
        // Best effort: the next build looks at it, too.
        let _ = File::open(path).and_then(|file| disk::touch(&file));
    }
}

/// Removes a file that is too old; one that is gone already is no reason to stop.
fn remove_if_older(path: &Path, now: SystemTime, limit: Duration) -> bool {
    is_older(path, now, limit) && disk::remove_file(path).is_ok()
}

/// Removes a pack, the index first: without it nobody looks for the rest.
fn remove_pack(layout: &Layout, id: PackId) {
    let _ = disk::remove_file(&layout.index(id));
    let _ = disk::remove_file(&layout.pack(id));
}
