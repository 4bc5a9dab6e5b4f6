//! The files of a commit as templates see them: links are followed within the repository, submodules are not
//! gone into (spec `werf-yaml.md` 2.2).

use std::sync::{Mutex, MutexGuard, PoisonError};

use gix::objs::tree::EntryKind as GitKind;

use crate::config::template::{FileKind, Files};

use super::mask::Mask;
use super::repo::{Repo, RepoError};

/// As many links may lead to one file, as in Linux.
const MOST_LINKS: usize = 40;

/// A glob that finds more is a mistake.
const MOST_FILES: usize = 100_000;

/// The files below a directory of a commit.
pub struct CommitFiles {
    repo: Mutex<Repo>,
    /// The project directory, without slashes around it.
    directory: String,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
enum Found {
    File(gix::ObjectId),
    Directory(gix::ObjectId),
}

/// A directory that is being listed.
struct Listing<'a> {
    repo: &'a Repo,
    mask: &'a Mask,
    /// The directories above, so that links do not lead round in circles.
    above: Vec<gix::ObjectId>,
    found: Vec<String>,
}

impl CommitFiles {
    /// Returns the files of `repo`'s commit below `directory`.
    pub fn new(repo: &Repo, directory: &str) -> CommitFiles {
        CommitFiles {
            repo: Mutex::new(repo.clone()),
            directory: directory.trim_matches('/').to_owned(),
        }
    }

    fn repo(&self) -> MutexGuard<'_, Repo> {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, repo: &Repo, path: &str) -> Result<Option<Found>, RepoError> {
        let path = format!("{}/{path}", self.directory);
        Ok(resolve(repo, &path)?.map(|(found, _)| found))
    }
}

impl Files for CommitFiles {
    fn kind(&self, path: &str) -> Result<Option<FileKind>, String> {
        let found = self.find(&self.repo(), path).map_err(|e| e.to_string())?;
        Ok(found.map(|found| match found {
            Found::File(_) => FileKind::File,
            Found::Directory(_) => FileKind::Directory,
        }))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let repo = self.repo();
        let say = |error: RepoError| error.to_string();
        match self.find(&repo, path).map_err(say)? {
            Some(Found::File(id)) => repo.read(id, path).map_err(say),
            Some(Found::Directory(_)) => Err(format!("{path:?} is a directory")),
            None => Err(format!(
                "file {path:?} is not in commit {}",
                &repo.commit()[..12]
            )),
        }
    }

    fn glob(&self, mask: &Mask) -> Result<Vec<String>, String> {
        let repo = self.repo();
        let say = |error: RepoError| error.to_string();
        let Some(Found::Directory(tree)) = self.find(&repo, "").map_err(say)? else {
            return Ok(Vec::new());
        };
        let mut listing = Listing {
            repo: &repo,
            mask,
            above: Vec::new(),
            found: Vec::new(),
        };
        listing.walk(tree, &self.directory, "").map_err(say)?;
        listing.found.sort();
        Ok(listing.found)
    }
}

impl Listing<'_> {
    /// Lists `tree`, which is at `path` in the work tree and at `shown` below the project directory.
    fn walk(&mut self, tree: gix::ObjectId, path: &str, shown: &str) -> Result<(), RepoError> {
        if self.above.contains(&tree) {
            return Ok(());
        }
        self.above.push(tree);
        for (name, kind, id) in children(self.repo, tree)? {
            let shown = join(shown, &name);
            let path = join(path, &name);
            let found = match kind {
                GitKind::Blob | GitKind::BlobExecutable => Some((Found::File(id), path)),
                GitKind::Tree => Some((Found::Directory(id), path)),
                GitKind::Link => resolve(self.repo, &path)?,
                GitKind::Commit => None,
            };
            match found {
                Some((Found::File(_), _)) if self.mask.matches(shown.as_bytes()) => {
                    if self.found.len() == MOST_FILES {
                        return Err(RepoError::new(format!(
                            "`{}` matches more than {MOST_FILES} files",
                            self.mask.as_str()
                        )));
                    }
                    self.found.push(shown);
                }
                Some((Found::Directory(tree), path))
                    if self.mask.matches(shown.as_bytes())
                        || self.mask.may_match_below(shown.as_bytes()) =>
                {
                    self.walk(tree, &path, &shown)?;
                }
                _ => {}
            }
        }
        self.above.pop();
        Ok(())
    }
}

/// Follows `path` from the root of the work tree, and returns what it leads to and that thing's own path.
fn resolve(repo: &Repo, path: &str) -> Result<Option<(Found, String)>, RepoError> {
    let mut pending: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut walked: Vec<(String, gix::ObjectId)> = Vec::new();
    let mut file = None;
    let mut links = 0;
    while let Some(name) = pending.pop() {
        match name.as_str() {
            "" | "." => continue,
            _ if file.is_some() => return Ok(None),
            // A path that leads out of the repository leads nowhere.
            ".." if walked.pop().is_none() => return Ok(None),
            ".." => continue,
            _ => {}
        }
        let tree = walked.last().map_or(repo.root_tree(), |(_, tree)| *tree);
        let child = children(repo, tree)?
            .into_iter()
            .find(|(child, ..)| *child == name);
        match child {
            Some((_, GitKind::Tree, id)) => walked.push((name, id)),
            Some((_, GitKind::Blob | GitKind::BlobExecutable, id)) => file = Some((name, id)),
            Some((_, GitKind::Link, id)) => {
                links += 1;
                let target = String::from_utf8(repo.read(id, &name)?).unwrap_or_default();
                if links > MOST_LINKS || target.is_empty() || target.starts_with('/') {
                    return Ok(None);
                }
                pending.extend(target.split('/').rev().map(str::to_owned));
            }
            Some((_, GitKind::Commit, _)) | None => return Ok(None),
        }
    }
    let directory = walked
        .iter()
        .fold(String::new(), |path, (name, _)| join(&path, name));
    Ok(Some(match file {
        Some((name, id)) => (Found::File(id), join(&directory, &name)),
        None => {
            let tree = walked.last().map_or(repo.root_tree(), |(_, tree)| *tree);
            (Found::Directory(tree), directory)
        }
    }))
}

/// Returns the entries of a tree whose names are UTF-8; no template can name others.
fn children(
    repo: &Repo,
    tree: gix::ObjectId,
) -> Result<Vec<(String, GitKind, gix::ObjectId)>, RepoError> {
    let mut buffer = Vec::new();
    let mut children = Vec::new();
    for entry in repo.entries(&tree, &mut buffer)? {
        let entry = entry.map_err(|error| RepoError::new(format!("read tree {tree}: {error}")))?;
        if let Ok(name) = std::str::from_utf8(entry.filename) {
            children.push((name.to_owned(), entry.mode.kind(), entry.oid.to_owned()));
        }
    }
    Ok(children)
}

fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    fn files(fixture: &Fixture, directory: &str) -> CommitFiles {
        CommitFiles::new(
            &Repo::open(&fixture.git_dir()).expect("a repository"),
            directory,
        )
    }

    fn glob(files: &CommitFiles, mask: &str) -> Vec<String> {
        files
            .glob(&Mask::new(mask).expect("a mask"))
            .expect("a list")
    }

    #[test]
    fn paths_are_relative_to_the_project_directory() {
        let fixture = Fixture::with(&[("p/a/b.txt", "x"), ("outside", "o")]);
        let files = files(&fixture, "p");
        assert_eq!(files.read("a/b.txt"), Ok(b"x".to_vec()));
        assert_eq!(files.read("/a/./b.txt"), Ok(b"x".to_vec()));
        assert_eq!(files.kind("a"), Ok(Some(FileKind::Directory)));
        assert_eq!(files.kind("nope"), Ok(None));
        assert_eq!(files.kind("a/b.txt/c"), Ok(None));
        assert!(files.read("a").unwrap_err().contains("is a directory"));
        assert_eq!(glob(&files, "**/*.txt"), ["a/b.txt"]);
        assert_eq!(glob(&files, "a"), ["a/b.txt"]);
    }

    #[test]
    fn links_are_followed_within_the_repository() {
        let fixture = Fixture::with(&[("real/f", "x"), ("g", "y")]);
        fixture.link("real", "dir");
        fixture.link("../g", "real/up");
        fixture.link("../../etc/passwd", "real/out");
        fixture.link("..", "real/round");
        fixture.link("loop", "loop");
        fixture.commit();
        let files = files(&fixture, "");
        assert_eq!(files.read("dir/f"), Ok(b"x".to_vec()));
        assert_eq!(files.read("dir/up"), Ok(b"y".to_vec()));
        assert_eq!(files.kind("real/out"), Ok(None));
        assert_eq!(files.kind("loop"), Ok(None));
        let found = glob(&files, "dir");
        assert_eq!(found, ["dir/f", "dir/up"]);
    }
}
