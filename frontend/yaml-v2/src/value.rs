//! Values without a type to guide them, as Go's `interface{}` would get them.

/// What a node means.
///
/// A date is a string: yaml.v2 2.4.0 recognises dates and then hands on their text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// Go's `int`.
    Int(i64),
    /// Go's `uint64`, for what does not fit an `int`.
    Uint(u64),
    /// A floating point number.
    Float(f64),
    /// Text.
    String(String),
    /// `!!binary` data that is not text; Go keeps it in a string all the same.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A mapping in the order of the text. No two keys are equal.
    Map(Vec<(Value, Value)>),
}

/// A key of a mapping, by which two keys are equal: as in Go, the number 1 is not the text `1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(u64),
    Text(Vec<u8>),
}

impl Key {
    /// Returns the key that `value` is, or `None` for lists and maps, which cannot be one.
    pub fn of(value: &Value) -> Option<Key> {
        Some(match value {
            Value::Null => Key::Null,
            Value::Bool(value) => Key::Bool(*value),
            Value::Int(value) => Key::Int(*value),
            Value::Uint(value) => Key::Uint(*value),
            // 0.0 and -0.0 are equal.
            Value::Float(value) => Key::Float((value + 0.0).to_bits()),
            Value::String(value) => Key::Text(value.clone().into_bytes()),
            Value::Bytes(value) => Key::Text(value.clone()),
            Value::List(_) | Value::Map(_) => return None,
        })
    }
}
