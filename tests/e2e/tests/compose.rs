//! `docker compose build`: services that are images of a `werf.yaml`.

use std::process::Command;

use e2e::image::tag;
use e2e::{Feature, Image, Repo, needs, salt};

/// Runs `docker compose build` in the work tree of `repo`, which must succeed, and returns what it prints.
fn build(repo: &Repo, services: &[&str]) -> String {
    let output = Command::new("docker")
        .args(["compose", "--progress=plain", "build"])
        .args(services)
        .current_dir(repo.path())
        .output()
        .unwrap();
    let log = [output.stdout, output.stderr].concat();
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(output.status.success(), "{log}");
    log
}

#[test]
fn a_service_names_the_image_and_gives_arguments_and_contexts() {
    if !needs(&[Feature::Compose]) {
        return;
    }
    let salt = salt();
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("seen"), "by name\n").unwrap();
    let repo = Repo::new();
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering: {allowEnvVariables: [FLAVOUR]}\n",
    );
    let name = tag(&format!("compose-{salt}"));
    repo.write(
        "compose.yaml",
        format!(
            "name: test\nservices:\n  web:\n    image: {name}\n    build:\n      context: .\n      dockerfile: werf.yaml\n      target: two\n      args: {{FLAVOUR: sweet}}\n      additional_contexts:\n        files: {}\n",
            files.path().display()
        ),
    );
    repo.commit_config(&format!(
        "image: one\nfrom: not-there.invalid/one:1\n---\nimage: two\nfrom: busybox:latest\nimport:\n- {{from: 'files:latest', add: /seen, to: /seen, before: install}}\nshell:\n  install: 'echo {{{{ env \"FLAVOUR\" }}}} >> /seen; : {salt}'\n"
    ));
    let log = build(&repo, &["web"]);
    let image = Image::new(name, Vec::new());
    assert_eq!(image.run(&["cat", "/seen"]), "by name\nsweet\n", "{log}");
}

#[test]
fn a_service_is_built_on_another_one() {
    if !needs(&[Feature::ComposeServices]) {
        return;
    }
    let salt = salt();
    let repo = Repo::new();
    let [lower, upper] = ["lower", "upper"].map(|name| tag(&format!("compose-{name}-{salt}")));
    repo.write(
        "compose.yaml",
        format!(
            "name: test\nservices:\n  bottom:\n    image: {lower}\n    build: {{context: ., dockerfile: werf.yaml, target: lower}}\n  middle:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM lower\n        RUN echo \"middle on $$LOWER\" >> /layers\n      additional_contexts: {{lower: 'service:bottom'}}\n  top:\n    image: {upper}\n    build:\n      context: .\n      dockerfile: werf.yaml\n      target: upper\n      additional_contexts: {{lower: 'service:middle'}}\n"
        ),
    );
    repo.commit_config(&format!(
        "image: lower\nfrom: busybox:latest\ngit: [{{add: /werf.yaml, to: /werf.yaml}}]\nshell:\n  install: 'echo lower > /layers; : {salt}'\ndocker:\n  ENV: {{LOWER: is-there}}\n---\nimage: upper\nfrom: lower\nshell:\n  install: echo \"upper on $LOWER\" >> /layers\n"
    ));
    let log = build(&repo, &["top"]);
    let image = Image::new(upper, Vec::new());
    assert_eq!(
        image.run(&["cat", "/layers"]),
        "lower\nmiddle on is-there\nupper on is-there\n",
        "{log}"
    );
}
