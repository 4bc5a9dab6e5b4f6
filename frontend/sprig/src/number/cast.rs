//! Values to numbers, after spf13/cast 1.6: what cannot be converted is 0.

use gotemplate::{Value, parse_int};

use crate::time::{Month, Weekday};

/// Returns a value as `int` and `int64` do.
pub(crate) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Bool(bool) => i64::from(*bool),
        Value::Int(_, int) => *int,
        Value::Uint(_, uint) => *uint as i64,
        Value::Float(_, float) => float_to_int(*float),
        Value::String(text) => text
            .to_str()
            .and_then(|text| parse_int(trim_zero_decimal(text)))
            .unwrap_or(0),
        _ => named_int(value).unwrap_or(0),
    }
}

/// Returns a value as `float64` does.
pub(crate) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Bool(bool) => f64::from(u8::from(*bool)),
        Value::Int(_, int) => *int as f64,
        Value::Uint(_, uint) => *uint as f64,
        Value::Float(_, float) => *float,
        Value::String(text) => text.to_str().and_then(parse_float).unwrap_or(0.0),
        _ => named_int(value).unwrap_or(0) as f64,
    }
}

/// Go's months and weekdays are integers with a name; cast knows them, but not durations.
fn named_int(value: &Value) -> Option<i64> {
    let month = value.as_object::<Month>().map(|month| month.number());
    month.or_else(|| value.as_object::<Weekday>().map(|weekday| weekday.number()))
}

/// Go's conversion on common machines: out of range is the smallest integer.
pub(crate) fn float_to_int(float: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&float) {
        float as i64
    } else {
        i64::MIN
    }
}

/// Removes `.0`, `.00` and so on from the end.
fn trim_zero_decimal(text: &str) -> &str {
    match text.trim_end_matches('0').strip_suffix('.') {
        Some(whole) if text.ends_with('0') => whole,
        _ => text,
    }
}

/// Reads plain digits after an optional sign, as Go's `strconv.ParseInt`.
pub(crate) fn parse_digits(text: &str, radix: u32) -> Option<i64> {
    // Rust reads the same, save for digits that are not ASCII, which neither takes.
    i64::from_str_radix(text, radix).ok()
}

/// Reads a float as Go's `strconv.ParseFloat` does, names included; a number too large is none.
fn parse_float(text: &str) -> Option<f64> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => Some(sign * f64::INFINITY),
        "nan" => Some(f64::NAN),
        _ => gotemplate::parse_float(text),
    }
}
