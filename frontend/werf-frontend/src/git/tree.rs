//! What a mapping takes from the commit: the files below `add` that its masks leave, with modes and object ids.
//!
//! Only trees are read, and only those that may hold a file that counts. Links are entries, never followed. Files
//! of submodules are entries like any other (see [`super::submodule`]). Every path is a [`RepoPath`], so a tree
//! that `git` would refuse to check out is refused here as well.

use std::fmt;

use diagnostic::Diagnostic;
use gix::objs::tree::EntryKind as GitKind;
use masks::mask::{Mask, PathMatcher};

use super::path::{PathError, RepoPath, printable};
use super::repo::{Repo, RepoError};
use super::submodule::{self, Submodule};

mod checksum;
mod walk;

pub use checksum::MaskChecksum;

/// The files of a mapping at one commit, sorted by the bytes of their paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeListing {
    /// Whether `add` is a directory or a file.
    pub shape: Shape,
    /// The files, at least one.
    pub entries: Vec<TreeEntry>,
    /// The submodules that were gone into, outer before inner ones.
    pub submodules: Vec<Submodule>,
}

/// What `add` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A directory, whose content goes into `to`.
    Directory,
    /// A file or a link, which becomes `to`; the path of the only entry is its name.
    File,
}

/// A file of a [`TreeListing`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The path relative to `add`.
    pub path: RepoPath,
    /// What it is.
    pub kind: FileKind,
    /// Its content: the bytes of the file, or the target of the link.
    pub id: gix::ObjectId,
    /// The index in [`TreeListing::submodules`] of the repository that holds the object; `None` is the project's.
    pub submodule: Option<usize>,
}

/// What git can hold besides directories and submodules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A file of mode 0644.
    File,
    /// A file of mode 0755.
    Executable,
    /// A symbolic link, wherever it points.
    Symlink,
}

impl FileKind {
    /// Returns the mode as `git ls-tree` prints it.
    pub const fn mode(self) -> &'static str {
        match self {
            FileKind::File => "100644",
            FileKind::Executable => "100755",
            FileKind::Symlink => "120000",
        }
    }
}

/// Why a mapping has no listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListingError {
    /// `add` is not in the commit.
    NotInCommit {
        /// `add` as it is written.
        add: String,
        /// The commit.
        commit: String,
        /// The path with a similar name in the commit.
        nearest: Option<String>,
    },
    /// A component of `add` in front of others is no directory.
    NotADirectory {
        /// `add` as it is written.
        add: String,
        /// The component with the ones before it.
        parent: String,
        /// What it is: `a file` or `a symbolic link, which is not followed`.
        what: &'static str,
    },
    /// `add` is there, and nothing of it counts.
    NoMatch {
        /// `add` as it is written.
        add: String,
        /// What it names.
        shape: Shape,
        /// The commit.
        commit: String,
    },
    /// `add` can be no path of a commit, for example because of `..`.
    Path {
        /// `add` as it is written.
        add: String,
        /// What is wrong.
        problem: PathError,
    },
    /// The repository cannot be read, or holds what must not be written anywhere.
    Repo(RepoError),
}

impl TreeListing {
    /// Lists the files of `repo`'s commit below `add` that `matcher` lets through.
    ///
    /// `add` is absolute or not, and is relative to the root of the work tree either way.
    ///
    /// # Errors
    /// An `add` that is not there, or of which nothing counts; submodules on the way and below that have not been
    /// fetched; objects that are missing or broken; trees with names that are no plain names.
    pub fn read(
        repo: &Repo,
        add: &str,
        matcher: &PathMatcher,
    ) -> Result<TreeListing, ListingError> {
        let Found {
            what,
            inner,
            submodules,
        } = find(repo, add)?;
        let listing = match what {
            What::Directory { path, tree } => {
                let repo = inner.as_ref().unwrap_or(repo);
                walk::list(repo, submodules, tree, path.as_ref(), matcher)?
            }
            What::File { name, kind, id } => {
                let entry = TreeEntry {
                    path: name,
                    kind,
                    id,
                    submodule: submodules.len().checked_sub(1),
                };
                TreeListing {
                    shape: Shape::File,
                    entries: Vec::from_iter(matcher.matches(b"").then_some(entry)),
                    submodules,
                }
            }
        };
        if listing.entries.is_empty() {
            return Err(ListingError::NoMatch {
                add: add.to_owned(),
                shape: listing.shape,
                commit: repo.commit(),
            });
        }
        Ok(listing)
    }

    /// Returns a checksum for each of `masks` (of `stageDependencies`, relative to `add`) over the entries that it
    /// matches.
    pub fn checksums(&self, masks: &[Mask]) -> Vec<MaskChecksum> {
        masks.iter().map(|mask| checksum::of(self, mask)).collect()
    }

    /// Returns the entries that `mask` matches, in their order.
    pub fn matching<'a>(&'a self, mask: &'a Mask) -> impl Iterator<Item = &'a TreeEntry> {
        let entries = match self.shape {
            Shape::File => &self.entries[..],
            Shape::Directory => with_prefix(&self.entries, mask.literal_prefix()),
        };
        entries.iter().filter(|entry| match self.shape {
            Shape::File => mask.matches(b""),
            Shape::Directory => mask.matches(entry.path.as_bytes()),
        })
    }
}

/// Returns the run of sorted entries whose paths start with `prefix`.
fn with_prefix<'a>(entries: &'a [TreeEntry], prefix: &[u8]) -> &'a [TreeEntry] {
    let start = entries.partition_point(|entry| entry.path.as_bytes() < prefix);
    let length =
        entries[start..].partition_point(|entry| entry.path.as_bytes().starts_with(prefix));
    &entries[start..start + length]
}

/// What `add` names in a commit, and the repository that holds it.
struct Found {
    what: What,
    /// The innermost submodule; `None` is the repository itself.
    inner: Option<Repo>,
    /// The submodules on the way, outer before inner ones.
    submodules: Vec<Submodule>,
}

/// What a path names.
enum What {
    Directory {
        path: Option<RepoPath>,
        tree: gix::ObjectId,
    },
    File {
        name: RepoPath,
        kind: FileKind,
        id: gix::ObjectId,
    },
}

fn find(repo: &Repo, add: &str) -> Result<Found, ListingError> {
    let inside = add.trim_matches('/');
    let mut tree = repo.root_tree();
    if inside.is_empty() || inside == "." {
        let what = What::Directory { path: None, tree };
        return Ok(Found {
            what,
            inner: None,
            submodules: Vec::new(),
        });
    }
    let path = RepoPath::parse(inside.as_bytes()).map_err(|problem| ListingError::Path {
        add: add.to_owned(),
        problem,
    })?;
    let mut above: Option<RepoPath> = None;
    let mut inner: Option<Repo> = None;
    let mut submodules: Vec<Submodule> = Vec::new();
    let mut buffer = Vec::new();
    for name in path.components() {
        let here = RepoPath::child(above.as_ref(), name).expect("a part of a checked path");
        let current = inner.as_ref().unwrap_or(repo);
        let entry = walk::lookup(current, tree, name, &mut buffer)?;
        let (kind, id) = match entry {
            None => return Err(not_in_commit(current, add, tree, above.as_ref(), name)?),
            Some((GitKind::Tree, id)) => {
                tree = id;
                above = Some(here);
                continue;
            }
            Some((GitKind::Commit, id)) => {
                let names = submodule::names(current)?;
                let root = submodules.last().map(|outer| outer.path.as_bytes().len());
                let inside = &here.as_bytes()[root.map_or(0, |length| length + 1)..];
                let (opened, found) = submodule::open(current, &names, inside, here.clone(), id)?;
                tree = opened.root_tree();
                inner = Some(opened);
                submodules.push(found);
                above = Some(here);
                continue;
            }
            Some(entry) => entry,
        };
        let Some(kind) = walk::file_kind(kind) else {
            continue;
        };
        if here != path {
            return Err(ListingError::NotADirectory {
                add: add.to_owned(),
                parent: here.to_string(),
                what: match kind {
                    FileKind::Symlink => "a symbolic link, which is not followed",
                    _ => "a file",
                },
            });
        }
        let name = RepoPath::child(None, name).expect("a part of a checked path");
        return Ok(Found {
            what: What::File { name, kind, id },
            inner,
            submodules,
        });
    }
    let what = What::Directory {
        path: Some(path),
        tree,
    };
    Ok(Found {
        what,
        inner,
        submodules,
    })
}

/// Returns the error for `name`, which is not in `tree`, the directory `above`.
fn not_in_commit(
    repo: &Repo,
    add: &str,
    tree: gix::ObjectId,
    above: Option<&RepoPath>,
    name: &[u8],
) -> Result<ListingError, ListingError> {
    let mut buffer = Vec::new();
    let siblings = repo.entries(&tree, &mut buffer)?.filter_map(Result::ok);
    let nearest = siblings
        .map(|entry| &**entry.filename)
        .filter(|sibling| is_slip(sibling, name))
        .min_by_key(|sibling| sibling.len().abs_diff(name.len()));
    Ok(ListingError::NotInCommit {
        add: add.to_owned(),
        commit: repo.commit(),
        nearest: nearest.map(|name| match above {
            Some(above) => format!("/{above}/{}", printable(name)),
            None => format!("/{}", printable(name)),
        }),
    })
}

/// Tells whether two names differ in the case of letters or in two neighbouring characters at most.
fn is_slip(a: &[u8], b: &[u8]) -> bool {
    let same = |(x, y): &(&u8, &u8)| x.eq_ignore_ascii_case(y);
    let shorter = a.len().min(b.len());
    let start = a.iter().zip(b).take_while(same).count();
    let end = a.iter().rev().zip(b.iter().rev()).take_while(same).count();
    let different = a.len().max(b.len()) - start.min(shorter) - end.min(shorter - start);
    different <= 2 && different < shorter
}

impl ListingError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            ListingError::NotInCommit { nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "commit it, or correct the path, which starts at the root of the work tree".to_owned(),
            }),
            ListingError::NotADirectory { .. } | ListingError::Path { .. } => {
                Some("give the path of a file or directory of the commit itself".to_owned())
            }
            ListingError::NoMatch { shape, .. } => Some(match shape {
                Shape::Directory => {
                    "check `includePaths` and `excludePaths`, whose masks are relative to `add`, and \
                     that the files are committed"
                        .to_owned()
                }
                Shape::File => {
                    "`add` is a single file, so leave `includePaths` and `excludePaths` out".to_owned()
                }
            }),
            ListingError::Repo(error) => error.hint.clone(),
        }
    }
}

impl fmt::Display for ListingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListingError::NotInCommit { add, commit, .. } => {
                write!(f, "`git.add: {add}` is not in commit {}", short(commit))
            }
            ListingError::NotADirectory { add, parent, what } => {
                write!(f, "`git.add: {add}` is not there: `/{parent}` is {what}")
            }
            ListingError::NoMatch { add, commit, .. } => write!(
                f,
                "`git.add: {add}` matches no files of commit {}, and a git mapping needs at least one",
                short(commit)
            ),
            ListingError::Path { add, problem } => {
                write!(f, "`git.add: {add}` is no path of a commit: {problem}")
            }
            ListingError::Repo(error) => f.write_str(&error.message),
        }
    }
}

fn short(commit: &str) -> &str {
    &commit[..commit.len().min(8)]
}

impl std::error::Error for ListingError {}

impl From<RepoError> for ListingError {
    fn from(error: RepoError) -> ListingError {
        ListingError::Repo(error)
    }
}

impl From<ListingError> for Diagnostic {
    fn from(error: ListingError) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(error.to_string());
        diagnostic.hint = error.hint();
        diagnostic
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
