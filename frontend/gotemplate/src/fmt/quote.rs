//! Go's `strconv.Quote` and its relatives, for `%q` and error messages.

use crate::utf8;

/// Which characters a quoted text may hold as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Everything that Go can print.
    Printable,
    /// ASCII only.
    Ascii,
}

/// Returns `text` as a string literal.
pub fn quoted(text: &[u8]) -> String {
    quote(text, Keep::Printable)
}

/// Returns `text` as a string literal, in which some characters are escaped.
pub fn quote(text: &[u8], keep: Keep) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for (at, char, _) in utf8::chars(text) {
        match char {
            Some(char) => push_char(&mut out, char, '"', keep),
            None => out.push_str(&format!("\\x{:02x}", text[at])),
        }
    }
    out.push('"');
    out
}

/// Returns a character literal.
pub fn quote_char(char: char, keep: Keep) -> String {
    let mut out = String::from("'");
    push_char(&mut out, char, '\'', keep);
    out.push('\'');
    out
}

/// Reports whether `text` can be written between backquotes on one line.
pub fn can_backquote(text: &[u8]) -> bool {
    utf8::chars(text).all(|(_, char, _)| match char {
        Some('\u{feff}' | '`' | '\u{7f}') | None => false,
        Some(char) => char == '\t' || char >= ' ',
    })
}

fn push_char(out: &mut String, char: char, quote: char, keep: Keep) {
    let kept = match keep {
        Keep::Printable => utf8::is_printable(char),
        Keep::Ascii => char.is_ascii() && utf8::is_printable(char),
    };
    match char {
        '\\' => out.push_str("\\\\"),
        _ if char == quote => out.extend(['\\', char]),
        _ if kept => out.push(char),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        _ => {
            let code = u32::from(char);
            out.push_str(&match code {
                0..0x20 | 0x7f => format!("\\x{code:02x}"),
                0x80..0x1_0000 => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_go_quotes_it() {
        for (text, quoted_text) in [
            (&b"a\"b\\"[..], r#""a\"b\\""#),
            ("é\t\u{7f}\u{a0}".as_bytes(), "\"é\\t\\x7f\\u00a0\""),
            (b"\xff\xc3(", r#""\xff\xc3(""#),
            ("\u{1f600}\u{e0001}".as_bytes(), "\"😀\\U000e0001\""),
        ] {
            assert_eq!(quoted(text), quoted_text);
        }
        assert_eq!(quote("é".as_bytes(), Keep::Ascii), "\"\\u00e9\"");
        assert_eq!(quote_char('\'', Keep::Printable), r"'\''");
        assert_eq!(quote_char('"', Keep::Printable), "'\"'");
    }

    #[test]
    fn backquotes_need_printable_lines() {
        assert!(can_backquote("a\"\tb é".as_bytes()));
        assert!(!can_backquote(b"a`b"));
        assert!(!can_backquote(b"a\nb"));
        assert!(!can_backquote(b"\xff"));
    }
}
