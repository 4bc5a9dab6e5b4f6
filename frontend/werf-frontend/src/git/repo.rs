//! Opens a git directory and reads files of its HEAD commit.

use std::fmt;
use std::path::Path;

use diagnostic::Diagnostic;
use gix::bstr::ByteSlice as _;
use gix::object::tree::EntryKind;
use gix::objs::FindExt as _;

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

/// Why a repository or something in it cannot be used, in words for the person who runs the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoError {
    /// What was being done to which thing, and what was found.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether there is no repository at all, as far as can be seen from here.
    pub is_missing: bool,
}

impl RepoError {
    pub(super) fn new(message: impl Into<String>) -> RepoError {
        RepoError {
            message: message.into(),
            hint: None,
            is_missing: false,
        }
    }

    /// Returns the refusal of a commit whose time no calendar has.
    pub(crate) fn unusable_time(commit: &str) -> RepoError {
        RepoError::new(format!("commit {commit} has a time that no calendar has"))
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> RepoError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for RepoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RepoError {}

impl From<RepoError> for Diagnostic {
    fn from(error: RepoError) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(error.message);
        diagnostic.hint = error.hint;
        diagnostic.rule = error.is_missing.then(|| NO_REPOSITORY.to_owned());
        diagnostic
    }
}

/// The rule of the diagnostic that says that there is no repository; who can look at the client's files may
/// find out why.
pub const NO_REPOSITORY: &str = "NoRepository";

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
                is_missing: true,
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

/// The extensions of repository format version 1 that change nothing for a reader of objects and refs.
/// `git` refuses a repository with any other (its `Documentation/technical/repository-version`), and so
/// do we: gix opens them.
const HARMLESS_EXTENSIONS: [&str; 6] = [
    "noop",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "relativeworktrees",
    "worktreeconfig",
];

fn refuse_foreign_formats(repo: &gix::Repository) -> Result<(), RepoError> {
    let config = repo.config_snapshot();
    match config.integer("core.repositoryFormatVersion").unwrap_or(0) {
        0 => return Ok(()),
        1 => {}
        version => {
            return Err(RepoError::new(format!(
                "the repository has format version {version}, 0 and 1 are known"
            )));
        }
    }
    for section in config
        .plumbing()
        .sections_by_name("extensions")
        .into_iter()
        .flatten()
    {
        for name in section.value_names() {
            let lower = name.to_ascii_lowercase();
            if !HARMLESS_EXTENSIONS.contains(&lower.as_str()) && lower != "refstorage" {
                return Err(RepoError::new(format!(
                    "the repository needs the git extension `{name}`, which is not known here"
                )));
            }
        }
    }
    Ok(())
}

fn is_partial_clone(repo: &gix::Repository) -> bool {
    let config = repo.config_snapshot();
    config.string("extensions.partialClone").is_some()
        || config
            .plumbing()
            .sections_by_name("remote")
            .into_iter()
            .flatten()
            .any(|section| {
                section
                    .value("promisor")
                    .is_some_and(|value| value.as_slice() == b"true")
            })
}

/// Returns the refusal of a `.git` that is a file with this content, as in linked worktrees and submodules: it
/// names a directory outside the build context.
pub fn git_file(content: &str) -> RepoError {
    let target = content.trim().trim_start_matches("gitdir:").trim();
    RepoError::new(format!(
        "`.git` is a file that points to `{target}`, as in a linked worktree or a submodule, and that directory \
         is not in the build context"
    ))
    .hint("build from a clone of its own, for example `git clone . ../build && cd ../build`")
}

/// Returns the text of `error` and of everything that caused it, without repeating a part.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::git::fixture::Fixture;

    use super::*;

    fn refusal(git_dir: &Path) -> String {
        match Repo::open(git_dir) {
            Ok(repo) => panic!("opened at {}", repo.commit()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn head_is_found_however_it_is_stored() {
        let fixture = Fixture::with(&[("a/b.txt", "x")]);
        let commit = fixture.git(&["rev-parse", "HEAD"]);
        for step in [
            &["status"][..],
            &["gc", "--quiet"],
            &["pack-refs", "--all"],
            &["checkout", "--quiet", "--detach"],
        ] {
            fixture.git(step);
            let repo = Repo::open(&fixture.git_dir()).unwrap();
            assert_eq!(repo.commit(), commit, "{step:?}");
            let Some(Entry::File(id)) = repo.entry("a/b.txt").unwrap() else {
                panic!("no file")
            };
            assert_eq!(repo.read(id, "a/b.txt").unwrap(), b"x");
        }
    }

    #[test]
    fn only_the_parts_that_clients_send_are_needed() {
        let fixture = Fixture::with(&[("a", "x")]);
        let copy = tempfile::tempdir().unwrap();
        for part in ["HEAD", "config", "objects", "refs"] {
            let status = std::process::Command::new("cp")
                .arg("-r")
                .arg(fixture.git_dir().join(part))
                .arg(copy.path())
                .status()
                .unwrap();
            assert!(status.success());
        }
        assert!(
            Repo::open(copy.path())
                .unwrap()
                .entry("a")
                .unwrap()
                .is_some()
        );
    }

    #[test]
    fn shallow_and_sha256_repositories_are_read() {
        let fixture = Fixture::with(&[("a", "x")]);
        fixture.write("b", "y");
        fixture.commit();
        let clone = tempfile::tempdir().unwrap();
        let target = clone.path().join("c");
        let url = format!("file://{}", fixture.path().display());
        fixture.git(&[
            "clone",
            "--quiet",
            "--depth=1",
            &url,
            target.to_str().unwrap(),
        ]);
        assert!(
            Repo::open(&target.join(".git"))
                .unwrap()
                .entry("b")
                .unwrap()
                .is_some()
        );

        let modern = clone.path().join("sha256");
        fixture.git(&[
            "init",
            "--quiet",
            "--object-format=sha256",
            modern.to_str().unwrap(),
        ]);
        let directory = modern.to_str().unwrap();
        fixture.git(&[
            "-C",
            directory,
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "x",
        ]);
        assert_eq!(Repo::open(&modern.join(".git")).unwrap().commit().len(), 64);
    }

    #[test]
    fn what_is_no_repository_says_what_it_is() {
        let empty = tempfile::tempdir().unwrap();
        assert!(
            refusal(&empty.path().join(".git")).contains("no git repository in the build context")
        );

        let unborn = Fixture::unborn();
        assert!(refusal(&unborn.git_dir()).contains("branch `main` has no commit yet"));

        std::fs::write(
            empty.path().join(".git"),
            "gitdir: /somewhere/.git/worktrees/x\n",
        )
        .unwrap();
        let text = refusal(&empty.path().join(".git"));
        assert!(
            text.contains("`/somewhere/.git/worktrees/x`") && text.contains("linked worktree"),
            "{text}"
        );
    }

    #[test]
    fn formats_that_git_would_refuse_are_refused() {
        let fixture = Fixture::with(&[("a", "x")]);
        let config = fixture.git_dir().join("config");
        let original = std::fs::read_to_string(&config).unwrap();
        std::fs::write(
            &config,
            original.replace(
                "repositoryformatversion = 0",
                "repositoryformatversion = 1\n[extensions]\n\tfancy = true\n[core]",
            ),
        )
        .unwrap();
        assert!(refusal(&fixture.git_dir()).contains("git extension `fancy`"));
        std::fs::write(
            &config,
            original.replace("repositoryformatversion = 0", "repositoryformatversion = 7"),
        )
        .unwrap();
        refusal(&fixture.git_dir());
        std::fs::write(&config, "[core\n").unwrap();
        refusal(&fixture.git_dir());
    }

    #[test]
    fn missing_and_broken_objects_are_errors_with_their_names() {
        let fixture = Fixture::with(&[("a/b", "x")]);
        let repo = Repo::open(&fixture.git_dir()).unwrap();
        let Some(Entry::File(id)) = repo.entry("a/b").unwrap() else {
            panic!("no file")
        };
        let hex = id.to_string();
        let object = fixture
            .git_dir()
            .join("objects")
            .join(&hex[..2])
            .join(&hex[2..]);
        std::fs::remove_file(&object).unwrap();
        let error = repo.read(id, "a/b").unwrap_err().to_string();
        assert!(
            error.contains(&hex[..8]) && error.contains("(a/b)"),
            "{error}"
        );
        std::fs::write(&object, "garbage").unwrap();
        assert!(repo.read(id, "a/b").is_err());
    }

    #[test]
    fn a_partial_clone_says_how_to_make_a_full_one() {
        let fixture = Fixture::with(&[("a/b", "x")]);
        fixture.git(&["config", "uploadpack.allowFilter", "true"]);
        let clone = tempfile::tempdir().unwrap();
        let target = clone.path().join("c");
        let url = format!("file://{}", fixture.path().display());
        fixture.git(&[
            "clone",
            "--quiet",
            "--bare",
            "--filter=tree:0",
            &url,
            target.to_str().unwrap(),
        ]);
        let repo = Repo::open(&target).unwrap();
        let error = repo.entry("a/b").unwrap_err().to_string();
        assert!(error.contains("partial clone"), "{error}");
    }

    #[test]
    fn files_are_listed_by_their_last_name() {
        let fixture = Fixture::with(&[
            ("werf.yaml", ""),
            ("b/werf.yaml", ""),
            ("b/x", ""),
            ("a-werf.yaml", ""),
        ]);
        let repo = Repo::open(&fixture.git_dir()).unwrap();
        assert_eq!(
            repo.files_named("werf.yaml").unwrap(),
            ["b/werf.yaml", "werf.yaml"]
        );
    }
}
