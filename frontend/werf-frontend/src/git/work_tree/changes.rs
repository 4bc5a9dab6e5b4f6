//! How a working directory differs from the commit.

use gix::objs::tree::EntryKind;

use super::WorkTree;
use crate::git::overlay::{Leaf, Leaves};
use crate::git::path::RepoPath;
use crate::git::repo::{Repo, RepoError};
use crate::git::submodule;

/// How one path differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Content, mode or type is another.
    Changed,
    /// The commit does not have it.
    New,
    /// The working directory does not have it.
    Deleted,
}

/// What differs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The paths in their order.
    pub paths: Vec<(Vec<u8>, How)>,
    /// Files of which only the content tells whether they differ, and that content is not known.
    pub unknown: Vec<Vec<u8>>,
}

impl Changes {
    /// Compares the commit of `repo` with `tree`, its working directory. Of a submodule its files are compared.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn between(repo: &Repo, tree: &WorkTree) -> Result<Changes, RepoError> {
        let mut committed = Leaves::new();
        let mut strange = Vec::new();
        add(repo, &[], tree, &mut committed, &mut strange)?;
        let is_strange = |path: &[u8]| strange.iter().any(|root: &Vec<u8>| path.starts_with(root));
        let mut changes = Changes::default();
        for (path, leaf) in &tree.leaves {
            match committed.remove(path) {
                None if is_strange(path) => {}
                known => changes.add(path.clone(), known, |known| known == *leaf),
            }
        }
        for (path, size) in &tree.lacking {
            match committed.remove(path) {
                Some(known) if repo.size(known.id, "a file").is_ok_and(|it| it == *size) => {
                    changes.unknown.push(path.clone());
                }
                None if is_strange(path) => {}
                known => changes.add(path.clone(), known, |_| false),
            }
        }
        Ok(changes.with_deleted(committed))
    }

    /// Compares the files at `path`: what the commit has there is `known`, if it has anything, and `is_it` says whether the
    /// working directory has the same.
    pub fn add(&mut self, path: Vec<u8>, known: Option<Leaf>, is_it: impl FnOnce(Leaf) -> bool) {
        match known {
            Some(known) if is_it(known) => {}
            Some(_) => self.paths.push((path, How::Changed)),
            None => self.paths.push((path, How::New)),
        }
    }

    /// Adds what the working directory does not have of the commit, and puts all into order.
    pub fn with_deleted(mut self, committed: Leaves) -> Changes {
        let deleted = committed.into_keys().map(|path| (path, How::Deleted));
        self.paths.extend(deleted);
        self.paths.sort_by(|(a, _), (b, _)| a.cmp(b));
        self
    }
}

/// Adds the files of the commit of `repo`, whose root is at `prefix`, with those of submodules that are checked out. Those that
/// cannot be read are `strange`.
fn add(
    repo: &Repo,
    prefix: &[u8],
    tree: &WorkTree,
    committed: &mut Leaves,
    strange: &mut Vec<Vec<u8>>,
) -> Result<(), RepoError> {
    let mut names = None;
    for (path, leaf) in repo.leaves()? {
        let whole = [prefix, &path].concat();
        let is_checked_out = !matches!(
            tree.leaves.get(&whole),
            Some(Leaf {
                kind: EntryKind::Commit,
                ..
            })
        );
        if leaf.kind != EntryKind::Commit {
            committed.insert(whole, leaf);
        } else if is_checked_out {
            let names = match &names {
                Some(names) => names,
                None => names.insert(submodule::names(repo)?),
            };
            let root = [&whole[..], b"/"].concat();
            let opened = RepoPath::parse(&whole)
                .ok()
                .and_then(|at| submodule::open(repo, names, &path, at, leaf.id).ok());
            match opened {
                Some((inner, _)) => add(&inner, &root, tree, committed, strange)?,
                None => strange.push(root),
            }
        } else {
            committed.insert(whole, leaf);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;
    use crate::git::work_tree::Disk;

    fn changes(fixture: &Fixture) -> Vec<(String, How)> {
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let tree = WorkTree::read(&repo, &Disk::new(fixture.path())).expect("a tree");
        let changes = Changes::between(&repo, &tree).expect("changes");
        assert_eq!(changes.unknown, Vec::<Vec<u8>>::new());
        let paths = changes.paths.into_iter();
        paths
            .map(|(path, how)| (String::from_utf8_lossy(&path).into_owned(), how))
            .collect()
    }

    #[test]
    fn what_differs_from_the_commit_is_named_staged_or_not() {
        let fixture = Fixture::with(&[
            ("a", "1"),
            ("b", "2"),
            ("c", "3"),
            ("d/e", "4"),
            (".gitignore", "*.o"),
        ]);
        assert_eq!(changes(&fixture), []);
        fixture.write("a", "x");
        fixture.write("b", "y");
        fixture.write("new", "z");
        fixture.git(&["add", "b", "new"]);
        fixture.write("untracked", "u");
        fixture.write("x.o", "ignored");
        std::fs::remove_file(fixture.path().join("d/e")).expect("removed");
        let expected = [
            ("a", How::Changed),
            ("b", How::Changed),
            ("d/e", How::Deleted),
            ("new", How::New),
            ("untracked", How::New),
        ];
        assert_eq!(
            changes(&fixture),
            expected.map(|(path, how)| (path.to_owned(), how))
        );
    }

    #[test]
    fn of_a_submodule_its_files_are_compared() {
        let library = Fixture::with(&[("lib.c", "1"), ("same.c", "1")]);
        let fixture = Fixture::with(&[("a", "1")]);
        fixture.submodule(&library, "vendor");
        fixture.commit();
        assert_eq!(changes(&fixture), []);
        fixture.write("vendor/lib.c", "2");
        assert_eq!(
            changes(&fixture),
            [("vendor/lib.c".to_owned(), How::Changed)]
        );
        fixture.git(&["submodule", "--quiet", "deinit", "--force", "vendor"]);
        assert_eq!(changes(&fixture), []);
    }
}
