//! What `stapel-sync` reads from disk: packs and their indexes, the state of a layer, and its seal.
//!
//! Each of these is verified by a sum that whoever writes it can compute, so the sums of inputs are set right.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stapel_sync::slot::Slot;
use stapel_sync::store::{CleanPolicy, Store};
use stapel_sync::{Before, ObjectId, PatchPlaces, SealId, patch, seal as take_seal, sync};

use crate::formats::{CONTENTS, STAGE, commit, sample};

const STATE: &str = ".werf-git-state";
const SEAL: &str = ".werf-git-seal";
/// What precedes the sum in both files.
const HEADER: usize = 12;

/// A STORE with the sources of [`sample`], and a root.
struct Fixture {
    _temp: tempfile::TempDir,
    store: PathBuf,
    root: PathBuf,
}

impl Fixture {
    fn new() -> Fixture {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let [store, root] = ["store", "root"].map(|name| temp.path().join(name));
        fs::create_dir(&root).expect("make a directory");
        let fixture = Fixture {
            _temp: temp,
            store,
            root,
        };
        fixture.fill();
        fixture
    }

    fn fill(&self) {
        let mut store = Store::create(&self.store).expect("a STORE");
        let ids: Vec<ObjectId> = sample().blobs().collect();
        let missing = store.claim(&ids).expect("to look into STORE");
        let mut fill = store.fill();
        for (id, content) in ids.iter().zip(CONTENTS) {
            if missing.contains(id) {
                fill.add(*id, content).expect("to fill STORE");
            }
        }
        fill.finish().expect("to fill STORE");
        let slot = Slot {
            manifest: store
                .write_manifest(&sample())
                .expect("to write a manifest"),
            commit: commit(),
        };
        store.write_slot(STAGE, &slot).expect("to write a slot");
    }

    fn open(&self) -> Store {
        Store::open(&self.store).expect("a STORE")
    }

    /// Syncs the root, and fails if it succeeds and a file is not what the commit has.
    fn sync(&self) -> bool {
        sync(&self.open(), STAGE, &self.root, Before::State).is_ok()
    }

    /// Fails if a file of the root is not what the commit has.
    fn check(&self) {
        for (path, content) in [("app/a", CONTENTS[0]), ("app/a-b/c", CONTENTS[1])] {
            let found = fs::read(self.root.join(path)).unwrap_or_default();
            assert_eq!(found, content, "{path}");
        }
    }

    /// Returns the only file in `packs` whose name ends so.
    fn pack(&self, extension: &str) -> PathBuf {
        let files = fs::read_dir(self.store.join("packs")).expect("packs");
        let mut files = files.filter_map(Result::ok).map(|entry| entry.path());
        files
            .find(|path| path.extension().is_some_and(|it| it == extension))
            .expect("a pack")
    }
}

/// An index, and behind 0xff the pack: whatever they are, a sync writes what the commit has, or fails, and a build
/// that fills STORE again makes the next one right.
pub fn pack(data: &[u8]) {
    let (index, pack) = crate::halves(data);
    let fixture = Fixture::new();
    let (old_index, old_pack) = (fixture.pack("idx"), fixture.pack("pack"));
    let packs = old_index.parent().expect("a directory").to_owned();
    fs::remove_file(old_index).expect("remove the index");
    let sum = sha256(index);
    let name = packs.join(hex_of(&sum));
    fs::write(name.with_extension("idx"), [index, &sum].concat()).expect("write the index");
    if pack.is_empty() {
        fs::rename(old_pack, name.with_extension("pack")).expect("keep the pack");
    } else {
        fs::write(name.with_extension("pack"), pack).expect("write the pack");
    }
    let Ok(mut store) = Store::open(&fixture.store) else {
        return;
    };
    if fixture.sync() {
        fixture.check();
        return;
    }
    let ids: Vec<ObjectId> = sample().blobs().collect();
    store.repair(&ids).expect("to repair STORE");
    fixture.fill();
    assert!(fixture.sync(), "still damaged after it was filled again");
    fixture.check();
    store
        .clean(&CleanPolicy::default())
        .expect("to clean STORE");
}

/// The index and the pack of a fill, without the sum of the index.
pub fn packs() -> Vec<Vec<u8>> {
    let fixture = Fixture::new();
    let index = fs::read(fixture.pack("idx")).expect("an index");
    let pack = fs::read(fixture.pack("pack")).expect("a pack");
    let index = &index[..index.len() - 32];
    // An index has the byte that separates, so that there is no input with both as they are: the pack stays.
    vec![
        index.to_vec(),
        [b"".as_slice(), &[crate::SEPARATOR], &pack].concat(),
    ]
}

/// The state file of a layer, behind its sum: a sync then succeeds, or says what is wrong.
pub fn state(data: &[u8]) {
    let fixture = Fixture::new();
    summed(&fixture.root.join(STATE), b"WERFSTAT\x01\0\0\0", data);
    if fixture.sync() {
        let again = fs::read(fixture.root.join(STATE)).expect("a state");
        assert_eq!(
            again[HEADER..HEADER + 32],
            *sample().id().as_bytes(),
            "another state"
        );
        assert!(fixture.sync(), "a second sync fails");
    }
}

/// The manifest of the layer, which is what the state is.
pub fn states() -> Vec<Vec<u8>> {
    crate::formats::manifests()
}

/// The seal of a layer, behind its sum: a patch is made by it, or refused.
pub fn seal(data: &[u8]) {
    let fixture = Fixture::new();
    let temp = tempfile::tempdir().expect("a temporary directory");
    let [sealed, gone, new] = ["sealed", "gone", "new"].map(|name| temp.path().join(name));
    for directory in [&sealed, &gone, &new] {
        fs::create_dir(directory).expect("make a directory");
    }
    summed(&sealed.join(SEAL), b"WERFSEAL\x01\0\0\0", data);
    let id = SealId::from_bytes(sha256(data));
    let places = PatchPlaces { sealed, gone, new };
    let _ = patch(&fixture.open(), STAGE, sample().id(), id, &places);
}

/// Seals of a layer that was synced, and of one that was not.
pub fn seals() -> Vec<Vec<u8>> {
    let fixture = Fixture::new();
    let taken = || {
        let temp = tempfile::tempdir().expect("a temporary directory");
        take_seal(&fixture.root, temp.path()).expect("a seal");
        let bytes = fs::read(temp.path().join(SEAL)).expect("a seal");
        bytes[HEADER + 32..].to_vec()
    };
    let none = taken();
    assert!(fixture.sync(), "an intact STORE");
    vec![none, taken()]
}

/// Writes a header, the sum of `body`, and `body`.
fn summed(path: &Path, header: &[u8; HEADER], body: &[u8]) {
    fs::write(path, [header.as_slice(), &sha256(body), body].concat()).expect("write a file");
}

pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

pub fn hex_of(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
