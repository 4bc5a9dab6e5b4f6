//! Repositories for unit tests, made with the real `git`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository in a temporary directory.
pub struct Fixture {
    directory: tempfile::TempDir,
}

impl Fixture {
    /// Makes a repository without a commit.
    pub fn unborn() -> Fixture {
        let fixture = Fixture {
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        fixture.git(&["init", "--quiet", "--initial-branch=main"]);
        fixture
    }

    /// Makes a repository with one commit of these files.
    pub fn with(files: &[(&str, &str)]) -> Fixture {
        let fixture = Fixture::unborn();
        for (path, content) in files {
            fixture.write(path, content);
        }
        fixture.commit();
        fixture
    }

    /// Returns the root of the work tree.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the git directory.
    pub fn git_dir(&self) -> PathBuf {
        self.path().join(".git")
    }

    /// Writes a file.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("make a directory");
        std::fs::write(path, content).expect("write a file");
    }

    /// Makes a symbolic link.
    pub fn link(&self, target: &str, path: &str) {
        std::os::unix::fs::symlink(target, self.path().join(path)).expect("make a link");
    }

    /// Adds the repository of `library` as a submodule at `path`, checked out and not committed.
    pub fn submodule(&self, library: &Fixture, path: &str) {
        let url = library.path().to_str().expect("a path");
        let allow = "protocol.file.allow=always";
        self.git(&["-c", allow, "submodule", "--quiet", "add", url, path]);
    }

    /// Commits everything.
    pub fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "a commit",
        ]);
    }

    /// Runs `git`, which must succeed.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
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
            .output()
            .expect("git is installed");
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }
}
