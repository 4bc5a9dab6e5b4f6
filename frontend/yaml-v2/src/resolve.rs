//! What a scalar means, as yaml.v2 2.4.0 resolves it.
//!
//! YAML 1.1 with Go's eyes: `yes` and `on` are booleans, `0o17`, `017`, `0x1F`, `0b11` and `1_000` are
//! numbers as Go writes them, base 60 is not supported. A tag such as `!!int` must agree with the
//! text; tags that are not of YAML's own make any text a string.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::timestamp::is_timestamp;
use super::token::Style;
use super::value::Value;

/// The beginning of the tags that `!!` stands for.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// A scalar and what it was found to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The tag in short, such as `!!int`.
    pub tag: String,
    /// What it means.
    pub value: Value,
}

impl Resolved {
    fn new(tag: &str, value: Value) -> Resolved {
        Resolved {
            tag: tag.to_owned(),
            value,
        }
    }
}

/// Returns what the text of a scalar means.
///
/// # Errors
/// A text that its tag does not fit, in yaml.v2's words.
pub fn resolve(tag: Option<&str>, text: &str, style: Style) -> Result<Resolved, String> {
    let Some(tag) = tag else {
        return Ok(match style {
            Style::Plain => guess(text, true),
            Style::Quoted | Style::Block => string(text),
        });
    };
    let Some(name) = tag.strip_prefix(YAML_TAGS) else {
        return Ok(Resolved::new(tag, Value::String(text.to_owned())));
    };
    let wanted = format!("!!{name}");
    match name {
        "str" => Ok(string(text)),
        "binary" => match decode_base64(text).map(String::from_utf8) {
            Some(Ok(text)) => Ok(Resolved::new(&wanted, Value::String(text))),
            Some(Err(error)) => Ok(Resolved::new(&wanted, Value::Bytes(error.into_bytes()))),
            None => Err("!!binary value contains invalid base64 data".to_owned()),
        },
        "bool" | "int" | "float" | "null" | "timestamp" => {
            let found = guess(text, name == "timestamp");
            match found.value {
                _ if found.tag == wanted => Ok(found),
                Value::Int(value) if name == "float" => {
                    Ok(Resolved::new(&wanted, Value::Float(value as f64)))
                }
                _ => Err(format!(
                    "cannot decode {} `{text}` as a {wanted}",
                    found.tag
                )),
            }
        }
        _ => Ok(Resolved::new(&wanted, Value::String(text.to_owned()))),
    }
}

fn string(text: &str) -> Resolved {
    Resolved::new("!!str", Value::String(text.to_owned()))
}

/// Returns what plain text means.
fn guess(text: &str, may_be_timestamp: bool) -> Resolved {
    if let Some(word) = known_word(text) {
        return word;
    }
    match text.as_bytes().first() {
        Some(b'.') => without_separators(text)
            .and_then(|digits| float(&digits))
            .unwrap_or_else(|| string(text)),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if may_be_timestamp && is_timestamp(text) {
                return Resolved::new("!!timestamp", Value::String(text.to_owned()));
            }
            let digits = text.replace('_', "");
            let number = integer(&digits).map(|value| Resolved::new("!!int", value));
            number
                .or_else(|| float(&digits))
                .unwrap_or_else(|| string(text))
        }
        _ => string(text),
    }
}

fn known_word(text: &str) -> Option<Resolved> {
    let (tag, value) = match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            ("!!bool", Value::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            ("!!bool", Value::Bool(false))
        }
        "" | "~" | "null" | "Null" | "NULL" => ("!!null", Value::Null),
        ".nan" | ".NaN" | ".NAN" => ("!!float", Value::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            ("!!float", Value::Float(f64::INFINITY))
        }
        "-.inf" | "-.Inf" | "-.INF" => ("!!float", Value::Float(f64::NEG_INFINITY)),
        _ => return None,
    };
    Some(Resolved::new(tag, value))
}

/// Reads an integer as Go's `strconv.ParseInt(text, 0, 64)` does, and else as its unsigned twin does.
fn integer(text: &str) -> Option<Value> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    // `from_str_radix` would take another sign.
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    match i64::try_from(value) {
        Ok(value) => Some(Value::Int(if negative { -value } else { value })),
        Err(_) if negative => (value == i64::MIN.unsigned_abs()).then_some(Value::Int(i64::MIN)),
        // Only a number without a sign can be unsigned.
        Err(_) => (unsigned.len() == text.len()).then_some(Value::Uint(value)),
    }
}

/// Reads a decimal fraction; what is too large for one is none.
fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value
        .is_finite()
        .then(|| Resolved::new("!!float", Value::Float(value)))
}

/// Returns `text` without underscores, if each of them stands between digits.
fn without_separators(text: &str) -> Option<String> {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let good = text.match_indices('_').all(|(at, _)| {
        is_digit(text[..at].chars().next_back()) && is_digit(text[at + 1..].chars().next())
    });
    good.then(|| text.replace('_', ""))
}

/// Decodes base64 with its padding as Go's `base64.StdEncoding` does: line breaks are skipped, and bits left over in
/// the last symbol may be set.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    ENGINE.decode(text.replace(['\n', '\r'], "")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Value {
        resolve(None, text, Style::Plain).unwrap().value
    }

    #[test]
    fn integers_are_written_as_in_go() {
        for (text, value) in [
            ("0", 0),
            ("-12", -12),
            ("+7", 7),
            ("012", 10),
            ("0o12", 10),
            ("0O12", 10),
            ("0x1F", 31),
            ("-0x1f", -31),
            ("0b101", 5),
            ("-0b101", -5),
            ("1_000", 1000),
            ("0x_1", 1),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(plain(text), Value::Int(value), "{text}");
        }
        assert_eq!(plain("18446744073709551615"), Value::Uint(u64::MAX));
        assert_eq!(
            plain("18446744073709551616"),
            Value::Float(18_446_744_073_709_551_616.0)
        );
    }

    #[test]
    fn what_is_not_quite_a_number_is_text() {
        for text in [
            "-", "+", "--1", "+-1", "1:30", "0x", "0xg", "1e", "e1", "_1", ".", "..1", "1.2.3",
            "1e999", "- 1", "0b2", "._5",
        ] {
            assert_eq!(plain(text), Value::String(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn fractions_are_decimal() {
        for (text, value) in [
            ("08", 8.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-2.5E-3", -0.0025),
            ("1_0.5", 10.5),
            (".5_0", 0.5),
            ("1e3", 1000.0),
        ] {
            assert_eq!(plain(text), Value::Float(value), "{text}");
        }
    }

    #[test]
    fn a_tag_must_fit_the_text() {
        let tagged = |name: &str, text: &str| {
            resolve(Some(&format!("{YAML_TAGS}{name}")), text, Style::Quoted)
        };
        assert_eq!(tagged("int", "5").unwrap().value, Value::Int(5));
        assert_eq!(tagged("float", "5").unwrap().value, Value::Float(5.0));
        assert_eq!(
            tagged("str", "5").unwrap().value,
            Value::String("5".to_owned())
        );
        assert_eq!(
            tagged("binary", "aGk=").unwrap().value,
            Value::String("hi".to_owned())
        );
        assert_eq!(
            tagged("binary", "/w==").unwrap().value,
            Value::Bytes(vec![255])
        );
        assert_eq!(
            tagged("set", "x").unwrap().value,
            Value::String("x".to_owned())
        );
        assert_eq!(
            tagged("int", "x").unwrap_err(),
            "cannot decode !!str `x` as a !!int"
        );
        assert_eq!(
            tagged("timestamp", "2001-13-01").unwrap_err(),
            "cannot decode !!str `2001-13-01` as a !!timestamp"
        );
        // As in Go: a bit left over is set, a line is broken.
        assert_eq!(
            tagged("binary", "aG\r\nl=").unwrap().value,
            Value::String("hi".to_owned())
        );
        for wrong in [
            "aGk", "aGk==", "aGk=aGk=", "aG=k", "a===", "====", "aG k", "aGk-",
        ] {
            assert!(tagged("binary", wrong).is_err(), "{wrong}");
        }
    }
}
