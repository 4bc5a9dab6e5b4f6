//! The state file: which manifest a layer holds, kept in the image while it is being built.
//!
//! It holds the whole manifest, because STORE may have forgotten it when a later stage needs to
//! know what has to go. The last exec of an image removes the file.

use std::io::{Read as _, Write as _};

use crate::dir::{Dir, Ids, Time, finish_file};
use crate::error::Error;
use crate::hash::ManifestId;
use crate::manifest::Manifest;

/// Where the file is. Not below `/.werf`, where mounts are: a directory that a layer holds is never
/// cleared away as a mere mount point.
pub const STATE_PATH: &str = "/.werf-git-state";

pub(crate) const NAME: &[u8] = b".werf-git-state";
const HEADER: &[u8; 12] = b"WERFSTAT\x01\0\0\0";

/// What precedes the manifest: the header and the manifest's identity.
const PREFIX: usize = HEADER.len() + 32;

/// What is applied now.
pub(crate) struct State {
    pub(crate) id: ManifestId,
    bytes: Vec<u8>,
}

impl State {
    /// Returns the bytes of the manifest.
    pub(crate) fn manifest(&self) -> &[u8] {
        &self.bytes[PREFIX..]
    }
}

/// Reads the state, if there is one.
///
/// A damaged one is not the fault of STORE: a command of a stage changed the file.
pub(crate) fn read(root: &Dir) -> Result<Option<State>, Error> {
    let failed = |why: &dyn std::fmt::Display| Error::own(format!("read `{STATE_PATH}`: {why}"));
    let kind = root.kind(NAME).map_err(|why| failed(&why))?;
    if kind.is_none() {
        return Ok(None);
    }
    let file = root.open_file(NAME).map_err(|why| failed(&why))?;
    let mut file = file.ok_or_else(|| failed(&"a command of a stage put something else there"))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|why| failed(&why))?;
    let damaged = || failed(&"a command of a stage changed it");
    let rest = bytes.strip_prefix(HEADER).ok_or_else(damaged)?;
    let (id, manifest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let id = ManifestId::from_bytes(*id);
    if Manifest::id_of(manifest) != id {
        return Err(damaged());
    }
    Ok(Some(State { id, bytes }))
}

/// Writes the state, over one that is there.
pub(crate) fn write(root: &Dir, id: ManifestId, manifest: &[u8], time: Time) -> Result<(), Error> {
    keeping_time(root, || {
        if root.kind(NAME)?.is_some() {
            root.remove_file(NAME)?;
        }
        let mut file = root.make_file(NAME)?;
        for part in [&HEADER[..], id.as_bytes(), manifest] {
            file.write_all(part)?;
        }
        Ok(finish_file(&file, 0o600, Ids::ours(), time)?)
    })
    .map_err(|why| Error::of(format_args!("write `{STATE_PATH}`"), &why))
}

/// Removes the state, if there is one.
pub(crate) fn remove(root: &Dir) -> Result<(), Error> {
    keeping_time(root, || {
        if root.kind(NAME)?.is_some() {
            root.remove_file(NAME)?;
        }
        Ok(())
    })
    .map_err(|why| Error::own(format!("remove `{STATE_PATH}`: {why}")))
}

/// Changes the root without a trace in its modification time, which would end up in a layer.
pub(crate) fn keeping_time(
    root: &Dir,
    change: impl FnOnce() -> std::io::Result<()>,
) -> std::io::Result<()> {
    let before = root.stat()?;
    change()?;
    Ok(root.restore_time(&before)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    fn write_sample(root: &Dir) {
        let manifest = Manifest::default();
        write(root, manifest.id(), &manifest.encode(), Time(5)).unwrap();
    }

    #[test]
    fn the_state_comes_and_goes_without_a_trace() {
        let temp = tempfile::tempdir().unwrap();
        let root = Dir::root(temp.path()).unwrap();
        root.set_time(Time(100)).unwrap();
        assert!(read(&root).unwrap().is_none());
        for _ in 0..2 {
            write_sample(&root);
        }
        let metadata = fs::metadata(temp.path().join(".werf-git-state")).unwrap();
        assert_eq!((metadata.mtime(), metadata.mode() & 0o7777), (5, 0o600));
        let read = read(&root).unwrap().unwrap();
        assert_eq!(read.id, Manifest::default().id());
        assert_eq!(read.manifest(), Manifest::default().encode());
        remove(&root).unwrap();
        remove(&root).unwrap();
        assert_eq!(fs::metadata(temp.path()).unwrap().mtime(), 100);
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_changed_state_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let root = Dir::root(temp.path()).unwrap();
        let path = temp.path().join(".werf-git-state");
        write_sample(&root);
        let bytes = fs::read(&path).unwrap();
        for end in 0..bytes.len() {
            tally::refused(2);
            fs::write(&path, &bytes[..end]).unwrap();
            assert!(read(&root).is_err(), "cut at {end}");
            let mut damaged = bytes.clone();
            damaged[end] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert!(read(&root).is_err(), "flipped at {end}");
        }
        fs::remove_file(&path).unwrap();
        symlink("/etc/passwd", &path).unwrap();
        let error = read(&root).err().unwrap().to_string();
        assert_eq!(
            error,
            "read `/.werf-git-state`: a command of a stage put something else there"
        );
    }
}
