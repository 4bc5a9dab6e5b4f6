use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::git::fixture::Fixture;

use super::*;

fn masks(texts: &[&str]) -> Vec<Mask> {
    texts.iter().map(|text| Mask::new(text).unwrap()).collect()
}

fn read(fixture: &Fixture, add: &str, include: &[&str]) -> Result<TreeListing, ListingError> {
    let repo = Repo::open(&fixture.git_dir()).unwrap();
    TreeListing::read(&repo, add, &PathMatcher::new(masks(include), Vec::new()))
}

/// The message and the hint, with the commit replaced.
fn refusal(fixture: &Fixture, add: &str, include: &[&str]) -> String {
    let error = read(fixture, add, include).unwrap_err();
    let text = format!("{error}; {}", error.hint().unwrap_or_default());
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    text.replace(&commit, "COMMIT")
        .replace(&commit[..8], "COMMIT")
}

#[test]
fn a_single_file_is_listed_by_its_name() {
    let fixture = Fixture::with(&[("a/b.txt", "x")]);
    fixture.link("b.txt", "a/link");
    fixture.commit();
    for (add, name, kind) in [
        ("/a/b.txt", "b.txt", FileKind::File),
        ("a/b.txt", "b.txt", FileKind::File),
        ("/a/link", "link", FileKind::Symlink),
    ] {
        let listing = read(&fixture, add, &["**/*"]).unwrap();
        assert_eq!(listing.shape, Shape::File);
        assert_eq!(listing.entries[0].path.to_string(), name);
        assert_eq!(listing.entries[0].kind, kind);
        let files: Vec<usize> = listing
            .checksums(&masks(&["*", "b.txt"]))
            .iter()
            .map(|sum| sum.files)
            .collect();
        assert_eq!(files, [1, 0]);
    }
}

#[test]
fn an_add_that_names_nothing_says_so_and_what_is_near() {
    let fixture = Fixture::with(&[("frontend/src/app.js", ""), ("README.md", ""), ("b/c", "")]);
    fixture.link("frontend", "link");
    fixture.commit();
    for (add, include, wanted) in [
        (
            "/fronted",
            &[][..],
            "`git.add: /fronted` is not in commit COMMIT; did you mean `/frontend`?",
        ),
        (
            "/frontend/scr",
            &[],
            "`git.add: /frontend/scr` is not in commit COMMIT; did you mean `/frontend/src`?",
        ),
        (
            "/readme.MD",
            &[],
            "`git.add: /readme.MD` is not in commit COMMIT; did you mean `/README.md`?",
        ),
        (
            "/x",
            &[],
            "`git.add: /x` is not in commit COMMIT; commit it, or correct the path, which starts at the root \
             of the work tree",
        ),
        (
            "/README.md/x",
            &[],
            "`git.add: /README.md/x` is not there: `/README.md` is a file; give the path of a file or directory \
             of the commit itself",
        ),
        (
            "/link/src",
            &[],
            "`git.add: /link/src` is not there: `/link` is a symbolic link, which is not followed; give the path \
             of a file or directory of the commit itself",
        ),
        (
            "/../x",
            &[],
            "`git.add: /../x` is no path of a commit: a component is `.` or `..`; give the path of a file or \
             directory of the commit itself",
        ),
        (
            "/frontend",
            &["*.css"],
            "`git.add: /frontend` matches no files of commit COMMIT, and a git mapping needs at least one; check \
             `includePaths` and `excludePaths`, whose masks are relative to `add`, and that the files are committed",
        ),
        (
            "/README.md",
            &["README.md"],
            "`git.add: /README.md` matches no files of commit COMMIT, and a git mapping needs at least one; \
             `add` is a single file, so leave `includePaths` and `excludePaths` out",
        ),
    ] {
        assert_eq!(refusal(&fixture, add, include), wanted);
    }
}

#[test]
fn content_path_and_mode_count_and_nothing_else_does() {
    let fixture = Fixture::with(&[("src/a.js", "1"), ("src/b.js", "2"), ("other", "3")]);
    let sum = || {
        let listing = read(&fixture, "/", &[]).unwrap();
        let sum = listing.checksums(&masks(&["src/*.js"])).remove(0);
        sum.sha256.map(|byte| format!("{byte:02x}")).concat()
    };
    // Changing this literal rebuilds every stage with dependencies: say so in the changelog.
    let mut seen = vec![sum()];
    assert_eq!(
        seen[0],
        "87e3c4ffdc313c2dd2c42a81119347e6316d81dc8befeabdd38aeb182ea0d272"
    );
    fixture.write("other", "4");
    fixture.commit();
    assert_eq!(sum(), seen[0]);
    for change in [
        &["mv", "src/b.js", "src/c.js"][..],
        &["update-index", "--chmod=+x", "src/a.js"],
        &["rm", "--quiet", "src/c.js"],
        &["mv", "src/a.js", "src/z.js"],
    ] {
        fixture.git(change);
        fixture.git(&["commit", "--quiet", "-m", "a change"]);
        assert!(!seen.contains(&sum()), "{change:?}");
        seen.push(sum());
    }
    let listing = read(&fixture, "/src", &[]).unwrap();
    let same = listing.checksums(&masks(&["*.js", "./z.js/", "**/*"]));
    assert!(
        same.iter()
            .all(|other| other.sha256 == same[0].sha256 && other.files == 1)
    );
    let none = &listing.checksums(&masks(&["*.css"]))[0];
    assert_eq!((none.files, none.mask.as_str()), (0, "*.css"));
}

#[test]
fn a_submodule_that_cannot_be_read_is_named() {
    let inner = Fixture::with(&[("x", "x")]);
    let fixture = Fixture::with(&[("a", "a")]);
    let url = inner.path().to_str().unwrap();
    let allow = "protocol.file.allow=always";
    fixture.git(&[
        "-c",
        allow,
        "submodule",
        "--quiet",
        "add",
        "--name",
        "lib",
        url,
        "vendor/lib",
    ]);
    fixture.commit();
    let commit = inner.git(&["rev-parse", "HEAD"]);
    assert_eq!(read(&fixture, "/", &["vendor"]).unwrap().entries.len(), 1);

    for (add, shape, path) in [
        ("/vendor/lib", Shape::Directory, "x"),
        ("/vendor/lib/", Shape::Directory, "x"),
        ("/vendor/lib/x", Shape::File, "x"),
        ("/vendor", Shape::Directory, "lib/x"),
    ] {
        let listing = read(&fixture, add, &[]).expect("a listing");
        assert_eq!(listing.shape, shape, "{add}");
        assert_eq!(listing.entries[0].path.to_string(), path, "{add}");
        assert_eq!(listing.entries[0].submodule, Some(0), "{add}");
        assert_eq!(listing.submodules[0].path.to_string(), "vendor/lib");
    }
    assert!(refusal(&fixture, "/vendor/lib/y", &[]).contains("is not in commit"));
    tally::refused(1);

    let module = fixture.git_dir().join("modules/lib");
    std::fs::rename(&module, fixture.path().join("away")).unwrap();
    let text = refusal(&fixture, "/", &[]);
    for add in ["/vendor/lib", "/vendor/lib/x", "/vendor"] {
        assert_eq!(refusal(&fixture, add, &[]), text, "{add}");
    }
    assert!(
        text.starts_with(&format!(
            "commit {commit} of submodule `lib` (`vendor/lib`) is not in the repository; run `git submodule update \
             --init --recursive`"
        )),
        "{text}"
    );
    read(&fixture, "/", &["a"]).expect("a submodule that does not count is not needed");

    let list = fixture.path().join(".gitmodules");
    let text = std::fs::read_to_string(&list).unwrap();
    for (from, to, wanted) in [
        (
            "\"lib\"",
            "\"../../lib\"",
            "has a name that is no path below `.git/modules`",
        ),
        (
            "vendor/lib",
            "vendor/other",
            "has none with `path = vendor/lib`",
        ),
        ("[submodule", "[sub[module", "read `.gitmodules`"),
    ] {
        std::fs::write(&list, text.replace(from, to)).unwrap();
        fixture.git(&["add", ".gitmodules"]);
        fixture.git(&["commit", "--quiet", "-m", "a change"]);
        let refusal = refusal(&fixture, "/", &[]);
        assert!(refusal.contains(wanted), "{refusal}");
    }
}

/// Writes an object that `git` would refuse to make, and returns its id.
fn hash_object(fixture: &Fixture, kind: &str, content: &[u8]) -> String {
    let mut git = Command::new("git")
        .args(["hash-object", "-t", kind, "-w", "--stdin", "--literally"])
        .current_dir(fixture.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    git.stdin.take().unwrap().write_all(content).unwrap();
    let output = git.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes the commit of a tree with these entries, all of one blob or tree.
fn commit_tree(fixture: &Fixture, entries: &[(&str, &[u8], &str)]) -> String {
    let mut tree = Vec::new();
    for (mode, name, id) in entries {
        tree.extend([mode.as_bytes(), b" ", name, b"\0"].concat());
        let digits = (0..id.len()).step_by(2);
        tree.extend(digits.map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
    }
    let id = hash_object(fixture, "tree", &tree);
    let commit = fixture.git(&["commit-tree", &id, "-m", "hostile"]);
    fixture.git(&["update-ref", "HEAD", &commit]);
    id
}

#[test]
fn trees_that_must_not_be_written_are_refused() {
    let fixture = Fixture::with(&[("a", "x")]);
    let blob = &fixture.git(&["rev-parse", "HEAD:a"])[..];
    let tree = &fixture.git(&["rev-parse", "HEAD^{tree}"])[..];
    for (entries, wanted) in [
        (
            &[("100644", &b".."[..], blob)][..],
            "a component is `.` or `..`",
        ),
        (&[("40000", b".git", tree)], "a component is `.git`"),
        (&[("40000", b".GIT", tree)], "a component is `.git`"),
        (&[("100644", b"a/b", blob)], "a name holds a slash"),
        (&[("100644", b"", blob)], "a component is empty"),
        (
            &[("100644", b"a", blob), ("100644", b"a", blob)],
            "twice or out of order",
        ),
        (
            &[("100644", b"b", blob), ("100644", b"a", blob)],
            "twice or out of order",
        ),
        (
            &[
                ("100644", b"a", blob),
                ("100644", b"a-b", blob),
                ("40000", b"a", tree),
            ],
            "twice or out of order",
        ),
        (&[("40000", b"a", blob)], "read tree"),
    ] {
        tally::refused(1);
        commit_tree(&fixture, entries);
        let text = refusal(&fixture, "/", &[]);
        assert!(text.contains(wanted), "{text}");
    }
}

#[test]
fn a_few_objects_that_describe_more_files_than_there_are_are_refused() {
    let fixture = Fixture::with(&[("a", "x")]);
    let blob = fixture.git(&["rev-parse", "HEAD:a"]);
    let names: Vec<[u8; 1]> = (b'a'..=b'z').map(|byte| [byte]).collect();
    let mut id = commit_tree(&fixture, &[("100644", b"a", &blob)]);
    for _ in 0..6 {
        let entries: Vec<(&str, &[u8], &str)> = names
            .iter()
            .map(|name| ("40000", &name[..], &id[..]))
            .collect();
        id = commit_tree(&fixture, &entries);
    }
    read(&fixture, "/a/b/c/d/e/f/a", &[]).unwrap();
    tally::refused(1);
    let text = refusal(&fixture, "/", &[]);
    assert!(text.contains("00000 files and directories"), "{text}");
}

#[test]
fn a_path_that_no_system_call_takes_is_refused() {
    let fixture = Fixture::with(&[("a", "x")]);
    let mut id = fixture.git(&["rev-parse", "HEAD^{tree}"]);
    for _ in 0..21 {
        id = commit_tree(&fixture, &[("40000", &[b'd'; 200], &id)]);
    }
    tally::refused(1);
    let text = refusal(&fixture, "/", &[]);
    assert!(text.contains("more than 4095 bytes"), "{text}");
}

#[test]
#[ignore = "makes 100,000 files; run it with `--release`"]
fn a_hundred_thousand_files_are_listed_in_a_moment() {
    let fixture = Fixture::unborn();
    // A commit of this many objects starts it in the background, and then `git gc` refuses.
    fixture.git(&["config", "maintenance.auto", "false"]);
    for directory in 0..1000 {
        for file in 0..100 {
            let path = format!("pkg{:02}/mod{directory}/file-{file}.txt", directory % 100);
            fixture.write(&path, format!("{directory}/{file}"));
        }
    }
    fixture.commit();
    fixture.git(&["gc", "--quiet"]);
    let repo = Repo::open(&fixture.git_dir()).unwrap();
    let depends = masks(&["pkg07", "**/file-1.txt", "pkg*/mod9*/*.txt"]);
    for (include, exclude) in [
        (&[][..], &[][..]),
        (&["pkg*"], &["**/*.md", "**/node_modules", "docs"]),
        (&["**/file-7.txt"], &[]),
    ] {
        let matcher = PathMatcher::new(masks(include), masks(exclude));
        // The best of a few: what else the machine does is not measured.
        let runs = (0..7).map(|_| {
            let start = Instant::now();
            let listing = TreeListing::read(&repo, "/", &matcher).unwrap();
            let listed = start.elapsed();
            assert_eq!(listing.checksums(&depends).len(), 3);
            listed.max(start.elapsed().saturating_sub(listed))
        });
        let best = runs.min().unwrap();
        let limit = if cfg!(debug_assertions) { 5000 } else { 50 };
        assert!(best.as_millis() < limit, "{best:?}");
    }
}

#[test]
fn a_link_that_cannot_be_written_is_refused_with_its_path() {
    for (content, why) in [
        (Vec::new(), "it leads nowhere"),
        (
            vec![b'a'; 4096],
            "it has 4096 bytes, and a link can have 4095",
        ),
        (b"a\0b".to_vec(), "it holds a NUL"),
    ] {
        let fixture = Fixture::with(&[("a", "x")]);
        fixture.write("content", &content);
        let id = fixture.git(&["hash-object", "-w", "content"]);
        let entry = format!("120000,{id},dir/link");
        fixture.git(&["update-index", "--add", "--cacheinfo", &entry]);
        fixture.git(&["commit", "--quiet", "--message", "m"]);
        tally::refused(1);
        let error = refusal(&fixture, "/", &[]);
        assert!(
            error.starts_with(&format!("`dir/link` is no link that can be written: {why}")),
            "{error}"
        );
        assert!(read(&fixture, "/", &["a"]).is_ok(), "it is not taken");
    }
}
