//! The files of the project directory at the commit, as templates and contexts ask for them.

use masks::mask::{self, Mask};
use werf_config::template::{FileKind, Files};

use crate::git::files::{CommitFiles, PathKind};
use crate::git::repo::{Repo, RepoError};

/// Files below a directory of a commit.
pub struct ProjectFiles {
    files: CommitFiles,
    directory: String,
}

impl ProjectFiles {
    /// Returns the files of `repo`'s commit below `directory`.
    pub fn new(repo: &Repo, directory: &str) -> ProjectFiles {
        ProjectFiles {
            files: CommitFiles::new(repo, directory),
            directory: directory.trim_matches('/').to_owned(),
        }
    }
}

impl Files for ProjectFiles {
    fn kind(&self, path: &str) -> Result<Option<FileKind>, String> {
        let kind = self.files.kind(path).map_err(say)?;
        Ok(kind.map(|kind| match kind {
            PathKind::File => FileKind::File,
            PathKind::Directory => FileKind::Directory,
        }))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.files.read(path).map_err(say)
    }

    fn glob(&self, mask: &Mask) -> Result<Vec<String>, String> {
        self.files.glob(mask).map_err(say)
    }

    fn name(&self, path: &str) -> String {
        mask::clean(&format!("{}/{path}", self.directory))
            .trim_start_matches('/')
            .to_owned()
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn say(error: RepoError) -> String {
    error.to_string()
}
