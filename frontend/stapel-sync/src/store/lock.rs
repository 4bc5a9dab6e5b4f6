//! Two advisory locks, so that cleaning and filling do not trip over each other.
//!
//! Where a file system has no locks everything goes on without them: the worst that follows is a
//! blob that is removed while a build wants it, and such a build has STORE filled again. So it does when a lock does not come: commands of
//! stages see these files, and may hold one.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::layout::Layout;

const PACKS: &str = "packs.lock";
const CLEAN: &str = "clean.lock";

/// So long a lock is waited for that others hold for moments.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is asked for.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// A lock that is held until it is dropped.
pub(super) struct Lock {
    _file: Option<File>,
}

/// Held together by all who say which packs they use; alone by whoever removes packs.
pub(super) fn share_packs(layout: &Layout) -> Lock {
    let file = open(&layout.root().join(PACKS)).ok();
    if let Some(file) = &file {
        within(PATIENCE, file, FlockOperation::NonBlockingLockShared);
    }
    Lock { _file: file }
}

/// Waits until nobody says what it uses; that takes moments.
pub(super) fn own_packs(layout: &Layout) -> Lock {
    let file = open(&layout.root().join(PACKS)).ok();
    if let Some(file) = &file {
        within(PATIENCE, file, FlockOperation::NonBlockingLockExclusive);
    }
    Lock { _file: file }
}

/// Becomes the one who cleans, unless somebody is at it.
pub(super) fn try_clean(layout: &Layout) -> Option<Lock> {
    let file = open(&layout.root().join(CLEAN)).ok();
    let lock = |file: &File| flock(file, FlockOperation::NonBlockingLockExclusive);
    if file
        .as_ref()
        .is_some_and(|file| lock(file) == Err(Errno::WOULDBLOCK))
    {
        return None;
    }
    Some(Lock { _file: file })
}

/// Asks for a lock, by an operation that does not wait, until it comes or so long has passed. Returns whether it came, or cannot come.
pub(super) fn within(limit: Duration, file: &File, operation: FlockOperation) -> bool {
    let begin = Instant::now();
    while flock(file, operation) == Err(Errno::WOULDBLOCK) {
        if begin.elapsed() >= limit {
            return false;
        }
        thread::sleep(ASK_AGAIN);
    }
    true
}

/// Opens the file of a lock, and makes it if it is not there.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}
