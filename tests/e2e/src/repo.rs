//! Repositories for tests, made with the real `git` and fixed dates and authors.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Bench, Tree};

/// A git repository in a temporary directory.
pub struct Repo {
    directory: tempfile::TempDir,
}

impl Repo {
    /// Makes an empty repository without a commit.
    pub fn new() -> Repo {
        let repo = Repo {
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    /// Makes a repository whose first commit holds a `werf.yaml` with the syntax line, a meta section of
    /// project `test`, and `sections`.
    pub fn with_config(sections: &str) -> Repo {
        let repo = Repo::new();
        repo.commit_config(sections);
        repo
    }

    /// Clones `origin` with more arguments for `git clone`, over a transport that honours them.
    pub fn clone_of(origin: &Repo, arguments: &[&str]) -> Repo {
        let repo = Repo {
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        let url = format!("file://{}", origin.path().display());
        repo.git(&[&["clone", "--quiet"], arguments, &[&url, "."]].concat());
        repo
    }

    /// Makes a repository of one commit with the example of this name, whose syntax line names the frontend that is
    /// tested.
    pub fn example(name: &str) -> Repo {
        let repo = Repo::new();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let copied = Command::new("cp")
            .arg("--recursive")
            .arg(examples.join(name).join("."))
            .arg(repo.path())
            .status();
        assert!(copied.is_ok_and(|status| status.success()), "copy {name}");
        let config = std::fs::read_to_string(repo.join("werf.yaml")).expect("the example is there");
        let (_, rest) = config.split_once('\n').expect("a first line");
        let frontend = Bench::from_env().frontend;
        repo.write("werf.yaml", format!("# syntax={frontend}\n{rest}"));
        repo.commit("example");
        repo
    }

    /// Replaces the sections of `werf.yaml` and commits.
    pub fn commit_config(&self, sections: &str) {
        self.write("werf.yaml", config_text(sections));
        self.commit("configuration");
    }

    /// Returns the root of the work tree.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the absolute path of a file of the work tree.
    pub fn join(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// Writes a file, making its directories.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("make a directory");
        std::fs::write(&path, content)
            .unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
    }

    /// Adds `other` as a submodule at `path`, checked out and not committed.
    pub fn submodule(&self, other: &Repo, path: &str) {
        let url = format!("file://{}", other.path().display());
        let allowed = "protocol.file.allow=always";
        self.git(&["-c", allowed, "submodule", "--quiet", "add", &url, path]);
    }

    /// Commits everything.
    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// Returns the files of the commit, as `git archive` has them.
    pub fn archive(&self) -> Tree {
        let arguments = ["-c", "tar.umask=0022", "archive", "--format=tar", "HEAD"];
        Tree::of_archive(self.run(&arguments, b"").as_slice())
    }

    /// Runs `git` in the work tree, which must succeed, and returns its output without the last newline.
    pub fn git(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.run(arguments, b""))
            .trim_end()
            .to_owned()
    }

    /// Runs `git` in the work tree with something to read, which must succeed, and returns its output.
    pub fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new("git")
            .args([
                "-c",
                "core.autocrlf=false",
                "-c",
                "commit.gpgSign=false",
                "-c",
                "gc.auto=0",
            ])
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .envs([
                ("GIT_AUTHOR_NAME", "Ada"),
                ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ])
            .envs([
                ("GIT_COMMITTER_NAME", "Ada"),
                ("GIT_COMMITTER_EMAIL", "ada@example.org"),
            ])
            .envs([
                ("GIT_AUTHOR_DATE", "2024-05-01T12:00:00Z"),
                ("GIT_COMMITTER_DATE", "2024-05-01T12:00:00Z"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git is installed");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        // What ends before it has read all says why.
        let _ = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output().expect("wait for git");
        assert!(
            output.status.success(),
            "git {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }
}

impl Default for Repo {
    fn default() -> Repo {
        Repo::new()
    }
}

/// Returns the text of a `werf.yaml` of project `test`.
pub fn config_text(sections: &str) -> String {
    format!(
        "# syntax={}\nproject: test\nconfigVersion: 1\n---\n{sections}",
        Bench::from_env().frontend
    )
}
