//! A pack: the blobs of one fill, one after the other in one file, and the index beside it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::time::SystemTime;

use super::capability::{Capability, Place};
use super::disk::Out;
use super::index::{Index, Record};
use super::layout::{Layout, Temporary, failed};
use crate::error::Error;
use crate::hash::{ObjectId, PackId};

/// What a pack begins with; the blobs follow, each encrypted.
const HEADER: &[u8; 12] = b"WERFPACK\x02\0\0\0";

/// Bytes that are collected before they are written.
const WRITE_BUFFER: usize = 1 << 20;

/// Bytes that are encrypted at once.
const PIECE: usize = 64 << 10;

/// A pack that was there when it was opened, and stays readable even if it is removed.
pub(super) struct Pack {
    pub(super) id: PackId,
    pub(super) file: File,
    pub(super) index: Index,
    /// When it was written.
    pub(super) created: SystemTime,
    /// When a fill last found something in it.
    pub(super) used: SystemTime,
}

impl Pack {
    /// Opens a pack; `None` if it is gone, cut off or not a pack.
    pub(super) fn open(layout: &Layout, id: PackId) -> io::Result<Option<Pack>> {
        let (Some(index), Some(file)) = (
            open(layout, id, Layout::index)?,
            open(layout, id, Layout::pack)?,
        ) else {
            return Ok(None);
        };
        let created = index.metadata()?.modified()?;
        let Some(index) = Index::open(index)? else {
            return Ok(None);
        };
        let metadata = file.metadata()?;
        if metadata.len() != index.pack_length || metadata.len() < HEADER.len() as u64 {
            return Ok(None);
        }
        let mut header = [0; HEADER.len()];
        file.read_exact_at(&mut header, 0)?;
        let used = metadata.modified()?;
        Ok((header == *HEADER).then_some(Pack {
            id,
            file,
            index,
            created,
            used,
        }))
    }
}

fn open(
    layout: &Layout,
    id: PackId,
    path: impl Fn(&Layout, PackId) -> std::path::PathBuf,
) -> io::Result<Option<File>> {
    match File::open(path(layout, id)) {
        Ok(file) => Ok(Some(file)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(why),
    }
}

/// Writes a pack under a temporary name.
pub(super) struct PackWriter {
    out: BufWriter<Out>,
    temporary: Temporary,
    offset: u64,
    records: Vec<Record>,
    places: HashSet<Place>,
    piece: Vec<u8>,
}

impl PackWriter {
    pub(super) fn new(layout: &Layout) -> Result<Self, Error> {
        let temporary = layout.temporary()?;
        let file = temporary
            .file
            .try_clone()
            .map_err(|why| failed("open", temporary.path(), &why))?;
        let mut writer = PackWriter {
            out: BufWriter::with_capacity(WRITE_BUFFER, file),
            temporary,
            offset: 0,
            records: Vec::new(),
            places: HashSet::new(),
            piece: Vec::new(),
        };
        writer.write(HEADER)?;
        Ok(writer)
    }

    /// Appends a blob unless it is there already.
    pub(super) fn add(&mut self, id: ObjectId, data: &[u8]) -> Result<(), Error> {
        let capability = Capability::of_blob(&id);
        if !self.begin(capability.place(), data.len()) {
            return Ok(());
        }
        let mut stream = capability.stream();
        let mut piece = std::mem::take(&mut self.piece);
        for open in data.chunks(PIECE) {
            piece.clear();
            piece.extend_from_slice(open);
            if !stream.apply(&mut piece) {
                return Err(Error::own(format!("write blob {id}: it is too large")));
            }
            self.write(&piece)?;
        }
        self.piece = piece;
        Ok(())
    }

    /// Appends a blob as it is in another pack, unless it is there already.
    pub(super) fn copy(&mut self, place: Place, stored: &[u8]) -> Result<(), Error> {
        if self.begin(place, stored.len()) {
            self.write(stored)?;
        }
        Ok(())
    }

    /// Records a blob that follows; says whether it is to.
    fn begin(&mut self, place: Place, length: usize) -> bool {
        let is_new = self.places.insert(place);
        if is_new {
            self.records.push(Record {
                place,
                offset: self.offset,
                length: length as u64,
            });
        }
        is_new
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns the bytes of all blobs together.
    pub(super) fn size(&self) -> u64 {
        self.offset - HEADER.len() as u64
    }

    /// Puts pack and index in place, the index last: it is what makes the pack known.
    pub(super) fn finish(
        mut self,
        layout: &Layout,
        supersedes: &[PackId],
    ) -> Result<PackId, Error> {
        self.out
            .flush()
            .map_err(|why| failed("write", self.temporary.path(), &why))?;
        self.records.sort_unstable_by_key(|record| record.place);
        let (id, index) = Index::encode(self.offset, supersedes, &self.records);
        self.temporary.keep_as(&layout.pack(id))?;
        layout.publish(&index, &layout.index(id))?;
        Ok(id)
    }

    fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        self.out
            .write_all(data)
            .map_err(|why| failed("write", self.temporary.path(), &why))?;
        self.offset += data.len() as u64;
        Ok(())
    }
}
