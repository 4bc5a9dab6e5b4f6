//! The stream of bytes with which the contents of STORE are encrypted: ChaCha20.
//!
//! It is a package of its own because of how it is compiled. The cipher is generic, so its inner loop becomes part of the
//! package that names its type. The sync tool is compiled to be small, and a small loop is a third as fast.

#![forbid(unsafe_code)]

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};

/// Turns contents into what is stored, and back, from the first byte on.
pub struct KeyStream(ChaCha20);

impl KeyStream {
    /// Begins the stream of a key. There is no nonce: a key is for one content only.
    pub fn new(key: [u8; 32]) -> KeyStream {
        KeyStream(ChaCha20::new(&key.into(), &[0; 12].into()))
    }

    /// Goes on with the next piece. Says whether the stream was long enough: it ends after 256 GiB.
    #[inline(never)]
    #[must_use]
    pub fn apply(&mut self, piece: &mut [u8]) -> bool {
        self.0.try_apply_keystream(piece).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first vector of RFC 8439, A.1, and the beginning of the second block.
    #[test]
    fn the_stream_is_that_of_the_standard() {
        let mut stream = [0; 72];
        assert!(KeyStream::new([0; 32]).apply(&mut stream));
        let beginning = [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90];
        let second = [0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a];
        assert_eq!((&stream[..8], &stream[64..]), (&beginning[..], &second[..]));
    }

    #[test]
    fn pieces_are_parts_of_one_stream() {
        let mut whole = [0; 1000];
        assert!(KeyStream::new([5; 32]).apply(&mut whole));
        let mut pieces = [0; 1000];
        let mut stream = KeyStream::new([5; 32]);
        for piece in pieces.chunks_mut(77) {
            assert!(stream.apply(piece));
        }
        assert_eq!(whole, pieces);
    }
}
