//! A builder with an empty disk and a cache to import: no stage of the user's runs again.

use e2e::{Bench, Build, Builder, Feature, Repo, needs};

const STAGES: [&str; 3] = ["beforeInstall", "install", "setup"];

fn config(salt: &str) -> String {
    let stage = |name: &str| {
        format!(
            "  {name}:\n  - mkdir -p /stamps\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamps/{name}\n"
        )
    };
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n  stageDependencies:\n    install: [package.json]\nshell:\n{}  - \": {salt}\"\n{}{}",
        stage("beforeInstall"),
        stage("install"),
        stage("setup"),
    )
}

/// Builds here and exports a cache, then builds the next commit on a builder that has nothing but that cache.
fn costs_a_patch(name: &str, export: &[&str], import: &str) {
    let repo = Repo::new();
    repo.write("package.json", "{}");
    repo.write("README.md", "one");
    repo.commit_config(&config(&e2e::salt()));
    let (_, first) = Build::of(&repo).tree();
    // The same builder has the stages; this only exports them.
    Build::of(&repo)
        .untagged()
        .args(export.iter().copied())
        .ok();

    repo.write("README.md", "two");
    repo.commit("no dependency");
    let builder = Builder::start(name);
    let (_, second) = builder
        .run(Build::of(&repo).args(["--cache-from", import]))
        .tree();
    for stage in STAGES {
        let stamp = format!("/stamps/{stage}");
        assert!(first.text(&stamp).is_some());
        assert_eq!(
            second.text(&stamp),
            first.text(&stamp),
            "{name}: {stage} reran"
        );
    }
    assert_eq!(
        second.text("/app/README.md").as_deref(),
        Some("two"),
        "{name}"
    );
}

fn reference(mode: &str) -> String {
    let registry = Bench::from_env().registry;
    format!("{registry}/fresh/{}-{mode}", std::process::id())
}

#[test]
fn a_commit_that_touches_no_dependency_costs_a_patch_there_too() {
    if !needs(&[Feature::CacheExport]) {
        return;
    }
    for mode in ["max", "min"] {
        let import = format!("type=registry,ref={}", reference(mode));
        let export = format!("{import},mode={mode}");
        costs_a_patch(mode, &["--cache-to", &export], &import);
    }
}

#[test]
fn with_the_cache_inside_the_image() {
    let reference = reference("inline");
    let export = ["--cache-to", "type=inline", "--push", "-t", &reference];
    costs_a_patch("inline", &export, &format!("type=registry,ref={reference}"));
}

#[test]
fn with_the_cache_in_a_directory() {
    if !needs(&[Feature::CacheExport]) {
        return;
    }
    for mode in ["max", "min"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display();
        let export = format!("type=local,dest={path},mode={mode}");
        let import = format!("type=local,src={path}");
        costs_a_patch(&format!("local-{mode}"), &["--cache-to", &export], &import);
    }
}
