//! A STORE and a root in a temporary directory, and short ways to fill and look at them.

pub mod random;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use stapel_sync::manifest::{Content, EntryKind, Leaf, Listing, Manifest, Mapping};
use stapel_sync::slot::{Commit, Slot};
use stapel_sync::store::Store;
use stapel_sync::{AbsPath, Before, Error, HashKind, ObjectId, Report, StageDigest, sync};

/// A file as a commit has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub kind: EntryKind,
    pub data: Vec<u8>,
}

pub fn file(data: &str) -> File {
    File {
        kind: EntryKind::File,
        data: data.into(),
    }
}

pub fn executable(data: &str) -> File {
    File {
        kind: EntryKind::Executable,
        data: data.into(),
    }
}

pub fn symlink(target: &str) -> File {
    File {
        kind: EntryKind::Symlink,
        data: target.into(),
    }
}

/// A mapping with its contents at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub to: Vec<u8>,
    pub owner: String,
    pub group: String,
    pub files: Files,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    One(File),
    Tree(BTreeMap<Vec<u8>, File>),
}

pub fn tree(to: &str, files: &[(&str, File)]) -> Source {
    let files = files
        .iter()
        .map(|(path, file)| (path.as_bytes().to_vec(), file.clone()));
    Source {
        to: to.into(),
        owner: String::new(),
        group: String::new(),
        files: Files::Tree(files.collect()),
    }
}

pub fn one(to: &str, file: File) -> Source {
    Source {
        to: to.into(),
        owner: String::new(),
        group: String::new(),
        files: Files::One(file),
    }
}

impl Source {
    pub fn owned(mut self, owner: &str, group: &str) -> Source {
        self.owner = owner.into();
        self.group = group.into();
        self
    }
}

pub fn id_of(data: &[u8]) -> ObjectId {
    ObjectId::of_blob(HashKind::Sha1, data).unwrap()
}

/// Returns the manifest of mappings, and all that has to be in STORE for it.
pub fn manifest(sources: &[Source]) -> (Manifest, Vec<(ObjectId, Vec<u8>)>) {
    let mut blobs = Vec::new();
    let mut leaf = |file: &File| {
        let id = id_of(&file.data);
        blobs.push((id, file.data.clone()));
        Leaf {
            kind: file.kind,
            id,
        }
    };
    let mappings = sources.iter().map(|source| {
        let content = match &source.files {
            Files::One(file) => Content::File(leaf(file)),
            Files::Tree(files) => {
                let mut listing = Listing::new(HashKind::Sha1);
                for (path, file) in files {
                    listing.push(path, leaf(file)).unwrap();
                }
                Content::Directory(listing)
            }
        };
        let to = AbsPath::parse(&source.to).unwrap();
        Mapping {
            to,
            owner: source.owner.clone(),
            group: source.group.clone(),
            content,
        }
    });
    let manifest = Manifest {
        mappings: mappings.collect(),
    };
    (manifest, blobs)
}

pub fn commit(time_unix: i64) -> Commit {
    Commit {
        hash: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".into(),
        time_human: "2026-08-01 12:00:00 +0300 MSK".into(),
        time_unix,
    }
}

pub const STAGE: StageDigest = StageDigest::from_bytes([7; 32]);

/// Writes all that a stage needs for these mappings, and its slot.
pub fn fill(store: &Path, stage: StageDigest, sources: &[Source], time: i64) -> Slot {
    let (manifest, blobs) = manifest(sources);
    let mut store = Store::create(store).unwrap();
    let ids: Vec<_> = blobs.iter().map(|(id, _)| *id).collect();
    let missing = store.claim(&ids).unwrap();
    let mut fill = store.fill();
    for (id, data) in &blobs {
        if missing.contains(id) {
            fill.add(*id, data).unwrap();
        }
    }
    fill.finish().unwrap();
    let slot = Slot {
        manifest: store.write_manifest(&manifest).unwrap(),
        commit: commit(time),
    };
    store.write_slot(stage, &slot).unwrap();
    slot
}

pub struct Fixture {
    _temp: tempfile::TempDir,
    pub store: PathBuf,
    pub root: PathBuf,
}

impl Fixture {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let (store, root) = (temp.path().join("store"), temp.path().join("root"));
        fs::create_dir(&root).unwrap();
        Fixture {
            _temp: temp,
            store,
            root,
        }
    }

    /// Syncs the root to these mappings, of a commit of this time.
    pub fn try_sync(&self, sources: &[Source], time: i64) -> Result<Report, Error> {
        fill(&self.store, STAGE, sources, time);
        let store = Store::open(&self.store).unwrap();
        sync(&store, STAGE, &self.root, Before::State).map(|(_, report)| report)
    }

    pub fn sync(&self, sources: &[Source], time: i64) -> Report {
        self.try_sync(sources, time).unwrap()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub fn write(&self, path: &str, data: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }

    /// Lists all below a directory as `PATH`, `PATH -> TARGET` or `PATH/`.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let nodes = scan(&self.path(directory));
        let shown = nodes
            .iter()
            .filter(|(path, _)| !path.is_empty())
            .map(|(path, node)| {
                let path = path.escape_ascii();
                match &node.kind {
                    Kind::File(_) => path.to_string(),
                    Kind::Symlink(target) => format!("{path} -> {}", target.escape_ascii()),
                    Kind::Directory => format!("{path}/"),
                }
            });
        shown.collect()
    }
}

/// Something in a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    pub mode: u32,
    pub user: u32,
    pub group: u32,
    pub time: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    File(Vec<u8>),
    Symlink(Vec<u8>),
    Directory,
}

/// Reads a directory and all below it; its own path is empty. The state file is left out.
pub fn scan(root: &Path) -> BTreeMap<Vec<u8>, Node> {
    let mut nodes = BTreeMap::new();
    scan_into(root, b"", &mut nodes);
    nodes.remove(&b".werf-git-state"[..]);
    nodes
}

fn scan_into(root: &Path, below: &[u8], nodes: &mut BTreeMap<Vec<u8>, Node>) {
    let path = root.join(OsStr::from_bytes(below));
    let metadata = fs::symlink_metadata(&path).unwrap();
    let kind = if metadata.is_symlink() {
        Kind::Symlink(
            fs::read_link(&path)
                .unwrap()
                .as_os_str()
                .as_bytes()
                .to_vec(),
        )
    } else if metadata.is_dir() {
        for entry in fs::read_dir(&path).unwrap() {
            let name = entry.unwrap().file_name();
            let slash: &[u8] = if below.is_empty() { b"" } else { b"/" };
            scan_into(root, &[below, slash, name.as_bytes()].concat(), nodes);
        }
        Kind::Directory
    } else {
        Kind::File(fs::read(&path).unwrap())
    };
    let mode = if metadata.is_symlink() {
        0o777
    } else {
        metadata.mode() & 0o7777
    };
    let (user, group, time) = (metadata.uid(), metadata.gid(), metadata.mtime());
    nodes.insert(
        below.to_vec(),
        Node {
            kind,
            mode,
            user,
            group,
            time,
        },
    );
}

/// Says whether this process may give files away; a test that needs it says that it was skipped.
#[allow(clippy::print_stderr)]
pub fn may_chown(test: &str) -> bool {
    let temp = tempfile::tempdir().unwrap();
    let root = fs::metadata(temp.path()).unwrap().uid() == 0;
    if !root {
        eprintln!("{test}: SKIPPED the part about owners: not running as root");
    }
    root
}
