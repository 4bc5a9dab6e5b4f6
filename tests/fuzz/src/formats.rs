//! Formats that are read from bytes alone: there is one way to write each thing.

use std::collections::BTreeMap;

use diagnostic::SourceText;
use stapel_sync::manifest::{Content, EntryKind, Leaf, Listing, Manifest, Mapping};
use stapel_sync::slot::{Commit, Slot};
use stapel_sync::{AbsPath, HashKind, ObjectId, StageDigest};
use werf_plan::file::{Outcome, PlanFile};

use crate::texts;

/// The stage that inputs are of.
pub const STAGE: StageDigest = StageDigest::from_bytes([7; 32]);

/// A manifest.
pub fn manifest(data: &[u8]) {
    if let Ok(manifest) = Manifest::decode(data) {
        assert_eq!(manifest.encode(), data, "it would be written otherwise");
        assert_eq!(manifest.id(), Manifest::id_of(data));
    }
}

/// Manifests of all kinds of entries.
pub fn manifests() -> Vec<Vec<u8>> {
    [sample(), Manifest::default()]
        .map(|manifest| manifest.encode())
        .into()
}

/// A slot. The checksum at its end is set right, so that what precedes it is looked at.
pub fn slot(data: &[u8]) {
    let _ = Slot::decode(data, STAGE);
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let text = format!(
        "{text}checksum {}\n",
        crate::store::hex_of(&crate::store::sha256(data))
    );
    if let Ok(slot) = Slot::decode(text.as_bytes(), STAGE) {
        assert_eq!(
            slot.encode(STAGE).ok(),
            Some(text),
            "it would be written otherwise"
        );
    }
}

/// A slot without its checksum.
pub fn slots() -> Vec<Vec<u8>> {
    let slot = Slot {
        manifest: sample().id(),
        commit: commit(),
    };
    let text = slot.encode(STAGE).expect("a slot");
    let whole = text.split("checksum ").next().unwrap_or_default();
    vec![whole.as_bytes().to_vec()]
}

/// A plan file.
pub fn plan(data: &[u8]) {
    if let Ok(plan) = PlanFile::from_json(data) {
        let written = plan.to_json();
        let again = PlanFile::from_json(&written).expect("what is written is read");
        assert_eq!(again.to_json(), written, "it would be written otherwise");
    }
}

/// Plan files of the examples that have no templates.
pub fn plans() -> Vec<Vec<u8>> {
    let sources = texts::files().into_iter();
    let sources = sources.filter_map(|text| SourceText::new("werf.yaml", text).ok());
    let configs = sources.filter_map(|source| werf_config::load(&source).ok());
    let plans = configs.map(|loaded| werf_plan::plan(&loaded.config, "0123", &BTreeMap::new()));
    let files = plans.map(|plan| PlanFile::of(Outcome::Plan(plan)));
    files.map(|file| file.to_json()).collect()
}

/// The facts of a commit.
pub fn commit() -> Commit {
    Commit {
        hash: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".into(),
        time_human: "2026-08-01 12:00:00 +0300 MSK".into(),
        time_unix: 1_785_574_800,
    }
}

/// The contents of the files of [`sample`], in their order.
pub const CONTENTS: [&[u8]; 4] = [b"one\n", b"two\n", b"a", b"alone\n"];

/// A manifest with a directory and a file.
pub fn sample() -> Manifest {
    let leaf = |kind, content: &[u8]| Leaf {
        kind,
        id: ObjectId::of_blob(HashKind::Sha1, content).expect("no collision"),
    };
    let mut listing = Listing::new(HashKind::Sha1);
    let kinds = [EntryKind::File, EntryKind::Executable, EntryKind::Symlink];
    for ((path, kind), content) in ["a", "a-b/c", "b/c/d"].iter().zip(kinds).zip(CONTENTS) {
        listing
            .push(path.as_bytes(), leaf(kind, content))
            .expect("in order");
    }
    let mapping = |to: &[u8], content| Mapping {
        to: AbsPath::parse(to).expect("a path"),
        owner: "0".to_owned(),
        group: String::new(),
        content,
    };
    Manifest {
        mappings: vec![
            mapping(b"/app", Content::Directory(listing)),
            mapping(b"/etc/x", Content::File(leaf(EntryKind::File, CONTENTS[3]))),
        ],
    }
}
