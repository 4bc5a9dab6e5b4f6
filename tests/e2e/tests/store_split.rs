//! STORE that splits in two: somebody builds by `--no-cache` with any cache mount while builds have it mounted.

use std::collections::BTreeSet;

use e2e::{Build, Builder, Built, Repo};

/// How often it splits.
const ROUNDS: usize = 2;

/// A project whose first stage takes a while, so that something can happen in the meantime.
fn project() -> Repo {
    let repo = Repo::new();
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  secrets:\n    allowValueIds: [word]\n",
    );
    repo.write("file", e2e::salt());
    // STORE has none of it.
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\nsecrets: [{{id: word, value: the word}}]\ngit: [{{to: /app}}]\nshell:\n  beforeInstall: echo is running; sleep 3; echo {} > /first\n  install: cat /run/secrets/word /proc/sys/kernel/random/uuid > /second\n  setup: cat /app/file\n",
        e2e::salt()
    ));
    repo
}

/// Builds a Dockerfile with a cache mount of its own, in spite of the cache.
fn split(builder: &Builder) {
    let other = tempfile::tempdir().unwrap();
    let recipe =
        "FROM busybox:latest\nRUN --mount=type=cache,id=something-else,target=/c echo > /c/x\n";
    std::fs::write(other.path().join("Dockerfile"), recipe).unwrap();
    let build = Build::in_directory(other.path()).config(None).untagged();
    let build = build.args(["--no-cache", "--output", "type=cacheonly"]);
    builder.run(build).ok();
}

/// Returns how often a stage did not find what it needs.
fn misses(built: &Built) -> usize {
    let lines = built.log.lines();
    let steps = lines.filter(|line| line.contains("] plan stages again: "));
    // A client may say more than once which step it is at.
    steps.collect::<BTreeSet<_>>().len()
}

#[test]
fn builds_go_on_with_another_one() {
    let builder = Builder::start("split");
    let build = |repo: &Repo| {
        let build = Build::of(repo).untagged();
        builder.run(build.args(["--output", "type=cacheonly"]))
    };
    for round in 0..ROUNDS {
        let (first, second) = (project(), project());
        let mut beside = None;
        let built = build(&first).run_and_at("is running", || {
            split(&builder);
            // Its PLAN gets the new cache mount; which one its stages get is up to chance.
            beside = Some(build(&second).ok());
        });
        let beside = beside.expect("the stage ran");
        assert!(built.success, "round {round}: {}", built.log);
        for built in [&built, &beside] {
            assert!(misses(built) <= 1, "round {round}: {}", built.log);
        }
        // Neither a stage that was built once more nor a new one costs a later build anything.
        for repo in [&first, &second] {
            let cached = build(repo).ok();
            for stage in ["beforeInstall", "install", "setup"] {
                let log = &cached.log;
                assert_eq!(cached.cached(stage), Some(true), "round {round}: {log}");
            }
        }
        let built = build(&project()).ok();
        assert_eq!(misses(&built), 0, "round {round}: {}", built.log);
    }
}
