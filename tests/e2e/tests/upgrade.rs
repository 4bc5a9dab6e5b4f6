//! A new frontend image reruns nobody's stages.

use e2e::image::{docker, push};
use e2e::{Bench, Build, Repo};

/// Makes a frontend image whose tools have other bytes, and which has a file more.
fn another_frontend(reference: &str) {
    let frontend = Bench::from_env().frontend;
    let context = tempfile::tempdir().unwrap();
    let path = |name: &str| context.path().join(name).to_str().unwrap().to_owned();
    let container = docker(&["create", &frontend, "-"]);
    let container = container.trim();
    docker(&["cp", &format!("{container}:/stapel"), &path("stapel")]);
    docker(&["rm", "--force", container]);
    for tool in ["embedded/bin/bash", "bin/stapel-sync"] {
        // What stands behind the end of a program changes nothing about it.
        let tool = context.path().join("stapel").join(tool);
        let mut bytes = std::fs::read(&tool).unwrap();
        bytes.extend(b"another build");
        std::fs::write(&tool, bytes).unwrap();
    }
    std::fs::write(path("note"), "more").unwrap();
    let recipe = format!("FROM {frontend}\nCOPY stapel /stapel\nCOPY note /note\n");
    std::fs::write(path("Dockerfile"), recipe).unwrap();
    push(context.path(), reference);
}

#[test]
fn other_tools_and_files_leave_every_stage_cached() {
    let repo = Repo::new();
    let salt = e2e::salt();
    repo.write("a", "a");
    repo.write(
        "werf.yaml",
        format!(
            "project: test\nconfigVersion: 1\n---\nimage: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\nshell:\n  beforeInstall: \"read -r id < /proc/sys/kernel/random/uuid; echo $id > /one; : {salt}\"\n  install: read -r id < /proc/sys/kernel/random/uuid; echo $id > /two\n"
        ),
    );
    repo.commit("no syntax line");
    let stamps = |frontend: &str| {
        let syntax = format!("BUILDKIT_SYNTAX={frontend}");
        let built = Build::of(&repo).args(["--build-arg", &syntax]).ok();
        built.image.run(&["cat", "/one", "/two"])
    };
    let bench = Bench::from_env();
    let other = format!(
        "{}/frontend-of-tomorrow:{}",
        bench.registry,
        std::process::id()
    );
    another_frontend(&other);
    let first = stamps(&bench.frontend);
    assert_eq!(stamps(&other), first);
    assert_eq!(stamps(&bench.frontend), first, "and back");
}
