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

#[test]
fn an_outline_lists_what_an_image_asks_for() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nsecrets: [{id: token, env: TOKEN}]\nshell:\n  install: echo {{ env \"NEEDED\" }} {{ env \"GIVEN\" \"by default\" }}\n",
    );
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering: {allowEnvVariables: [NEEDED, GIVEN]}\n  secrets: {allowEnvVariables: [TOKEN]}\n",
    );
    repo.commit("rules");
    let asked = |more: &[&str]| {
        let arguments = [&["--print=outline"], more].concat();
        let answer = Build::of(&repo)
            .args(arguments)
            .env("BUILDX_EXPERIMENTAL", "1")
            .untagged()
            .ok();
        answer.stdout
    };
    let given = asked(&["--build-arg=NEEDED=swordfish"]);
    for said in ["app", "NEEDED", "GIVEN", "by default", "token"] {
        assert!(given.contains(said), "{given}");
    }
    assert!(!given.contains("swordfish"), "{given}");
    // It is asked before one knows what to give.
    let without = asked(&[]);
    assert!(without.contains("NEEDED"), "{without}");
}

#[test]
fn a_check_finds_what_a_build_would_say_and_fails() {
    let check = |text: &str, more: &[&str]| {
        let repo = Repo::with_config(text);
        let arguments = [&["--print=lint"], more].concat();
        Build::of(&repo)
            .args(arguments)
            .env("BUILDX_EXPERIMENTAL", "1")
            .untagged()
            .ok();
    };
    check("image: app\nfrom: busybox:latest\n", &[]);
    let untagged = "image: app\nfrom: busybox\n";
    check(
        untagged,
        &["--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=FromWithoutTag"],
    );
    let strict = "--build-arg=BUILDKIT_DOCKERFILE_CHECK=error=true";
    let repo = Repo::with_config(untagged);
    let stopped = Build::of(&repo).args([strict]).fails();
    stopped.says(&["FromWithoutTag", "stops the build at warnings"]);
}

#[test]
fn a_named_context_takes_the_place_of_a_base_and_of_an_imported_image() {
    let salt = e2e::salt();
    let other = Repo::with_config(&format!(
        "image: other\nfrom: busybox:latest\nshell:\n  install: echo other > /origin; echo {salt}\ndocker:\n  ENV: {{ORIGIN: other}}\n"
    ));
    let other = Build::of(&other).ok().image;
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  install: 'cat /origin > /seen || true; echo ${{ORIGIN:-none}} >> /seen; : {salt}'\n---\nimage: taker\nfrom: scratch\nimport:\n- {{from: 'busybox:latest', add: /, to: /, includePaths: [origin], before: install}}\n"
    ));
    let context = format!("--build-context=busybox=docker-image://{}", other.tag());
    let built = |target: &str, more: &[&str]| {
        let arguments = [&["--target", target], more].concat();
        Build::of(&repo).args(arguments).ok()
    };
    let usual = built("app", &[]);
    assert_eq!(usual.image.run(&["cat", "/seen"]), "none\n");
    let replaced = built("app", &[&context]);
    assert_eq!(replaced.image.run(&["cat", "/seen"]), "other\nother\n");
    assert!(
        !replaced.log.contains("BuildContextUnused"),
        "{}",
        replaced.log
    );
    let taker = built("taker", &[&context]);
    assert_eq!(taker.image.file("/origin").as_deref(), Some("other\n"));
    // What stands for nothing is said.
    let unused = built("app", &["--build-context=debian=docker-image://busybox"]);
    unused.says(&["BuildContextUnused", "--build-context debian"]);
}
