//! Filling STORE when somebody wants it.
//!
//! A builder that starts empty finds its stages in the cache of a registry, and needs little of STORE or nothing. So PLAN
//! may put off to write the contents of many files. Then a *filler* stands by for as long as the build lasts: it writes them as
//! soon as a stage runs that lacks some. Both know of each other by locks on two files, since a stage can write nothing in
//! STORE, and since a lock goes with whoever held it, however that ended:
//!
//! ```text
//! filling.lock   shared: fillers that stand by or write     asked for alone: who waits until all have ended
//! wanted.lock    shared: stages that wait                   asked for alone, not waiting: a filler that looks for them
//! ```
//!
//! A filler that is wanted fills and ends, whichever build it is of: who waits cannot know whose files it lacks.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::layout::{Layout, failed};
use super::lock::{open, within};
use crate::error::Error;

const FILLING: &str = "filling.lock";
const WANTED: &str = "wanted.lock";

/// Stands by until it is dropped.
pub struct Filler {
    wanted: File,
    _filling: File,
}

impl Filler {
    /// Stands by: from now on, stages that lack something wait.
    ///
    /// # Errors
    /// STORE that cannot be written, or has no locks.
    pub fn stand_by(root: &Path) -> Result<Filler, Error> {
        let layout = Layout::new(root);
        layout.create()?;
        let locked = |name: &str, operation| {
            let path = root.join(name);
            let file = open(&path).map_err(|why| failed("create", &path, &why))?;
            let lock = flock(&file, operation).map(|()| file);
            lock.map_err(|why| failed("lock", &path, &why.into()))
        };
        // First the file that stages look for second.
        let wanted = locked(WANTED, FlockOperation::Unlock)?;
        Ok(Filler {
            wanted,
            _filling: locked(FILLING, FlockOperation::LockShared)?,
        })
    }

    /// Returns whether a stage waits.
    pub fn is_wanted(&self) -> bool {
        match flock(&self.wanted, FlockOperation::NonBlockingLockExclusive) {
            Err(why) => why == Errno::WOULDBLOCK,
            Ok(()) => {
                let _ = flock(&self.wanted, FlockOperation::Unlock);
                false
            }
        }
    }
}

/// Those who stand by to fill a STORE.
pub struct Fillers {
    filling: File,
    wanted: File,
}

impl Fillers {
    /// Returns those of the STORE at `root`; `None` if there are none, so that what is not there will not come.
    pub fn find(root: &Path) -> Option<Fillers> {
        let filling = File::open(root.join(FILLING)).ok()?;
        let wanted = File::open(root.join(WANTED)).ok()?;
        let alone = flock(&filling, FlockOperation::NonBlockingLockExclusive);
        (alone == Err(Errno::WOULDBLOCK)).then_some(Fillers { filling, wanted })
    }

    /// Says that they are wanted, and waits until all have ended, or `limit` has passed. Returns whether they have.
    pub fn wait(self, limit: Duration) -> bool {
        let _ = flock(&self.wanted, FlockOperation::NonBlockingLockShared);
        within(
            limit,
            &self.filling,
            FlockOperation::NonBlockingLockExclusive,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn who_lacks_something_waits_for_those_who_stand_by() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        assert!(
            Fillers::find(root).is_none(),
            "a STORE that nobody has made"
        );
        let fillers = [(); 2].map(|()| Filler::stand_by(root).expect("a filler"));
        assert!(!fillers.iter().any(Filler::is_wanted));
        let (done, waited) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let done = done.clone();
                let found = Fillers::find(root).expect("they stand by");
                scope.spawn(move || done.send(found.wait(Duration::from_secs(60))));
            }
            for filler in fillers {
                while !filler.is_wanted() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                assert!(waited.try_recv().is_err(), "nobody goes on before");
                drop(filler);
            }
        });
        assert!((0..3).all(|_| waited.recv() == Ok(true)));
        assert!(Fillers::find(root).is_none(), "they have ended");
        assert!(!Filler::stand_by(root).expect("another").is_wanted());
    }

    #[test]
    fn nobody_waits_for_ever() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        let _filler = Filler::stand_by(root).expect("a filler");
        let found = Fillers::find(root).expect("it stands by");
        assert!(!found.wait(Duration::from_millis(20)));
    }
}
