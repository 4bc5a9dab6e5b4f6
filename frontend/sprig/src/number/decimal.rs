//! Decimal numbers without limit, as shopspring/decimal has them: floats are taken at their
//! shortest text, so `addf 0.1 0.2` is 0.3.

use std::cmp::Ordering;

/// Digits after the point of a quotient.
const DIVISION_DIGITS: i32 = 16;

/// A number `± digits * 10^exponent`.
#[derive(Clone, Debug)]
pub(crate) struct Decimal {
    negative: bool,
    /// Lowest first, without zeros at the top; empty for 0.
    digits: Vec<u8>,
    exponent: i32,
}

/// Why a computation has no result, in Go's words.
pub(crate) type DecimalError = &'static str;

impl Decimal {
    /// Takes a float at its shortest text.
    pub(crate) fn from_float(float: f64) -> Result<Decimal, DecimalError> {
        if float.is_nan() {
            return Err("Cannot create a Decimal from NaN");
        }
        if float.is_infinite() {
            return Err(if float > 0.0 {
                "Cannot create a Decimal from +Inf"
            } else {
                "Cannot create a Decimal from -Inf"
            });
        }
        let text = format!("{:e}", float.abs());
        let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
        let fraction = mantissa
            .split_once('.')
            .map_or(0, |(_, fraction)| fraction.len());
        let exponent: i32 = exponent.parse().expect("the format has a number");
        let digits = mantissa
            .bytes()
            .rev()
            .filter(u8::is_ascii_digit)
            .map(|byte| byte - b'0');
        let number = Decimal {
            negative: float < 0.0,
            digits: normal(digits.collect()),
            exponent: exponent - fraction as i32,
        };
        Ok(if number.is_zero() {
            Decimal {
                exponent: 0,
                ..number
            }
        } else {
            number
        })
    }

    /// Returns the closest float.
    pub(crate) fn to_float(&self) -> f64 {
        let mut text = String::with_capacity(self.digits.len() + 12);
        if self.negative && !self.is_zero() {
            text.push('-');
        }
        text.push('0');
        text.extend(
            self.digits
                .iter()
                .rev()
                .map(|&digit| char::from(b'0' + digit)),
        );
        text.push_str(&format!("e{}", self.exponent));
        text.parse().expect("a decimal number in Rust's syntax")
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub(crate) fn add(&self, other: &Decimal) -> Decimal {
        let exponent = self.exponent.min(other.exponent);
        let left = shifted(&self.digits, self.exponent - exponent);
        let right = shifted(&other.digits, other.exponent - exponent);
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, add(&left, &right))
        } else if compare(&left, &right) == Ordering::Less {
            (other.negative, subtract(&right, &left))
        } else {
            (self.negative, subtract(&left, &right))
        };
        Decimal {
            negative,
            digits,
            exponent,
        }
    }

    pub(crate) fn sub(&self, other: &Decimal) -> Decimal {
        self.add(&Decimal {
            negative: !other.negative,
            ..other.clone()
        })
    }

    pub(crate) fn mul(&self, other: &Decimal) -> Decimal {
        Decimal {
            negative: self.negative != other.negative,
            digits: multiply(&self.digits, &other.digits),
            exponent: self.exponent.saturating_add(other.exponent),
        }
    }

    /// Divides to [`DIVISION_DIGITS`] places, half away from zero.
    pub(crate) fn div(&self, other: &Decimal) -> Result<Decimal, DecimalError> {
        if other.is_zero() {
            return Err("decimal division by 0");
        }
        let shift = self.exponent - other.exponent + DIVISION_DIGITS;
        let dividend = shifted(&self.digits, shift.max(0));
        let divisor = shifted(&other.digits, (-shift).max(0));
        let (mut digits, rest) = divide(&dividend, &divisor);
        if compare(&add(&rest, &rest), &divisor) != Ordering::Less {
            digits = add(&digits, &[1]);
        }
        let negative = self.negative != other.negative;
        Ok(Decimal {
            negative,
            digits,
            exponent: -DIVISION_DIGITS,
        })
    }
}

/// Removes zeros at the top.
fn normal(mut digits: Vec<u8>) -> Vec<u8> {
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

/// Multiplies by `10^places`.
fn shifted(digits: &[u8], places: i32) -> Vec<u8> {
    if digits.is_empty() {
        return Vec::new();
    }
    let mut out = vec![0; places as usize];
    out.extend_from_slice(digits);
    out
}

fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.len()
        .cmp(&right.len())
        .then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

fn add(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(left.len().max(right.len()) + 1);
    let mut carry = 0;
    for index in 0..left.len().max(right.len()) {
        let digit = |digits: &[u8]| digits.get(index).copied().unwrap_or(0);
        let sum = digit(left) + digit(right) + carry;
        out.push(sum % 10);
        carry = sum / 10;
    }
    out.push(carry);
    normal(out)
}

/// Subtracts a number that is not larger.
fn subtract(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut out = left.to_vec();
    let mut borrow = 0;
    for (index, digit) in out.iter_mut().enumerate() {
        let less = right.get(index).copied().unwrap_or(0) + borrow;
        borrow = u8::from(*digit < less);
        *digit = *digit + 10 * borrow - less;
    }
    normal(out)
}

fn multiply(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut out = vec![0u8; left.len() + right.len()];
    for (shift, &digit) in left.iter().enumerate() {
        let mut carry = 0;
        for (index, &other) in right.iter().enumerate() {
            let sum = out[shift + index] + digit * other + carry;
            out[shift + index] = sum % 10;
            carry = sum / 10;
        }
        out[shift + right.len()] += carry;
    }
    normal(out)
}

/// Returns quotient and remainder, digit by digit as on paper.
fn divide(dividend: &[u8], divisor: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut quotient = vec![0; dividend.len()];
    let mut rest: Vec<u8> = Vec::new();
    for (index, &digit) in dividend.iter().enumerate().rev() {
        rest.insert(0, digit);
        rest = normal(rest);
        while compare(&rest, divisor) != Ordering::Less {
            rest = subtract(&rest, divisor);
            quotient[index] += 1;
        }
    }
    (normal(quotient), rest)
}
