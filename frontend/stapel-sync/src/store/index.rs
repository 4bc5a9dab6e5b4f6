//! The index of a pack: which blobs are in it, and where.
//!
//! ```text
//! magic "WERFPIDX" · version u32 · length of the pack u64
//! number of blobs u32 · number of superseded packs u32
//! fan-out: 256 × u32, how many places have a first byte up to this one
//! superseded packs: 32 bytes each
//! blobs, sorted by place: place · offset u64 · length u64
//! sha256 of all before, which is also the pack's name
//! ```
//!
//! Numbers are little-endian. A lookup reads the head once and then only records with the same
//! first byte, so the size of a STORE hardly matters to a build that needs few blobs.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::capability::Place;
use crate::bytes::Reader;
use crate::hash::{PackId, sha256};

const MAGIC: &[u8] = b"WERFPIDX";
const VERSION: u32 = 2;
const FIXED: usize = 8 + 4 + 8 + 4 + 4;
const FAN_OUT: usize = 256 * 4;
const CHECKSUM: usize = 32;
const RECORD: usize = Place::LENGTH + 8 + 8;

/// One blob in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) place: Place,
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl Record {
    fn read(bytes: &[u8]) -> Option<Record> {
        let mut input = Reader::new(bytes);
        Some(Record {
            place: Place::from_bytes(input.array()?),
            offset: input.u64()?,
            length: input.u64()?,
        })
    }
}

/// The part of an index that is kept in memory.
pub(super) struct Index {
    file: File,
    pub(super) pack_length: u64,
    pub(super) supersedes: Vec<PackId>,
    fan_out: Vec<u32>,
}

impl Index {
    /// Returns the bytes of an index; `records` are sorted by place.
    pub(super) fn encode(
        pack_length: u64,
        supersedes: &[PackId],
        records: &[Record],
    ) -> (PackId, Vec<u8>) {
        let mut out = Vec::with_capacity(FIXED + FAN_OUT + records.len() * RECORD + 64);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&pack_length.to_le_bytes());
        out.extend_from_slice(&(records.len() as u32).to_le_bytes());
        out.extend_from_slice(&(supersedes.len() as u32).to_le_bytes());
        for byte in 0..=u8::MAX {
            let count = records.partition_point(|record| record.place.as_bytes()[0] <= byte);
            out.extend_from_slice(&(count as u32).to_le_bytes());
        }
        for pack in supersedes {
            out.extend_from_slice(pack.as_bytes());
        }
        for record in records {
            out.extend_from_slice(record.place.as_bytes());
            out.extend_from_slice(&record.offset.to_le_bytes());
            out.extend_from_slice(&record.length.to_le_bytes());
        }
        let checksum = sha256(&out);
        out.extend_from_slice(&checksum);
        (PackId::from_bytes(checksum), out)
    }

    /// Reads the head of an index; `None` if it cannot be one.
    pub(super) fn open(file: File) -> io::Result<Option<Index>> {
        let size = file.metadata()?.len();
        if size < (FIXED + FAN_OUT + CHECKSUM) as u64 {
            return Ok(None);
        }
        let mut head = vec![0; FIXED + FAN_OUT];
        file.read_exact_at(&mut head, 0)?;
        let Some((mut index, superseded)) = read_head(file, &head) else {
            return Ok(None);
        };
        if size != index.records_at(superseded) + index.records_size() + CHECKSUM as u64 {
            return Ok(None);
        }
        let mut packs = vec![0; superseded * 32];
        index.file.read_exact_at(&mut packs, head.len() as u64)?;
        let packs = packs.chunks_exact(32).filter_map(|id| id.try_into().ok());
        index.supersedes = packs.map(PackId::from_bytes).collect();
        Ok(Some(index))
    }

    /// Returns the number of blobs.
    pub(super) fn len(&self) -> usize {
        self.fan_out.last().map_or(0, |&count| count as usize)
    }

    /// Returns the records whose places begin with `byte`, in order.
    pub(super) fn bucket(&self, byte: u8) -> io::Result<Vec<Record>> {
        let start = if byte == 0 {
            0
        } else {
            self.fan_out[usize::from(byte) - 1]
        };
        self.read_records(start, self.fan_out[usize::from(byte)])
    }

    /// Returns all records.
    pub(super) fn records(&self) -> io::Result<Vec<Record>> {
        self.read_records(0, self.len() as u32)
    }

    /// Says whether the whole file is what its name says.
    pub(super) fn is_intact(&self, id: PackId) -> io::Result<bool> {
        let size = self.records_at(self.supersedes.len()) + self.records_size();
        let mut bytes = vec![0; size as usize + CHECKSUM];
        self.file.read_exact_at(&mut bytes, 0)?;
        let (content, checksum) = bytes.split_at(size as usize);
        Ok(checksum == id.as_bytes() && sha256(content) == *id.as_bytes())
    }

    fn read_records(&self, start: u32, end: u32) -> io::Result<Vec<Record>> {
        let mut bytes = vec![0; (end - start) as usize * RECORD];
        let at = self.records_at(self.supersedes.len()) + u64::from(start) * RECORD as u64;
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes
            .chunks_exact(RECORD)
            .filter_map(Record::read)
            .collect())
    }

    #[expect(clippy::unused_self, reason = "reads as a property of the index")]
    fn records_at(&self, superseded: usize) -> u64 {
        (FIXED + FAN_OUT + superseded * 32) as u64
    }

    fn records_size(&self) -> u64 {
        (self.len() * RECORD) as u64
    }
}

/// Reads what precedes the superseded packs, of which it returns the number.
fn read_head(file: File, head: &[u8]) -> Option<(Index, usize)> {
    let mut input = Reader::new(head);
    if input.take(MAGIC.len())? != MAGIC || input.u32()? != VERSION {
        return None;
    }
    let pack_length = input.u64()?;
    let (count, superseded) = (input.u32()?, input.u32()?);
    let fan_out: Vec<u32> = (0..256).map_while(|_| input.u32()).collect();
    let usable = fan_out.is_sorted() && fan_out.last() == Some(&count);
    let index = Index {
        file,
        pack_length,
        supersedes: Vec::new(),
        fan_out,
    };
    usable.then_some((index, superseded as usize))
}
