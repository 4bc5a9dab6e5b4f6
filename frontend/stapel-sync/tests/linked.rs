//! The patch of a sealed layer against the sync of the whole one: both must make the same of it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink as link};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use crate::support::{
    Fixture, Kind, Node, STAGE, Source, executable, file, fill, one, scan, symlink, tree,
};
use stapel_sync::seal::{HEAD_BYTES, Head, SEAL_PATH};
use stapel_sync::store::Store;
use stapel_sync::{
    Before, Error, ErrorKind, PatchPlaces, Report, STATE_PATH, SealId, check, finish, patch, seal,
};

type Nodes = BTreeMap<Vec<u8>, Node>;

/// How the two compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// They made the same.
    Same,
    /// The patch left it to the sync.
    Left,
}

/// Copies a directory with all that is to be known of what is in it. No program does it: what a child process has of this one
/// until it becomes another program, such as locks, would disturb the tests beside.
fn copy(from: &Path, to: &Path) {
    let nodes = scan(from);
    let at = |path: &[u8]| to.join(OsStr::from_bytes(path));
    for (path, node) in &nodes {
        make(&at(path), node);
    }
    let state = from.join(&STATE_PATH[1..]);
    if state.exists() {
        fs::copy(state, to.join(&STATE_PATH[1..])).unwrap();
    }
    for (path, node) in nodes.iter().rev() {
        set_time(&at(path), node.time);
    }
}

/// Makes what a node says at a path where nothing is, but for its time.
fn make(path: &Path, node: &Node) {
    match &node.kind {
        Kind::Directory => fs::create_dir(path).unwrap(),
        Kind::File(data) => fs::write(path, data).unwrap(),
        Kind::Symlink(target) => link(OsStr::from_bytes(target), path).unwrap(),
    }
    describe(path, node);
}

/// Gives what is at a path its owner and mode.
fn describe(path: &Path, node: &Node) {
    lchown(path, Some(node.user), Some(node.group)).unwrap();
    if !matches!(node.kind, Kind::Symlink(_)) {
        fs::set_permissions(path, Permissions::from_mode(node.mode)).unwrap();
    }
}

/// Brings copies of the root to `sources` in both ways, which must make the same of it.
pub fn compare(fixture: &Fixture, sources: &[Source], time: i64, context: &str) -> Compared {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    let slot = fill(&fixture.store, STAGE, sources, time);
    let store = Store::open(&fixture.store).unwrap();
    copy(&fixture.root, &at("whole"));
    copy(&fixture.root, &at("sealed"));
    let whole = finish(&store, STAGE, &at("whole"), Before::State, slot.manifest);
    let unsealed = scan(&at("sealed"));
    for name in ["layer", "gone", "new"] {
        fs::create_dir(at(name)).unwrap();
    }
    let id = take_seal(&at("sealed"), &at("layer"));
    let patched = id.map_or_else(
        || Err(Error::inexact("no state")),
        |id| {
            check(&at("sealed"), &at("layer"), id).unwrap_or_else(|why| panic!("{context}: {why}"));
            let places = PatchPlaces {
                sealed: at("layer"),
                gone: at("gone"),
                new: at("new"),
            };
            patch(&store, STAGE, slot.manifest, id, &places)
        },
    );
    assert_eq!(
        scan(&at("sealed")),
        unsealed,
        "{context}: a seal leaves no trace"
    );
    match (whole, patched) {
        (Ok(whole), Ok(patched)) => {
            same_reports(&whole, &patched, context);
            assert!(at("gone").join(&SEAL_PATH[1..]).exists());
            fs::write(at("sealed").join(&SEAL_PATH[1..]), "").unwrap();
            apply(&at("gone"), &at("new"), &at("sealed"));
            let (mut expected, mut found) = (scan(&at("whole")), scan(&at("sealed")));
            // Layers have no entry for the root.
            for nodes in [&mut expected, &mut found] {
                nodes.remove(&b""[..]).unwrap();
            }
            assert!(!at("sealed").join(&STATE_PATH[1..]).exists(), "{context}");
            assert_same(&found, &expected, context);
            Compared::Same
        }
        (_, Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::Inexact, "{context}: {error}");
            Compared::Left
        }
        (Err(error), Ok(_)) => {
            panic!("{context}: the patch makes something where the sync cannot: {error}")
        }
    }
}

fn take_seal(root: &Path, sealed: &Path) -> Option<SealId> {
    seal(root, sealed).unwrap();
    let bytes = fs::read(sealed.join(&SEAL_PATH[1..])).unwrap();
    let head = Head::decode(&bytes[..HEAD_BYTES]).unwrap();
    head.serves.then_some(head.id)
}

/// Directories of others may be replaced without a word: what is in them is not in the seal.
fn same_reports(whole: &Report, patched: &Report, context: &str) {
    let counts = |report: &Report| (report.written, report.deleted, report.unchanged);
    assert_eq!(counts(whole), counts(patched), "{context}");
    let known = patched
        .warnings
        .iter()
        .all(|warning| whole.warnings.contains(warning));
    assert!(
        known,
        "{context}: {:?} {:?}",
        whole.warnings, patched.warnings
    );
}

fn assert_same(found: &Nodes, expected: &Nodes, context: &str) {
    let paths = found.keys().chain(expected.keys());
    for path in paths {
        assert_eq!(
            found.get(path),
            expected.get(path),
            "{context}: {} should be as on the right",
            path.escape_ascii()
        );
    }
}

/// Applies what `new` has and `gone` has not as a layer does: what is the same in both is no part of it, but for the
/// directories in which something changes (`fs.Changes` of containerd's continuity, `snapshot/diffapply_linux.go`).
fn apply(gone: &Path, new: &Path, root: &Path) {
    let (before, after) = (scan_all(gone), scan_all(new));
    let mut changed: Vec<&Vec<u8>> = Vec::new();
    for path in before.keys().chain(after.keys()) {
        let differs = match (before.get(path), after.get(path)) {
            (Some(a), Some(b)) if a.kind == Kind::Directory && b.kind == Kind::Directory => {
                (a.mode, a.user, a.group) != (b.mode, b.user, b.group)
            }
            (a, b) => a != b,
        };
        if differs && !path.is_empty() && !changed.contains(&path) {
            changed.push(path);
        }
    }
    let at = |path: &[u8]| -> PathBuf { root.join(OsStr::from_bytes(path)) };
    let mut described: BTreeMap<&[u8], &Node> = BTreeMap::new();
    for path in &changed {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (end, _) in ends {
            if let Some(node) = after.get(&path[..end]) {
                described.insert(&path[..end], node);
            }
        }
        if let Some(node) = after.get(*path) {
            described.insert(path, node);
        }
    }
    for path in changed.iter().filter(|path| !after.contains_key(**path)) {
        remove(&at(path));
    }
    for (path, node) in &described {
        let path = at(path);
        let is_directory = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        if is_directory && node.kind == Kind::Directory {
            describe(&path, node);
        } else {
            remove(&path);
            make(&path, node);
        }
    }
    for (path, node) in described.iter().rev() {
        set_time(&at(path), node.time);
    }
    // What was removed leaves its trace only where a layer says so.
    for path in changed.iter().filter(|path| !after.contains_key(**path)) {
        let above = path
            .iter()
            .rposition(|&byte| byte == b'/')
            .map_or(&b""[..], |end| &path[..end]);
        if let Some(node) = after.get(above).filter(|_| !above.is_empty()) {
            set_time(&at(above), node.time);
        }
    }
}

fn set_time(path: &Path, seconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// Lists everything, the state file, too.
fn scan_all(root: &Path) -> Nodes {
    let mut nodes = scan(root);
    let state = root.join(&STATE_PATH[1..]);
    if let Ok(metadata) = fs::symlink_metadata(state) {
        let node = Node {
            kind: Kind::File(Vec::new()),
            mode: metadata.mode() & 0o7777,
            user: metadata.uid(),
            group: metadata.gid(),
            time: metadata.mtime(),
        };
        nodes.insert(STATE_PATH.as_bytes()[1..].to_vec(), node);
    }
    nodes
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Syncs, runs commands, and compares what the next commit makes of it.
fn next(old: &[Source], commands: impl FnOnce(&Fixture), new: &[Source]) -> Compared {
    let fixture = Fixture::new();
    fixture.write("etc/passwd", "app:x:1000:1000::/:\n");
    fixture.sync(old, 1_000_000);
    commands(&fixture);
    compare(&fixture, new, 2_000_000, "")
}

fn app(files: &[(&str, &str)]) -> Vec<Source> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, data)| (*path, file(data)))
        .collect();
    vec![tree("/srv/app", &files)]
}

#[test]
fn what_commands_did_to_directories_stays() {
    let commands = |fixture: &Fixture| {
        for path in ["srv", "srv/app", "srv/app/lib"] {
            let path = fixture.path(path);
            lchown(&path, Some(5), Some(6)).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o2750)).unwrap();
        }
        fixture.write("srv/app/node_modules/x/index.js", "foreign");
    };
    let old = app(&[("lib/a", "1"), ("lib/b", "1"), ("gone/only", "1")]);
    let new = app(&[("lib/a", "2"), ("lib/b", "1"), ("new/deep/er", "1")]);
    assert_eq!(next(&old, commands, &new), Compared::Same);
}

#[test]
fn kinds_change() {
    let old = vec![tree(
        "/a",
        &[("x", file("1")), ("y/z", file("1")), ("l", symlink("x"))],
    )];
    let new = vec![tree(
        "/a",
        &[("x/z", file("1")), ("y", executable("1")), ("l", file("x"))],
    )];
    assert_eq!(next(&old, |_| {}, &new), Compared::Same);
    let directories = |fixture: &Fixture| {
        fs::remove_file(fixture.path("a/x")).unwrap();
        fixture.write("a/x/foreign", "");
        fs::remove_dir_all(fixture.path("a/y")).unwrap();
    };
    assert_eq!(next(&old, directories, &new), Compared::Same);
}

#[test]
fn what_the_seal_does_not_know_is_left_to_the_sync() {
    let old = app(&[("a", "1")]);
    let new = app(&[("vendor/x/y", "1"), ("a", "2")]);
    let foreign = |fixture: &Fixture| fixture.write("srv/app/vendor/x/z", "");
    assert_eq!(next(&old, foreign, &new), Compared::Left);
    // Directly in a directory of somebody else's nothing has to be known.
    let direct = app(&[("vendor/x", "1"), ("a", "2")]);
    assert_eq!(next(&old, foreign, &direct), Compared::Same);
    let linked = |fixture: &Fixture| {
        fs::rename(fixture.path("srv"), fixture.path("data")).unwrap();
        link("data", fixture.path("srv")).unwrap();
    };
    assert_eq!(next(&old, linked, &new), Compared::Left);
    let no_state = |fixture: &Fixture| fs::remove_file(fixture.path(&STATE_PATH[1..])).unwrap();
    assert_eq!(next(&old, no_state, &new), Compared::Left);
}

#[test]
fn names_of_owners_are_those_that_the_image_had() {
    let owned = |files: &[(&str, &str)]| -> Vec<Source> {
        let sources = app(files).into_iter();
        sources.map(|source| source.owned("app", "")).collect()
    };
    let (old, new) = (owned(&[("a", "1")]), owned(&[("a", "2"), ("b/c", "1")]));
    assert_eq!(next(&old, |_| {}, &new), Compared::Same);
    let passwd = |name: &str| one("/etc/passwd", file(&format!("{name}:x:7:7::/:\n")));
    // What is written is written after owners are looked up; what goes does so before.
    let with = |name: &str, sources: &[Source]| [&[passwd(name)], sources].concat();
    assert_eq!(
        next(&with("app", &old), |_| {}, &with("bpp", &new)),
        Compared::Same
    );
    assert_eq!(next(&with("app", &old), |_| {}, &new), Compared::Left);
    let unknown = |fixture: &Fixture| fixture.write("etc/passwd", "");
    assert_eq!(next(&old, unknown, &new), Compared::Left);
}

#[test]
fn nothing_but_the_memory_goes_where_nothing_changed() {
    let old = app(&[("a", "1")]);
    assert_eq!(next(&old, |_| {}, &old), Compared::Same);
}

#[test]
fn a_seal_is_not_taken_for_that_of_the_stage_as_it_is_now() {
    let fixture = Fixture::new();
    fixture.sync(&app(&[("lib/a", "1")]), 1_000_000);
    let sealed = tempfile::tempdir().unwrap();
    let id = take_seal(&fixture.root, sealed.path()).unwrap();
    let is_its = || match check(&fixture.root, sealed.path(), id) {
        Ok(()) => true,
        Err(why) => {
            assert_eq!(why.kind(), ErrorKind::Inexact, "{why}");
            false
        }
    };
    assert!(is_its());
    // Times of what mounts are made in are not looked at; the root is one of them.
    fixture.write("unmapped", "");
    assert!(is_its());
    let mode = Permissions::from_mode(0o700);
    let before = fs::metadata(fixture.path("srv/app")).unwrap().permissions();
    fs::set_permissions(fixture.path("srv/app"), mode).unwrap();
    assert!(!is_its());
    fs::set_permissions(fixture.path("srv/app"), before).unwrap();
    assert!(is_its());
    fixture.sync(&app(&[("lib/a", "2")]), 1_000_000);
    assert!(!is_its());
}
