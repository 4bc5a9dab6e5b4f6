//! What `.gitignore` and `.git/info/exclude` leave out.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix_ignore::Search;

use super::directory::Found;
use crate::git::disk::on_disk;
use crate::git::repo::{MAX_CONFIG_BYTES, RepoError};

/// Patterns, those of inner directories last: the last one that matches decides.
pub(super) struct Ignore(Search);

const SYNTAX: gix_ignore::search::Ignore = gix_ignore::search::Ignore {
    support_precious: false,
};

impl Ignore {
    /// Returns the patterns of the repository itself.
    pub(super) fn of(git_dir: &Path) -> Ignore {
        let mut search = Search::default();
        let path = git_dir.join("info/exclude");
        let is_small = path.metadata().is_ok_and(|it| it.len() <= MAX_CONFIG_BYTES);
        if is_small && let Ok(bytes) = std::fs::read(&path) {
            // An empty list matches nothing, so what cannot be added is no loss.
            let _ = search.add_patterns_buffer(&bytes, path, None, SYNTAX);
        }
        Ignore(search)
    }

    /// Returns how many lists there are.
    pub(super) fn depth(&self) -> usize {
        self.0.patterns.len()
    }

    /// Adds the list of the directory at `path`.
    pub(super) fn enter(&mut self, path: &[u8], list: &Found) -> Result<(), RepoError> {
        let bytes = list.bytes()?;
        let root = Path::new("/");
        let source: PathBuf = on_disk(root, path).join(".gitignore");
        self.0
            .add_patterns_buffer(&bytes, source, Some(root), SYNTAX)
            .map_err(|error| RepoError::new(format!("read `.gitignore`: {error}")))
    }

    /// Removes the lists that were added when there were `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        self.0.patterns.truncate(depth);
    }

    /// Whether what is at `path` is left out. Of what is below a directory that is left out, nobody asks.
    pub(super) fn leaves_out(&self, path: &[u8], is_directory: bool) -> bool {
        let case = gix::glob::pattern::Case::Sensitive;
        let found = self
            .0
            .pattern_matching_relative_path(path.as_bstr(), Some(is_directory), case);
        found.is_some_and(|found| !found.pattern.is_negative())
    }
}
