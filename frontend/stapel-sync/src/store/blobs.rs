//! Finding blobs and reading them, each verified against its id.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::Store;
use super::capability::{Capability, Place};
use super::disk::touch;
use super::index::Record;
use super::layout::unusable;
use super::lock::share_packs;
use super::pack::Pack;
use crate::error::Error;
use crate::hash::{BlobHasher, ObjectId, PackId};

/// Where a blob is. It stays readable, even if its pack is removed meanwhile.
#[derive(Clone)]
pub struct Location {
    pack: Arc<Pack>,
    record: Record,
    id: ObjectId,
}

impl Location {
    /// Returns the size of the blob.
    pub fn size(&self) -> u64 {
        self.record.length
    }

    pub(super) fn pack(&self) -> PackId {
        self.pack.id
    }
}

impl Store {
    /// Says where each of these blobs is, in the same order.
    pub fn locate(&self, ids: &[ObjectId]) -> Result<Vec<Option<Location>>, Error> {
        let wanted = Wanted::new(ids);
        let mut found = self.find(&wanted, &self.packs.in_force)?;
        if found.iter().any(Option::is_none) && !self.packs.superseded.is_empty() {
            let others = self.find(&wanted, self.packs.superseded(&self.layout)?)?;
            for (found, other) in found.iter_mut().zip(others) {
                *found = found.take().or(other);
            }
        }
        Ok(found)
    }

    /// Says whether a blob is there for builds that begin now.
    pub fn contains(&self, id: ObjectId) -> Result<bool, Error> {
        Ok(self.missing(&[id])?.is_empty())
    }

    /// Returns which of these blobs are missing, each once, in the order of their first mention.
    /// Those that are only in packs which were merged without them are missing, too.
    pub fn missing(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        Ok(not_found(
            ids,
            &self.find(&Wanted::new(ids), &self.packs.in_force)?,
        ))
    }

    /// Reserves blobs for a build: returns those that are missing, and keeps the packs that hold
    /// the others from being cleaned away for as long as a build may take.
    pub fn claim(&mut self, ids: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        let found = self.find(&Wanted::new(ids), &self.packs.in_force)?;
        let used: HashSet<PackId> = found.iter().flatten().map(Location::pack).collect();
        // Whoever removes packs looks at their age under the same lock, so a pack that is still
        // there after it was touched stays.
        let lock = share_packs(&self.layout);
        let (before, layout) = (self.packs.in_force.len(), &self.layout);
        self.packs.in_force.retain(|pack| {
            !used.contains(&pack.id)
                || (touch(&pack.file).is_ok() && layout.index(pack.id).exists())
        });
        drop(lock);
        if self.packs.in_force.len() == before {
            Ok(not_found(ids, &found))
        } else {
            self.missing(ids)
        }
    }

    fn find(
        &self,
        wanted: &Wanted<'_>,
        packs: &[Arc<Pack>],
    ) -> Result<Vec<Option<Location>>, Error> {
        let mut found = vec![None; wanted.ids.len()];
        let mut order = wanted.order.clone();
        for pack in packs {
            let search = search(pack, &wanted.places, &order, |at, record| {
                found[at] = Some(Location {
                    pack: Arc::clone(pack),
                    record,
                    id: wanted.ids[at],
                });
            });
            search.map_err(|why| unusable("index", &self.layout.index(pack.id), &why))?;
            order.retain(|&at| found[at].is_none());
            if order.is_empty() {
                break;
            }
        }
        Ok(found)
    }
}

/// Blobs that are looked for.
struct Wanted<'a> {
    ids: &'a [ObjectId],
    places: Vec<Place>,
    /// Their numbers in the order of their places.
    order: Vec<usize>,
}

impl Wanted<'_> {
    fn new(ids: &[ObjectId]) -> Wanted<'_> {
        let places = ids.iter().map(|id| Capability::of_blob(id).place());
        let places: Vec<Place> = places.collect();
        // The first bytes nearly always decide.
        let mut order: Vec<(u64, usize)> = places.iter().map(Place::prefix).zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| places[a.1].cmp(&places[b.1])));
        let order = order.into_iter().map(|(_, at)| at).collect();
        Wanted { ids, places, order }
    }
}

fn not_found(ids: &[ObjectId], found: &[Option<Location>]) -> Vec<ObjectId> {
    let mut seen = HashSet::new();
    let missing = ids.iter().zip(found).filter(|(_, found)| found.is_none());
    missing
        .map(|(&id, _)| id)
        .filter(|&id| seen.insert(id))
        .collect()
}

/// Calls `found` for each of the places, `wanted` in order, that the pack has something at.
fn search(
    pack: &Pack,
    places: &[Place],
    wanted: &[usize],
    mut found: impl FnMut(usize, Record),
) -> io::Result<()> {
    let first_byte = |at: usize| places[at].as_bytes()[0];
    for group in wanted.chunk_by(|&a, &b| first_byte(a) == first_byte(b)) {
        let records = pack.index.bucket(first_byte(group[0]))?;
        let mut rest = &records[..];
        for &at in group {
            rest = &rest[rest.partition_point(|record| record.place < places[at])..];
            if let Some(record) = rest.first().filter(|record| record.place == places[at]) {
                found(at, *record);
            }
        }
    }
    Ok(())
}

/// Most bytes that are read, hashed and handed on at once.
const WINDOW: u64 = 256 * 1024;

/// A buffer for reading blobs: one that follows another in its pack is usually in it already.
#[derive(Default)]
pub struct BlobReader {
    buffer: Vec<u8>,
    window: Option<Window>,
    /// A piece of a blob as it is.
    open: Vec<u8>,
}

/// What the buffer holds.
#[derive(Clone, Copy)]
struct Window {
    pack: PackId,
    start: u64,
    end: u64,
}

impl BlobReader {
    /// Makes an empty one.
    pub fn new() -> Self {
        BlobReader::default()
    }

    /// Hands a blob to `sink`, in pieces if it is large. Only when this returns is it known that
    /// the pieces were right.
    pub fn read(
        &mut self,
        location: &Location,
        mut sink: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Location { pack, record, id } = location;
        let failed = |why: &dyn fmt::Display| {
            Error::store(format!("read blob {id} in pack {}: {why}", pack.id))
        };
        let mut hasher = BlobHasher::new(id.kind(), record.length);
        let mut stream = Capability::of_blob(id).stream();
        let mut open = std::mem::take(&mut self.open);
        let mut outcome = Ok(());
        let read = self.read_stored(pack, *record, |stored| {
            open.clear();
            open.extend_from_slice(stored);
            if stream.apply(&mut open) {
                hasher.update(&open);
                outcome = sink(&open);
            } else {
                outcome = Err(failed(&"it is too large"));
            }
            outcome.is_ok()
        });
        self.open = open;
        read.map_err(|why| failed(&why))?;
        outcome?;
        if hasher.finish() == Ok(*id) {
            Ok(())
        } else {
            Err(failed(&"the pack is damaged"))
        }
    }

    /// Hands a blob as it is stored to `sink`, in pieces if it is large, until that has enough.
    pub(super) fn read_stored(
        &mut self,
        pack: &Pack,
        record: Record,
        mut sink: impl FnMut(&[u8]) -> bool,
    ) -> io::Result<()> {
        let end = record.offset.checked_add(record.length);
        let end = end.filter(|&end| end <= pack.index.pack_length);
        let end = end.ok_or_else(|| io::Error::other("the pack ends before it"))?;
        let mut at = record.offset;
        while at < end {
            let length = (end - at).min(WINDOW);
            if !sink(self.piece(pack, at, length)?) {
                break;
            }
            at += length;
        }
        Ok(())
    }

    /// Returns a piece of a pack, reading ahead if it follows what was read before.
    fn piece(&mut self, pack: &Pack, start: u64, length: u64) -> io::Result<&[u8]> {
        let known = self
            .window
            .filter(|window| window.pack == pack.id && window.start <= start);
        let window = match known.filter(|window| start + length <= window.end) {
            Some(window) => window,
            None => {
                let follows = known.is_some_and(|window| start <= window.end);
                let ahead = if follows { WINDOW } else { length };
                let end = (start + ahead).min(pack.index.pack_length);
                self.load(pack, start, end)?
            }
        };
        let from = (start - window.start) as usize;
        Ok(&self.buffer[from..from + length as usize])
    }

    fn load(&mut self, pack: &Pack, start: u64, end: u64) -> io::Result<Window> {
        self.window = None;
        let length = (end - start) as usize;
        self.buffer.resize(self.buffer.len().max(length), 0);
        pack.file.read_exact_at(&mut self.buffer[..length], start)?;
        let window = Window {
            pack: pack.id,
            start,
            end,
        };
        self.window = Some(window);
        Ok(window)
    }
}
