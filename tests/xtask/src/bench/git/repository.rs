//! The repositories that are built: seeded files, one commit, packed as a clone is.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::text::{Random, size, source};
use crate::home::{Home, remove_dir};
use crate::process::capture;
use crate::talk::say;

/// Raised when other files would come out of it.
const VERSION: u32 = 1;

/// What the first commit is marked with: every measurement begins there.
const BASE: &str = "base";

/// A work tree with its repository.
pub struct Repository {
    path: PathBuf,
    sources: Vec<String>,
    /// How many commits were made on top.
    commits: usize,
}

impl Repository {
    /// Finds the repository of so many files in the harness's directory, or makes it.
    pub fn ensure(home: &Home, files: usize) -> Result<Repository> {
        let path = home
            .dir("bench")?
            .join(format!("repository-{VERSION}-{files}"));
        let sources: Vec<String> = (0..files).map(name).collect();
        if !path.exists() {
            say(format_args!("making a repository of {files} files"));
            let making = path.with_extension("making");
            remove_dir(&making)?;
            fs::create_dir_all(&making)?;
            git(&making, &["init", "--quiet", "--initial-branch=main"])?;
            import(&making, &sources)?;
            git(&making, &["tag", BASE])?;
            git(&making, &["pack-refs", "--all"])?;
            git(&making, &["reset", "--quiet", "--hard"])?;
            fs::rename(&making, &path)?;
        }
        let repository = Repository {
            path,
            sources,
            commits: 0,
        };
        git(&repository.path, &["reset", "--quiet", "--hard", BASE])?;
        Ok(repository)
    }

    /// Returns the root of the work tree.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number of files and the bytes in them, then the bytes of the packs.
    pub fn sizes(&self) -> Result<(usize, u64, u64)> {
        let mut bytes = 0;
        for file in &self.sources {
            bytes += fs::symlink_metadata(self.path.join(file))?.len();
        }
        let mut packed = 0;
        for pack in fs::read_dir(self.path.join(".git/objects/pack"))? {
            packed += pack?.metadata()?.len();
        }
        Ok((self.sources.len(), bytes, packed))
    }

    /// Commits files besides the sources.
    pub fn commit_files(&self, files: &[(&str, &str)]) -> Result<()> {
        for (path, content) in files {
            fs::write(self.path.join(path), content)?;
            git(&self.path, &["add", path])?;
        }
        self.commit()
    }

    /// Commits a change of one source, each time of another and never the same.
    pub fn commit_one_file(&mut self) -> Result<()> {
        let source = self.edit_one_file()?;
        git(&self.path, &["add", &source])?;
        self.commit()
    }

    /// Changes one source as [`Repository::commit_one_file`] does, and does not commit it. Returns its path in the repository.
    pub fn edit_one_file(&mut self) -> Result<String> {
        let at = (self.commits * 7919 + self.sources.len() / 2) % self.sources.len();
        self.commits += 1;
        let file = self.path.join(&self.sources[at]);
        let mut text = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        writeln!(text, "// {now}")?;
        fs::write(&file, text)?;
        Ok(self.sources[at].clone())
    }

    /// Gives up all changes that are not committed.
    pub fn give_up_edits(&self) -> Result<()> {
        git(&self.path, &["reset", "--quiet", "--hard"])
    }

    fn commit(&self) -> Result<()> {
        git(&self.path, &["commit", "--quiet", "--message", "Change"])
    }
}

/// Returns the path of a source: twenty to a directory, packages of twenty directories.
fn name(number: usize) -> String {
    format!(
        "packages/package-{:03}/src/part-{:02}/source-{number:06}.ts",
        number / 400,
        number / 20 % 20
    )
}

/// Makes the first commit by `git fast-import`, which writes one pack, as a clone has it.
fn import(dir: &Path, sources: &[String]) -> Result<()> {
    let mut import = command(dir, &["fast-import", "--quiet"]);
    let mut child = import
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("start `git fast-import`")?;
    let input = child.stdin.take().context("standard input was asked for")?;
    let mut input = BufWriter::with_capacity(1 << 20, input);
    write!(
        input,
        "commit refs/heads/main\ncommitter bench <bench@example.com> 1767225600 +0000\ndata 4\nBase\n"
    )?;
    let mut random = Random::new(u64::from(VERSION));
    let mut text = Vec::new();
    let mut file = |path: &str, text: &[u8]| -> Result<()> {
        write!(input, "M 100644 inline {path}\ndata {}\n", text.len())?;
        input.write_all(text)?;
        Ok(writeln!(input)?)
    };
    file("package.json", b"{\"name\": \"bench\"}\n")?;
    for path in sources {
        text.clear();
        let size = size(&mut random);
        source(&mut text, size, &mut random);
        file(path, &text)?;
    }
    input.flush()?;
    drop(input);
    let status = child.wait()?;
    ensure!(status.success(), "`git fast-import` failed ({status})");
    Ok(())
}

fn git(dir: &Path, arguments: &[&str]) -> Result<()> {
    capture(&mut command(dir, arguments)).map(drop)
}

/// Returns git in a directory, deaf to the person's own settings; it never packs by itself meanwhile.
fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "bench")
            .env(format!("GIT_{who}_EMAIL"), "bench@example.com");
    }
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(variable);
    }
    git
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_one_pack_and_every_commit_changes_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let sources: Vec<String> = (0..150).map(name).collect();
        git(dir.path(), &["init", "--quiet", "--initial-branch=main"]).unwrap();
        import(dir.path(), &sources).unwrap();
        git(dir.path(), &["reset", "--quiet", "--hard"]).unwrap();
        let mut repository = Repository {
            path: dir.path().to_owned(),
            sources,
            commits: 0,
        };
        let (files, bytes, packed) = repository.sizes().unwrap();
        assert_eq!(files, 150);
        assert!(packed > 0 && packed < bytes, "{packed} of {bytes}");
        let count = capture(&mut command(dir.path(), &["count-objects", "-v"])).unwrap();
        assert!(
            count.contains("count: 0\n") && count.contains("packs: 1\n"),
            "{count}"
        );
        for _ in 0..2 {
            repository.commit_one_file().unwrap();
            let changed = ["diff", "--name-only", "HEAD~1", "HEAD"];
            let changed = capture(&mut command(dir.path(), &changed)).unwrap();
            assert_eq!(changed.lines().count(), 1, "{changed}");
        }
    }
}
