//! Random damage to everything that is parsed: no panic, and nothing is read that would not be
//! written in the same way.

use crate::support::random::Random;
use crate::support::{STAGE, commit, executable, file, manifest, one, symlink, tree};
use stapel_sync::StageDigest;
use stapel_sync::manifest::Manifest;
use stapel_sync::slot::Slot;

/// Changes, inserts, removes or repeats a few bytes.
fn damage(random: &mut Random, intact: &[u8]) -> Vec<u8> {
    let mut bytes = intact.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len().max(1)).min(bytes.len());
        let end = (at + random.below(6)).min(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.insert(at, random.next() as u8),
            3 => bytes
                .splice(
                    at..at,
                    intact[at.min(intact.len())..end.min(intact.len())].to_vec(),
                )
                .for_each(drop),
            _ => bytes[at..end].fill(*random.pick(&[0, 1, 0x2e, 0x2f, 0x7f, 0x80, 0xff])),
        }
    }
    bytes
}

#[test]
fn manifests() {
    let app = [
        ("a", file("1")),
        ("a-b/c", executable("2")),
        ("a.d/e", symlink("a")),
        ("b/c/d", file("3")),
    ];
    let sources = [
        tree("/app", &app).owned("app", "5"),
        one("/etc/x", file("4")),
        tree("/", &[]),
    ];
    let intact = manifest(&sources).0.encode();
    let mut random = Random::new(3);
    let mut read = 0;
    for _ in 0..200_000 {
        let bytes = damage(&mut random, &intact);
        if let Ok(manifest) = Manifest::decode(&bytes) {
            assert_eq!(manifest.encode(), bytes);
            read += 1;
        }
    }
    assert!(read > 1000, "ids and names may be anything: {read}");
}

#[test]
fn slots() {
    let (manifest, _) = manifest(&[]);
    let slot = Slot {
        manifest: manifest.id(),
        commit: commit(5),
    };
    let intact = slot.encode(STAGE).unwrap();
    let mut random = Random::new(4);
    for _ in 0..50_000 {
        let bytes = damage(&mut random, intact.as_bytes());
        let read = Slot::decode(&bytes, STAGE);
        assert_eq!(
            read.is_ok(),
            bytes == intact.as_bytes(),
            "{}",
            bytes.escape_ascii()
        );
    }
    assert!(Slot::decode(intact.as_bytes(), StageDigest::from_bytes([0; 32])).is_err());
}
