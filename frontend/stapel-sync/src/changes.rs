//! What has to happen to get from one tree to another.

use std::cmp::Ordering;

use crate::node_path::NodePath;
use crate::tree::{Role, Tree};

/// Numbers of files and directories in the old and the new tree, in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Files of the old tree whose path the new one does not have.
    pub(crate) gone: Vec<usize>,
    /// Files of the new tree that are new or differ in any respect.
    pub(crate) written: Vec<usize>,
    /// How many files are the same in both.
    pub(crate) unchanged: usize,
    /// Directories of the old tree that the new one does not need; bases are not among them.
    pub(crate) left: Vec<usize>,
    /// Directories of the new tree that are to be there.
    pub(crate) needed: Vec<Needed>,
}

#[derive(Debug)]
pub(crate) struct Needed {
    pub(crate) directory: usize,
    /// The old tree does not have it, or has it for another owner.
    pub(crate) came: bool,
}

impl Changes {
    pub(crate) fn between(old: &Tree<'_>, new: &Tree<'_>) -> Changes {
        let mut changes = Changes::default();
        let same_owner =
            |before: usize, after: usize| old.places[before].same_owner(&new.places[after]);
        for step in merge(
            (old.files.len(), |at| old.file_path(old.files[at])),
            (new.files.len(), |at| new.file_path(new.files[at])),
        ) {
            match step {
                Step::Old(before) => changes.gone.push(before),
                Step::New(after) => changes.written.push(after),
                Step::Both(before, after) => {
                    let (before, file) = (old.files[before], new.files[after]);
                    if old.leaf(before) == new.leaf(file)
                        && same_owner(before.mapping(), file.mapping())
                    {
                        changes.unchanged += 1;
                    } else {
                        changes.written.push(after);
                    }
                }
            }
        }
        let mut came = vec![false; new.directories.len()];
        for step in merge(
            (old.directories.len(), |at| {
                old.directory_path(&old.directories[at])
            }),
            (new.directories.len(), |at| {
                new.directory_path(&new.directories[at])
            }),
        ) {
            match step {
                Step::Old(before) if old.directories[before].role == Role::Base => {}
                Step::Old(before) => changes.left.push(before),
                Step::New(after) => came[after] = true,
                Step::Both(before, after) => {
                    let (before, directory) = (&old.directories[before], &new.directories[after]);
                    came[after] = !same_owner(before.mapping(), directory.mapping());
                }
            }
        }
        changes.needed = needed(new, &changes.written, &came);
        changes
    }
}

/// Returns the directories that came and those in which something is written, with all above them:
/// commands may have removed any.
fn needed(tree: &Tree<'_>, written: &[usize], came: &[bool]) -> Vec<Needed> {
    let mut wanted = vec![false; came.len()];
    for (at, directory) in tree.directories.iter().enumerate() {
        if came[at] && !std::mem::replace(&mut wanted[at], true) {
            want_above(tree, tree.directory_path(directory), &mut wanted);
        }
    }
    let mut previous = None;
    for &at in written {
        let path = tree.file_path(tree.files[at]);
        if path.parent() != previous {
            want_above(tree, path, &mut wanted);
            previous = path.parent();
        }
    }
    let wanted = wanted.into_iter().enumerate().filter(|&(_, wanted)| wanted);
    wanted
        .map(|(directory, _)| Needed {
            directory,
            came: came[directory],
        })
        .collect()
}

fn want_above(tree: &Tree<'_>, path: NodePath<'_>, wanted: &mut [bool]) {
    let mut above = path.parent();
    while let Some(path) = above {
        if let Some(at) = tree.find_directory(&path) {
            // Whoever wanted it before wanted all above it.
            if std::mem::replace(&mut wanted[at], true) {
                return;
            }
        }
        above = path.parent();
    }
}

/// A path that one or both of two sorted lists have.
enum Step {
    Old(usize),
    New(usize),
    Both(usize, usize),
}

/// Goes through two lists that are sorted by path, each given as its length and its paths.
fn merge<'a>(
    (old_len, old_path): (usize, impl Fn(usize) -> NodePath<'a>),
    (new_len, new_path): (usize, impl Fn(usize) -> NodePath<'a>),
) -> impl Iterator<Item = Step> {
    let (mut old, mut new) = (0, 0);
    std::iter::from_fn(move || {
        let order = match (old < old_len, new < new_len) {
            (true, true) => old_path(old).cmp(&new_path(new)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => return None,
        };
        let step = match order {
            Ordering::Less => Step::Old(old),
            Ordering::Greater => Step::New(new),
            Ordering::Equal => Step::Both(old, new),
        };
        old += usize::from(order.is_le());
        new += usize::from(order.is_ge());
        Some(step)
    })
}
