//! Characters as Go sees them: decoding of text that may not be UTF-8, classes, simple case.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Returns the first character and its length in bytes; a byte that is not UTF-8 is U+FFFD.
pub(crate) fn decode(text: &[u8]) -> Option<(char, usize)> {
    let first = *text.first()?;
    let length = match first {
        0..0x80 => return Some((char::from(first), 1)),
        0xC2..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF5 => 4,
        _ => return Some((char::REPLACEMENT_CHARACTER, 1)),
    };
    let char = (text.get(..length))
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.chars().next());
    Some(char.map_or((char::REPLACEMENT_CHARACTER, 1), |char| (char, length)))
}

/// Returns the length of the first character, 0 at the end of the text.
pub(crate) fn rune_len(text: &[u8]) -> usize {
    decode(text).map_or(0, |(_, size)| size)
}

/// Yields each character with its length.
pub(crate) fn iter(mut text: &[u8]) -> impl Iterator<Item = (char, usize)> {
    std::iter::from_fn(move || {
        let (char, size) = decode(text)?;
        text = &text[size..];
        Some((char, size))
    })
}

/// Returns the characters, as `[]rune(text)` does.
pub(crate) fn chars(text: &[u8]) -> Vec<char> {
    iter(text).map(|(char, _)| char).collect()
}

/// Appends a character as UTF-8.
pub(crate) fn push(out: &mut Vec<u8>, char: char) {
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Maps every character; as in Go, bytes that are not UTF-8 become U+FFFD.
pub(crate) fn map(text: &[u8], mapping: impl Fn(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (char, _) in iter(text) {
        push(&mut out, mapping(char));
    }
    out
}

/// Returns the upper case of one character as one character: `ß` stays.
pub(crate) fn to_upper(char: char) -> char {
    simple(char, char.to_uppercase())
}

/// Returns the lower case of one character as one character: `İ` becomes `i`.
pub(crate) fn to_lower(char: char) -> char {
    if char == 'İ' {
        'i'
    } else {
        simple(char, char.to_lowercase())
    }
}

/// Returns the title case of one character.
pub(crate) fn to_title(char: char) -> char {
    match char {
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        // Georgian has capital letters but no title case.
        '\u{10D0}'..='\u{10FF}' => char,
        _ => to_upper(char),
    }
}

/// The mapping when it is one character. Where Unicode's full mapping has several, the simple one
/// is the character itself, save for Greek letters with iota.
fn simple(char: char, mut full: impl ExactSizeIterator<Item = char>) -> char {
    match (full.len(), full.next()) {
        (1, Some(mapped)) => mapped,
        _ => match char {
            '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => {
                char::from_u32(u32::from(char) + 8).unwrap_or(char)
            }
            '\u{1FB3}' => '\u{1FBC}',
            '\u{1FC3}' => '\u{1FCC}',
            '\u{1FF3}' => '\u{1FFC}',
            _ => char,
        },
    }
}

/// Reports whether this is white space, as Go's `unicode.IsSpace`.
pub(crate) fn is_space(char: char) -> bool {
    char.is_whitespace()
}

macro_rules! class {
    ($(#[$doc:meta])* $name:ident, $ascii:expr, $pattern:literal) => {
        $(#[$doc])*
        pub(crate) fn $name(char: char) -> bool {
            static CLASS: LazyLock<Regex> =
                LazyLock::new(|| Regex::new($pattern).expect("the pattern is a constant"));
            if char.is_ascii() {
                let ascii: fn(&char) -> bool = $ascii;
                return ascii(&char);
            }
            CLASS.is_match(char.encode_utf8(&mut [0; 4]).as_bytes())
        }
    };
}

class!(
    /// Reports whether this is a letter: category L.
    is_letter, char::is_ascii_alphabetic, r"^\p{L}"
);
class!(
    /// Reports whether this is an upper case letter: category Lu.
    is_upper, char::is_ascii_uppercase, r"^\p{Lu}"
);
class!(
    /// Reports whether this is a lower case letter: category Ll.
    is_lower, char::is_ascii_lowercase, r"^\p{Ll}"
);
class!(
    /// Reports whether this is a title case letter: category Lt.
    is_title, |_| false, r"^\p{Lt}"
);
class!(
    /// Reports whether this is a number: category N.
    is_number, char::is_ascii_digit, r"^\p{N}"
);
class!(
    /// Reports whether this is punctuation: category P, so `$` and `+` are not.
    is_punct,
    |char| char.is_ascii_punctuation() && !"$+<=>^`|~".contains(*char),
    r"^\p{P}"
);
class!(
    /// Reports whether Go prints this as it is in a quoted string.
    is_print, |char| (' '..='~').contains(char), r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]"
);

/// Returns the last character and its length in bytes.
pub(crate) fn decode_last(text: &[u8]) -> Option<(char, usize)> {
    for length in (1..=4.min(text.len())).rev() {
        if let Some((char, size)) = decode(&text[text.len() - length..])
            && size == length
        {
            return Some((char, size));
        }
    }
    None
}

/// Removes the characters of a class from both ends.
pub(crate) fn trim(mut text: &[u8], class: impl Fn(char) -> bool) -> &[u8] {
    while let Some((char, size)) = decode(text)
        && class(char)
    {
        text = &text[size..];
    }
    while let Some((char, size)) = decode_last(text)
        && class(char)
    {
        text = &text[..text.len() - size];
    }
    text
}
