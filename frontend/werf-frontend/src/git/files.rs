//! The files of a commit as templates see them: links are followed within the repository, submodules are not
//! gone into.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gix::objs::tree::EntryKind as GitKind;
use masks::mask::Mask;

use super::repo::{Repo, RepoError};

/// As many links may lead to one file, as in Linux.
const MOST_LINKS: usize = 40;

/// A glob that finds more is a mistake.
const MOST_FILES: usize = 100_000;

/// So many entries of directories are remembered.
const MOST_REMEMBERED: usize = 200_000;

/// The files below a directory of a commit.
pub struct CommitFiles {
    trees: Mutex<Trees>,
    /// The project directory, without slashes around it.
    directory: String,
}

/// What a path leads to, for those who only ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
enum Found {
    File(gix::ObjectId),
    Directory(gix::ObjectId),
}

/// The directories of a commit, of which those that were read are remembered: a template that reads five hundred
/// files of a directory would otherwise read the directory five hundred times.
struct Trees {
    repo: Repo,
    known: HashMap<gix::ObjectId, Arc<[Child]>>,
    /// How many children all of them have.
    remembered: usize,
}

/// One entry of a directory.
#[derive(Debug)]
struct Child {
    name: String,
    kind: GitKind,
    id: gix::ObjectId,
}

/// A directory that is being listed.
struct Listing<'a> {
    trees: &'a mut Trees,
    mask: &'a Mask,
    /// The directories above, so that links do not lead round in circles.
    above: Vec<gix::ObjectId>,
    found: Vec<String>,
}

impl CommitFiles {
    /// Returns the files of `repo`'s commit below `directory`.
    pub fn new(repo: &Repo, directory: &str) -> CommitFiles {
        CommitFiles {
            trees: Mutex::new(Trees {
                repo: repo.clone(),
                known: HashMap::new(),
                remembered: 0,
            }),
            directory: directory.trim_matches('/').to_owned(),
        }
    }

    fn trees(&self) -> MutexGuard<'_, Trees> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, trees: &mut Trees, path: &str) -> Result<Option<Found>, RepoError> {
        let path = format!("{}/{path}", self.directory);
        Ok(trees.resolve(&path)?.map(|(found, _)| found))
    }
}

impl CommitFiles {
    /// Returns what is at `path`, or `None`.
    ///
    /// # Errors
    /// Objects on the way that are missing or broken.
    pub fn kind(&self, path: &str) -> Result<Option<PathKind>, RepoError> {
        let found = self.find(&mut self.trees(), path)?;
        Ok(found.map(|found| match found {
            Found::File(_) => PathKind::File,
            Found::Directory(_) => PathKind::Directory,
        }))
    }

    /// Returns the content of the file at `path`.
    ///
    /// # Errors
    /// No file, or one that cannot be read as a configuration.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, RepoError> {
        let mut trees = self.trees();
        match self.find(&mut trees, path)? {
            Some(Found::File(id)) => trees.repo.read(id, path),
            Some(Found::Directory(_)) => Err(RepoError::new(format!("{path:?} is a directory"))),
            None => Err(RepoError::new(format!(
                "file {path:?} is not in commit {}",
                &trees.repo.commit()[..12]
            ))),
        }
    }

    /// Returns the paths of the files that `mask` matches, sorted.
    ///
    /// # Errors
    /// Objects that are missing or broken; a mask that matches too many.
    pub fn glob(&self, mask: &Mask) -> Result<Vec<String>, RepoError> {
        let mut trees = self.trees();
        let Some(Found::Directory(tree)) = self.find(&mut trees, "")? else {
            return Ok(Vec::new());
        };
        let mut listing = Listing {
            trees: &mut trees,
            mask,
            above: Vec::new(),
            found: Vec::new(),
        };
        listing.walk(tree, &self.directory, "")?;
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
        for child in self.trees.children(tree)?.iter() {
            let shown = join(shown, &child.name);
            let path = join(path, &child.name);
            let id = child.id;
            let found = match child.kind {
                GitKind::Blob | GitKind::BlobExecutable => Some((Found::File(id), path)),
                GitKind::Tree => Some((Found::Directory(id), path)),
                GitKind::Link => self.trees.resolve(&path)?,
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

impl Trees {
    /// Follows `path` from the root of the work tree, and returns what it leads to and that thing's own path.
    fn resolve(&mut self, path: &str) -> Result<Option<(Found, String)>, RepoError> {
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
            let tree = self.last(&walked);
            match self.child(tree, &name)? {
                Some((GitKind::Tree, id)) => walked.push((name, id)),
                Some((GitKind::Blob | GitKind::BlobExecutable, id)) => file = Some((name, id)),
                Some((GitKind::Link, id)) => {
                    links += 1;
                    let target = String::from_utf8(self.repo.read(id, &name)?).unwrap_or_default();
                    if links > MOST_LINKS || target.is_empty() || target.starts_with('/') {
                        return Ok(None);
                    }
                    pending.extend(target.split('/').rev().map(str::to_owned));
                }
                Some((GitKind::Commit, _)) | None => return Ok(None),
            }
        }
        let directory = walked
            .iter()
            .fold(String::new(), |path, (name, _)| join(&path, name));
        Ok(Some(match file {
            Some((name, id)) => (Found::File(id), join(&directory, &name)),
            None => (Found::Directory(self.last(&walked)), directory),
        }))
    }

    fn last(&self, walked: &[(String, gix::ObjectId)]) -> gix::ObjectId {
        walked
            .last()
            .map_or(self.repo.root_tree(), |(_, tree)| *tree)
    }

    fn child(
        &mut self,
        tree: gix::ObjectId,
        name: &str,
    ) -> Result<Option<(GitKind, gix::ObjectId)>, RepoError> {
        let children = self.children(tree)?;
        let at = children.binary_search_by(|child| child.name.as_str().cmp(name));
        Ok(at.ok().map(|at| (children[at].kind, children[at].id)))
    }

    /// Returns the entries of a tree whose names are UTF-8, by name; no template can name others.
    fn children(&mut self, tree: gix::ObjectId) -> Result<Arc<[Child]>, RepoError> {
        if let Some(known) = self.known.get(&tree) {
            return Ok(Arc::clone(known));
        }
        let mut buffer = Vec::new();
        let mut children = Vec::new();
        for entry in self.repo.entries(&tree, &mut buffer)? {
            let entry = entry?;
            if let Ok(name) = std::str::from_utf8(entry.filename) {
                children.push(Child {
                    name: name.to_owned(),
                    kind: entry.mode.kind(),
                    id: entry.oid.to_owned(),
                });
            }
        }
        // Git sorts a directory as if a slash followed its name.
        children.sort_by(|a, b| a.name.cmp(&b.name));
        let children: Arc<[Child]> = children.into();
        if self.remembered > MOST_REMEMBERED {
            self.known.clear();
            self.remembered = 0;
        }
        self.remembered += children.len();
        self.known.insert(tree, Arc::clone(&children));
        Ok(children)
    }
}

fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::git::fixture::Fixture;

    use super::*;

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
        assert_eq!(files.kind("a"), Ok(Some(PathKind::Directory)));
        assert_eq!(files.kind("nope"), Ok(None));
        assert_eq!(files.kind("a/b.txt/c"), Ok(None));
        assert!(
            files
                .read("a")
                .unwrap_err()
                .message
                .contains("is a directory")
        );
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
