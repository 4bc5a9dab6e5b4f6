//! `docker buildx bake`: all final images of a file, and targets that are made of one another.

use std::path::Path;
use std::process::Command;

use e2e::image::tag;
use e2e::repo::config_text;
use e2e::{Feature, Image, Repo, needs, salt};
use serde_json::{Value, json};
use werf_frontend::helper::bake::{BakeOptions, bake_commit};
use werf_frontend::helper::plan::PlanRequest;

/// Runs `docker buildx bake` in the work tree of `repo`, which makes images, and returns its output.
fn bake(repo: &Repo, file: &Path, arguments: &[&str]) -> String {
    bake_into(repo, file, &[&["--load"], arguments].concat())
}

/// The same with another output.
fn bake_into(repo: &Repo, file: &Path, arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(["buildx", "bake", "--progress=plain", "-f"])
        .arg(file)
        .args(arguments)
        // Files beside the work tree are read and written.
        .env("BUILDX_BAKE_ENTITLEMENTS_FS", "0")
        .current_dir(repo.path())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{log}");
    log
}

/// Writes `text` beside the work tree: what is not committed has no place in it.
fn beside(name: &str, text: impl AsRef<[u8]>) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

/// Runs the targets of a bake file in JSON; those that are `tagged` become images.
fn bake_targets<const N: usize>(
    repo: &Repo,
    mut targets: Value,
    tagged: [&str; N],
) -> (String, [Image; N]) {
    let images = tagged.map(|name| {
        let tag = tag(&format!("bake-{name}-{}", salt()));
        targets[name]["tags"] = json!([tag.clone()]);
        Image::new(tag, Vec::new())
    });
    let (_kept, file) = beside("bake.json", json!({ "target": targets }).to_string());
    (bake(repo, &file, &tagged), images)
}

#[test]
fn all_final_images_are_built_and_what_they_share_once() {
    let salt = salt();
    let repo = Repo::new();
    let id = "read -r id < /proc/sys/kernel/random/uuid; echo $id > /id";
    repo.commit_config(&format!(
        "image: team/app\nfrom: base\nshell:\n  install: echo app > /name\n---\nimage: web\nfrom: base\nshell:\n  install: echo web > /name\n---\nimage: base\nfinal: false\nfrom: busybox:latest\nshell:\n  install: \": {salt}; {id}\"\n"
    ));
    let request = PlanRequest {
        git_dir: repo.join(".git"),
        ..PlanRequest::default()
    };
    let file = bake_commit(&request, &BakeOptions::default())
        .result
        .unwrap();
    let (_kept, path) = beside("bake.json", file);
    let log = bake(
        &repo,
        &path,
        &[
            "--set",
            &format!("team_app.tags={}", tag("bake-app")),
            "--set",
            &format!("web.tags={}", tag("bake-web")),
        ],
    );
    let [app, web] = ["bake-app", "bake-web"].map(|name| Image::new(tag(name), Vec::new()));
    assert_eq!(app.run(&["cat", "/name"]), "app\n");
    assert_eq!(web.run(&["cat", "/name"]), "web\n");
    assert_eq!(app.run(&["cat", "/id"]), web.run(&["cat", "/id"]), "{log}");
}

#[test]
fn a_target_from_a_dockerfile_is_a_base_with_its_configuration() {
    let salt = salt();
    let repo = Repo::with_config(
        "image: app\nfrom: debian:bookworm-slim\nshell:\n  install: echo \"$MADE $PWD\" > /seen; cat /origin >> /seen\n",
    );
    let dockerfile = format!(
        "FROM busybox:latest\nRUN echo {salt} > /origin\nENV MADE=here\nUSER 7\nCMD [\"made\"]\n"
    );
    let (log, [app]) = bake_targets(
        &repo,
        json!({
            "img": { "dockerfile-inline": dockerfile },
            "app": { "dockerfile": "werf.yaml", "contexts": { "debian:bookworm-slim": "target:img" } },
        }),
        ["app"],
    );
    assert_eq!(app.run(&["cat", "/seen"]), format!("here /\n{salt}\n"));
    let config = &app.inspect()["Config"];
    assert_eq!(config["User"], "7");
    assert_eq!(config["Cmd"], json!(["made"]));
    assert!(!log.contains("BuildContextUnused"), "{log}");
}

#[test]
fn a_dockerfile_is_built_on_a_target_of_werf_yaml_and_that_on_another() {
    let repo = Repo::with_config(&format!(
        "image: lower\nfrom: busybox:latest\ngit: [{{to: /src}}]\nshell:\n  install: 'echo lower > /layers; : {}'\ndocker:\n  ENV: {{LOWER: is-there}}\n---\nimage: upper\nfrom: lower\nshell:\n  install: echo \"upper on $LOWER\" >> /layers\n",
        salt()
    ));
    let (_, [top, upper]) = bake_targets(
        &repo,
        json!({
            "lower": { "dockerfile": "werf.yaml", "target": "lower" },
            // The image of the file is not built again: what the target gives stands for it.
            "changed": {
                "dockerfile-inline": "FROM lower\nRUN echo changed >> /layers\n",
                "contexts": { "lower": "target:lower" },
            },
            "upper": {
                "dockerfile": "werf.yaml",
                "target": "upper",
                "contexts": { "lower": "target:changed" },
            },
            "top": {
                "dockerfile-inline": "FROM base\nRUN echo \"top on $LOWER\" >> /layers\n",
                "contexts": { "base": "target:upper" },
            },
        }),
        ["top", "upper"],
    );
    let expected = "lower\nchanged\nupper on is-there\n";
    assert_eq!(upper.run(&["cat", "/layers"]), expected);
    assert_eq!(
        top.run(&["cat", "/layers"]),
        format!("{expected}top on is-there\n")
    );
}

#[test]
fn a_matrix_of_targets_on_one_target() {
    let salt = salt();
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: origin\nshell:\n  install: '(cat /origin; echo {{{{ env \"FLAVOUR\" }}}}) > /seen; : {salt}'\n"
    ));
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering: {allowEnvVariables: [FLAVOUR]}\n",
    );
    repo.commit("rules");
    let tag_of = |flavour: &str| tag(&format!("matrix-{flavour}-{salt}"));
    let file = json!({
        "target": {
            "origin": { "dockerfile-inline": format!("FROM busybox:latest\nRUN echo made > /origin; : {salt}\n") },
            "app": {
                "name": "app-${flavour}",
                "matrix": { "flavour": ["sweet", "sour"] },
                "dockerfile": "werf.yaml",
                "args": { "FLAVOUR": "${flavour}" },
                "contexts": { "origin": "target:origin" },
                "tags": [tag_of("${flavour}")],
            },
        },
    });
    let (_kept, path) = beside("bake.json", file.to_string());
    bake(&repo, &path, &["app"]);
    for flavour in ["sweet", "sour"] {
        let image = Image::new(tag_of(flavour), Vec::new());
        assert_eq!(image.run(&["cat", "/seen"]), format!("made\n{flavour}\n"));
    }
}

#[test]
fn a_dockerfile_among_the_images_finds_a_target_too() {
    let salt = salt();
    let repo = Repo::with_config("image: app\ndockerfile: Dockerfile\n");
    repo.write("Dockerfile", "FROM base\nRUN cat /origin > /seen\n");
    repo.commit("a Dockerfile");
    let (_, [app]) = bake_targets(
        &repo,
        json!({
            "img": { "dockerfile-inline": format!("FROM busybox:latest\nRUN echo {salt} > /origin\nENV MADE=here\n") },
            "app": { "dockerfile": "werf.yaml", "contexts": { "base": "target:img" } },
        }),
        ["app"],
    );
    assert_eq!(app.file("/seen"), Some(format!("{salt}\n")));
    let env = app.config()["Env"].to_string();
    assert!(env.contains("MADE=here"), "{env}");
}

#[test]
fn each_platform_has_the_target_for_it() {
    if !needs(&[Feature::SeveralPlatforms]) {
        return;
    }
    let repo = Repo::with_config(
        "image: app\nfrom: base\ngit: [{add: /site, to: /site}]\n---\nimage: base\nfinal: false\nfrom: not-there.invalid/base:1\n",
    );
    for name in ["site/index", "made-amd64", "made-arm64"] {
        repo.write(name, name);
    }
    repo.commit("files");
    let both = ["linux/amd64", "linux/arm64"];
    let file = json!({
        "target": {
            "img": {
                "dockerfile-inline": "FROM scratch\nARG TARGETARCH\nCOPY made-$TARGETARCH /origin\n",
                "platforms": both,
            },
            "app": {
                "dockerfile": "werf.yaml",
                "contexts": { "base": "target:img" },
                "platforms": both,
            },
        },
    });
    let (kept, path) = beside("bake.json", file.to_string());
    let output = format!(
        "app.output=type=local,dest={}",
        kept.path().join("out").display()
    );
    let log = bake_into(&repo, &path, &["--set", &output, "app"]);
    for architecture in ["amd64", "arm64"] {
        let directory = kept.path().join(format!("out/linux_{architecture}"));
        let origin = std::fs::read_to_string(directory.join("origin")).unwrap();
        assert_eq!(origin, format!("made-{architecture}"), "{log}");
        assert!(directory.join("site/index").exists(), "{log}");
    }
}

#[test]
fn contexts_are_directories_and_images_too() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: base\nimport:\n- {{from: 'files:latest', add: /, to: /files, includePaths: [a], before: install}}\nshell:\n  install: ': {}'\n",
        salt()
    ));
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("a"), "one").unwrap();
    let (_, [app]) = bake_targets(
        &repo,
        json!({
            "app": {
                "dockerfile": "werf.yaml",
                "contexts": {
                    "base": "docker-image://busybox:latest",
                    "files": files.path(),
                },
            },
        }),
        ["app"],
    );
    assert_eq!(app.file("/files/a").as_deref(), Some("one"));
}

#[test]
fn a_compose_file_names_the_configuration_and_the_image() {
    let repo = Repo::new();
    repo.write("werf.yaml", config_text(&format!(
        "image: one\nfrom: busybox:latest\nshell:\n  install: 'echo one > /name; : {0}'\n---\nimage: two\nfrom: busybox:latest\nshell:\n  install: 'echo two > /name; : {0}'\n",
        salt()
    )));
    let name = tag(&format!("compose-{}", salt()));
    repo.write(
        "compose.yaml",
        format!(
            "services:\n  web:\n    image: {name}\n    build:\n      context: .\n      dockerfile: werf.yaml\n      target: two\n"
        ),
    );
    repo.commit("a composition");
    bake(&repo, Path::new("compose.yaml"), &["web"]);
    let image = Image::new(name, Vec::new());
    assert_eq!(image.run(&["cat", "/name"]), "two\n");
}
