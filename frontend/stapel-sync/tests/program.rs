//! The program as stages run it: arguments, exit codes, environment, signals.

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::{Fixture, STAGE, executable, file, fill, scan, tree};
use stapel_sync::seal::{Head, SEAL_PATH};
use stapel_sync::store::{CleanPolicy, Store};
use stapel_sync::{STATE_PATH, StageDigest};

fn program(fixture: &Fixture, command: &str, stage: StageDigest) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_stapel-sync"));
    program
        .arg(command)
        .arg("--store")
        .arg(&fixture.store)
        .arg("--root")
        .arg(&fixture.root);
    program.arg("--slot").arg(stage.to_string());
    program
}

fn prepared() -> Fixture {
    let fixture = Fixture::new();
    fill(
        &fixture.store,
        STAGE,
        &[tree("/app", &[("a", file("1"))])],
        1_700_000_000,
    );
    fixture
}

fn script(fixture: &Fixture, text: &str) -> PathBuf {
    let path = fixture.store.join("script");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn sync_says_one_line() {
    let fixture = prepared();
    let output = program(&fixture, "sync", STAGE).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        stderr(&output),
        "sources: 1 written (1 B), 0 deleted, 0 unchanged\n"
    );
    assert_eq!(output.stdout, b"");
    assert_eq!(fixture.names("app"), ["a"]);
}

#[test]
fn run_becomes_the_script() {
    let fixture = prepared();
    let text = "#!/bin/sh\n\
        echo $WERF_COMMIT_HASH; echo $WERF_COMMIT_TIME_HUMAN; echo $WERF_COMMIT_TIME_UNIX\n\
        echo $$; echo \"$KEPT\"; umask; cat app/a; echo; for x in \"$@\"; do echo \"<$x>\"; done; exit 7\n";
    let mut command = program(&fixture, "run", STAGE);
    command
        .arg("--")
        .arg(script(&fixture, text))
        .args(["a b", "--root"]);
    command
        .current_dir(&fixture.root)
        .env("KEPT", "kept")
        .env("WERF_COMMIT_HASH", "replaced");
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let mask = Command::new("sh")
        .args(["-c", "umask"])
        .output()
        .unwrap()
        .stdout;
    let mask = String::from_utf8(mask).unwrap();
    let expected = format!(
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904\n2026-08-01 12:00:00 +0300 MSK\n1700000000\n\
         {pid}\nkept\n{mask}1\n<a b>\n<--root>\n"
    );
    assert_eq!(String::from_utf8(output.stdout.clone()).unwrap(), expected);
    assert_eq!(
        stderr(&output),
        "sources: 1 written (1 B), 0 deleted, 0 unchanged\n"
    );
}

#[test]
fn exec_becomes_the_script_and_leaves_files_alone() {
    let fixture = prepared();
    let text = "#!/bin/sh\necho $WERF_COMMIT_HASH; exit 7\n";
    let mut command = program(&fixture, "exec", STAGE);
    command.arg("--").arg(script(&fixture, text));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(output.stdout, b"4b825dc642cb6eb9a060e54bf8d69288fbee4904\n");
    assert_eq!(stderr(&output), "");
    assert!(!fixture.root.join("app").exists());
}

#[test]
fn signals_reach_the_script_and_kill_it() {
    let fixture = prepared();
    let ready = "#!/bin/sh\necho ready\nexec sleep 60\n";
    let mut command = program(&fixture, "run", STAGE);
    command
        .arg("--")
        .arg(script(&fixture, ready))
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut [0; 6])
        .unwrap();
    let kill = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn the_script_has_the_usual_signals() {
    let fixture = prepared();
    // Ignored signals are inherited: a script with SIGPIPE ignored sees errors instead of an end.
    let text = "#!/bin/sh\ngrep -E 'Sig(Ign|Blk)' /proc/self/status\nls -l /proc/self/fd | wc -l\n";
    let path = script(&fixture, text);
    let own = Command::new(&path)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let mut command = program(&fixture, "run", STAGE);
    let output = command
        .arg("--")
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&own.stdout)
    );
}

#[test]
fn a_script_that_cannot_be_started_is_named() {
    let fixture = prepared();
    let output = program(&fixture, "run", STAGE)
        .args(["--", "/no/such/script"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(94));
    assert!(
        stderr(&output)
            .ends_with("run `/no/such/script`: No such file or directory (os error 2)\n")
    );
    // Whoever looks at what has become of the stage finds the same.
    assert_eq!(
        fs::read_to_string(fixture.path(".werf-failure")).unwrap(),
        "94\n\nrun `/no/such/script`: No such file or directory (os error 2)\n"
    );
}

#[test]
fn what_store_lacks_has_an_exit_code_of_its_own() {
    let fixture = prepared();
    let code = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(stderr(&output).starts_with("read "), "{}", stderr(&output));
        output.status.code()
    };
    let unknown = StageDigest::from_bytes([0; 32]);
    assert_eq!(code(&mut program(&fixture, "sync", unknown)), Some(93));
    let script = script(&fixture, "#!/bin/sh\ntouch started\n");
    let mut run = program(&fixture, "run", unknown);
    assert_eq!(
        code(run.arg("--").arg(script).current_dir(&fixture.root)),
        Some(93)
    );
    let mut finish = program(&fixture, "finish", STAGE);
    assert_eq!(
        code(finish.arg("--tree").arg(unknown.to_string())),
        Some(93)
    );
    fs::remove_dir_all(fixture.store.join("packs")).unwrap();
    assert_eq!(code(&mut program(&fixture, "sync", STAGE)), Some(93));
    fs::remove_dir_all(fixture.store.join("manifests")).unwrap();
    assert_eq!(code(&mut program(&fixture, "sync", STAGE)), Some(93));
    assert_eq!(fixture.names(""), [""; 0]);
}

#[test]
fn finish_leaves_only_the_tree() {
    let fixture = Fixture::new();
    let slot = fill(
        &fixture.store,
        STAGE,
        &[tree("/app", &[("a", file("1"))])],
        5,
    );
    assert!(program(&fixture, "sync", STAGE).status().unwrap().success());
    assert!(fixture.path(&STATE_PATH[1..]).exists());
    let mut finish = program(&fixture, "finish", STAGE);
    assert!(
        finish
            .arg("--tree")
            .arg(slot.manifest.to_string())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(fs::read_dir(&fixture.root).unwrap().count(), 1);
}

#[test]
fn a_context_has_the_modes_of_a_checkout_and_nothing_else() {
    let fixture = Fixture::new();
    let files = [("dev/a", file("1")), ("dev/sub/b", executable("2"))];
    let slot = fill(&fixture.store, STAGE, &[tree("/context", &files)], 5);
    let context = |manifest: &str| {
        let mut program = program(&fixture, "context", STAGE);
        program.arg("--tree").arg(manifest).status().unwrap().code()
    };
    assert_eq!(context(&"0".repeat(64)), Some(93), "another tree");
    assert_eq!(context(&slot.manifest.to_string()), Some(0));
    let mode = |path: &str| {
        let permissions = fs::metadata(fixture.path(path)).unwrap().permissions();
        permissions.mode() & 0o7777
    };
    assert_eq!(mode("context/dev"), 0o755);
    assert_eq!(mode("context/dev/sub"), 0o755);
    assert_eq!(mode("context/dev/a"), 0o644);
    assert_eq!(mode("context/dev/sub/b"), 0o755);
    let names = [
        "context/",
        "context/dev/",
        "context/dev/a",
        "context/dev/sub/",
        "context/dev/sub/b",
    ];
    assert_eq!(fixture.names(""), names, "no state is left");
}

/// Runs the program where it may have only so many files open.
fn limited(program: &Command, files: usize) -> bool {
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("ulimit -n {files}; exec \"$@\""))
        .arg("sh");
    shell
        .arg(program.get_program())
        .args(program.get_args())
        .status()
        .unwrap()
        .success()
}

#[test]
fn many_packs_need_few_open_files() {
    let fixture = Fixture::new();
    for number in 0..150 {
        let text = number.to_string();
        fill(
            &fixture.store,
            STAGE,
            &[tree("/app", &[("a", file(&text))])],
            5,
        );
    }
    let merged = Store::create(&fixture.store)
        .unwrap()
        .clean(&CleanPolicy::default())
        .unwrap();
    assert_eq!(merged.merged, 150);
    assert!(limited(&program(&fixture, "sync", STAGE), 32));
    assert_eq!(fs::read_to_string(fixture.path("app/a")).unwrap(), "149");
}

#[test]
fn many_mappings_with_deep_trees_need_few_open_files() {
    let fixture = Fixture::new();
    let deep = "d/".repeat(30) + "file";
    for (time, above) in [(1000, "/srv"), (2000, "/opt")] {
        let place = |number| tree(&format!("{above}/{number}"), &[(&deep, file("x"))]);
        let sources: Vec<_> = (0..60).map(place).collect();
        fill(&fixture.store, STAGE, &sources, time);
        assert!(limited(&program(&fixture, "sync", STAGE), 256));
        let nodes = scan(&fixture.path(&above[1..]));
        assert_eq!(nodes.len(), 1 + 60 * 32);
        assert!(nodes.values().all(|node| node.time == time));
    }
    assert_eq!(fixture.names("srv").len(), 60, "only the places are left");
}

#[test]
fn a_full_disk_is_named() {
    let fixture = prepared();
    fixture.write("app/x", "");
    let mut state = program(&fixture, "sync", STAGE);
    // A limit on file size stands for a full disk: every write fails in the same way.
    let output = Command::new("sh")
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 0; exec \"$@\"")
        .arg("sh")
        .arg(state.get_program())
        .args(state.get_args())
        .output()
        .unwrap();
    assert_eq!(
        stderr(&output),
        "write `/app/a`: File too large (os error 27)\n"
    );
    assert_eq!(output.status.code(), Some(94));
    assert!(state.output().unwrap().status.success());
}

#[test]
fn wrong_arguments_show_how_to_call_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_stapel-sync"))
        .arg("fly")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(94));
    let text = stderr(&output);
    assert!(
        text.starts_with(
            "read the arguments: `fly` does not go with these options\nstapel-sync sync"
        ),
        "{text}"
    );
}

#[test]
fn a_sealed_image_is_patched_by_its_seal_alone() {
    let fixture = prepared();
    assert!(program(&fixture, "sync", STAGE).status().unwrap().success());
    let slot = fill(
        &fixture.store,
        STAGE,
        &[tree("/app", &[("b", file("2"))])],
        7,
    );
    let place = |name: &str| {
        let place = fixture.store.join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let (sealed, gone, new) = (place("sealed"), place("gone"), place("new"));
    let with_root = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stapel-sync"));
        program.args(arguments).arg("--sealed").arg(&sealed);
        program.arg("--root").arg(&fixture.root).output().unwrap()
    };
    let output = with_root(&["seal"]);
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(0), String::new())
    );
    let head = fs::read(sealed.join(&SEAL_PATH[1..])).unwrap();
    let id = Head::decode(&head).unwrap().id.to_string();
    assert_eq!(with_root(&["check", "--seal", &id]).status.code(), Some(0));
    let other = "0".repeat(64);
    assert_eq!(
        with_root(&["check", "--seal", &other]).status.code(),
        Some(95)
    );
    let patch = |seal: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stapel-sync"));
        program.arg("patch").arg("--store").arg(&fixture.store);
        program.args([
            "--slot",
            &STAGE.to_string(),
            "--tree",
            &slot.manifest.to_string(),
        ]);
        program.args(["--seal", seal]);
        for (option, place) in [("--sealed", &sealed), ("--gone", &gone), ("--new", &new)] {
            program.arg(option).arg(place);
        }
        program.output().unwrap()
    };
    let output = patch(&other);
    assert_eq!(output.status.code(), Some(95));
    assert_eq!(
        stderr(&output),
        "read `/.werf-git-seal`: it is another one\n"
    );
    let output = patch(&id);
    assert_eq!(
        stderr(&output),
        "sources: 1 written (1 B), 1 deleted, 0 unchanged\n"
    );
    assert_eq!(output.status.code(), Some(0));
    let names = |root: &std::path::Path| -> Vec<String> {
        let nodes = scan(root).into_keys();
        nodes.map(|path| path.escape_ascii().to_string()).collect()
    };
    assert_eq!(names(&gone), ["", ".werf-git-seal", "app", "app/a"]);
    assert_eq!(names(&new), ["", "app", "app/b"]);
}
