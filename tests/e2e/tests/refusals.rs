//! What a person sees when something is wrong, through the real client.

use std::process::Command;

use e2e::{Build, Repo};

const APP: &str = "image: app\nfrom: busybox:latest\nshell:\n  install: touch /x\n";

#[test]
fn a_mistake_is_shown_with_its_lines() {
    let repo = Repo::with_config("image: app\nfrom: busybox:latest\nshel:\n  install: touch /x\n");
    let failed = Build::of(&repo).fails();
    failed.says(&[
        "werf.yaml:7",
        ">>> shel:",
        "unknown key `shel`",
        "did you mean `shell`?",
    ]);
    assert!(
        !failed.log.contains(">>> # syntax="),
        "one frame, and not of the syntax line:\n{}",
        failed.log
    );
}

#[test]
fn an_uncommitted_change_of_the_configuration_stops_the_build() {
    let repo = Repo::with_config(APP);
    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("werf.yaml", text.replace("touch /x", "touch /y"));
    Build::of(&repo).fails().says(&[
        "`werf.yaml` differs between the working directory and commit",
        "first in line 8",
        "commit the change",
        ">>>   install: touch /y",
    ]);
}

#[test]
fn a_configuration_that_is_not_committed_stops_the_build() {
    let repo = Repo::with_config(APP);
    repo.git(&["mv", "werf.yaml", "other.yaml"]);
    Build::of(&repo)
        .config(Some("other.yaml"))
        .fails()
        .says(&["`other.yaml` is not in commit", "git add other.yaml"]);
}

#[test]
fn the_file_given_with_f_is_named() {
    let repo = Repo::with_config(APP);
    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("deploy/images.yaml", text.replace("from:", "form:"));
    repo.commit("another");
    Build::of(&repo)
        .config(Some("deploy/images.yaml"))
        .fails()
        .says(&["deploy/images.yaml:6", "`form`"]);
}

#[test]
fn a_context_without_git_stops_the_build() {
    let repo = Repo::with_config(APP);
    std::fs::remove_dir_all(repo.join(".git")).unwrap();
    Build::of(&repo)
        .fails()
        .says(&["there is no git repository in the build context"]);
}

#[test]
fn a_context_below_the_root_stops_the_build() {
    let repo = Repo::with_config(APP);
    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("sub/werf.yaml", text);
    repo.commit("a directory");
    Build::in_directory(&repo.join("sub")).fails().says(&[
        "the build context is `sub`, a directory of the work tree and not its root",
        "docker buildx build -f sub/werf.yaml .",
    ]);
}

#[test]
fn a_configuration_from_stdin_stops_the_build() {
    let repo = Repo::with_config(APP);
    let text = std::fs::read(repo.join("werf.yaml")).unwrap();
    Build::of(&repo)
        .config(None)
        .context("-")
        .stdin(text)
        .fails()
        .says(&["there is no git repository"]);
}

#[test]
fn a_repository_without_a_commit_stops_the_build() {
    let repo = Repo::new();
    repo.write("werf.yaml", e2e::repo::config_text(APP));
    Build::of(&repo)
        .fails()
        .says(&["branch `main` has no commit yet"]);
}

#[test]
fn a_linked_worktree_stops_the_build() {
    let repo = Repo::with_config(APP);
    let linked = tempfile::tempdir().unwrap();
    let path = linked.path().join("tree");
    repo.git(&["worktree", "add", "--quiet", path.to_str().unwrap()]);
    Build::in_directory(&path)
        .fails()
        .says(&["`.git` is a file that points to", "linked worktree"]);
}

#[test]
fn dockerignore_cannot_hide_the_repository() {
    let repo = Repo::with_config(APP);
    repo.write(".dockerignore", "*\n.git\n**\n");
    repo.commit("hide everything");
    Build::of(&repo).ok();
}

#[test]
fn packed_shallow_and_detached_repositories_build() {
    let repo = Repo::with_config(APP);
    repo.write("a", "b");
    repo.commit("two");
    repo.git(&["gc", "--quiet", "--prune=now"]);
    repo.git(&["pack-refs", "--all"]);
    Build::of(&repo).ok();
    let clones = tempfile::tempdir().unwrap();
    let target = clones.path().join("shallow");
    let url = format!("file://{}", repo.path().display());
    let status = Command::new("git")
        .args([
            "clone",
            "--quiet",
            "--depth=1",
            &url,
            target.to_str().unwrap(),
        ])
        .status()
        .unwrap();
    assert!(status.success());
    Build::in_directory(&target).ok();
    repo.git(&["checkout", "--quiet", "--detach"]);
    Build::of(&repo).ok();
}

#[test]
fn an_unknown_base_image_points_at_its_line() {
    let repo = Repo::with_config("image: app\nfrom: 127.0.0.1:1/nowhere:1\n");
    Build::of(&repo).fails().says(&[
        "base image `127.0.0.1:1/nowhere:1`",
        ">>> from: 127.0.0.1:1/nowhere:1",
    ]);
}
