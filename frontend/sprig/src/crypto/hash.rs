//! Checksums, in hexadecimal digits save for Adler-32.

use gotemplate::{FuncMap, Type};
use sha1::Sha1;
use sha2::{Digest, Sha256};

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("sha1sum", [Type::String], |_, args| {
        Ok(hex(&Sha1::digest(args.str(0))).into())
    });
    funcs.add("sha256sum", [Type::String], |_, args| {
        Ok(hex(&Sha256::digest(args.str(0))).into())
    });
    funcs.add("adler32sum", [Type::String], |_, args| {
        Ok(adler32(args.str(0)).to_string().into())
    });
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
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
