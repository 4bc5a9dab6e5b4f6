//! The values of string and character literals, by the rules of Go's `strconv`.

use crate::utf8;

/// What `strconv` says about a literal it cannot read.
const INVALID: &str = "invalid syntax";

/// Returns the value of a string literal with its quotes.
pub(super) fn unquote(literal: &[u8]) -> Result<Vec<u8>, String> {
    let invalid = || INVALID.to_owned();
    let (Some(&quote), true) = (literal.first(), literal.len() >= 2) else {
        return Err(invalid());
    };
    let body = &literal[1..literal.len() - 1];
    if quote == b'`' {
        // Raw strings lose their carriage returns, so that CRLF files mean the same.
        return Ok(body.iter().copied().filter(|byte| *byte != b'\r').collect());
    }
    let mut value = Vec::with_capacity(body.len());
    let mut rest = body;
    while !rest.is_empty() {
        let (char, len) = unquote_char(rest, quote).ok_or_else(invalid)?;
        match char {
            Unquoted::Byte(byte) => value.push(byte),
            Unquoted::Char(char) => {
                value.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = &rest[len..];
    }
    Ok(value)
}

/// Returns the code of a character literal with its quotes.
pub(super) fn unquote_rune(literal: &[u8]) -> Result<u32, String> {
    let (char, len) = unquote_char(&literal[1..], b'\'').ok_or(INVALID)?;
    if literal[1 + len..] != *b"'" {
        let literal = String::from_utf8_lossy(literal);
        return Err(format!("malformed character constant: {literal}"));
    }
    Ok(match char {
        Unquoted::Byte(byte) if literal[1] == b'\\' => u32::from(byte),
        Unquoted::Byte(byte) if byte.is_ascii() => u32::from(byte),
        Unquoted::Byte(_) => u32::from(char::REPLACEMENT_CHARACTER),
        Unquoted::Char(char) => u32::from(char),
    })
}

enum Unquoted {
    Byte(u8),
    Char(char),
}

/// Returns the first character of `text`, escapes resolved, and how many bytes stand for it.
fn unquote_char(text: &[u8], quote: u8) -> Option<(Unquoted, usize)> {
    let first = *text.first()?;
    if first == quote {
        return None;
    }
    if first != b'\\' {
        return Some(match utf8::decode(text) {
            (Some(char), len) => (Unquoted::Char(char), len),
            (None, _) => (Unquoted::Byte(first), 1),
        });
    }
    let escape = *text.get(1)?;
    let byte = match escape {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'\'' | b'"' if escape == quote => escape,
        b'x' => return Some((Unquoted::Byte(hex(text.get(2..4)?)? as u8), 4)),
        b'u' => return Some((Unquoted::Char(char::from_u32(hex(text.get(2..6)?)?)?), 6)),
        b'U' => return Some((Unquoted::Char(char::from_u32(hex(text.get(2..10)?)?)?), 10)),
        b'0'..=b'7' => {
            let digits = std::str::from_utf8(text.get(1..4)?).ok()?;
            let digits = digits
                .bytes()
                .all(|digit| digit.is_ascii_digit())
                .then_some(digits)?;
            return Some((Unquoted::Byte(u8::from_str_radix(digits, 8).ok()?), 4));
        }
        _ => return None,
    };
    Some((Unquoted::Byte(byte), 2))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let digits = digits
        .bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then_some(digits)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_unquoted_byte_by_byte() {
        assert_eq!(
            unquote(br#""a\n\x41\101\u00e9\U0001F600\"""#).unwrap(),
            "a\nAA\u{e9}😀\"".as_bytes()
        );
        assert_eq!(unquote(br#""\xff""#).unwrap(), b"\xff");
        assert_eq!(unquote(b"`a\\n\r\nb`").unwrap(), b"a\\n\nb");
        for bad in [
            &br#""\q""#[..],
            br#""\'""#,
            br#""\ud800""#,
            br#""\400""#,
            br#""\x4""#,
            b"\"",
        ] {
            assert_eq!(
                unquote(bad),
                Err("invalid syntax".to_owned()),
                "{}",
                bad.escape_ascii()
            );
        }
    }

    #[test]
    fn characters_have_their_code() {
        assert_eq!(unquote_rune(br"'\''"), Ok(39));
        assert_eq!(unquote_rune("'世'".as_bytes()), Ok(0x4e16));
        assert_eq!(unquote_rune(b"'\\xff'"), Ok(255));
        assert_eq!(unquote_rune(b"''"), Err("invalid syntax".to_owned()));
        assert_eq!(
            unquote_rune(b"'ab'"),
            Err("malformed character constant: 'ab'".to_owned())
        );
    }
}
