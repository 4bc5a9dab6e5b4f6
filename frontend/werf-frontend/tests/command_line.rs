//! The command line as a person or a script uses it: arguments in; text, messages and exit status out.

use std::process::Command;

use tempfile::TempDir;

use crate::program::{git, git_all, told};

const RULES: &str =
    "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering:\n    allowEnvVariables: [TAG]\n";

const CONFIG: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: alpine:{{ env \"TAG\" \"3\" }}\n# {{ .Env }}\n---\nimage: web\nfrom: nginx:1\n";

fn project() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("werf.yaml"), CONFIG).unwrap();
    std::fs::write(directory.path().join("werf-giterminism.yaml"), RULES).unwrap();
    git(directory.path(), &["init", "--quiet"]);
    git_all(directory.path());
    directory
}

#[test]
fn render_prints_the_text_or_the_named_images() {
    let project = project();
    let (code, out, err) = told(project.path(), &["render", "--env", "dev"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("from: alpine:3\n# dev\n"), "{out}");
    let web = ["render", "--image", "web", "--build-arg", "TAG=4"];
    let (_, out, _) = told(project.path(), &web);
    assert_eq!(out, "image: web\nfrom: nginx:1\n");
}

#[test]
fn a_build_argument_may_have_any_value_and_take_it_from_the_environment() {
    let project = project();
    let from = |arguments: &[&str]| {
        let (code, out, err) = told(
            project.path(),
            &[&["plan", "--format", "json"], arguments].concat(),
        );
        assert_eq!(code, Some(0), "{err}");
        let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
        plan.to_string()
    };
    assert!(from(&["--build-arg", "TAG=3.20"]).contains("alpine:3.20"));
    assert!(from(&["--build-arg=TAG=3.20"]).contains("alpine:3.20"));
    // A name alone takes its value from the environment, or nothing.
    assert!(from(&["--build-arg", "TAG"]).contains("alpine:3\""));
    // What the gateway hands on may begin with a dash.
    assert!(from(&["--build-arg", "-X=-y", "--build-arg=TAG=4"]).contains("alpine:4"));
}

#[test]
fn bake_prints_a_target_for_each_final_image() {
    let project = project();
    let (code, out, err) = told(project.path(), &["bake"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let file: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        file["group"]["default"]["targets"],
        serde_json::json!(["app", "web"])
    );
    assert_eq!(
        file["target"]["web"],
        serde_json::json!({
            "args": { "TAG": "${TAG}" }, "context": ".", "dockerfile": "werf.yaml", "target": "web",
        })
    );
    std::fs::write(project.path().join("werf.yaml"), "project: p\n").unwrap();
    git(
        project.path(),
        &["commit", "--quiet", "--all", "--message", "m"],
    );
    let (code, out, err) = told(project.path(), &["bake"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("configVersion"), "{err}");
}

#[test]
fn bake_hands_on_what_templates_read_and_writes_no_value() {
    let project = project();
    let text = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nimageSpec: {config: {labels: {a: '{{ env \"CI_A\" }}', b: '{{ env \"B\" \"x\" }}', e: '{{ .Env }}'}}}\n";
    std::fs::write(project.path().join("werf.yaml"), text).unwrap();
    let rules = "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: [CI_A, B]}}\n";
    std::fs::write(project.path().join("werf-giterminism.yaml"), rules).unwrap();
    git(project.path(), &["add", "--all"]);
    git(
        project.path(),
        &["commit", "--quiet", "--message", "variables"],
    );
    let output = Command::new(env!("CARGO_BIN_EXE_werf-frontend"))
        .args(["bake", "--env-from", "CI_", "--build-arg", "WERF_ENV=dev"])
        .current_dir(project.path())
        .env("CI_A", "canary1")
        .env("CI_UNREAD", "canary2")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    assert!(!out.contains("canary"), "{out}");
    let file: serde_json::Value = serde_json::from_str(&out).unwrap();
    let arguments =
        serde_json::json!({ "B": "${B}", "CI_A": "${CI_A}", "WERF_ENV": "${WERF_ENV}" });
    assert_eq!(file["target"]["app"]["args"], arguments);
    let none = serde_json::json!({ "default": null });
    assert_eq!(
        file["variable"],
        serde_json::json!({ "B": none, "CI_A": none, "WERF_ENV": none })
    );
}

#[test]
fn mistakes_in_arguments_are_told_with_the_usage() {
    let project = project();
    for (arguments, message) in [
        (&["render", "--nope"][..], "unexpected argument '--nope'"),
        (
            &["render", "--image"],
            "a value is required for '--image <NAME>'",
        ),
        (&["render", "werf.yaml"], "unexpected argument 'werf.yaml'"),
        (&["rendr"], "unrecognized subcommand 'rendr'"),
        (
            &["plan-in-build", "--git-dir", ".git"],
            "required arguments were not provided",
        ),
        (&["plan", "--store", "x"], "unexpected argument '--store'"),
        (
            &["render", "--env"],
            "a value is required for '--env <ENV>'",
        ),
    ] {
        let (code, out, err) = told(project.path(), arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains(message), "{err}");
        assert!(err.contains("--help"), "{err}");
    }
}

#[test]
fn people_see_no_command_of_the_build_itself() {
    let project = project();
    let (code, out, _) = told(project.path(), &["--help"]);
    assert_eq!(code, Some(0));
    for command in ["plan ", "bake ", "render "] {
        assert!(out.contains(command), "{out}");
    }
    for hidden in ["plan-in-build", "toolchain"] {
        assert!(!out.contains(hidden), "{out}");
    }
}

#[test]
fn what_cannot_be_rendered_is_an_error_of_its_own() {
    let project = project();
    for (arguments, message) in [
        (&["render", "--image", "nope"][..], "nope"),
        (&["render", "--file", "other.yaml"], "other.yaml"),
        (
            &["render", "--git-dir", "nowhere"],
            "there is no git repository",
        ),
        (
            &["plan", "--git-dir", "nowhere"],
            "there is no git repository",
        ),
    ] {
        let (code, out, err) = told(project.path(), arguments);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}: {err}");
        assert!(err.contains("ERROR: ") && err.contains(message), "{err}");
    }
}

#[test]
fn the_environment_is_known_to_every_command() {
    let project = project();
    let config = CONFIG.replace("image: web", "image: web-{{ .Env }}");
    std::fs::write(project.path().join("werf.yaml"), config).unwrap();
    git_all(project.path());
    for command in ["plan", "bake", "render"] {
        let (code, out, err) = told(project.path(), &[command, "--env", "dev"]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{command}");
        assert!(out.contains("web-dev"), "{command}: {out}");
    }
}

#[test]
fn a_repository_is_found_from_its_subdirectories() {
    let project = project();
    let below = project.path().join("src/deep");
    std::fs::create_dir_all(&below).unwrap();
    for command in ["plan", "render"] {
        let from_root = told(project.path(), &[command]);
        assert_eq!(from_root.0, Some(0));
        assert_eq!(told(&below, &[command]), from_root, "{command}");
    }
    let (code, out, _) = told(&below, &["bake"]);
    assert_eq!(code, Some(0));
    let file: serde_json::Value = serde_json::from_str(&out).unwrap();
    let target = serde_json::json!({ "args": { "TAG": "${TAG}" }, "context": "../..", "dockerfile": "werf.yaml", "target": "web" });
    assert_eq!(file["target"]["web"], target);
    // A project below the root has a file of its own.
    let own = project.path().join("src");
    std::fs::write(
        own.join("werf.yml"),
        "project: own\nconfigVersion: 1\n---\nimage: own\nfrom: scratch\n",
    )
    .unwrap();
    git_all(project.path());
    for directory in [&own, &below] {
        let (code, out, err) = told(directory, &["render"]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.contains("project: own"), "{out}");
    }
    let (_, out, _) = told(&below, &["bake"]);
    let file: serde_json::Value = serde_json::from_str(&out).unwrap();
    let target =
        serde_json::json!({ "context": "../..", "dockerfile": "src/werf.yml", "target": "own" });
    assert_eq!(file["target"]["own"], target);
    // What is named is not searched for.
    let (code, _, err) = told(&below, &["plan", "--git-dir", ".git"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("there is no git repository"), "{err}");
}

#[test]
fn masks_that_match_nothing_for_a_known_reason_get_a_hint() {
    let project = project();
    let below = project.path().join("src/app/[id]");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join("page"), "x").unwrap();
    let plan = |git: &str| {
        let config = format!(
            "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: alpine:3\nshell: {{install: make}}\ngit:\n- {git}\n"
        );
        std::fs::write(project.path().join("werf.yaml"), config).unwrap();
        git_all(project.path());
        told(project.path(), &["plan"]).2
    };
    let mapping = |mask: &str| {
        plan(&format!(
            "{{add: /src, to: /app, stageDependencies: {{install: ['{mask}']}}}}"
        ))
    };
    let err = mapping("app/[id]");
    let hint = r"for a name with brackets write `app/\[id\]`";
    assert!(
        err.contains("matches no file") && err.contains(hint),
        "{err}"
    );
    // What the hint says is so.
    assert_eq!(mapping(r"app/\[id\]"), "");
    let err = mapping("nope");
    assert!(
        err.contains("matches no file") && !err.contains("brackets"),
        "{err}"
    );
    let err = plan("{add: /src, to: /app, includePaths: ['app/[id]']}");
    assert!(
        err.contains("matches no files") && err.contains(hint),
        "{err}"
    );
    let single = |mask: &str| {
        plan(&format!(
            "{{add: '/src/app/[id]/page', to: /page, stageDependencies: {{install: ['{mask}']}}}}"
        ))
    };
    let err = single("page");
    assert!(
        err.contains("`add` is a single file, which `**` matches"),
        "{err}"
    );
    assert_eq!(single("**"), "");
}

#[test]
fn without_arguments_a_person_at_a_terminal_gets_the_help() {
    // `script` (util-linux) is a terminal.
    let output = Command::new("timeout")
        .args(["60", "script", "--quiet", "--return", "--command"])
        .arg(format!("'{}'", env!("CARGO_BIN_EXE_werf-frontend")))
        .arg("/dev/null")
        .env("NO_COLOR", "1")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("Usage: werf-frontend"), "{shown}");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let project = project();
    let program = env!("CARGO_BIN_EXE_werf-frontend");
    let script = format!("'{program}' render | true; exit ${{PIPESTATUS[0]}}");
    let status = Command::new("bash")
        .args(["-c", &script])
        .current_dir(project.path())
        .status()
        .unwrap();
    assert!(status.success());
}

/// As people write it who keep the names of their bases out of the repository.
#[test]
fn a_file_that_is_ignored_and_allowed_is_read_from_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write(
        "werf.yaml",
        "configVersion: 1\nproject: shop\n---\n{{- $bases := .Files.Get \"bases.yml\" | fromYaml }}\nimage: backend\nfrom: {{ index $bases \"debian\" }}\nshell:\n  install: [date]\n",
    );
    write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering:\n    allowUncommittedFiles: [bases.yml]\n",
    );
    write(".gitignore", "bases.yml\n");
    git(directory.path(), &["init", "--quiet"]);
    git_all(directory.path());
    let (code, _, err) = told(directory.path(), &["plan"]);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("takes it from the working directory, and it is not there"),
        "{err}"
    );
    write("bases.yml", "debian: debian:bookworm-slim\n");
    for command in [&["plan"][..], &["render"], &["plan", "--git-dir", ".git"]] {
        let (code, out, err) = told(directory.path(), command);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{command:?}");
        assert!(out.contains("debian:bookworm-slim"), "{out}");
    }
    // A bare repository has no files besides.
    let bare = tempfile::tempdir().unwrap();
    let url = directory.path().to_str().unwrap();
    git(bare.path(), &["clone", "--quiet", "--bare", url, "clone"]);
    let (code, _, err) = told(bare.path(), &["plan", "--git-dir", "clone"]);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("`clone` is a git directory without a working directory"),
        "{err}"
    );
    assert!(err.contains("GiterminismNoEffect"), "{err}");
}

#[test]
fn the_disk_is_compared_with_the_commit_and_taken_if_that_is_wanted() {
    let project = project();
    let edited = CONFIG.replace("nginx:1", "nginx:2");
    std::fs::write(project.path().join("werf.yaml"), edited).unwrap();
    for command in ["plan", "render", "bake"] {
        let (code, out, err) = told(project.path(), &[command]);
        assert_eq!(code, Some(0), "{err}");
        assert!(
            err.contains("1 file of the configuration is not as in commit"),
            "{command}: {err}"
        );
        assert!(err.contains("`werf.yaml` (changed)"), "{command}: {err}");
        assert!(!out.contains("nginx:2"), "{command}: {out}");
        let quiet = [command, "--build-arg", "WERF_UNCOMMITTED=ignore"];
        let (code, _, err) = told(project.path(), &quiet);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{command}");
        let (code, out, err) = told(project.path(), &[command, "--dev"]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{command}");
        let wanted = if command == "bake" {
            "\"WERF_DEV\": \"1\""
        } else {
            "nginx:2"
        };
        assert!(out.contains(wanted), "{command}: {out}");
    }
}

#[test]
fn shells_complete_commands_and_options_and_there_are_manual_pages() {
    let here = tempfile::tempdir().unwrap();
    for (shell, expected) in [
        ("bash", "--tag-template"),
        ("zsh", "explain"),
        ("fish", "-l metadata-file"),
    ] {
        let (code, out, err) = told(here.path(), &["completions", shell]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(
            out.contains(expected) && !out.contains("plan-in-build"),
            "{shell}: {out}"
        );
    }
    let (code, out, _) = told(here.path(), &["man"]);
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with(".ie") && out.contains("werf\\-frontend\\-explain(1)"),
        "{out}"
    );
    let (code, _, _) = told(here.path(), &["man", "--directory", "new/man1"]);
    assert_eq!(code, Some(0));
    let page = std::fs::read_to_string(here.path().join("new/man1/werf-frontend-bake.1")).unwrap();
    assert!(page.contains("cache\\-ref"), "{page}");
    let (code, out, err) = told(here.path(), &["man", "--directory", "/dev/null/x"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("write `/dev/null/x`"), "{err}");
    let (code, _, err) = told(here.path(), &["completions", "tcsh"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("bash"), "{err}");
}
