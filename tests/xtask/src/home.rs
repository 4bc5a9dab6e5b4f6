//! Where the harness keeps things: one directory outside the checkout, shared by all checkouts.

use std::env;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::process::SIGN_OF_LIFE;
use crate::talk::say;

/// The variable that moves the harness's directory elsewhere.
pub const OVERRIDE: &str = "WERF_HARNESS_DIR";

/// The harness's directory.
#[derive(Clone)]
pub struct Home(PathBuf);

/// Held while something in the directory is made or stopped; another command waits for it.
pub struct Lock(#[expect(dead_code, reason = "holds the lock while it is open")] File);

impl Home {
    /// Finds the directory and makes it if need be.
    pub fn open() -> Result<Home> {
        let dir = if let Some(dir) = non_empty(OVERRIDE) {
            dir
        } else if let Some(cache) = non_empty("XDG_CACHE_HOME") {
            cache.join("werf-frontend/harness")
        } else {
            let home = non_empty("HOME").context("neither HOME nor WERF_HARNESS_DIR is set")?;
            home.join(".cache/werf-frontend/harness")
        };
        fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        // The path of a unix socket has at most 107 bytes.
        if dir.as_os_str().len() > 70 {
            bail!(
                "{}: too long for the daemon's socket; set {OVERRIDE} to a shorter path",
                dir.display()
            );
        }
        Ok(Home(dir))
    }

    /// Waits until no other command changes the directory, and keeps others waiting from then on.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.join("lock");
        // What the file says is for others to read: it is theirs until the lock is ours.
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("create {}", path.display()))?;
        let mut waited = None;
        while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != Errno::WOULDBLOCK {
                return Err(error).context("lock the harness's directory");
            }
            let since: &mut Instant = waited.get_or_insert_with(|| {
                say_waiting(&path);
                Instant::now()
            });
            if since.elapsed() > SIGN_OF_LIFE {
                say_waiting(&path);
                *since = Instant::now();
            }
            thread::sleep(Duration::from_millis(100));
        }
        file.set_len(0)?;
        let arguments: Vec<String> = env::args().skip(1).collect();
        let pid = std::process::id();
        write!(file, "{pid} cargo xtask {}", arguments.join(" "))
            .with_context(|| format!("write {}", path.display()))?;
        Ok(Lock(file))
    }

    /// Returns a path inside.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.join(path)
    }

    /// Returns a directory inside, made if need be.
    pub fn dir(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = self.join(path);
        fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))?;
        Ok(path)
    }

    /// Returns the directory of logs.
    pub fn logs(&self) -> Result<PathBuf> {
        self.dir("logs")
    }
}

/// Says who has the lock, as the file tells it.
fn say_waiting(path: &Path) {
    let text = fs::read_to_string(path).unwrap_or_default();
    say(match text.split_once(' ') {
        Some((pid, command)) => {
            format!("waiting for `{command}` (process {pid}) to finish its set-up")
        }
        None => "waiting for another run of the harness to finish its set-up".to_owned(),
    });
}

fn non_empty(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Writes a file only when its content changes. Returns whether it did.
pub fn write_if_changed(path: &Path, content: &str) -> Result<bool> {
    if fs::read(path).is_ok_and(|now| now == content.as_bytes()) {
        return Ok(false);
    }
    fs::write(path, content).with_context(|| format!("write {}", path.display()))?;
    Ok(true)
}

/// Removes a directory that may not exist.
pub fn remove_dir(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
