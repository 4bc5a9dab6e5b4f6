use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::git::fixture::Fixture;

use super::*;

/// Returns the repository as its working directory at `root` has it.
fn on_disk(repo: &Repo, root: &Path) -> Result<Repo, RepoError> {
    WorkTree::read(repo, &Disk::new(root))?.over(repo)
}

/// Checks that `disk`, the working directory of `fixture`, gives the tree that git makes of it.
fn is_as_git_adds_it(fixture: &Fixture, disk: &Disk) {
    let repo = Repo::open(&fixture.git_dir()).expect("a repository");
    let tree = WorkTree::read(&repo, disk).expect("a tree");
    let over = tree.over(&repo).expect("a tree");
    fixture.git(&["add", "--all"]);
    assert_eq!(over.root_tree().to_string(), fixture.git(&["write-tree"]));
}

fn listed(fixture: &Fixture) -> Vec<String> {
    let repo = Repo::open(&fixture.git_dir()).expect("a repository");
    let tree = WorkTree::read(&repo, &Disk::new(fixture.path())).expect("a tree");
    let paths = tree.leaves.keys();
    paths
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect()
}

#[test]
fn the_working_directories_of_submodules_are_gone_into() {
    let library = Fixture::with(&[("lib.c", "1"), (".gitignore", "*.o\n")]);
    let fixture = Fixture::with(&[("main.c", "1"), (".gitignore", "lib.c\n")]);
    fixture.submodule(&library, "vendor/lib");
    fixture.commit();
    fixture.write("vendor/lib/lib.c", "changed");
    fixture.write("vendor/lib/new.c", "new");
    fixture.write("vendor/lib/new.o", "ignored there");
    assert_eq!(
        listed(&fixture),
        [
            ".gitignore",
            ".gitmodules",
            "main.c",
            "vendor/lib/.gitignore",
            "vendor/lib/lib.c",
            "vendor/lib/new.c"
        ]
    );
    let repo = Repo::open(&fixture.git_dir()).expect("a repository");
    let over = on_disk(&repo, fixture.path()).expect("a tree");
    let read = |path: &[u8]| {
        let leaf = over.leaves().expect("leaves")[path];
        over.read_any(leaf.id, "x").expect("bytes")
    };
    assert_eq!(read(b"vendor/lib/lib.c"), b"changed");
    assert_eq!(
        read(b"vendor/lib/.gitignore"),
        b"*.o\n",
        "it is in the submodule's repository"
    );
    // One that is not checked out stays what it is.
    fixture.git(&["submodule", "--quiet", "deinit", "--force", "vendor/lib"]);
    let paths = listed(&fixture);
    assert!(paths.contains(&"vendor/lib".to_owned()), "{paths:?}");
}

#[test]
fn the_name_of_a_submodule_leads_nowhere_else() {
    let library = Fixture::with(&[("lib.c", "1")]);
    let fixture = Fixture::with(&[("a", "1")]);
    fixture.submodule(&library, "vendor");
    fixture.commit();
    assert!(listed(&fixture).contains(&"vendor/lib.c".to_owned()));
    // To the same repository, but not from below `modules`.
    fixture.write(
        ".gitmodules",
        "[submodule \"../modules/vendor\"]\n\tpath = vendor\n",
    );
    tally::right(1);
    let paths = listed(&fixture);
    assert!(paths.contains(&"vendor".to_owned()), "{paths:?}");
}

#[test]
fn a_repository_in_the_working_directory_is_left_alone() {
    let fixture = Fixture::with(&[("a", "1")]);
    fixture.write("other/file", "x");
    fixture.git(&["init", "--quiet", "other"]);
    assert_eq!(listed(&fixture), ["a"]);
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_not_deleted() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let fixture = Fixture::with(&[("a/1", "1"), ("b/c/2", "2"), ("top", "3")]);
        fixture.git(&["sparse-checkout", "set", index, "a"]);
        assert!(!fixture.path().join("b").exists());
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let over = on_disk(&repo, fixture.path()).expect("a tree");
        assert_eq!(over.root_tree(), repo.root_tree(), "{index}");
    }
}

#[test]
fn a_file_that_is_to_be_added_has_the_content_of_the_disk() {
    let fixture = Fixture::with(&[("a", "1")]);
    fixture.write("new", "content");
    fixture.git(&["add", "--intent-to-add", "new"]);
    is_as_git_adds_it(&fixture, &Disk::new(fixture.path()));
}

#[test]
fn unresolved_conflicts_have_the_content_of_the_disk() {
    let fixture = Fixture::with(&[("a", "1")]);
    fixture.git(&["checkout", "--quiet", "-b", "other"]);
    fixture.write("a", "other");
    fixture.commit();
    fixture.git(&["checkout", "--quiet", "main"]);
    fixture.write("a", "main");
    fixture.commit();
    let merged = Command::new("git")
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "merge",
            "--quiet",
            "other",
        ])
        .current_dir(fixture.path())
        .output();
    assert!(!merged.expect("git").status.success());
    is_as_git_adds_it(&fixture, &Disk::new(fixture.path()));
}

#[test]
fn a_split_index_is_read_with_its_other_half() {
    let fixture = Fixture::with(&[("a", "1"), ("b", "2")]);
    fixture.git(&["update-index", "--split-index"]);
    fixture.write("c", "3");
    fixture.git(&["add", "c"]);
    fixture.write("a", "4");
    is_as_git_adds_it(&fixture, &Disk::new(fixture.path()));
}

#[test]
fn a_disk_without_modes_leaves_them_to_the_index() {
    let fixture = Fixture::with(&[("run", "1"), ("read", "2")]);
    fixture.git(&["update-index", "--chmod=+x", "run"]);
    fixture.git(&["config", "core.fileMode", "false"]);
    fixture.write("run", "edited");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(fixture.path().join("read"), mode).expect("changed");
    is_as_git_adds_it(&fixture, &Disk::new(fixture.path()));
}

#[test]
fn a_file_that_changed_when_the_index_was_written_is_read() {
    let fixture = Fixture::with(&[("a", "old")]);
    let time = |path: PathBuf| {
        path.metadata()
            .and_then(|it| it.modified())
            .expect("a time")
    };
    let written = time(fixture.path().join("a"));
    fixture.write("a", "new");
    for path in [fixture.path().join("a"), fixture.git_dir().join("index")] {
        let file = std::fs::File::options()
            .write(true)
            .open(path)
            .expect("a file");
        file.set_modified(written).expect("set");
    }
    // The client's times of changes are not known to the builder.
    let copy = GitCopy {
        of: fixture.git_dir(),
        at: fixture.git_dir(),
    };
    is_as_git_adds_it(&fixture, &Disk::copied(fixture.path(), copy));
}
