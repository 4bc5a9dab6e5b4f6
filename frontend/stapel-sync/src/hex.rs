//! Lower-case hexadecimal, the only spelling of digests in names and texts.

use base16ct::lower;

/// Writes `bytes` in lower-case hexadecimal.
pub(crate) fn encode(bytes: &[u8]) -> String {
    lower::encode_string(bytes)
}

/// Reads exactly `N` bytes of lower-case hexadecimal.
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let read = lower::decode(text, &mut bytes).ok()?.len();
    (read == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_and_other_spellings_are_refused() {
        assert_eq!(encode(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(decode::<3>(b"001fff"), Some([0, 0x1f, 0xff]));
        for wrong in [&b"001FFF"[..], b"001ff", b"001fff0", b"00 fff", b""] {
            assert_eq!(decode::<3>(wrong), None, "{}", wrong.escape_ascii());
        }
    }
}
