//! The order of keys: yaml.v2's `keyList`, in which `9` comes before `10` and `a9` before `a10`.

use std::cmp::Ordering;

use gotemplate::Value;

/// Compares two keys of a map.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (number(a), number(b)) {
        (Some(x), Some(y)) => {
            return x.total_cmp(&y).then_with(|| rank(a).cmp(&rank(b)));
        }
        (None, None) => {}
        _ => return rank(a).cmp(&rank(b)),
    }
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => natural(&a.to_text(), &b.to_text()),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Int(_, value) => Some(*value as f64),
        Value::Uint(_, value) => Some(*value as f64),
        Value::Float(_, value) => Some(*value),
        _ => None,
    }
}

/// The order of Go's kinds.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 1,
        Value::Int(..) => 2,
        Value::Uint(..) => 3,
        Value::Float(..) => 4,
        Value::Nil | Value::Absent => 5,
        _ => 6,
    }
}

fn natural(a: &str, b: &str) -> Ordering {
    let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = x.iter().zip(&y).position(|(a, b)| a != b) else {
        return x.len().cmp(&y.len());
    };
    match (x[at].is_alphabetic(), y[at].is_alphabetic()) {
        (true, true) => return x[at].cmp(&y[at]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Zeros inside a number count as its digits.
    let before = x[..at].iter().rev().take_while(|c| c.is_ascii_digit());
    let is_inside = (x[at] == '0' || y[at] == '0') && before.into_iter().any(|&c| c != '0');
    let read = |text: &[char]| {
        let digits = text[at..].iter().take_while(|c| c.is_ascii_digit());
        digits.fold((u128::from(is_inside), 0), |(value, count), &c| {
            let digit = u128::from(c.to_digit(10).unwrap_or_default());
            (value.wrapping_mul(10).wrapping_add(digit), count + 1)
        })
    };
    read(&x).cmp(&read(&y)).then(x[at].cmp(&y[at]))
}
