//! STORE torn at every change of a build: whatever is left behind, a stage reads what is right or says that STORE misses
//! something, and the next build is right.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::disk::faults::{Fault, after};
use super::toolchains::{self, is_same};
use super::tools::{self, install_tools};
use super::{CleanPolicy, Store};
use crate::error::{Error, ErrorKind};
use crate::hash::{HashKind, ObjectId, StageDigest};
use crate::manifest::{Content, EntryKind, Leaf, Listing, Manifest, Mapping};
use crate::path::AbsPath;
use crate::slot::{Commit, Slot};
use crate::sync::{Before, sync};

/// More builds than that a test makes.
const BUILDS: u8 = 4;

/// A machine with a STORE, and all that builds bring.
struct Machine {
    _temp: tempfile::TempDir,
    store: PathBuf,
    tools: PathBuf,
    toolchain: PathBuf,
    root: PathBuf,
}

impl Machine {
    fn new() -> Machine {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        let machine = Machine {
            store: at("store"),
            tools: at("tools"),
            toolchain: at("toolchain"),
            root: at("root"),
            _temp: temp,
        };
        for (directory, file) in [(&machine.tools, "bash"), (&machine.toolchain, "python3")] {
            let bin = directory.join("bin");
            fs::create_dir_all(&bin).unwrap();
            let program = bin.join(file);
            fs::write(&program, file.repeat(1000)).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        symlink("python3", machine.toolchain.join("bin/python")).unwrap();
        machine
    }

    /// Does to STORE what the build of a commit does.
    fn build(&self, number: u8) -> Result<(), String> {
        let error = |error: &dyn std::fmt::Display| error.to_string();
        install_tools(&self.store, &self.tools).map_err(|why| error(&why))?;
        toolchains::install(&self.store, &self.toolchain, "chain").map_err(|why| error(&why))?;
        toolchains::clean(&self.store, SystemTime::now()).map_err(|why| error(&why))?;
        self.fill(number).map_err(|why| error(&why))
    }

    fn fill(&self, number: u8) -> Result<(), Error> {
        let (manifest, blobs) = commit(number);
        let mut store = Store::create(&self.store)?;
        let ids: Vec<ObjectId> = blobs.iter().map(|(id, _)| *id).collect();
        let missing = store.claim(&ids)?;
        let mut fill = store.fill();
        for (id, data) in &blobs {
            if missing.contains(id) {
                fill.add(*id, data)?;
            }
        }
        fill.finish()?;
        let slot = Slot {
            manifest: store.write_manifest(&manifest)?,
            commit: Commit {
                hash: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".into(),
                time_human: "2026-08-01 12:00:00 +0000 UTC".into(),
                time_unix: 1_785_585_600,
            },
        };
        store.write_slot(stage(number), &slot)?;
        store.write_baseline(stage(number), &manifest)?;
        // Of two packs this makes one.
        store.clean(&CleanPolicy {
            small_packs: 1,
            ..CleanPolicy::default()
        })?;
        Ok(())
    }

    /// Does what a stage of that build does with an empty image.
    ///
    /// # Panics
    /// If it brings what is not the commit's.
    fn stage(&self, number: u8) -> Result<(), Error> {
        let _ = fs::remove_dir_all(&self.root);
        fs::create_dir(&self.root).unwrap();
        let store = Store::open(&self.store)?;
        sync(&store, stage(number), &self.root, Before::State)?;
        for (name, data) in files(number) {
            let found = fs::read(self.root.join("app").join(&name)).unwrap();
            assert!(found == data, "{name} of commit {number}");
        }
        let count = fs::read_dir(self.root.join("app")).unwrap().count();
        assert_eq!(count, files(number).len(), "files of commit {number}");
        if let Some(manifest) = store.read_baseline(stage(number)) {
            assert_eq!(manifest, commit(number).0);
        }
        Ok(())
    }

    /// Asserts that no stage of any build gets what is not right: it gets nothing, or what is.
    fn assert_never_wrong(&self) {
        for number in 0..BUILDS {
            if let Err(error) = self.stage(number) {
                assert_eq!(error.kind(), ErrorKind::Store, "{error}");
            }
        }
        let bash = self.store.join(tools::TOOLS).join("bin/bash");
        let whole = fs::read(self.tools.join("bin/bash")).unwrap();
        assert!(fs::read(bash).map_or(true, |found| found == whole));
        let chain = self.store.join(toolchains::path("chain"));
        assert!(!chain.exists() || is_same(&self.toolchain, &chain).unwrap());
    }

    /// Asserts that a build whose stage runs is right.
    fn assert_builds(&self, number: u8) {
        self.build(number).unwrap();
        self.stage(number).unwrap();
        assert!(is_same(&self.tools, &self.store.join(tools::TOOLS)).unwrap());
        let chain = self.store.join(toolchains::path("chain"));
        assert!(is_same(&self.toolchain, &chain).unwrap());
    }

    /// Makes everything in STORE look as if nobody had used it for so long.
    fn age(&self, age: Duration) {
        self.date(&self.store, SystemTime::now() - age);
    }

    #[expect(clippy::self_only_used_in_recursion, reason = "reads better")]
    fn date(&self, path: &Path, time: SystemTime) {
        let meta = fs::symlink_metadata(path).unwrap();
        if meta.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.date(&entry.unwrap().path(), time);
            }
        }
        if !meta.is_symlink() {
            File::open(path).unwrap().set_modified(time).unwrap();
        }
    }
}

fn stage(number: u8) -> StageDigest {
    StageDigest::from_bytes([number; 32])
}

/// Returns the files of a commit: some that all have, one of every commit's own, one that changes, and a large one.
fn files(number: u8) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = (0..6_usize)
        .map(|file| (format!("file{file}"), vec![b'a'; file * 1000]))
        .collect();
    files.push(("changes".into(), format!("{number}\n").into_bytes()));
    files.push((format!("only{number}"), vec![number; 100_000]));
    files
}

fn commit(number: u8) -> (Manifest, Vec<(ObjectId, Vec<u8>)>) {
    let mut listing = Listing::new(HashKind::Sha1);
    let mut blobs = Vec::new();
    let mut files = files(number);
    files.sort();
    for (name, data) in files {
        let id = ObjectId::of_blob(HashKind::Sha1, &data).unwrap();
        let kind = EntryKind::File;
        listing.push(name.as_bytes(), Leaf { kind, id }).unwrap();
        blobs.push((id, data));
    }
    let mapping = Mapping {
        to: AbsPath::parse(b"/app").unwrap(),
        owner: String::new(),
        group: String::new(),
        content: Content::Directory(listing),
    };
    let mappings = vec![mapping];
    (Manifest { mappings }, blobs)
}

/// Builds upon what `before` has left, with each fault at each change. Returns how many there were.
fn at_every_change(before: &dyn Fn(&Machine)) -> usize {
    let mut met = 0;
    for fault in Fault::ALL {
        for changes in 0.. {
            let machine = Machine::new();
            before(&machine);
            let (outcome, was_met) = after(changes, fault, || machine.build(2));
            if !was_met {
                outcome.unwrap();
                machine.stage(2).unwrap();
                break;
            }
            met += 1;
            // Only what is of no consequence may go wrong without a word.
            if outcome.is_ok() {
                machine.stage(2).unwrap();
                tally::right(1);
            } else {
                tally::refused(1);
            }
            machine.assert_never_wrong();
            // Another commit, and the same once more.
            machine.assert_builds(3);
            machine.assert_builds(2);
        }
    }
    met
}

#[test]
fn an_empty_store_is_right_after_any_fault() {
    let met = at_every_change(&|_| {});
    assert!(met > 100, "{met}");
}

#[test]
fn a_store_in_use_is_right_after_any_fault() {
    let met = at_every_change(&|machine| machine.build(0).unwrap());
    assert!(met > 100, "{met}");
}

#[test]
fn a_store_that_nobody_used_for_long_is_right_after_any_fault() {
    let met = at_every_change(&|machine| {
        machine.build(0).unwrap();
        machine.build(1).unwrap();
        machine.age(Duration::from_secs(100 * 24 * 60 * 60));
    });
    assert!(met > 100, "{met}");
}

#[test]
fn a_store_without_room_is_told_from_other_failures() {
    let mut met = 0;
    for changes in 0.. {
        let machine = Machine::new();
        machine.build(0).unwrap();
        let (outcome, was_met) = after(changes, Fault::Full, || machine.fill(2));
        if !was_met {
            break;
        }
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::NoRoom, "{error}");
            met += 1;
        }
    }
    assert!(met > 10, "{met}");
}

#[test]
fn packs_are_merged_when_there_is_room() {
    let machine = Machine::new();
    machine.build(0).unwrap();
    let mut store = Store::create(&machine.store).unwrap();
    let data = b"of another project";
    let mut fill = store.fill();
    let id = ObjectId::of_blob(HashKind::Sha1, data).unwrap();
    fill.add(id, data).unwrap();
    fill.finish().unwrap();
    let policy = CleanPolicy {
        small_packs: 1,
        ..CleanPolicy::default()
    };
    let (cleaned, was_met) = after(0, Fault::Full, || store.clean(&policy));
    assert!(was_met && cleaned.unwrap().merged == 0);
    machine.stage(0).unwrap();
    assert_eq!(store.clean(&policy).unwrap().merged, 2);
    machine.stage(0).unwrap();
}

/// A machine that goes down may lose what was written and not synced, though not that files were renamed.
#[test]
fn what_a_crash_of_the_machine_garbles_is_found() {
    let machine = Machine::new();
    machine.build(0).unwrap();
    machine.build(2).unwrap();
    let mut files = Vec::new();
    for directory in super::layout::DIRECTORIES {
        let entries = fs::read_dir(machine.store.join(directory)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let whole = fs::read(&file).unwrap();
        for left in [0, whole.len() / 2, whole.len() - 1] {
            for torn in [
                whole[..left].to_vec(),
                [&whole[..left], &vec![0; whole.len() - left]].concat(),
            ] {
                fs::write(&file, &torn).unwrap();
                machine.assert_never_wrong();
                // The next build goes on in another STORE where a stage misses something; a repair does the same.
                machine.build(2).unwrap();
                let is_right = machine.stage(2).is_ok();
                tally::tried(usize::from(is_right), usize::from(!is_right));
                if !is_right {
                    let ids: Vec<ObjectId> = commit(2).1.iter().map(|(id, _)| *id).collect();
                    let mut store = Store::create(&machine.store).unwrap();
                    store.repair(&ids).unwrap();
                    machine.build(2).unwrap();
                    machine.stage(2).unwrap();
                }
                fs::write(&file, &whole).unwrap();
            }
        }
    }
}

/// A clock that was wrong once, or is now.
#[test]
fn what_was_written_in_1970_or_2040_is_right_and_does_not_stay_for_ever() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let in_2040 = SystemTime::UNIX_EPOCH + Duration::from_secs(2_208_988_800);
    for time in [SystemTime::UNIX_EPOCH, in_2040] {
        let machine = Machine::new();
        machine.build(0).unwrap();
        machine.date(&machine.store, time);
        machine.assert_never_wrong();
        machine.assert_builds(2);
        machine.assert_builds(0);
        machine.build(3).unwrap();
        tally::right(3);
        // Nothing of it is in the future any more, so it goes in its time.
        let tomorrow = SystemTime::now() + DAY;
        for directory in super::layout::DIRECTORIES {
            for entry in fs::read_dir(machine.store.join(directory)).unwrap() {
                let entry = entry.unwrap();
                let modified = entry.metadata().unwrap().modified().unwrap();
                assert!(modified < tomorrow, "{}", entry.path().display());
            }
        }
    }
}
