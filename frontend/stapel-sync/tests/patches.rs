//! Hundreds of random commits after random commands, each brought about on the whole image and by its seal alone.
//!
//! `model.rs` does some of that for long histories. Here every history is short, and commands do what changes most for
//! a patch: to whole trees, to the way to a mapping, and to what git has as a file or a directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::linked::{Compared, compare};
use crate::model::{
    Rule, is_plain, put, random_command, random_edit, random_file, random_path, random_rule,
    sources,
};
use crate::support::random::Random;
use crate::support::{Fixture, Kind, STAGE, Source, file, fill, may_chown, scan, tree};
use stapel_sync::seal::{Head, SEAL_PATH};

/// How many short histories there are; 1,500 have been looked at once.
const HISTORIES: u64 = 300;

/// What commands do, so that the test knows that it has done all of it.
const DEEDS: [&str; 8] = [
    "chown -R",
    "chmod -R",
    "link on the way",
    "link in place of a directory",
    "file in place of a directory",
    "directory in place of a file",
    "emptied directory",
    "foreign tree",
];

/// Does one of the deeds, if there is what it takes.
fn commit_deed(random: &mut Random, root: &Path, deed: usize) -> bool {
    let nodes = scan(root);
    let mut pick = |is_it: &dyn Fn(&[u8], &Kind) -> bool| -> Option<PathBuf> {
        let paths = nodes.iter().filter(|(path, node)| {
            !path.is_empty() && !path.starts_with(b"etc") && is_it(path, &node.kind)
        });
        let paths: Vec<_> = paths.map(|(path, _)| path).collect();
        let path = (!paths.is_empty()).then(|| random.pick(&paths))?;
        Some(root.join(OsStr::from_bytes(path)))
    };
    let directory = |_: &[u8], kind: &Kind| *kind == Kind::Directory;
    let top = |path: &[u8], kind: &Kind| *kind == Kind::Directory && !path.contains(&b'/');
    let is_file = |_: &[u8], kind: &Kind| matches!(kind, Kind::File(_));
    let picked = match deed {
        2 => pick(&top),
        5 => pick(&is_file),
        _ => pick(&directory),
    };
    let Some(path) = picked else {
        return false;
    };
    let below = || {
        let paths = scan(&path).into_keys();
        paths.map(|below| path.join(OsStr::from_bytes(&below)))
    };
    match deed {
        0 => below().for_each(|path| lchown(path, Some(3), Some(4)).unwrap()),
        1 => {
            for path in below().filter(|path| !path.is_symlink()) {
                let mode = fs::metadata(&path).unwrap().permissions().mode() | 0o2020;
                fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            }
        }
        2 | 3 => {
            let moved = root.join(format!("moved-{}", random.below(1 << 30)));
            fs::rename(&path, &moved).unwrap();
            let up = "../".repeat(path.strip_prefix(root).unwrap().components().count() - 1);
            let target = format!("{up}{}", moved.file_name().unwrap().display());
            symlink(target, &path).unwrap();
        }
        4 => {
            fs::remove_dir_all(&path).unwrap();
            fs::write(&path, "was a directory").unwrap();
        }
        5 => {
            fs::remove_file(&path).unwrap();
            fs::create_dir_all(path.join("was/a")).unwrap();
            fs::write(path.join("was/a/file"), "").unwrap();
        }
        6 => {
            for entry in fs::read_dir(&path).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    fs::remove_dir_all(entry.path()).unwrap();
                } else {
                    fs::remove_file(entry.path()).unwrap();
                }
            }
        }
        _ => {
            let modules = path.join("node_modules");
            if !is_plain(root, &modules.join("x")) || fs::create_dir_all(modules.join("x")).is_err()
            {
                return false;
            }
            fs::write(modules.join("x/index.js"), "foreign").unwrap();
            symlink("x", modules.join("y")).unwrap_or_default();
        }
    }
    true
}

#[derive(Debug, Default)]
struct Tally {
    same: usize,
    left: usize,
    /// Of each deed, how often it was followed by a patch, and how often by a sync.
    deeds: [[usize; 2]; DEEDS.len()],
}

fn history(seed: u64, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let fixture = Fixture::new();
    fixture.write("etc/passwd", "app:x:1000:1000::/:\n");
    fixture.write("etc/group", "app:x:1000:\n");
    let mut repository = BTreeMap::new();
    for _ in 0..=random.below(12) {
        put(
            &mut repository,
            random_path(&mut random),
            random_file(&mut random),
        );
    }
    let mut rules: Vec<Rule> = (0..=random.below(2))
        .map(|_| random_rule(&mut random, true))
        .collect();
    if fixture
        .try_sync(&sources(&rules, &repository), 1_000_000)
        .is_err()
    {
        return;
    }
    let mut deeds = Vec::new();
    for _ in 0..random.below(3) {
        let deed = random.below(DEEDS.len());
        if commit_deed(&mut random, &fixture.root, deed) {
            deeds.push(deed);
        }
    }
    for _ in 0..random.below(3) {
        random_command(&mut random, &fixture.root, true);
    }
    for _ in 0..random.below(4) {
        random_edit(&mut random, &mut repository);
    }
    if random.one_in(8) {
        rules.push(random_rule(&mut random, true));
    }
    let new = sources(&rules, &repository);
    let compared = compare(
        &fixture,
        &new,
        2_000_000,
        &format!("seed {seed}, {deeds:?}"),
    );
    let (count, at) = match compared {
        Compared::Same => (&mut tally.same, 0),
        Compared::Left => (&mut tally.left, 1),
    };
    *count += 1;
    for deed in deeds {
        tally.deeds[deed][at] += 1;
    }
}

#[test]
fn a_patch_does_what_a_sync_does_whatever_commands_have_done() {
    if !may_chown("a_patch_does_what_a_sync_does_whatever_commands_have_done") {
        return;
    }
    let mut tally = Tally::default();
    for seed in 0..HISTORIES {
        history(seed, &mut tally);
    }
    assert!(tally.same > 150 && tally.left > 10, "{tally:?}");
    for (deed, [same, left]) in DEEDS.iter().zip(tally.deeds) {
        assert!(same > 3 && same + left > 10, "{deed}: {tally:?}");
    }
}

/// Runs a shell with mounts of its own, whose first argument is the sync tool.
fn with_mounts(script: &str, arguments: &[&Path]) -> Output {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", script]);
    command
        .arg(env!("CARGO_BIN_EXE_stapel-sync"))
        .args(arguments);
    command.output().unwrap()
}

fn app(cached: &str, own: &str) -> Vec<Source> {
    let files = [("cache/a", file(cached)), ("lib/b", file(own))];
    vec![tree("/srv/app", &files)]
}

/// What is in a mount is not in the image: a commit that changes it is left to the sync, and no other.
#[test]
#[allow(clippy::print_stderr)]
fn a_change_in_a_mount_is_left_to_the_sync() {
    if !with_mounts("mount -t tmpfs none /mnt", &[])
        .status
        .success()
    {
        eprintln!("a_change_in_a_mount_is_left_to_the_sync: SKIPPED: this process may not mount");
        return;
    }
    let fixture = Fixture::new();
    fixture.sync(&app("1", "1"), 1_000_000);
    let temp = tempfile::tempdir().unwrap();
    let sealed = temp.path().join("sealed");
    fs::create_dir(&sealed).unwrap();
    let script = "mount -t tmpfs none \"$1/srv/app/cache\"; \"$0\" seal --root \"$1\" --sealed \"$2\"; \
         id=$(od -An -v -tx1 -j12 -N32 \"$2/.werf-git-seal\" | tr -d ' \\n'); \"$0\" check --root \"$1\" --sealed \"$2\" --seal $id";
    let output = with_mounts(script, &[&fixture.root, &sealed]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let head = Head::decode(&fs::read(sealed.join(&SEAL_PATH[1..])).unwrap()).unwrap();
    for (number, (sources, expected)) in
        [(app("1", "2"), 0), (app("2", "1"), 95)].iter().enumerate()
    {
        let slot = fill(&fixture.store, STAGE, sources, 2_000_000);
        let place = |name: &str| {
            let place = temp.path().join(format!("{name}{number}"));
            fs::create_dir(&place).unwrap();
            place
        };
        let mut patch = Command::new(env!("CARGO_BIN_EXE_stapel-sync"));
        patch.arg("patch").arg("--store").arg(&fixture.store);
        for (option, value) in [
            ("--slot", STAGE.to_string()),
            ("--tree", slot.manifest.to_string()),
            ("--seal", head.id.to_string()),
        ] {
            patch.args([option, &value]);
        }
        patch.arg("--sealed").arg(&sealed);
        patch
            .arg("--gone")
            .arg(place("gone"))
            .arg("--new")
            .arg(place("new"));
        let output = patch.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(*expected), "{said}");
        assert_eq!(said.contains("is in a mount"), *expected == 95, "{said}");
    }
}
