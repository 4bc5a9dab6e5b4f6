//! How files in STORE are changed: every change goes through here, so that tests can have any one of them fail
//! (`torn.rs`). Otherwise each function is the one of the standard library with its name.

use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

/// A file that was made here, open for writing.
pub(super) struct Out(File);

impl Out {
    /// Makes a file that was not there before.
    pub(super) fn create_new(path: &Path) -> io::Result<Out> {
        changing(Change::Make)?;
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Out(file))
    }

    pub(super) fn try_clone(&self) -> io::Result<Out> {
        self.0.try_clone().map(Out)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(test)]
        let bytes = faults::cut(&self.0, bytes)?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    changing(Change::Make)?;
    Out(File::create(path)?).write_all(bytes)
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    changing(Change::Move)?;
    fs::rename(from, to)
}

pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    changing(Change::Remove)?;
    fs::remove_file(path)
}

/// Removes a directory and all below it, in no order that anybody can rely on.
pub(super) fn remove_dir_all(path: &Path) -> io::Result<()> {
    #[cfg(test)]
    faults::remove_some(path)?;
    fs::remove_dir_all(path)
}

pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    changing(Change::Make)?;
    fs::create_dir(path)
}

pub(super) fn create_dir_all(path: &Path) -> io::Result<()> {
    changing(Change::Make)?;
    fs::create_dir_all(path)
}

pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(test)]
    return faults::copy(from, to);
    #[cfg(not(test))]
    fs::copy(from, to).map(drop)
}

pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    changing(Change::Make)?;
    std::os::unix::fs::symlink(target, link)
}

pub(super) fn set_permissions(path: &Path, permissions: Permissions) -> io::Result<()> {
    changing(Change::Move)?;
    fs::set_permissions(path, permissions)
}

/// Records that a file or a directory was of use: its modification time becomes now.
pub(super) fn touch(file: &File) -> io::Result<()> {
    changing(Change::Move)?;
    file.set_times(FileTimes::new().set_modified(SystemTime::now()))
}

/// Waits until the file system of an open file or directory is on the disk.
pub(super) fn sync(file: &File) -> io::Result<()> {
    changing(Change::Move)?;
    // Tests look at what is there, and need no disk to have it.
    if cfg!(test) {
        return Ok(());
    }
    Ok(rustix::fs::syncfs(file)?)
}

/// What a change needs of a disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Room.
    Make,
    /// Nothing.
    Move,
    /// It gives some back.
    Remove,
}

#[cfg_attr(
    not(test),
    expect(clippy::unnecessary_wraps, reason = "in tests it may fail")
)]
fn changing(change: Change) -> io::Result<()> {
    #[cfg(test)]
    faults::meet(change)?;
    let _ = change;
    Ok(())
}

/// What goes wrong in tests, and when.
#[cfg(test)]
pub(super) mod faults {
    use std::cell::RefCell;
    use std::fs::{self, File};
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{Change, Out};

    /// A way in which a disk or a process fails.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Fault {
        /// The process ends before the change.
        Stops,
        /// The process ends in the middle of the change, if that is writing bytes, else before it.
        StopsInTheMiddle,
        /// There is no room, from this change on.
        Full,
        /// Nothing can be changed, from this change on.
        ReadOnly,
    }

    impl Fault {
        pub(crate) const ALL: [Fault; 4] = [
            Fault::Stops,
            Fault::StopsInTheMiddle,
            Fault::Full,
            Fault::ReadOnly,
        ];
    }

    struct Plan {
        fault: Fault,
        /// How many changes go well before it.
        left: usize,
        met: bool,
    }

    thread_local! {
        static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
    }

    /// Does something, with a fault after so many changes. Returns what came of it, and whether the fault was met.
    pub(crate) fn after<T>(changes: usize, fault: Fault, act: impl FnOnce() -> T) -> (T, bool) {
        PLAN.set(Some(Plan {
            fault,
            left: changes,
            met: false,
        }));
        let outcome = act();
        let plan = PLAN.take();
        (outcome, plan.is_some_and(|plan| plan.met))
    }

    /// What becomes of the next change.
    enum Turn {
        Well,
        /// This is the change at which the fault begins.
        Begins(Fault),
        Fails(Fault),
    }

    fn next() -> Turn {
        PLAN.with_borrow_mut(|plan| match plan {
            None => Turn::Well,
            Some(plan) if plan.met => Turn::Fails(plan.fault),
            Some(plan) if plan.left == 0 => {
                plan.met = true;
                Turn::Begins(plan.fault)
            }
            Some(plan) => {
                plan.left -= 1;
                Turn::Well
            }
        })
    }

    fn error(fault: Fault, change: Change) -> io::Result<()> {
        match fault {
            Fault::Full if change == Change::Make => Err(io::ErrorKind::StorageFull.into()),
            Fault::Full => Ok(()),
            Fault::ReadOnly => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Fault::Stops | Fault::StopsInTheMiddle => {
                Err(io::Error::other("the process has ended"))
            }
        }
    }

    pub(super) fn meet(change: Change) -> io::Result<()> {
        match next() {
            Turn::Well => Ok(()),
            Turn::Begins(fault) | Turn::Fails(fault) => error(fault, change),
        }
    }

    /// Returns what of `bytes` is to be written; where the fault is met in the middle, half of them are, and then it fails.
    pub(super) fn cut<'a>(mut file: &File, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        match next() {
            Turn::Well => Ok(bytes),
            Turn::Begins(fault) => {
                if matches!(fault, Fault::StopsInTheMiddle | Fault::Full) {
                    io::Write::write_all(&mut file, &bytes[..bytes.len() / 2])?;
                }
                error(fault, Change::Make).map(|()| bytes)
            }
            Turn::Fails(fault) => error(fault, Change::Make).map(|()| bytes),
        }
    }

    /// Copies a file in two changes: its bytes, and its mode.
    pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
        let mut out = Out(File::create(to)?);
        io::Write::write_all(&mut out, &fs::read(from)?)?;
        super::set_permissions(to, fs::metadata(from)?.permissions())
    }

    /// Removes what is in a directory, one after the other, each a change of its own.
    pub(super) fn remove_some(directory: &Path) -> io::Result<()> {
        if !fs::symlink_metadata(directory)?.is_dir() {
            return meet(Change::Remove);
        }
        let entries = fs::read_dir(directory)?;
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        paths.sort();
        for path in paths {
            if fs::symlink_metadata(&path)?.is_dir() {
                super::remove_dir_all(&path)?;
            } else {
                super::remove_file(&path)?;
            }
        }
        meet(Change::Remove)
    }
}
