//! What the documents have one type, typed: blocks that `<!-- typed by typed::NAME -->` stands before.
//!
//! `frontend/werf-frontend/tests/documents.rs` holds that every block has such a line, or says what it needs.

use std::path::Path;
use std::process::Command;

use e2e::{Bench, Repo, salt};

use crate::start::{FRONTEND, program};

/// Returns the scripts that are typed by the test `name`, in the order of documents and lines.
fn scripts(name: &str) -> Vec<String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mark = format!("<!-- typed by typed::{name} -->");
    let mut paths: Vec<_> = std::fs::read_dir(docs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let mut scripts = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).unwrap();
        for block in text.split(mark.as_str()).skip(1) {
            let (fence, block) = block.trim_start().split_once('\n').unwrap();
            let block = block.split("```").next().unwrap().lines();
            let lines: Vec<&str> = match fence {
                "```console" => block
                    .filter_map(|line| line.trim().strip_prefix("$ "))
                    .collect(),
                _ => block.collect(),
            };
            scripts.push(lines.join("\n"));
        }
    }
    assert!(!scripts.is_empty(), "nothing is typed by {name}");
    scripts
}

/// Where this process has what the documents have at `registry.example.com`.
fn registry() -> String {
    format!(
        "{}/typed-{}",
        Bench::from_env().registry,
        std::process::id()
    )
}

/// Types a script in the work tree of `repo`, which must succeed, and returns what it prints and says.
fn typed(repo: &Repo, script: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join(".local/bin")).unwrap();
    let programs = program().parent().unwrap();
    let bench = Bench::from_env();
    let script = script
        .replace("registry.example.com", &registry())
        .replace(FRONTEND, &bench.frontend);
    let ran = Command::new("bash")
        .args(["-e", "-o", "pipefail", "-c", &script])
        .current_dir(repo.path())
        .env(
            "PATH",
            format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()),
        )
        // Docker and buildx are found by what the harness says, and not at home.
        .env("HOME", home.path())
        .env("CI_COMMIT_BRANCH", "main")
        .env("BUILDX_BAKE_ENTITLEMENTS_FS", "0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{script}\n{said}");
    format!("{}{said}", String::from_utf8_lossy(&ran.stdout))
}

/// Returns the section of an image with stages of its own.
fn backend(more: &str) -> String {
    format!(
        "image: backend\nfrom: busybox:latest\ngit: [{{add: /src, to: /app, stageDependencies: {{setup: [a]}}}}]\nshell: {{setup: 'cat /app/a > /made; : {}'}}\n{more}",
        salt()
    )
}

fn repo_of(sections: &str) -> Repo {
    let repo = Repo::with_config(sections);
    repo.write("src/a", "one");
    repo.commit("sources");
    repo
}

#[test]
fn variables_of_a_pipeline() {
    let branch = "imageSpec: {config: {labels: {branch: '{{ env \"CI_COMMIT_BRANCH\" }}'}}}\n";
    let repo = repo_of(&backend(branch));
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering: {allowEnvVariables: [\"/CI_.+/\"]}\n",
    );
    repo.commit("rules");
    for script in scripts("variables_of_a_pipeline") {
        typed(&repo, &script);
    }
}

/// Images are pushed by the daemon, and charts for werf find them.
#[test]
fn what_bake_has_pushed_becomes_values() {
    for script in scripts("what_bake_has_pushed_becomes_values") {
        let repo = repo_of(&backend("imageSpec: {config: {cmd: [cat, /made]}}\n"));
        let script = script.replace(
            "registry.example.com/shop",
            &format!("registry.example.com/{}", salt()),
        );
        // Not every engine exports caches.
        let script = if e2e::Feature::CacheExport.is_there() {
            script
        } else {
            script.replace(
                "docker buildx bake ",
                "docker buildx bake --set '*.cache-to=' ",
            )
        };
        typed(&repo, &script);
        let values = std::fs::read_to_string(repo.join("values.json")).unwrap();
        let values: serde_json::Value = serde_json::from_str(&values).unwrap();
        let name = values["werf"]["image"]["backend"].as_str().unwrap();
        let commit = repo.git(&["rev-parse", "HEAD"]);
        assert!(
            name.contains(&format!("/backend:{commit}@sha256:")),
            "{name}"
        );
        assert_eq!(values["werf"]["tag"]["backend"], commit.as_str());
        let digest = values["global"]["werf"]["images"]["backend"]["digest"].as_str();
        assert!(name.ends_with(digest.unwrap()), "{values}");
        // What a chart names is what runs.
        let pulled = e2e::Image::new(name.to_owned(), Vec::new());
        pulled.docker(&["pull", "--quiet", name]);
        assert_eq!(pulled.run(&[]), "one");
    }
}

#[test]
fn images_that_are_told_of_others() {
    let list = "---\nimage: list\nfrom: busybox:latest\ndependencies:\n- image: backend\n  before: setup\n  imports: [{type: ImageDigest, targetEnv: SHOP_DIGEST}]\nshell: {setup: 'echo $SHOP_DIGEST > /digest'}\n";
    for script in scripts("images_that_are_told_of_others") {
        typed(&repo_of(&backend(list)), &script);
    }
}

#[test]
fn a_mirror() {
    let bench = Bench::from_env();
    for script in scripts("a_mirror") {
        // The harness has what stands for images of Docker Hub in its own registry.
        let debian = format!("{}/library/debian:bookworm-slim", bench.registry);
        let script = script.replace(" debian:bookworm-slim", &format!(" {debian}"));
        let script = format!(
            "docker buildx imagetools create -t registry.example.com/werf-frontend:{} {FRONTEND}\n{script}",
            FRONTEND.split(':').next_back().unwrap()
        );
        typed(&repo_of(&backend("")), &script);
    }
}

#[test]
fn the_program_of_the_image() {
    for script in scripts("the_program_of_the_image") {
        let name = format!("typed-{}", std::process::id());
        let script = script
            .replace("--name tool ", &format!("--name {name} "))
            .replace("cp tool:", &format!("cp {name}:"))
            .replace("rm tool", &format!("rm {name}"));
        typed(
            &repo_of(&backend("")),
            &format!("{script}\n~/.local/bin/werf-frontend plan"),
        );
    }
}

#[test]
fn what_runs_again_is_said() {
    let repo = repo_of(&backend(""));
    let image = "registry.example.com/shop/backend:main";
    typed(
        &repo,
        &format!("docker buildx build -f werf.yaml --push -t {image} ."),
    );
    repo.write("src/a", "two");
    repo.commit("more");
    for script in scripts("what_runs_again_is_said") {
        let said = typed(&repo, &script);
        let image = image.replace("registry.example.com", &registry());
        let expected = format!("WERF_EXPLAIN: since `{image}` 2 steps run again, ");
        assert!(said.contains(&expected), "{said}");
        let line = "backend/setup: files of its `stageDependencies` are different";
        assert!(said.contains(line), "{said}");
    }
}
