//! Go's durations: nanoseconds in an `int64`.

use std::borrow::Cow;

use gotemplate::{Args, Call, FuncError, IntKind, Kind, Object, Signature, Str, Type, Value};

use super::parse::quote;

pub(super) const SECOND: i64 = 1_000_000_000;

/// `time.Duration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duration(pub(super) i64);

impl Duration {
    /// Returns that many days of 24 hours; as in Go, too many wrap around.
    pub(crate) fn of_days(days: i64) -> Duration {
        Duration(days.wrapping_mul(24 * 3600 * SECOND))
    }

    pub(crate) fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Reads a duration such as `1h30m` or `-1.5s`.
    pub(super) fn parse(text: &[u8]) -> Result<Duration, String> {
        let invalid = || format!("time: invalid duration {}", quote(text));
        let (negative, mut rest) = match text.first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == b"0" {
            return Ok(Duration(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        const MAX: u64 = 1 << 63;
        let mut sum = 0u64;
        while !rest.is_empty() {
            let whole = digits(rest);
            let value = number(whole)
                .filter(|value| *value <= MAX)
                .ok_or_else(invalid)?;
            rest = &rest[whole.len()..];
            let mut fraction: &[u8] = &[];
            if let Some(after) = rest.strip_prefix(b".") {
                fraction = digits(after);
                rest = &after[fraction.len()..];
            }
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let end = rest
                .iter()
                .position(|byte| *byte == b'.' || byte.is_ascii_digit());
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            let unit = match name {
                b"" => return Err(format!("time: missing unit in duration {}", quote(text))),
                b"ns" => 1,
                b"us" | [0xC2, 0xB5, b's'] | [0xCE, 0xBC, b's'] => 1_000,
                b"ms" => 1_000_000,
                b"s" => SECOND as u64,
                b"m" => 60 * SECOND as u64,
                b"h" => 3600 * SECOND as u64,
                _ => {
                    let (unit, text) = (quote(name), quote(text));
                    return Err(format!("time: unknown unit {unit} in duration {text}"));
                }
            };
            let mut value = value
                .checked_mul(unit)
                .filter(|v| *v <= MAX)
                .ok_or_else(invalid)?;
            let (fraction, scale) = fraction_of(fraction);
            value += (fraction as f64 * (unit as f64 / scale)) as u64;
            sum = sum
                .checked_add(value)
                .filter(|sum| *sum <= MAX)
                .ok_or_else(invalid)?;
        }
        if negative {
            return Ok(Duration((sum as i64).wrapping_neg()));
        }
        i64::try_from(sum).map(Duration).map_err(|_| invalid())
    }

    /// Rounds to a multiple of `unit`, half away from zero.
    pub(super) fn round(self, unit: i64) -> Duration {
        if unit <= 0 {
            return self;
        }
        let rest = i128::from(self.0.unsigned_abs() % unit as u64);
        let rounded = if rest * 2 < i128::from(unit) {
            -rest
        } else {
            i128::from(unit) - rest
        };
        let size = i128::from(self.0.unsigned_abs()) + rounded;
        let signed = if self.0 < 0 { -size } else { size };
        Duration(signed.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    fn truncate(self, unit: i64) -> Duration {
        Duration(if unit <= 0 {
            self.0
        } else {
            self.0 - self.0 % unit
        })
    }
}

fn digits(text: &[u8]) -> &[u8] {
    &text[..text.iter().take_while(|byte| byte.is_ascii_digit()).count()]
}

/// Returns the number, 0 without digits, or nothing when it is too large.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

/// Returns the digits that fit and the power of ten they are to be divided by.
fn fraction_of(digits: &[u8]) -> (u64, f64) {
    let (mut value, mut scale) = (0u64, 1.0);
    for digit in digits {
        if value > (i64::MAX as u64) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > 1 << 63 {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value, scale)
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let (unit, digits, name) = match size {
            0 => return f.write_str("0s"),
            1..1_000 => (1, 0, "ns"),
            1_000..1_000_000 => (1_000, 3, "µs"),
            1_000_000..1_000_000_000 => (1_000_000, 6, "ms"),
            _ => (SECOND as u64, 9, "s"),
        };
        let whole = size / unit;
        let (hours, minutes) = (whole / 3600, whole / 60 % 60);
        if name == "s" && hours > 0 {
            write!(f, "{hours}h")?;
        }
        if name == "s" && whole >= 60 {
            write!(f, "{minutes}m")?;
        }
        write!(f, "{}", if name == "s" { whole % 60 } else { whole })?;
        let fraction = format!("{:0digits$}", size % unit);
        let fraction = fraction.trim_end_matches('0');
        if digits > 0 && !fraction.is_empty() {
            write!(f, ".{fraction}")?;
        }
        f.write_str(name)
    }
}

impl Object for Duration {
    fn type_name(&self) -> Cow<'_, str> {
        "time.Duration".into()
    }

    fn kind(&self) -> Kind {
        Kind::Int(IntKind::Int64)
    }

    fn is_true(&self) -> bool {
        self.0 != 0
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds" | "Nanoseconds"
            | "String" | "Abs" => Some(Signature::new([])),
            "Round" | "Truncate" => Some(Signature::new([Type::Any])),
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
        let in_units = |unit: i64| {
            let (whole, rest) = (self.0 / unit, self.0 % unit);
            Value::float(whole as f64 + rest as f64 / unit as f64)
        };
        Ok(match name {
            "Hours" => in_units(3600 * SECOND),
            "Minutes" => in_units(60 * SECOND),
            "Seconds" => in_units(SECOND),
            "Milliseconds" => Value::int64(self.0 / 1_000_000),
            "Microseconds" => Value::int64(self.0 / 1_000),
            "Nanoseconds" => Value::int64(self.0),
            "Round" => Value::object(self.round(of_argument(&args[0])?.0)),
            "Truncate" => Value::object(self.truncate(of_argument(&args[0])?.0)),
            "Abs" => Value::object(Duration(self.0.checked_abs().unwrap_or(i64::MAX))),
            _ => self.to_string().into(),
        })
    }

    fn text(&self) -> Option<Str> {
        Some(self.to_string().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).downcast_ref::<Duration>() == Some(self)
    }
}

/// Returns an argument that is a duration or an integer constant.
pub(super) fn of_argument(value: &Value) -> Result<Duration, FuncError> {
    value
        .as_object::<Duration>()
        .copied()
        .or_else(|| value.as_int().map(Duration))
        .ok_or_else(|| {
            format!(
                "wrong type for value; expected time.Duration; got {}",
                value.type_name()
            )
            .into()
        })
}
