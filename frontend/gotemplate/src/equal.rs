//! Go's `reflect.DeepEqual`.

use std::collections::HashSet;

use crate::limits::LimitError;
use crate::value::Value;

/// Reports whether two values are deeply equal: of the same type, with equal contents.
///
/// `int` and `int64` differ, a nil slice differs from an empty one, NaN from itself. `charge` is
/// asked before every pair of values. Neither deep nor circular values need the stack.
pub(crate) fn deep_equal(
    left: &Value,
    right: &Value,
    mut charge: impl FnMut() -> Result<(), LimitError>,
) -> Result<bool, LimitError> {
    let mut pending = vec![(left.clone(), right.clone())];
    // Pairs of collections already under comparison; they are equal unless their entries are not.
    let mut seen = HashSet::new();
    while let Some((left, right)) = pending.pop() {
        charge()?;
        match (&left, &right) {
            (Value::List(left), Value::List(right)) => {
                if left.same(right) || !seen.insert((left.address(), right.address())) {
                    continue;
                }
                if left.elem() != right.elem()
                    || left.is_nil() != right.is_nil()
                    || left.len() != right.len()
                {
                    return Ok(false);
                }
                pending.extend(left.iter().cloned().zip(right.iter().cloned()));
            }
            (Value::Map(left), Value::Map(right)) => {
                if left.same(right) || !seen.insert((left.address(), right.address())) {
                    continue;
                }
                if left.key() != right.key()
                    || left.elem() != right.elem()
                    || left.is_nil() != right.is_nil()
                    || left.len() != right.len()
                {
                    return Ok(false);
                }
                for (key, value) in left.entries() {
                    let Some(other) = right.get_value(&key) else {
                        return Ok(false);
                    };
                    pending.push((value, other));
                }
            }
            _ => {
                if !scalars_equal(&left, &right) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

fn scalars_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Absent | Value::Nil, Value::Absent | Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(kind, left), Value::Int(other, right)) => kind == other && left == right,
        (Value::Uint(kind, left), Value::Uint(other, right)) => kind == other && left == right,
        (Value::Float(kind, left), Value::Float(other, right)) => {
            // Go's equality of floats, NaN included, is Rust's.
            #[expect(clippy::float_cmp)]
            let same = left == right;
            kind == other && same
        }
        (Value::Complex(real, imaginary), Value::Complex(other_real, other_imaginary)) => {
            #[expect(clippy::float_cmp)]
            let same = real == other_real && imaginary == other_imaginary;
            same
        }
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Object(left), Value::Object(right)) => {
            left.type_name() == right.type_name() && left.equals(&**right)
        }
        // Functions are equal to nothing, not even to themselves.
        _ => false,
    }
}

/// [`Value`]s are equal as in Go's `reflect.DeepEqual`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        deep_equal(self, other, || Ok(())).is_ok_and(|equal| equal)
    }
}
