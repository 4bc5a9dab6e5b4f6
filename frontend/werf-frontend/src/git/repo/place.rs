//! Where the parts of a repository are: its git directory may be elsewhere than in the work tree, and its objects elsewhere than
//! in the git directory.

use std::path::{Component, Path, PathBuf};

use super::RepoError;

/// The named context that stands for the git directory of the project, where that is not in the build context.
pub const GIT_DIR_CONTEXT: &str = "git-dir";

/// The entry of a work tree that is its git directory, or leads there.
const GIT: &str = ".git";
/// Where a git directory names others whose objects are its own, too.
const ALTERNATES: &str = "objects/info/alternates";
/// Where the git directories of linked worktrees are, below that of the main one.
const WORKTREES: &str = "worktrees";

/// Returns the git directory that `directory` has, or is.
pub fn git_dir_in(directory: &Path) -> PathBuf {
    let inner = directory.join(GIT);
    if inner.join("HEAD").exists() {
        inner
    } else {
        directory.to_owned()
    }
}

/// Returns the git directory of the work tree whose `.git` is `dot_git`, where `named` stands for it: for a linked worktree the
/// common directory, in which that of this worktree is found by the name that is in the file.
///
/// # Errors
/// A common directory of other worktrees.
pub(super) fn named_git_dir(dot_git: &Path, named: &Path) -> Result<PathBuf, RepoError> {
    let common = git_dir_in(named);
    let Some(target) = link_of(dot_git) else {
        return Ok(common);
    };
    let Some((_, name)) = worktree(&target) else {
        return Ok(common);
    };
    let own = common.join(WORKTREES).join(&name);
    if own.join("HEAD").exists() {
        return Ok(own);
    }
    Err(RepoError::new(format!(
        "`--build-context {GIT_DIR_CONTEXT}` leads to no repository with the worktree `{name}`"
    ))
    .hint(named_by(&target)))
}

/// Returns what a `.git` file at `dot_git` leads to, as it is written there.
fn link_of(dot_git: &Path) -> Option<String> {
    let is_file = dot_git.symlink_metadata().ok()?.is_file();
    let content = is_file.then(|| std::fs::read_to_string(dot_git).ok())??;
    Some(target_of(&content).to_owned())
}

fn target_of(content: &str) -> &str {
    content.trim().trim_start_matches("gitdir:").trim()
}

/// Returns the common directory and the name of the worktree, if `git_dir` is that of a linked one.
fn worktree(git_dir: &str) -> Option<(String, String)> {
    let (above, name) = git_dir.trim_end_matches('/').rsplit_once('/')?;
    let common = above.strip_suffix(WORKTREES)?.strip_suffix('/')?;
    let is_name = Path::new(name).components().count() == 1
        && matches!(
            Path::new(name).components().next(),
            Some(Component::Normal(_))
        );
    is_name.then(|| (common.to_owned(), name.to_owned()))
}

/// Says how to give the git directory at `target`. Without the slash at the end older
/// clients take it for a URL.
fn named_by(target: &str) -> String {
    let common = worktree(target).map_or_else(|| target.to_owned(), |(common, _)| common);
    let common = common.trim_end_matches('/');
    format!("add `--build-context {GIT_DIR_CONTEXT}={common}/`")
}

/// Returns where the `.git` at `dot_git` leads if it is a file, as in linked worktrees and submodules: that is followed where the
/// files of the machine are at hand.
pub fn followed_git_file(dot_git: &Path) -> PathBuf {
    match link_of(dot_git) {
        Some(target) => dot_git.with_file_name(target),
        None => dot_git.to_owned(),
    }
}

/// Returns the refusal of a `.git` that is a file with this content, as in linked worktrees and submodules: it
/// names a directory outside the build context.
pub fn git_file(content: &str) -> RepoError {
    let target = target_of(content);
    RepoError::new(format!(
        "`.git` is a file that points to `{target}`, as in a linked worktree or a submodule, and that directory \
         is not in the build context"
    ))
    .hint(named_by(target))
}

/// Returns the refusal of a `.git` that is a link to `target`.
pub fn git_link(target: &str) -> RepoError {
    RepoError::new(format!(
        "`.git` is a symbolic link to `{target}`, and the client does not follow it"
    ))
    .hint(named_by(target))
}

/// Refuses a git directory whose objects or references are behind a link that leads nowhere, as it does where the client has
/// sent the link alone.
pub(super) fn refuse_links(git_dir: &Path) -> Result<(), RepoError> {
    for part in ["objects", "refs"] {
        let path = git_dir.join(part);
        if let Ok(target) = std::fs::read_link(&path)
            && !path.exists()
        {
            let target = target.display();
            return Err(RepoError::new(format!(
                "`.git/{part}` is a symbolic link to `{target}`, which is not in the build context"
            ))
            .hint(format!(
                "put the directory in the place of the link (`rm .git/{part} && mv {target} .git/{part}`), or build in a clone: \
                 `git clone --no-hardlinks . ../build`"
            )));
        }
    }
    Ok(())
}

/// Returns what to do about missing objects if the git directory takes some from another that is not there
/// (`git clone --shared`, `--reference`).
pub(super) fn advice_on_alternates(git_dir: &Path) -> Option<String> {
    let list = std::fs::read_to_string(git_dir.join(ALTERNATES)).ok()?;
    let missing = list.lines().find(|line| {
        let is_path = !line.is_empty() && !line.starts_with('#');
        is_path && !git_dir.join("objects").join(line).is_dir()
    })?;
    Some(format!(
        "the repository takes objects from `{missing}`, which is not in the build context; copy them: \
         `git repack -a -d && rm .git/{ALTERNATES}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Repo};
    use super::*;
    use crate::git::fixture::Fixture;

    fn message(opened: Result<Repo, RepoError>) -> String {
        match opened {
            Ok(repo) => panic!("it opens at {}", repo.commit()),
            Err(error) => error.to_string(),
        }
    }

    /// Adds a linked worktree with a commit of its own, whose directory is gone when the first value is dropped.
    fn worktree_of(fixture: &Fixture) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("tree");
        let text = path.to_str().expect("UTF-8");
        fixture.git(&["worktree", "add", "--quiet", text]);
        std::fs::write(path.join("only"), "here").expect("write a file");
        fixture.git(&["-C", text, "add", "--all"]);
        fixture.git(&["-C", text, "commit", "--quiet", "--message", "there"]);
        (directory, path)
    }

    fn has(repo: &Repo, path: &str) -> bool {
        matches!(repo.entry(path), Ok(Some(Entry::File(_))))
    }

    #[test]
    fn a_linked_worktree_is_found_in_the_common_directory() {
        let fixture = Fixture::with(&[("a", "1")]);
        let (_kept, tree) = worktree_of(&fixture);
        let dot_git = tree.join(".git");
        let written = std::fs::read_to_string(&dot_git).expect("a file");
        for named in [fixture.git_dir(), fixture.path().to_owned()] {
            let repo = Repo::open_project(&dot_git, Some(&named)).expect("a repository");
            assert!(has(&repo, "only"), "{}", named.display());
        }
        let followed = Repo::open(&followed_git_file(&dot_git)).expect("a repository");
        assert!(has(&followed, "only"));
        // What is advised where the directory is not at hand is the common one.
        let advice = message(Repo::open(&dot_git));
        let common = fixture.git_dir();
        let common = common.canonicalize().expect("it is there");
        let option = format!("add `--build-context git-dir={}/`", common.display());
        assert!(advice.ends_with(&option), "{advice}");
        let other = Fixture::with(&[("a", "1")]);
        let refused = message(Repo::open_project(&dot_git, Some(&other.git_dir())));
        assert!(
            refused.contains("no repository with the worktree `tree`"),
            "{refused}"
        );
        // A name that is none leads nowhere else.
        std::fs::write(&dot_git, written.replace("/tree", "/..")).expect("write the file");
        let repo = Repo::open_project(&dot_git, Some(&fixture.git_dir())).expect("a repository");
        assert!(!has(&repo, "only"));
    }

    #[test]
    fn a_git_directory_stands_for_a_dot_git_of_any_kind() {
        let fixture = Fixture::with(&[("a", "1")]);
        let elsewhere = tempfile::tempdir().expect("a temporary directory");
        let dot_git = elsewhere.path().join(".git");
        let opens = || Repo::open_project(&dot_git, Some(&fixture.git_dir())).is_ok();
        assert!(opens(), "nothing");
        std::fs::write(&dot_git, "gitdir: ../.git/modules/sub\n").expect("write a file");
        assert!(opens(), "a submodule's");
        let advice = message(Repo::open(&dot_git));
        assert!(advice.contains("git-dir=../.git/modules/sub/`"), "{advice}");
        std::fs::remove_file(&dot_git).expect("remove it");
        std::os::unix::fs::symlink("nowhere", &dot_git).expect("make a link");
        assert!(opens(), "a link");
    }

    #[test]
    fn objects_elsewhere_have_a_remedy() {
        let fixture = Fixture::with(&[("a", "1")]);
        let clones = tempfile::tempdir().expect("a temporary directory");
        let clone = clones.path().join("clone");
        let text = clone.to_str().expect("UTF-8");
        fixture.git(&["clone", "--quiet", "--shared", ".", text]);
        let git_dir = clone.join(".git");
        assert!(Repo::open(&git_dir).is_ok(), "both are here");
        let away = fixture.path().join(".git/away");
        std::fs::rename(fixture.git_dir().join("objects"), &away).expect("move them");
        let advice = message(Repo::open(&git_dir));
        let remedy = "copy them: `git repack -a -d && rm .git/objects/info/alternates`";
        assert!(advice.ends_with(remedy), "{advice}");
        tally::tried(2, 2);
        std::fs::rename(&away, fixture.git_dir().join("objects")).expect("move them back");
        fixture.git(&["-C", text, "repack", "-q", "-a", "-d"]);
        std::fs::remove_file(git_dir.join(ALTERNATES)).expect("remove the list");
        std::fs::remove_dir_all(fixture.git_dir().join("objects")).expect("remove them");
        assert!(Repo::open(&git_dir).is_ok(), "they are copied");

        std::fs::rename(git_dir.join("objects"), clones.path().join("objects")).expect("move them");
        std::os::unix::fs::symlink("../../moved", git_dir.join("objects")).expect("make a link");
        let advice = message(Repo::open(&git_dir));
        assert!(
            advice.contains("`.git/objects` is a symbolic link to `../../moved`"),
            "{advice}"
        );
    }

    #[test]
    fn references_as_reftable_have_a_remedy() {
        let fixture = Fixture::with(&[("a", "1")]);
        fixture.git(&["config", "core.repositoryFormatVersion", "1"]);
        fixture.git(&["config", "extensions.refStorage", "reftable"]);
        let advice = message(Repo::open(&fixture.git_dir()));
        assert!(
            advice.contains("`git refs migrate --ref-format=files`"),
            "{advice}"
        );
    }
}
