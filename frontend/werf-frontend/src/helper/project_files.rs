//! The files of the project directory at the commit, as templates and contexts ask for them.

use masks::mask::{self, Mask};
use werf_config::giterminism::Uncommitted;
use werf_config::template::{FileKind, Files};

use crate::git::files::{CommitFiles, PathKind};
use crate::git::repo::{Repo, RepoError};

use super::changes::{Query, Reads};

/// Files below a directory of a commit.
pub struct ProjectFiles {
    files: CommitFiles,
    directory: String,
    /// Who is told of all that is asked for, and the rule that can allow it to be uncommitted.
    told: Option<(Reads, Uncommitted)>,
}

impl ProjectFiles {
    /// Returns the files of `repo`'s commit below `directory`.
    pub fn new(repo: &Repo, directory: &str) -> ProjectFiles {
        ProjectFiles {
            files: CommitFiles::new(repo, directory),
            directory: directory.trim_matches('/').to_owned(),
            told: None,
        }
    }

    /// Tells `reads` of all that is asked for.
    pub(super) fn telling(mut self, reads: &Reads, rule: Uncommitted) -> ProjectFiles {
        self.told = Some((reads.clone(), rule));
        self
    }

    fn tell(&self, query: impl FnOnce() -> Query) {
        if let Some((reads, rule)) = &self.told {
            reads.add(*rule, query());
        }
    }

    fn tell_of(&self, path: &str) {
        self.tell(|| Query::Path(mask::clean(path.trim_start_matches('/'))));
    }
}

impl Files for ProjectFiles {
    fn kind(&self, path: &str) -> Result<Option<FileKind>, String> {
        self.tell_of(path);
        let kind = self.files.kind(path).map_err(say)?;
        Ok(kind.map(|kind| match kind {
            PathKind::File => FileKind::File,
            PathKind::Directory => FileKind::Directory,
        }))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.tell_of(path);
        self.files.read(path).map_err(say)
    }

    fn glob(&self, mask: &Mask) -> Result<Vec<String>, String> {
        self.tell(|| Query::Mask(mask.clone()));
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
