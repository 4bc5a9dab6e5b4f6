//! Go's `strconv.Quote` and what error messages make of it.

use std::fmt::Write as _;

use crate::runes;

/// Quotes bytes as a Go string literal.
pub(crate) fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some((char, size)) = runes::decode(rest) {
        let _ = match char {
            char::REPLACEMENT_CHARACTER if size == 1 => write!(out, r"\x{:02x}", rest[0]),
            '"' | '\\' => write!(out, "\\{char}"),
            '\x07' => write!(out, r"\a"),
            '\x08' => write!(out, r"\b"),
            '\x0C' => write!(out, r"\f"),
            '\n' => write!(out, r"\n"),
            '\r' => write!(out, r"\r"),
            '\t' => write!(out, r"\t"),
            '\x0B' => write!(out, r"\v"),
            _ if runes::is_print(char) => write!(out, "{char}"),
            _ if char.is_ascii() => write!(out, r"\x{:02x}", u32::from(char)),
            _ if u32::from(char) < 0x10000 => write!(out, r"\u{:04x}", u32::from(char)),
            _ => write!(out, r"\U{:08x}", u32::from(char)),
        };
        rest = &rest[size..];
    }
    out.push('"');
    out
}

/// Quotes a pattern as `regexp.MustCompile` does: in backquotes where Go's syntax allows.
pub(crate) fn quote_pattern(pattern: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(pattern) else {
        return quote(pattern);
    };
    let plain = |char: char| {
        char != '\u{FEFF}' && char != '`' && (!char.is_ascii_control() || char == '\t')
    };
    if text.chars().all(plain) {
        format!("`{text}`")
    } else {
        quote(text.as_bytes())
    }
}
