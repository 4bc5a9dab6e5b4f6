//! Random commits, written with `git fast-import`.

use std::collections::BTreeMap;

use e2e::{Random, Repo};

use super::config::Config;

/// What a path of a commit can be.
#[derive(Clone)]
struct File {
    /// As git writes it: 100644, 100755 or 120000.
    mode: &'static str,
    data: Vec<u8>,
}

type Files = BTreeMap<Vec<u8>, File>;

/// All commits so far, and those that the repository does not have yet.
pub struct History {
    files: Files,
    commits: Vec<(Files, Config)>,
    /// The stream of commits to be imported.
    pending: Vec<u8>,
    /// The mark of the commit that the next one follows.
    head: usize,
    /// The marks given.
    marks: usize,
}

/// Directories at the root, each with a file `keep` that stays.
const TOP: [&str; 3] = ["src", "lib", "assets"];
const NAMES: [&[u8]; 11] = [
    b"a",
    b"b",
    b"ab",
    b"c.txt",
    b"d.log",
    b".hidden",
    b"with blank",
    b"qu\"ote's\\",
    b"new\nline",
    b"\xff\xfe",
    "é".as_bytes(),
];
const TARGETS: [&[u8]; 6] = [
    b"a",
    b"../b",
    b"/etc/passwd",
    b"/",
    b"nowhere at all",
    b"\xff",
];

impl History {
    /// Returns the history of a repository with one commit.
    pub fn new(repo: &Repo, config: &Config, random: &mut Random) -> History {
        let mut files = Files::new();
        let plain = |data: &str| File {
            mode: "100644",
            data: data.as_bytes().to_vec(),
        };
        for top in TOP {
            files.insert(format!("{top}/keep").into_bytes(), plain(top));
        }
        files.insert(b"one".to_vec(), plain("one"));
        let mut history = History {
            files,
            commits: Vec::new(),
            pending: Vec::new(),
            head: 0,
            marks: 0,
        };
        for _ in 0..80 {
            history.put(random_path(random), random_file(random));
        }
        history.commit(config);
        history.write_to(repo);
        history
    }

    /// Changes one thing: adds, changes, makes executable or not, renames, deletes, changes the type.
    pub fn edit(&mut self, random: &mut Random) {
        let known: Vec<Vec<u8>> = self
            .files
            .keys()
            .filter(|path| is_free(path))
            .cloned()
            .collect();
        let some = (!known.is_empty()).then(|| random.pick(&known).clone());
        match (random.below(20), some) {
            (0..=1, Some(path)) => drop(self.files.remove(&path)),
            (2, Some(path)) => {
                let directory =
                    path[..path.iter().rposition(|&byte| byte == b'/').unwrap_or(0)].to_vec();
                self.files.retain(|other, _| {
                    !is_free(other) || directory.is_empty() || !is_below(other, &directory)
                });
            }
            (3..=4, Some(path)) => {
                let file = self.files.remove(&path).expect("it was listed");
                self.put(random_path(random), file);
            }
            (5..=6, Some(path)) => {
                let file = self.files.get_mut(&path).expect("it was listed");
                file.mode = match file.mode {
                    "100644" => "100755",
                    "100755" => "100644",
                    other => other,
                };
            }
            (7..=9, Some(path)) => self.put(path, random_file(random)),
            (10..=11, Some(path)) => self.put([&path, &b"/a"[..]].concat(), random_file(random)),
            (12, _) => {
                let path = if random.one_in(2) {
                    "one".to_owned()
                } else {
                    format!("{}/keep", random.pick(&TOP))
                };
                let data = random.number().to_string().into_bytes();
                let mode = if random.one_in(2) { "100644" } else { "100755" };
                self.files.insert(path.into_bytes(), File { mode, data });
            }
            _ => self.put(random_path(random), random_file(random)),
        }
    }

    /// Puts a file where it makes room for itself.
    fn put(&mut self, path: Vec<u8>, file: File) {
        self.files
            .retain(|other, _| !is_below(other, &path) && !is_below(&path, other));
        self.files.insert(path, file);
    }

    /// Commits the files with this configuration.
    pub fn commit(&mut self, config: &Config) {
        self.marks += 1;
        let mark = self.marks;
        let time = 1_714_564_800 + mark;
        let parent = match self.head {
            0 => String::new(),
            head => format!("from :{head}\n"),
        };
        self.say(&format!(
            "commit refs/heads/main\nmark :{mark}\ncommitter Ada <ada@example.org> {time} +0000\ndata 0\n{parent}deleteall\n"
        ));
        let mut files = self.files.clone();
        let data = config.text().into_bytes();
        let mode = "100644";
        files.insert(b"werf.yaml".to_vec(), File { mode, data });
        for (path, file) in &files {
            let (mode, length) = (file.mode, file.data.len());
            self.say(&format!(
                "M {mode} inline {}\ndata {length}\n",
                quoted(path)
            ));
            self.pending.extend(&file.data);
            self.say("\n");
        }
        self.say("\n");
        self.head = mark;
        self.commits.push((self.files.clone(), config.clone()));
    }

    /// Makes an old commit the one to build and to go on from, and returns its configuration.
    pub fn go_back(&mut self, random: &mut Random) -> Config {
        let number = random.below(self.commits.len());
        let (files, config) = self.commits[number].clone();
        self.files = files;
        self.head = number + 1;
        self.say(&format!("reset refs/heads/main\nfrom :{}\n\n", self.head));
        config
    }

    fn say(&mut self, text: &str) {
        self.pending.extend(text.as_bytes());
    }

    /// Writes the commits into the repository.
    pub fn write_to(&mut self, repo: &Repo) {
        let arguments = [
            "fast-import",
            "--quiet",
            "--force",
            "--import-marks-if-exists=.git/test-marks",
            "--export-marks=.git/test-marks",
        ];
        repo.run(&arguments, &std::mem::take(&mut self.pending));
    }
}

fn random_path(random: &mut Random) -> Vec<u8> {
    let mut path = Vec::new();
    if !random.one_in(4) {
        path.extend(random.pick(&TOP).as_bytes());
    }
    for _ in 0..=random.below(3) {
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend(*random.pick(&NAMES));
    }
    path
}

fn random_file(random: &mut Random) -> File {
    let mode = *random.pick(&["100644", "100644", "100755", "120000"]);
    let data = match mode {
        "120000" => random.pick(&TARGETS).to_vec(),
        _ if random.one_in(8) => Vec::new(),
        _ if random.one_in(8) => random.number().to_le_bytes().repeat(random.below(20_000)),
        _ => random.number().to_string().into_bytes(),
    };
    File { mode, data }
}

/// Whether a path may go: all but those that keep a mapping from matching nothing.
fn is_free(path: &[u8]) -> bool {
    path != b"one"
        && !TOP
            .iter()
            .any(|top| path == format!("{top}/keep").as_bytes())
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.first() == Some(&b'/'))
}

/// As `git fast-import` reads a path with any bytes.
fn quoted(path: &[u8]) -> String {
    let mut quoted = "\"".to_owned();
    for byte in path {
        quoted.push_str(&format!("\\{byte:03o}"));
    }
    quoted.push('"');
    quoted
}
