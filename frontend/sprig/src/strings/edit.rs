//! Searching, trimming, cutting, repeating and replacing.

use gotemplate::{FuncError, FuncMap, Type, Value};

use crate::{limits, runes};

const STRING: Type = Type::String;
const INT: Type = Type::INT;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("hello", [], |_, _| Ok("Hello!".into()));
    funcs.add("contains", [STRING, STRING], |_, args| {
        Ok(find(args.str(1), args.str(0)).is_some().into())
    });
    funcs.add("hasPrefix", [STRING, STRING], |_, args| {
        Ok(args.str(1).starts_with(args.str(0)).into())
    });
    funcs.add("hasSuffix", [STRING, STRING], |_, args| {
        Ok(args.str(1).ends_with(args.str(0)).into())
    });

    funcs.add("trim", [STRING], |_, args| {
        Ok(Value::string(runes::trim(args.str(0), runes::is_space)))
    });
    funcs.add("trimAll", [STRING, STRING], |_, args| {
        let cut = runes::chars(args.str(0));
        Ok(Value::string(runes::trim(args.str(1), |char| {
            cut.contains(&char)
        })))
    });
    funcs.alias("trimall", "trimAll");
    funcs.add("trimPrefix", [STRING, STRING], |_, args| {
        let text = args.str(1);
        Ok(Value::string(
            text.strip_prefix(args.str(0).as_bytes()).unwrap_or(text),
        ))
    });
    funcs.add("trimSuffix", [STRING, STRING], |_, args| {
        let text = args.str(1);
        Ok(Value::string(
            text.strip_suffix(args.str(0).as_bytes()).unwrap_or(text),
        ))
    });

    funcs.add("trunc", [INT, STRING], |_, args| {
        Ok(Value::string(trunc(args.int(0), args.str(1))))
    });
    funcs.add("substr", [INT, INT, STRING], |_, args| {
        Ok(Value::string(substring(
            args.int(0),
            args.int(1),
            args.str(2),
        )?))
    });

    funcs.add("repeat", [INT, STRING], |_, args| {
        Ok(Value::string(repeat(args.str(1), args.int(0))?))
    });
    funcs.add("replace", [STRING, STRING, STRING], |_, args| {
        Ok(Value::string(replace(
            args.str(2),
            args.str(0),
            args.str(1),
        )?))
    });
    funcs.add("indent", [INT, STRING], |_, args| {
        Ok(Value::string(indent(args.int(0), args.str(1), "")?))
    });
    funcs.add("nindent", [INT, STRING], |_, args| {
        Ok(Value::string(indent(args.int(0), args.str(1), "\n")?))
    });
    funcs.add("plural", [STRING, STRING, INT], |_, args| {
        Ok(args[usize::from(args.int(2) != 1)].clone())
    });
}

/// Returns where `part` first occurs in `text`.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    match part {
        [] => Some(0),
        [byte] => text.iter().position(|other| other == byte),
        _ => text.windows(part.len()).position(|window| window == part),
    }
}

/// Splits at every `separator` into at most `limit` parts, any number when it is negative. An empty
/// separator splits into characters.
pub(crate) fn split_n<'t>(text: &'t [u8], separator: &[u8], limit: i64) -> Vec<&'t [u8]> {
    let mut parts = Vec::new();
    let mut rest = text;
    if limit == 0 || text.is_empty() && separator.is_empty() {
        return parts;
    }
    while limit < 0 || (parts.len() as i64) < limit - 1 {
        let (end, next) = if separator.is_empty() {
            let size = runes::rune_len(rest);
            if size == rest.len() {
                break;
            }
            (size, size)
        } else {
            let Some(at) = find(rest, separator) else {
                break;
            };
            (at, at + separator.len())
        };
        parts.push(&rest[..end]);
        rest = &rest[next..];
    }
    parts.push(rest);
    parts
}

/// Keeps the first bytes, or the last ones when `count` is negative.
fn trunc(count: i64, text: &[u8]) -> &[u8] {
    let length = text.len() as i64;
    if count < 0 && length.saturating_add(count) > 0 {
        return &text[(length + count) as usize..];
    }
    if count >= 0 && length > count {
        &text[..count as usize]
    } else {
        text
    }
}

fn substring(start: i64, end: i64, text: &[u8]) -> Result<&[u8], FuncError> {
    let length = text.len() as i64;
    if start < 0 {
        return match usize::try_from(end) {
            Ok(end) => text
                .get(..end)
                .ok_or_else(|| out_of_range(format_args!("[:{end}] with length {length}"))),
            Err(_) => Err(out_of_range(format_args!("[:{end}]"))),
        };
    }
    let end = if end < 0 || end > length { length } else { end };
    text.get(start as usize..end as usize)
        .ok_or_else(|| out_of_range(format_args!("[{start}:{end}]")))
}

fn out_of_range(what: std::fmt::Arguments<'_>) -> FuncError {
    FuncError::new(format!("runtime error: slice bounds out of range {what}"))
}

/// Repeats a text.
pub(crate) fn repeat(text: &[u8], count: i64) -> Result<Vec<u8>, FuncError> {
    let Ok(count) = usize::try_from(count) else {
        return Err("strings: negative Repeat count".into());
    };
    limits::bytes((text.len() as u64).saturating_mul(count as u64))?;
    Ok(if text.is_empty() {
        Vec::new()
    } else {
        text.repeat(count)
    })
}

fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, FuncError> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    if old.is_empty() {
        // Before every character and at the end.
        loop {
            out.extend_from_slice(new);
            let (char, after) = rest.split_at(runes::rune_len(rest));
            out.extend_from_slice(char);
            limits::bytes(out.len() as u64)?;
            if char.is_empty() {
                return Ok(out);
            }
            rest = after;
        }
    }
    while let Some(at) = find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        limits::bytes(out.len() as u64)?;
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    Ok(out)
}

fn indent(spaces: i64, text: &[u8], lead: &str) -> Result<Vec<u8>, FuncError> {
    let pad = repeat(b" ", spaces)?;
    let mut out = lead.as_bytes().to_vec();
    out.extend_from_slice(&pad);
    out.extend(replace(text, b"\n", &[b"\n", &pad[..]].concat())?);
    Ok(out)
}
