//! Random working trees, compared with what git says of them.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::git::fixture::Fixture;

use super::*;

/// Numbers that look random (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn path(&mut self) -> String {
        let directories = [
            "", "", "a/", "b/", "a/deep/", "build/", "a/build/", "b/tmp.d/", "x y/",
        ];
        let names = [
            "one",
            "two.log",
            "three.txt",
            "keep.log",
            "out.o",
            "#odd",
            "é",
            "a.b",
        ];
        format!("{}{}", self.of(&directories), self.of(&names))
    }

    fn ignores(&mut self) -> String {
        let lines = [
            "*.log",
            "!keep.log",
            "build/",
            "/one",
            "deep",
            "*.o",
            "a/**/three.txt",
            "tmp.*/",
            "# a comment",
            "",
            "\\#odd",
            "x y/",
            "**/build/*.txt",
            "!build/",
            "/a/*",
            "!/a/deep",
            "*.b  ",
        ];
        let count = self.below(5);
        let lines: Vec<&str> = (0..count).map(|_| self.of(&lines)).collect();
        lines.join("\n") + if self.below(3) == 0 { "" } else { "\n" }
    }
}

/// Does something to the path if it can be done.
fn change(fixture: &Fixture, random: &mut Random) {
    let path = random.path();
    let file = fixture.path().join(&path);
    let clear = |file: &Path| {
        // Whatever is there or in the way.
        for above in file.ancestors().take_while(|it| *it != fixture.path()) {
            if above.symlink_metadata().is_ok_and(|it| !it.is_dir()) {
                std::fs::remove_file(above).expect("removed");
            }
        }
        if file.is_dir() {
            std::fs::remove_dir_all(file).expect("removed");
        }
    };
    match random.below(14) {
        0..=3 => {
            clear(&file);
            fixture.write(&path, format!("{} bytes", random.below(1000)));
        }
        4 => {
            // Of the same size, in the same second.
            if let Ok(content) = std::fs::read(&file) {
                let other: Vec<u8> = content.iter().map(|byte| byte ^ 1).collect();
                std::fs::write(&file, other).expect("written");
            }
        }
        5 | 6 => clear(&file),
        7 => {
            if file.symlink_metadata().is_ok_and(|it| it.is_file()) {
                let mode = [0o644, 0o755, 0o600, 0o700][random.below(4)];
                let mode = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(&file, mode).expect("changed");
            }
        }
        8 => {
            clear(&file);
            std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
            fixture.link(random.of(&["one", "nowhere", "../b", "/etc/passwd"]), &path);
        }
        9 => {
            clear(&file);
            let below = format!("{path}/inside");
            fixture.write(&below, "inside");
        }
        10 => {
            let directory = random.of(&["", "a/", "b/", "build/"]);
            let list = format!("{directory}.gitignore");
            let parent = fixture.path().join(directory);
            if parent.symlink_metadata().is_ok_and(|it| !it.is_dir()) {
                return;
            }
            let ignores = random.ignores();
            fixture.write(&list, ignores);
        }
        11 => drop(fixture.git(&["add", "--all"])),
        12 => {
            if file.symlink_metadata().is_ok_and(|it| it.is_file()) {
                fixture.git(&["add", "--force", "--", &format!(":(literal){path}")]);
            }
        }
        _ => {
            let spec = format!(":(literal){path}");
            fixture.git(&[
                "rm",
                "--cached",
                "-r",
                "--quiet",
                "--ignore-unmatch",
                "--",
                &spec,
            ]);
        }
    }
}

/// Returns what there is below a directory, with contents and times.
fn everything(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, i64, i64, i64, u32)> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let metadata = path.symlink_metadata().expect("metadata");
            let content = if metadata.is_file() {
                std::fs::read(&path).expect("bytes")
            } else {
                Vec::new()
            };
            let of_file = (
                content,
                metadata.mtime(),
                metadata.mtime_nsec(),
                metadata.ctime_nsec(),
                metadata.mode(),
            );
            if metadata.is_dir() {
                pending.push(path.clone());
            }
            found.insert(path, of_file);
        }
    }
    found
}

/// Returns path, mode and bytes of what git lists and the disk has.
fn of_git(fixture: &Fixture) -> BTreeMap<Vec<u8>, (&'static str, Vec<u8>)> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "-co", "--exclude-standard"])
        .current_dir(fixture.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .expect("git");
    assert!(output.status.success());
    let paths = output
        .stdout
        .split(|byte| *byte == 0)
        .filter(|it| !it.is_empty());
    let mut found = BTreeMap::new();
    for path in paths {
        let file = crate::git::disk::on_disk(fixture.path(), path);
        // Through a link there is nothing that git sees.
        let is_real = file
            .ancestors()
            .skip(1)
            .take_while(|it| *it != fixture.path())
            .all(|it| it.symlink_metadata().is_ok_and(|it| it.is_dir()));
        let Ok(metadata) = file.symlink_metadata() else {
            continue;
        };
        if !is_real || metadata.is_dir() {
            continue;
        }
        let of_path = if metadata.is_symlink() {
            use std::os::unix::ffi::OsStringExt as _;
            (
                "120000",
                std::fs::read_link(&file)
                    .expect("a link")
                    .into_os_string()
                    .into_vec(),
            )
        } else {
            let mode = if metadata.mode() & 0o100 == 0 {
                "100644"
            } else {
                "100755"
            };
            (mode, std::fs::read(&file).expect("bytes"))
        };
        found.insert(path.to_vec(), of_path);
    }
    found
}

fn of_leaves(repo: &Repo, tree: &WorkTree) -> BTreeMap<Vec<u8>, (&'static str, Vec<u8>)> {
    let leaves = tree.leaves.iter().map(|(path, leaf)| {
        let mode = match leaf.kind {
            EntryKind::Blob => "100644",
            EntryKind::BlobExecutable => "100755",
            EntryKind::Link => "120000",
            _ => "other",
        };
        let bytes = repo.read_any(leaf.id, &printable(path)).expect("bytes");
        (path.clone(), (mode, bytes))
    });
    leaves.collect()
}

fn random_trees(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut random = Random(seed);
        let fixture = Fixture::unborn();
        for _ in 0..12 {
            change(&fixture, &mut random);
        }
        fixture.write("README", "there is always a file");
        if random.below(3) == 0 {
            fixture.write(".git/info/exclude", random.ignores());
        }
        fixture.commit();
        for _ in 0..random.below(16) {
            change(&fixture, &mut random);
        }
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let before = everything(fixture.path());
        let tree = WorkTree::read(&repo, &Disk::new(fixture.path()))
            .unwrap_or_else(|error| panic!("seed {seed}: {}", error.message));
        assert_eq!(tree.lacking().count(), 0);
        let over = WorkTree::read(&repo, &Disk::new(fixture.path()))
            .and_then(|tree| tree.over(&repo))
            .expect("a tree");
        let ours = of_leaves(&over, &tree);
        assert_eq!(
            everything(fixture.path()),
            before,
            "seed {seed}: it was written to"
        );
        let theirs = of_git(&fixture);
        assert_eq!(ours, theirs, "seed {seed}");
        // The identities are git's, too.
        fixture.git(&["add", "--all"]);
        let committed = fixture.git(&["write-tree"]);
        assert_eq!(over.root_tree().to_string(), committed, "seed {seed}");
    }
}

#[test]
fn random_working_trees_are_what_git_lists_1() {
    random_trees(0..50);
}

#[test]
fn random_working_trees_are_what_git_lists_2() {
    random_trees(50..100);
}

#[test]
fn random_working_trees_are_what_git_lists_3() {
    random_trees(100..150);
}

#[test]
fn random_working_trees_are_what_git_lists_4() {
    random_trees(150..200);
}
