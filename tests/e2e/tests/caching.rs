//! Which stages run again, proven by the random value that each leaves behind.

use e2e::{Bench, Build, Built, Feature, Repo, needs};

/// A config whose every stage leaves a random value at `/stamps/STAGE`. No other test has its stages.
fn stamps(salt: &str, shell_extra: &str, section_extra: &str, setup_extra: &str) -> String {
    let stage = |name: &str, extra: &str| {
        format!(
            "  {name}:\n  - mkdir -p /stamps\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamps/{name}\n{extra}"
        )
    };
    format!(
        "image: app\nfrom: busybox:latest\n{section_extra}shell:\n{shell_extra}{}{}{}{}",
        stage("beforeInstall", &format!("  - \": {salt}\"\n")),
        stage("install", ""),
        stage("beforeSetup", ""),
        stage("setup", setup_extra),
    )
}

const STAGES: [&str; 4] = ["beforeInstall", "install", "beforeSetup", "setup"];

/// Builds and returns what the stages left.
fn build(repo: &Repo, arguments: &[&str]) -> (Built, Vec<String>) {
    let built = Build::of(repo).args(arguments.iter().copied()).ok();
    let values = STAGES
        .map(|stage| built.image.run(&["cat", &format!("/stamps/{stage}")]))
        .to_vec();
    (built, values)
}

/// Returns the stages whose value differs.
fn reran(before: &[String], after: &[String]) -> Vec<&'static str> {
    STAGES
        .into_iter()
        .zip(before.iter().zip(after))
        .filter(|(_, (a, b))| a != b)
        .map(|(stage, _)| stage)
        .collect()
}

#[test]
fn the_same_commit_runs_nothing() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    let (built, second) = build(&repo, &[]);
    assert_eq!(reran(&first, &second), [""; 0]);
    for stage in STAGES {
        assert_eq!(
            built.cached(&format!("{stage}]")),
            Some(true),
            "{stage}:\n{}",
            built.log
        );
    }
}

#[test]
fn a_commit_that_changes_nothing_of_the_stages_runs_nothing() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    repo.write("README.md", "hello");
    repo.write(
        "werf.yaml",
        std::fs::read_to_string(repo.join("werf.yaml")).unwrap() + "# a comment\n",
    );
    repo.commit("documentation");
    let (_, second) = build(&repo, &[]);
    assert_eq!(reran(&first, &second), [""; 0]);
}

#[test]
fn an_edited_setup_reruns_only_setup() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    repo.commit_config(&stamps(&salt, "", "", "  - echo more > /more\n"));
    let (built, second) = build(&repo, &[]);
    assert_eq!(reran(&first, &second), ["setup"]);
    assert_eq!(built.image.run(&["cat", "/more"]), "more\n");
}

#[test]
fn a_stage_cache_version_reruns_the_stage_and_what_follows() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    repo.commit_config(&stamps(&salt, "  installCacheVersion: \"2\"\n", "", ""));
    let (_, second) = build(&repo, &[]);
    assert_eq!(reran(&first, &second), ["install", "beforeSetup", "setup"]);
}

#[test]
fn a_general_cache_version_reruns_everything() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    repo.commit_config(&stamps(&salt, "  cacheVersion: \"2\"\n", "", ""));
    let (_, second) = build(&repo, &[]);
    assert_eq!(reran(&first, &second), STAGES, "cacheVersion of the shell");
    repo.commit_config(&stamps(
        &salt,
        "  cacheVersion: \"2\"\n",
        "cacheVersion: \"3\"\n",
        "",
    ));
    let (_, third) = build(&repo, &[]);
    assert_eq!(reran(&second, &third), STAGES, "cacheVersion of the image");
    repo.commit_config(&stamps(
        &salt,
        "  cacheVersion: \"2\"\n",
        "cacheVersion: \"3\"\nfromCacheVersion: \"4\"\n",
        "",
    ));
    let (_, fourth) = build(&repo, &[]);
    assert_eq!(reran(&third, &fourth), STAGES, "fromCacheVersion");
}

#[test]
fn going_back_to_an_old_commit_finds_its_stages() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    repo.commit_config(&stamps(&salt, "  cacheVersion: \"2\"\n", "", ""));
    build(&repo, &[]);
    repo.git(&["checkout", "--quiet", "HEAD^"]);
    let (_, third) = build(&repo, &[]);
    assert_eq!(reran(&first, &third), [""; 0], "and HEAD is detached now");
}

#[test]
fn no_cache_reruns_all_and_stores_what_it_made() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    let (_, second) = build(&repo, &["--no-cache"]);
    assert_eq!(reran(&first, &second), STAGES);
    let (_, third) = build(&repo, &[]);
    assert_eq!(
        reran(&second, &third),
        [""; 0],
        "the fresh stages are under the usual keys"
    );
}

#[test]
fn no_cache_filter_reruns_the_stage_and_what_follows() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let (_, first) = build(&repo, &[]);
    let (_, second) = build(&repo, &["--no-cache-filter", "app/beforeSetup"]);
    assert_eq!(reran(&first, &second), ["beforeSetup", "setup"]);
    let (_, third) = build(&repo, &["--no-cache-filter", "other"]);
    assert_eq!(reran(&second, &third), [""; 0]);
}

#[test]
fn a_failed_stage_names_itself_and_keeps_the_stages_before_it() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", "  - test -e /nowhere\n"));
    let failed = Build::of(&repo).fails();
    failed.says(&[
        "stage `setup` of image `app` failed with exit code 1",
        "werf: failed with exit code 1: test -e /nowhere",
        "werf.yaml:",
        ">>>   - test -e /nowhere",
    ]);
    assert_eq!(failed.code, Some(1));
    let error = failed.error();
    assert!(!error.contains("stapel-sync"), "{error}");
    repo.commit_config(&stamps(&salt, "", "", ""));
    let built = Build::of(&repo).ok();
    for (stage, cached) in [
        ("beforeInstall", true),
        ("install", true),
        ("beforeSetup", true),
        ("setup", false),
    ] {
        assert_eq!(
            built.cached(&format!("{stage}]")),
            Some(cached),
            "{stage}:\n{}",
            built.log
        );
    }
}

#[test]
fn a_failed_stage_is_tried_again_by_the_next_build() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nshell:\n  install:\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo attempt $id\n  - exit 42\n",
    );
    for _ in 0..2 {
        let failed = Build::of(&repo).fails();
        failed.says(&["attempt ", "failed with exit code 42"]);
    }
}

#[test]
fn equal_stages_of_two_images_run_once() {
    let salt = e2e::salt();
    let section = |name: &str| {
        format!(
            "image: {name}\nfrom: busybox:latest\nshell:\n  install:\n  - \": {salt}\"\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamp\n"
        )
    };
    let repo = Repo::with_config(&format!("{}---\n{}", section("one"), section("two")));
    let one = Build::of(&repo).args(["--target", "one"]).ok();
    let two = Build::of(&repo).args(["--target", "two"]).ok();
    assert_eq!(
        one.image.run(&["cat", "/stamp"]),
        two.image.run(&["cat", "/stamp"])
    );
}

#[test]
fn a_registry_cache_serves_every_stage_in_both_modes() {
    if !needs(&[Feature::CacheExport]) {
        return;
    }
    let salt = e2e::salt();
    let repo = Repo::with_config(&stamps(&salt, "", "", ""));
    let registry = Bench::from_env().registry;
    for mode in ["min", "max"] {
        let reference = format!("{registry}/cache/{}-{mode}", std::process::id());
        let export = format!("type=registry,ref={reference},mode={mode}");
        let (_, first) = build(&repo, &["--cache-to", &export]);
        let import = format!("type=registry,ref={reference}");
        let (_, second) = build(&repo, &["--cache-from", &import]);
        assert_eq!(reran(&first, &second), [""; 0], "{mode}");
    }
}
