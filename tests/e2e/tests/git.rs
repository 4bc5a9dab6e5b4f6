//! Sources: which stages a commit reruns, and what is in the image afterwards.

use e2e::{Build, Built, Repo};

/// Every user stage leaves a random value and the file `README.md` as it saw it.
fn config(salt: &str) -> String {
    let stage = |name: &str| {
        format!(
            "  {name}:\n  - mkdir -p /stamps\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamps/{name}\n  - cat /app/README.md > /stamps/{name}.readme || true\n"
        )
    };
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n  excludePaths: [werf.yaml]\n  stageDependencies:\n    install: [package.json]\nshell:\n{}  - \": {salt}\"\n{}{}",
        stage("beforeInstall"),
        stage("install"),
        stage("setup"),
    )
}

const STAGES: [&str; 3] = ["beforeInstall", "install", "setup"];

fn build(repo: &Repo) -> (Built, Vec<String>) {
    let built = Build::of(repo).ok();
    let values = STAGES
        .map(|stage| built.image.run(&["cat", &format!("/stamps/{stage}")]))
        .to_vec();
    (built, values)
}

fn reran(before: &[String], after: &[String]) -> Vec<&'static str> {
    STAGES
        .into_iter()
        .zip(before.iter().zip(after))
        .filter(|(_, (a, b))| a != b)
        .map(|(stage, _)| stage)
        .collect()
}

#[test]
fn a_commit_reruns_only_what_it_touches() {
    let salt = e2e::salt();
    let repo = Repo::new();
    repo.write("README.md", "one");
    repo.write("package.json", "{}");
    repo.write("src/deep/x", "x");
    repo.commit_config(&config(&salt));
    let (built, first) = build(&repo);
    assert_eq!(
        built
            .image
            .run(&["cat", "/app/README.md", "/stamps/install.readme"]),
        "oneone"
    );
    assert_eq!(built.image.file("/app/werf.yaml"), None);

    repo.write("README.md", "two");
    repo.commit("a file that no stage depends on");
    let (built, second) = build(&repo);
    assert_eq!(reran(&first, &second), [""; 0]);
    assert_eq!(
        built
            .image
            .run(&["cat", "/app/README.md", "/stamps/install.readme"]),
        "twoone"
    );

    repo.write("package.json", "{\"a\": 1}");
    repo.git(&["rm", "--quiet", "-r", "src"]);
    repo.commit("a dependency");
    let (built, third) = build(&repo);
    assert_eq!(reran(&second, &third), ["install", "setup"]);
    assert_eq!(
        built.image.run(&["cat", "/stamps/install.readme"]),
        "two",
        "all files are up to date in a rebuilt stage"
    );
    assert!(
        !built
            .image
            .paths()
            .iter()
            .any(|path| path.starts_with("app/src")),
        "deleted with its directories"
    );

    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("werf.yaml", text + "  - echo more > /more\n");
    repo.commit("a command of setup");
    let (built, fourth) = build(&repo);
    assert_eq!(reran(&third, &fourth), ["setup"]);
    assert!(
        !built.image.paths().iter().any(|path| path.contains("werf")),
        "nothing of ours is left: {:?}",
        built.image.paths()
    );
}

#[test]
fn the_story_of_forced_caching_ends_well() {
    let salt = e2e::salt();
    let repo = Repo::new();
    repo.write("README.md", "x");
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\nshell:\n  install:\n  - cp /app/hello /hello\n  - \": {salt}\"\n"
    ));
    // It is in the working directory, where people look, and not in the commit.
    repo.write("hello", "hello\n");
    let head = repo.git(&["rev-parse", "--short=12", "HEAD"]);
    Build::of(&repo).fails().says(&[
        "stage `install` of image `app` failed with exit code 1",
        "werf: failed with exit code 1: cp /app/hello /hello",
        ">>>   - cp /app/hello /hello",
        &format!("hint: its commands see the files of commit {head}"),
        "if one is missing or old, commit it and build again",
    ]);
    repo.commit("the file");
    assert_eq!(
        Build::of(&repo).ok().image.run(&["cat", "/hello"]),
        "hello\n"
    );
}

#[test]
fn owners_modes_links_and_names_arrive() {
    let repo = Repo::new();
    repo.write("bin/run", "#!/bin/sh\necho run\n");
    std::process::Command::new("chmod")
        .args(["755", "bin/run"])
        .current_dir(repo.path())
        .status()
        .unwrap();
    repo.write("a name with \"quotes\"", "x");
    std::os::unix::fs::symlink("bin/run", repo.join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", repo.join("dangling")).unwrap();
    repo.commit_config(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n  owner: app\n  group: \"2000\"\nshell:\n  beforeInstall: echo app:x:1000:1000::/:/bin/sh >> /etc/passwd\n",
    );
    let image = Build::of(&repo).ok().image;
    assert_eq!(image.run(&["/app/link"]), "run\n");
    assert_eq!(
        image.run(&[
            "stat",
            "-c",
            "%a %u:%g",
            "/app/bin/run",
            "/app/a name with \"quotes\""
        ]),
        "755 1000:2000\n644 1000:2000\n"
    );
    assert_eq!(image.run(&["readlink", "/app/dangling"]), "nowhere\n");
}

#[test]
fn several_mappings_and_single_files() {
    let repo = Repo::new();
    repo.write("src/a", "a");
    repo.write("assets/b", "b");
    repo.write("conf/app.conf", "c");
    repo.commit_config(
        "image: app\nfrom: scratch\ngit:\n- add: /src\n  to: /app\n- add: /assets\n  to: /app/assets\n- add: /conf/app.conf\n  to: /etc/app.conf\n",
    );
    let image = Build::of(&repo).ok().image;
    for (path, content) in [
        ("/app/a", "a"),
        ("/app/assets/b", "b"),
        ("/etc/app.conf", "c"),
    ] {
        assert_eq!(image.file(path).as_deref(), Some(content));
    }
}

#[test]
fn commit_facts_are_in_the_environment_and_not_in_the_image() {
    let facts = "echo $WERF_COMMIT_HASH $WERF_COMMIT_TIME_UNIX > /facts; echo $WERF_COMMIT_TIME_HUMAN >> /facts";
    for (sources, stage) in [
        ("git:\n- add: /\n  to: /app\n", "install"),
        ("", "beforeInstall"),
    ] {
        let repo = Repo::new();
        repo.write("a", "a");
        repo.commit_config(&format!(
            "image: app\nfrom: busybox:latest\n{sources}shell:\n  {stage}: \": {}; {facts}\"\n",
            e2e::salt()
        ));
        let image = Build::of(&repo).ok().image;
        assert_eq!(
            image.run(&["cat", "/facts"]),
            format!(
                "{} 1714564800\n2024-05-01 12:00:00 +0000 +0000\n",
                repo.git(&["rev-parse", "HEAD"])
            )
        );
        assert!(!image.config().to_string().contains("WERF"));
        repo.commit("another commit");
        let log = Build::of(&repo).ok();
        assert_eq!(log.cached(&format!(" {stage}]")), Some(true), "{}", log.log);
    }
}

#[test]
fn what_matches_nothing_is_an_error_with_its_line() {
    let repo = Repo::with_config("image: app\nfrom: scratch\ngit:\n- add: /sorce\n  to: /app\n");
    Build::of(&repo)
        .fails()
        .says(&["`git.add: /sorce` is not in commit", ">>> - add: /sorce"]);
    let repo = Repo::with_config(
        "image: app\nfrom: scratch\ngit:\n- add: /\n  to: /app\n  includePaths: nothing\n",
    );
    Build::of(&repo)
        .fails()
        .says(&["matches no files of commit", "werf.yaml:8", ">>> - add: /"]);
    let repo = Repo::with_config(
        "image: app\nfrom: scratch\ngit:\n- add: /\n  to: /app\n- add: /\n  to: /app\n",
    );
    Build::of(&repo).fails().says(&[
        "put files at `/app`",
        "the other one is in line 9",
        ">>>   to: /app",
    ]);
}

#[test]
fn what_has_no_effect_is_a_warning_with_its_line() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n  stageDependencies:\n    install: [pakage.json]\n    setup: [werf.yaml]\nshell:\n  install: touch /x\n",
    );
    let messages = [
        "MaskMatchesNothing: `pakage.json` in `stageDependencies` matches no file of the mapping (werf.yaml:11)",
        "UnusedStageDependencies: `setup` of image `app` has no instructions, so what it depends on has no effect (werf.yaml:12)",
    ];
    Build::of(&repo).ok().says(&messages);
    // The client shows lines when it is asked for details.
    let built = Build::of(&repo).debug().ok();
    built.says(&messages);
    built.says(&[
        ">>>     install: [pakage.json]",
        ">>>     setup: [werf.yaml]",
    ]);
}
