//! Go's `strconv.FormatFloat`.

use crate::types::FloatKind;

/// More decimals than any float has; all beyond are zeros.
const MAX_EXACT: usize = 1100;

/// The decimal digits of a number, `0.ddd * 10^point`, without trailing zeros.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

/// Formats a float with one of the verbs `e E f g G b x X`, with as many digits as `precision`
/// says, or with as few as tell it from its neighbours.
pub fn format_float(float: f64, verb: u8, precision: Option<usize>, kind: FloatKind) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let mut out = String::new();
    if float.is_sign_negative() {
        out.push('-');
    }
    let float = float.abs();
    match verb {
        b'b' => push_binary(&mut out, float, kind),
        b'x' | b'X' => push_hex(&mut out, float, verb, precision, kind),
        b'e' | b'E' => {
            let decimal = match precision {
                Some(precision) => rounded(float, precision + 1),
                None => shortest(float, kind),
            };
            let precision = precision.unwrap_or(decimal.digits.len().saturating_sub(1));
            push_exponent(&mut out, &decimal, precision, verb);
        }
        b'f' => match precision {
            Some(precision) => {
                let exact = precision.min(MAX_EXACT);
                out.push_str(&format!("{float:.exact$}"));
                out.extend(std::iter::repeat_n('0', precision - exact));
            }
            None => push_fixed(&mut out, &shortest(float, kind)),
        },
        _ => push_general(&mut out, float, verb, precision, kind),
    }
    out
}

/// `%g`: with an exponent where the number would otherwise need many zeros.
fn push_general(out: &mut String, float: f64, verb: u8, precision: Option<usize>, kind: FloatKind) {
    let (decimal, limit) = match precision {
        Some(precision) => {
            let precision = precision.max(1);
            let decimal = rounded(float, precision);
            let count = decimal.digits.len();
            // A whole number that has all its digits is not written with an exponent.
            let complete = precision > count && count as i32 >= decimal.point;
            let limit = if complete { count } else { precision };
            (decimal, limit as i32)
        }
        None => (shortest(float, kind), 6),
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || exponent >= limit {
        let precision = decimal.digits.len().saturating_sub(1);
        push_exponent(
            out,
            &decimal,
            precision,
            if verb == b'G' { b'E' } else { b'e' },
        );
    } else {
        push_fixed(out, &decimal);
    }
}

/// Returns the fewest digits that are read back as the same number. Where two choices are
/// equally near to it, Go takes the even digit, unlike Rust.
fn shortest(float: f64, kind: FloatKind) -> Decimal {
    let (text, exact) = match kind {
        FloatKind::Float64 => {
            let text = format!("{float:e}");
            let exact = format!("{float:.*e}", decimals(&text));
            let same = exact.parse() == Ok(float);
            (text, same.then_some(exact))
        }
        FloatKind::Float32 => {
            let float = float as f32;
            let text = format!("{float:e}");
            let exact = format!("{float:.*e}", decimals(&text));
            let same = exact.parse() == Ok(float);
            (text, same.then_some(exact))
        }
    };
    Decimal::read(&exact.unwrap_or(text))
}

/// Counts the digits after the point of `d.ddde±x`.
fn decimals(text: &str) -> usize {
    let mantissa = text.split('e').next().unwrap_or_default();
    mantissa.len().saturating_sub(2)
}

fn rounded(float: f64, digits: usize) -> Decimal {
    Decimal::read(&format!("{float:.*e}", digits.min(MAX_EXACT) - 1))
}

impl Decimal {
    /// Reads `d.ddde±x`.
    fn read(text: &str) -> Decimal {
        let (mantissa, exponent) = text.split_once('e').expect("`{:e}` writes an exponent");
        let exponent: i32 = exponent.parse().expect("`{:e}` writes a small exponent");
        let digits = mantissa.replace('.', "");
        let digits = digits.trim_end_matches('0').as_bytes().to_vec();
        let point = if digits.is_empty() { 0 } else { exponent + 1 };
        Decimal { digits, point }
    }

    fn digit(&self, index: i32) -> char {
        let digit = usize::try_from(index)
            .ok()
            .and_then(|index| self.digits.get(index));
        digit.map_or('0', |digit| char::from(*digit))
    }
}

fn push_exponent(out: &mut String, decimal: &Decimal, precision: usize, verb: u8) {
    out.push(decimal.digit(0));
    if precision > 0 {
        out.push('.');
        out.extend((1..=precision).map(|index| decimal.digit(index as i32)));
    }
    let exponent = if decimal.digits.is_empty() {
        0
    } else {
        decimal.point - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("{}{sign}{:02}", char::from(verb), exponent.abs()));
}

fn push_fixed(out: &mut String, decimal: &Decimal) {
    if decimal.point > 0 {
        out.extend((0..decimal.point).map(|index| decimal.digit(index)));
    } else {
        out.push('0');
    }
    let count = decimal.digits.len() as i32;
    if count > decimal.point {
        out.push('.');
        out.extend((decimal.point..count).map(|index| decimal.digit(index)));
    }
}

/// Returns mantissa and exponent, `mantissa * 2^exponent`, and the bits of a full mantissa after
/// its first.
fn split(float: f64, kind: FloatKind) -> (u64, i32, u32) {
    let (bits, size, bias) = match kind {
        FloatKind::Float64 => (float.to_bits(), 52, 1023),
        FloatKind::Float32 => (u64::from((float as f32).to_bits()), 23, 127),
    };
    let mantissa = bits & ((1 << size) - 1);
    let exponent = (bits >> size) as i32;
    if exponent == 0 {
        (mantissa, 1 - bias, size)
    } else {
        (mantissa | 1 << size, exponent - bias, size)
    }
}

fn push_binary(out: &mut String, float: f64, kind: FloatKind) {
    let (mantissa, exponent, size) = split(float, kind);
    out.push_str(&format!("{mantissa}p{:+}", exponent - size as i32));
}

fn push_hex(out: &mut String, float: f64, verb: u8, precision: Option<usize>, kind: FloatKind) {
    /// Where the digit before the point is kept.
    const LEAD: u32 = 60;
    let (mut mantissa, mut exponent, size) = split(float, kind);
    if mantissa == 0 {
        exponent = 0;
    } else {
        let shift = mantissa.leading_zeros() - (63 - LEAD);
        mantissa <<= shift;
        exponent -= shift as i32 - (LEAD - size) as i32;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let kept = precision as u32 * 4;
        let extra = (mantissa << kept) & ((1 << LEAD) - 1);
        mantissa >>= LEAD - kept;
        // Rounds half to even.
        mantissa += u64::from(extra | (mantissa & 1) > 1 << (LEAD - 1));
        mantissa <<= LEAD - kept;
        if mantissa & 1 << (LEAD + 1) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut text = format!("0x{}", mantissa >> LEAD & 1);
    mantissa <<= 4;
    let digits = precision.unwrap_or((64 - mantissa.trailing_zeros() as usize).div_ceil(4));
    if digits > 0 {
        text.push('.');
        for _ in 0..digits {
            text.push_str(&format!("{:x}", mantissa >> LEAD & 15));
            mantissa <<= 4;
        }
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("p{sign}{:02}", exponent.abs()));
    if verb == b'X' {
        text.make_ascii_uppercase();
    }
    out.push_str(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_formatted_as_go_formats_them() {
        let cases: &[(f64, u8, Option<usize>, &str)] = &[
            (1.0, b'g', None, "1"),
            (100_000.0, b'g', None, "100000"),
            (1_000_000.0, b'g', None, "1e+06"),
            (0.0001, b'g', None, "0.0001"),
            (0.00001, b'g', None, "1e-05"),
            (12_345_678.9, b'g', None, "1.23456789e+07"),
            (0.0, b'g', None, "0"),
            (-0.0, b'g', None, "-0"),
            (100.0, b'g', Some(3), "100"),
            (1234.5678, b'g', Some(3), "1.23e+03"),
            (100.0, b'g', Some(2), "1e+02"),
            (2.5, b'f', Some(0), "2"),
            (0.125, b'f', Some(2), "0.12"),
            (1e21, b'f', None, "1000000000000000000000"),
            (1.5, b'e', Some(6), "1.500000e+00"),
            (0.0, b'E', Some(2), "0.00E+00"),
            (1e300, b'e', None, "1e+300"),
            (
                1_564_071_795_740_695.2,
                b'g',
                None,
                "1.5640717957406952e+15",
            ),
            (1.0, b'b', None, "4503599627370496p-52"),
            (1.0, b'x', None, "0x1p+00"),
            (3.5, b'x', None, "0x1.cp+01"),
            (0.1, b'X', None, "0X1.999999999999AP-04"),
            (1.999, b'x', Some(1), "0x1.0p+01"),
            (5e-324, b'x', None, "0x1p-1074"),
            (0.0, b'x', Some(3), "0x0.000p+00"),
        ];
        for (float, verb, precision, text) in cases {
            assert_eq!(
                format_float(*float, *verb, *precision, FloatKind::Float64),
                *text
            );
        }
        assert_eq!(
            format_float(f64::from(0.1f32), b'g', None, FloatKind::Float32),
            "0.1"
        );
    }
}
