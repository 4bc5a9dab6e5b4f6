//! The files of a commit as templates see them: links are followed within a repository, and submodules that have been
//! fetched are gone into.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gix::objs::tree::EntryKind as GitKind;
use masks::mask::Mask;

use super::path::RepoPath;
use super::repo::{Repo, RepoError};
use super::submodule;

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
    File(Object),
    Directory(Object),
}

/// An object, and the index of the repository in [`Trees::repos`] that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Object {
    repo: usize,
    id: gix::ObjectId,
}

/// A repository that files are read from.
struct Opened {
    repo: Repo,
    /// Where it is in the work tree; empty for the project's own.
    path: String,
    /// What its `.gitmodules` lists, once that was asked for.
    names: Option<submodule::Names>,
}

/// The directories of a commit, of which those that were read are remembered: a template that reads five hundred
/// files of a directory would otherwise read the directory five hundred times.
struct Trees {
    /// The project's own, and the submodules that were gone into.
    repos: Vec<Opened>,
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
    above: Vec<Object>,
    found: Vec<String>,
}

impl CommitFiles {
    /// Returns the files of `repo`'s commit below `directory`.
    pub fn new(repo: &Repo, directory: &str) -> CommitFiles {
        CommitFiles {
            trees: Mutex::new(Trees {
                repos: vec![Opened {
                    repo: repo.clone(),
                    path: String::new(),
                    names: None,
                }],
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
    /// Returns the target of the link at `path`, if that is one.
    fn link(&self, trees: &mut Trees, path: &str) -> Result<Option<String>, RepoError> {
        let path = path.trim_matches('/');
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(Found::Directory(tree)) = self.find(trees, parent)? else {
            return Ok(None);
        };
        let Some((GitKind::Link, link)) = trees.child(tree, name)? else {
            return Ok(None);
        };
        let target = trees.repos[link.repo].repo.read(link.id, path)?;
        Ok(Some(String::from_utf8_lossy(&target).into_owned()))
    }

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
            Some(Found::File(file)) => trees.repos[file.repo].repo.read(file.id, path),
            Some(Found::Directory(_)) => Err(RepoError::new(format!("{path:?} is a directory"))),
            None => {
                let commit = trees.repos[0].repo.commit();
                Err(match self.link(&mut trees, path)? {
                    Some(target) => RepoError::new(format!(
                        "file {path:?} is a link to {target:?}, where commit {} has nothing",
                        &commit[..12]
                    )),
                    None => {
                        RepoError::new(format!("file {path:?} is not in commit {}", &commit[..12]))
                    }
                })
            }
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
    fn walk(&mut self, tree: Object, path: &str, shown: &str) -> Result<(), RepoError> {
        if self.above.contains(&tree) {
            return Ok(());
        }
        self.above.push(tree);
        for child in self.trees.children(tree)?.iter() {
            let shown = join(shown, &child.name);
            let path = join(path, &child.name);
            let object = Object {
                repo: tree.repo,
                id: child.id,
            };
            let found = match child.kind {
                GitKind::Blob | GitKind::BlobExecutable => Some((Found::File(object), path)),
                GitKind::Tree => Some((Found::Directory(object), path)),
                GitKind::Link => self.trees.resolve(&path)?,
                GitKind::Commit => self.submodule(object, path, &shown)?,
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

    /// Goes into the submodule at `path`. One that has not been fetched is only missed by a mask that names it: others
    /// match whatever is there.
    fn submodule(
        &mut self,
        commit: Object,
        path: String,
        shown: &str,
    ) -> Result<Option<(Found, String)>, RepoError> {
        if !self.mask.matches(shown.as_bytes()) && !self.mask.may_match_below(shown.as_bytes()) {
            return Ok(None);
        }
        match self.trees.submodule(commit, &path) {
            Ok(root) => Ok(Some((Found::Directory(root), path))),
            Err(error) if self.mask.literal_prefix().starts_with(shown.as_bytes()) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

impl Trees {
    /// Follows `path` from the root of the work tree, and returns what it leads to and that thing's own path.
    fn resolve(&mut self, path: &str) -> Result<Option<(Found, String)>, RepoError> {
        let mut pending: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut walked: Vec<(String, Object)> = Vec::new();
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
                Some((GitKind::Tree, object)) => walked.push((name, object)),
                Some((GitKind::Blob | GitKind::BlobExecutable, object)) => {
                    file = Some((name, object));
                }
                Some((GitKind::Link, object)) => {
                    links += 1;
                    let target = self.repos[object.repo].repo.read(object.id, &name)?;
                    let target = String::from_utf8(target).unwrap_or_default();
                    if links > MOST_LINKS || target.is_empty() || target.starts_with('/') {
                        return Ok(None);
                    }
                    pending.extend(target.split('/').rev().map(str::to_owned));
                }
                Some((GitKind::Commit, commit)) => {
                    let path = join(&path_of(&walked), &name);
                    walked.push((name, self.submodule(commit, &path)?));
                }
                None => return Ok(None),
            }
        }
        let directory = path_of(&walked);
        Ok(Some(match file {
            Some((name, file)) => (Found::File(file), join(&directory, &name)),
            None => (Found::Directory(self.last(&walked)), directory),
        }))
    }

    fn last(&self, walked: &[(String, Object)]) -> Object {
        let root = || Object {
            repo: 0,
            id: self.repos[0].repo.root_tree(),
        };
        walked.last().map_or_else(root, |(_, tree)| *tree)
    }

    /// Opens the submodule at `path` of the work tree, and returns its root.
    fn submodule(&mut self, commit: Object, path: &str) -> Result<Object, RepoError> {
        let known = self.repos.iter().position(|it| it.path == path);
        let repo = match known {
            Some(known) => known,
            None => {
                let outer = &mut self.repos[commit.repo];
                if outer.names.is_none() {
                    outer.names = Some(submodule::names(&outer.repo)?);
                }
                let outer = &self.repos[commit.repo];
                let names = outer.names.clone().unwrap_or_default();
                let inside = path[outer.path.len()..].trim_start_matches('/');
                let root = RepoPath::parse(path.as_bytes())
                    .map_err(|error| RepoError::new(format!("submodule `{path}`: {error}")))?;
                let (repo, _) =
                    submodule::open(&outer.repo, &names, inside.as_bytes(), root, commit.id)?;
                self.repos.push(Opened {
                    repo,
                    path: path.to_owned(),
                    names: None,
                });
                self.repos.len() - 1
            }
        };
        Ok(Object {
            repo,
            id: self.repos[repo].repo.root_tree(),
        })
    }

    fn child(&mut self, tree: Object, name: &str) -> Result<Option<(GitKind, Object)>, RepoError> {
        let children = self.children(tree)?;
        let at = children.binary_search_by(|child| child.name.as_str().cmp(name));
        let object = |id| Object {
            repo: tree.repo,
            id,
        };
        Ok(at
            .ok()
            .map(|at| (children[at].kind, object(children[at].id))))
    }

    /// Returns the entries of a tree whose names are UTF-8, by name; no template can name others.
    fn children(&mut self, tree: Object) -> Result<Arc<[Child]>, RepoError> {
        let Object { repo, id: tree } = tree;
        if let Some(known) = self.known.get(&tree) {
            return Ok(Arc::clone(known));
        }
        let mut buffer = Vec::new();
        let mut children = Vec::new();
        for entry in self.repos[repo].repo.entries(&tree, &mut buffer)? {
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

/// Returns the path that was walked.
fn path_of(walked: &[(String, Object)]) -> String {
    let names = walked.iter().map(|(name, _)| name);
    names.fold(String::new(), |path, name| join(&path, name))
}

fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}

#[cfg(test)]
mod tests;
