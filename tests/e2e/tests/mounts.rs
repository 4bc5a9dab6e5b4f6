//! `mount`: what commands find there, and that nothing of it is in the image.

use e2e::{Build, Repo};

const RULES: &str = "giterminismConfigVersion: 1\nconfig:\n  stapel:\n    mount:\n      allowBuildDir: true\n      allowFromPaths: [shared]\n";

/// A repository with this section, whose rules allow all mounts.
fn repo(section: &str) -> Repo {
    let repo = Repo::new();
    repo.write("werf-giterminism.yaml", RULES);
    repo.commit_config(section);
    repo
}

#[test]
fn a_tmp_dir_is_empty_in_every_stage_and_leaves_an_empty_directory() {
    let salt = e2e::salt();
    let repo = repo(&format!(
        "image: app\nfrom: busybox:latest\nmount:\n- {{from: tmp_dir, to: /var}}\n- {{from: tmp_dir, to: /new/place}}\ngit:\n- {{add: /, to: /app}}\nshell:\n  beforeInstall: ': {salt}; ls -A /var /new/place > /first; echo x > /var/x; echo y > /new/place/y'\n  install: ls -A /var /new/place > /second\n"
    ));
    let base = Repo::with_config(
        "image: app\nfrom: busybox:latest\nshell: {install: stat -c %a%u /var > /mode}\n",
    );
    let image = Build::of(&repo).ok().image;
    let empty = "/new/place:\n\n/var:\n";
    assert_eq!(image.run(&["cat", "/first"]), empty);
    assert_eq!(image.run(&["cat", "/second"]), empty);
    let paths = image.paths();
    let below: Vec<&String> = paths
        .iter()
        .filter(|path| path.starts_with("var/") || path.starts_with("new/"))
        .collect();
    assert_eq!(
        below,
        ["new/", "new/place/", "var/"],
        "and nothing of the base"
    );
    assert_eq!(
        image.run(&["stat", "-c", "%a%u", "/var"]),
        Build::of(&base).ok().image.run(&["cat", "/mode"]),
        "the directory of the base stays as it was"
    );
}

#[test]
fn a_build_dir_outlives_builds_and_belongs_to_the_project() {
    let salt = e2e::salt();
    let section = |name: &str, more: &str| {
        format!(
            "image: {name}\nfrom: busybox:latest\nmount:\n- {{from: build_dir, to: /cache/{salt}}}\nshell:\n  install: 'echo {name}{more} >> /cache/{salt}/log; cp /cache/{salt}/log /log'\n"
        )
    };
    let repo = repo(&section("one", ""));
    let log = |repo: &Repo, arguments: &[&str]| {
        let image = Build::of(repo).args(arguments.iter().copied()).ok().image;
        let below: Vec<String> = image
            .paths()
            .into_iter()
            .filter(|path| path.starts_with("cache/"))
            .collect();
        assert_eq!(below, ["cache/".to_owned(), format!("cache/{salt}/")]);
        image.run(&["cat", "/log"])
    };
    assert_eq!(log(&repo, &[]), "one\n");
    assert_eq!(log(&repo, &[]), "one\n", "its content reruns nothing");
    repo.commit_config(&section("one", "-edited"));
    assert_eq!(log(&repo, &[]), "one\none-edited\n");
    assert_eq!(
        log(&repo, &["--no-cache"]),
        "one\none-edited\none-edited\n",
        "`--no-cache` runs stages again and keeps the directory"
    );
    let other = self::repo(&section("two", ""));
    assert_eq!(
        log(&other, &[]),
        "one\none-edited\none-edited\ntwo\n",
        "another repository of the same project has the same"
    );
    let text = std::fs::read_to_string(other.join("werf.yaml")).unwrap();
    other.write(
        "werf.yaml",
        text.replace("project: test", "project: other")
            .replace("/log /log", "/log  /log"),
    );
    other.commit("another project");
    assert_eq!(log(&other, &[]), "two\n");
}

#[test]
fn a_directory_of_the_client_is_given_by_name() {
    let salt = e2e::salt();
    let repo = repo(&format!(
        "image: app\nfrom: busybox:latest\nmount:\n- fromPath: shared\n  to: /shared\nshell:\n  install:\n  - ': {salt}; cp /shared/file /copy; echo mine > /shared/file; touch /shared/more'\n  - read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamp\n"
    ));
    Build::of(&repo).fails().says(&[
        "the build was not given the directory `shared`; add `--build-context mount-shared=shared`",
        ">>>   to: /shared",
    ]);
    let shared = tempfile::tempdir().unwrap();
    let file = shared.path().join("file");
    std::fs::write(&file, "theirs").unwrap();
    let context = format!("mount-shared={}", shared.path().display());
    let build = || {
        let built = Build::of(&repo).args(["--build-context", &context]).ok();
        assert!(!built.log.contains("OptionIgnored"), "{}", built.log);
        built.image.run(&["cat", "/copy", "/stamp"])
    };
    let first = build();
    assert!(first.starts_with("theirs"), "{first}");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "theirs",
        "nothing is written back"
    );
    assert_eq!(build(), first, "the same files rerun nothing");
    std::fs::write(&file, "changed").unwrap();
    assert!(build().starts_with("changed"), "other files do");
}

#[test]
fn files_of_the_commit_below_a_mount_are_not_in_the_image() {
    let salt = e2e::salt();
    let repo = repo(&format!(
        "image: app\nfrom: busybox:latest\nmount:\n- {{from: tmp_dir, to: /app/tmp}}\ngit:\n- {{add: /, to: /app}}\nshell:\n  install: ': {salt}; touch /app/tmp/x'\n"
    ));
    repo.write("tmp/keep", "1");
    repo.write("src", "1");
    repo.commit("files");
    let paths = |repo: &Repo| -> Vec<String> {
        let image = Build::of(repo).ok().image;
        let paths = image.paths().into_iter();
        paths
            .filter(|path| path.starts_with("app/") && !path.contains("werf"))
            .collect()
    };
    assert_eq!(paths(&repo), ["app/", "app/src", "app/tmp/"]);
    repo.write("tmp/keep", "2");
    repo.write("tmp/new", "2");
    repo.commit("more");
    assert_eq!(paths(&repo), ["app/", "app/src", "app/tmp/"]);
    repo.git(&["rm", "--quiet", "-r", "tmp"]);
    repo.commit("less");
    assert_eq!(paths(&repo), ["app/", "app/src", "app/tmp/"]);
}

#[test]
fn a_build_dir_needs_a_rule() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nmount:\n- from: build_dir\n  to: /cache\n",
    );
    Build::of(&repo).fails().says(&[
        "`from: build_dir` is not allowed by giterminism; `werf-giterminism.yaml`: commit it with these lines:",
        "          allowBuildDir: true",
        ">>> - from: build_dir",
    ]);
}
