//! Classes of characters: in brackets, `[:alpha:]`, `\d`, `\pL`.

use std::fmt::Write as _;

use super::syntax::{BAD_RANGE, NO_BRACKET, NOTHING, SyntaxError, upto};
use super::{escape, tables};

const EVERYTHING: &str = r"\x{0}-\x{10FFFF}";

/// Reads a class in brackets and returns it as the `regex` crate wants it, with what follows it.
pub(super) fn bracketed(text: &str) -> Result<(String, &str), SyntaxError> {
    let mut class = String::new();
    let mut rest = &text[1..];
    let negated = rest.starts_with('^');
    if negated {
        rest = &rest[1..];
    }
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some((name, after)) = posix_name(rest) {
            let Some(ranges) = tables::posix(name) else {
                return Err(SyntaxError::new(BAD_RANGE, name));
            };
            class.push_str(&ranges);
            rest = after;
            continue;
        }
        if let Some((shorthand, after)) = shorthand(rest)? {
            class.push_str(&shorthand);
            rest = after;
            continue;
        }
        let range = rest;
        let (low, mut after) = class_rune(rest, text)?;
        let mut high = low;
        if let Some(upper) = after.strip_prefix('-')
            && !upper.is_empty()
            && !upper.starts_with(']')
        {
            (high, after) = class_rune(upper, text)?;
            if high < low {
                return Err(SyntaxError::new(BAD_RANGE, upto(range, after)));
            }
        }
        push_range(&mut class, low, high);
        rest = after;
    }
    let class = match (class.is_empty(), negated) {
        (true, false) => NOTHING.to_owned(),
        (true, true) => format!("[{EVERYTHING}]"),
        (false, false) => format!("[{class}]"),
        (false, true) => format!("[^{class}]"),
    };
    Ok((class, &rest[1..]))
}

/// Adds a range less the surrogates, which are no characters in Rust.
fn push_range(class: &mut String, low: u32, high: u32) {
    for (low, high) in [(low, high.min(0xD7FF)), (low.max(0xE000), high)] {
        if low <= high {
            let _ = write!(class, r"\x{{{low:x}}}-\x{{{high:x}}}");
        }
    }
}

/// Reads `[:name:]`.
fn posix_name(text: &str) -> Option<(&str, &str)> {
    let end = text.strip_prefix("[:")?.find(":]")? + 4;
    Some(text.split_at(end))
}

/// Reads `\d`, `\pL` and their kin as the inside of a class or a class of its own.
pub(super) fn shorthand(text: &str) -> Result<Option<(String, &str)>, SyntaxError> {
    let bytes = text.as_bytes();
    if bytes.len() < 2 || bytes[0] != b'\\' {
        return Ok(None);
    }
    if let Some(class) = tables::perl(bytes[1]) {
        return Ok(Some((class.to_owned(), &text[2..])));
    }
    if !matches!(bytes[1], b'p' | b'P') {
        return Ok(None);
    }
    let mut negated = bytes[1] == b'P';
    let Some(first) = text[2..].chars().next() else {
        return Ok(None);
    };
    let (mut name, rest) = if first == '{' {
        let Some(end) = text.find('}') else {
            return Err(SyntaxError::new(BAD_RANGE, text));
        };
        (&text[3..end], &text[end + 1..])
    } else {
        text[2..].split_at(first.len_utf8())
    };
    if let Some(inverse) = name.strip_prefix('^') {
        negated = !negated;
        name = inverse;
    }
    match tables::unicode(name) {
        Some(class) if negated => Ok(Some((format!("[^{class}]"), rest))),
        Some(class) => Ok(Some((format!("[{class}]"), rest))),
        None => Err(SyntaxError::new(BAD_RANGE, upto(text, rest))),
    }
}

fn class_rune<'a>(text: &'a str, class: &str) -> Result<(u32, &'a str), SyntaxError> {
    match text.chars().next() {
        None => Err(SyntaxError::new(NO_BRACKET, class)),
        Some('\\') => escape::single(text),
        Some(char) => Ok((char.into(), &text[char.len_utf8()..])),
    }
}
