//! How the printer writes numbers, characters and strings.

use super::float::format_float;
use super::printer::{Printed, Printer};
use super::quote::{self, Keep};
use crate::types::FloatKind;
use crate::utf8;
use crate::value::Value;

impl Printer {
    /// Writes `text`, filled up to the width.
    pub(super) fn pad(&mut self, text: &[u8]) -> Printed {
        let fill = self
            .flags
            .width
            .unwrap_or(0)
            .saturating_sub(utf8::count(text));
        if self.flags.minus {
            self.push(text)?;
            self.push_repeated(b' ', fill)
        } else {
            self.push_repeated(if self.flags.zero { b'0' } else { b' ' }, fill)?;
            self.push(text)
        }
    }

    /// Writes `text`, filled up to the width with spaces, whatever the flags say.
    fn pad_with_spaces(&mut self, text: &[u8]) -> Printed {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        let printed = self.pad(text);
        self.flags.zero = zero;
        printed
    }

    pub(super) fn integer(
        &mut self,
        magnitude: u64,
        negative: bool,
        signed: bool,
        verb: char,
        value: &Value,
    ) -> Printed {
        match verb {
            'v' if self.flags.go_syntax && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                let printed = self.digits(magnitude, negative, 'x');
                self.flags.sharp = sharp;
                printed
            }
            'v' | 'd' => self.digits(magnitude, negative, 'd'),
            'b' | 'o' | 'O' | 'x' | 'X' => self.digits(magnitude, negative, verb),
            'c' => self.pad(
                code_point(magnitude, negative)
                    .encode_utf8(&mut [0; 4])
                    .as_bytes(),
            ),
            'q' => {
                let keep = if self.flags.plus {
                    Keep::Ascii
                } else {
                    Keep::Printable
                };
                let text = quote::quote_char(code_point(magnitude, negative), keep);
                self.pad(text.as_bytes())
            }
            'U' => self.unicode(if negative {
                magnitude.wrapping_neg()
            } else {
                magnitude
            }),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Writes an integer in the base of `verb`.
    fn digits(&mut self, magnitude: u64, negative: bool, verb: char) -> Printed {
        let mut digits = match verb {
            'b' => format!("{magnitude:b}"),
            'o' | 'O' => format!("{magnitude:o}"),
            'x' => format!("{magnitude:x}"),
            'X' => format!("{magnitude:X}"),
            _ => magnitude.to_string(),
        };
        let sign = match (negative, self.flags.plus, self.flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (.., true) => " ",
            _ => "",
        };
        let flags = &self.flags;
        let wanted = match (flags.precision, flags.width) {
            (Some(0), _) if magnitude == 0 => return self.pad_with_spaces(b""),
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => width.saturating_sub(sign.len()),
            _ => 0,
        };
        if digits.len() < wanted {
            digits.insert_str(0, &"0".repeat(wanted - digits.len()));
        }
        let prefix = match verb {
            'b' if flags.sharp => "0b",
            'x' if flags.sharp => "0x",
            'X' if flags.sharp => "0X",
            'O' if flags.sharp && !digits.starts_with('0') => "0o0",
            'O' => "0o",
            'o' if flags.sharp && !digits.starts_with('0') => "0",
            _ => "",
        };
        self.pad_with_spaces(format!("{sign}{prefix}{digits}").as_bytes())
    }

    /// Writes `U+0041`, or `U+0041 'A'` with a sharp.
    fn unicode(&mut self, code: u64) -> Printed {
        let digits = self.flags.precision.unwrap_or(4).max(4);
        let code_digits = format!("{code:X}");
        let zeros = "0".repeat(digits.saturating_sub(code_digits.len()));
        let mut text = format!("U+{zeros}{code_digits}");
        if self.flags.sharp
            && let Some(char) = u32::try_from(code).ok().and_then(char::from_u32)
            && utf8::is_printable(char)
        {
            text.push_str(&format!(" '{char}'"));
        }
        self.pad_with_spaces(text.as_bytes())
    }

    pub(super) fn float(
        &mut self,
        float: f64,
        kind: FloatKind,
        verb: char,
        value: &Value,
    ) -> Printed {
        let (verb, precision) = match verb {
            'v' => (b'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb as u8, None),
            'f' | 'F' => (b'f', Some(6)),
            'e' | 'E' => (verb as u8, Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        let precision = self.flags.precision.or(precision);
        let mut number = format_float(float, verb, precision, kind);
        if !number.starts_with(['-', '+']) {
            number.insert(0, '+');
        }
        if self.flags.space && !self.flags.plus && number.starts_with('+') {
            number.replace_range(..1, " ");
        }
        let shows_sign = self.flags.plus || !number.starts_with('+');
        if !float.is_finite() {
            // Infinity and NaN are not filled up with zeros, and NaN has a sign only on demand.
            let bare = float.is_nan() && !self.flags.space && !self.flags.plus;
            return self.pad_with_spaces(&number.as_bytes()[usize::from(bare)..]);
        }
        if self.flags.sharp && verb != b'b' {
            number = with_point(&number, verb, precision);
        }
        if !shows_sign {
            return self.pad(&number.as_bytes()[1..]);
        }
        let width = self.flags.width.unwrap_or(0);
        if self.flags.zero && !self.flags.minus && width > number.len() {
            // The sign goes before the zeros.
            self.push(&number.as_bytes()[..1])?;
            self.push_repeated(b'0', width - number.len())?;
            return self.push(&number.as_bytes()[1..]);
        }
        self.pad(number.as_bytes())
    }

    pub(super) fn complex(
        &mut self,
        real: f64,
        imaginary: f64,
        verb: char,
        value: &Value,
    ) -> Printed {
        if !matches!(
            verb,
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
        ) {
            return self.bad_verb(value, verb);
        }
        self.push(b"(")?;
        self.float(real, FloatKind::Float64, verb, value)?;
        let plus = std::mem::replace(&mut self.flags.plus, true);
        let printed = self.float(imaginary, FloatKind::Float64, verb, value);
        self.flags.plus = plus;
        printed?;
        self.push(b"i)")
    }

    /// Writes a string, or bytes that are treated as one.
    pub(super) fn string(&mut self, text: &[u8], verb: char, value: &Value) -> Printed {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(text),
            'v' | 's' => self.pad(self.truncated(text)),
            'q' => self.quoted(text),
            'x' | 'X' => self.hex(text, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else {
            return text;
        };
        let end = utf8::chars(text)
            .nth(precision)
            .map_or(text.len(), |(at, ..)| at);
        &text[..end]
    }

    fn quoted(&mut self, text: &[u8]) -> Printed {
        let text = self.truncated(text);
        if self.flags.sharp && quote::can_backquote(text) {
            return self.pad(&[b"`", text, b"`"].concat());
        }
        let keep = if self.flags.plus {
            Keep::Ascii
        } else {
            Keep::Printable
        };
        self.pad(quote::quote(text, keep).as_bytes())
    }

    fn hex(&mut self, text: &[u8], verb: char) -> Printed {
        let text = &text[..self.flags.precision.unwrap_or(text.len()).min(text.len())];
        let prefix = match verb {
            _ if !self.flags.sharp => "",
            'X' => "0X",
            _ => "0x",
        };
        let mut digits = String::with_capacity(text.len() * 2);
        for (index, byte) in text.iter().enumerate() {
            if self.flags.space && index > 0 {
                digits.push(' ');
            }
            if index == 0 || self.flags.space {
                digits.push_str(prefix);
            }
            digits.push_str(&if verb == 'X' {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            });
        }
        self.pad(digits.as_bytes())
    }
}

/// Returns the character of a code, or the replacement character where there is none.
fn code_point(magnitude: u64, negative: bool) -> char {
    let code = if negative {
        None
    } else {
        u32::try_from(magnitude).ok()
    };
    code.and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Returns a formatted float with its point and, for `%g` and `%x`, its trailing zeros.
fn with_point(number: &str, verb: u8, precision: Option<usize>) -> String {
    let keeps_zeros = matches!(verb, b'g' | b'G' | b'x');
    let mut missing = if keeps_zeros {
        precision.unwrap_or(6) as i64
    } else {
        0
    };
    let exponent = match verb {
        b'x' | b'X' => number.find(['p', 'P']),
        _ => number.find(['e', 'E']),
    };
    let (mantissa, exponent) = number.split_at(exponent.unwrap_or(number.len()));
    let has_point = mantissa.contains('.');
    // Digits count from the first that is not zero.
    let mut significant = false;
    for char in mantissa[1..].chars().filter(|char| *char != '.') {
        significant |= char != '0';
        missing -= i64::from(significant);
    }
    let mut text = mantissa.to_owned();
    if !has_point {
        if mantissa.len() == 2 && mantissa.ends_with('0') {
            missing -= 1;
        }
        text.push('.');
    }
    text.extend(std::iter::repeat_n(
        '0',
        usize::try_from(missing).unwrap_or(0),
    ));
    text + exponent
}
