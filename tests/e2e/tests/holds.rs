//! What git can hold, and how a repository can be kept, through the real client: it sends `.git` and nothing else.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use e2e::tree::{Kind, Node};
use e2e::{Build, Built, Repo, Tree};

const ALL: &str = "image: app\nfrom: scratch\ngit:\n- add: /\n  to: /app\n";

/// Like `ALL`, with a stage that leaves a random value, and copies what it sees.
fn with_stage() -> String {
    let salt = e2e::salt();
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\nshell:\n  install:\n  - read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamp\n  - cp -r /app /saw\n  - \": {salt}\"\n"
    )
}

/// Asserts that `/app` is the commit of `repo`, and nothing else.
fn assert_commit(tree: &Tree, repo: &Repo) {
    let mut expected = Tree::default();
    let directory = |mode| Node {
        kind: Kind::Directory,
        mode,
        owner: (0, 0),
    };
    expected.0.insert(b"app".to_vec(), directory(0o755));
    for (path, node) in repo.archive().0 {
        let node = match node.kind {
            Kind::Directory => directory(0o775),
            _ => node,
        };
        expected.0.insert([b"app/", path.as_slice()].concat(), node);
    }
    assert_eq!(tree.at("/app").differences(&expected), "");
}

fn build(repo: &Repo) -> (Built, Tree) {
    let (built, tree) = Build::of(repo).tree();
    assert_commit(&tree, repo);
    (built, tree)
}

#[test]
fn any_name_and_links_to_nowhere_and_pointers() {
    let repo = Repo::new();
    for name in [
        &b"with blank"[..],
        b"quo\"te's",
        b"back\\slash",
        b"new\nline",
        b"not utf-8 \xff\xfe",
        b" ",
        b"-f",
        b"*?[{",
        "\u{e9}\u{301}".as_bytes(),
    ] {
        let directory = repo.join("names").join(OsStr::from_bytes(name));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(OsStr::from_bytes(name)), name).unwrap();
    }
    symlink("nowhere", repo.join("dangling")).unwrap();
    symlink(OsStr::from_bytes(b"/not utf-8 \xff"), repo.join("absolute")).unwrap();
    symlink("names", repo.join("directory")).unwrap();
    repo.write(
        "large.bin",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
    );
    repo.commit_config(ALL);
    let (_, tree) = build(&repo);
    assert!(
        tree.text("/app/large.bin")
            .unwrap()
            .starts_with("version https://git-lfs")
    );
}

#[test]
fn attributes_change_nothing() {
    let repo = Repo::new();
    repo.write("left/out", "x\n");
    repo.write("facts", "$Format:%H$\n");
    repo.write("large.bin", "version https://git-lfs.github.com/spec/v1\n");
    repo.write("lines", "one\ntwo\n");
    repo.commit_config(ALL);
    let expected = repo.archive();
    repo.write(
        ".gitattributes",
        "left export-ignore\nfacts export-subst\n*.bin filter=lfs diff=lfs merge=lfs -text\nlines text eol=crlf\n",
    );
    repo.git(&["add", ".gitattributes"]);
    repo.git(&["commit", "--quiet", "--message", "attributes"]);
    let (_, tree) = Build::of(&repo).tree();
    for path in ["left/out", "facts", "large.bin", "lines"] {
        assert_eq!(
            tree.text(&format!("/app/{path}")),
            expected.text(path),
            "{path}"
        );
    }
}

#[test]
fn a_shallow_clone_builds_from_nothing_and_from_the_cache() {
    let origin = Repo::new();
    origin.write("a", "one\n");
    origin.write("gone", "x\n");
    origin.commit_config(&with_stage());
    origin.write("a", "two\n");
    origin.commit("two");
    let clone = Repo::clone_of(&origin, &["--depth=1"]);
    let (_, first) = build(&clone);
    origin.git(&["rm", "--quiet", "gone"]);
    origin.write("a", "three\n");
    origin.commit("three");
    // As CI does it: another clone, which does not have the commit that the cache was made from.
    let clone = Repo::clone_of(&origin, &["--depth=1"]);
    assert_eq!(clone.git(&["rev-list", "--count", "HEAD"]), "1");
    let (_, second) = build(&clone);
    assert_eq!(second.text("/stamp"), first.text("/stamp"), "nothing reran");
    assert_eq!(second.text("/saw/a").as_deref(), Some("two\n"));
}

#[test]
fn how_the_commit_is_kept_makes_no_difference() {
    let repo = Repo::new();
    repo.write("a", "one\n");
    repo.commit_config(&with_stage());
    repo.write("a", "two\n");
    repo.commit("two");
    let (_, first) = build(&repo);
    let same = |repo: &Repo, what: &str| {
        let (_, tree) = build(repo);
        assert_eq!(tree.text("/stamp"), first.text("/stamp"), "{what}");
    };
    repo.git(&["checkout", "--quiet", "--detach"]);
    same(&repo, "a detached HEAD");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["tag", "--annotate", "--message", "x", "v1"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    repo.git(&["pack-refs", "--all", "--prune"]);
    assert!(!repo.join(".git/refs/heads/main").exists());
    same(&repo, "packed objects and refs");
}

#[test]
fn a_repository_with_sha256_builds() {
    let repo = Repo::new();
    std::fs::remove_dir_all(repo.join(".git")).unwrap();
    repo.git(&[
        "init",
        "--quiet",
        "--object-format=sha256",
        "--initial-branch=main",
    ]);
    repo.write("a", "one\n");
    repo.commit_config(&with_stage());
    let (_, first) = build(&repo);
    assert_eq!(first.text("/saw/a").as_deref(), Some("one\n"));
    repo.write("a", "two\n");
    repo.commit("two");
    let (_, second) = build(&repo);
    assert_eq!(second.text("/stamp"), first.text("/stamp"));
}

#[test]
fn a_partial_clone_says_what_to_do() {
    let origin = Repo::new();
    // What another test has put into STORE would not be asked of the clone.
    origin.write("a", e2e::salt());
    origin.commit_config(ALL);
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = Repo::clone_of(&origin, &["--filter=blob:none", "--no-checkout"]);
    clone.git(&["checkout", "--quiet", "HEAD", "--", "werf.yaml"]);
    Build::of(&clone).fails().says(&[
        "read blob",
        "(a)",
        "this is a partial clone",
        "git fetch --refetch --no-filter",
    ]);
}

/// Commits a submodule at `sub`, itself with a submodule at `deep`, and the configuration.
fn with_submodules(repo: &Repo) -> [Repo; 2] {
    let (inner, outer) = (Repo::new(), Repo::new());
    inner.write("deep file", "deep\n");
    inner.commit("inner");
    outer.write("file", "outer\n");
    outer.submodule(&inner, "deep");
    outer.commit("outer");
    repo.submodule(&outer, "sub");
    repo.commit_config(ALL);
    [inner, outer]
}

#[test]
fn submodules_come_from_the_repository_s_own_copies() {
    let repo = Repo::new();
    let _origins = with_submodules(&repo);
    let allowed = "protocol.file.allow=always";
    repo.git(&[
        "-c",
        allowed,
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    ]);
    let (_, tree) = Build::of(&repo).tree();
    for (path, content) in [("sub/file", "outer\n"), ("sub/deep/deep file", "deep\n")] {
        assert_eq!(tree.text(&format!("/app/{path}")).as_deref(), Some(content));
    }
    assert!(tree.text("/app/sub/.git").is_none());
}

#[test]
fn a_submodule_may_be_called_as_the_directory_of_large_files_is() {
    let origin = Repo::new();
    origin.write("file", "of lfs\n");
    origin.commit("first");
    let repo = Repo::new();
    for path in ["third_party/lfs", "lfs/core"] {
        repo.submodule(&origin, path);
    }
    repo.commit_config("image: app\nfrom: scratch\ngit: [{to: /app}]\n");
    let (_, tree) = Build::of(&repo).tree();
    for path in ["third_party/lfs", "lfs/core"] {
        let found = tree.text(&format!("/app/{path}/file"));
        assert_eq!(found.as_deref(), Some("of lfs\n"), "{path}");
    }
}

#[test]
fn a_submodule_that_is_not_checked_out_says_what_to_do() {
    let repo = Repo::new();
    let _origins = with_submodules(&repo);
    for clone in [Repo::clone_of(&repo, &[]), repo] {
        Build::of(&clone).fails().says(&[
            "submodule `",
            "is not in the repository",
            "git submodule update --init --recursive",
        ]);
    }
}
