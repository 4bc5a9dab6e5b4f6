//! [`Value`]: what templates compute with, in Go's terms.

use std::sync::Arc;

use crate::collection::{List, Map};
use crate::func::Function;
use crate::object::Object;
use crate::str::Str;
use crate::types::{FloatKind, IntKind, Kind, Type, UintKind};

/// A Go value.
///
/// Cloning is cheap. Lists and maps are shared; a map changed through one clone is changed for
/// all. Numbers keep their Go type, because Go tells `int` from `int64` in `typeOf`, `deepEqual`
/// and argument checks.
#[derive(Clone, Default)]
pub enum Value {
    /// No value at all: a missing key, the dot of a template called without argument, a pipeline
    /// that yielded nil. Prints as `<no value>`. Functions that take [`Type::Any`] never see it:
    /// they get [`Value::Nil`].
    #[default]
    Absent,
    /// `nil` in a variable, element or parameter of type `interface {}`.
    Nil,
    /// `bool`.
    Bool(bool),
    /// A signed integer; the number fits its kind.
    Int(IntKind, i64),
    /// An unsigned integer; the number fits its kind.
    Uint(UintKind, u64),
    /// A floating point number; a `float32` is exactly representable as one.
    Float(FloatKind, f64),
    /// `complex128`: real and imaginary part.
    Complex(f64, f64),
    /// `string`.
    String(Str),
    /// A slice.
    List(List),
    /// A map.
    Map(Map),
    /// A function value, for `call`.
    Func(Function),
    /// Anything else: a struct or a pointer, with methods and fields.
    Object(Arc<dyn Object>),
}

impl Value {
    /// Returns a Go `int`, the type of integer constants and of `len`.
    pub fn int(int: i64) -> Value {
        Value::Int(IntKind::Int, int)
    }

    /// Returns a Go `int64`, the type of sprig's arithmetic.
    pub fn int64(int: i64) -> Value {
        Value::Int(IntKind::Int64, int)
    }

    /// Returns a Go `uint8`.
    pub fn uint8(byte: u8) -> Value {
        Value::Uint(UintKind::Uint8, u64::from(byte))
    }

    /// Returns a Go `float64`.
    pub fn float(float: f64) -> Value {
        Value::Float(FloatKind::Float64, float)
    }

    /// Returns a string.
    pub fn string(text: impl Into<Str>) -> Value {
        Value::String(text.into())
    }

    /// Returns an object.
    pub fn object(object: impl Object) -> Value {
        Value::Object(Arc::new(object))
    }

    /// Returns the kind; both forms of nothing are [`Kind::Invalid`].
    pub fn kind(&self) -> Kind {
        match self {
            Value::Absent | Value::Nil => Kind::Invalid,
            Value::Bool(_) => Kind::Bool,
            Value::Int(kind, _) => Kind::Int(*kind),
            Value::Uint(kind, _) => Kind::Uint(*kind),
            Value::Float(kind, _) => Kind::Float(*kind),
            Value::Complex(..) => Kind::Complex128,
            Value::String(_) => Kind::String,
            Value::List(_) => Kind::Slice,
            Value::Map(_) => Kind::Map,
            Value::Func(_) => Kind::Func,
            Value::Object(object) => object.kind(),
        }
    }

    /// Returns the type, or nothing when there is no value.
    pub fn type_of(&self) -> Option<Type> {
        Some(match self {
            Value::Absent | Value::Nil => return None,
            Value::Bool(_) => Type::Bool,
            Value::Int(kind, _) => Type::Int(*kind),
            Value::Uint(kind, _) => Type::Uint(*kind),
            Value::Float(kind, _) => Type::Float(*kind),
            Value::Complex(..) => Type::Complex128,
            Value::String(_) => Type::String,
            Value::List(list) => list.type_of(),
            Value::Map(map) => map.type_of(),
            Value::Func(_) => Type::Func,
            Value::Object(object) => Type::Named(Arc::from(&*object.type_name()), object.kind()),
        })
    }

    /// Returns the type's name as `%T` prints it: `map[string]interface {}`, `<nil>` for nothing.
    pub fn type_name(&self) -> String {
        match self {
            Value::Func(function) => function.signature().to_string(),
            _ => self
                .type_of()
                .map_or_else(|| "<nil>".to_owned(), |ty| ty.to_string()),
        }
    }

    /// Reports whether this is [`Value::Absent`] or [`Value::Nil`].
    ///
    /// Nil slices and nil maps are values with a type; ask them.
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Absent | Value::Nil)
    }

    /// Returns what `if` makes of the value: false for nothing, zero, and what is empty.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Absent | Value::Nil => false,
            Value::Bool(bool) => *bool,
            Value::Int(_, int) => *int != 0,
            Value::Uint(_, uint) => *uint != 0,
            Value::Float(_, float) => *float != 0.0,
            Value::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Value::String(text) => !text.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Func(_) => true,
            Value::Object(object) => object.is_true(),
        }
    }

    /// Reports whether the value can be the key of a map.
    pub fn is_hashable(&self) -> bool {
        crate::key::Key::new(self).is_some()
    }

    /// Returns the boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// Returns the number of a signed integer of any width.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(_, int) => Some(*int),
            _ => None,
        }
    }

    /// Returns the number of an unsigned integer of any width.
    pub fn as_uint(&self) -> Option<u64> {
        match self {
            Value::Uint(_, uint) => Some(*uint),
            _ => None,
        }
    }

    /// Returns the number of a float of any width.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(_, float) => Some(*float),
            _ => None,
        }
    }

    /// Returns the string, if it is one.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// Returns the map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the object as the Rust type behind it, if it is an object of that type.
    pub fn as_object<T: Object>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => (&**object as &dyn std::any::Any).downcast_ref(),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Value::Bool(bool)
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Value::float(float)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::string(text)
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Value::String(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::List(List::new(items))
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Value::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

impl From<Function> for Value {
    fn from(function: Function) -> Self {
        Value::Func(function)
    }
}
