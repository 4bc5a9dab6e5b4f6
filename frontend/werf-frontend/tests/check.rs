//! `werf-frontend check`, as a person or a script runs it.

use tempfile::TempDir;

use super::program::{git, git_all, told};

/// Makes a repository with this configuration behind its meta section.
fn project(head: &str, images: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let text = format!("{head}project: p\nconfigVersion: 1\n---\n{images}");
    std::fs::write(directory.path().join("werf.yaml"), text).unwrap();
    std::fs::write(directory.path().join("a"), "a").unwrap();
    git(directory.path(), &["init", "--quiet"]);
    git_all(directory.path());
    directory
}

/// Returns the exit code and what is printed.
fn check(project: &TempDir, arguments: &[&str]) -> String {
    let arguments = [&["check"], arguments].concat();
    let (code, out, err) = told(project.path(), &arguments);
    assert_eq!(err, "", "{arguments:?}");
    format!("{}\n{out}", code.unwrap())
}

#[test]
fn what_is_found_is_printed_and_fails() {
    let clean = project("", "image: app\nfrom: alpine:3\n");
    insta::assert_snapshot!("clean", check(&clean, &[]));
    insta::assert_snapshot!("target", check(&clean, &["--target", "nope"]));
    let odd = project(
        "",
        "image: app\nfrom: alpine\nshell:\n  install:\n  - cat a | sort > b\n  - echo {{ (dict).missing }}\n",
    );
    insta::assert_snapshot!("warnings", check(&odd, &[]));
    insta::assert_snapshot!("json", without_data(&check(&odd, &["--format", "json"])));
    let skipped = project(
        "# check=skip=FromWithoutTag\n",
        "image: app\nfrom: alpine\n",
    );
    assert!(check(&skipped, &[]).starts_with("0\n"));
    let wrong = project("", "image: app\nform: alpine\n");
    insta::assert_snapshot!("mistake", check(&wrong, &[]));
}

/// Leaves out the text of the file in base64.
fn without_data(json: &str) -> String {
    let lines = json.lines().filter(|line| !line.contains("\"data\":"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn other_commands_heed_what_is_skipped() {
    let images = "image: app\nfrom: alpine\n";
    let (_, _, err) = told(project("", images).path(), &["plan"]);
    assert!(err.contains("FromWithoutTag"), "{err}");
    let (_, _, err) = told(project("# check=skip=all\n", images).path(), &["plan"]);
    assert_eq!(err, "");
}

#[test]
fn schemas_are_printed_without_a_repository() {
    let nowhere = tempfile::tempdir().unwrap();
    for (arguments, title) in [
        (&["schema"][..], "werf.yaml"),
        (&["schema", "--giterminism"], "werf-giterminism.yaml"),
    ] {
        let (code, out, err) = told(nowhere.path(), arguments);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(schema["title"], title);
    }
}
