//! `werf-frontend init`, as a person runs it.

use std::path::Path;

use super::program::{git, git_all, told};

/// Makes the directory `shop`, whose name is that of the project, with these files.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let parent = tempfile::tempdir().unwrap();
    let shop = parent.path().join("shop");
    std::fs::create_dir(&shop).unwrap();
    for (name, content) in files {
        std::fs::write(shop.join(name), content).unwrap();
    }
    parent
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_file_is_written_and_what_to_type_is_said() {
    let parent = project(&[("index.html", "<h1>Hello</h1>"), ("package.json", "{}")]);
    let shop = parent.path().join("shop");
    let (code, out, err) = told(&shop, &["init", "--template", "static"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    insta::assert_snapshot!("written", err);
    assert!(text(&shop.join("werf.yaml")).starts_with("# syntax=werf/frontend:0.1\n"));

    // What is there stays as it is.
    std::fs::write(shop.join("werf.yaml"), "mine").unwrap();
    let (code, out, err) = told(&shop, &["init"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(
        err,
        "ERROR: `./werf.yaml` is there, and stays as it is; `--stdout` prints what would be written\n"
    );
    assert_eq!(text(&shop.join("werf.yaml")), "mine");
}

#[test]
fn a_directory_of_a_repository_is_named_from_its_root() {
    let parent = project(&[("index.html", "x")]);
    git(parent.path(), &["init", "--quiet"]);
    let (code, _, err) = told(parent.path(), &["init", "shop", "--syntax", "r/f:1"]);
    assert_eq!(code, Some(0), "{err}");
    insta::assert_snapshot!("written_below", err);
    let written = text(&parent.path().join("shop/werf.yaml"));
    assert!(written.starts_with("# syntax=r/f:1\n"), "{written}");
    assert!(written.contains("add: /shop\n"), "{written}");
    git_all(parent.path());
    let (code, out, err) = told(&parent.path().join("shop"), &["check"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
}

#[test]
fn it_can_be_printed_and_kinds_can_be_listed() {
    let parent = project(&[(
        "Dockerfile",
        "FROM scratch\nRUN --mount=type=tmpfs,target=/x y\n",
    )]);
    let shop = parent.path().join("shop");
    let (code, out, err) = told(&shop, &["init", "--stdout"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("printed", format!("{err}\n{out}"));
    assert!(!shop.join("werf.yaml").exists());
    let (code, out, err) = told(&shop, &["init", "--list"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!("kinds", out);
}

#[test]
fn what_cannot_be_done_is_said() {
    let parent = project(&[]);
    let (code, _, err) = told(parent.path(), &["init", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(err.starts_with("ERROR: read `nowhere`: "), "{err}");
    let (code, _, err) = told(&parent.path().join("shop"), &["init"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("says what is to be built"), "{err}");
    let (code, _, err) = told(parent.path(), &["init", "shop", "--template", "gop"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        err,
        "ERROR: there is no template `gop`; did you mean `go`?\n"
    );
}
