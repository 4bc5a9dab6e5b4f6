//! The values of number literals, by the rules of Go's `strconv`.

use crate::fmt::quote;

/// A number literal under every type that can hold it, like an untyped constant in Go.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Number {
    /// Returns the number a character stands for.
    pub(super) fn rune(code: u32) -> Number {
        Number {
            int: Some(i64::from(code)),
            uint: Some(u64::from(code)),
            float: Some(f64::from(code)),
            complex: None,
        }
    }

    /// Reads an integer, a float or an imaginary number.
    pub(super) fn parse(text: &str) -> Result<Number, String> {
        if let Some(imaginary) = text.strip_suffix('i').and_then(parse_float) {
            return Ok(Number::complex(0.0, imaginary));
        }
        let mut number = Number {
            uint: parse_uint(text),
            int: parse_int(text),
            ..Number::default()
        };
        if number.int == Some(0) {
            // A signed zero has no unsigned form of its own.
            number.uint = Some(0);
        }
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(uint) = number.uint {
            number.float = Some(uint as f64);
        } else if let Some(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!(
                    "integer overflow: {}",
                    quote::quoted(text.as_bytes())
                ));
            }
            number = Number {
                float: Some(float),
                ..Number::whole(float)
            };
        }
        if number == Number::default() {
            return Err(format!(
                "illegal number syntax: {}",
                quote::quoted(text.as_bytes())
            ));
        }
        Ok(number)
    }

    /// Reads a complex number with both parts, such as `1+2i`.
    pub(super) fn parse_complex(text: &str) -> Result<Number, String> {
        let invalid = || "syntax error scanning complex number".to_owned();
        let split = scan_float(text);
        if !text[split..].starts_with(['+', '-']) {
            return Err(invalid());
        }
        // The sign of the second part is its own, even before another sign.
        let end = split + 1 + scan_float(&text[split + 1..]);
        if !text[end..].starts_with('i') {
            return Err(invalid());
        }
        let part = |part: &str| {
            let quoted = || quote::quoted(part.as_bytes());
            let error = || format!("strconv.ParseFloat: parsing {}: invalid syntax", quoted());
            parse_float(part).ok_or_else(error)
        };
        Ok(Number::complex(
            part(&text[..split])?,
            part(&text[split..end])?,
        ))
    }

    fn complex(real: f64, imaginary: f64) -> Number {
        let complex = Some((real, imaginary));
        if imaginary == 0.0 {
            Number {
                float: Some(real),
                complex,
                ..Number::whole(real)
            }
        } else {
            Number {
                complex,
                ..Number::default()
            }
        }
    }

    /// Returns the integers that equal a float.
    fn whole(float: f64) -> Number {
        const TWO_63: f64 = 9_223_372_036_854_775_808.0;
        let whole = float.fract() == 0.0;
        Number {
            int: (whole && (-TWO_63..TWO_63).contains(&float)).then_some(float as i64),
            uint: (whole && (0.0..2.0 * TWO_63).contains(&float)).then_some(float as u64),
            ..Number::default()
        }
    }
}

/// Returns the length of what looks like a float at the start of `text`.
fn scan_float(text: &str) -> usize {
    const DECIMAL: &[u8] = b"0123456789_";
    let bytes = text.as_bytes();
    let mut pos = 0;
    let mut accept = |valid: &[u8]| {
        let accepted = bytes.get(pos).is_some_and(|byte| valid.contains(byte));
        pos += usize::from(accepted);
        accepted
    };
    accept(b"+-");
    // Go looks for `Inf` here and keeps what it has read of it.
    accept(b"i");
    let hex = accept(b"0") && accept(b"xX");
    let (digits, exponent): (&[u8], &[u8]) = if hex {
        (b"0123456789abcdefABCDEF_", b"pP")
    } else {
        (DECIMAL, b"eEpP")
    };
    while accept(digits) {}
    if accept(b".") {
        while accept(digits) {}
    }
    if accept(exponent) {
        accept(b"+-");
        while accept(DECIMAL) {}
    }
    pos
}

/// Reads an integer with an optional sign and base prefix, as Go's `ParseInt` with base 0.
pub fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Reads an integer with an optional base prefix, as Go's `ParseUint` with base 0.
pub fn parse_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    let digits = without_underscores(&lower, digits)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()
}

/// Returns `digits` without underscores if those of `literal` only separate digits.
fn without_underscores(literal: &str, digits: &str) -> Option<String> {
    if !literal.contains('_') {
        return Some(digits.to_owned());
    }
    let literal = literal.trim_start_matches(['+', '-']);
    // A base prefix counts as a digit before an underscore.
    let prefix = matches!(literal.as_bytes(), [b'0', b'x' | b'o' | b'b', ..]);
    let hex = literal.starts_with("0x");
    let body = if prefix { &literal[2..] } else { literal };
    let mut last = if prefix { b'0' } else { b'^' };
    for byte in body.bytes() {
        let digit = byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
        let kind = match byte {
            _ if digit => b'0',
            b'_' if last == b'0' => b'_',
            b'_' => return None,
            _ if last == b'_' => return None,
            _ => b'!',
        };
        last = kind;
    }
    (last != b'_').then(|| digits.replace('_', ""))
}

/// Reads a decimal or hexadecimal float, as Go's `ParseFloat`; too large a number is none.
pub fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let clean = without_underscores(&lower, &lower)?;
    let unsigned = clean.trim_start_matches(['+', '-']);
    if clean.len() - unsigned.len() > 1 {
        return None;
    }
    let float = match unsigned.strip_prefix("0x") {
        Some(hex) => parse_hex_float(hex)?,
        None if unsigned.starts_with(|char: char| char.is_ascii_digit() || char == '.') => {
            unsigned.parse().ok()?
        }
        None => return None,
    };
    float.is_finite().then_some(if clean.starts_with('-') {
        -float
    } else {
        float
    })
}

/// Reads `1.8p3`, the part of a hexadecimal float after `0x`.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let exponent_digits = exponent.trim_start_matches(['+', '-']);
    if exponent_digits.is_empty() || !exponent_digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Exponents beyond this are zero or infinity for every mantissa that fits in a template.
    let exponent: i64 = exponent.parse().unwrap_or(if exponent.starts_with('-') {
        -(1 << 40)
    } else {
        1 << 40
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut bits: u64 = 0;
    let mut shift: i64 = 0;
    let mut sticky = false;
    for (digit, after_point) in whole
        .chars()
        .map(|digit| (digit, false))
        .chain(fraction.chars().map(|digit| (digit, true)))
    {
        let digit = u64::from(digit.to_digit(16)?);
        if bits >> 60 == 0 {
            bits = bits << 4 | digit;
            shift -= if after_point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            shift += if after_point { 0 } else { 4 };
        }
    }
    Some(scale(bits, sticky, exponent.saturating_add(shift)))
}

/// Returns `bits * 2^exponent`, rounded to the nearest float, ties to even. `sticky` says that
/// something smaller than the last bit was dropped.
fn scale(bits: u64, sticky: bool, exponent: i64) -> f64 {
    const MANTISSA: i64 = 53;
    const MIN_EXPONENT: i64 = -1074;
    if bits == 0 {
        return 0.0;
    }
    let top = exponent.saturating_add(64 - i64::from(bits.leading_zeros()));
    if top > 1024 {
        return f64::INFINITY;
    }
    if top < MIN_EXPONENT {
        return 0.0;
    }
    // The exponent of the last bit that the result can hold.
    let last = (top - MANTISSA).max(MIN_EXPONENT);
    let drop = last - exponent;
    let kept = if drop <= 0 {
        // Exact: the number has fewer bits than the mantissa.
        bits << -drop
    } else {
        let wide = u128::from(bits) << 1 | u128::from(sticky);
        let half = 1u128 << drop;
        let (kept, rest) = (wide >> (drop + 1), wide & ((half << 1) - 1));
        (kept + u128::from(rest > half || (rest == half && kept & 1 == 1))) as u64
    };
    // Both factors are exact, and so is their product, unless it overflows.
    let low = last.max(-1022);
    kept as f64 * 2f64.powi(low as i32) * 2f64.powi((last - low) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, int, float) in [
            ("0", Some(0), Some(0.0)),
            ("017", Some(15), Some(15.0)),
            ("0o17", Some(15), Some(15.0)),
            ("0x_1F", Some(31), Some(31.0)),
            ("1_000", Some(1000), Some(1000.0)),
            ("-0", Some(0), Some(0.0)),
            ("1e3", Some(1000), Some(1000.0)),
            ("1.5", None, Some(1.5)),
            (".5", None, Some(0.5)),
            ("0x1p-2", None, Some(0.25)),
            ("0x1.8p1", Some(3), Some(3.0)),
            ("0x1.fffffffffffffp1023", None, Some(f64::MAX)),
            ("0x1p-1074", None, Some(5e-324)),
            ("0x1.8p-1074", None, Some(1e-323)),
        ] {
            let number = Number::parse(text).unwrap();
            assert_eq!((number.int, number.float), (int, float), "{text}");
        }
        for (text, error) in [
            ("1__0", "illegal number syntax: \"1__0\""),
            ("08", "integer overflow: \"08\""),
            ("0x", "illegal number syntax: \"0x\""),
            ("0x1.8", "illegal number syntax: \"0x1.8\""),
            (
                "99999999999999999999",
                "integer overflow: \"99999999999999999999\"",
            ),
            ("1e400", "illegal number syntax: \"1e400\""),
        ] {
            assert_eq!(Number::parse(text), Err(error.to_owned()));
        }
    }
}
