//! Base64 and base32 with Go's error messages.

use gotemplate::{FuncMap, Type, Value};

use crate::limits;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("b64enc", [Type::String], |_, args| {
        limits::bytes(args.str(0).len() as u64 * 4 / 3)?;
        Ok(base64_encode(args.str(0)).into())
    });
    funcs.add("b32enc", [Type::String], |_, args| {
        limits::bytes(args.str(0).len() as u64 * 8 / 5)?;
        Ok(encode(args.str(0), BASE32).into())
    });
    // What cannot be decoded gives the error as text.
    funcs.add("b64dec", [Type::String], |_, args| {
        Ok(base64_decode(args.str(0)).map_or_else(Value::from, Value::string))
    });
    funcs.add("b32dec", [Type::String], |_, args| {
        Ok(base32_decode(args.str(0)).map_or_else(Value::from, Value::string))
    });
}

/// Encodes with padding.
pub(crate) fn base64_encode(bytes: &[u8]) -> String {
    encode(bytes, BASE64)
}

/// Encodes with an alphabet of 32 or 64 characters, padded to whole groups.
fn encode(bytes: &[u8], alphabet: &[u8]) -> String {
    let bits = alphabet.len().ilog2() as usize;
    let (group_bytes, group_chars) = if bits == 6 { (3, 4) } else { (5, 8) };
    let mut out = String::with_capacity(bytes.len().div_ceil(group_bytes) * group_chars);
    for group in bytes.chunks(group_bytes) {
        let mut word = 0u64;
        for index in 0..group_bytes {
            word = word << 8 | u64::from(group.get(index).copied().unwrap_or(0));
        }
        let used = (group.len() * 8).div_ceil(bits);
        for index in 0..group_chars {
            let value = word >> (bits * (group_chars - 1 - index)) & (alphabet.len() as u64 - 1);
            out.push(if index < used {
                char::from(alphabet[value as usize])
            } else {
                '='
            });
        }
    }
    out
}

fn value_of(byte: u8, alphabet: &[u8]) -> Option<u64> {
    alphabet
        .iter()
        .position(|&known| known == byte)
        .map(|value| value as u64)
}

/// Decodes padded base64 in which line ends are ignored.
pub(crate) fn base64_decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| Err(format!("illegal base64 data at input byte {at}"));
    let newlines = |from: usize| {
        from + text[from..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count()
    };
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut position = 0;
    loop {
        let (mut word, mut count) = (0, 0);
        while count < 4 {
            let Some(&byte) = text.get(position) else {
                return if count == 0 {
                    Ok(out)
                } else {
                    corrupt(position - count)
                };
            };
            position += 1;
            if let Some(value) = value_of(byte, BASE64) {
                word = word << 6 | value;
                count += 1;
            } else if byte == b'\n' || byte == b'\r' {
            } else if byte != b'=' || count < 2 {
                return corrupt(position - 1);
            } else {
                if count == 2 {
                    position = newlines(position);
                    match text.get(position) {
                        None => return corrupt(text.len()),
                        Some(b'=') => position += 1,
                        Some(_) => return corrupt(position - 1),
                    }
                }
                position = newlines(position);
                if position < text.len() {
                    return corrupt(position);
                }
                let bytes = (word << (6 * (4 - count))).to_be_bytes();
                out.extend_from_slice(&bytes[5..4 + count]);
                return Ok(out);
            }
        }
        out.extend_from_slice(&word.to_be_bytes()[5..]);
    }
}

/// Decodes padded base32 in which line ends are ignored.
fn base32_decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let corrupt = |at: usize| Err(format!("illegal base32 data at input byte {at}"));
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut position = 0;
    while position < text.len() {
        let (mut word, mut count) = (0u64, 0);
        let mut padded = false;
        while count < 8 && !padded {
            let Some(&byte) = text.get(position) else {
                return corrupt(position - count);
            };
            position += 1;
            let left = text.len() - position;
            if byte == b'=' && count >= 2 && left < 8 {
                if left + count < 7 {
                    return corrupt(text.len());
                }
                let padding = text[position..].iter().take(7 - count);
                if let Some(at) = padding.into_iter().position(|&byte| byte != b'=') {
                    return corrupt(position + at - 1);
                }
                if matches!(count, 3 | 6) {
                    return corrupt(position - 1);
                }
                padded = true;
            } else {
                let Some(value) = value_of(byte, BASE32) else {
                    return corrupt(position - 1);
                };
                word = word << 5 | value;
                count += 1;
            }
        }
        let bytes = (word << (5 * (8 - count))).to_be_bytes();
        out.extend_from_slice(&bytes[3..3 + count * 5 / 8]);
        if padded {
            break;
        }
    }
    Ok(out)
}
