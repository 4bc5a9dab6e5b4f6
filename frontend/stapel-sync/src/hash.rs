//! Git object ids of blobs, and sha256 names of other things.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::hex;

/// The two object formats of git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashKind {
    /// Twenty bytes, git's default.
    Sha1,
    /// Thirty-two bytes, `git init --object-format=sha256`.
    Sha256,
}

impl HashKind {
    /// Both kinds, in the order of their codes.
    pub const ALL: [HashKind; 2] = [HashKind::Sha1, HashKind::Sha256];

    /// Returns the length of an id in bytes.
    pub const fn id_len(self) -> usize {
        match self {
            HashKind::Sha1 => 20,
            HashKind::Sha256 => 32,
        }
    }

    /// Returns the number that stands for the kind in files.
    pub(crate) const fn code(self) -> u8 {
        match self {
            HashKind::Sha1 => 1,
            HashKind::Sha256 => 2,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<HashKind> {
        HashKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The id of a blob, as git names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// An id of a sha1 repository.
    Sha1([u8; 20]),
    /// An id of a sha256 repository.
    Sha256([u8; 32]),
}

impl ObjectId {
    /// Returns the id that `bytes` are, if they have the length of one.
    pub fn from_bytes(bytes: &[u8]) -> Option<ObjectId> {
        match bytes.len() {
            20 => bytes.try_into().ok().map(ObjectId::Sha1),
            32 => bytes.try_into().ok().map(ObjectId::Sha256),
            _ => None,
        }
    }

    /// Returns the id that a git command printed.
    pub fn from_hex(text: &str) -> Option<ObjectId> {
        let text = text.as_bytes();
        hex::decode(text)
            .map(ObjectId::Sha1)
            .or_else(|| hex::decode(text).map(ObjectId::Sha256))
    }

    /// Returns the bytes of the id.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            ObjectId::Sha1(bytes) => bytes,
            ObjectId::Sha256(bytes) => bytes,
        }
    }

    /// Returns the object format that the id belongs to.
    pub fn kind(&self) -> HashKind {
        match self {
            ObjectId::Sha1(_) => HashKind::Sha1,
            ObjectId::Sha256(_) => HashKind::Sha256,
        }
    }

    /// Returns the id of a blob with these contents.
    pub fn of_blob(kind: HashKind, data: &[u8]) -> Result<ObjectId, Collision> {
        let mut hasher = BlobHasher::new(kind, data.len() as u64);
        hasher.update(data);
        hasher.finish()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

/// Contents made to collide in sha1; git refuses such objects too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision;

/// Computes a blob's id piece by piece.
///
/// sha1 comes with collision detection: all projects of a builder share STORE, so two contents
/// with one id must not be a way from one project into another.
pub struct BlobHasher(State);

enum State {
    Sha1(sha1dc::Hasher),
    Sha256(Sha256),
}

impl BlobHasher {
    /// Begins the id of a blob of `size` bytes.
    pub fn new(kind: HashKind, size: u64) -> Self {
        let mut hasher = BlobHasher(match kind {
            HashKind::Sha1 => State::Sha1(sha1dc::Hasher::new()),
            HashKind::Sha256 => State::Sha256(Sha256::new()),
        });
        hasher.update(format!("blob {size}\0").as_bytes());
        hasher
    }

    /// Adds the next piece.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Sha1(hasher) => hasher.update(data),
            State::Sha256(hasher) => hasher.update(data),
        }
    }

    /// Returns the id.
    pub fn finish(self) -> Result<ObjectId, Collision> {
        match self.0 {
            State::Sha1(hasher) => match hasher.finalize() {
                Ok(digest) => Ok(ObjectId::Sha1(digest.to_bytes())),
                Err(_) => Err(Collision),
            },
            State::Sha256(hasher) => Ok(ObjectId::Sha256(hasher.finalize().into())),
        }
    }
}

/// Declares a sha256 that names one sort of thing, so that names cannot be mixed up.
macro_rules! sha256_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the bytes of a sha256.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                $name(bytes)
            }

            /// Returns the bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotADigest;

            fn from_str(text: &str) -> Result<Self, NotADigest> {
                hex::decode(text.as_bytes()).map($name).ok_or(NotADigest)
            }
        }
    };
}

sha256_name!(
    /// The identity of a manifest: the sha256 of its bytes.
    ManifestId
);
sha256_name!(
    /// The digest of a stage, which names its slot.
    StageDigest
);
sha256_name!(
    /// The identity of a seal: the sha256 of what it says.
    SealId
);
sha256_name!(
    /// The name of a pack: the sha256 of its index.
    PackId
);

/// Text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a digest of 64 lower-case hexadecimal digits")
    }
}

impl std::error::Error for NotADigest {}

/// Returns the sha256 of `data`.
pub(crate) fn sha256(data: &[u8]) -> [u8; 32] {
    sha256_of([data])
}

/// Returns the sha256 of all `parts`, one after the other.
pub(crate) fn sha256_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// Asks git, the only judge of its own ids.
    fn git_hash_object(format: &str, data: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command
                .current_dir(dir.path())
                .args(args)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
            command
        };
        assert!(
            git(&["init", "-q", &format!("--object-format={format}")])
                .status()
                .unwrap()
                .success()
        );
        let mut child = git(&["hash-object", "--stdin"]).spawn().unwrap();
        child.stdin.take().unwrap().write_all(data).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    }

    #[test]
    fn ids_are_those_of_git() {
        let large: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        for data in [&b""[..], b"hello\n", b"\0\xff\0", &large] {
            for (format, kind) in [("sha1", HashKind::Sha1), ("sha256", HashKind::Sha256)] {
                let id = ObjectId::of_blob(kind, data).unwrap();
                assert_eq!(id.to_string(), git_hash_object(format, data));
                assert_eq!(ObjectId::from_hex(&id.to_string()), Some(id));
                assert_eq!(ObjectId::from_bytes(id.as_bytes()), Some(id));
            }
        }
    }

    #[test]
    fn pieces_give_the_same_id_as_the_whole() {
        let mut hasher = BlobHasher::new(HashKind::Sha1, 6);
        hasher.update(b"hel");
        hasher.update(b"");
        hasher.update(b"lo\n");
        assert_eq!(
            hasher.finish().unwrap().to_string(),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
    }

    #[test]
    fn names_are_read_only_in_their_one_spelling() {
        let text = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        assert_eq!(text.parse::<StageDigest>().unwrap().to_string(), text);
        for wrong in ["", "../../etc/passwd", &text[1..], &text.to_uppercase()] {
            assert_eq!(wrong.parse::<StageDigest>(), Err(NotADigest), "{wrong}");
        }
    }
}
