//! `.git/index`: which files are tracked, and what was known of them when they were looked at last.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use gix::objs::tree::EntryKind;
use gix_index::entry::{Flags, Mode, Stage};

use super::directory::{Stat, Time};
use crate::git::overlay::Leaf;
use crate::git::repo::{RepoError, chain};

/// The tracked files of a repository by their paths.
pub(super) struct Index {
    tracked: BTreeMap<Vec<u8>, Tracked>,
    written: Time,
}

/// A tracked file.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) kind: EntryKind,
    /// Its content; `None` if the index has several, or none yet.
    id: Option<gix::ObjectId>,
    size: u32,
    modified: Time,
    changed: Time,
    flags: Flags,
    is_seen: Cell<bool>,
}

impl Index {
    /// Reads the index of a git directory; without one nothing is tracked.
    ///
    /// # Errors
    /// An index that cannot be decoded.
    pub(super) fn read(git_dir: &Path, hash: gix::hash::Kind) -> Result<Index, RepoError> {
        let path = git_dir.join("index");
        let options = gix_index::decode::Options::default();
        let file = gix_index::File::at_or_default(path, hash, true, options).map_err(|error| {
            RepoError::new(format!("read `.git/index`: {}", chain(&error)))
                .hint("`git status` says more about it")
        })?;
        let mut tracked: BTreeMap<Vec<u8>, Tracked> = BTreeMap::new();
        for entry in file.entries() {
            let kind = match entry.mode {
                Mode::FILE => EntryKind::Blob,
                Mode::FILE_EXECUTABLE => EntryKind::BlobExecutable,
                Mode::SYMLINK => EntryKind::Link,
                Mode::COMMIT => EntryKind::Commit,
                Mode::DIR => EntryKind::Tree,
                _ => continue,
            };
            let is_settled = entry.flags.stage() == Stage::Unconflicted
                && !entry.flags.contains(Flags::INTENT_TO_ADD);
            let mut path = entry.path(&file).to_vec();
            if path.last() == Some(&b'/') {
                path.pop();
            }
            let time = |time: gix_index::entry::stat::Time| (i64::from(time.secs), time.nsecs);
            tracked.insert(
                path,
                Tracked {
                    kind,
                    id: is_settled.then_some(entry.id),
                    size: entry.stat.size,
                    modified: time(entry.stat.mtime),
                    changed: time(entry.stat.ctime),
                    flags: entry.flags,
                    is_seen: Cell::new(false),
                },
            );
        }
        let written = file.timestamp();
        Ok(Index {
            tracked,
            written: (written.unix_seconds(), written.nanoseconds()),
        })
    }

    /// Returns the paths of all that is tracked.
    pub(super) fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.tracked.keys().map(Vec::as_slice)
    }

    /// Returns when it was written.
    pub(super) fn written(&self) -> Time {
        self.written
    }

    /// Returns the tracked file at `path`, and remembers that it is there.
    pub(super) fn find(&self, path: &[u8]) -> Option<&Tracked> {
        let tracked = self.tracked.get(path)?;
        let is_file = !matches!(tracked.kind, EntryKind::Commit | EntryKind::Tree);
        is_file.then(|| {
            tracked.is_seen.set(true);
            tracked
        })
    }

    /// Returns the commit of the submodule at `path`.
    pub(super) fn submodule(&self, path: &[u8]) -> Option<gix::ObjectId> {
        let tracked = self.tracked.get(path)?;
        let is_submodule = tracked.kind == EntryKind::Commit;
        tracked.id.filter(|_| is_submodule)
    }

    /// Whether anything below the directory at `path` is tracked.
    pub(super) fn has_below(&self, path: &[u8]) -> bool {
        let start = [path, b"/"].concat();
        let mut after = self.tracked.range(start.clone()..);
        after
            .next()
            .is_some_and(|(path, _)| path.starts_with(&start))
    }

    /// Returns what a sparse checkout has left out of the working directory.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (&[u8], &Tracked)> {
        let left_out = self.tracked.iter().filter(|(_, it)| {
            it.id.is_some() && it.flags.contains(Flags::SKIP_WORKTREE) && !it.is_seen.get()
        });
        left_out.map(|(path, tracked)| (path.as_slice(), tracked))
    }
}

impl Tracked {
    /// Returns what the index has.
    pub(super) fn leaf(&self) -> Leaf {
        Leaf {
            kind: self.kind,
            id: self.id.unwrap_or_else(|| gix::hash::Kind::Sha1.null()),
        }
    }

    /// Whether the file on the disk, which git takes for one of `kind`, is the one of the index, which was written at `written`. A
    /// file that changed when the index was written, or later, may have changed unseen.
    pub(super) fn is_unchanged(&self, stat: &Stat, kind: EntryKind, written: Time) -> bool {
        if self.id.is_none() || self.kind != kind {
            return false;
        }
        if self.flags.contains(Flags::ASSUME_VALID) {
            return true;
        }
        let is_same = |ours: Time, theirs: Time| {
            // Some file systems, and some builds of git, have whole seconds only.
            let is_whole = ours.1 == 0 || theirs.1 == 0;
            ours.0 as u32 == theirs.0 as u32 && (is_whole || ours.1 == theirs.1)
        };
        self.size == stat.size as u32
            && is_same(self.modified, stat.modified)
            && stat
                .changed
                .is_none_or(|changed| is_same(self.changed, changed))
            && self.modified.0 < written.0
    }
}
