//! Words and lines, after Masterminds/goutils 1.1: `abbrev`, `initials`, `wrap`.

use gotemplate::{FuncError, FuncMap, Type, Value};

use super::edit::find;
use crate::{limits, runes};

const STRING: Type = Type::String;
const INT: Type = Type::INT;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("abbrev", [INT, STRING], |_, args| {
        let (width, text) = (args.int(0), args.str(1));
        Ok(if width < 4 {
            args[1].clone()
        } else {
            Value::string(abbreviate(text, 0, width))
        })
    });
    funcs.add("abbrevboth", [INT, INT, STRING], |_, args| {
        let (left, right, text) = (args.int(0), args.int(1), args.str(2));
        if right < 4 || left > 0 && right < 7 {
            return Ok(args[2].clone());
        }
        Ok(Value::string(abbreviate(text, left, right)))
    });
    funcs.add("initials", [STRING], |_, args| {
        Ok(Value::string(initials(args.str(0))))
    });
    funcs.add("nospace", [STRING], |_, args| {
        Ok(Value::string(without_space(args.str(0))))
    });
    funcs.add("wrap", [INT, STRING], |_, args| {
        Ok(Value::string(wrap(
            args.str(1),
            args.int(0),
            b"\n",
            LongWords::Keep,
        )?))
    });
    funcs.add("wrapWith", [INT, STRING, STRING], |_, args| {
        let newline = if args.str(1).is_empty() {
            b"\n"
        } else {
            args.str(1).as_bytes()
        };
        Ok(Value::string(wrap(
            args.str(2),
            args.int(0),
            newline,
            LongWords::Break,
        )?))
    });
}

/// Shortens to `width` bytes, which must be 4 or more, with dots for what is left out. The byte at
/// `offset` stays.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    const DOTS: &[u8] = b"...";
    let length = text.len() as i64;
    if length <= width {
        return text.to_vec();
    }
    let mut offset = offset.min(length);
    if length.saturating_sub(offset) < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return [&text[..(width - 3) as usize], DOTS].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + width - 3 < length {
        return [DOTS, &abbreviate(&text[offset as usize..], 0, width - 3)].concat();
    }
    [DOTS, &text[(length - (width - 3)) as usize..]].concat()
}

/// Returns the first byte of every word. goutils takes bytes for characters, here and below.
fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut after_gap = true;
    for &byte in text {
        let is_gap = runes::is_space(char::from(byte));
        if after_gap && !is_gap {
            runes::push(&mut out, char::from(byte));
        }
        after_gap = is_gap;
    }
    out
}

fn without_space(text: &[u8]) -> Vec<u8> {
    if !text.iter().any(|&byte| runes::is_space(char::from(byte))) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if !runes::is_space(char::from(byte)) {
            runes::push(&mut out, char::from(byte));
        }
    }
    out
}

/// What becomes of a word longer than a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LongWords {
    Keep,
    Break,
}

fn wrap(
    text: &[u8],
    width: i64,
    newline: &[u8],
    long_words: LongWords,
) -> Result<Vec<u8>, FuncError> {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        limits::bytes(out.len() as u64)?;
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let (end, next) = if let Some(space) = rest[..=width].iter().rposition(|&byte| byte == b' ')
        {
            (space, space + 1)
        } else if long_words == LongWords::Break {
            (width, width)
        } else if let Some(space) = find(&rest[width..], b" ") {
            (width + space, width + space + 1)
        } else {
            break;
        };
        out.extend_from_slice(&rest[..end]);
        out.extend_from_slice(newline);
        rest = &rest[next..];
    }
    out.extend_from_slice(rest);
    Ok(out)
}
