//! A builder with an empty disk and a cache to import: no stage of the user's runs again.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use e2e::{Bench, Build, Builder, Built, Repo};

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

fn stamps(built: &Built) -> Vec<String> {
    STAGES
        .map(|stage| built.image.run(&["cat", &format!("/stamps/{stage}")]))
        .to_vec()
}

#[test]
fn a_commit_that_touches_no_dependency_costs_a_patch_there_too() {
    let registry = Bench::from_env().registry;
    for mode in ["max", "min", "inline"] {
        let repo = Repo::new();
        repo.write("package.json", "{}");
        repo.write("README.md", "one");
        repo.commit_config(&config(&e2e::salt()));
        let reference = format!("{registry}/fresh/{}-{mode}", std::process::id());
        let (cache, mut arguments) = match mode {
            "inline" => ("type=inline".to_owned(), vec!["--push", "-t", &reference]),
            _ => (
                format!("type=registry,ref={reference},mode={mode}"),
                Vec::new(),
            ),
        };
        arguments.extend(["--cache-to", &cache]);
        Build::of(&repo).untagged().args(arguments).ok();
        // The same builder has the stages; this makes an image that can be looked at.
        let first = stamps(&Build::of(&repo).ok());

        repo.write("README.md", "two");
        repo.commit("no dependency");
        let builder = Builder::start("fresh");
        let from = format!("type=registry,ref={reference}");
        let second = builder
            .run(Build::of(&repo).args(["--cache-from", &from]))
            .ok();
        assert_eq!(stamps(&second), first, "{mode}");
        assert_eq!(
            second.image.run(&["cat", "/app/README.md"]),
            "two",
            "{mode}"
        );
    }
}
