//! One test for each rule of `docs/store.md` about what a sync does to files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink as link};
use std::path::Path;

use crate::support::{
    Files, Fixture, Kind, STAGE, executable, file, fill, may_chown, one, scan, symlink, tree,
};
use stapel_sync::store::Store;
use stapel_sync::{Before, ErrorKind, STATE_PATH, StageDigest, finish, sync};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn time(path: &Path) -> i64 {
    fs::symlink_metadata(path).unwrap().mtime()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_first_sync_writes_everything() {
    let fixture = Fixture::new();
    let app = tree(
        "/app",
        &[
            ("README", file("hello")),
            ("bin/run", executable("#!/bin/sh\n")),
            ("bin/start", symlink("run")),
            ("empty", file("")),
        ],
    );
    let report = fixture.sync(&[app, one("/etc/motd", file("welcome"))], 1000);
    assert_eq!(
        report.to_string(),
        "sources: 5 written (25 B), 0 deleted, 0 unchanged"
    );
    assert_eq!(
        fixture.names("app"),
        ["README", "bin/", "bin/run", "bin/start -> run", "empty"]
    );
    assert_eq!(read(&fixture.path("app/README")), "hello");
    assert_eq!(read(&fixture.path("etc/motd")), "welcome");
    for (path, wanted) in [
        ("app", 0o755),
        ("app/bin", 0o775),
        ("app/README", 0o644),
        ("app/bin/run", 0o755),
        ("etc", 0o755),
    ] {
        assert_eq!(mode(&fixture.path(path)), wanted, "{path}");
    }
    for path in [
        "app",
        "app/bin",
        "app/README",
        "app/bin/start",
        "app/empty",
        "etc",
        "etc/motd",
        "",
    ] {
        assert_eq!(time(&fixture.path(path)), 1000, "{path}");
    }
}

#[test]
fn a_second_sync_of_the_same_tree_does_nothing() {
    let fixture = Fixture::new();
    let app = [tree("/app", &[("a", file("1")), ("b/c", file("2"))])];
    fixture.sync(&app, 1000);
    fs::write(fixture.path("app/a"), "changed by a command").unwrap();
    let before = scan(&fixture.root);
    let state = fs::metadata(fixture.path(&STATE_PATH[1..])).unwrap().ino();
    let report = fixture.sync(&app, 2000);
    assert_eq!(
        report.to_string(),
        "sources: 0 written, 0 deleted, 2 unchanged"
    );
    assert_eq!(scan(&fixture.root), before);
    assert_eq!(
        fs::metadata(fixture.path(&STATE_PATH[1..])).unwrap().ino(),
        state
    );
}

#[test]
fn only_what_the_commits_changed_is_touched() {
    let fixture = Fixture::new();
    let files = [
        ("changed", file("1")),
        ("gone", file("2")),
        ("lost", file("3")),
        ("mine", file("4")),
    ];
    fixture.sync(&[tree("/app", &files)], 1000);
    fs::write(fixture.path("app/mine"), "formatted").unwrap();
    fs::write(fixture.path("app/changed"), "formatted").unwrap();
    fs::remove_file(fixture.path("app/lost")).unwrap();
    let files = [
        ("added", file("5")),
        ("changed", file("6")),
        ("lost", file("3")),
        ("mine", file("4")),
    ];
    let report = fixture.sync(&[tree("/app", &files)], 2000);
    assert_eq!(
        report.to_string(),
        "sources: 2 written (2 B), 1 deleted, 2 unchanged"
    );
    assert_eq!(fixture.names("app"), ["added", "changed", "mine"]);
    assert_eq!(read(&fixture.path("app/mine")), "formatted");
    assert_eq!(read(&fixture.path("app/changed")), "6");
    assert_eq!(time(&fixture.path("app/changed")), 2000);
}

#[test]
fn a_change_of_mode_alone_is_a_change() {
    let fixture = Fixture::new();
    fixture.sync(&[tree("/app", &[("run", file("x"))])], 1000);
    fixture.sync(&[tree("/app", &[("run", executable("x"))])], 2000);
    assert_eq!(
        (
            mode(&fixture.path("app/run")),
            time(&fixture.path("app/run"))
        ),
        (0o755, 2000)
    );
}

#[test]
fn files_links_and_directories_replace_each_other() {
    let fixture = Fixture::new();
    let shapes = [
        [("x", file("1"))],
        [("x", symlink("elsewhere"))],
        [("x/y/z", file("2"))],
        [("x", symlink("x/y"))],
        [("x", file("3"))],
        [("x/y", symlink("z"))],
        [("x", executable("4"))],
    ];
    for (at, shape) in shapes.iter().enumerate() {
        fixture.sync(&[tree("/app", shape)], at as i64);
        let fresh = Fixture::new();
        fresh.sync(&[tree("/app", shape)], at as i64);
        assert_eq!(
            scan(&fixture.path("app")),
            scan(&fresh.path("app")),
            "step {at}"
        );
    }
}

#[test]
fn a_file_that_goes_is_removed_whatever_commands_made_of_it() {
    let fixture = Fixture::new();
    let files = [("a", file("1")), ("b", file("2")), ("c", file("3"))];
    fixture.sync(&[tree("/app", &files)], 1000);
    fs::write(fixture.path("app/a"), "changed").unwrap();
    fs::remove_file(fixture.path("app/b")).unwrap();
    link("/etc/passwd", fixture.path("app/b")).unwrap();
    fs::remove_file(fixture.path("app/c")).unwrap();
    fixture.write("app/c/foreign", "kept: a directory is somebody else's");
    let report = fixture.sync(&[tree("/app", &[])], 2000);
    assert_eq!(report.deleted, 2);
    assert_eq!(fixture.names("app"), ["c/", "c/foreign"]);
}

#[test]
fn directories_left_empty_go_up_to_the_mapping() {
    let fixture = Fixture::new();
    fixture.sync(
        &[tree("/app", &[("a/b/c/d", file("1")), ("e/f", file("2"))])],
        1000,
    );
    fixture.write("app/e/foreign", "kept");
    fixture.sync(&[tree("/app", &[])], 2000);
    assert_eq!(fixture.names(""), ["app/", "app/e/", "app/e/foreign"]);
    assert_eq!(
        (time(&fixture.path("app")), time(&fixture.path("app/e"))),
        (2000, 2000)
    );
}

#[test]
fn a_link_in_place_of_a_directory_that_goes_is_kept() {
    let fixture = Fixture::new();
    fixture.sync(&[tree("/app", &[("a/b", file("1"))])], 1000);
    fixture.write("data/b", "outside");
    fs::remove_dir_all(fixture.path("app/a")).unwrap();
    link("../data", fixture.path("app/a")).unwrap();
    let report = fixture.sync(&[tree("/app", &[])], 2000);
    assert_eq!(report.deleted, 0);
    assert_eq!(
        fixture.names(""),
        ["app/", "app/a -> ../data", "data/", "data/b"]
    );
}

#[test]
fn the_commit_wins_over_files_and_directories_in_its_way() {
    let fixture = Fixture::new();
    fixture.write("app/dir", "a file where a directory has to be");
    fixture.write(
        "app/file/deep/foreign",
        "a directory where a file has to be",
    );
    link("/nowhere", fixture.path("app/link")).unwrap();
    let files = [
        ("dir/x", file("1")),
        ("file", file("2")),
        ("link", file("3")),
    ];
    let report = fixture.sync(&[tree("/app", &files)], 1000);
    assert_eq!(fixture.names("app"), ["dir/", "dir/x", "file", "link"]);
    assert_eq!(
        report.warnings,
        ["replaced the directory `/app/file` by the file of the commit"]
    );
}

#[test]
fn a_hard_link_elsewhere_keeps_its_contents() {
    let fixture = Fixture::new();
    fixture.sync(&[tree("/app", &[("a", file("1"))])], 1000);
    fs::hard_link(fixture.path("app/a"), fixture.path("elsewhere")).unwrap();
    fixture.sync(&[tree("/app", &[("a", file("2"))])], 2000);
    assert_eq!(read(&fixture.path("elsewhere")), "1");
    tally::right(1);
    assert_eq!(time(&fixture.path("elsewhere")), 1000);
}

#[test]
fn existing_directories_keep_their_mode() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.path("app/private")).unwrap();
    fs::set_permissions(fixture.path("app"), Permissions::from_mode(0o1777)).unwrap();
    fs::set_permissions(fixture.path("app/private"), Permissions::from_mode(0o700)).unwrap();
    fixture.sync(&[tree("/app", &[("private/x", file("1"))])], 1000);
    assert_eq!(
        (
            mode(&fixture.path("app")),
            mode(&fixture.path("app/private"))
        ),
        (0o1777, 0o700)
    );
    assert_eq!(time(&fixture.path("app/private")), 1000);
}

#[test]
fn names_may_be_any_bytes() {
    let fixture = Fixture::new();
    let mut app = tree(
        "/app",
        &[
            ("new\nline", file("1")),
            ("каталог/é ", file("2")),
            ("-rf *", file("3")),
        ],
    );
    if let Files::Tree(files) = &mut app.files {
        files.insert(b"raw\xff\x01/\x80".to_vec(), file("4"));
        files.insert([&[b'n'; 255][..], b"/", &[b'm'; 255]].concat(), file("5"));
    }
    fixture.sync(std::slice::from_ref(&app), 1000);
    assert_eq!(scan(&fixture.path("app")).len(), 1 + 3 + 5);
    assert_eq!(fs::read_dir(fixture.path("app")).unwrap().count(), 5);
    fixture.sync(&[tree("/app", &[])], 2000);
    assert_eq!(fixture.names("app"), [""; 0]);
}

#[test]
fn modes_do_not_depend_on_what_the_directory_hands_down() {
    if !may_chown("modes_do_not_depend_on_what_the_directory_hands_down") {
        return;
    }
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("app")).unwrap();
    chown(fixture.path("app"), None, Some(77)).unwrap();
    fs::set_permissions(fixture.path("app"), Permissions::from_mode(0o2775)).unwrap();
    fixture.sync(
        &[tree(
            "/app",
            &[("a", file("1")), ("d/b", file("2")), ("l", symlink("a"))],
        )],
        1000,
    );
    let nodes = scan(&fixture.path("app"));
    assert_eq!((nodes[&b""[..]].group, nodes[&b""[..]].mode), (77, 0o2775));
    for path in [&b"a"[..], b"d", b"d/b", b"l"] {
        assert_eq!(nodes[path].group, 0, "{}", path.escape_ascii());
    }
    assert_eq!(nodes[&b"d"[..]].mode, 0o775);
}

#[test]
fn owners_come_from_the_image() {
    if !may_chown("owners_come_from_the_image") {
        return;
    }
    let fixture = Fixture::new();
    fixture.write(
        "etc/passwd",
        "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n",
    );
    fixture.write("etc/group", "root:x:0:\nweb:x:33:\n");
    fs::create_dir_all(fixture.path("app/cache")).unwrap();
    fs::create_dir_all(fixture.path("app/other")).unwrap();
    let files = [
        ("cache/x", file("1")),
        ("new/l", symlink("x")),
        ("y", executable("2")),
    ];
    let sources = [
        tree("/app", &files).owned("app", "web"),
        one("/srv/n", file("3")).owned("5", ""),
    ];
    fixture.sync(&sources, 1000);
    let owner = |path: &str| {
        let metadata = fs::symlink_metadata(fixture.path(path)).unwrap();
        (metadata.uid(), metadata.gid())
    };
    for path in [
        "app",
        "app/cache",
        "app/cache/x",
        "app/new",
        "app/new/l",
        "app/y",
    ] {
        assert_eq!(owner(path), (1000, 33), "{path}");
    }
    assert_eq!(owner("app/other"), (0, 0), "not of the commit");
    assert_eq!((owner("srv"), owner("srv/n")), ((5, 0), (5, 0)));
    assert_eq!(mode(&fixture.path("app/y")), 0o755);
    // A command may give things away; what does not change in git stays as it is.
    chown(fixture.path("app"), Some(9), Some(9)).unwrap();
    chown(fixture.path("app/y"), Some(9), Some(9)).unwrap();
    let files = [
        ("cache/x", file("changed")),
        ("new/l", symlink("x")),
        ("y", executable("2")),
    ];
    fixture.sync(
        &[tree("/app", &files).owned("app", "web"), sources[1].clone()],
        2000,
    );
    assert_eq!(
        (owner("app"), owner("app/y"), owner("app/cache/x")),
        ((9, 9), (9, 9), (1000, 33))
    );
    // Another owner is a change of every file.
    let report = fixture.sync(
        &[tree("/app", &files).owned("app", ""), sources[1].clone()],
        3000,
    );
    assert_eq!((report.written, report.unchanged), (3, 1));
    assert_eq!((owner("app"), owner("app/y")), ((1000, 9), (1000, 0)));
}

#[test]
fn an_unknown_owner_is_named() {
    let fixture = Fixture::new();
    let error = fixture
        .try_sync(&[tree("/app", &[("a", file("1"))]).owned("app", "")], 1)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Own);
    assert_eq!(
        error.to_string(),
        "find the owner of the git mapping to `/app`: `app` is not in the image's `/etc/passwd`; \
         create it in an earlier stage or use a number"
    );
}

#[test]
fn the_later_of_two_overlapping_mappings_wins() {
    let fixture = Fixture::new();
    let first = tree(
        "/app",
        &[
            ("assets", file("a file where the second has a directory")),
            ("conf/a", file("first")),
            ("conf/b", file("first")),
            ("lib/x/deep", file("below a file of the third")),
        ],
    );
    let second = tree("/app/assets", &[("logo", file("second"))]);
    let third = tree(
        "/",
        &[
            ("app/conf/b", file("third")),
            ("app/lib/x", symlink("third")),
        ],
    );
    fixture.sync(&[first.clone(), second.clone(), third.clone()], 1000);
    let expected = [
        "assets/",
        "assets/logo",
        "conf/",
        "conf/a",
        "conf/b",
        "lib/",
        "lib/x -> third",
    ];
    assert_eq!(fixture.names("app"), expected);
    assert_eq!(read(&fixture.path("app/conf/b")), "third");
    // Without the third, what it hid appears.
    fixture.sync(&[first, second], 2000);
    assert_eq!(read(&fixture.path("app/conf/b")), "first");
    assert_eq!(fixture.names("app/lib"), ["x/", "x/deep"]);
}

#[test]
fn a_mapping_can_move() {
    let fixture = Fixture::new();
    let files = [("a/b", file("1")), ("c", file("2"))];
    fixture.sync(&[tree("/app", &files), one("/etc/x", file("3"))], 1000);
    let report = fixture.sync(&[tree("/srv/app", &files), one("/etc/y", file("3"))], 2000);
    assert_eq!((report.written, report.deleted), (3, 3));
    assert_eq!(
        fixture.names(""),
        [
            "app/",
            "etc/",
            "etc/y",
            "srv/",
            "srv/app/",
            "srv/app/a/",
            "srv/app/a/b",
            "srv/app/c"
        ]
    );
}

#[test]
fn a_mapping_goes_where_links_of_the_image_lead() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.path("srv/real")).unwrap();
    link("/srv/real", fixture.path("app")).unwrap();
    fixture.sync(&[tree("/app/sub", &[("a", file("1"))])], 1000);
    assert_eq!(fixture.names("srv"), ["real/", "real/sub/", "real/sub/a"]);
    fixture.sync(&[tree("/app/sub", &[])], 2000);
    assert_eq!(fixture.names("srv"), ["real/", "real/sub/"]);
}

#[test]
fn a_link_in_place_of_a_directory_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    for (place, target) in [
        ("app/a", outside.path()),
        ("app/a/b", Path::new("/")),
        ("app/a", Path::new("../data")),
    ] {
        tally::refused(1);
        let fixture = Fixture::new();
        fixture.sync(&[tree("/app", &[("a/b/old", file("1"))])], 1000);
        fs::create_dir(fixture.path("data")).unwrap();
        fs::remove_dir_all(fixture.path(place)).unwrap();
        link(target, fixture.path(place)).unwrap();
        let files = [("a/b/new", file("2")), ("a/b/old", file("1"))];
        let error = fixture.try_sync(&[tree("/app", &files)], 2000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Own);
        let expected = format!(
            "create directory `/{place}`: a symbolic link to `{}` is in its place; keep it a directory, \
             or give what is below it a git mapping of its own",
            target.display()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert_eq!(fixture.names("data"), [""; 0]);
    }
}

#[test]
fn a_link_of_the_repository_is_never_taken() {
    let fixture = Fixture::new();
    fixture.write("etc/passwd", "precious");
    // The same paths, first with a link in the repository, then with files behind it.
    fixture.sync(&[tree("/app", &[("a", symlink("/etc"))])], 1000);
    fixture.sync(&[tree("/app", &[("a/passwd", file("evil"))])], 2000);
    assert_eq!(read(&fixture.path("etc/passwd")), "precious");
    assert_eq!(fixture.names("app"), ["a/", "a/passwd"]);
    // A mapping below a link of another mapping: the later one wins, and the link goes.
    let link = tree("/app", &[("a", symlink("/etc"))]);
    fixture.sync(
        &[link.clone(), tree("/app/a", &[("passwd", file("evil"))])],
        3000,
    );
    assert_eq!(read(&fixture.path("etc/passwd")), "precious");
    fixture.sync(&[tree("/app/a", &[("passwd", file("evil"))]), link], 4000);
    assert_eq!(read(&fixture.path("etc/passwd")), "precious");
    assert_eq!(fixture.names("app"), ["a -> /etc"]);
}

#[test]
fn what_the_container_mounts_is_left_alone() {
    let fixture = Fixture::new();
    fixture.write("etc/hosts", "a bind mount");
    let files = [
        ("app", file("1")),
        ("dev/x/y", file("2")),
        ("etc/hosts", file("3")),
        ("etc/issue", file("4")),
        (".werf-git-state", file("5")),
    ];
    let report = fixture.sync(&[tree("/", &files)], 1000);
    assert_eq!(fixture.names(""), ["app", "etc/", "etc/hosts", "etc/issue"]);
    assert_eq!(read(&fixture.path("etc/hosts")), "a bind mount");
    assert_eq!(report.written, 2);
    assert_eq!(report.warnings, ["/.werf-git-state", "/dev", "/etc/hosts"].map(|path| format!(
        "skipped 1 file at `{path}`: what the build container has there is not part of the image"
    )));
    let report = fixture.sync(&[tree("/", &[("app", file("1"))])], 2000);
    assert_eq!((report.deleted, report.warnings.len()), (1, 0));
    assert_eq!(fixture.names(""), ["app", "etc/", "etc/hosts"]);
}

#[test]
fn threads_that_share_a_directory_leave_no_trace() {
    let names: Vec<String> = (0..3000)
        .map(|number| match number % 3 {
            0 => format!("shared/{number}"),
            1 => format!("many/{}/{number}", number % 100),
            _ => format!("{number}"),
        })
        .collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), file(name)))
        .collect();
    for _ in 0..5 {
        let fixture = Fixture::new();
        assert_eq!(fixture.sync(&[tree("/app", &files)], 1000).written, 3000);
        let nodes = scan(&fixture.path("app"));
        assert_eq!(nodes.len(), 1 + 3000 + 2 + 100);
        for (path, node) in nodes {
            assert_eq!(node.time, 1000, "{}", path.escape_ascii());
            if let Kind::File(data) = node.kind {
                assert_eq!(data, path);
            }
        }
    }
}

#[test]
fn of_several_failures_the_first_is_told() {
    let long = |first: char| format!("{first}{}", "n".repeat(255));
    let mut names: Vec<String> = (0..1500).map(|number| format!("m{number}")).collect();
    names.extend(['a', 'z'].map(long));
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), file("1")))
        .collect();
    let error = Fixture::new()
        .try_sync(&[tree("/app", &files)], 1)
        .unwrap_err();
    assert!(error.to_string().starts_with("write `/app/annn"), "{error}");
}

#[test]
fn the_last_exec_leaves_nothing_of_ours() {
    let fixture = Fixture::new();
    let slot = fill(
        &fixture.store,
        STAGE,
        &[tree("/app", &[("a", file("1"))])],
        1000,
    );
    let store = Store::open(&fixture.store).unwrap();
    sync(&store, STAGE, &fixture.root, Before::State).unwrap();
    let before = time(&fixture.root);
    finish(&store, STAGE, &fixture.root, Before::State, slot.manifest).unwrap();
    assert_eq!(fs::read_dir(&fixture.root).unwrap().count(), 1);
    assert_eq!(time(&fixture.root), before);
}

#[test]
fn the_last_exec_insists_on_its_tree() {
    let fixture = Fixture::new();
    let head = fill(
        &fixture.store,
        STAGE,
        &[tree("/app", &[("a", file("1"))])],
        1000,
    );
    let other = fill(
        &fixture.store,
        STAGE,
        &[tree("/app", &[("a", file("2"))])],
        2000,
    );
    let store = Store::open(&fixture.store).unwrap();
    let error = finish(&store, STAGE, &fixture.root, Before::State, head.manifest).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(
        fs::read_dir(&fixture.root).unwrap().count(),
        0,
        "nothing is touched"
    );
    finish(&store, STAGE, &fixture.root, Before::State, other.manifest).unwrap();
}

#[test]
fn a_state_of_the_base_image_means_nothing_to_the_first_stage() {
    let fixture = Fixture::new();
    let app = [tree("/app", &[("a", file("1"))])];
    fixture.sync(&app, 1000);
    fs::remove_dir_all(fixture.path("app")).unwrap();
    let store = Store::open(&fixture.store).unwrap();
    sync(&store, STAGE, &fixture.root, Before::State).unwrap();
    assert!(
        !fixture.path("app").exists(),
        "believed: the state says that it is there"
    );
    sync(&store, STAGE, &fixture.root, Before::Nothing).unwrap();
    assert_eq!(fixture.names("app"), ["a"]);
}

#[test]
fn a_damaged_state_is_the_stages_own_fault() {
    let fixture = Fixture::new();
    fixture.sync(&[tree("/app", &[("a", file("1"))])], 1000);
    fs::write(fixture.path(&STATE_PATH[1..]), "nonsense").unwrap();
    let error = fixture
        .try_sync(&[tree("/app", &[("a", file("2"))])], 2000)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Own);
    assert_eq!(
        error.to_string(),
        "read `/.werf-git-state`: a command of a stage changed it"
    );
}

#[test]
fn nothing_is_touched_when_something_is_missing() {
    let fixture = Fixture::new();
    fixture.sync(&[tree("/app", &[("a", file("1")), ("b", file("2"))])], 1000);
    let before = scan(&fixture.root);
    fill(
        &fixture.store,
        STAGE,
        &[tree("/app", &[("b", file("3")), ("c", file("4"))])],
        2000,
    );
    fs::remove_dir_all(fixture.store.join("packs")).unwrap();
    let missing = |stage| {
        let store = Store::open(&fixture.store).unwrap();
        sync(&store, stage, &fixture.root, Before::State).unwrap_err()
    };
    let error = missing(STAGE);
    assert_eq!(error.kind(), ErrorKind::Store);
    let message = error.to_string();
    assert!(message.starts_with("read blob "), "{message}");
    assert!(
        message.ends_with(" (`/app/b`): it is missing, and 1 more"),
        "{message}"
    );
    assert_eq!(
        missing(StageDigest::from_bytes([0; 32])).kind(),
        ErrorKind::Store
    );
    fs::remove_dir_all(&fixture.store).unwrap();
    assert_eq!(missing(STAGE).kind(), ErrorKind::Store);
    assert_eq!(scan(&fixture.root), before);
}

#[test]
fn a_path_that_cannot_be_written_is_named() {
    let fixture = Fixture::new();
    fixture.write("app", "a file of the image");
    let error = fixture
        .try_sync(&[tree("/app", &[("a", file("1"))])], 1)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "create directory `/app`: `/app` is not a directory"
    );
    let fixture = Fixture::new();
    let long = "n".repeat(256);
    let error = fixture
        .try_sync(&[tree("/app", &[(&long, file("1"))])], 1)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("write `/app/{long}`: File name too long (os error 36)")
    );
    let fixture = Fixture::new();
    let error = fixture
        .try_sync(&[tree("/app", &[("l", symlink(""))])], 1)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "write `/app/l`: No such file or directory (os error 2)"
    );
}
