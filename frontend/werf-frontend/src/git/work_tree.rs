//! A working directory as a tree: what a commit of all of it would hold, as `git add --all` and `git commit` would make it.
//!
//! Files that `.git/index` lists are taken as they are on the disk, others unless `.gitignore` or `.git/info/exclude` leave
//! them out. A file with the time and the size that the index has of it is the one that the index has; only others are
//! read. Nothing is written and nothing is locked. Submodules that are checked out are gone into.
//!
//! Not heeded: `core.excludesFile`, which is not the repository's, and what git does to contents when it takes
//! them (`core.autocrlf`, and `text`, `eol`, `ident`, `filter` and `working-tree-encoding` of `.gitattributes`): a file that is read counts byte for byte.

use std::collections::{BTreeMap, HashMap};

use gix::objs::tree::EntryKind;

use super::disk::blob_of;
use super::overlay::{Content, Leaf, Leaves, MOST_FILES};
use super::path::{RepoPath, printable};
use super::repo::{Repo, RepoError};
use super::submodule;

mod changes;
mod directory;
mod ignore;
mod index;
mod metadata;
mod unsent;

pub use changes::{Changes, How};
pub use directory::{Directory, Disk, Found, GitCopy, Listed, Stat, StatKind};
use ignore::Ignore;
use index::{Index, Tracked};
pub use metadata::{FILE_NAME as METADATA, Metadata};
pub use unsent::unsent;

/// What a commit of a working directory would hold.
#[derive(Default)]
pub struct WorkTree {
    /// Its files and links, and the submodules that are not checked out.
    pub leaves: Leaves,
    /// The contents that no repository has.
    blobs: HashMap<gix::ObjectId, Content>,
    /// The repositories of submodules.
    submodules: Vec<Repo>,
    /// The files that nobody has sent and whose contents are to be known, with their sizes.
    lacking: BTreeMap<Vec<u8>, u64>,
    /// The directories of which nothing counts, without those below them.
    ignored: Vec<Vec<u8>>,
}

impl WorkTree {
    /// Looks at `directory`, the root of the working directory of `repo`.
    ///
    /// # Errors
    /// What cannot be read; an index that is broken.
    pub fn read(repo: &Repo, directory: &dyn Directory) -> Result<WorkTree, RepoError> {
        let mut walk = Walk {
            directory,
            tree: WorkTree::default(),
        };
        walk.repository(repo, b"")?;
        Ok(walk.tree)
    }

    /// Returns the files whose contents are not known and must be. While there are some, the tree is not complete.
    pub fn lacking(&self) -> impl Iterator<Item = &[u8]> {
        self.lacking.keys().map(Vec::as_slice)
    }

    /// Returns the first `most` directories of which nothing counts.
    pub fn ignored(&self, most: usize) -> impl Iterator<Item = String> {
        let paths = self.ignored.iter().take(most);
        paths.filter_map(|path| String::from_utf8(path.clone()).ok())
    }

    /// Returns `repo` with this tree in place of its commit's.
    ///
    /// # Errors
    /// A name that no tree can hold.
    pub fn over(self, repo: &Repo) -> Result<Repo, RepoError> {
        let mut repo = repo.with_files(&self.leaves, self.blobs)?;
        for submodule in self.submodules {
            repo.also_from(submodule);
        }
        Ok(repo)
    }
}

struct Walk<'a> {
    directory: &'a dyn Directory,
    tree: WorkTree,
}

/// A repository whose working directory is gone through.
struct Place<'a> {
    repo: &'a Repo,
    index: Index,
    ignore: Ignore,
    /// The path of its root, with a slash behind it; empty for the project's.
    prefix: &'a [u8],
    /// Whether the disk knows which files can be executed.
    has_modes: bool,
    /// Whether the disk has links.
    has_links: bool,
}

impl Walk<'_> {
    /// Goes through the working directory of `repo`, whose root is at `prefix`.
    fn repository(&mut self, repo: &Repo, prefix: &[u8]) -> Result<(), RepoError> {
        let git_dir = self.directory.git_dir(repo.git_dir());
        let mut place = Place {
            repo,
            index: Index::read(&git_dir, repo.commit_id().kind())?,
            ignore: Ignore::of(&git_dir),
            prefix,
            has_modes: repo.flag("core.fileMode").unwrap_or(true),
            has_links: repo.flag("core.symlinks").unwrap_or(true),
        };
        self.directory(&mut place, b"", false)?;
        // A sparse checkout leaves files out that are not deleted.
        for (path, tracked) in place.index.left_out() {
            self.tree
                .leaves
                .insert([prefix, path].concat(), tracked.leaf());
        }
        Ok(())
    }

    /// Goes through the directory at `path` of a repository; `is_ignored` if nothing counts there but what is tracked.
    fn directory(
        &mut self,
        place: &mut Place<'_>,
        path: &[u8],
        is_ignored: bool,
    ) -> Result<(), RepoError> {
        let whole = [place.prefix, path].concat();
        let whole = whole.strip_suffix(b"/").unwrap_or(&whole).to_vec();
        let listed = self.directory.list(&whole)?;
        let is_list = |it: &&Listed| it.name == b".gitignore" && it.stat.kind == StatKind::File;
        let depth = place.ignore.depth();
        if !is_ignored && let Some(list) = listed.iter().find(is_list) {
            let file = join(&whole, &list.name);
            match self.directory.content(&file) {
                Some(content) => place.ignore.enter(path, &content)?,
                None => drop(self.tree.lacking.insert(file, list.stat.size)),
            }
        }
        for Listed { name, stat } in listed {
            if name.eq_ignore_ascii_case(b".git") {
                continue;
            }
            let child = join(path, &name);
            match stat.kind {
                StatKind::Directory => self.below(place, &child, is_ignored)?,
                StatKind::File | StatKind::Link => {
                    let tracked = place.index.find(&child);
                    let counts = tracked.is_some()
                        || !(is_ignored || place.ignore.leaves_out(&child, false));
                    if counts {
                        self.file(place, &child, &stat)?;
                    }
                }
                StatKind::Other => {}
            }
        }
        place.ignore.leave(depth);
        Ok(())
    }

    fn below(
        &mut self,
        place: &mut Place<'_>,
        path: &[u8],
        is_ignored: bool,
    ) -> Result<(), RepoError> {
        if let Some(commit) = place.index.submodule(path) {
            return self.submodule(place, path, commit);
        }
        let is_ignored = is_ignored || place.ignore.leaves_out(path, true);
        let has_tracked = place.index.has_below(path);
        // A repository of its own, which git would take for a submodule.
        let is_foreign = || {
            self.directory
                .has(&join(&[place.prefix, path].concat(), b".git"))
        };
        if !has_tracked && (is_ignored || is_foreign()) {
            self.tree.ignored.push([place.prefix, path].concat());
            return Ok(());
        }
        self.directory(place, path, is_ignored)
    }

    fn submodule(
        &mut self,
        place: &Place<'_>,
        path: &[u8],
        commit: gix::ObjectId,
    ) -> Result<(), RepoError> {
        let whole = [place.prefix, path].concat();
        let list = [place.prefix, b".gitmodules"].concat();
        let names = match self.directory.content(&list) {
            Some(content) => submodule::read_names(&content.bytes()?)?,
            None => submodule::names(place.repo)?,
        };
        // The name becomes a path below `.git/modules`.
        let name = names.get(path);
        let name = name.filter(|name| RepoPath::parse(name.as_bytes()).is_ok());
        let git_dir = name.map(|name| place.repo.git_dir().join("modules").join(name));
        let is_checked_out = self.directory.has(&join(&whole, b".git"));
        match git_dir {
            Some(git_dir) if is_checked_out && git_dir.join("HEAD").exists() => {
                let repo = Repo::open(&git_dir).map_err(|mut error| {
                    error.message = format!("submodule `{}`: {}", printable(&whole), error.message);
                    error
                })?;
                self.repository(&repo, &join(&whole, b""))?;
                self.tree.submodules.push(repo);
            }
            _ => {
                let kind = EntryKind::Commit;
                self.tree.leaves.insert(whole, Leaf { kind, id: commit });
            }
        }
        Ok(())
    }

    fn file(&mut self, place: &Place<'_>, path: &[u8], stat: &Stat) -> Result<(), RepoError> {
        let whole = [place.prefix, path].concat();
        if self.tree.leaves.len() >= MOST_FILES {
            return Err(RepoError::new(format!(
                "the working directory has more than {MOST_FILES} files"
            )));
        }
        let tracked = place.index.find(path);
        let kind = kind(place, tracked, stat);
        if let Some(tracked) = tracked
            && tracked.is_unchanged(stat, kind, place.index.written())
        {
            self.tree.leaves.insert(whole, tracked.leaf());
            return Ok(());
        }
        let hash = place.repo.commit_id().kind();
        let (id, content) = match &stat.target {
            Some(target) => {
                let id = super::overlay::blob_id(target, hash)?;
                (id, Content::Bytes(target.clone()))
            }
            None => match self.directory.content(&whole) {
                Some(content) => blob_of(&whole, &content.path, hash)?,
                None => {
                    self.tree.lacking.insert(whole, stat.size);
                    return Ok(());
                }
            },
        };
        self.tree.leaves.insert(whole, Leaf { kind, id });
        self.tree.blobs.insert(id, content);
        Ok(())
    }
}

/// Returns what git takes a file for: a disk that knows neither modes nor links leaves that to the index.
fn kind(place: &Place<'_>, tracked: Option<&Tracked>, stat: &Stat) -> EntryKind {
    let of_index = tracked.map(|tracked| tracked.kind);
    match (stat.kind, of_index) {
        (StatKind::Link, _) => EntryKind::Link,
        (_, Some(EntryKind::Link)) if !place.has_links => EntryKind::Link,
        (_, Some(kind @ (EntryKind::Blob | EntryKind::BlobExecutable))) if !place.has_modes => kind,
        _ if stat.is_executable && place.has_modes => EntryKind::BlobExecutable,
        _ => EntryKind::Blob,
    }
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match directory {
        [] => name.to_vec(),
        directory => [directory, b"/", name].concat(),
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
