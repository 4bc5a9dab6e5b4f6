//! Where things are below STORE's root, and how a file comes to stand there.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::capability::{Capability, Place};
use super::disk::{self, Out};
use crate::error::Error;
use crate::hash::{ManifestId, PackId, StageDigest};
use crate::hex;

/// The directories that belong to this format; `stapel`, where tools are, belongs to others.
pub(super) const DIRECTORIES: [&str; 5] = ["tmp", "packs", "manifests", "slots", "baselines"];

/// The paths below one STORE.
#[derive(Clone, Debug)]
pub(super) struct Layout(PathBuf);

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Layout(root.to_owned())
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    pub(super) fn directory(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn slot(&self, stage: StageDigest) -> PathBuf {
        self.place("slots", Capability::of_slot(&stage).place())
    }

    pub(super) fn baseline(&self, stage: StageDigest) -> PathBuf {
        self.place("baselines", Capability::of_baseline(&stage).place())
    }

    pub(super) fn manifest(&self, id: ManifestId) -> PathBuf {
        self.place("manifests", Capability::of_manifest(&id).place())
    }

    fn place(&self, directory: &str, place: Place) -> PathBuf {
        let name = hex::encode(place.as_bytes());
        self.0.join(directory).join(name)
    }

    pub(super) fn pack(&self, id: PackId) -> PathBuf {
        self.0.join(format!("packs/{id}.pack"))
    }

    pub(super) fn index(&self, id: PackId) -> PathBuf {
        self.0.join(format!("packs/{id}.idx"))
    }

    /// Makes the directories that are missing.
    pub(super) fn create(&self) -> Result<(), Error> {
        for name in DIRECTORIES {
            let path = self.directory(name);
            disk::create_dir_all(&path).map_err(|why| failed("create directory", &path, &why))?;
        }
        Ok(())
    }

    /// Opens a new file in `tmp` that nobody else has.
    ///
    /// Builds run in containers of their own, where process ids are all alike: names are random.
    pub(super) fn temporary(&self) -> Result<Temporary, Error> {
        loop {
            let name = format!("{:016x}", RandomState::new().hash_one(SystemTime::now()));
            let path = self.directory("tmp").join(name);
            match Out::create_new(&path) {
                Ok(file) => {
                    return Ok(Temporary {
                        file,
                        path,
                        kept: false,
                    });
                }
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                Err(why) => return Err(failed("create", &path, &why)),
            }
        }
    }

    /// Writes a file so that it appears with all its contents or not at all.
    pub(super) fn publish(&self, bytes: &[u8], path: &Path) -> Result<(), Error> {
        let mut temporary = self.temporary()?;
        io::Write::write_all(&mut temporary.file, bytes)
            .map_err(|why| failed("write", &temporary.path, &why))?;
        temporary.keep_as(path)
    }
}

/// A file under a name that nobody reads; dropped, it is removed.
pub(super) struct Temporary {
    pub(super) file: Out,
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the file to its final name, over whatever is there.
    pub(super) fn keep_as(mut self, path: &Path) -> Result<(), Error> {
        disk::rename(&self.path, path).map_err(|why| failed("rename into place", path, &why))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // A file that stays is removed by age.
            let _ = disk::remove_file(&self.path);
        }
    }
}

/// Says that STORE could not be changed.
pub(super) fn failed(action: &str, path: &Path, why: &io::Error) -> Error {
    Error::of(format_args!("{action} `{}`", path.display()), why)
}

/// Says that something in STORE is missing or of no use.
pub(super) fn unusable(what: &str, path: &Path, why: &dyn fmt::Display) -> Error {
    Error::store(format!("read {what} `{}`: {why}", path.display()))
}
