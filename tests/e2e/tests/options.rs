//! What the client can ask for.

use e2e::{Bench, Build, Repo};

const TWO: &str = "image: one\nfrom: busybox:latest\nshell:\n  install: echo one > /name\n---\nimage: [two, three]\nfrom: busybox:latest\nshell:\n  install: echo two > /name\n";

#[test]
fn a_target_is_chosen_by_name_or_listed() {
    let repo = Repo::with_config(TWO);
    let one = Build::of(&repo).args(["--target", "one"]).ok();
    assert_eq!(one.image.run(&["cat", "/name"]), "one\n");
    let three = Build::of(&repo).args(["--target", "three"]).ok();
    assert_eq!(three.image.run(&["cat", "/name"]), "two\n");
    Build::of(&repo)
        .fails()
        .says(&["project `test` has several images", "`one`, `two`, `three`"]);
    Build::of(&repo)
        .args(["--target", "four"])
        .fails()
        .says(&["`--target four`", "`one`, `two`, `three`"]);
}

#[test]
fn the_nameless_image_needs_no_target() {
    let repo =
        Repo::with_config("image: ~\nfrom: busybox:latest\nshell:\n  install: echo here > /name\n");
    assert_eq!(Build::of(&repo).ok().image.run(&["cat", "/name"]), "here\n");
}

#[test]
fn the_frontend_can_be_named_by_a_build_argument_instead_of_a_line() {
    let repo = Repo::new();
    repo.write("werf.yaml", "project: test\nconfigVersion: 1\n---\nimage: app\nfrom: busybox:latest\nshell:\n  install: echo here > /name\n");
    repo.commit("no syntax line");
    let syntax = format!("BUILDKIT_SYNTAX={}", Bench::from_env().frontend);
    let built = Build::of(&repo).args(["--build-arg", &syntax]).ok();
    assert_eq!(built.image.run(&["cat", "/name"]), "here\n");
    assert!(!built.log.contains("BuildArgUnused"), "{}", built.log);
}

#[test]
fn network_and_hosts_reach_the_stages() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nshell:\n  install: cat /etc/hosts > /seen; ls /sys/class/net | sort | tr '\\n' ' ' > /net\n",
    );
    let built = Build::of(&repo)
        .args(["--network", "none", "--add-host", "db:10.1.2.3"])
        .ok();
    assert_eq!(built.image.run(&["cat", "/net"]).trim(), "lo");
    let hosts = built.image.run(&["cat", "/seen"]);
    assert!(
        hosts
            .lines()
            .any(|line| line.starts_with("10.1.2.3") && line.contains("db")),
        "{hosts}"
    );
}

#[test]
fn limits_and_shared_memory_reach_the_stages() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nshell:\n  install: ulimit -n > /files; df -k /dev/shm | tail -n 1 > /shm\n",
    );
    let built = Build::of(&repo)
        .args(["--ulimit", "nofile=321:321", "--shm-size", "16m"])
        .ok();
    assert_eq!(built.image.run(&["cat", "/files"]).trim(), "321");
    assert!(built.image.run(&["cat", "/shm"]).contains("16384"));
}

#[test]
fn what_is_not_honoured_is_a_warning() {
    let repo = Repo::with_config("image: app\nfrom: busybox:latest\nshell:\n  install: touch /x\n");
    let built = Build::of(&repo).args(["--build-arg", "COLOUR=blue"]).ok();
    built.says(&["BuildArgUnused: build argument `COLOUR` is not used"]);
}

#[test]
fn check_and_targets_answer_without_building() {
    let repo = Repo::with_config(TWO);
    // What `--call targets` was called until buildx 0.14.
    let targets = Build::of(&repo)
        .args(["--print=targets"])
        .env("BUILDX_EXPERIMENTAL", "1")
        .untagged()
        .ok();
    for name in ["one", "two", "three"] {
        assert!(targets.stdout.contains(name), "{}", targets.stdout);
    }
}
