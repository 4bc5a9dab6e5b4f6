//! STORE: what comes back out of it, after damage, next to other writers, and after cleaning.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::support::random::Random;
use crate::support::{self, Fixture, STAGE, commit, executable, file, fill, id_of, manifest, tree};
use rustix::fs::{FlockOperation, flock};
use stapel_sync::baseline;
use stapel_sync::manifest::Manifest;
use stapel_sync::store::{BlobReader, CleanPolicy, Filled, Store};
use stapel_sync::{Before, ErrorKind, HashKind, ObjectId, StageDigest, sync};

/// No file at all.
const NONE: [PathBuf; 0] = [];

fn blob(number: usize) -> (ObjectId, Vec<u8>) {
    let data = format!("blob {number}\n").repeat(number % 50).into_bytes();
    (id_of(&data), data)
}

fn put(store: &mut Store, blobs: &[(ObjectId, Vec<u8>)]) -> Filled {
    let mut fill = store.fill();
    for (id, data) in blobs {
        fill.add(*id, data).unwrap();
    }
    fill.finish().unwrap()
}

fn get(store: &Store, id: ObjectId) -> Result<Vec<u8>, String> {
    let mut found = store.locate(&[id]).map_err(|e| e.to_string())?;
    let location = found.remove(0).ok_or("missing")?;
    let mut data = Vec::new();
    let read = BlobReader::new().read(&location, |piece| {
        data.extend_from_slice(piece);
        Ok(())
    });
    assert!(read.is_err() || location.size() == data.len() as u64);
    read.map(|()| data).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Store);
        error.to_string()
    })
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn packs(root: &Path) -> Vec<PathBuf> {
    files(&root.join("packs"))
        .into_iter()
        .filter(|path| path.extension().unwrap() == "pack")
        .collect()
}

/// Makes files look as if they had not been touched for some hours.
fn age(paths: &[PathBuf], hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    for path in paths {
        File::open(path).unwrap().set_modified(then).unwrap();
    }
}

#[test]
fn blobs_come_back_as_they_were() {
    let temp = tempfile::tempdir().unwrap();
    let mut store = Store::create(temp.path()).unwrap();
    let mut blobs: Vec<_> = (0..500).map(blob).collect();
    let large: Vec<u8> = (0..3_000_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    blobs.push((id_of(&large), large));
    let unique: BTreeSet<ObjectId> = blobs.iter().map(|(id, _)| *id).collect();
    let filled = put(&mut store, &blobs);
    assert_eq!(filled.blobs, unique.len(), "each blob once");
    for store in [&store, &Store::open(temp.path()).unwrap()] {
        for (id, data) in &blobs {
            assert_eq!(get(store, *id).as_ref(), Ok(data));
        }
    }
    assert_eq!(packs(temp.path()).len(), 1, "one fill, one pack");
}

#[test]
fn both_object_formats_live_side_by_side() {
    let temp = tempfile::tempdir().unwrap();
    let mut store = Store::create(temp.path()).unwrap();
    let ids = HashKind::ALL.map(|kind| ObjectId::of_blob(kind, b"data").unwrap());
    let filled = put(&mut store, &ids.map(|id| (id, b"data".to_vec())));
    assert_eq!((filled.blobs, filled.bytes), (2, 8));
    for id in ids {
        assert_eq!(get(&store, id), Ok(b"data".to_vec()));
    }
    let other = ObjectId::of_blob(HashKind::Sha256, b"other").unwrap();
    assert_eq!(store.missing(&[other, ids[0], other]).unwrap(), [other]);
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let temp = tempfile::tempdir().unwrap();
    let mut store = Store::create(temp.path()).unwrap();
    let blobs: Vec<_> = (0..20).map(blob).collect();
    let ids: Vec<_> = blobs.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        store.claim(&[ids[3], ids[1], ids[3]]).unwrap(),
        [ids[3], ids[1]]
    );
    put(&mut store, &blobs[..5]);
    assert_eq!(store.claim(&ids[2..9]).unwrap(), ids[5..9]);
    assert!(store.contains(ids[4]).unwrap() && !store.contains(ids[5]).unwrap());
    assert_eq!(
        Store::open(temp.path()).unwrap().missing(&ids).unwrap(),
        ids[5..]
    );
}

#[test]
fn contents_that_are_not_what_the_id_says_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let mut store = Store::create(temp.path()).unwrap();
    let mut fill = store.fill();
    let id = id_of(b"right");
    let error = fill.add(id, b"wrong").unwrap_err();
    tally::refused(1);
    assert_eq!(
        error.to_string(),
        format!("write blob {id}: its contents have another id")
    );
    drop(fill);
    assert_eq!(files(&temp.path().join("tmp")), NONE);
}

#[test]
fn an_interrupted_fill_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let mut store = Store::create(temp.path()).unwrap();
    let mut fill = store.fill();
    fill.add(blob(1).0, &blob(1).1).unwrap();
    drop(fill);
    for directory in ["tmp", "packs"] {
        assert_eq!(files(&temp.path().join(directory)), NONE);
    }
}

#[test]
fn a_store_that_is_not_there_is_empty() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(&temp.path().join("nothing")).unwrap();
    assert!(!store.contains(blob(1).0).unwrap());
    assert_eq!(store.read_slot(STAGE).unwrap_err().kind(), ErrorKind::Store);
}

#[test]
fn manifests_and_slots_come_back_as_they_were() {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::create(temp.path()).unwrap();
    let (manifest, _) = manifest(&[tree("/app", &[("a", file("1"))])]);
    let id = store.write_manifest(&manifest).unwrap();
    assert_eq!(
        (id, store.read_manifest(id).unwrap()),
        (manifest.id(), manifest.encode())
    );
    let path = files(&temp.path().join("manifests")).remove(0);
    age(std::slice::from_ref(&path), 100);
    store.write_manifest(&manifest).unwrap();
    let age = fs::metadata(&path)
        .unwrap()
        .modified()
        .unwrap()
        .elapsed()
        .unwrap();
    assert!(
        age < Duration::from_secs(3600),
        "a manifest in use stays young"
    );
    fs::write(&path, "damaged").unwrap();
    assert_eq!(
        store.read_manifest(id).unwrap_err().kind(),
        ErrorKind::Store
    );
    store.write_manifest(&manifest).unwrap();
    assert_eq!(
        store.read_manifest(id).unwrap(),
        manifest.encode(),
        "damage is mended"
    );

    let slot = stapel_sync::slot::Slot {
        manifest: id,
        commit: commit(5),
    };
    store.write_slot(STAGE, &slot).unwrap();
    assert_eq!(store.read_slot(STAGE).unwrap(), slot);
    let other = StageDigest::from_bytes([9; 32]);
    let own = files(&temp.path().join("slots"));
    store.write_slot(other, &slot).unwrap();
    let slots = files(&temp.path().join("slots")).into_iter();
    for others in slots.filter(|path| !own.contains(path)) {
        fs::copy(&own[0], others).unwrap();
    }
    let error = store.read_slot(other).unwrap_err().to_string();
    assert!(error.ends_with(": damaged, or of another stage"), "{error}");
}

#[test]
fn what_a_layer_holds_is_remembered_and_measured() {
    let fixture = Fixture::new();
    let write = |files: &[(&str, support::File)]| {
        fill(&fixture.store, STAGE, &[tree("/app", files)], 1);
        manifest(&[tree("/app", files)]).0
    };
    let old = write(&[
        ("a", file("1")),
        ("b", file("22")),
        ("gone", file("666666")),
    ]);
    assert_eq!(baseline::of_layer(&fixture.root).unwrap(), None);
    sync(
        &Store::open(&fixture.store).unwrap(),
        STAGE,
        &fixture.root,
        Before::State,
    )
    .unwrap();
    assert_eq!(
        baseline::of_layer(&fixture.root).unwrap(),
        Some(old.clone())
    );

    let new = write(&[
        ("a", executable("1")),
        ("b", file("22")),
        ("c/d", file("4444")),
    ]);
    let store = Store::open(&fixture.store).unwrap();
    let bytes = |old, new| baseline::bytes_between(&store, old, new).unwrap();
    assert_eq!(bytes(&old, &old), 0);
    assert_eq!(
        bytes(&old, &new),
        3 * 512 + 1 + 4,
        "a mode counts as the whole file, and what goes as a header"
    );
    assert_eq!(bytes(&new, &old), 3 * 512 + 1 + 6);
    assert_eq!(bytes(&Manifest::default(), &new), 3 * 512 + 7);

    assert_eq!(store.read_baseline(STAGE), None);
    fs::remove_dir_all(fixture.store.join("manifests")).unwrap();
    Store::create(&fixture.store).unwrap();
    store.write_baseline(STAGE, &old).unwrap();
    let paths = ["baselines", "manifests"].map(|name| files(&fixture.store.join(name)).remove(0));
    age(&paths, 100);
    assert_eq!(store.read_baseline(STAGE), Some(old));
    let is_young = |path: &PathBuf| {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        modified.elapsed().unwrap() < Duration::from_secs(3600)
    };
    assert!(!is_young(&paths[0]), "looked at anew after a day");
    assert!(is_young(&paths[1]), "kept for as long");
    assert_eq!(store.read_baseline(StageDigest::from_bytes([9; 32])), None);
    fs::write(&paths[1], "damaged").unwrap();
    assert_eq!(store.read_baseline(STAGE), None);
}

#[test]
fn bytes_of_a_blob_that_is_missing_are_not_guessed() {
    let fixture = Fixture::new();
    let store = Store::create(&fixture.store).unwrap();
    let (new, _) = manifest(&[tree("/app", &[("a", file("1"))])]);
    let error = baseline::bytes_between(&store, &Manifest::default(), &new).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
}

/// Every file of a STORE damaged in many ways: a sync either works or asks for a refill, and after
/// a repair and a refill it works.
#[test]
fn damage_is_found_and_mended() {
    let fixture = Fixture::new();
    let names: Vec<String> = (0..40).map(|number| format!("f{number:02}")).collect();
    let contents: Vec<_> = (0..40)
        .map(|number| file(&format!("{number} ").repeat(number * 20)))
        .collect();
    let app: Vec<_> = names.iter().map(String::as_str).zip(contents).collect();
    let sources = [tree("/app", &app)];
    fill(&fixture.store, STAGE, &sources, 1000);
    let (wanted, blobs) = manifest(&sources);
    let ids: Vec<_> = blobs.iter().map(|(id, _)| *id).collect();
    let mut random = Random::new(1);
    let mut failed = 0;
    for directory in ["packs", "manifests", "slots"] {
        for path in files(&fixture.store.join(directory)) {
            let intact = fs::read(&path).unwrap();
            for round in 0..120 {
                fs::write(&path, damaged(&mut random, &intact, round)).unwrap();
                let _ = fs::remove_dir_all(fixture.path("app"));
                let _ = fs::remove_file(fixture.path(".werf-git-state"));
                let attempt = || {
                    let store = Store::open(&fixture.store)?;
                    sync(&store, STAGE, &fixture.root, Before::State)
                };
                if let Err(error) = attempt() {
                    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
                    failed += 1;
                    Store::create(&fixture.store).unwrap().repair(&ids).unwrap();
                    fill(&fixture.store, STAGE, &sources, 1000);
                    attempt().unwrap();
                }
                assert_eq!(fixture.names("app"), names);
                for (name, (_, data)) in names.iter().zip(&blobs) {
                    assert_eq!(&fs::read(fixture.path("app").join(name)).unwrap(), data);
                }
                // Only one copy is damaged at a time.
                for path in files(&fixture.store.join("packs")) {
                    fs::remove_file(path).unwrap();
                }
                fill(&fixture.store, STAGE, &sources, 1000);
                assert_eq!(
                    fs::read(&path).unwrap(),
                    intact,
                    "what is written is always the same"
                );
            }
        }
    }
    assert!(failed > 300, "{failed}");
    assert_eq!(
        Store::open(&fixture.store)
            .unwrap()
            .read_manifest(wanted.id())
            .unwrap(),
        wanted.encode()
    );
}

fn damaged(random: &mut Random, intact: &[u8], round: usize) -> Vec<u8> {
    let mut bytes = intact.to_vec();
    match round % 4 {
        0 => bytes.truncate(random.below(intact.len())),
        1 => bytes.extend((0..=random.below(50)).map(|n| n as u8)),
        2 => bytes[..].fill(random.next() as u8),
        _ => {
            for _ in 0..=random.below(4) {
                let at = random.below(intact.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
    }
    bytes
}

#[test]
fn what_a_crash_cuts_off_is_missing_without_a_closer_look() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let blob = blob(30);
    for cut in ["pack", "idx"] {
        let mut store = Store::create(root).unwrap();
        put(&mut store, std::slice::from_ref(&blob));
        let path = packs(root).remove(0).with_extension(cut);
        let length = fs::metadata(&path).unwrap().len();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length - 1)
            .unwrap();
        let mut store = Store::create(root).unwrap();
        assert_eq!(store.claim(&[blob.0]).unwrap(), [blob.0], "{cut}");
        put(&mut store, std::slice::from_ref(&blob));
        assert_eq!(get(&store, blob.0).as_ref(), Ok(&blob.1), "{cut}");
        assert_eq!(
            get(&Store::open(root).unwrap(), blob.0).as_ref(),
            Ok(&blob.1),
            "{cut}"
        );
    }
}

#[test]
fn writers_do_not_disturb_each_other() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    thread::scope(|scope| {
        for worker in 0..6 {
            scope.spawn(move || {
                let mut random = Random::new(worker);
                for round in 0..15 {
                    let first = random.below(300);
                    let blobs: Vec<_> = (first..first + 60).map(blob).collect();
                    let ids: Vec<_> = blobs.iter().map(|(id, _)| *id).collect();
                    let mut store = Store::create(root).unwrap();
                    let missing = store.claim(&ids).unwrap();
                    let new: Vec<_> = blobs
                        .iter()
                        .filter(|(id, _)| missing.contains(id))
                        .cloned()
                        .collect();
                    put(&mut store, &new);
                    if round % 5 == worker as usize % 5 {
                        store
                            .clean(&CleanPolicy {
                                small_packs: 3,
                                ..CleanPolicy::default()
                            })
                            .unwrap();
                    }
                    // Whoever comes later finds everything, in this process or another.
                    let later = Store::open(root).unwrap();
                    for (id, data) in &blobs {
                        assert_eq!(get(&later, *id).as_ref(), Ok(data));
                        assert_eq!(get(&store, *id).as_ref(), Ok(data));
                    }
                }
            });
        }
    });
    assert_eq!(files(&root.join("tmp")), NONE);
}

#[test]
fn small_packs_become_one_and_go_when_builds_are_over() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let mut store = Store::create(root).unwrap();
    let blobs: Vec<_> = (1..50).map(blob).collect();
    for blob in &blobs {
        put(&mut store, std::slice::from_ref(blob));
    }
    let policy = CleanPolicy::default();
    let before = packs(root);
    assert_eq!(store.clean(&policy).unwrap().merged, 49);
    assert_eq!(
        packs(root).len(),
        50,
        "builds that are under way may read the old packs"
    );
    assert_eq!(
        store.clean(&policy).unwrap().merged,
        0,
        "what is merged does not count"
    );
    age(&before, 25);
    let cleaned = store.clean(&policy).unwrap();
    assert_eq!((cleaned.removed, packs(root).len()), (98, 1));
    for (id, data) in &blobs {
        assert_eq!(get(&store, *id).as_ref(), Ok(data));
    }
}

#[test]
fn what_was_merged_twice_does_not_come_back() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let mut store = Store::create(root).unwrap();
    let policy = CleanPolicy {
        small_packs: 3,
        ..CleanPolicy::default()
    };
    let mut merged = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            put(&mut store, &[blob(number)]);
        }
        let before = packs(root);
        let merged = store.clean(&policy).unwrap().merged;
        let mut after = packs(root).into_iter();
        (merged, after.find(|path| !before.contains(path)))
    };
    let (count, first) = merged(1..5);
    assert_eq!(count, 4);
    assert_eq!(merged(5..8).0, 4, "the merged pack is still a small one");
    // The first merged pack goes before what it was made of.
    age(&[first.unwrap()], 25);
    assert_eq!(merged(8..8).0, 0);
    assert_eq!(packs(root).len(), 8, "seven and the second merged one");
    assert_eq!(merged(8..9).0, 0, "none of the seven counts");
}

#[test]
fn merging_leaves_out_what_no_manifest_mentions() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let sources = [tree("/app", &[("used", file("used"))])];
    fill(root, STAGE, &sources, 1);
    let mut store = Store::create(root).unwrap();
    let (old, new, idle) = (blob(1), blob(2), blob(3));
    for blob in [&old, &idle] {
        put(&mut store, std::slice::from_ref(blob));
    }
    // Written before any build that is under way, and one of them not used since.
    age(&files(&root.join("packs")), 30);
    store.claim(&[old.0, id_of(b"used")]).unwrap();
    put(&mut store, std::slice::from_ref(&new));
    let policy = CleanPolicy {
        small_packs: 1,
        ..CleanPolicy::default()
    };
    assert_eq!(store.clean(&policy).unwrap().merged, 4);
    assert!(
        !store.contains(old.0).unwrap(),
        "a build that begins now writes it anew"
    );
    assert_eq!(
        get(&store, old.0),
        Ok(old.1),
        "a build that began before still finds it"
    );
    age(&packs(root), 30);
    store.clean(&policy).unwrap();
    assert_eq!(packs(root).len(), 1);
    assert!(
        store.contains(id_of(b"used")).unwrap(),
        "a manifest mentions it"
    );
    assert!(
        !store.contains(old.0).unwrap(),
        "its pack is used, but no manifest mentions it"
    );
    assert!(
        store.contains(new.0).unwrap(),
        "its manifest may still be on the way"
    );
    assert!(
        store.contains(idle.0).unwrap(),
        "nothing is known of those who need it"
    );
}

#[test]
fn what_nobody_used_for_long_goes() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    fill(root, STAGE, &[tree("/app", &[("a", file("1"))])], 1);
    let mut store = Store::create(root).unwrap();
    let (used, unused) = (blob(1), blob(2));
    put(&mut store, std::slice::from_ref(&used));
    put(&mut store, std::slice::from_ref(&unused));
    fs::write(root.join("tmp/killed"), "half a pack").unwrap();
    fs::write(root.join("packs/nonsense.idx"), "").unwrap();
    fs::create_dir_all(root.join("stapel/bin")).unwrap();
    fs::write(root.join("stapel/bin/bash"), "not ours").unwrap();
    let policy = CleanPolicy::default();
    assert_eq!(
        store.clean(&policy).unwrap().removed,
        0,
        "everything is young"
    );
    let baseline = StageDigest::from_bytes([1; 32]);
    let (manifest, _) = manifest(&[tree("/app", &[("a", file("1"))])]);
    store.write_baseline(baseline, &manifest).unwrap();
    for directory in [
        "tmp",
        "packs",
        "slots",
        "manifests",
        "baselines",
        "stapel/bin",
    ] {
        age(&files(&root.join(directory)), 15 * 24);
    }
    store.claim(&[used.0]).unwrap();
    store.clean(&policy).unwrap();
    assert_eq!(get(&store, used.0), Ok(used.1), "a claim keeps a pack");
    assert!(!store.contains(unused.0).unwrap());
    for directory in ["tmp", "slots", "manifests", "baselines"] {
        assert_eq!(files(&root.join(directory)), NONE, "{directory}");
    }
    assert_eq!(files(&root.join("packs")).len(), 2);
    assert!(root.join("stapel/bin/bash").exists());
}

#[test]
fn a_claim_notices_packs_that_went_meanwhile() {
    let temp = tempfile::tempdir().unwrap();
    let mut store = Store::create(temp.path()).unwrap();
    put(&mut store, &[blob(1)]);
    put(&mut store, &[blob(2)]);
    let mut stale = Store::create(temp.path()).unwrap();
    age(&packs(temp.path()), 1000);
    store.claim(&[blob(2).0]).unwrap();
    store.clean(&CleanPolicy::default()).unwrap();
    assert_eq!(stale.claim(&[blob(1).0, blob(2).0]).unwrap(), [blob(1).0]);
}

#[test]
fn one_cleans_at_a_time() {
    let temp = tempfile::tempdir().unwrap();
    let mut store = Store::create(temp.path()).unwrap();
    fs::write(temp.path().join("tmp/killed"), "").unwrap();
    age(&files(&temp.path().join("tmp")), 100);
    let lock = File::create(temp.path().join("clean.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    assert_eq!(store.clean(&CleanPolicy::default()).unwrap().removed, 0);
    drop(lock);
    assert_eq!(store.clean(&CleanPolicy::default()).unwrap().removed, 1);
}

/// Not a test of its own: the process that the next test starts, and kills.
#[test]
#[ignore = "started by another test"]
fn fill_for_ever() {
    let Some(root) = std::env::var_os("STAPEL_SYNC_TEST_STORE") else {
        return;
    };
    let mut random = Random::new(u64::from(std::process::id()));
    loop {
        let first = random.below(3000);
        let mut store = Store::create(Path::new(&root)).unwrap();
        put(
            &mut store,
            &(first..first + 300).map(blob).collect::<Vec<_>>(),
        );
        store
            .clean(&CleanPolicy {
                small_packs: 4,
                ..CleanPolicy::default()
            })
            .unwrap();
    }
}

#[test]
fn killed_processes_leave_a_usable_store() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let mut random = Random::new(5);
    for _ in 0..8 {
        let start = |_| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command
                .args(["--ignored", "--exact", "store::fill_for_ever"])
                .env("STAPEL_SYNC_TEST_STORE", root);
            command.stdout(Stdio::null()).spawn().unwrap()
        };
        let children: Vec<_> = (0..3).map(start).collect();
        for mut child in children {
            thread::sleep(Duration::from_millis(random.below(150) as u64));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let store = Store::create(root).unwrap();
        let blobs: Vec<_> = (0..3300).map(blob).collect();
        let mut found = 0;
        for (id, data) in &blobs {
            if store.contains(*id).unwrap() {
                assert_eq!(get(&store, *id).as_ref(), Ok(data));
                found += 1;
            }
        }
        assert!(found > 0 || packs(root).is_empty(), "{found}");
    }
    assert!(!packs(root).is_empty());
    let mut store = Store::create(root).unwrap();
    age(&files(&root.join("tmp")), 30);
    store.clean(&CleanPolicy::default()).unwrap();
    assert_eq!(files(&root.join("tmp")), NONE);
    assert_eq!(put(&mut store, &[blob(4000)]).blobs, 1);
}
