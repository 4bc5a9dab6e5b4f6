//! Writing blobs: one fill, one pack.

use super::Store;
use super::pack::{Pack, PackWriter};
use crate::error::Error;
use crate::hash::ObjectId;

/// Blobs on their way into STORE; dropped before [`Fill::finish`], it leaves nothing behind.
pub struct Fill<'a> {
    store: &'a mut Store,
    pack: Option<PackWriter>,
}

/// What a fill wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// How many blobs.
    pub blobs: usize,
    /// How many bytes of them.
    pub bytes: u64,
}

impl Store {
    /// Begins to write blobs, best in the order in which stages will want them: that of paths.
    pub fn fill(&mut self) -> Fill<'_> {
        Fill {
            store: self,
            pack: None,
        }
    }
}

impl Fill<'_> {
    /// Writes a blob. Contents that are not what the id says are refused, and so are contents made
    /// to collide in sha1: STORE is shared by projects that need not trust each other.
    pub fn add(&mut self, id: ObjectId, data: &[u8]) -> Result<(), Error> {
        match ObjectId::of_blob(id.kind(), data) {
            Ok(actual) if actual == id => {}
            Ok(_) => {
                return Err(Error::own(format!(
                    "write blob {id}: its contents have another id"
                )));
            }
            Err(_) => {
                return Err(Error::own(format!(
                    "write blob {id}: its contents are a sha1 collision"
                )));
            }
        }
        let pack = match &mut self.pack {
            Some(pack) => pack,
            none => none.insert(PackWriter::new(&self.store.layout)?),
        };
        pack.add(id, data)
    }

    /// Puts the blobs where others find them.
    pub fn finish(self) -> Result<Filled, Error> {
        let Some(pack) = self.pack else {
            return Ok(Filled::default());
        };
        let filled = Filled {
            blobs: pack.len(),
            bytes: pack.size(),
        };
        let layout = &self.store.layout;
        let id = pack.finish(layout, &[])?;
        let pack = Pack::open(layout, id);
        let pack = pack.map_err(|why| Error::own(format!("open pack {id}: {why}")))?;
        if let Some(pack) = pack {
            self.store.packs.add(pack);
        }
        Ok(filled)
    }
}
