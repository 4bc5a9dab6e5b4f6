//! What people are shown of a project: the table of `plan`, and what `explain` says of two commits.

use std::path::Path;

use tempfile::TempDir;

use crate::program::{git, git_all, told};

/// Returns a repository whose only commit has the files of an example.
pub fn example(name: &str) -> TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let directory = tempfile::tempdir().unwrap();
    copy(&from.join(name), directory.path());
    git(directory.path(), &["init", "--quiet"]);
    git_all(directory.path());
    directory
}

/// Returns a repository whose only commit has `files`.
pub fn project(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "--quiet"]);
    for (path, text) in files {
        write(directory.path(), path, text);
    }
    git_all(directory.path());
    directory
}

/// Writes a file of a repository.
pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Returns what a command prints, without commits, whose ids have the time in them.
pub fn shown(root: &Path, arguments: &[&str]) -> String {
    let (code, out, err) = told(root, arguments);
    assert_eq!(code, Some(0), "{err}");
    let mut parts = out.split("commit ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shown, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        let is_commit = part.len() - rest.len() == 12;
        shown
            + "commit "
            + if is_commit { "COMMIT" } else { "" }
            + if is_commit { rest } else { part }
    })
}

/// What the examples have not: a Dockerfile, what it is told, platforms, an import of another registry's image, a mask that
/// matches nothing, and names that a terminal would obey.
const MORE: &str = r#"project: more
configVersion: 1
build: {cacheVersion: "7"}
---
image: worker
from: alpine:3.20
platform: [linux/amd64, linux/arm64]
git:
- add: /src
  to: /app
  stageDependencies:
    install: [go.mod, "*.lock"]
    setup: ["**/*.go"]
- {add: /go.tool, to: /tool, stageDependencies: {setup: ["**"]}}
import:
- {from: busybox:1.36, add: /bin, to: /busybox, before: install}
mount:
- {from: tmp_dir, to: /cache}
shell:
  install: ["go mod download", "echo '\e[31m'"]
  installCacheVersion: "2"
  beforeSetup: "true"
  setup: go build
---
image: web
dockerfile: Dockerfile
context: web
target: run
args: {VERSION: "1"}
dependencies:
- {image: worker, imports: [{type: ImageName, targetBuildArg: WORKER}]}
"#;

#[test]
fn a_plan_is_a_table() {
    for name in ["git-app", "monorepo", "ansible-app", "layers-app"] {
        let project = example(name);
        insta::assert_snapshot!(format!("plan_of_{name}"), shown(project.path(), &["plan"]));
    }
    let project = more();
    git(project.path(), &["checkout", "--quiet", "HEAD~1"]);
    insta::assert_snapshot!("plan_of_more", shown(project.path(), &["plan"]));
}

/// Returns the `more` project with a second commit.
fn more() -> TempDir {
    let project = project(&[
        ("werf.yaml", MORE),
        ("src/go.mod", "module x\n"),
        ("src/main.go", "package main\n"),
        ("src/a/b.go", "package a\n"),
        ("go.tool", "1.23\n"),
        ("web/Dockerfile", "FROM scratch AS run\nCOPY . /\n"),
        ("web/index.html", "<p>hello\n"),
    ]);
    let config = MORE
        .replace("go mod download", "go mod download -x")
        .replace("installCacheVersion: \"2\"", "installCacheVersion: \"3\"")
        .replace("VERSION: \"1\"", "VERSION: \"2\"")
        .replace("**/*.go\"", "**/*.go\", x.lock");
    write(project.path(), "werf.yaml", &config);
    write(project.path(), "src/go.mod", "module y\n");
    write(project.path(), "src/x.lock", "1\n");
    write(
        project.path(),
        "web/Dockerfile",
        "FROM scratch AS run\nCOPY . /srv\n",
    );
    std::fs::remove_file(project.path().join("src/a/b.go")).unwrap();
    for number in 0..12 {
        write(
            project.path(),
            &format!("web/pages/{number:02}\u{1b}.html"),
            "x",
        );
    }
    git_all(project.path());
    project
}

#[test]
fn what_runs_again_is_explained_down_to_files_and_lines() {
    let project = more();
    let root = project.path();
    insta::assert_snapshot!("explain_more", shown(root, &["explain"]));
    let stage = [
        "explain",
        "worker/setup",
        "--from",
        "HEAD~1",
        "--to",
        "HEAD",
    ];
    insta::assert_snapshot!("explain_a_stage", shown(root, &stage));
    let (code, json, err) = told(root, &["explain", "web", "--format", "json"]);
    assert_eq!(code, Some(0), "{err}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    insta::assert_json_snapshot!("explain_for_machines", json["images"]);
    // Nothing is different between a commit and itself; a name that is none is a mistake.
    let same = ["explain", "--from", "HEAD", "--unchanged"];
    insta::assert_snapshot!("explain_nothing", shown(root, &same));
    for (arguments, message) in [
        (
            &["explain", "nope"][..],
            "`nope` is no image of this project; its images are `web`, `worker`",
        ),
        (
            &["explain", "--from", "HEAD~7"],
            "`HEAD~7` is no commit of this repository",
        ),
        (&["explain", "--to", "HEAD", "--dev"], "cannot be used with"),
    ] {
        let (code, out, err) = told(root, arguments);
        assert!(code != Some(0) && out.is_empty(), "{arguments:?}: {out}");
        assert!(err.contains(message), "{err}");
    }
}

#[test]
fn what_the_working_directory_would_run_again_is_explained() {
    let project = example("monorepo");
    write(project.path(), "site/pages/new", "<p>");
    let explained = shown(project.path(), &["explain", "--dev"]);
    insta::assert_snapshot!("explain_dev", explained);
}

#[test]
fn the_plan_for_machines_is_the_same_in_both_spellings_of_its_option() {
    let project = example("git-app");
    let (code, json, _) = told(project.path(), &["plan", "--format", "json"]);
    assert_eq!(code, Some(0));
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["project"], "git-app");
    assert_eq!(told(project.path(), &["plan", "--format=json"]).1, json);
}

#[test]
fn a_table_is_as_wide_as_the_terminal() {
    let project = example("monorepo");
    // `script` (util-linux) is a terminal, and `stty` says how wide it is.
    let command = format!(
        "stty cols 72; '{}' plan 2> /dev/null",
        env!("CARGO_BIN_EXE_werf-frontend")
    );
    let output = std::process::Command::new("timeout")
        .args(["60", "script", "--quiet", "--return", "--command"])
        .args([&command, "/dev/null"])
        .current_dir(project.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}");
    let widest = shown.lines().map(|line| line.trim_end().chars().count());
    assert!(widest.max().unwrap() <= 72, "{shown}");
    assert!(
        shown.contains("sed") && !shown.contains('\u{1b}'),
        "{shown}"
    );
}

#[test]
fn a_graph_shows_what_images_are_made_of() {
    let project = more();
    let root = project.path();
    for format in ["dot", "mermaid"] {
        let arguments = ["graph", "--format", format];
        insta::assert_snapshot!(format!("graph_{format}"), shown(root, &arguments));
        let compared = ["graph", "--format", format, "--from", "HEAD~1"];
        insta::assert_snapshot!(format!("graph_{format}_compared"), shown(root, &compared));
    }
    let compared = shown(root, &["graph", "--from", "HEAD~1"]);
    assert!(compared.contains("runs again perhaps"), "{compared}");
    assert!(!shown(root, &["graph"]).contains("runs again"));
}

/// Compares a picture of `docs` with what is drawn today.
fn is_current(path: &str, drawn: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if std::env::var_os("WERF_PICTURES").is_some_and(|value| value == "write") {
        write(&root, path, drawn);
    }
    let kept = std::fs::read_to_string(root.join(path)).unwrap_or_default();
    assert!(kept == drawn, "{path} is another one: draw it anew");
}

/// `WERF_PICTURES=write cargo test -p werf-frontend pictures` draws them anew.
#[test]
fn the_pictures_of_what_is_printed_are_what_is_printed() {
    let project = example("assets-app");
    let root = project.path();
    let draw = |name: &str, arguments: &[&str]| {
        let printed = shown(root, arguments).replacen("COMMIT", "1f0c2a9d7b3e", 1);
        let printed = printed.replace("COMMIT", "3f0e7c1d9a52");
        let text = format!("$ werf-frontend {}\n{printed}", arguments.join(" "));
        let drawn = anstyle_svg::Term::new().render_svg(&text);
        is_current(&format!("docs/terminal/{name}.svg"), &drawn);
    };
    draw("plan", &["plan"]);
    write(root, "assets/packages.list", "left 1.3\nright 0.9\n");
    git(
        root,
        &[
            "mv",
            "assets/vendor/left-1.2.js",
            "assets/vendor/left-1.3.js",
        ],
    );
    write(root, "assets/main.css", "body { margin: 0 }\n");
    git_all(root);
    draw("explain", &["explain"]);
}

/// `WERF_PICTURES=write cargo test -p werf-frontend pictures` draws them anew.
#[test]
fn the_pictures_of_the_documentation_are_those_of_the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pictures = root.join("docs/pictures");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root.join("examples")).unwrap() {
        let entry = entry.unwrap();
        // `apps` has directories of its own.
        if !entry.path().join("werf.yaml").exists() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        let project = example(&name);
        let (code, drawn, err) = told(project.path(), &["graph"]);
        assert_eq!(code, Some(0), "{name}: {err}");
        is_current(&format!("docs/pictures/{name}.svg"), &drawn);
        names.push(format!("{name}.svg"));
    }
    let kept = std::fs::read_dir(&pictures).unwrap();
    let mut kept: Vec<String> = kept
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    kept.sort();
    assert_eq!(kept, names, "a picture is of no example");
}

/// What bake says of two images that it has pushed.
const METADATA: &str = r#"{"buildx.build.warnings": [], "web": {"containerimage.digest": "sha256:11", "image.name": "localhost:5000/shop/web:v1"}, "worker": {"containerimage.digest": "sha256:22", "image.name": "team/worker"}}"#;

#[test]
fn charts_for_werf_find_the_images_that_bake_has_pushed() {
    let project = more();
    let metadata = tempfile::tempdir().unwrap();
    let path = metadata.path().join("meta.json");
    std::fs::write(&path, METADATA).unwrap();
    let path = path.to_str().unwrap();
    let of_env = [
        "values",
        "--env",
        "dev",
        "--repo",
        "localhost:5000/shop",
        "--metadata-file",
        path,
    ];
    let (code, out, err) = told(project.path(), &of_env);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let mut values: serde_json::Value = serde_json::from_str(&out).unwrap();
    for commit in ["/werf/commit", "/global/werf/commit"] {
        let commit = values.pointer_mut(commit).unwrap();
        assert_eq!(commit["hash"].as_str().unwrap().len(), 40);
        assert!(commit["date"]["unix"].is_number() && commit["date"]["human"].is_string());
        *commit = "COMMIT".into();
    }
    insta::assert_json_snapshot!("values", values);
    // A chart would fail later, and say less.
    std::fs::write(path, METADATA.replace("\"worker\"", "\"other\"")).unwrap();
    let (code, out, err) = told(project.path(), &["values", "--metadata-file", path]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.contains("the metadata has nothing of image `worker`"),
        "{err}"
    );
}
