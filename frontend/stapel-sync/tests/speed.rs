//! How long things take with a large repository; figures, not verdicts:
//!
//! ```console
//! $ cargo test --release -p stapel-sync speed:: -- --ignored --nocapture
//! ```
//!
//! `STAPEL_SYNC` names another build of the program to measure, `TMPDIR` the file system.

#![allow(clippy::print_stderr, reason = "it measures and says so")]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::support::{Fixture, STAGE, commit, id_of};
use stapel_sync::manifest::{Content, EntryKind, Leaf, Listing, Manifest, Mapping};
use stapel_sync::slot::Slot;
use stapel_sync::store::Store;
use stapel_sync::{AbsPath, HashKind, ObjectId};

const FILES: usize = 100_000;

fn timed<T>(what: &str, action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = action();
    eprintln!("{:>9.1} ms  {what}", start.elapsed().as_secs_f64() * 1000.0);
    done
}

/// Returns the contents of a file: some kilobytes, like source code.
fn contents(number: usize, version: usize) -> Vec<u8> {
    let size = 500 + number * 7919 % 7000;
    format!("{number} {version}\n")
        .into_bytes()
        .into_iter()
        .cycle()
        .take(size)
        .collect()
}

fn repository(changed: usize) -> Vec<(Vec<u8>, ObjectId, Vec<u8>)> {
    let mut files: Vec<_> = (0..FILES)
        .map(|number| {
            let path = format!(
                "packages/package-{:03}/src/part-{:04}/file-{number:06}.ts",
                number / 400,
                number / 20
            );
            let data = contents(number, usize::from(number == changed));
            (path.into_bytes(), id_of(&data), data)
        })
        .collect();
    files.sort();
    files
}

fn manifest(files: &[(Vec<u8>, ObjectId, Vec<u8>)]) -> Manifest {
    let mut listing = Listing::new(HashKind::Sha1);
    for (path, id, _) in files {
        listing
            .push(
                path,
                Leaf {
                    kind: EntryKind::File,
                    id: *id,
                },
            )
            .unwrap();
    }
    let to = AbsPath::parse(b"/app").unwrap();
    let content = Content::Directory(listing);
    Manifest {
        mappings: vec![Mapping {
            to,
            owner: String::new(),
            group: String::new(),
            content,
        }],
    }
}

fn fill(root: &Path, files: &[(Vec<u8>, ObjectId, Vec<u8>)]) -> Slot {
    let ids: Vec<ObjectId> = files.iter().map(|(_, id, _)| *id).collect();
    let mut store = timed("  open STORE", || Store::create(root).unwrap());
    let missing = timed("  claim all blobs", || store.claim(&ids).unwrap());
    let missing: std::collections::HashSet<_> = missing.into_iter().collect();
    let mut fill = store.fill();
    let filled = timed("  write what is missing", || {
        for (_, id, data) in files.iter().filter(|(_, id, _)| missing.contains(id)) {
            fill.add(*id, data).unwrap();
        }
        fill.finish().unwrap()
    });
    eprintln!("              {filled:?}");
    let manifest = timed("  make the manifest", || manifest(files));
    let id = timed("  write the manifest", || {
        store.write_manifest(&manifest).unwrap()
    });
    let slot = Slot {
        manifest: id,
        commit: commit(1000),
    };
    timed("  write the slot", || {
        store.write_slot(STAGE, &slot).unwrap();
    });
    slot
}

fn sync(fixture: &Fixture, what: &str) {
    let program =
        std::env::var("STAPEL_SYNC").unwrap_or_else(|_| env!("CARGO_BIN_EXE_stapel-sync").into());
    let mut command = Command::new(program);
    command
        .arg("sync")
        .arg("--store")
        .arg(&fixture.store)
        .arg("--root")
        .arg(&fixture.root);
    command.arg("--slot").arg(STAGE.to_string());
    assert!(timed(what, || command.status().unwrap()).success());
}

#[test]
#[ignore = "takes long and judges nothing"]
fn a_hundred_thousand_files() {
    let fixture = Fixture::new();
    let (first, second) = (repository(FILES), repository(FILES / 2));
    timed("first fill", || fill(&fixture.store, &first));
    sync(&fixture, "first sync");
    timed("fill again, nothing new", || fill(&fixture.store, &first));
    sync(&fixture, "sync again, nothing new");
    timed("fill, one file new", || fill(&fixture.store, &second));
    sync(&fixture, "sync, one file new");
    let bytes = manifest(&first).encode();
    eprintln!("              manifest of {} bytes", bytes.len());
    timed("read the manifest", || Manifest::decode(&bytes).unwrap());
}
