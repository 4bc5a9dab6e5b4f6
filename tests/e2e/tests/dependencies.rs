//! `dependencies`: Dockerfiles on images of the file, and values of images that are pushed before others are built.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::process::Command;

use e2e::image::tag;
use e2e::{Bench, Build, Built, Image, Repo};
use werf_frontend::helper::bake::{BakeOptions, bake_commit};
use werf_frontend::helper::bake_targets::TargetOptions;
use werf_frontend::helper::plan::PlanRequest;

/// A command that leaves a random value behind without any program of an image.
fn stamp(path: &str) -> String {
    format!("read -r id < /proc/sys/kernel/random/uuid; echo $id > {path}")
}

/// Builds into directories, and returns the named file of each of two platforms.
fn of_both(repo: &Repo, target: &str, file: &str) -> (Built, [String; 2]) {
    let output = tempfile::tempdir().unwrap();
    let destination = format!("type=local,dest={}", output.path().display());
    let built = Build::of(repo)
        .untagged()
        .args(["--target", target, "--platform", "linux/amd64,linux/arm64"])
        .args(["--output", &destination])
        .ok();
    let read = |platform: &str| std::fs::read_to_string(output.path().join(platform).join(file));
    let found = ["linux_amd64", "linux_arm64"].map(|platform| read(platform).unwrap());
    (built, found)
}

/// Stages run on any platform: bash comes with the frontend, and the base image is empty.
#[test]
fn a_dockerfile_is_built_on_an_image_of_the_file_for_every_platform() {
    let salt = e2e::salt();
    let repo = Repo::new();
    repo.write("site/index", "one");
    repo.write("other", "one");
    repo.write(
        "Dockerfile",
        "ARG BASE\nFROM ${BASE} AS files\nFROM --platform=$BUILDPLATFORM ${BASE} AS native\nFROM ${BASE}\nCOPY --from=files /site/index /copied\nCOPY --from=native /stamp /native\n",
    );
    let config = |more: &str| {
        format!(
            "image: base\nfinal: false\nfrom: scratch\ngit:\n- {{add: /site, to: /site}}\nshell:\n  install:\n  - \": {salt} {more}\"\n  - {}\n---\nimage: app\ndockerfile: Dockerfile\ndependencies:\n- image: base\n  imports: [{{type: ImageName, targetBuildArg: BASE}}]\n",
            stamp("/stamp")
        )
    };
    repo.commit_config(&config(""));
    let (built, first) = of_both(&repo, "app", "stamp");
    assert_ne!(first[0], first[1], "each is built by itself: {}", built.log);
    let (_, copied) = of_both(&repo, "app", "copied");
    assert_eq!(copied, ["one", "one"]);
    let (_, native) = of_both(&repo, "app", "native");
    let own = usize::from(cfg!(target_arch = "aarch64"));
    assert_eq!(native, [first[own].clone(), first[own].clone()]);

    repo.write("other", "two");
    repo.commit("nothing of the base");
    let (built, again) = of_both(&repo, "app", "stamp");
    assert_eq!(again, first, "all comes from the cache");
    assert_eq!(
        built.cached("COPY --from=files"),
        Some(true),
        "{}",
        built.log
    );

    repo.write("site/index", "two");
    repo.commit("a file of the base");
    let (_, copied) = of_both(&repo, "app", "copied");
    assert_eq!(
        copied,
        ["two", "two"],
        "what is taken from the base is made anew"
    );
    let (_, stamps) = of_both(&repo, "app", "stamp");
    assert_eq!(stamps, first, "the stage of the base depends on no file");

    repo.commit_config(&config("changed"));
    let (_, changed) = of_both(&repo, "app", "stamp");
    assert!(changed[0] != first[0] && changed[1] != first[1]);
}

#[test]
fn commands_run_on_images_of_the_file_and_see_their_configuration() {
    let salt = e2e::salt();
    let repo = Repo::new();
    repo.write("base/file", "one");
    repo.write(
        "Dockerfile",
        "ARG BASE\nFROM ${BASE}\nRUN cat /proc/sys/kernel/random/uuid > /id; echo \"$GREETING\" > /greeting\n",
    );
    repo.write(
        "second.Dockerfile",
        "ARG ON\nFROM ${ON}\nRUN cat /id > /second\n",
    );
    repo.write(
        "empty.Dockerfile",
        "ARG ON\nFROM ${ON}\nCOPY Dockerfile /here\n",
    );
    let config = |greeting: &str| {
        format!(
            "image: base\nfrom: busybox:latest\ngit:\n- {{add: /base, to: /base}}\nimageSpec: {{config: {{env: {{GREETING: {greeting}}}}}}}\nshell: {{install: \": {salt}\"}}\n---\nimage: app\ndockerfile: Dockerfile\ndependencies:\n- image: base\n  imports: [{{type: ImageName, targetBuildArg: BASE}}]\n---\nimage: second\ndockerfile: second.Dockerfile\ndependencies:\n- image: app\n  imports: [{{type: ImageName, targetBuildArg: ON}}]\n---\nimage: third\nfrom: second\nimport: [{{image: app, add: /greeting, to: /imported, before: setup}}]\n---\nimage: empty\nfrom: scratch\nimageSpec: {{config: {{env: {{ONLY: this}}}}}}\n---\nimage: on-empty\ndockerfile: empty.Dockerfile\ndependencies:\n- image: empty\n  imports: [{{type: ImageName, targetBuildArg: ON}}]\n"
        )
    };
    repo.commit_config(&config("hello"));
    let id = || {
        let built = Build::of(&repo).args(["--target", "app"]).ok();
        let text = built.image.run(&["cat", "/id", "/greeting"]);
        let (id, greeting) = text.split_once('\n').unwrap();
        (id.to_owned(), greeting.trim().to_owned())
    };
    let (first, greeting) = id();
    assert_eq!(greeting, "hello");
    let third = Build::of(&repo).args(["--target", "third"]).ok();
    let text = third.image.run(&["cat", "/second", "/imported"]);
    assert_eq!(text, format!("{first}\nhello\n"), "all are one build");

    repo.write("base/file", "two");
    repo.commit("a file of the base");
    let (second, _) = id();
    assert_ne!(second, first, "the base has other files");
    repo.commit_config(&config("hi"));
    let (third, greeting) = id();
    assert_eq!(greeting, "hi");
    assert_ne!(third, second);
    assert_eq!(id().0, third);

    let empty = Build::of(&repo).args(["--target", "on-empty"]).ok();
    let env = empty.image.config()["Env"].to_string();
    assert!(env.contains("ONLY=this"), "{env}");
    assert!(empty.image.file("/here").is_some());
}

#[test]
fn a_stage_of_the_base_that_fails_is_named() {
    let repo = Repo::new();
    repo.write("Dockerfile", "ARG BASE\nFROM ${BASE}\n");
    repo.commit_config(&format!(
        "image: base\nfrom: busybox:latest\nshell:\n  install:\n  - \": {}\"\n  - exit 7\n---\nimage: app\ndockerfile: Dockerfile\ndependencies:\n- image: base\n  imports: [{{type: ImageName, targetBuildArg: BASE}}]\n",
        e2e::salt()
    ));
    Build::of(&repo).args(["--target", "app"]).fails().says(&[
        "stage `install` of image `base` failed with exit code 7",
        "werf.yaml:",
    ]);
}

/// Writes a bake file beside the work tree: what is not committed has no place in it.
fn bake_file(repo: &Repo, directory: &Path, options: &BakeOptions) -> String {
    let request = PlanRequest {
        git_dir: repo.join(".git"),
        ..PlanRequest::default()
    };
    let path = directory.join("bake.json");
    std::fs::write(&path, bake_commit(&request, options).result.unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn bake(repo: &Repo, arguments: &[&str]) {
    let output = Command::new("docker")
        .args(["buildx", "bake", "--progress=plain"])
        .args(arguments)
        .current_dir(repo.path())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "bake {arguments:?}: {log}");
}

#[test]
fn what_is_pushed_in_the_first_step_is_told_in_the_second() {
    let repo = Repo::new();
    repo.write("Dockerfile", "ARG DIGEST\nFROM busybox:latest\nRUN echo \"$DIGEST\" > /none\nARG DIGEST\nRUN echo \"$DIGEST\" > /digest\n");
    repo.commit_config(&format!(
        "image: backend\nfrom: busybox:latest\nshell:\n  install: \": {}; {}\"\n---\nimage: list\nfrom: busybox:latest\ndependencies:\n- image: backend\n  before: setup\n  imports:\n  - {{type: ImageName, targetEnv: SHOP_NAME}}\n  - {{type: ImageRepo, targetEnv: SHOP_REPO}}\n  - {{type: ImageTag, targetEnv: SHOP_TAG}}\n  - {{type: ImageDigest, targetEnv: SHOP_DIGEST}}\nshell:\n  beforeSetup: env | grep SHOP_ > /before || true\n  setup: env | grep SHOP_ > /after\n---\nimage: told\ndockerfile: Dockerfile\ndependencies:\n- image: backend\n  imports: [{{type: ImageDigest, targetBuildArg: DIGEST}}]\n",
        e2e::salt(),
        stamp("/id")
    ));
    Build::of(&repo).args(["--target", "list"]).fails().says(&[
        "4 variables have no value: `SHOP_NAME`, `SHOP_REPO`, `SHOP_TAG`, `SHOP_DIGEST`",
        "docker buildx bake -f bake.json step-1 --push --metadata-file meta.json",
        "`SHOP_DIGEST` of image `list` in line",
    ]);
    Build::of(&repo).args(["--target", "backend"]).ok();

    let directory = tempfile::tempdir().unwrap();
    let registry = Bench::from_env().registry;
    let mut options = BakeOptions {
        context: None,
        targets: TargetOptions {
            repo: Some(format!("{registry}/dependencies/{}", e2e::salt())),
            ..TargetOptions::default()
        },
        metadata: Vec::new(),
    };
    let repository = format!("{}/backend", options.targets.repo.as_deref().unwrap());
    let first = bake_file(&repo, directory.path(), &options);
    let meta = directory.path().join("meta.json");
    let meta_name = meta.to_str().unwrap();
    bake(
        &repo,
        &[
            "-f",
            &first,
            "step-1",
            "--push",
            "--metadata-file",
            meta_name,
        ],
    );
    let said: serde_json::Value = serde_json::from_slice(&std::fs::read(&meta).unwrap()).unwrap();
    let digest = said["backend"]["containerimage.digest"].as_str().unwrap();

    options.metadata.push(meta.clone());
    let second = bake_file(&repo, directory.path(), &options);
    let [list, told] = ["told-list", "told-dockerfile"].map(tag);
    let (list_tag, told_tag) = (format!("list.tags={list}"), format!("told.tags={told}"));
    let set = ["--set", &list_tag, "--set", &told_tag];
    bake(
        &repo,
        &[&["-f", &second, "step-2", "--load"][..], &set].concat(),
    );
    let [list, told] = [list, told].map(|tag| Image::new(tag, Vec::new()));
    let mut after: Vec<String> = list
        .run(&["cat", "/after"])
        .lines()
        .map(str::to_owned)
        .collect();
    after.sort();
    assert_eq!(
        after,
        [
            format!("SHOP_DIGEST={digest}"),
            format!("SHOP_NAME={repository}:latest"),
            format!("SHOP_REPO={repository}"),
            "SHOP_TAG=latest".to_owned(),
        ]
    );
    assert_eq!(list.run(&["cat", "/before"]), "");
    assert!(list.config()["Env"].to_string().contains(digest));
    assert_eq!(told.run(&["cat", "/digest"]), format!("{digest}\n"));
    // What they were told is what the registry has.
    list.docker(&["pull", "--quiet", &format!("{repository}@{digest}")]);
}
