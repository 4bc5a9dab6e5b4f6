//! Stage digests: SHA-256 over named, length-prefixed fields.
//!
//! A digest is the cache key of a stage (it sits in the inputs of the stage's exec), so everything
//! that enters one is decided on purpose. The fields stay beside the digest in the plan: comparing two
//! plans says why a stage was rebuilt.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use werf_config::digest::DigestFields;

/// The version of the digest scheme, the first field of every digest.
///
/// Raising it rebuilds every stage of every user, so it is always a line in the changelog.
pub const FORMAT: &str = "1";

/// Field values longer than this many bytes are kept in the plan as their SHA-256 and length only.
const SHOWN_BYTES: usize = 1024;

/// A stage digest: 32 bytes, written as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Returns the first 12 digits, enough to recognise a stage in a message.
    pub fn short(&self) -> String {
        let mut text = self.hex();
        text.truncate(12);
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.hex()
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Digest, String> {
        if text.len() != 64 {
            return Err(format!(
                "a stage digest has 64 hexadecimal digits, not `{text}`"
            ));
        }
        let mut bytes = [0; 32];
        base16ct::lower::decode(&text, &mut bytes)
            .map_err(|_| format!("`{text}` is not a stage digest"))?;
        Ok(Digest(bytes))
    }
}

/// One named input of a stage digest as the plan shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestField {
    /// What the value is, for example `command`.
    pub name: String,
    /// The value as text; a value of more than 1 KiB, or one that is not UTF-8, is given as
    /// `sha256:HEX (N bytes)`.
    pub value: String,
}

/// Hashes named fields, each with its length, so no two field lists share an encoding.
pub struct DigestWriter {
    hash: Sha256,
    fields: Vec<DigestField>,
}

impl DigestWriter {
    /// Starts a digest with the [`FORMAT`] and the kind of thing that is named by it.
    pub fn new(kind: &str) -> DigestWriter {
        DigestWriter {
            hash: Sha256::new(),
            fields: Vec::new(),
        }
        .field("format", FORMAT)
        .field("stage", kind)
    }

    /// Adds one field: the lengths of name and value as 8 little-endian bytes each, before their bytes.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        for part in [name.as_bytes(), value] {
            self.hash.update((part.len() as u64).to_le_bytes());
            self.hash.update(part);
        }
        self.fields.push(DigestField {
            name: name.to_owned(),
            value: shown(value),
        });
        self
    }

    /// Adds a field for each of `values`, in their order, all under one name.
    pub fn fields<V: AsRef<[u8]>>(self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        values
            .into_iter()
            .fold(self, |writer, value| writer.field(name, value))
    }

    /// Adds the field if there is something to say, so that an absent directive and an older plan
    /// without it have one digest.
    pub fn optional(self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            self
        } else {
            self.field(name, value)
        }
    }

    /// Adds what a directive says.
    pub fn all(self, fields: DigestFields) -> Self {
        fields
            .into_iter()
            .fold(self, |writer, (name, value)| writer.field(name, value))
    }

    /// Returns the digest and the fields that made it.
    pub fn finish(self) -> (Digest, Vec<DigestField>) {
        (Digest(self.hash.finalize().into()), self.fields)
    }
}

fn shown(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if value.len() <= SHOWN_BYTES => text.to_owned(),
        _ => format!(
            "sha256:{} ({} bytes)",
            hex(&Sha256::digest(value)),
            value.len()
        ),
    }
}

/// Returns `bytes` as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(writer: DigestWriter) -> Digest {
        writer.finish().0
    }

    #[test]
    fn the_length_prefix_keeps_field_lists_apart() {
        let all = [
            digest(DigestWriter::new("install").field("a", "bc")),
            digest(DigestWriter::new("install").field("ab", "c")),
            digest(DigestWriter::new("install").field("a", "b").field("", "c")),
            digest(DigestWriter::new("install").field("a", "").field("bc", "")),
            digest(DigestWriter::new("setup").field("a", "bc")),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| other != one), "{i}");
        }
    }

    #[test]
    fn the_encoding_is_a_contract() {
        // Changing this literal rebuilds every user's stages: say so in the changelog.
        assert_eq!(
            digest(DigestWriter::new("install").fields("command", ["a", "b"])).hex(),
            "eb66153e88f4a356d52c92d1357b2ee637bab5038e3dc96725127af876459155"
        );
    }

    #[test]
    fn an_empty_optional_field_is_no_field() {
        let with = digest(DigestWriter::new("from").optional("cacheVersion", ""));
        assert_eq!(with, digest(DigestWriter::new("from")));
    }

    #[test]
    fn long_and_binary_values_are_shown_by_their_hash() {
        let (_, fields) = DigestWriter::new("x")
            .field("long", "y".repeat(2000))
            .field("raw", [0xff])
            .finish();
        assert!(
            fields[2].value.starts_with("sha256:") && fields[2].value.ends_with("(2000 bytes)")
        );
        assert!(fields[3].value.ends_with("(1 bytes)"));
    }

    #[test]
    fn a_digest_survives_its_text_and_nothing_else_does() {
        let one = digest(DigestWriter::new("x"));
        assert_eq!(Digest::try_from(one.hex()), Ok(one.clone()));
        for wrong in [
            String::new(),
            one.hex().to_uppercase(),
            format!("{}0", one.hex()),
            "z".repeat(64),
        ] {
            assert!(Digest::try_from(wrong).is_err());
        }
    }
}
