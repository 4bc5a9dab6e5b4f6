//! Listings compared with what `git` itself lists, filtered by the slow reference matcher.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use masks::mask::reference;

use crate::git::fixture::Fixture;

use super::*;

const MASKS: [(&[&str], &[&str]); 9] = [
    (&[], &[]),
    (&["*"], &[]),
    (&["*.js", "dir"], &[]),
    (&["**/*.js"], &["dir/sub"]),
    (&[], &["**/*.js", "odd"]),
    (&["dir/*/x.js", "odd/*b*"], &["**/q*"]),
    (&["{dir,odd}/{sub,*\n*}"], &[]),
    (&["*/?*"], &["dir*"]),
    (&["run", "link", "[d-z]*"], &["*/sub/**/deep"]),
];

/// A line of `git ls-tree -r`: mode, object id, path.
type Line = (String, String, Vec<u8>);

fn git(directory: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    output.stdout
}

fn ls_tree(directory: &Path) -> Vec<Line> {
    let output = git(directory, &["ls-tree", "-r", "-z", "--full-tree", "HEAD"]);
    let lines = output
        .split(|&byte| byte == 0)
        .filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let tab = line.iter().position(|&byte| byte == b'\t').expect("a tab");
            let head = std::str::from_utf8(&line[..tab]).expect("plain text");
            let mut words = head.split(' ');
            let mut word = || words.next().expect("a word").to_owned();
            let (mode, _, id) = (word(), word(), word());
            (mode, id, line[tab + 1..].to_vec())
        })
        .collect()
}

/// What `git` lists below `add`, relative to it, as far as the masks go.
fn expected(all: &[Line], add: &str, include: &[&str], exclude: &[&str]) -> Vec<Line> {
    let prefix = match add.trim_matches('/') {
        "" => String::new(),
        inside => format!("{inside}/"),
    };
    let below = all.iter().filter_map(|(mode, id, path)| {
        let path = path.strip_prefix(prefix.as_bytes())?;
        Some((mode.clone(), id.clone(), path.to_vec()))
    });
    let any = |masks: &[&str], path: &[u8]| masks.iter().any(|mask| reference::matches(mask, path));
    below
        .filter(|(_, _, path)| (include.is_empty() || any(include, path)) && !any(exclude, path))
        .collect()
}

fn masks(texts: &[&str]) -> Vec<Mask> {
    texts.iter().map(|text| Mask::new(text).unwrap()).collect()
}

fn listed(repo: &Repo, add: &str, include: &[&str], exclude: &[&str]) -> Vec<Line> {
    let matcher = PathMatcher::new(masks(include), masks(exclude));
    match TreeListing::read(repo, add, &matcher) {
        Ok(listing) => listing.entries.iter().map(line).collect(),
        Err(ListingError::NoMatch { .. }) => Vec::new(),
        Err(error) => panic!("{add}: {error}"),
    }
}

fn line(entry: &TreeEntry) -> Line {
    let path = entry.path.as_bytes().to_vec();
    (entry.kind.mode().to_owned(), entry.id.to_string(), path)
}

fn agrees_with_git(directory: &Path) {
    let repo = Repo::open(&directory.join(".git")).unwrap();
    let all = ls_tree(directory);
    assert!(all.len() > 10);
    for (include, exclude) in MASKS {
        for add in ["/", "/dir", "dir/sub/", "/odd"] {
            assert_eq!(
                listed(&repo, add, include, exclude),
                expected(&all, add, include, exclude),
                "{add} {include:?} {exclude:?}"
            );
        }
    }
}

/// A repository of this object format with every kind of entry and odd names.
fn odd_repository(format: &str) -> Fixture {
    let fixture = Fixture::unborn();
    std::fs::remove_dir_all(fixture.git_dir()).unwrap();
    let format = format!("--object-format={format}");
    fixture.git(&["init", "--quiet", "--initial-branch=main", &format]);
    for path in [
        "a.js",
        "dir/x.js",
        "dir/sub/x.js",
        "dir/sub/deep/y.js",
        "dir/sub/deep/z",
        "dir-1",
        "dir.js",
        "dir0/q",
        ".hidden/.js",
        "run",
    ] {
        fixture.write(path, path);
    }
    std::fs::create_dir(fixture.path().join("odd")).unwrap();
    for name in [
        &b"a b"[..],
        b"quote\"d'",
        b"new\nline",
        b"tab\t",
        b"\xff\xfe",
        "ж".as_bytes(),
        b"back\\slash",
        b"*",
        b"[b]",
        b"-rf",
    ] {
        let path = fixture.path().join("odd").join(OsStr::from_bytes(name));
        std::fs::write(path, name).unwrap();
    }
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(fixture.path().join("run"), executable).unwrap();
    fixture.link("dir", "link");
    fixture.link("/nowhere/at/all", "dir/dangling");
    fixture.commit();
    fixture
}

#[test]
fn listings_are_what_git_lists() {
    for format in ["sha1", "sha256"] {
        let fixture = odd_repository(format);
        agrees_with_git(fixture.path());
        fixture.git(&["gc", "--quiet"]);
        agrees_with_git(fixture.path());
    }
}

#[test]
fn checksums_do_not_depend_on_how_objects_are_stored() {
    let fixture = odd_repository("sha1");
    fixture.write("later", "x");
    fixture.commit();
    let url = format!("file://{}", fixture.path().display());
    let clones = tempfile::tempdir().unwrap();
    for (name, options) in [
        ("deep", &[][..]),
        ("shallow", &["--depth=1"]),
        ("bare", &["--bare"]),
    ] {
        let arguments = [&["clone", "--quiet"], options, &[&url, name]].concat();
        git(clones.path(), &arguments);
    }
    agrees_with_git(&clones.path().join("shallow"));
    let of = |git_dir: &Path| {
        let repo = Repo::open(git_dir).unwrap();
        let listing = TreeListing::read(&repo, "/", &PathMatcher::default()).unwrap();
        let masks = masks(&["**/*.js", "odd", "run", "nothing"]);
        (listing.checksums(&masks), listing)
    };
    let wanted = of(&fixture.git_dir());
    assert_eq!(
        wanted.0.iter().map(|sum| sum.files).collect::<Vec<_>>(),
        [6, 10, 1, 0]
    );
    for git_dir in ["deep/.git", "shallow/.git", "bare"] {
        assert_eq!(of(&clones.path().join(git_dir)), wanted, "{git_dir}");
    }
    fixture.git(&["gc", "--quiet"]);
    assert_eq!(of(&fixture.git_dir()), wanted);
}

#[test]
fn files_of_submodules_are_listed_as_git_lists_them() {
    let inner = Fixture::with(&[("deep.txt", "x"), ("d/run", "y")]);
    let middle = Fixture::with(&[("m.txt", "x")]);
    let outer = Fixture::with(&[("app/sub-x", "1"), ("app/sub.txt", "2"), ("app/t", "3")]);
    let add = |to: &Fixture, from: &Fixture, path: &str, name: &str| {
        let url = from.path().to_str().unwrap();
        let allow = "protocol.file.allow=always";
        to.git(&[
            "-c",
            allow,
            "submodule",
            "--quiet",
            "add",
            "--name",
            name,
            url,
            path,
        ]);
        to.commit();
    };
    add(&middle, &inner, "in side", "inner");
    add(&outer, &middle, "app/sub", "libs/middle");
    let allow = "protocol.file.allow=always";
    outer.git(&[
        "-c",
        allow,
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    ]);

    let names = git(outer.path(), &["ls-files", "-z", "--recurse-submodules"]);
    let names: Vec<&[u8]> = names
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty())
        .collect();
    let repo = Repo::open(&outer.git_dir()).unwrap();
    let all = TreeListing::read(&repo, "/", &PathMatcher::default()).unwrap();
    let listed: Vec<&[u8]> = all
        .entries
        .iter()
        .map(|entry| entry.path.as_bytes())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(listed, sorted);
    assert!(listed.contains(&&b"app/sub/in side/d/run"[..]));

    let below = PathMatcher::new(masks(&["sub/in side"]), masks(&["**/deep.txt"]));
    let listing = TreeListing::read(&repo, "/app", &below).unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(listing.entries[0].path.as_bytes(), b"sub/in side/d/run");
    let submodules = &listing.submodules;
    assert_eq!(listing.entries[0].submodule, Some(1));
    assert_eq!(submodules[1].path.as_bytes(), b"app/sub/in side");
    assert_eq!(
        submodules[1].git_dir,
        outer.git_dir().join("modules/libs/middle/modules/inner")
    );
    let inside = Repo::open_at(&submodules[1].git_dir, submodules[1].commit)
        .unwrap()
        .unwrap();
    assert_eq!(inside.read(listing.entries[0].id, "d/run").unwrap(), b"y");

    // Only what is needed of `.git/modules` is needed, and the work tree is not.
    let copy = tempfile::tempdir().unwrap();
    for module in [
        "",
        "modules/libs/middle",
        "modules/libs/middle/modules/inner",
    ] {
        std::fs::create_dir_all(copy.path().join(module)).unwrap();
        for part in ["HEAD", "config", "objects", "refs"] {
            let from = outer.git_dir().join(module).join(part);
            let status = Command::new("cp")
                .arg("-r")
                .arg(from)
                .arg(copy.path().join(module))
                .status();
            assert!(status.unwrap().success());
        }
    }
    let copied = Repo::open(copy.path()).unwrap();
    let again = TreeListing::read(&copied, "/", &PathMatcher::default());
    assert_eq!(again.unwrap().entries, all.entries);
}
