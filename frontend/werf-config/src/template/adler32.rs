//! Adler-32, by which werf names the templates of `tpl` (`pkg/config/config_go_template.go`).

/// Returns the Adler-32 checksum of `bytes` (RFC 1950).
pub fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_that_of_rfc_1950() {
        assert_eq!(super::adler32(b""), 1);
        assert_eq!(super::adler32(b"Hello World"), 403_375_133);
    }
}
