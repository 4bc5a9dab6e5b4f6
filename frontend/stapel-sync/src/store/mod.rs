//! STORE: what a build hands to its stages past their cache keys.
//!
//! It is transit, never truth: it may vanish at any time, and whoever misses something has it
//! filled again. Names are final only when their contents are; blobs come before the manifest that
//! names them, the manifest before the slot. Everything is verified when it is read, so nothing is
//! synced to disk: what a crash of the machine leaves behind is found and written again.
//! `docs/store.md` tells the whole story.
//!
//! ```no_run
//! # use std::path::Path;
//! # use stapel_sync::{Error, ObjectId, StageDigest, manifest::Manifest, slot::{Commit, Slot}};
//! # use stapel_sync::store::{CleanPolicy, Store};
//! # fn plan(root: &Path, manifest: &Manifest, stages: &[StageDigest], commit: Commit) -> Result<(), Error> {
//! # let read = |_: ObjectId| Vec::new();
//! let mut store = Store::create(root)?;
//! let ids: Vec<ObjectId> = manifest.blobs().collect();
//! let missing = store.claim(&ids)?;
//! let mut fill = store.fill();
//! for id in missing {
//!     fill.add(id, &read(id))?;
//! }
//! fill.finish()?;
//! let slot = Slot { manifest: store.write_manifest(manifest)?, commit };
//! for &stage in stages {
//!     store.write_slot(stage, &slot)?;
//! }
//! store.clean(&CleanPolicy::default())?;
//! # Ok(())
//! # }
//! ```

mod blobs;
mod capability;
mod clean;
mod disk;
mod fill;
mod filling;
mod index;
mod layout;
mod lock;
mod mentioned;
mod pack;
mod packs;
pub mod toolchains;
pub mod tools;
#[cfg(test)]
mod torn;

use std::fs::{self, File};
use std::path::Path;

use crate::baseline;
use crate::error::Error;
use crate::for_commit;
use crate::hash::{ManifestId, StageDigest, sha256_of};
use crate::manifest::Manifest;
use crate::slot::Slot;

use capability::Capability;
use disk::touch;
use layout::{Layout, unusable};
use packs::Packs;

pub use blobs::{BlobReader, Location};
pub use clean::{CleanPolicy, Cleaned, is_older};
pub use fill::{Fill, Filled};
pub use filling::{Filler, Fillers};

/// The version of everything in STORE; part of the cache mount's id, so versions never meet.
pub const FORMAT_VERSION: u32 = 2;

/// One STORE and the packs that were in it when it was opened.
pub struct Store {
    layout: Layout,
    packs: Packs,
    /// The commit that slots must be of, if it matters.
    for_commit: Option<String>,
}

impl Store {
    /// Opens a STORE for reading, be it empty or missing.
    pub fn open(root: &Path) -> Result<Store, Error> {
        let layout = Layout::new(root);
        let packs = Packs::open(&layout)?;
        Ok(Store {
            layout,
            packs,
            for_commit: None,
        })
    }

    /// Has slots of another commit than the one that this process is run for count as missing, if it was told one: see
    /// [`for_commit`](crate::for_commit()).
    pub fn of_this_commit(self) -> Store {
        Store {
            for_commit: for_commit::expected(),
            ..self
        }
    }

    /// Opens a STORE for writing, with the directories it needs.
    pub fn create(root: &Path) -> Result<Store, Error> {
        Layout::new(root).create()?;
        Store::open(root)
    }

    /// Returns the slot of a stage: that of the commit for which this process runs, if it was told one, else the one that was written
    /// last.
    pub fn read_slot(&self, stage: StageDigest) -> Result<Slot, Error> {
        let secret = match &self.for_commit {
            Some(commit) => of_commit(stage, commit),
            None => stage,
        };
        let path = self.layout.slot(secret);
        let bytes = fs::read(&path).map_err(|why| unusable("slot", &path, &why))?;
        let text = Capability::of_slot(&secret).open(&bytes);
        let text = text.ok_or_else(|| unusable("slot", &path, &"damaged, or of another stage"))?;
        Slot::decode(&text, stage).map_err(|why| unusable("slot", &path, &why))
    }

    /// Writes the slot of a stage, over one that is there, and once more for whoever asks for that of its commit.
    pub fn write_slot(&self, stage: StageDigest, slot: &Slot) -> Result<(), Error> {
        let text = slot.encode(stage);
        let text = text.map_err(|why| Error::own(format!("write slot `{stage}`: {why}")))?;
        for secret in [of_commit(stage, &slot.commit.hash), stage] {
            let bytes = Capability::of_slot(&secret).close(text.as_bytes());
            self.layout.publish(&bytes, &self.layout.slot(secret))?;
        }
        Ok(())
    }

    /// Returns what the layer of a stage holds, as far as is known, and keeps that manifest.
    ///
    /// Nothing is also what is damaged or was cleaned away: whoever asks can look at the layer again. The
    /// baseline itself does not become younger: the layer may have been dropped and built again since, so it
    /// is looked at once a day.
    pub fn read_baseline(&self, stage: StageDigest) -> Option<Manifest> {
        let path = self.layout.baseline(stage);
        let text = Capability::of_baseline(&stage).open(&fs::read(&path).ok()?)?;
        let id = baseline::decode(&text, stage)?;
        let manifest = Manifest::decode(&self.read_manifest(id).ok()?).ok()?;
        let file = File::open(self.layout.manifest(id));
        file.and_then(|file| touch(&file)).ok()?;
        Some(manifest)
    }

    /// Records what the layer of a stage holds.
    pub fn write_baseline(&self, stage: StageDigest, manifest: &Manifest) -> Result<(), Error> {
        let id = self.write_manifest(manifest)?;
        let text = baseline::encode(stage, id);
        let bytes = Capability::of_baseline(&stage).close(text.as_bytes());
        self.layout.publish(&bytes, &self.layout.baseline(stage))
    }

    /// Returns the bytes of a manifest, which are those that its name promises.
    pub fn read_manifest(&self, id: ManifestId) -> Result<Vec<u8>, Error> {
        let path = self.layout.manifest(id);
        let stored = fs::read(&path).map_err(|why| unusable("manifest", &path, &why))?;
        let bytes = mentioned::open(id, stored);
        bytes.ok_or_else(|| unusable("manifest", &path, &"its contents do not match its name"))
    }

    /// Writes a manifest unless it is there intact, and records that it was of use.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<ManifestId, Error> {
        let checked = manifest.check();
        checked.map_err(|why| Error::own(format!("write the manifest: {why}")))?;
        let (id, bytes) = mentioned::close(manifest);
        let path = self.layout.manifest(id);
        let intact = fs::read(&path).is_ok_and(|present| present == bytes);
        // Touched or, if it was removed meanwhile, written again.
        if !(intact && File::open(&path).and_then(|file| touch(&file)).is_ok() && path.exists()) {
            self.layout.publish(&bytes, &path)?;
        }
        Ok(id)
    }

    /// Looks for the packs again, after somebody wrote or removed some.
    pub fn refresh(&mut self) -> Result<(), Error> {
        self.packs = Packs::open(&self.layout)?;
        Ok(())
    }
}

/// Returns what names the slot of a stage that is of this commit (hexadecimal digits). Who knows both knows it.
fn of_commit(stage: StageDigest, commit: &str) -> StageDigest {
    StageDigest::from_bytes(sha256_of([stage.as_bytes(), commit.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use crate::slot::Commit;

    use super::*;

    #[test]
    fn a_stage_that_is_told_its_commit_gets_the_slot_of_that() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::create(directory.path()).expect("a store");
        let stage = StageDigest::from_bytes([7; 32]);
        let slot = |hash: &str, manifest: u8| Slot {
            manifest: ManifestId::from_bytes([manifest; 32]),
            commit: Commit {
                hash: hash.to_owned(),
                time_human: String::new(),
                time_unix: 0,
            },
        };
        for (hash, manifest) in [("aa", 1), ("bb", 2)] {
            let slot = slot(hash, manifest);
            store.write_slot(stage, &slot).expect("written");
        }
        let read = |commit: Option<&str>| {
            let store = Store::open(directory.path()).expect("a store");
            let store = Store {
                for_commit: commit.map(str::to_owned),
                ..store
            };
            store.read_slot(stage)
        };
        assert_eq!(read(None).expect("a slot"), slot("bb", 2));
        assert_eq!(read(Some("aa")).expect("a slot"), slot("aa", 1));
        assert_eq!(read(Some("bb")).expect("a slot"), slot("bb", 2));
        let missing = read(Some("cc")).expect_err("nobody has written it");
        assert_eq!(missing.kind(), crate::ErrorKind::Store);
    }
}
