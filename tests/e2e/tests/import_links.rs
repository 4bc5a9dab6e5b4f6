//! Links of all kinds under masks of imports, against a reference that knows nothing of BuildKit.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;

use e2e::tree::{Kind, Tree};
use e2e::{Build, Random, Repo};

const NAMES: [&str; 4] = ["a", "b", "c", "lib"];
/// To a sibling, to nowhere, to a directory above, in circles, absolute, out of what is imported.
const TARGETS: [&str; 11] = [
    "a",
    "b",
    "c",
    "lib",
    "nowhere",
    "..",
    ".",
    "/etc/passwd",
    "/o/a",
    "/o/lib",
    "../../../etc",
];
/// Of two files one usually has the content of the other: what links lead to must not be all that counts.
const CONTENTS: [&str; 2] = ["same\n", "other\n"];
const MASKS: [&str; 10] = [
    "a", "lib", "lib/a", "*", "**/a", "*/b", "lib/**", "**/*", "[ab]", "nothing",
];
/// Where the files are, and two links to it, one behind another.
const PLACES: [&str; 3] = ["/o", "/way", "/deep/way"];
const IMPORTS: usize = 5;

/// Makes a tree of files, links and directories, and returns it without the directories.
fn fill(random: &mut Random, root: &Path, below: &str, files: &mut BTreeMap<String, Kind>) {
    for name in NAMES {
        let path = format!("{below}{name}");
        match random.below(8) {
            0 => {}
            1 | 2 if below.len() < 8 => {
                std::fs::create_dir_all(root.join(&path)).unwrap();
                fill(random, root, &format!("{path}/"), files);
            }
            3..=5 => {
                let target = *random.pick(&TARGETS);
                symlink(target, root.join(&path)).unwrap();
                files.insert(path, Kind::Symlink(target.into()));
            }
            _ => {
                let content = *random.pick(&CONTENTS);
                std::fs::write(root.join(&path), content).unwrap();
                files.insert(path, Kind::File(content.into()));
            }
        }
    }
}

/// Turns some links elsewhere, and some into files of the content that others have.
fn turn(random: &mut Random, root: &Path, files: &mut BTreeMap<String, Kind>) {
    for (path, kind) in files.iter_mut() {
        if !matches!(kind, Kind::Symlink(_)) || !random.one_in(2) {
            continue;
        }
        std::fs::remove_file(root.join(path)).unwrap();
        if random.one_in(4) {
            std::fs::write(root.join(path), CONTENTS[0]).unwrap();
            *kind = Kind::File(CONTENTS[0].into());
        } else {
            let target = *random.pick(&TARGETS);
            symlink(target, root.join(path)).unwrap();
            *kind = Kind::Symlink(target.into());
        }
    }
}

/// Whether a mask names `path` or a directory above it.
fn names(mask: &str, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let mask: Vec<&str> = mask.split('/').collect();
    (1..=parts.len()).any(|length| matches(&mask, &parts[..length]))
}

fn matches(mask: &[&str], path: &[&str]) -> bool {
    let Some((first, rest)) = mask.split_first() else {
        return path.is_empty();
    };
    if *first == "**" {
        return (0..=path.len()).any(|skipped| matches(rest, &path[skipped..]));
    }
    let Some((name, below)) = path.split_first() else {
        return false;
    };
    let fits = match *first {
        "*" => true,
        "[ab]" => *name == "a" || *name == "b",
        plain => plain == *name,
    };
    fits && matches(rest, below)
}

/// One import: its directory, which may be named by a link, and its masks.
struct Import {
    add: &'static str,
    include: Vec<&'static str>,
    exclude: Vec<&'static str>,
}

impl Import {
    fn some(random: &mut Random) -> Import {
        let mut import = Import {
            add: PLACES[random.below(PLACES.len())],
            include: random.some(&MASKS, 4),
            exclude: random.some(&MASKS, 5),
        };
        // An import of everything is another path through the code, and has tests of its own.
        if import.include.is_empty() && import.exclude.is_empty() {
            import.exclude.push("nothing");
        }
        import
    }

    fn text(&self, number: usize) -> String {
        let list = |masks: &[&str]| {
            let quoted: Vec<String> = masks.iter().map(|mask| format!("'{mask}'")).collect();
            quoted.join(", ")
        };
        format!(
            "- {{image: src, add: {}, to: /in/{number}, before: setup, includePaths: [{}], excludePaths: [{}]}}\n",
            self.add,
            list(&self.include),
            list(&self.exclude)
        )
    }

    fn selects(&self, path: &str) -> bool {
        let any = |masks: &[&str]| masks.iter().any(|mask| names(mask, path));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// Returns the files and links of `tree` below `top`.
fn leaves(tree: &Tree, top: &str) -> BTreeMap<String, Kind> {
    let mut leaves = BTreeMap::new();
    for (path, node) in tree.at(top).0 {
        let path = String::from_utf8(path).unwrap();
        if let Some(below) = path.strip_prefix(&format!("{top}/"))
            && node.kind != Kind::Directory
        {
            leaves.insert(below.to_owned(), node.kind);
        }
    }
    leaves
}

#[test]
fn links_under_masks_are_links_and_count_as_links() {
    let mut random = Random::seeded(7);
    let salt = e2e::salt();
    for tree in 0..3 {
        let imports: Vec<Import> = (0..IMPORTS).map(|_| Import::some(&mut random)).collect();
        let lines: Vec<String> = (0..IMPORTS).map(|it| imports[it].text(it)).collect();
        let repo = Repo::with_config(&format!(
            "image: src\nfrom: busybox:latest\nfinal: false\ngit: [{{add: /files, to: /o}}]\nshell:\n  beforeInstall: ': {salt}; ln -s /o /way; mkdir -p /x/deep; ln -s /x/deep /deep; ln -s ../../way /x/deep/way'\n---\nimage: app\nfrom: busybox:latest\nimport:\n{}shell: {{setup: cp -a /in /copy}}\n",
            lines.concat()
        ));
        let root = repo.join("files");
        let mut files = BTreeMap::new();
        std::fs::create_dir(&root).unwrap();
        std::fs::write(root.join("always"), "here\n").unwrap();
        files.insert("always".to_owned(), Kind::File("here\n".into()));
        fill(&mut random, &root, "", &mut files);
        for round in 0..3 {
            if round > 0 {
                turn(&mut random, &root, &mut files);
            }
            repo.git(&["add", "--all"]);
            repo.git(&["commit", "--quiet", "--allow-empty", "-m", "a round"]);
            let (_, image) = Build::of(&repo).args(["--target", "app"]).tree();
            for (number, import) in imports.iter().enumerate() {
                let selected = files.iter().filter(|(path, _)| import.selects(path));
                let expected: BTreeMap<String, Kind> = selected
                    .map(|(path, kind)| (path.clone(), kind.clone()))
                    .collect();
                for top in ["in", "copy"] {
                    assert_eq!(
                        leaves(&image, &format!("{top}/{number}")),
                        expected,
                        "tree {tree}, round {round}, /{top}: {}of {files:#?}",
                        lines[number]
                    );
                }
            }
        }
    }
}

#[test]
fn the_reference_knows_masks() {
    for (mask, path, expected) in [
        ("lib", "lib/a/b", true),
        ("lib", "a/lib", false),
        ("**/a", "a", true),
        ("**/a", "b/c/a/x", true),
        ("*/b", "a/b", true),
        ("*/b", "b", false),
        ("lib/**", "lib/x", true),
        ("[ab]", "c", false),
    ] {
        assert_eq!(names(mask, path), expected, "{mask} {path}");
    }
}
