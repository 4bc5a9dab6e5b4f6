//! STORE, the cache mount that all builds of a daemon share: how things get into it.
//!
//! STORE is transit, never truth: it may be empty or emptied at any time, and several builds of
//! different frontends may write to it at once. So nothing is changed in place: a file is written
//! under `tmp/` and renamed to its name, and a file that is right already is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk;

/// The directory of STORE that stages see at `/.werf/stapel`. Ansible stages have it in their arguments, so it is in keys.
pub const TOOLS: &str = "stapel";

/// Why STORE could not be written.
#[derive(Debug)]
pub struct StoreError {
    /// What was being done.
    pub action: String,
    /// What the system said.
    pub cause: io::Error,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.action, self.cause)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Turns an `io::Error` into a [`StoreError`] that says what was being done.
pub(super) fn doing(action: impl Into<String>) -> impl FnOnce(io::Error) -> StoreError {
    let action = action.into();
    |cause| StoreError { action, cause }
}

/// Puts every file below `tools` (the frontend image's `/stapel`) into STORE below [`TOOLS`].
///
/// A file with the same bytes and mode is left alone, another is replaced by a rename, so that a stage
/// that is running keeps the one it has open. What is there is not trusted: another frontend may have written it. Links are
/// replaced, since they may lead elsewhere in a stage than here.
///
/// # Errors
/// What could not be read or written.
pub fn install_tools(store: &Path, tools: &Path) -> Result<(), StoreError> {
    install_directory(store, tools, &store.join(TOOLS))
}

fn install_directory(store: &Path, from: &Path, to: &Path) -> Result<(), StoreError> {
    if fs::symlink_metadata(to).is_ok_and(|found| !found.is_dir()) {
        disk::remove_file(to).map_err(doing(format!("remove {}", to.display())))?;
    }
    disk::create_dir_all(to).map_err(doing(format!("create {}", to.display())))?;
    let entries = fs::read_dir(from).map_err(doing(format!("list {}", from.display())))?;
    for entry in entries {
        let entry = entry.map_err(doing(format!("list {}", from.display())))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry
            .file_type()
            .map_err(doing(format!("look at {}", source.display())))?;
        if kind.is_dir() {
            install_directory(store, &source, &target)?;
        } else {
            install_file(store, &source, &target)?;
        }
    }
    Ok(())
}

fn install_file(store: &Path, source: &Path, target: &Path) -> Result<(), StoreError> {
    let bytes = fs::read(source).map_err(doing(format!("read {}", source.display())))?;
    let permissions = fs::metadata(source)
        .map_err(doing(format!("look at {}", source.display())))?
        .permissions();
    let found = fs::symlink_metadata(target);
    if found.as_ref().is_ok_and(fs::Metadata::is_dir) {
        disk::remove_dir_all(target).map_err(doing(format!("remove {}", target.display())))?;
    }
    let same = found.is_ok_and(|meta| {
        meta.is_file() && meta.len() == bytes.len() as u64 && meta.permissions() == permissions
    }) && fs::read(target).is_ok_and(|present| present == bytes);
    if same {
        return Ok(());
    }
    let temporary = temporary_path(store)?;
    disk::write(&temporary, &bytes).map_err(doing(format!("write {}", temporary.display())))?;
    disk::set_permissions(&temporary, permissions)
        .map_err(doing(format!("set the mode of {}", temporary.display())))?;
    disk::rename(&temporary, target).map_err(doing(format!("put {} in place", target.display())))
}

/// Makes a directory below `tmp/` that no other writer uses.
///
/// # Errors
/// What could not be made.
pub(super) fn temporary_directory(store: &Path) -> Result<PathBuf, StoreError> {
    let path = temporary_path(store)?;
    let doing = || doing(format!("create {}", path.display()));
    disk::remove_file(&path).map_err(doing())?;
    disk::create_dir(&path).map_err(doing())?;
    Ok(path)
}

/// Returns a name below `tmp/` that no other writer uses: the containers of concurrent builds share
/// process ids, so the clock and a counter take part.
fn temporary_path(store: &Path) -> Result<PathBuf, StoreError> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let directory = store.join("tmp");
    disk::create_dir_all(&directory).map_err(doing(format!("create {}", directory.display())))?;
    loop {
        let nanoseconds = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_nanos());
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("{nanoseconds:x}-{}-{count}", std::process::id()));
        match disk::Out::create_new(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(doing(format!("create {}", path.display()))(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    #[test]
    fn tools_are_installed_once_and_replaced_by_rename() {
        let dir = tempfile::tempdir().unwrap();
        let (tools, store) = (dir.path().join("tools"), dir.path().join("store"));
        fs::create_dir_all(tools.join("embedded/bin")).unwrap();
        let bash = tools.join("embedded/bin/bash");
        fs::write(&bash, "one").unwrap();
        fs::set_permissions(&bash, fs::Permissions::from_mode(0o755)).unwrap();

        install_tools(&store, &tools).unwrap();
        let installed = store.join("stapel/embedded/bin/bash");
        let first = fs::metadata(&installed).unwrap();
        assert_eq!(
            (fs::read(&installed).unwrap(), first.mode() & 0o777),
            (b"one".to_vec(), 0o755)
        );

        install_tools(&store, &tools).unwrap();
        assert_eq!(
            fs::metadata(&installed).unwrap().ino(),
            first.ino(),
            "left alone"
        );

        fs::write(&bash, "two").unwrap();
        install_tools(&store, &tools).unwrap();
        assert_ne!(
            fs::metadata(&installed).unwrap().ino(),
            first.ino(),
            "a new file under the old name"
        );
        assert_eq!(fs::read(&installed).unwrap(), b"two");
        assert_eq!(
            fs::read_dir(store.join("tmp")).unwrap().count(),
            0,
            "nothing left behind"
        );
    }

    #[test]
    fn what_somebody_else_has_put_there_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (tools, store) = (dir.path().join("tools"), dir.path().join("store"));
        fs::create_dir_all(tools.join("bin")).unwrap();
        fs::write(tools.join("bin/bash"), "right").unwrap();
        let bash = store.join("stapel/bin/bash");
        let own = || {
            install_tools(&store, &tools).unwrap();
            let is_file = fs::symlink_metadata(&bash).unwrap().is_file();
            let is_directory = fs::symlink_metadata(store.join("stapel/bin"))
                .unwrap()
                .is_dir();
            (is_file && is_directory, fs::read_to_string(&bash).unwrap())
        };
        let right = (true, "right".to_owned());
        assert_eq!(own(), right);

        fs::write(&bash, "wrong").unwrap();
        assert_eq!(own(), right, "another program of the same length");
        fs::set_permissions(&bash, fs::Permissions::from_mode(0o6755)).unwrap();
        assert_eq!(own(), right);
        assert_eq!(fs::metadata(&bash).unwrap().mode() & 0o6000, 0);
        // These have the right contents here, and others in a stage.
        fs::remove_file(&bash).unwrap();
        std::os::unix::fs::symlink(tools.join("bin/bash"), &bash).unwrap();
        assert_eq!(own(), right, "a link");
        fs::remove_dir_all(store.join("stapel/bin")).unwrap();
        std::os::unix::fs::symlink(tools.join("bin"), store.join("stapel/bin")).unwrap();
        assert_eq!(own(), right, "a link to a directory");
        fs::remove_file(&bash).unwrap();
        fs::create_dir_all(bash.join("x")).unwrap();
        assert_eq!(own(), right, "a directory");
        assert_eq!(fs::read_to_string(tools.join("bin/bash")).unwrap(), "right");
    }

    #[test]
    fn writers_of_two_builds_do_not_disturb_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let trees: Vec<PathBuf> = (0..4)
            .map(|i| {
                let tools = dir.path().join(format!("tools{i}"));
                fs::create_dir_all(&tools).unwrap();
                fs::write(tools.join("bash"), vec![b'0' + i; 100_000]).unwrap();
                tools
            })
            .collect();
        std::thread::scope(|scope| {
            for tools in &trees {
                scope.spawn(|| (0..50).for_each(|_| install_tools(&store, tools).unwrap()));
            }
            for _ in 0..200 {
                if let Ok(bytes) = fs::read(store.join("stapel/bash")) {
                    assert_eq!(bytes.len(), 100_000);
                    assert!(
                        bytes.iter().all(|byte| *byte == bytes[0]),
                        "a file is one writer's or another's"
                    );
                }
            }
        });
    }

    #[test]
    fn an_unreadable_tool_directory_says_which() {
        let dir = tempfile::tempdir().unwrap();
        let error =
            install_tools(&dir.path().join("store"), &dir.path().join("nowhere")).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
