//! Objects of a repository as PLAN reads them: trees, commits, tags, and files that are no objects at all.
//!
//! The first byte of an input says what the rest is. What has an id gets it, as whoever writes a repository can have it.

use std::fs;
use std::path::Path;

use gix::objs::{Kind, Write as _};
use masks::mask::PathMatcher;
use werf_frontend::git::repo::Repo;
use werf_frontend::git::tree::TreeListing;

const TREE: u8 = b't';
const COMMIT: u8 = b'c';
const TAG: u8 = b'a';
const RAW: u8 = b'r';
const HEAD: u8 = b'h';

/// Reads the repository that an input describes; the entries of what is listed can be written.
pub fn objects(data: &[u8]) {
    let Some((&what, rest)) = data.split_first() else {
        return;
    };
    let temp = tempfile::tempdir().expect("a temporary directory");
    let repo = gix::init_bare(temp.path()).expect("a repository");
    let write = |kind, data: &[u8]| repo.write_buf(kind, data).expect("write an object");
    let tree = write(Kind::Tree, if what == TREE { rest } else { b"" });
    let commit = match what {
        COMMIT => write(Kind::Commit, rest),
        _ => write(
            Kind::Commit,
            format!("tree {tree}\n{PEOPLE}\nm\n").as_bytes(),
        ),
    };
    let head = match what {
        TAG => write(Kind::Tag, rest),
        _ => commit,
    };
    if what == RAW {
        let hex = tree.to_string();
        let object = temp.path().join("objects").join(&hex[..2]).join(&hex[2..]);
        fs::remove_file(&object).expect("remove an object");
        fs::write(object, rest).expect("write a file");
    }
    write_head(
        temp.path(),
        &head.to_string(),
        (what == HEAD).then_some(rest),
    );
    let Ok(repo) = Repo::open(temp.path()) else {
        return;
    };
    let _ = repo.author_time();
    let everything = PathMatcher::new(Vec::new(), Vec::new());
    if let Ok(listing) = TreeListing::read(&repo, "/", &everything) {
        for entry in &listing.entries {
            let path = entry.path.as_bytes();
            assert!(
                path.split(|byte| *byte == b'/').all(is_plain),
                "{}",
                path.escape_ascii()
            );
        }
        assert!(
            listing
                .entries
                .is_sorted_by(|a, b| a.path.as_bytes() < b.path.as_bytes())
        );
    }
}

const PEOPLE: &str =
    "author A <a@example.org> 1714564800 +0000\ncommitter A <a@example.org> 1714564800 +0000\n";
/// The id of no content.
const EMPTY_BLOB: [u8; 20] = [
    0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2,
    0xe4, 0x8c, 0x53, 0x91,
];

/// Inputs of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let entry =
        |mode: &str, name: &str| [format!("{mode} {name}\0").as_bytes(), &EMPTY_BLOB].concat();
    let tree = [
        entry("100644", "a"),
        entry("100755", "b.sh"),
        entry("120000", "link"),
        entry("160000", "sub"),
    ];
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let of = |what: u8, rest: &[u8]| [&[what], rest].concat();
    vec![
        of(TREE, &tree.concat()),
        of(
            COMMIT,
            format!("tree {id}\nparent {id}\n{PEOPLE}encoding x\n\nm\n").as_bytes(),
        ),
        of(
            TAG,
            format!("object {id}\ntype commit\ntag t\ntagger A <a> 1 +0000\n\nm\n").as_bytes(),
        ),
        of(RAW, b"x\x9c+)JMU0`\0\0\x08\x8c\x01\xb9"),
        of(HEAD, b"ref: refs/heads/main\n"),
    ]
}

/// Writes what names the commit: HEAD itself, or a branch.
fn write_head(git_dir: &Path, id: &str, text: Option<&[u8]>) {
    let branch = git_dir.join("refs/heads/main");
    fs::create_dir_all(branch.parent().expect("a directory")).expect("make a directory");
    fs::write(branch, format!("{id}\n")).expect("write a branch");
    fs::write(
        git_dir.join("HEAD"),
        text.unwrap_or(b"ref: refs/heads/main\n"),
    )
    .expect("write HEAD");
}

/// Whether a name stays in its directory, and is none that belongs to git.
fn is_plain(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..")
        && !name.contains(&0)
        && name.len() <= 255
        && !name.eq_ignore_ascii_case(b".git")
}
