//! DER, the encoding of keys and certificates, in the few forms that they are made of.

use der::asn1::{AnyRef, BitStringRef, UintRef};
use der::{Decode as _, Encode, Reader as _, SliceReader, TagNumber};

pub(super) use der::Tag;
pub(super) use der::asn1::ObjectIdentifier;

/// The tag of a context-specific field that wraps another value.
pub(super) const fn wrapper(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    }
}

/// The tag of a context-specific field with plain content.
pub(super) const fn plain(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: false,
        number: TagNumber(number),
    }
}

/// Encodes one value.
pub(super) fn value(tag: Tag, content: &[u8]) -> Vec<u8> {
    encode(AnyRef::new(tag, content))
}

/// Encodes values in a row as one.
pub(super) fn list(tag: Tag, values: &[Vec<u8>]) -> Vec<u8> {
    value(tag, &values.concat())
}

/// Encodes the name of an algorithm, a curve or an extension.
pub(super) fn oid(name: ObjectIdentifier) -> Vec<u8> {
    encode(Ok(name))
}

/// Encodes a number that is not negative.
pub(super) fn integer(big_endian: &[u8]) -> Vec<u8> {
    encode(UintRef::new(big_endian))
}

/// Encodes a bit string, of whose last byte `unused` bits do not count.
pub(super) fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    encode(BitStringRef::new(unused, bytes))
}

fn encode(value: der::Result<impl Encode>) -> Vec<u8> {
    value
        .and_then(|value| value.to_der())
        .expect("keys and certificates are shorter than DER's longest value")
}

/// Reads values one after the other.
pub(super) struct Reader<'a>(SliceReader<'a>);

impl<'a> Reader<'a> {
    /// Reads what is encoded in `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Reader<'a>> {
        SliceReader::new(bytes).ok().map(Reader)
    }

    /// Whether there is nothing left to read.
    pub(super) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Returns the content of the next value, which must have this tag.
    pub(super) fn read(&mut self, tag: Tag) -> Option<&'a [u8]> {
        self.is_next(tag)?;
        AnyRef::decode(&mut self.0).ok().map(AnyRef::value)
    }

    /// Returns the values inside the next one, which must have this tag.
    pub(super) fn enter(&mut self, tag: Tag) -> Option<Reader<'a>> {
        self.read(tag).and_then(Reader::new)
    }

    /// Returns the next value with its tag and length.
    pub(super) fn read_whole(&mut self, tag: Tag) -> Option<&'a [u8]> {
        self.is_next(tag)?;
        self.0.tlv_bytes().ok()
    }

    /// Returns the content of the next value if it has this tag.
    pub(super) fn read_if(&mut self, tag: Tag) -> Option<&'a [u8]> {
        self.is_next(tag).and_then(|()| self.read(tag))
    }

    fn is_next(&self, tag: Tag) -> Option<()> {
        (Tag::peek(&self.0).ok()? == tag).then_some(())
    }
}
