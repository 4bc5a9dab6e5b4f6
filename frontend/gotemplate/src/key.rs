//! Map keys, ordered as Go's templates and `fmt` order them.

use std::cmp::Ordering;

use crate::str::Str;
use crate::types::{FloatKind, IntKind, UintKind};
use crate::value::Value;

/// A value that may be a map key.
///
/// Keys of one type sort by their value. Keys of several types in one `map[interface {}]…` sort
/// by the type first, nil before all. (Go compares the addresses of its type tables; this is where the linker of
/// Go 1.24 puts them.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Nil,
    String(Str),
    Uint(UintKind, u64),
    Int(IntKind, i64),
    Float(FloatKind, FloatKey),
    Bool(bool),
}

impl Key {
    /// Returns the key for `value`, or nothing when values of its kind cannot be keys.
    pub(crate) fn new(value: &Value) -> Option<Key> {
        Some(match value {
            Value::Absent | Value::Nil => Key::Nil,
            Value::Bool(bool) => Key::Bool(*bool),
            Value::Int(kind, int) => Key::Int(*kind, *int),
            Value::Uint(kind, uint) => Key::Uint(*kind, *uint),
            Value::Float(kind, float) => Key::Float(*kind, FloatKey::new(*float)),
            Value::String(text) => Key::String(text.clone()),
            Value::Complex(..)
            | Value::List(_)
            | Value::Map(_)
            | Value::Func(_)
            | Value::Object(_) => return None,
        })
    }

    /// Returns the value this key was made from.
    pub(crate) fn value(&self) -> Value {
        match self {
            Key::Nil => Value::Nil,
            Key::Bool(bool) => Value::Bool(*bool),
            Key::Int(kind, int) => Value::Int(*kind, *int),
            Key::Uint(kind, uint) => Value::Uint(*kind, *uint),
            Key::Float(kind, float) => Value::Float(*kind, float.0),
            Key::String(text) => Value::String(text.clone()),
        }
    }
}

/// A float with a total order: NaN first, then by value, and one zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloatKey(f64);

impl FloatKey {
    fn new(float: f64) -> Self {
        // Adding zero turns -0.0 into 0.0, which is the same key in Go.
        FloatKey(float + 0.0)
    }
}

impl Ord for FloatKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0.is_nan(), other.0.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.0.total_cmp(&other.0),
        }
    }
}

impl PartialOrd for FloatKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FloatKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for FloatKey {}
