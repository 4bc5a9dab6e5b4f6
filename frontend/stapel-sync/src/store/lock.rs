//! Two advisory locks, so that cleaning and filling do not trip over each other.
//!
//! Where a file system has no locks everything goes on without them: the worst that follows is a
//! blob that is removed while a build wants it, and such a build has STORE filled again.

use std::fs::{File, OpenOptions};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::layout::Layout;

/// A lock that is held until it is dropped.
pub(super) struct Lock {
    _file: Option<File>,
}

/// Held together by all who say which packs they use; alone by whoever removes packs.
pub(super) fn share_packs(layout: &Layout) -> Lock {
    let file = open(layout, "packs.lock");
    if let Some(file) = &file {
        let _ = flock(file, FlockOperation::LockShared);
    }
    Lock { _file: file }
}

/// Waits until nobody says what it uses; that takes moments.
pub(super) fn own_packs(layout: &Layout) -> Lock {
    let file = open(layout, "packs.lock");
    if let Some(file) = &file {
        let _ = flock(file, FlockOperation::LockExclusive);
    }
    Lock { _file: file }
}

/// Becomes the one who cleans, unless somebody is at it.
pub(super) fn try_clean(layout: &Layout) -> Option<Lock> {
    let file = open(layout, "clean.lock");
    let lock = |file: &File| flock(file, FlockOperation::NonBlockingLockExclusive);
    if file
        .as_ref()
        .is_some_and(|file| lock(file) == Err(Errno::WOULDBLOCK))
    {
        return None;
    }
    Some(Lock { _file: file })
}

fn open(layout: &Layout, name: &str) -> Option<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(layout.root().join(name))
        .ok()
}
