//! The ansible tool chain in STORE: how it gets there, and when it goes.
//!
//! It is an image of its own. Stages find it in STORE, in a directory named by the digest of that image, so it is in
//! no cache key, and a newer one stands beside those that are in use. A directory appears complete, by a rename, and
//! is never changed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::clean::is_older;
use super::disk;
use super::tools::{StoreError, doing, temporary_directory};

/// The directory of STORE with all tool chains.
pub const TOOLCHAINS: &str = "ansible";

/// How long a tool chain stays after the last build that needed it.
const KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long copying may take.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns where in STORE the tool chain of this name is.
pub fn path(name: &str) -> String {
    format!("{TOOLCHAINS}/{name}")
}

/// Whether the tool chain is in STORE. If so, it is of use for another two weeks.
fn is_present(store: &Path, name: &str) -> bool {
    File::open(store.join(path(name)))
        .and_then(|directory| disk::touch(&directory))
        .is_ok()
}

/// Copies the tool chain in `from` into STORE, unless it is there. What is there is compared, file by file: another
/// frontend on the builder may have written it. If it is something else, it is replaced.
///
/// # Errors
/// What could not be read or written.
pub fn install(store: &Path, from: &Path, name: &str) -> Result<(), StoreError> {
    let found = store.join(path(name));
    if is_present(store, name) {
        // What another build has taken away in the meantime is another, too.
        match is_same(from, &found) {
            Ok(true) => return Ok(()),
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(doing(format!("compare {}", found.display()))(cause));
            }
            Ok(false) | Err(_) => take_away(store, &found)?,
        }
    }
    let making = temporary_directory(store)?;
    copy(from, &making)?;
    // A crash of the machine must not leave a directory with a final name and without contents.
    let directory = File::open(&making).map_err(doing("open what was copied"))?;
    disk::sync(&directory).map_err(doing("write STORE to disk"))?;
    let place = store.join(path(name));
    disk::create_dir_all(&store.join(TOOLCHAINS))
        .map_err(doing("create the directory of tool chains"))?;
    match disk::rename(&making, &place) {
        Ok(()) => Ok(()),
        // Another build was faster.
        Err(_) if is_present(store, name) => remove(&making),
        Err(cause) => Err(doing(format!("put {} in place", place.display()))(cause)),
    }
}

/// Removes a tool chain, if it is there. First under another name: half a tool chain must not have a final one.
fn take_away(store: &Path, found: &Path) -> Result<(), StoreError> {
    let going = temporary_directory(store)?;
    match disk::rename(found, &going) {
        Ok(()) => remove(&going),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => remove(&going),
        Err(cause) => Err(doing(format!("take {} away", found.display()))(cause)),
    }
}

/// Removes the tool chains that no build has needed for two weeks, and what was left of copying one a day ago.
///
/// # Errors
/// What could not be removed.
pub fn clean(store: &Path, now: SystemTime) -> Result<(), StoreError> {
    for directory in older(&store.join(TOOLCHAINS), now, KEPT) {
        take_away(store, &directory)?;
    }
    for directory in older(&store.join("tmp"), now, FORGOTTEN) {
        remove(&directory)?;
    }
    Ok(())
}

/// Returns the directories in `parent` that have not been touched for this long.
fn older(parent: &Path, now: SystemTime, than: Duration) -> Vec<PathBuf> {
    let is_old = |entry: &fs::DirEntry| {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        is_directory && is_older(&entry.path(), now, than)
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(is_old).map(|entry| entry.path()).collect()
}

fn remove(directory: &Path) -> Result<(), StoreError> {
    match disk::remove_dir_all(directory) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(doing(format!("remove {}", directory.display()))(cause))
        }
        _ => Ok(()),
    }
}

/// Whether two directories hold the same, and nothing else.
pub(super) fn is_same(a: &Path, b: &Path) -> io::Result<bool> {
    let (names, others) = (names(a)?, names(b)?);
    if names != others {
        return Ok(false);
    }
    for name in names {
        let (a, b) = (a.join(&name), b.join(&name));
        let (one, other) = (fs::symlink_metadata(&a)?, fs::symlink_metadata(&b)?);
        let same = if one.is_dir() && other.is_dir() {
            is_same(&a, &b)?
        } else if one.is_symlink() && other.is_symlink() {
            fs::read_link(&a)? == fs::read_link(&b)?
        } else {
            one.is_file()
                && other.is_file()
                && one.len() == other.len()
                && one.permissions() == other.permissions()
                && fs::read(&a)? == fs::read(&b)?
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the names in a directory in their order.
fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    let entries = fs::read_dir(directory)?;
    let names = entries.map(|entry| Ok(entry?.file_name()));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let entries = fs::read_dir(from).map_err(doing(format!("list {}", from.display())))?;
    for entry in entries {
        let entry = entry.map_err(doing(format!("list {}", from.display())))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let copying = || doing(format!("copy {}", source.display()));
        let kind = entry.file_type().map_err(copying())?;
        if kind.is_dir() {
            disk::create_dir(&target).map_err(copying())?;
            copy(&source, &target)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&source).map_err(copying())?;
            disk::symlink(&link, &target).map_err(copying())?;
        } else {
            disk::copy(&source, &target).map_err(copying())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn tool_chain(at: &Path) {
        fs::create_dir_all(at.join("embedded/bin")).unwrap();
        fs::write(at.join("embedded/bin/python3"), "python").unwrap();
        symlink("python3", at.join("embedded/bin/python")).unwrap();
    }

    #[test]
    fn it_is_copied_once_and_complete() {
        let dir = tempfile::tempdir().unwrap();
        let (store, from) = (dir.path().join("store"), dir.path().join("from"));
        tool_chain(&from);
        assert!(!is_present(&store, "abc"));
        install(&store, &from, "abc").unwrap();
        assert!(is_present(&store, "abc"));
        let python = store.join("ansible/abc/embedded/bin/python");
        assert_eq!(fs::read_link(&python).unwrap(), Path::new("python3"));
        assert_eq!(fs::read(&python).unwrap(), b"python");
        let written = fs::metadata(&python).unwrap().modified().unwrap();
        let program = store.join("ansible/abc/embedded/bin/python3");
        install(&store, &from, "abc").unwrap();
        assert_eq!(fs::metadata(&program).unwrap().modified().unwrap(), written);
        assert_eq!(fs::read_dir(store.join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn what_somebody_else_has_put_there_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (store, from) = (dir.path().join("store"), dir.path().join("from"));
        tool_chain(&from);
        let bin = store.join("ansible/abc/embedded/bin");
        let python = bin.join("python3");
        let changes: [&dyn Fn(); 6] = [
            &|| fs::write(&python, "PYTHON").unwrap(),
            &|| fs::write(bin.join("more"), "").unwrap(),
            &|| fs::remove_file(&python).unwrap(),
            &|| fs::set_permissions(&python, fs::Permissions::from_mode(0o4755)).unwrap(),
            &|| {
                fs::remove_file(&python).unwrap();
                symlink(from.join("embedded/bin/python3"), &python).unwrap();
            },
            &|| {
                fs::remove_dir_all(&bin).unwrap();
                symlink(from.join("embedded/bin"), &bin).unwrap();
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            install(&store, &from, "abc").unwrap();
            change();
            install(&store, &from, "abc").unwrap();
            assert!(
                is_same(&from, &store.join("ansible/abc")).unwrap(),
                "{number}"
            );
            assert!(fs::symlink_metadata(&python).unwrap().is_file(), "{number}");
        }
        assert_eq!(fs::read_dir(store.join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn many_builds_may_copy_it_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (store, from) = (dir.path().join("store"), dir.path().join("from"));
        tool_chain(&from);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| install(&store, &from, "abc").unwrap());
            }
        });
        assert_eq!(fs::read_dir(store.join("ansible")).unwrap().count(), 1);
        assert_eq!(fs::read_dir(store.join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn an_old_one_goes_unless_it_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let (store, from) = (dir.path().join("store"), dir.path().join("from"));
        tool_chain(&from);
        install(&store, &from, "old").unwrap();
        let later = SystemTime::now() + KEPT;
        clean(&store, later - Duration::from_secs(60)).unwrap();
        assert!(is_present(&store, "old"));
        let forgotten = temporary_directory(&store).unwrap();
        tool_chain(&forgotten);
        clean(&store, later + Duration::from_secs(60)).unwrap();
        assert!(!is_present(&store, "old"));
        assert_eq!(fs::read_dir(store.join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let error = install(
            &dir.path().join("store"),
            &dir.path().join("nowhere"),
            "abc",
        )
        .unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
