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
    tally::refused(3);
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
    tally::refused(2);
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

/// Writes an object as git would never make it, and returns its id.
fn literal(fixture: &Fixture, kind: &str, content: &[u8]) -> String {
    fixture.write("object", content);
    fixture.git(&["hash-object", "-w", "--literally", "-t", kind, "object"])
}

/// Gives the loose object `id` the name `other`.
fn rename(fixture: &Fixture, id: &str, other: &str) {
    let path = |id: &str| {
        fixture
            .git_dir()
            .join(format!("objects/{}/{}", &id[..2], &id[2..]))
    };
    std::fs::create_dir_all(path(other).parent().unwrap()).unwrap();
    std::fs::copy(path(id), path(other)).unwrap();
}

fn set_head(fixture: &Fixture, id: &str) {
    std::fs::write(fixture.git_dir().join("HEAD"), format!("{id}\n")).unwrap();
}

#[test]
fn a_commit_or_a_tree_under_another_s_id_is_refused() {
    let fixture = Fixture::with(&[("a", "x")]);
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    let forged = "5".repeat(40);
    rename(&fixture, &commit, &forged);
    set_head(&fixture, &forged);
    let error = refusal(&fixture.git_dir());
    assert!(
        error.contains(&format!("its contents have the id {commit}")),
        "{error}"
    );

    let tree = fixture.git(&["rev-parse", &format!("{commit}^{{tree}}")]);
    fixture.write("a", "y");
    fixture.git(&["update-ref", "HEAD", &commit, &forged]);
    fixture.git(&["checkout", "--quiet", "-B", "main", &commit]);
    fixture.commit();
    let other = fixture.git(&["rev-parse", "HEAD^{tree}"]);
    let path = fixture
        .git_dir()
        .join(format!("objects/{}/{}", &other[..2], &other[2..]));
    std::fs::remove_file(path).unwrap();
    rename(&fixture, &tree, &other);
    let repo = Repo::open(&fixture.git_dir()).unwrap();
    let error = repo.entry("a").unwrap_err().to_string();
    assert!(error.contains(&format!("have the id {tree}")), "{error}");
    assert_eq!(repo.files_named("a").unwrap_err().to_string(), error);
    tally::refused(2);
}

#[test]
fn tags_end_somewhere() {
    let fixture = Fixture::with(&[("a", "x")]);
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    fixture.git(&["tag", "--annotate", "--message", "m", "t0", "HEAD"]);
    let tag = fixture.git(&["rev-parse", "t0"]);
    set_head(&fixture, &tag);
    assert_eq!(Repo::open(&fixture.git_dir()).unwrap().commit(), commit);

    for number in 1..20 {
        let (name, before) = (format!("t{number}"), format!("t{}", number - 1));
        fixture.git(&["tag", "--annotate", "--message", "m", &name, &before]);
    }
    let tag = fixture.git(&["rev-parse", "t19"]);
    set_head(&fixture, &tag);
    let error = refusal(&fixture.git_dir());
    assert!(error.contains("behind more than 16 tags"), "{error}");

    // A tag of itself, which only a forged id makes possible.
    let forged = "7".repeat(40);
    let text = format!("object {forged}\ntype tag\ntag t\ntagger a <a> 0 +0000\n\nm\n");
    let id = literal(&fixture, "tag", text.as_bytes());
    rename(&fixture, &id, &forged);
    set_head(&fixture, &forged);
    let error = refusal(&fixture.git_dir());
    assert!(error.contains(&format!("have the id {id}")), "{error}");

    let blob = fixture.git(&["hash-object", "-w", "a"]);
    set_head(&fixture, &blob);
    let error = refusal(&fixture.git_dir());
    assert!(error.contains("is a blob, and not a commit"), "{error}");
    tally::tried(1, 3);
}

#[test]
fn a_huge_reference_is_not_quoted() {
    let fixture = Fixture::with(&[("a", "x")]);
    for file in ["refs/heads/main", "HEAD"] {
        let content = format!("ref: refs/heads/{}\n", "a".repeat(1 << 20));
        std::fs::write(fixture.git_dir().join(file), content).unwrap();
        tally::refused(1);
        let error = refusal(&fixture.git_dir());
        assert!(
            error.starts_with(&format!("`.git/{file}` has 1048593 bytes")) && error.len() < 200,
            "{error}"
        );
    }
}

#[test]
fn a_mode_that_is_no_mode_is_no_missing_file() {
    let fixture = Fixture::with(&[("a", "x")]);
    let blob = fixture.git(&["hash-object", "-w", "a"]);
    let id: Vec<u8> = (0..40)
        .step_by(2)
        .map(|at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap())
        .collect();
    let digits = "1".repeat(40);
    for mode in ["1o0644", "", "8", &digits] {
        let tree = [format!("{mode} a\0").as_bytes(), &id].concat();
        tally::refused(1);
        let tree = literal(&fixture, "tree", &tree);
        let commit = fixture.git(&["commit-tree", "-m", "m", &tree]);
        set_head(&fixture, &commit);
        let repo = Repo::open(&fixture.git_dir()).unwrap();
        for error in [
            repo.entry("werf.yaml").unwrap_err(),
            repo.files_named("werf.yaml").unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(error.contains("cannot be decoded"), "{mode}: {error}");
        }
    }
}

#[test]
fn an_object_that_is_too_large_is_refused_by_its_size() {
    let fixture = Fixture::with(&[("a", "x")]);
    let zeros = std::fs::File::create(fixture.path().join("big")).unwrap();
    zeros.set_len((160 << 20) + (1 << 20)).unwrap();
    let id = fixture.git(&["hash-object", "-w", "big"]);
    let repo = Repo::open(&fixture.git_dir()).unwrap();
    let id = gix::ObjectId::from_hex(id.as_bytes()).unwrap();
    tally::refused(1);
    let error = repo.read_any(id, "big").unwrap_err().to_string();
    assert!(
        error.contains("(big): it has 161 MiB, and a file of a repository may have 160"),
        "{error}"
    );
}

#[test]
fn a_large_file_that_is_stored_as_a_delta_is_read() {
    let fixture = Fixture::unborn();
    // Below what a file may have, and above half of that.
    let zeros = std::fs::File::create(fixture.path().join("a")).unwrap();
    zeros.set_len(150 << 20).unwrap();
    std::fs::copy(fixture.path().join("a"), fixture.path().join("b")).unwrap();
    let mut b = std::fs::File::options()
        .append(true)
        .open(fixture.path().join("b"))
        .unwrap();
    std::io::Write::write_all(&mut b, b"x").unwrap();
    fixture.commit();
    fixture.git(&["repack", "-q", "-a", "-d", "-f", "--window=2"]);
    let packs = fixture.git(&["count-objects", "-v"]);
    assert!(
        packs.contains("in-pack: 4") && packs.contains("size-pack: 1"),
        "{packs}"
    );
    let repo = Repo::open(&fixture.git_dir()).unwrap();
    for name in ["a", "b"] {
        let id = fixture.git(&["rev-parse", &format!("HEAD:{name}")]);
        let id = gix::ObjectId::from_hex(id.as_bytes()).unwrap();
        let length = repo.read_any(id, name).unwrap().len();
        tally::right(1);
        assert_eq!(length, (150 << 20) + usize::from(name == "b"));
    }
}

#[test]
fn what_blocks_whoever_reads_it_is_refused() {
    for (path, file) in [
        ("HEAD", "HEAD"),
        ("config", "config"),
        ("packed-refs", "packed-refs"),
        ("refs/heads/other", "refs/heads/other"),
        ("objects/info/alternates", "objects/info/alternates"),
        ("objects/aa/pipe", "objects/aa/pipe"),
    ] {
        let fixture = Fixture::with(&[("a", "x")]);
        let pipe = fixture.git_dir().join(path);
        let _ = std::fs::remove_file(&pipe);
        std::fs::create_dir_all(pipe.parent().unwrap()).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let error = Repo::open(&fixture.git_dir()).err().unwrap().to_string();
        let expected = format!("`.git/{file}` is a named pipe, and no file; ");
        assert!(error.starts_with(&expected), "{error}");
        tally::refused(1);
    }
    // By a link, too.
    let fixture = Fixture::with(&[("a", "x")]);
    let link = fixture.git_dir().join("shallow");
    std::os::unix::fs::symlink("/dev/zero", link).unwrap();
    let error = Repo::open(&fixture.git_dir()).err().unwrap().to_string();
    assert!(
        error.starts_with("`.git/shallow` is a device, and no file; "),
        "{error}"
    );
    // What git itself leaves there.
    let fixture = Fixture::with(&[("a", "x")]);
    let socket = fixture.git_dir().join("fsmonitor--daemon.ipc");
    let _listener = std::os::unix::net::UnixListener::bind(socket).unwrap();
    assert!(Repo::open(&fixture.git_dir()).is_ok());
    tally::tried(1, 1);
}

#[test]
fn a_huge_configuration_of_git_is_not_read() {
    let fixture = Fixture::with(&[("a", "x")]);
    let section = "[a]\n\tb = 1\n".repeat(400_000);
    std::fs::write(fixture.git_dir().join("config"), section).unwrap();
    let error = Repo::open(&fixture.git_dir()).err().unwrap().to_string();
    let expected = "`.git/config` has 4400000 bytes, and is no configuration; ";
    assert!(error.starts_with(expected), "{error}");
    tally::refused(1);
}
