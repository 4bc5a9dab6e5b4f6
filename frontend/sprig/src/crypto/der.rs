//! As much of DER, the encoding of keys and certificates, as they need.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Tag of a context-specific field that wraps another value.
pub(super) const fn wrapper(number: u8) -> u8 {
    0xA0 | number
}

/// Tag of a context-specific field with plain content.
pub(super) const fn plain(number: u8) -> u8 {
    0x80 | number
}

/// Encodes one value.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..0x80 => out.push(length as u8),
        length => {
            let bytes = length.to_be_bytes();
            let bytes = &bytes[bytes.iter().take_while(|&&byte| byte == 0).count()..];
            out.push(0x80 | bytes.len() as u8);
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(content);
    out
}

/// Encodes values in a row as one.
pub(super) fn list(tag: u8, values: &[Vec<u8>]) -> Vec<u8> {
    value(tag, &values.concat())
}

/// Encodes a number that is not negative.
pub(super) fn integer(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|&&byte| byte == 0).count();
    let mut digits = big_endian[zeros..].to_vec();
    if digits.first().is_none_or(|first| first & 0x80 != 0) {
        digits.insert(0, 0);
    }
    value(INTEGER, &digits)
}

/// Encodes whole bytes as a bit string.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    value(BIT_STRING, &[&[0], bytes].concat())
}

/// Reads values one after the other.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// Returns the tag of the next value.
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Returns the content of the next value, which must have this tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (content, rest) = split(self.0, tag)?;
        self.0 = rest;
        Some(content)
    }

    /// Returns the next value with its tag and length.
    pub(super) fn read_whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (_, rest) = split(self.0, tag)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        Some(whole)
    }

    /// Returns the content of the next value if it has this tag.
    pub(super) fn read_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.peek() == Some(tag) {
            self.read(tag)
        } else {
            None
        }
    }
}

fn split(text: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = text.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return rest.split_at_checked(first.into());
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
    if length.is_empty() || length.len() > 4 {
        return None;
    }
    let length = length
        .iter()
        .fold(0usize, |length, &byte| length << 8 | usize::from(byte));
    rest.split_at_checked(length)
}
