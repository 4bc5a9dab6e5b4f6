//! Opens a git directory and reads files of its HEAD commit.

use std::path::Path;
use std::sync::Arc;

use gix::bstr::ByteSlice as _;
use gix::object::tree::EntryKind;
use gix::objs::tree::EntryRef;
use gix::objs::{FindExt as _, Kind};

use format::{is_partial_clone, refuse_foreign_formats};
use head::{head_of, tree_of};

pub(super) use error::chain;
pub use error::{NO_REPOSITORY, RepoError};
pub use place::{GIT_DIR_CONTEXT, followed_git_file, git_dir_in, git_file, git_link};

use super::overlay::Overlay;

mod error;
mod format;
mod head;
mod odd_files;
mod place;

/// Files of the commit larger than this are not read into memory as configuration.
pub const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// Objects larger than this are not read at all.
pub(super) const MAX_OBJECT_BYTES: u64 = 160 << 20;

/// What may be in memory to read one object: what it is a delta of and itself, each up to [`MAX_OBJECT_BYTES`], and the deltas.
const MAX_DELTA_BYTES: u64 = 2 * MAX_OBJECT_BYTES + (16 << 20);

/// How gitoxide says that [`MAX_DELTA_BYTES`] do not suffice.
const TOO_LARGE: &str = "too large to fit in memory";

/// How many files are looked at to find one by its name.
const MOST_LOOKED_AT: usize = 2_000_000;

/// A repository at one commit: HEAD as it was when the repository was opened.
#[derive(Clone)]
pub struct Repo {
    objects: gix::Repository,
    commit: gix::ObjectId,
    tree: gix::ObjectId,
    /// Whether it is not the project's own.
    is_remote: bool,
    /// Objects besides its own.
    overlay: Arc<Overlay>,
    /// Repositories with objects besides its own.
    others: Vec<gix::Repository>,
}

/// A regular file, a link or a directory of the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A regular file with its object id.
    File(gix::ObjectId),
    /// A symbolic link.
    Link,
    /// A directory.
    Directory,
    /// The commit of a submodule.
    Submodule,
}

impl Repo {
    /// Opens the git directory at `git_dir` (a `.git` directory or a bare repository) and resolves HEAD.
    ///
    /// Nothing outside `git_dir` has a say: no user or system configuration, no environment.
    ///
    /// # Errors
    /// A missing or broken directory, a `.git` file of a linked worktree or submodule, an unborn HEAD,
    /// a storage format that cannot be read.
    pub fn open(git_dir: &Path) -> Result<Repo, RepoError> {
        if let Ok(meta) = std::fs::symlink_metadata(git_dir)
            && meta.is_file()
        {
            return Err(git_file(
                &std::fs::read_to_string(git_dir).unwrap_or_default(),
            ));
        }
        if !git_dir.join("HEAD").exists() {
            return Err(RepoError {
                message: "there is no git repository in the build context (`.git/HEAD` is missing)".to_owned(),
                hint: Some(
                    "run the build from the root of the work tree, where `.git` is, and commit `werf.yaml` first"
                        .to_owned(),
                ),
                is_no_repository: true,
            });
        }
        place::refuse_links(git_dir)?;
        let repo = open(git_dir)?;
        let (commit, tree) = head_of(&repo).map_err(|error| advised(&repo, error))?;
        Ok(Repo {
            objects: repo,
            commit,
            tree,
            is_remote: false,
            overlay: Arc::default(),
            others: Vec::new(),
        })
    }

    /// Opens the git directory of the project: `git_dir`, or what the client names in its place (`named`).
    ///
    /// # Errors
    /// As [`Repo::open`], and a directory that is not that of this work tree.
    pub fn open_project(git_dir: &Path, named: Option<&Path>) -> Result<Repo, RepoError> {
        match named {
            None => Repo::open(git_dir),
            Some(named) => Repo::open(&place::named_git_dir(git_dir, named)?),
        }
    }

    /// Opens the git directory of another repository than the project's, of which BuildKit has fetched HEAD and
    /// nothing else: no submodules.
    ///
    /// # Errors
    /// As [`Repo::open`].
    pub fn open_remote(git_dir: &Path) -> Result<Repo, RepoError> {
        let mut repo = Repo::open(git_dir)?;
        repo.is_remote = true;
        Ok(repo)
    }

    /// Whether it is not the project's own.
    pub fn is_remote(&self) -> bool {
        self.is_remote
    }

    /// Opens the git directory of a submodule at `commit`, or returns `None` if it does not hold that commit.
    ///
    /// # Errors
    /// A broken directory or commit, a storage format that cannot be read.
    pub fn open_at(git_dir: &Path, commit: gix::ObjectId) -> Result<Option<Repo>, RepoError> {
        if !git_dir.join("HEAD").exists() {
            return Ok(None);
        }
        let repo = open(git_dir)?;
        if repo.object_hash() != commit.kind() || !repo.has_object(commit) {
            return Ok(None);
        }
        let tree = tree_of(&repo, commit)?;
        Ok(Some(Repo {
            objects: repo,
            commit,
            tree,
            is_remote: false,
            overlay: Arc::default(),
            others: Vec::new(),
        }))
    }

    /// Returns it at the commit that git calls `name`: an id or the beginning of one, a branch, a tag, `HEAD~2`, `v1^`.
    ///
    /// # Errors
    /// A name of no commit, or of one that is not at hand.
    pub fn at(&self, name: &str) -> Result<Repo, RepoError> {
        let (commit, tree) = head::commit_named(&self.objects, name)?;
        Ok(Repo {
            commit,
            tree,
            ..self.clone()
        })
    }

    /// Returns it with another tree in place of the commit's, whose objects may be in `overlay`.
    pub(super) fn over(&self, tree: gix::ObjectId, overlay: Arc<Overlay>) -> Repo {
        Repo {
            tree,
            overlay,
            ..self.clone()
        }
    }

    /// Reads objects that it lacks from `other`, too.
    pub(super) fn also_from(&mut self, other: Repo) {
        self.others.push(other.objects);
        self.others.extend(other.others);
    }

    /// Returns what the configuration of the repository says of `key`.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.objects.config_snapshot().boolean(key)
    }

    /// Returns the repository that has the object `id`, or its own.
    fn holder(&self, id: &gix::oid) -> &gix::Repository {
        let has = |repo: &&gix::Repository| repo.has_object(id);
        if self.others.is_empty() || has(&&self.objects) {
            return &self.objects;
        }
        self.others.iter().find(has).unwrap_or(&self.objects)
    }

    /// Returns the git directory.
    pub fn git_dir(&self) -> &Path {
        self.objects.git_dir()
    }

    /// Returns HEAD's commit.
    pub fn commit_id(&self) -> gix::ObjectId {
        self.commit
    }

    /// Returns the id of the commit's root tree.
    pub(super) fn root_tree(&self) -> gix::ObjectId {
        self.tree
    }

    /// Returns the entries of the tree `id` as they are stored; `buffer` keeps their bytes.
    ///
    /// # Errors
    /// A missing object, one that is no tree, or whose contents have another id.
    pub(super) fn entries<'a>(
        &self,
        id: &gix::oid,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Entries<'a>, RepoError> {
        let what = || format!("read tree {}", id.to_hex_with_len(8));
        if let Some(bytes) = self.overlay.tree(id) {
            buffer.clear();
            buffer.extend_from_slice(bytes);
            return Ok(Entries {
                tree: id.to_owned(),
                entries: gix::objs::TreeRefIter::from_bytes(buffer, id.kind()),
            });
        }
        let object = self
            .holder(id)
            .objects
            .find(id, buffer)
            .map_err(|error| self.object_error(&what(), &error))?;
        verify(id, object.kind, object.data).map_err(|why| forged(&what(), &why))?;
        let kind = object.kind;
        let entries = object
            .try_into_tree_iter()
            .ok_or_else(|| RepoError::new(format!("{}: it is a {kind}", what())))?;
        Ok(Entries {
            tree: id.to_owned(),
            entries,
        })
    }

    /// Returns the size of the object `id`, which is named `path` in messages, without reading all of it.
    ///
    /// # Errors
    /// A missing or broken object.
    pub fn size(&self, id: gix::ObjectId, path: &str) -> Result<u64, RepoError> {
        if let Some(size) = self.overlay.size(id) {
            return Ok(size);
        }
        let what = || format!("read blob {} ({path})", id.to_hex_with_len(8));
        let header = self
            .holder(&id)
            .find_header(id)
            .map_err(|error| self.object_error(&what(), &error))?;
        Ok(header.size())
    }

    /// Returns HEAD's commit as hexadecimal digits.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// Returns what the commit holds at `path` (slashes, relative to the root of the work tree), or `None`.
    ///
    /// # Errors
    /// Objects on the way that are missing or broken.
    pub fn entry(&self, path: &str) -> Result<Option<Entry>, RepoError> {
        let mut buffer = Vec::new();
        let mut found = (EntryKind::Tree, self.tree);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if found.0 != EntryKind::Tree {
                return Ok(None);
            }
            let tree = found.1;
            let mut entries = self.entries(&tree, &mut buffer)?;
            let entry = loop {
                match entries.next() {
                    None => return Ok(None),
                    Some(entry) => match entry? {
                        entry if entry.filename == name.as_bytes() => break entry,
                        _ => {}
                    },
                }
            };
            found = (entry.mode.kind(), entry.oid.to_owned());
        }
        Ok(Some(match found {
            (EntryKind::Blob | EntryKind::BlobExecutable, id) => Entry::File(id),
            (EntryKind::Link, _) => Entry::Link,
            (EntryKind::Tree, _) => Entry::Directory,
            (EntryKind::Commit, _) => Entry::Submodule,
        }))
    }

    /// Returns the paths of all regular files of the commit whose last component is `name`, sorted.
    ///
    /// # Errors
    /// Objects on the way that are missing or broken.
    pub fn files_named(&self, name: &str) -> Result<Vec<String>, RepoError> {
        let mut found = Vec::new();
        let mut buffer = Vec::new();
        let mut pending = vec![(String::new(), self.tree)];
        let mut seen = 0;
        while let Some((directory, tree)) = pending.pop() {
            for entry in self.entries(&tree, &mut buffer)? {
                let entry = entry?;
                seen += 1;
                if seen > MOST_LOOKED_AT {
                    return Err(RepoError::new(format!(
                        "the commit has more than {MOST_LOOKED_AT} files"
                    ))
                    .hint("say where the configuration is: `--build-arg WERF_CONFIG=PATH`"));
                }
                let Ok(file) = entry.filename.to_str() else {
                    continue;
                };
                let path = match directory.as_str() {
                    "" => file.to_owned(),
                    directory => format!("{directory}/{file}"),
                };
                match entry.mode.kind() {
                    EntryKind::Tree => pending.push((path, entry.oid.to_owned())),
                    EntryKind::Blob | EntryKind::BlobExecutable if file == name => found.push(path),
                    _ => {}
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Returns the content of the blob `id`, which is named `path` in messages.
    ///
    /// # Errors
    /// A missing, broken or too large (16 MiB) object.
    pub fn read(&self, id: gix::ObjectId, path: &str) -> Result<Vec<u8>, RepoError> {
        let what = || format!("read blob {} ({path})", id.to_hex_with_len(8));
        let size = self.size(id, path)?;
        if size > MAX_CONFIG_BYTES {
            return Err(RepoError::new(format!(
                "{}: it has {size} bytes, a configuration file may have {MAX_CONFIG_BYTES}",
                what()
            )));
        }
        self.blob(id, path)
    }

    /// Returns the content of the blob `id` of any size, which is named `path` in messages.
    ///
    /// # Errors
    /// A missing or broken object.
    pub fn read_any(&self, id: gix::ObjectId, path: &str) -> Result<Vec<u8>, RepoError> {
        let what = || format!("read blob {} ({path})", id.to_hex_with_len(8));
        let size = self.size(id, path)?;
        if size > MAX_OBJECT_BYTES {
            return Err(RepoError::new(format!(
                "{}: it has {} MiB, and a file of a repository may have {}",
                what(),
                size >> 20,
                MAX_OBJECT_BYTES >> 20
            ))
            .hint("keep files of this size out of git: fetch them in a command, or leave them out with `excludePaths`"));
        }
        self.blob(id, path)
    }

    fn blob(&self, id: gix::ObjectId, path: &str) -> Result<Vec<u8>, RepoError> {
        if let Some(read) = self.overlay.read(id, path) {
            return read;
        }
        let what = || format!("read blob {} ({path})", id.to_hex_with_len(8));
        let blob = self
            .holder(&id)
            .find_blob(id)
            .map_err(|error| self.object_error(&what(), &error))?;
        Ok(blob.detach().data)
    }

    /// Returns when the author made HEAD's commit: in 1970 if the commit does not say, as for git.
    ///
    /// # Errors
    /// A commit that cannot be read.
    pub fn author_time(&self) -> Result<gix::date::Time, RepoError> {
        let what = || format!("read the author of commit {}", self.commit);
        let commit = self
            .objects
            .find_commit(self.commit)
            .map_err(|error| self.object_error(&what(), &error))?;
        let time = commit.author().ok().and_then(|author| author.time().ok());
        Ok(time.unwrap_or_default())
    }

    fn object_error(&self, what: &str, error: &(dyn std::error::Error + 'static)) -> RepoError {
        let error = RepoError::new(format!("{what}: {}", chain(error)));
        advised(&self.objects, error)
    }
}

/// Adds what to do about objects that are missing by design.
fn advised(repo: &gix::Repository, error: RepoError) -> RepoError {
    if error.hint.is_some() {
        return error;
    }
    if error.message.ends_with(TOO_LARGE) {
        return error.hint(format!(
            "an object, and what it is stored as a difference from, may take {} MiB together: keep files of this size out of git",
            MAX_DELTA_BYTES >> 20
        ));
    }
    if is_partial_clone(repo) {
        return error.hint(
            "this is a partial clone, which fetches objects when `git` asks for them; make a full one \
             (`git fetch --refetch --no-filter`) or clone with `--depth 1` instead of `--filter`",
        );
    }
    match place::advice_on_alternates(repo.common_dir()) {
        Some(advice) => error.hint(advice),
        None => error,
    }
}

/// The entries of a tree, in the order in which they are stored.
pub(super) struct Entries<'a> {
    tree: gix::ObjectId,
    entries: gix::objs::TreeRefIter<'a>,
}

impl<'a> Iterator for Entries<'a> {
    /// An entry, or that the tree cannot be decoded from here on.
    type Item = Result<EntryRef<'a>, RepoError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.entries.next()? {
            // git refuses an entry without a mode; gitoxide takes it for zero.
            Ok(entry) if entry.mode.value() != 0 => Some(Ok(entry)),
            _ => Some(Err(undecodable(&self.tree))),
        }
    }
}

/// Opens a git directory. Nothing outside of it has a say, and no more than [`MAX_DELTA_BYTES`] is made of its objects.
fn open(git_dir: &Path) -> Result<gix::Repository, RepoError> {
    odd_files::refuse(git_dir)?;
    let limit = format!("gitoxide.objects.allocLimit={MAX_DELTA_BYTES}");
    let options = gix::open::Options::isolated().config_overrides([limit]);
    let repo = gix::open_opts(git_dir, options)
        .map_err(|error| RepoError::new(format!("open the git repository: {}", chain(&error))))?;
    refuse_foreign_formats(&repo)?;
    Ok(repo)
}

/// Compares an object with its id: whoever wrote the repository may have given it another one's.
fn verify(id: &gix::oid, kind: Kind, data: &[u8]) -> Result<(), String> {
    let hash = gix::objs::compute_hash(id.kind(), kind, data).map_err(|error| chain(&error))?;
    if *hash == *id {
        return Ok(());
    }
    Err(format!("its contents have the id {hash}"))
}

fn forged(what: &str, why: &str) -> RepoError {
    RepoError::new(format!("{what}: {why}")).hint("`git fsck` says more about it")
}

fn undecodable(tree: &gix::oid) -> RepoError {
    RepoError::new(format!(
        "tree {}: it cannot be decoded",
        tree.to_hex_with_len(8)
    ))
    .hint("`git fsck` says more about it")
}

#[cfg(test)]
mod tests;
