//! Capabilities: who can name a thing in STORE can read it, and nobody else.
//!
//! Every command of every stage sees all of STORE. So a thing lies there under a hash of its secret, encrypted with
//! another hash of it; the secret is what a build knows anyway: of a blob its object id, of a manifest its identity, of
//! a slot or a baseline the digest of the stage. Who lists STORE learns sizes and ages. Equal contents have equal
//! secrets, and so equal bytes: projects share what they have in common.
//!
//! A blob and a manifest are determined by their secret, so a key is only ever used for one content, and they are
//! verified against it after opening: a mark of authenticity would add nothing. What a slot or a baseline holds changes
//! while its secret does not. These begin with a tag, a hash of the secret and the content, which takes part in the key
//! and is compared after opening: different contents have different keys, and nobody who does not know the stage can write one.

use key_stream::KeyStream;

use crate::hash::{ManifestId, ObjectId, StageDigest, sha256_of};

/// The length of a tag.
const TAG: usize = 32;

/// The place of a thing in STORE. It reveals nothing of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place([u8; Place::LENGTH]);

impl Place {
    /// The length in bytes.
    pub(super) const LENGTH: usize = 32;

    pub(super) const fn from_bytes(bytes: [u8; Place::LENGTH]) -> Place {
        Place(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; Place::LENGTH] {
        &self.0
    }

    /// Returns the first bytes, which tell places apart well enough where a mistake does no harm.
    pub(super) fn prefix(&self) -> u64 {
        let first = self.0.first_chunk();
        first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}

/// What a secret belongs to. Places and keys of different kinds have nothing in common.
#[derive(Clone, Copy)]
enum Kind {
    Blob,
    Manifest,
    Slot,
    Baseline,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Kind::Blob => "blob",
            Kind::Manifest => "manifest",
            Kind::Slot => "slot",
            Kind::Baseline => "baseline",
        }
    }
}

/// Who has this can find a thing in STORE and read it.
#[derive(Clone, Copy)]
pub(super) struct Capability<'a> {
    kind: Kind,
    secret: &'a [u8],
}

impl<'a> Capability<'a> {
    pub(super) fn of_blob(id: &'a ObjectId) -> Self {
        Capability {
            kind: Kind::Blob,
            secret: id.as_bytes(),
        }
    }

    pub(super) fn of_manifest(id: &'a ManifestId) -> Self {
        Capability {
            kind: Kind::Manifest,
            secret: id.as_bytes(),
        }
    }

    pub(super) fn of_slot(stage: &'a StageDigest) -> Self {
        Capability {
            kind: Kind::Slot,
            secret: stage.as_bytes(),
        }
    }

    pub(super) fn of_baseline(stage: &'a StageDigest) -> Self {
        Capability {
            kind: Kind::Baseline,
            secret: stage.as_bytes(),
        }
    }

    /// Returns where the thing is.
    pub(super) fn place(self) -> Place {
        Place(self.derive("place", &[]))
    }

    /// Returns what encrypts a thing that its secret determines, and decrypts it, from its first byte on.
    pub(super) fn stream(self) -> KeyStream {
        KeyStream::new(self.derive("key", &[]))
    }

    /// Returns the bytes of a thing whose content the secret does not determine.
    pub(super) fn close(self, content: &[u8]) -> Vec<u8> {
        let tag = self.derive("tag", content);
        let mut bytes = [&tag[..], content].concat();
        // A slot is a text of some hundred bytes.
        let whole = KeyStream::new(self.derive("key", &tag)).apply(&mut bytes[TAG..]);
        debug_assert!(whole, "a key stream is longer than a text");
        bytes
    }

    /// Returns the content of such a thing; `None` if it is damaged, or not of this secret.
    pub(super) fn open(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (tag, content) = bytes.split_first_chunk::<TAG>()?;
        let mut content = content.to_vec();
        let whole = KeyStream::new(self.derive("key", tag)).apply(&mut content);
        (whole && self.derive("tag", &content) == *tag).then_some(content)
    }

    /// Hashes the secret for one purpose. No two purposes, secrets and additions are the same bytes. For a blob they fit
    /// into one block of the hash.
    fn derive(self, purpose: &str, more: &[u8]) -> [u8; 32] {
        let length = [self.secret.len() as u8];
        sha256_of([
            self.kind.name().as_bytes(),
            b" ",
            purpose.as_bytes(),
            b"\0",
            &length,
            self.secret,
            more,
        ])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const STAGE: StageDigest = StageDigest::from_bytes([7; 32]);

    #[test]
    fn nothing_is_derived_twice() {
        let blob = ObjectId::Sha256([7; 32]);
        let short = ObjectId::Sha1([7; 20]);
        let manifest = ManifestId::from_bytes([7; 32]);
        let all = [
            Capability::of_blob(&blob),
            Capability::of_blob(&short),
            Capability::of_manifest(&manifest),
            Capability::of_slot(&STAGE),
            Capability::of_baseline(&STAGE),
        ];
        let mut seen = HashSet::new();
        for capability in all {
            for purpose in ["place", "key", "tag"] {
                for more in [&b""[..], b"\0", b"\x01", b"a", b"ab"] {
                    assert!(seen.insert(capability.derive(purpose, more)));
                }
            }
        }
    }

    /// Changing what is derived makes every STORE unreadable: raise the version of its format with it.
    #[test]
    fn a_known_blob_has_a_known_place_and_stream() {
        let id = ObjectId::Sha1([1; 20]);
        let capability = Capability::of_blob(&id);
        let mut stream = [0; 8];
        assert!(capability.stream().apply(&mut stream));
        let shown = format!(
            "{} {}",
            crate::hex::encode(capability.place().as_bytes()),
            crate::hex::encode(&stream)
        );
        let known =
            "569ef63d83e8d1035f53670bd255579956e669138d44fb241cc161ca2536e085 11248cacc2dc3f9a";
        assert_eq!(shown, known);
    }

    #[test]
    fn a_text_is_read_by_its_secret_alone_and_whole() {
        let capability = Capability::of_slot(&STAGE);
        let bytes = capability.close(b"some text");
        assert_eq!(capability.open(&bytes).as_deref(), Some(&b"some text"[..]));
        let other = StageDigest::from_bytes([8; 32]);
        assert_eq!(Capability::of_slot(&other).open(&bytes), None);
        assert_eq!(Capability::of_baseline(&STAGE).open(&bytes), None);
        for at in 0..bytes.len() {
            assert_eq!(capability.open(&bytes[..at]), None, "cut at {at}");
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(capability.open(&damaged), None, "flipped at {at}");
        }
        let longer = [&bytes[..], b"\0"].concat();
        assert_eq!(capability.open(&longer), None);
    }

    #[test]
    fn texts_of_one_secret_have_streams_of_their_own() {
        let capability = Capability::of_slot(&STAGE);
        let (one, two) = (capability.close(&[0; 64]), capability.close(&[1; 64]));
        let both = one[TAG..].iter().zip(&two[TAG..]).map(|(a, b)| a ^ b);
        assert!(both.collect::<HashSet<_>>().len() > 8);
        assert_eq!(
            one,
            capability.close(&[0; 64]),
            "the same text, the same bytes"
        );
    }
}
