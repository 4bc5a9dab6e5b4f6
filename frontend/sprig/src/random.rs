//! Random numbers and texts, all from the operating system.

use gotemplate::{FuncError, FuncMap, Type, Value};

use crate::encoding::base64_encode;
use crate::{limits, runes, unstable};

pub(crate) fn register(funcs: &mut FuncMap) {
    let mut text = |name: &str, alphabet: fn(u8) -> bool| {
        let alphabet: Vec<u8> = (b' '..=b'~').filter(|&byte| alphabet(byte)).collect();
        funcs.add(name, [Type::INT], move |_, args| {
            // As in Go, a negative count gives nothing.
            let count = args.int(0).max(0) as u64;
            limits::bytes(count)?;
            let text = (0..count).map(|_| Ok(alphabet[below(alphabet.len() as u64)? as usize]));
            Ok(Value::string(text.collect::<Result<Vec<u8>, FuncError>>()?))
        });
    };
    text("randAlpha", |byte| byte.is_ascii_alphabetic());
    text("randAlphaNum", |byte| byte.is_ascii_alphanumeric());
    text("randNumeric", |byte| byte.is_ascii_digit());
    text("randAscii", |_| true);
    funcs.add("randBytes", [Type::INT], |_, args| {
        let Ok(count) = u64::try_from(args.int(0)) else {
            return Err("runtime error: makeslice: len out of range".into());
        };
        limits::bytes(count.saturating_mul(4) / 3)?;
        let mut bytes = vec![0; count as usize];
        fill(&mut bytes)?;
        Ok(base64_encode(&bytes).into())
    });
    funcs.add("randInt", [Type::INT, Type::INT], |_, args| {
        let (min, max) = (args.int(0), args.int(1));
        match max.checked_sub(min) {
            Some(range) if range > 0 => Ok(Value::int(min + below(range as u64)? as i64)),
            _ => Err("invalid argument to Intn".into()),
        }
    });
    funcs.add("shuffle", [Type::String], |_, args| {
        let mut chars = runes::chars(args.str(0));
        for last in (1..chars.len()).rev() {
            chars.swap(last, below(last as u64 + 1)? as usize);
        }
        Ok(chars.into_iter().collect::<String>().into())
    });
    funcs.add("uuidv4", [], |_, _| {
        let mut bytes = [0; 16];
        fill(&mut bytes)?;
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        let mut text = base16ct::lower::encode_string(&bytes);
        for hyphen in [8, 13, 18, 23] {
            text.insert(hyphen, '-');
        }
        Ok(text.into())
    });
}

/// Fills with random bytes.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), FuncError> {
    unstable::asked();
    getrandom::fill(bytes).map_err(|error| FuncError::new(format!("read random bytes: {error}")))
}

/// Returns a number below `end`, which is not 0, all of them equally likely.
pub(crate) fn below(end: u64) -> Result<u64, FuncError> {
    let mut bytes = [0; 8];
    loop {
        fill(&mut bytes)?;
        let number = u64::from_le_bytes(bytes);
        // Numbers beyond the last multiple of `end` would favour the small ones.
        if number < u64::MAX - u64::MAX % end {
            return Ok(number % end);
        }
    }
}
