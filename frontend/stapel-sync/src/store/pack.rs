//! A pack: the blobs of one fill, one after the other in one file, and the index beside it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::time::SystemTime;

use super::index::{Index, Record};
use super::layout::{Layout, Temporary, failed};
use crate::error::Error;
use crate::hash::{HashKind, ObjectId, PackId};

/// What a pack begins with; the blobs follow.
const HEADER: &[u8; 12] = b"WERFPACK\x01\0\0\0";

/// Bytes that are collected before they are written.
const WRITE_BUFFER: usize = 1 << 20;

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
    hash: HashKind,
    out: BufWriter<File>,
    temporary: Temporary,
    offset: u64,
    records: Vec<Record>,
    ids: HashSet<ObjectId>,
}

impl PackWriter {
    pub(super) fn new(layout: &Layout, hash: HashKind) -> Result<Self, Error> {
        let temporary = layout.temporary()?;
        let file = temporary
            .file
            .try_clone()
            .map_err(|why| failed("open", temporary.path(), &why))?;
        let mut writer = PackWriter {
            hash,
            out: BufWriter::with_capacity(WRITE_BUFFER, file),
            temporary,
            offset: 0,
            records: Vec::new(),
            ids: HashSet::new(),
        };
        writer.write(HEADER)?;
        Ok(writer)
    }

    /// Appends a blob unless it is there already.
    pub(super) fn add(&mut self, id: ObjectId, data: &[u8]) -> Result<(), Error> {
        if self.ids.insert(id) {
            self.records.push(Record {
                id,
                offset: self.offset,
                length: data.len() as u64,
            });
            self.write(data)?;
        }
        Ok(())
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
        self.records.sort_unstable_by_key(|record| record.id);
        let (id, index) = Index::encode(self.hash, self.offset, supersedes, &self.records);
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
