//! Random configurations, and the files that an image must have by them.

use std::collections::BTreeMap;

use e2e::tree::{Kind, Node, Tree};
use e2e::{Random, repo::config_text};

use super::masks::counts;

/// One entry of `git:`.
#[derive(Clone)]
struct Mapping {
    add: &'static str,
    to: &'static str,
    include: Vec<&'static str>,
    exclude: Vec<&'static str>,
    /// What another mapping in the same place keeps this one from taking.
    left_alone: &'static [&'static str],
    user: Option<Owner>,
    group: Option<Owner>,
}

/// As it is written, and the number that it stands for.
type Owner = (&'static str, u64);

/// A configuration whose parts change from commit to commit.
#[derive(Clone)]
pub struct Config {
    salt: String,
    mappings: Vec<Mapping>,
    dependencies: [Vec<&'static str>; 2],
    versions: [u64; 2],
}

/// The places in the image that hold nothing but files of mappings.
pub const ROOTS: [&str; 3] = ["/app", "/srv/lib", "/etc/one.conf"];

/// Masks that match what is always there, alone or with others.
const INCLUDE: [&str; 8] = [
    "**/keep",
    "src",
    "**/*.txt",
    "a",
    "lib/**",
    "*/a/*",
    "src/{a,b}",
    "**/.hidden",
];
/// Masks that leave what is always there.
const EXCLUDE: [&str; 7] = [
    "**/*.log",
    "src/b",
    "a",
    "*/*/c.txt",
    "**/with blank",
    "lib/a*",
    "**/b/**/a",
];
const USERS: [Option<Owner>; 4] = [None, None, Some(("app", 1000)), Some(("7", 7))];
const GROUPS: [Option<Owner>; 4] = [None, None, Some(("web", 2000)), Some(("8", 8))];
const DEPENDENCIES: [&str; 4] = ["src/a", "**/*.txt", "**/keep", "lib"];

impl Config {
    /// Returns the first one. `salt` keeps its stages from those of other runs.
    pub fn new(salt: &str) -> Config {
        let mapping = |add, to| Mapping {
            add,
            to,
            include: Vec::new(),
            exclude: Vec::new(),
            left_alone: &[],
            user: None,
            group: None,
        };
        let whole = Mapping {
            left_alone: &["assets"],
            user: USERS[2],
            ..mapping("/", "/app")
        };
        Config {
            salt: salt.to_owned(),
            mappings: vec![
                whole,
                Mapping {
                    group: GROUPS[3],
                    ..mapping("/lib", "/srv/lib")
                },
                mapping("/assets", "/app/assets"),
                mapping("/one", "/etc/one.conf"),
            ],
            dependencies: [Vec::new(), Vec::new()],
            versions: [0, 0],
        }
    }

    /// Changes something: masks, owners, what stages depend on, or which stage must run again.
    pub fn edit(&mut self, random: &mut Random) {
        let number = random.below(self.mappings.len());
        let mapping = &mut self.mappings[number];
        match random.below(6) {
            // A single file has no masks, and a mask of the inner mapping would make room in the outer one.
            0 if number < 2 => {
                mapping.include.clear();
                if random.one_in(2) {
                    mapping.include = random.some(&INCLUDE, 2);
                    mapping.include.push("**/keep");
                }
            }
            1 if number < 3 => mapping.exclude = random.some(&EXCLUDE, 3),
            2 | 3 => {
                mapping.user = *random.pick(&USERS);
                mapping.group = *random.pick(&GROUPS);
            }
            4 => self.dependencies[random.below(2)] = random.some(&DEPENDENCIES, 2),
            _ => self.versions[random.below(2)] = random.number(),
        }
    }

    /// Returns the text of `werf.yaml`.
    pub fn text(&self) -> String {
        let list = |masks: &[&str]| {
            let quoted: Vec<String> = masks.iter().map(|mask| format!("\"{mask}\"")).collect();
            format!("[{}]", quoted.join(", "))
        };
        let mut text = "image: app\nfrom: busybox:latest\ngit:\n".to_owned();
        for (number, mapping) in self.mappings.iter().enumerate() {
            text.push_str(&format!("- add: {}\n  to: {}\n", mapping.add, mapping.to));
            for (key, masks) in [
                ("includePaths", &mapping.include),
                ("excludePaths", &mapping.exclude),
            ] {
                if !masks.is_empty() {
                    text.push_str(&format!("  {key}: {}\n", list(masks)));
                }
            }
            for (key, owner) in [("owner", mapping.user), ("group", mapping.group)] {
                if let Some((name, _)) = owner {
                    text.push_str(&format!("  {key}: \"{name}\"\n"));
                }
            }
            if number == 0 {
                let [install, setup] = &self.dependencies;
                text.push_str(&format!(
                    "  stageDependencies:\n    install: {}\n    setup: {}\n",
                    list(install),
                    list(setup)
                ));
            }
        }
        let [install, setup] = self.versions;
        config_text(&format!(
            "{text}shell:\n  installCacheVersion: \"{install}\"\n  setupCacheVersion: \"{setup}\"\n  beforeInstall:\n  - echo app:x:1000:1000::/:/bin/sh >> /etc/passwd\n  - \"echo web:x:2000: >> /etc/group\"\n  - \": {}\"\n  install: test -e /app\n  setup: test -e /app\n",
            self.salt
        ))
    }

    /// Returns what must be in these places of an image of the commit with these files.
    pub fn expected(&self, commit: &Tree) -> Tree {
        let mut nodes = BTreeMap::new();
        for mapping in &self.mappings {
            mapping.put(commit, &mut nodes);
        }
        Tree(nodes)
    }
}

impl Mapping {
    fn put(&self, commit: &Tree, nodes: &mut BTreeMap<Vec<u8>, Node>) {
        let to = self.to.trim_matches('/').as_bytes();
        let owner = (
            self.user.map_or(0, |user| user.1),
            self.group.map_or(0, |group| group.1),
        );
        let exclude = [self.exclude.as_slice(), self.left_alone].concat();
        let add = self.add.trim_matches('/').as_bytes();
        for (path, node) in &commit.0 {
            if node.kind == Kind::Directory {
                continue;
            }
            let node = Node {
                owner,
                ..node.clone()
            };
            if path == add {
                nodes.insert(to.to_vec(), node);
                continue;
            }
            let Some(inside) =
                below(path, add).filter(|path| counts(path, &self.include, &exclude))
            else {
                continue;
            };
            let place = [to, b"/", inside].concat();
            for (end, _) in place
                .iter()
                .enumerate()
                .filter(|(end, byte)| **byte == b'/' && *end >= to.len())
            {
                let mode = if end == to.len() { 0o755 } else { 0o775 };
                let kind = Kind::Directory;
                nodes.insert(place[..end].to_vec(), Node { kind, mode, owner });
            }
            nodes.insert(place, node);
        }
    }
}

fn below<'a>(path: &'a [u8], directory: &[u8]) -> Option<&'a [u8]> {
    if directory.is_empty() {
        return Some(path);
    }
    path.strip_prefix(directory)?.strip_prefix(b"/")
}
