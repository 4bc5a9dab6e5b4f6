use crate::git::fixture::Fixture;

use super::*;

fn files(fixture: &Fixture, directory: &str) -> CommitFiles {
    CommitFiles::new(
        &Repo::open(&fixture.git_dir()).expect("a repository"),
        directory,
    )
}

fn glob(files: &CommitFiles, mask: &str) -> Vec<String> {
    files
        .glob(&Mask::new(mask).expect("a mask"))
        .expect("a list")
}

#[test]
fn paths_are_relative_to_the_project_directory() {
    let fixture = Fixture::with(&[("p/a/b.txt", "x"), ("outside", "o")]);
    let files = files(&fixture, "p");
    assert_eq!(files.read("a/b.txt"), Ok(b"x".to_vec()));
    assert_eq!(files.read("/a/./b.txt"), Ok(b"x".to_vec()));
    assert_eq!(files.kind("a"), Ok(Some(PathKind::Directory)));
    assert_eq!(files.kind("nope"), Ok(None));
    assert_eq!(files.kind("a/b.txt/c"), Ok(None));
    assert!(
        files
            .read("a")
            .unwrap_err()
            .message
            .contains("is a directory")
    );
    assert_eq!(glob(&files, "**/*.txt"), ["a/b.txt"]);
    assert_eq!(glob(&files, "a"), ["a/b.txt"]);
}

#[test]
fn submodules_are_gone_into() {
    let inner = Fixture::with(&[("d/x.yaml", "x"), ("Dockerfile", "FROM a")]);
    let middle = Fixture::with(&[("m", "m")]);
    let add = |fixture: &Fixture, other: &Fixture, path: &str| {
        fixture.submodule(other, path);
        fixture.commit();
    };
    add(&middle, &inner, "in/ner");
    let fixture = Fixture::with(&[("p/a.yaml", "a")]);
    add(&fixture, &middle, "p/sub");
    fixture.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    ]);
    let read = files(&fixture, "p");
    assert_eq!(read.read("sub/m"), Ok(b"m".to_vec()));
    assert_eq!(read.read("sub/in/ner/d/x.yaml"), Ok(b"x".to_vec()));
    assert_eq!(read.kind("sub/in/ner"), Ok(Some(PathKind::Directory)));
    assert_eq!(read.kind("sub/nope"), Ok(None));
    assert_eq!(glob(&read, "**/*.yaml"), ["a.yaml", "sub/in/ner/d/x.yaml"]);
    assert_eq!(
        glob(&read, "sub/in"),
        ["sub/in/ner/Dockerfile", "sub/in/ner/d/x.yaml"]
    );

    std::fs::remove_dir_all(fixture.git_dir().join("modules")).expect("removed");
    let read = files(&fixture, "p");
    for path in ["sub/m", "sub", "sub/in/ner/d/x.yaml"] {
        let error = read.kind(path).expect_err("it is not there").to_string();
        assert!(
            error.contains("submodule `p/sub` (`p/sub`) is not in the repository; run `git submodule update --init"),
            "{error}"
        );
    }
    assert_eq!(glob(&read, "**/*.yaml"), ["a.yaml"]);
    let mask = Mask::new("sub/*.yaml").expect("a mask");
    assert!(read.glob(&mask).is_err());
}

#[test]
fn links_are_followed_within_the_repository() {
    let fixture = Fixture::with(&[("real/f", "x"), ("g", "y")]);
    fixture.link("real", "dir");
    fixture.link("../g", "real/up");
    fixture.link("../../etc/passwd", "real/out");
    fixture.link("..", "real/round");
    fixture.link("loop", "loop");
    fixture.commit();
    let files = files(&fixture, "");
    assert_eq!(files.read("dir/f"), Ok(b"x".to_vec()));
    assert_eq!(files.read("dir/up"), Ok(b"y".to_vec()));
    assert_eq!(files.kind("real/out"), Ok(None));
    tally::right(2);
    assert_eq!(files.kind("loop"), Ok(None));
    for (path, says) in [
        (
            "/dir/out",
            "file \"/dir/out\" is a link to \"../../etc/passwd\", where commit ",
        ),
        ("loop", "file \"loop\" is a link to \"loop\", where commit "),
        ("dir/nope", "file \"dir/nope\" is not in commit "),
    ] {
        tally::refused(1);
        let message = files.read(path).unwrap_err().message;
        assert!(message.starts_with(says), "{message}");
    }
    let found = glob(&files, "dir");
    assert_eq!(found, ["dir/f", "dir/up"]);
}
