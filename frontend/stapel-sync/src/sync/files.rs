//! Writing files, the one step that takes time, on a few threads.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::io::Errno;

use super::directories::Target;
use super::walkers::Walkers;
use crate::dir::{Time, finish_file};
use crate::error::{Error, Reason};
use crate::guard::Skipped;
use crate::manifest::EntryKind;
use crate::path::MAX_PATH;
use crate::store::{BlobReader, Location};
use crate::tree::{FileNode, Tree};
use crate::walk::{Here, Walker, clear};

/// A file to write and where its contents are.
type Job = (FileNode, Location);

/// Jobs that a thread takes at a time: neighbours in the tree and, mostly, in a pack.
const BATCH: usize = 256;

/// More threads than this only wait for each other in the file system.
const MAX_THREADS: usize = 4;

/// What was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) files: usize,
    /// How many bytes are in them.
    pub(super) bytes: u64,
    pub(super) warnings: Vec<String>,
}

/// Writes files whose directories are there.
pub(super) fn write_files(
    tree: &Tree<'_>,
    targets: &[Option<Target>],
    jobs: impl Iterator<Item = Job>,
    time: Time,
    skipped: &mut Skipped,
) -> Result<Written, Error> {
    let mut unguarded = |&(file, _): &Job| {
        let guard = &target_of(targets, file).base.guard;
        let guarded = guard.covers(tree.file_path(file).below);
        guarded.inspect(|guarded| skipped.file(guarded)).is_none()
    };
    let jobs: Vec<Job> = jobs.filter(&mut unguarded).collect();
    let batches = jobs.len().div_ceil(BATCH);
    let threads = match batches {
        0 | 1 => 1,
        _ => thread::available_parallelism()
            .map_or(1, usize::from)
            .min(MAX_THREADS)
            .min(batches),
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut writer = Writer::new(tree, targets, time);
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            let Some(jobs) = jobs.chunks(BATCH).nth(batch) else {
                return writer.finish().map_err(|error| (usize::MAX, error));
            };
            if let Err(error) = jobs.iter().try_for_each(|job| writer.write(job)) {
                // Far beyond the last one: the others stop after their batch.
                next.store(usize::MAX / 2, Ordering::Relaxed);
                return Err((batch, error));
            }
        }
    };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        let others = others.into_iter().map(|other| {
            other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        [own].into_iter().chain(others).collect()
    });
    let mut written = Written {
        files: jobs.len(),
        bytes: jobs.iter().map(|(_, blob)| blob.size()).sum(),
        ..Written::default()
    };
    let mut failure: Option<(usize, Error)> = None;
    for outcome in outcomes {
        match outcome {
            Ok(warnings) => written.warnings.extend(warnings),
            // The failure of the first batch in order: the same mistake, the same message.
            Err((batch, error)) => {
                if failure.as_ref().is_none_or(|(earlier, _)| batch < *earlier) {
                    failure = Some((batch, error));
                }
            }
        }
    }
    written.warnings.sort();
    failure.map_or(Ok(written), |(_, error)| Err(error))
}

fn target_of(targets: &[Option<Target>], file: FileNode) -> &Target {
    let target = targets[file.mapping()].as_ref();
    target.expect("a target was made for the mapping of every file to write")
}

/// What one thread needs to write files.
struct Writer<'a> {
    tree: &'a Tree<'a>,
    targets: &'a [Option<Target>],
    time: Time,
    walkers: Walkers<()>,
    reader: BlobReader,
    warnings: Vec<String>,
}

impl<'a> Writer<'a> {
    fn new(tree: &'a Tree<'a>, targets: &'a [Option<Target>], time: Time) -> Self {
        Writer {
            tree,
            targets,
            time,
            walkers: Walkers::new(tree),
            reader: BlobReader::new(),
            warnings: Vec::new(),
        }
    }

    fn finish(self) -> Result<Vec<String>, Error> {
        self.walkers.finish()?;
        Ok(self.warnings)
    }

    fn write(&mut self, (file, blob): &Job) -> Result<(), Error> {
        let file = *file;
        let target = target_of(self.targets, file);
        let start = || Ok((Walker::new(&target.base, self.time), ()));
        let (walker, ()) = self.walkers.get(file.mapping(), start)?;
        let (directory, name) = self.tree.file_below(file);
        let path = || self.tree.file_path(file).show();
        let failed = |why: &dyn Reason| Error::of(format_args!("write `{}`", path()), why);
        let here = walker
            .find(directory)?
            .ok_or_else(|| failed(&"its directory vanished"))?;
        let ids = target.ids_for_file(here.set_gid);
        let replaced = match self.tree.leaf(file).kind {
            EntryKind::Symlink => {
                let target = read_target(&mut self.reader, blob, &failed)?;
                replacing(here, name, || {
                    here.dir.make_symlink(name, &target, ids, self.time)
                })
                .map_err(|why| failed(&why))?
                .1
            }
            kind => {
                let mode = if kind == EntryKind::Executable {
                    0o755
                } else {
                    0o644
                };
                let made = replacing(here, name, || here.dir.make_file(name));
                let (mut out, replaced) = made.map_err(|why| failed(&why))?;
                self.reader.read(blob, |piece| {
                    out.write_all(piece).map_err(|why| failed(&why))
                })?;
                finish_file(&out, mode, ids, self.time).map_err(|why| failed(&why))?;
                replaced
            }
        };
        walker.changed();
        if replaced {
            self.warnings.push(format!(
                "replaced the directory `{}` by the file of the commit",
                path()
            ));
        }
        Ok(())
    }
}

fn read_target(
    reader: &mut BlobReader,
    blob: &Location,
    failed: &dyn Fn(&dyn Reason) -> Error,
) -> Result<Vec<u8>, Error> {
    if blob.size() > MAX_PATH as u64 {
        return Err(failed(&"the target of the symbolic link is too long"));
    }
    let mut target = Vec::new();
    reader.read(blob, |piece| {
        target.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(target)
}

/// Makes something at a name; if anything is there, it goes first. Says whether that was a
/// directory.
fn replacing<T>(
    here: &Here,
    name: &[u8],
    make: impl Fn() -> rustix::io::Result<T>,
) -> rustix::io::Result<(T, bool)> {
    match make() {
        Err(Errno::EXIST) => {
            let directory = clear(&here.dir, name)?;
            Ok((make()?, directory))
        }
        made => Ok((made?, false)),
    }
}
