//! A builder that is killed in the middle of a build and started again with all it holds.

use std::sync::mpsc;
use std::time::Duration;

use e2e::{Build, Builder, Built, Repo, Tree};

/// How long a build may take before something is stuck.
const PATIENCE: Duration = Duration::from_secs(300);

/// `install` waits, so that something can happen while it runs; then it changes what it has left before.
fn config(salt: &str) -> String {
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n  excludePaths: [werf.yaml]\n  stageDependencies:\n    install: [a]\nshell:\n  beforeInstall:\n  - read -r id < /proc/sys/kernel/random/uuid; echo $id > /first\n  - \": {salt}\"\n  install:\n  - echo half > /state\n  - echo crash me now\n  - sleep 3\n  - test $(cat /state) = half\n  - echo whole > /state\n  setup: cp /app/a /copy\n"
    )
}

/// Builds on `builder` what must be right in the end, without being stuck anywhere.
fn check(builder: &Builder, repo: &Repo, after: &str) -> Tree {
    let build = builder.run(Build::of(repo));
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(build.tree()));
    let (_, tree): (Built, Tree) = receiver
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|error| panic!("{after}: the build is stuck or failed: {error}"));
    let wanted = repo.archive();
    for (path, node) in &wanted.0 {
        if path.as_slice() == b"werf.yaml" {
            continue;
        }
        let path = [b"app/", path.as_slice()].concat();
        let found = tree.0.get(&path).map(|node| &node.kind);
        assert!(
            found == Some(&node.kind),
            "{after}: {}",
            path.escape_ascii()
        );
    }
    assert_eq!(tree.text("/state").as_deref(), Some("whole\n"), "{after}");
    assert_eq!(tree.text("/copy"), wanted.text("a"), "{after}");
    tree
}

#[test]
fn a_killed_builder_goes_on_where_it_was() {
    let repo = Repo::new();
    repo.write("a", "1\n");
    for number in 0..500 {
        repo.write(&format!("many/{number}"), format!("{number}\n").repeat(500));
    }
    repo.commit_config(&config(&e2e::salt()));
    let builder = Builder::start("crash");

    let killed = builder
        .run(Build::of(&repo))
        .run_and_at("crash me now", || builder.crash());
    assert!(!killed.success, "the builder was killed:\n{}", killed.log);
    let first = check(&builder, &repo, "killed in a stage");

    // Not only in a stage: while the commit is sent, planned, STORE is filled, stages are started.
    for (round, delay) in [300, 700, 1100].into_iter().enumerate() {
        repo.write("a", format!("round {round}\n"));
        for number in 0..500 {
            let content = format!("{round} {number}\n").repeat(500);
            repo.write(&format!("many/{number}"), content);
        }
        repo.commit("everything");
        std::thread::scope(|scope| {
            scope.spawn(|| builder.run(Build::of(&repo)).run());
            std::thread::sleep(Duration::from_millis(delay));
            builder.crash();
        });
        let tree = check(&builder, &repo, &format!("killed after {delay} ms"));
        assert_eq!(
            tree.text("/first"),
            first.text("/first"),
            "what was built before is kept"
        );
    }
}
