//! The repository that is built, and what is right of an image of it.

use std::path::Path;

use anyhow::Result;
use e2e::tree::Kind;
use e2e::{Random, Repo, Tree};

/// How many files there are besides `a` and `werf.yaml`.
const FILES: usize = 120;

/// A repository whose image tells whether it is right.
pub struct Project {
    repo: Repo,
    frontend: String,
    salt: String,
    commits: u32,
}

impl Project {
    /// Makes one with a commit, whose stages nobody has built.
    pub fn new(frontend: &str, random: &mut Random) -> Project {
        let project = Project {
            repo: Repo::new(),
            frontend: frontend.to_owned(),
            salt: e2e::salt(),
            commits: 0,
        };
        let mut project = project;
        project.commit(random);
        project
    }

    /// Returns another clone of it with a history of its own.
    pub fn another(&self) -> Project {
        Project {
            repo: Repo::clone_of(&self.repo, &[]),
            frontend: self.frontend.clone(),
            salt: self.salt.clone(),
            commits: self.commits,
        }
    }

    /// Has its stages be others than before.
    pub fn renew(&mut self) {
        self.salt = e2e::salt();
    }

    /// Returns the root of the work tree.
    pub fn path(&self) -> &Path {
        self.repo.path()
    }

    /// Returns the repository.
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// Commits other files; two times of three also what a stage depends on. Now and then most files change, so that there is a
    /// `gitCache`.
    pub fn commit(&mut self, random: &mut Random) {
        self.change(random);
        self.repo.commit("a round");
    }

    /// Changes files without a commit.
    pub fn change(&mut self, random: &mut Random) {
        self.commits += 1;
        self.repo.write("werf.yaml", self.config());
        if self.commits == 1 || !random.one_in(3) {
            self.repo.write("a", format!("{}\n", random.number()));
        }
        let once_in = if self.commits == 1 || random.one_in(3) {
            1
        } else {
            20
        };
        for number in 0..FILES {
            if random.one_in(once_in) {
                let line = format!("{} {number}\n", random.number());
                let content = line.repeat(1 + random.below(2000));
                self.repo
                    .write(&format!("many/{}/{number}", number % 7), content);
            }
        }
    }

    fn config(&self) -> String {
        format!(
            "# syntax={}\nproject: torture\nconfigVersion: 1\n---\n\
             image: app\nfrom: busybox:latest\n\
             git:\n- add: /\n  to: /app\n  excludePaths: [werf.yaml]\n  stageDependencies:\n    install: [a]\n\
             shell:\n  beforeInstall:\n  - \": {}\"\n  - echo before > /before\n\
             \x20 install:\n  - echo half > /state\n  - sleep 1\n  - test $(cat /state) = half\n  - echo whole > /state\n  - cp /app/a /seen\n\
             \x20 setup: cp /app/a /copy\n",
            self.frontend, self.salt
        )
    }

    /// Says whether these are the files of an image of the commit.
    ///
    /// # Errors
    /// What differs.
    pub fn check(&self, tree: &Tree) -> Result<(), String> {
        let mut wanted = self.repo.archive();
        wanted.0.remove(&b"werf.yaml"[..]);
        for node in wanted.0.values_mut() {
            // As in werf, and not as in an archive (`docs/store.md`).
            if node.kind == Kind::Directory {
                node.mode = 0o775;
            }
        }
        let below: Vec<(Vec<u8>, _)> = tree
            .at("app")
            .0
            .into_iter()
            .filter_map(|(path, node)| Some((path.strip_prefix(b"app/")?.to_vec(), node)))
            .collect();
        let mut differences = Tree(below.into_iter().collect()).differences(&wanted);
        let a = wanted.text("a");
        for (path, right) in [
            ("/before", Some("before\n".to_owned())),
            ("/state", Some("whole\n".to_owned())),
            ("/seen", a.clone()),
            ("/copy", a),
        ] {
            let found = tree.text(path);
            if found != right {
                differences.push_str(&format!("  {path}: is {found:?}, not {right:?}\n"));
            }
        }
        if differences.is_empty() {
            Ok(())
        } else {
            let cut = differences
                .char_indices()
                .nth(1000)
                .map_or(differences.len(), |(at, _)| at);
            Err(format!("the image is wrong:\n{}", &differences[..cut]))
        }
    }
}
