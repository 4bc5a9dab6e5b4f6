//! A repository with a project in it, and what is done to it before a command runs.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::{git, told};

const RULES: &str = "giterminismConfigVersion: \"1\"\n";
pub const META: &str = "configVersion: 1\nproject: none\n---\n";

/// What a command did.
pub struct Outcome {
    pub succeeded: bool,
    pub out: String,
    pub err: String,
}

/// A repository in a directory of its own, so that nothing is above it but an empty directory.
pub struct Project {
    directory: TempDir,
    /// The project's directory in the repository, empty or ending with a slash.
    below: &'static str,
    rules: String,
}

impl Project {
    /// An empty repository whose project is in `below`.
    pub fn empty(below: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let project = Self {
            directory,
            below,
            rules: RULES.to_owned(),
        };
        fs::create_dir_all(project.root().join(below)).unwrap();
        git(&project.root(), &["init", "--quiet"]);
        project.git(&["commit", "--quiet", "--allow-empty", "--message", "m"]);
        project
    }

    /// A repository with rules that allow nothing.
    pub fn ruled(below: &'static str) -> Self {
        let project = Self::empty(below);
        project.committed("werf-giterminism.yaml", RULES);
        project
    }

    /// The same with this configuration behind the meta section.
    pub fn with_images(text: &str) -> Self {
        let project = Self::ruled("");
        project.committed("werf.yaml", &format!("{META}{text}"));
        project
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("repository/deep")
    }

    fn git(&self, arguments: &[&str]) {
        git(&self.root(), arguments);
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(self.below).join(path)
    }

    fn commit(&self, path: &Path) {
        let path = path.to_str().unwrap();
        self.git(&["add", "--force", path]);
        self.git(&["commit", "--quiet", "--message", "m"]);
    }

    /// Commits these lines of `config:` as the only rules.
    pub fn allow(&mut self, rules: &str) -> &mut Self {
        self.rules = format!("{RULES}config:\n{rules}\n");
        self.committed("werf-giterminism.yaml", &self.rules);
        self
    }

    /// Writes a file that is not added.
    pub fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes a file and commits it.
    pub fn committed(&self, path: &str, text: &str) -> &Self {
        self.file(path, text);
        self.commit(&self.path(path));
        self
    }

    /// Adds a line break to a file.
    pub fn changed(&self, path: &str) -> &Self {
        let text = fs::read_to_string(self.path(path)).unwrap();
        self.file(path, &format!("{text}\n"))
    }

    /// Makes a link that is not in the index, in place of what is there.
    pub fn link(&self, path: &str, target: &str) -> &Self {
        let place = self.path(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&place);
        std::os::unix::fs::symlink(target, &place).unwrap();
        let name = place.to_str().unwrap();
        self.git(&["rm", "--quiet", "--cached", "--ignore-unmatch", name]);
        self
    }

    /// Makes a link and commits it.
    pub fn committed_link(&self, path: &str, target: &str) -> &Self {
        self.link(path, target);
        self.commit(&self.path(path));
        self
    }

    /// Runs a command in the project's directory.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let (code, out, err) = told(&self.path(""), arguments);
        let succeeded = code == Some(0);
        assert_ne!(code, Some(101), "a panic: {err}");
        Outcome {
            succeeded,
            out,
            err,
        }
    }
}
