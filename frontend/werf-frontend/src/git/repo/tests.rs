use crate::git::fixture::Fixture;

use super::*;

fn refusal(git_dir: &Path) -> String {
    match Repo::open(git_dir) {
        Ok(repo) => panic!("opened at {}", repo.commit()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn head_is_found_however_it_is_stored() {
    let fixture = Fixture::with(&[("a/b.txt", "x")]);
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    for step in [
        &["status"][..],
        &["gc", "--quiet"],
        &["pack-refs", "--all"],
        &["checkout", "--quiet", "--detach"],
    ] {
        fixture.git(step);
        let repo = Repo::open(&fixture.git_dir()).unwrap();
        assert_eq!(repo.commit(), commit, "{step:?}");
        let Some(Entry::File(id)) = repo.entry("a/b.txt").unwrap() else {
            panic!("no file")
        };
        assert_eq!(repo.read(id, "a/b.txt").unwrap(), b"x");
    }
}

#[test]
fn only_the_parts_that_clients_send_are_needed() {
    let fixture = Fixture::with(&[("a", "x")]);
    let copy = tempfile::tempdir().unwrap();
    for part in ["HEAD", "config", "objects", "refs"] {
        let status = std::process::Command::new("cp")
            .arg("-r")
            .arg(fixture.git_dir().join(part))
            .arg(copy.path())
            .status()
            .unwrap();
        assert!(status.success());
    }
    assert!(
        Repo::open(copy.path())
            .unwrap()
            .entry("a")
            .unwrap()
            .is_some()
    );
}

#[test]
fn shallow_and_sha256_repositories_are_read() {
    let fixture = Fixture::with(&[("a", "x")]);
    fixture.write("b", "y");
    fixture.commit();
    let clone = tempfile::tempdir().unwrap();
    let target = clone.path().join("c");
    let url = format!("file://{}", fixture.path().display());
    fixture.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        &url,
        target.to_str().unwrap(),
    ]);
    assert!(
        Repo::open(&target.join(".git"))
            .unwrap()
            .entry("b")
            .unwrap()
            .is_some()
    );

    let modern = clone.path().join("sha256");
    fixture.git(&[
        "init",
        "--quiet",
        "--object-format=sha256",
        modern.to_str().unwrap(),
    ]);
    let directory = modern.to_str().unwrap();
    fixture.git(&[
        "-C",
        directory,
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "x",
    ]);
    assert_eq!(Repo::open(&modern.join(".git")).unwrap().commit().len(), 64);
}

#[test]
fn what_is_no_repository_says_what_it_is() {
    let empty = tempfile::tempdir().unwrap();
    assert!(refusal(&empty.path().join(".git")).contains("no git repository in the build context"));

    let unborn = Fixture::unborn();
    assert!(refusal(&unborn.git_dir()).contains("branch `main` has no commit yet"));

    std::fs::write(
        empty.path().join(".git"),
        "gitdir: /somewhere/.git/worktrees/x\n",
    )
    .unwrap();
    let text = refusal(&empty.path().join(".git"));
    assert!(
        text.contains("`/somewhere/.git/worktrees/x`") && text.contains("linked worktree"),
        "{text}"
    );
}

#[test]
fn formats_that_git_would_refuse_are_refused() {
    let fixture = Fixture::with(&[("a", "x")]);
    let config = fixture.git_dir().join("config");
    let original = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        original.replace(
            "repositoryformatversion = 0",
            "repositoryformatversion = 1\n[extensions]\n\tfancy = true\n[core]",
        ),
    )
    .unwrap();
    assert!(refusal(&fixture.git_dir()).contains("git extension `fancy`"));
    std::fs::write(
        &config,
        original.replace("repositoryformatversion = 0", "repositoryformatversion = 7"),
    )
    .unwrap();
    refusal(&fixture.git_dir());
    std::fs::write(&config, "[core\n").unwrap();
    refusal(&fixture.git_dir());
}

#[test]
fn missing_and_broken_objects_are_errors_with_their_names() {
    let fixture = Fixture::with(&[("a/b", "x")]);
    let repo = Repo::open(&fixture.git_dir()).unwrap();
    let Some(Entry::File(id)) = repo.entry("a/b").unwrap() else {
        panic!("no file")
    };
    let hex = id.to_string();
    let object = fixture
        .git_dir()
        .join("objects")
        .join(&hex[..2])
        .join(&hex[2..]);
    std::fs::remove_file(&object).unwrap();
    let error = repo.read(id, "a/b").unwrap_err().to_string();
    assert!(
        error.contains(&hex[..8]) && error.contains("(a/b)"),
        "{error}"
    );
    std::fs::write(&object, "garbage").unwrap();
    assert!(repo.read(id, "a/b").is_err());
}

#[test]
fn a_partial_clone_says_how_to_make_a_full_one() {
    let fixture = Fixture::with(&[("a/b", "x")]);
    fixture.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = tempfile::tempdir().unwrap();
    let target = clone.path().join("c");
    let url = format!("file://{}", fixture.path().display());
    fixture.git(&[
        "clone",
        "--quiet",
        "--bare",
        "--filter=tree:0",
        &url,
        target.to_str().unwrap(),
    ]);
    let repo = Repo::open(&target).unwrap();
    let error = repo.entry("a/b").unwrap_err().to_string();
    assert!(error.contains("partial clone"), "{error}");
}

#[test]
fn files_are_listed_by_their_last_name() {
    let fixture = Fixture::with(&[
        ("werf.yaml", ""),
        ("b/werf.yaml", ""),
        ("b/x", ""),
        ("a-werf.yaml", ""),
    ]);
    let repo = Repo::open(&fixture.git_dir()).unwrap();
    assert_eq!(
        repo.files_named("werf.yaml").unwrap(),
        ["b/werf.yaml", "werf.yaml"]
    );
}
