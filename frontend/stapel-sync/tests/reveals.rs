//! What STORE reveals to somebody who sees all of it, as every command of every stage does: sizes and ages.

use std::fs;
use std::path::Path;

use crate::support::random::Random;
use crate::support::{STAGE, commit, executable, file, fill, id_of, manifest, symlink, tree};
use stapel_sync::manifest::Manifest;
use stapel_sync::slot::Slot;
use stapel_sync::store::{BlobReader, CleanPolicy, Store};
use stapel_sync::{Before, ErrorKind, HashKind, ObjectId, StageDigest, sync};

const PRIVATE: &str = "a line of the private repository\n";

/// Returns all names and bytes below a directory.
fn everything(root: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        all.extend_from_slice(path.file_name().unwrap().as_encoded_bytes());
        all.push(b'\n');
        all.extend(if path.is_dir() {
            everything(&path)
        } else {
            fs::read(&path).unwrap()
        });
    }
    all
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[test]
fn neither_contents_nor_paths_nor_ids_are_seen() {
    let temp = tempfile::tempdir().unwrap();
    let large = "0123456789 private\n".repeat(30_000);
    let files = [
        ("docs/private-name.txt", file(PRIVATE)),
        ("large", file(&large)),
        ("run.sh", executable("#!/bin/sh\nexit 7\n")),
        ("zero", symlink("target-of-a-link")),
    ];
    let sources = [tree("/srv/private-place", &files).owned("private-user", "5")];
    let slot = fill(temp.path(), STAGE, &sources, 1_785_574_800);
    let (manifest, blobs) = manifest(&sources);
    let mut store = Store::create(temp.path()).unwrap();
    store.write_baseline(STAGE, &manifest).unwrap();
    // Merging changes nothing of it.
    let other = b"another pack".to_vec();
    let mut more = store.fill();
    more.add(id_of(&other), &other).unwrap();
    more.finish().unwrap();
    let policy = CleanPolicy {
        small_packs: 1,
        ..CleanPolicy::default()
    };
    assert_eq!(store.clean(&policy).unwrap().merged, 2);

    let mut secrets: Vec<Vec<u8>> = [
        "private",
        "0123456789",
        "#!/bin/sh",
        "target-of-a-link",
        "docs",
        "run.sh",
        "another pack",
        &slot.commit.hash,
        &slot.commit.time_human,
        "1785574800",
        "WERFTREE",
        "werf-slot",
        "werf-baseline",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    let ids = blobs.iter().map(|(id, _)| id.as_bytes().to_vec());
    let known = [manifest.id().as_bytes().to_vec(), STAGE.as_bytes().to_vec()];
    for id in ids.chain(known) {
        secrets.push(
            id.iter()
                .flat_map(|byte| format!("{byte:02x}").into_bytes())
                .collect(),
        );
        // A few bytes are enough to know it again.
        secrets.push(id[..8].to_vec());
        secrets.push(id);
    }
    let all = everything(temp.path());
    assert!(all.len() > large.len(), "it looked at the packs");
    for secret in secrets {
        assert!(!holds(&all, &secret), "{}", secret.escape_ascii());
        tally::right(1);
    }
}

#[test]
fn who_knows_one_thing_reads_no_other() {
    let temp = tempfile::tempdir().unwrap();
    fill(
        temp.path(),
        STAGE,
        &[tree("/a", &[("a", file(PRIVATE))])],
        1,
    );
    let own = StageDigest::from_bytes([9; 32]);
    let mine = [tree("/b", &[("b", file("mine"))])];
    let slot = fill(temp.path(), own, &mine, 1);
    let store = Store::open(temp.path()).unwrap();
    assert_eq!(store.read_slot(own).unwrap(), slot);
    let ids: Vec<ObjectId> = manifest(&mine).1.iter().map(|(id, _)| *id).collect();
    assert!(store.missing(&ids).unwrap().is_empty());

    // Every slot, manifest and pack under every other name: nothing of it opens.
    for directory in ["slots", "manifests"] {
        let mut paths: Vec<_> = fs::read_dir(temp.path().join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let bytes: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
        for (path, bytes) in paths.iter().zip(bytes.iter().rev()) {
            fs::write(path, bytes).unwrap();
        }
    }
    assert_eq!(store.read_slot(own).unwrap_err().kind(), ErrorKind::Store);
    let error = store.read_manifest(slot.manifest).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    // The id in another format is another secret.
    let other = ObjectId::of_blob(HashKind::Sha256, PRIVATE.as_bytes()).unwrap();
    assert!(!store.contains(other).unwrap());
    assert!(store.contains(id_of(PRIVATE.as_bytes())).unwrap());
    tally::refused(3);
}

#[test]
fn equal_contents_are_stored_once_whoever_writes_them() {
    let temp = tempfile::tempdir().unwrap();
    fill(
        temp.path(),
        STAGE,
        &[tree("/a", &[("a", file(PRIVATE))])],
        1,
    );
    let mut store = Store::create(temp.path()).unwrap();
    let id = id_of(PRIVATE.as_bytes());
    assert!(store.claim(&[id]).unwrap().is_empty());
    let mut data = Vec::new();
    let location = store.locate(&[id]).unwrap().remove(0).unwrap();
    let read = BlobReader::new().read(&location, |piece| {
        data.extend_from_slice(piece);
        Ok(())
    });
    read.unwrap();
    assert_eq!(data, PRIVATE.as_bytes());
}

/// What somebody who can write to STORE but knows no secret may put there: it is missed, or found to be damaged.
#[test]
fn hostile_files_are_no_more_than_damage() {
    let fixture = crate::support::Fixture::new();
    let names: Vec<String> = (0..30).map(|number| format!("f{number}")).collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), file(&name.repeat(40))))
        .collect();
    let sources = [tree("/app", &files)];
    let (wanted, blobs) = manifest(&sources);
    let ids: Vec<ObjectId> = blobs.iter().map(|(id, _)| *id).collect();
    let slot = Slot {
        manifest: wanted.id(),
        commit: commit(1),
    };
    fill(&fixture.store, STAGE, &sources, 1);
    let mut random = Random::new(11);
    for round in 0..400 {
        for directory in ["packs", "manifests", "slots"] {
            for entry in fs::read_dir(fixture.store.join(directory)).unwrap() {
                let path = entry.unwrap().path();
                let mut bytes = fs::read(&path).unwrap();
                // Numbers in heads are what a reader could stumble over.
                let head = bytes
                    .len()
                    .min(if round % 2 == 0 { 64 } else { usize::MAX });
                for _ in 0..=random.below(3) {
                    let at = random.below(head);
                    let end = (at + random.below(9)).min(bytes.len());
                    bytes[at..end].fill(*random.pick(&[0, 1, 0x7f, 0x80, 0xff]));
                }
                fs::write(&path, bytes).unwrap();
            }
        }
        let _ = fs::remove_dir_all(fixture.path("app"));
        let _ = fs::remove_file(fixture.path(".werf-git-state"));
        let attempt = || {
            let store = Store::open(&fixture.store)?;
            sync(&store, STAGE, &fixture.root, Before::State)
        };
        match attempt() {
            Ok(_) => tally::right(1),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Store, "{error}");
                tally::refused(1);
            }
        }
        let mut store = Store::create(&fixture.store).unwrap();
        let merging = CleanPolicy {
            small_packs: 0,
            ..CleanPolicy::default()
        };
        store.clean(&merging).unwrap();
        store.repair(&ids).unwrap();
        let missing = store.claim(&ids).unwrap();
        let mut filling = store.fill();
        for (id, data) in blobs.iter().filter(|(id, _)| missing.contains(id)) {
            filling.add(*id, data).unwrap();
        }
        filling.finish().unwrap();
        store.write_manifest(&wanted).unwrap();
        store.write_slot(STAGE, &slot).unwrap();
        attempt().unwrap();
        assert_eq!(fixture.names("app").len(), names.len());
    }
    assert_eq!(
        Manifest::decode(
            &Store::open(&fixture.store)
                .unwrap()
                .read_manifest(wanted.id())
                .unwrap()
        ),
        Ok(wanted)
    );
}
