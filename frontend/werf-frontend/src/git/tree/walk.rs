//! The walk through the trees of a commit, and on into its submodules.

use std::cell::OnceCell;
use std::rc::Rc;

use gix::objs::tree::{EntryKind as GitKind, EntryRef};
use masks::mask::{PathMatcher, Scope};

use crate::git::path::{PathError, RepoPath, printable};
use crate::git::repo::{Repo, RepoError};
use crate::git::submodule;

use super::{FileKind, Shape, TreeEntry, TreeListing};

/// How many files, directories and submodules one listing may go through. A few objects can describe a tree of
/// any size, so there must be an end.
const MOST_ENTRIES: usize = if cfg!(test) { 200_000 } else { 2_000_000 };

/// Longer links cannot be made on Linux (`PATH_MAX`, with the NUL behind them).
const LONGEST_LINK: u64 = 4095;

/// Lists what `matcher` leaves of the directory `tree`, which is at `add` in `repo`, the last of `submodules` if there
/// are any.
pub(super) fn list(
    repo: &Repo,
    submodules: Vec<submodule::Submodule>,
    tree: gix::ObjectId,
    add: Option<&RepoPath>,
    matcher: &PathMatcher,
) -> Result<TreeListing, RepoError> {
    let own = submodules.last().map(|last| last.path.clone());
    let mut walk = Walk {
        add,
        entries: Vec::new(),
        pending: Vec::new(),
        seen: 0,
        submodules,
    };
    walk.pending.push(Directory {
        place: Rc::new(Place {
            repo: Opened::Given(repo),
            submodule: own.map(|path| (walk.submodules.len() - 1, path)),
            names: OnceCell::new(),
        }),
        tree,
        path: None,
        scope: matcher.scope(),
    });
    let mut buffer = Vec::new();
    // A list of what is left to do, not recursion: the trees of others may be deep.
    while let Some(directory) = walk.pending.pop() {
        walk.directory(&directory, &mut buffer)?;
    }
    walk.entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(TreeListing {
        shape: Shape::Directory,
        entries: walk.entries,
        submodules: walk.submodules,
    })
}

/// Returns the entry `name` of `tree`.
pub(super) fn lookup(
    repo: &Repo,
    tree: gix::ObjectId,
    name: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<Option<(GitKind, gix::ObjectId)>, RepoError> {
    for entry in repo.entries(&tree, buffer)? {
        let entry = entry?;
        if entry.filename == name {
            return Ok(Some((entry.mode.kind(), entry.oid.to_owned())));
        }
    }
    Ok(None)
}

struct Walk<'a> {
    add: Option<&'a RepoPath>,
    entries: Vec<TreeEntry>,
    submodules: Vec<submodule::Submodule>,
    pending: Vec<Directory<'a>>,
    seen: usize,
}

/// A directory that is still to be read.
struct Directory<'a> {
    place: Rc<Place<'a>>,
    tree: gix::ObjectId,
    /// The path relative to `add`.
    path: Option<RepoPath>,
    scope: Scope<'a>,
}

/// A repository that is gone through.
struct Place<'a> {
    repo: Opened<'a>,
    /// The index of the submodule and its path; `None` is the project.
    submodule: Option<(usize, RepoPath)>,
    names: OnceCell<submodule::Names>,
}

enum Opened<'a> {
    Given(&'a Repo),
    Submodule(Box<Repo>),
}

impl Place<'_> {
    fn repo(&self) -> &Repo {
        match &self.repo {
            Opened::Given(repo) => repo,
            Opened::Submodule(repo) => repo,
        }
    }

    fn names(&self) -> Result<&submodule::Names, RepoError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let names = submodule::names(self.repo())?;
        Ok(self.names.get_or_init(|| names))
    }
}

impl<'a> Walk<'a> {
    fn directory(&mut self, at: &Directory<'a>, buffer: &mut Vec<u8>) -> Result<(), RepoError> {
        let repo = at.place.repo();
        let here = || match &at.path {
            Some(path) => path.to_string(),
            None => "its root".to_owned(),
        };
        let mut before: Vec<EntryRef<'_>> = Vec::new();
        let first_pending = self.pending.len();
        for entry in repo.entries(&at.tree, buffer)? {
            let entry = entry?;
            self.seen += 1;
            if self.seen > MOST_ENTRIES {
                return Err(RepoError::new(format!(
                    "the commit has more than {MOST_ENTRIES} files and directories that count"
                ))
                .hint("narrow `add` or add `excludePaths`"));
            }
            let path = RepoPath::child(at.path.as_ref(), entry.filename)
                .map_err(|error| broken(at.tree, &unusable(&here(), entry.filename, error)))?;
            if !is_new(&before, &entry) {
                let name = printable(entry.filename);
                return Err(broken(
                    at.tree,
                    &format!("`{name}` in {} is there twice or out of order", here()),
                ));
            }
            before.push(entry);
            let id = entry.oid.to_owned();
            match (file_kind(entry.mode.kind()), entry.mode.kind()) {
                (Some(kind), _) => {
                    if at.scope.matches(path.as_bytes()) {
                        if kind == FileKind::Symlink {
                            check_link(repo, id, &path)?;
                        }
                        self.entries.push(TreeEntry {
                            path,
                            kind,
                            id,
                            submodule: at.place.submodule.as_ref().map(|&(index, _)| index),
                        });
                    }
                }
                (None, kind) => {
                    let Some(scope) = at.scope.enter(path.as_bytes()) else {
                        continue;
                    };
                    let (place, tree) = match kind {
                        GitKind::Commit => self.submodule(&at.place, &path, id)?,
                        _ => (Rc::clone(&at.place), id),
                    };
                    self.pending.push(Directory {
                        place,
                        tree,
                        path: Some(path),
                        scope,
                    });
                }
            }
        }
        // The first directory comes first, so that the entries are nearly sorted.
        self.pending[first_pending..].reverse();
        Ok(())
    }

    /// Opens the submodule at `path`; returns it and its root.
    fn submodule(
        &mut self,
        outer: &Place<'_>,
        path: &RepoPath,
        commit: gix::ObjectId,
    ) -> Result<(Rc<Place<'a>>, gix::ObjectId), RepoError> {
        let whole = match self.add {
            Some(add) => [add.as_bytes(), path.as_bytes()].join(&b'/'),
            None => path.as_bytes().to_vec(),
        };
        let inside = match &outer.submodule {
            Some((_, root)) => &whole[root.as_bytes().len() + 1..],
            None => &whole[..],
        };
        let root = RepoPath::parse(&whole).map_err(|error| {
            RepoError::new(format!("submodule `{}`: {error}", printable(&whole)))
        })?;
        let (repo, found) =
            submodule::open(outer.repo(), outer.names()?, inside, root.clone(), commit)?;
        let tree = repo.root_tree();
        let index = self.submodules.len();
        self.submodules.push(found);
        let place = Place {
            repo: Opened::Submodule(Box::new(repo)),
            submodule: Some((index, root)),
            names: OnceCell::new(),
        };
        Ok((Rc::new(place), tree))
    }
}

/// Refuses a link that no file system can hold: one that leads nowhere, or has a NUL or more bytes than a path.
fn check_link(repo: &Repo, id: gix::ObjectId, path: &RepoPath) -> Result<(), RepoError> {
    let why = match repo.size(id, &path.to_string())? {
        0 => "it leads nowhere".to_owned(),
        size if size > LONGEST_LINK => {
            format!("it has {size} bytes, and a link can have {LONGEST_LINK}")
        }
        _ if repo.read(id, &path.to_string())?.contains(&0) => "it holds a NUL".to_owned(),
        _ => return Ok(()),
    };
    Err(
        RepoError::new(format!("`{path}` is no link that can be written: {why}"))
            .hint("correct the link, or leave it out with `excludePaths`"),
    )
}

/// Returns the kind of an entry that is a file or a link.
pub(super) fn file_kind(kind: GitKind) -> Option<FileKind> {
    match kind {
        GitKind::Blob => Some(FileKind::File),
        GitKind::BlobExecutable => Some(FileKind::Executable),
        GitKind::Link => Some(FileKind::Symlink),
        GitKind::Tree | GitKind::Commit => None,
    }
}

/// Tells whether `entry` may come behind the entries before it: trees are sorted, a directory as if its name ended
/// in a slash, and no name is there twice.
fn is_new(before: &[EntryRef<'_>], entry: &EntryRef<'_>) -> bool {
    let Some(last) = before.last() else {
        return true;
    };
    // A file of the same name as a directory comes before it, with only longer names in between.
    let has_twin = entry.mode.is_tree()
        && before
            .iter()
            .rev()
            .take_while(|other| other.filename.starts_with(entry.filename))
            .any(|other| other.filename == entry.filename);
    last < entry && last.filename != entry.filename && !has_twin
}

fn unusable(directory: &str, name: &[u8], error: PathError) -> String {
    format!(
        "`{}` in {directory} is no name of a file: {error}",
        printable(name)
    )
}

fn broken(tree: gix::ObjectId, why: &str) -> RepoError {
    RepoError::new(format!("tree {}: {why}", tree.to_hex_with_len(8)))
        .hint("`git fsck` says more about it")
}
