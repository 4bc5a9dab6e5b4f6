//! Builds of different commits of one repository at the same time.

use e2e::{Build, Repo};

/// `install` depends on `a` and copies what it sees; `b` comes and goes with every commit.
fn config(salt: &str) -> String {
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n  excludePaths: [werf.yaml]\n  stageDependencies:\n    install: [a]\nshell:\n  install:\n  - cp /app/a /copy\n  - \": {salt}\"\n"
    )
}

/// Builds the commit of `repo` and compares what came out with it.
fn check(repo: &Repo, round: usize) {
    let (_, tree) = Build::of(repo).tree();
    let wanted = repo.archive();
    let mut names = Vec::new();
    for (path, node) in &wanted.0 {
        if path.as_slice() == b"werf.yaml" {
            continue;
        }
        let path = [b"app/", path.as_slice()].concat();
        let found = tree.0.get(&path).map(|node| &node.kind);
        assert_eq!(
            found,
            Some(&node.kind),
            "round {round}: {}",
            path.escape_ascii()
        );
        names.push(path);
    }
    let there: Vec<&Vec<u8>> = tree
        .0
        .keys()
        .filter(|path| path.starts_with(b"app/"))
        .collect();
    assert_eq!(there, names.iter().collect::<Vec<_>>(), "round {round}");
    assert_eq!(
        tree.text("/copy"),
        wanted.text("a"),
        "round {round}: the stage saw its own commit"
    );
}

#[test]
fn two_commits_of_one_repository_do_not_mix() {
    let origin = Repo::with_config(&config(&e2e::salt()));
    let clones = [Repo::clone_of(&origin, &[]), Repo::clone_of(&origin, &[])];
    for round in 0..20 {
        for (number, clone) in clones.iter().enumerate() {
            // Every third round touches no dependency: the stage comes from the cache of either.
            if round % 3 != 2 {
                clone.write("a", format!("{number} {round}\n"));
            }
            clone.write("b", format!("{number} {round}\n"));
            clone.write(&format!("only/{number}-{round}"), "");
            if round > 0 {
                std::fs::remove_file(clone.join(&format!("only/{number}-{}", round - 1))).unwrap();
            }
            clone.commit("a round");
        }
        std::thread::scope(|scope| {
            for clone in &clones {
                scope.spawn(move || check(clone, round));
            }
        });
    }
}

/// BuildKit before 0.19 went down where one build had marked a step that the other had unmarked. A stage that runs in the
/// other build at the same moment is shared with it all the same.
#[test]
fn one_without_cache_beside_one_with() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  install:\n  - echo is running; sleep 2; echo one > /made\n  - \": {}\"\n  setup: echo two >> /made\n",
        e2e::salt()
    ));
    let mut anew = None;
    let first = Build::of(&repo).run_and_at("is running", || {
        anew = Some(Build::of(&repo).args(["--no-cache"]).ok());
    });
    assert!(first.success, "{}", first.log);
    for built in [first, anew.unwrap()] {
        assert_eq!(built.image.file("/made").unwrap(), "one\ntwo\n");
    }
}

/// On Docker's classic image store, a stage that has STORE mounted read-only made it read-only for PLAN of every build that
/// began meanwhile.
#[test]
fn a_plan_fills_store_while_a_stage_of_another_build_runs() {
    for round in 0..3 {
        let salt = e2e::salt();
        let shell = |commands: &str| {
            format!(
                "image: app\nfrom: busybox:latest\ngit: [{{to: /app}}]\nshell:\n  install:\n  - {commands}\n  - \": {salt}\"\n"
            )
        };
        let slow = Repo::with_config(&shell("echo is running; sleep 5"));
        let quick = Repo::with_config(&shell("cp /app/new /seen"));
        quick.write("new", &salt);
        quick.commit("a file that STORE does not have");
        let mut other = None;
        let first = Build::of(&slow).run_and_at("is running", || {
            other = Some(Build::of(&quick).ok());
        });
        assert!(first.success, "round {round}: {}", first.log);
        let other = other.expect("the stage ran");
        assert_eq!(other.image.run(&["cat", "/seen"]), salt, "round {round}");
    }
}
