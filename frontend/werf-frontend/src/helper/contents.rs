//! The contents of files: where they are to be had, and how they get into STORE.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use stapel_sync::ObjectId;
use stapel_sync::store::Store;
use stapel_sync::store::tools::StoreError;

use crate::git::repo::{Repo, RepoError};

use super::manifest_of::object_id;

/// Fewer files, with fewer bytes, are written before a container that does it later has started.
pub(super) const MANY_FILES: usize = 1000;
const MANY_BYTES: u64 = 32 << 20;

/// A file's content, where it is to be had.
pub(super) struct Blob {
    pub(super) id: gix::ObjectId,
    /// For messages.
    pub(super) path: String,
    pub(super) elsewhere: Option<Elsewhere>,
}

/// Another repository than the project's: that of a submodule, or of a mapping with `url`.
pub(super) struct Elsewhere {
    pub(super) git_dir: PathBuf,
    pub(super) commit: gix::ObjectId,
}

/// Why files could not be brought into STORE.
#[derive(Debug)]
pub enum FillError {
    /// The repository lacks something.
    Repo(RepoError),
    /// STORE could not be written.
    Store(stapel_sync::Error),
    /// The values of secrets could not be handed over.
    Values(StoreError),
}

impl From<StoreError> for FillError {
    fn from(error: StoreError) -> FillError {
        FillError::Values(error)
    }
}

impl From<RepoError> for FillError {
    fn from(error: RepoError) -> FillError {
        FillError::Repo(error)
    }
}

impl From<stapel_sync::Error> for FillError {
    fn from(error: stapel_sync::Error) -> FillError {
        FillError::Store(error)
    }
}

/// How much STORE lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    Nothing,
    Little,
    /// So many files, or so many bytes, that to write them all takes longer than to have a filler stand by.
    Much,
}

/// Returns how much of these contents STORE lacks.
///
/// # Errors
/// Objects that are missing or broken; STORE that cannot be read.
pub(super) fn lacking<'a>(
    blobs: &[&'a Blob],
    store: &mut Store,
    repo: &'a Repo,
) -> Result<Lacking, FillError> {
    let ids: Vec<ObjectId> = blobs.iter().map(|blob| object_id(blob.id)).collect();
    let lacking: HashSet<ObjectId> = store.claim(&ids)?.into_iter().collect();
    if lacking.len() > MANY_FILES {
        return Ok(Lacking::Much);
    }
    if lacking.is_empty() {
        return Ok(Lacking::Nothing);
    }
    let mut opened = Opened::new(repo);
    let mut bytes = 0;
    for (blob, id) in blobs.iter().zip(ids) {
        if lacking.contains(&id) {
            bytes += opened.holder(blob)?.size(blob.id, &blob.path)?;
        }
    }
    Ok(if bytes > MANY_BYTES {
        Lacking::Much
    } else {
        Lacking::Little
    })
}

/// Writes the contents that STORE lacks.
///
/// # Errors
/// Objects that are missing or broken; STORE that cannot be written.
pub(super) fn fill<'a>(
    blobs: impl IntoIterator<Item = &'a Blob>,
    store: &mut Store,
    repo: &'a Repo,
) -> Result<(), FillError> {
    let blobs: Vec<&Blob> = blobs.into_iter().collect();
    let ids: Vec<ObjectId> = blobs.iter().map(|blob| object_id(blob.id)).collect();
    let lacking: HashSet<ObjectId> = store.claim(&ids)?.into_iter().collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let mut fill = store.fill();
    let mut written = HashSet::new();
    let mut opened = Opened::new(repo);
    for (blob, id) in blobs.into_iter().zip(ids) {
        if !lacking.contains(&id) || !written.insert(id) {
            continue;
        }
        let data = opened.holder(blob)?.read_any(blob.id, &blob.path)?;
        fill.add(id, &data)?;
    }
    fill.finish()?;
    Ok(())
}

/// The repositories that contents come from, each opened once.
pub(super) struct Opened<'a> {
    project: &'a Repo,
    others: HashMap<&'a Path, Repo>,
}

impl<'a> Opened<'a> {
    pub(super) fn new(project: &'a Repo) -> Opened<'a> {
        Opened {
            project,
            others: HashMap::new(),
        }
    }

    /// Returns the repository that has the content of a file.
    ///
    /// # Errors
    /// A repository that cannot be opened.
    pub(super) fn holder(&mut self, blob: &'a Blob) -> Result<&Repo, RepoError> {
        let Some(Elsewhere { git_dir, commit }) = &blob.elsewhere else {
            return Ok(self.project);
        };
        if !self.others.contains_key(git_dir.as_path()) {
            let other = Repo::open_at(git_dir, *commit)?;
            self.others
                .extend(other.map(|repo| (git_dir.as_path(), repo)));
        }
        Ok(self.others.get(git_dir.as_path()).unwrap_or(self.project))
    }
}
