//! Opens a git directory and reads files of its HEAD commit.

use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::object::tree::EntryKind;
use gix::objs::FindExt as _;

use format::{is_partial_clone, refuse_foreign_formats};

pub(super) use error::chain;
pub use error::{NO_REPOSITORY, RepoError, git_file};

mod error;
mod format;

/// Files of the commit larger than this are not read into memory as configuration.
pub const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// A repository at one commit: HEAD as it was when the repository was opened.
#[derive(Clone)]
pub struct Repo {
    objects: gix::Repository,
    commit: gix::ObjectId,
    tree: gix::ObjectId,
    /// Whether it is not the project's own.
    is_remote: bool,
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
        let repo = gix::open_opts(git_dir, gix::open::Options::isolated()).map_err(|error| {
            RepoError::new(format!("open the git repository: {}", chain(&error)))
        })?;
        refuse_foreign_formats(&repo)?;
        let (commit, tree) = head_of(&repo)?;
        Ok(Repo {
            objects: repo,
            commit,
            tree,
            is_remote: false,
        })
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
        let repo = gix::open_opts(git_dir, gix::open::Options::isolated()).map_err(|error| {
            RepoError::new(format!("open the git repository: {}", chain(&error)))
        })?;
        refuse_foreign_formats(&repo)?;
        if repo.object_hash() != commit.kind() || !repo.has_object(commit) {
            return Ok(None);
        }
        let broken = |cause| RepoError::new(format!("read the tree of commit {commit}: {cause}"));
        let tree = repo
            .find_commit(commit)
            .map_err(|error| broken(chain(&error)))?
            .tree_id()
            .map_err(|error| broken(chain(&error)))?
            .detach();
        Ok(Some(Repo {
            objects: repo,
            commit,
            tree,
            is_remote: false,
        }))
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
    /// A missing object, or one that is no tree.
    pub(super) fn entries<'a>(
        &self,
        id: &gix::oid,
        buffer: &'a mut Vec<u8>,
    ) -> Result<gix::objs::TreeRefIter<'a>, RepoError> {
        let what = || format!("read tree {}", id.to_hex_with_len(8));
        self.objects
            .objects
            .find_tree_iter(id, buffer)
            .map_err(|error| self.object_error(&what(), &error))
    }

    /// Returns the size of the object `id`, which is named `path` in messages, without reading all of it.
    ///
    /// # Errors
    /// A missing or broken object.
    pub fn size(&self, id: gix::ObjectId, path: &str) -> Result<u64, RepoError> {
        let what = || format!("read blob {} ({path})", id.to_hex_with_len(8));
        let header = self
            .objects
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
        let tree = self.tree()?;
        let entry = tree.lookup_entry_by_path(path).map_err(|error| {
            RepoError::new(format!(
                "look up `{path}` in commit {}: {}",
                self.commit,
                chain(&error)
            ))
        })?;
        Ok(entry.map(|entry| match entry.mode().kind() {
            EntryKind::Blob | EntryKind::BlobExecutable => Entry::File(entry.object_id()),
            EntryKind::Link => Entry::Link,
            EntryKind::Tree => Entry::Directory,
            EntryKind::Commit => Entry::Submodule,
        }))
    }

    /// Returns the paths of all regular files of the commit whose last component is `name`, sorted.
    ///
    /// # Errors
    /// Objects on the way that are missing or broken.
    pub fn files_named(&self, name: &str) -> Result<Vec<String>, RepoError> {
        let mut found = Vec::new();
        let mut recorder = gix::traverse::tree::Recorder::default();
        self.tree()?
            .traverse()
            .depthfirst(&mut recorder)
            .map_err(|error| {
                RepoError::new(format!(
                    "list the files of commit {}: {}",
                    self.commit,
                    chain(&error)
                ))
            })?;
        for entry in recorder.records {
            let last = entry
                .filepath
                .rsplit(|&byte| byte == b'/')
                .next()
                .unwrap_or_default();
            if entry.mode.is_blob()
                && last == name.as_bytes()
                && let Ok(path) = entry.filepath.to_str()
            {
                found.push(path.to_owned());
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
        let blob = self
            .objects
            .find_blob(id)
            .map_err(|error| self.object_error(&what(), &error))?;
        Ok(blob.detach().data)
    }

    /// Returns the content of the blob `id` of any size, which is named `path` in messages.
    ///
    /// # Errors
    /// A missing or broken object.
    pub fn read_any(&self, id: gix::ObjectId, path: &str) -> Result<Vec<u8>, RepoError> {
        let blob = self.objects.find_blob(id).map_err(|error| {
            self.object_error(
                &format!("read blob {} ({path})", id.to_hex_with_len(8)),
                &error,
            )
        })?;
        Ok(blob.detach().data)
    }

    /// Returns when the author made HEAD's commit.
    ///
    /// # Errors
    /// A commit without a time.
    pub fn author_time(&self) -> Result<gix::date::Time, RepoError> {
        let what = || format!("read the author of commit {}", self.commit);
        let commit = self
            .objects
            .find_commit(self.commit)
            .map_err(|error| self.object_error(&what(), &error))?;
        let author = commit
            .author()
            .map_err(|error| self.object_error(&what(), &error))?;
        author
            .time()
            .map_err(|error| RepoError::new(format!("{}: {}", what(), chain(&error))))
    }

    fn tree(&self) -> Result<gix::Tree<'_>, RepoError> {
        self.objects.find_tree(self.tree).map_err(|error| {
            self.object_error(
                &format!("read tree {}", self.tree.to_hex_with_len(8)),
                &error,
            )
        })
    }

    fn object_error(&self, what: &str, error: &(dyn std::error::Error + 'static)) -> RepoError {
        let error = RepoError::new(format!("{what}: {}", chain(error)));
        if is_partial_clone(&self.objects) {
            return error.hint(
                "this is a partial clone, which fetches objects when `git` asks for them; make a full one \
                 (`git fetch --refetch --no-filter`) or clone with `--depth 1` instead of `--filter`",
            );
        }
        error
    }
}

/// Returns the ids of the HEAD commit and its tree.
fn head_of(repo: &gix::Repository) -> Result<(gix::ObjectId, gix::ObjectId), RepoError> {
    let head = repo
        .head()
        .map_err(|error| RepoError::new(format!("read `.git/HEAD`: {}", chain(&error))))?;
    if head.is_unborn() {
        let branch = head
            .referent_name()
            .map_or_else(String::new, |name| format!(" `{}`", name.shorten()));
        return Err(RepoError::new(format!(
            "branch{branch} has no commit yet, and images are built from commits"
        ))
        .hint("commit `werf.yaml` and the sources first"));
    }
    let commit = repo
        .head_commit()
        .map_err(|error| RepoError::new(format!("read the HEAD commit: {}", chain(&error))))?;
    let tree = commit.tree_id().map_err(|error| {
        RepoError::new(format!(
            "read the tree of commit {}: {}",
            commit.id,
            chain(&error)
        ))
    })?;
    Ok((commit.id, tree.detach()))
}

#[cfg(test)]
mod tests;
