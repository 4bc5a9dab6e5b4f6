//! All final images of a file by one `docker buildx bake`.

use std::process::Command;

use e2e::image::tag;
use e2e::{Image, Repo, salt};
use werf_frontend::helper::bake::{BakeOptions, bake_commit};
use werf_frontend::helper::plan::PlanRequest;

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
    // Beside the work tree: what is not committed has no place in it.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bake.json");
    std::fs::write(&path, file).unwrap();
    let output = Command::new("docker")
        .args(["buildx", "bake", "--progress=plain", "--load", "-f"])
        .arg(&path)
        .args(["--set", &format!("team_app.tags={}", tag("bake-app"))])
        .args(["--set", &format!("web.tags={}", tag("bake-web"))])
        .current_dir(repo.path())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let [app, web] = ["bake-app", "bake-web"].map(|name| Image::new(tag(name), Vec::new()));
    assert_eq!(app.run(&["cat", "/name"]), "app\n");
    assert_eq!(web.run(&["cat", "/name"]), "web\n");
    assert_eq!(app.run(&["cat", "/id"]), web.run(&["cat", "/id"]), "{log}");
}
