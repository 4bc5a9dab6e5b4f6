//! Characters in bytes that need not be UTF-8, by Go's rules.

/// Returns the first character and its length. Bytes that are not UTF-8 yield `None`, one by one.
pub(crate) fn decode(bytes: &[u8]) -> (Option<char>, usize) {
    let Some(&first) = bytes.first() else {
        return (None, 0);
    };
    let len = match first {
        0x00..=0x7f => return (Some(char::from(first)), 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (None, 1),
    };
    let text = bytes
        .get(..len)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(char) => (Some(char), len),
        None => (None, 1),
    }
}

/// Iterates over the characters with their offsets; what is not UTF-8 comes as `None`.
pub(crate) fn chars(bytes: &[u8]) -> impl Iterator<Item = (usize, Option<char>, usize)> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        if offset >= bytes.len() {
            return None;
        }
        let (char, len) = decode(&bytes[offset..]);
        let at = offset;
        offset += len;
        Some((at, char, len))
    })
}

/// Counts characters; each byte that is not part of one counts as one.
pub(crate) fn count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        bytes.len()
    } else {
        chars(bytes).count()
    }
}

/// Counts the line ends in a text.
pub(crate) fn count_newlines(bytes: &[u8]) -> usize {
    // Texts are short; a faster count is not worth a dependency.
    #[expect(clippy::naive_bytecount)]
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// Reports whether Go would print the character as itself: letters, marks, numbers, punctuation,
/// symbols and the ASCII space.
pub(crate) fn is_printable(char: char) -> bool {
    match char {
        ' '..='~' => true,
        '\0'..='\u{a0}' | '\u{ad}' => false,
        // After another character, `escape_debug` leaves alone exactly what is printable.
        _ => {
            let mut buffer = [b'a'; 5];
            let len = 1 + char.encode_utf8(&mut buffer[1..]).len();
            let text = std::str::from_utf8(&buffer[..len]).expect("both characters are whole");
            text.escape_debug().nth(1) == Some(char)
        }
    }
}

/// Reports whether the character may be part of an identifier.
///
/// Go asks for letters and decimal digits; the standard library's classes are a little wider
/// (they contain a few marks and letter-like numbers).
pub(crate) fn is_alphanumeric(char: char) -> bool {
    char == '_' || char.is_alphabetic() || (char.is_numeric() && !is_other_number(char))
}

/// Superscripts, fractions, circled numbers and the like: numeric, but not digits.
fn is_other_number(char: char) -> bool {
    matches!(char, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{bc}'..='\u{be}' | '\u{2070}'..='\u{2189}' | '\u{2460}'..='\u{2793}')
}

/// Describes a character as `%#U` does: `U+0041 'A'`.
pub(crate) fn describe(char: char) -> String {
    if is_printable(char) {
        format!("U+{:04X} '{char}'", u32::from(char))
    } else {
        format!("U+{:04X}", u32::from(char))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_bytes_are_decoded_one_by_one() {
        let chars: Vec<_> = chars(b"a\xc3\xa9\xff\xe2\x82z")
            .map(|(_, char, _)| char)
            .collect();
        assert_eq!(chars, [Some('a'), Some('é'), None, None, None, Some('z')]);
        // Surrogates and overlong forms are not UTF-8.
        assert_eq!(decode(b"\xed\xa0\x80"), (None, 1));
        assert_eq!(decode(b"\xc0\x80"), (None, 1));
    }

    #[test]
    fn printable_is_what_go_prints() {
        for char in ['a', ' ', 'é', '世', '\u{301}', '😀', '€', '¡'] {
            assert!(is_printable(char), "{char:?}");
        }
        for char in [
            '\n', '\u{7f}', '\u{a0}', '\u{ad}', '\u{200b}', '\u{2028}', '\u{e000}', '\u{3000}',
        ] {
            assert!(!is_printable(char), "{char:?}");
        }
    }
}
