//! Builds whose STORE is taken away. They are a program of their own and one after the other: BuildKit 0.13
//! forgets the results of execs as well when cache mounts are pruned, whoever made them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use e2e::ansible::with_ansible;
use e2e::{Build, Repo};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn prune() {
    e2e::image::docker(&[
        "builder",
        "prune",
        "--force",
        "--all",
        "--filter",
        "type=exec.cachemount",
    ]);
}

/// A config whose `beforeInstall` takes a while, so that something can happen during the build.
fn config(git: &str) -> String {
    let salt = e2e::salt();
    format!(
        "image: app\nfrom: busybox:latest\n{git}shell:\n  beforeInstall: \"sleep 4; : {salt}\"\n  install: echo done > /b\n"
    )
}

const GIT: &str = "git:\n- add: /\n  to: /app\n";

#[test]
fn between_two_builds() {
    let _alone = alone();
    let config = config(GIT);
    let repo = Repo::with_config(&config);
    Build::of(&repo).ok();
    prune();
    repo.commit_config(&config.replace("done", "more"));
    assert_eq!(Build::of(&repo).ok().image.run(&["cat", "/b"]), "more\n");
}

#[test]
fn between_two_builds_the_ansible_tool_chain() {
    let _alone = alone();
    let config = |content: &str| {
        format!(
            "image: app\nfrom: busybox:latest\nansible:\n  install:\n  - copy: dest=/made content={content}\n"
        )
    };
    let repo = Repo::new();
    for content in [e2e::salt(), e2e::salt()] {
        repo.commit_config(&config(&content));
        let built = with_ansible(Build::of(&repo)).ok();
        assert_eq!(built.image.file("/made").unwrap(), content);
        prune();
    }
}

/// Builds while STORE is taken away from under `beforeInstall`.
fn build_and_prune(repo: &Repo) -> String {
    std::thread::scope(|scope| {
        let pruner = scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(2));
            prune();
        });
        let image = Build::of(repo).ok().image;
        pruner.join().unwrap();
        image.run(&["cat", "/b"])
    })
}

#[test]
fn in_the_middle_of_a_build_the_tools() {
    let _alone = alone();
    assert_eq!(build_and_prune(&Repo::with_config(&config(""))), "done\n");
}

#[test]
fn in_the_middle_of_a_build_the_sources() {
    let _alone = alone();
    let repo = Repo::with_config(&config(GIT));
    assert_eq!(build_and_prune(&repo), "done\n");
}
