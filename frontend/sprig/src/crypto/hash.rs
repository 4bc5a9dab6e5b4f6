//! Checksums, in hexadecimal digits save for Adler-32.

use base16ct::lower::encode_string;
use gotemplate::{FuncMap, Type};
use sha1::Sha1;
use sha2::{Digest, Sha256};

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("sha1sum", [Type::String], |_, args| {
        Ok(encode_string(&Sha1::digest(args.str(0))).into())
    });
    funcs.add("sha256sum", [Type::String], |_, args| {
        Ok(encode_string(&Sha256::digest(args.str(0))).into())
    });
    funcs.add("adler32sum", [Type::String], |_, args| {
        Ok(adler32(args.str(0)).to_string().into())
    });
}

/// Returns the Adler-32 checksum.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut low, mut high) = (1, 0);
    for &byte in bytes {
        low = (low + u32::from(byte)) % MODULUS;
        high = (high + low) % MODULUS;
    }
    high << 16 | low
}
