//! Escapes that stand for one character, inside and outside of classes.

use super::syntax::{BAD_ESCAPE, SyntaxError, TRAILING, upto};

/// Reads an escape that stands for one character.
pub(super) fn single(text: &str) -> Result<(u32, &str), SyntaxError> {
    let mut chars = text[1..].chars();
    let Some(char) = chars.next() else {
        return Err(SyntaxError::new(TRAILING, ""));
    };
    let octal = |text: &str| text.starts_with(|next: char| ('0'..='7').contains(&next));
    let rune = match char {
        '0'..='7' if char == '0' || octal(chars.as_str()) => {
            let mut rune = u32::from(char) - u32::from('0');
            for _ in 0..2 {
                if !octal(chars.as_str()) {
                    break;
                }
                rune = rune * 8
                    + chars
                        .next()
                        .and_then(|char| char.to_digit(8))
                        .unwrap_or_default();
            }
            Some(rune)
        }
        'x' => hex(&mut chars),
        'a' => Some(0x07),
        'f' => Some(0x0C),
        'n' => Some(0x0A),
        'r' => Some(0x0D),
        't' => Some(0x09),
        'v' => Some(0x0B),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Some(other.into()),
        _ => None,
    };
    match rune {
        Some(rune) => Ok((rune, chars.as_str())),
        None => Err(SyntaxError::new(BAD_ESCAPE, upto(text, chars.as_str()))),
    }
}

/// Reads what follows `\x`: two digits, or any number of them in braces.
fn hex(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    let first = chars.next()?;
    if first != '{' {
        let second = chars.next()?;
        return Some(first.to_digit(16)? * 16 + second.to_digit(16)?);
    }
    let mut rune = 0;
    let mut digits = 0;
    loop {
        match chars.next()? {
            '}' if digits > 0 => return Some(rune),
            char => {
                rune = rune * 16 + char.to_digit(16)?;
                if rune > u32::from(char::MAX) {
                    return None;
                }
                digits += 1;
            }
        }
    }
}
