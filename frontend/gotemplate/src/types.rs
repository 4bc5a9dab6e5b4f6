//! [`Type`] and [`Kind`]: Go's static types as templates can see them, spelled as Go spells them.

use std::fmt;
use std::sync::Arc;

/// The width of a signed integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntKind {
    /// `int`, 64 bits wide.
    Int,
    /// `int8`.
    Int8,
    /// `int16`.
    Int16,
    /// `int32`, also known as `rune`.
    Int32,
    /// `int64`.
    Int64,
}

/// The width of an unsigned integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UintKind {
    /// `uint`, 64 bits wide.
    Uint,
    /// `uint8`, also known as `byte`.
    Uint8,
    /// `uint16`.
    Uint16,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
    /// `uintptr`.
    Uintptr,
}

/// The width of a floating point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FloatKind {
    /// `float32`.
    Float32,
    /// `float64`.
    Float64,
}

/// Go's `reflect.Kind`: a type without its name and its element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No value, or `nil` in an interface.
    Invalid,
    /// `bool`.
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// A floating point number.
    Float(FloatKind),
    /// `complex128`.
    Complex128,
    /// A string of bytes.
    String,
    /// A list.
    Slice,
    /// A map.
    Map,
    /// A function.
    Func,
    /// An interface; values are of this kind only as the static type of an element or a parameter.
    Interface,
    /// A pointer, always of an [`Object`](crate::Object).
    Pointer,
    /// A struct, always of an [`Object`](crate::Object).
    Struct,
}

impl Kind {
    /// Returns Go's name, as sprig's `kindOf` answers it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int(IntKind::Int) => "int",
            Kind::Int(IntKind::Int8) => "int8",
            Kind::Int(IntKind::Int16) => "int16",
            Kind::Int(IntKind::Int32) => "int32",
            Kind::Int(IntKind::Int64) => "int64",
            Kind::Uint(UintKind::Uint) => "uint",
            Kind::Uint(UintKind::Uint8) => "uint8",
            Kind::Uint(UintKind::Uint16) => "uint16",
            Kind::Uint(UintKind::Uint32) => "uint32",
            Kind::Uint(UintKind::Uint64) => "uint64",
            Kind::Uint(UintKind::Uintptr) => "uintptr",
            Kind::Float(FloatKind::Float32) => "float32",
            Kind::Float(FloatKind::Float64) => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Func => "func",
            Kind::Interface => "interface",
            Kind::Pointer => "ptr",
            Kind::Struct => "struct",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A static type: of a value, of a list's elements, of a function's parameter.
///
/// Two types are equal when Go would call them identical. `Display` spells a type as `%T` does,
/// so `interface {}` has its space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `interface {}`, which accepts every value.
    Any,
    /// `bool`.
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// A floating point number.
    Float(FloatKind),
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// A slice of the given element type.
    Slice(Arc<Type>),
    /// A map of the given key and element types.
    Map(Arc<(Type, Type)>),
    /// A function; its parameters are not told apart.
    Func,
    /// A type of an [`Object`](crate::Object), known by its full name (`time.Time`).
    Named(Arc<str>, Kind),
    /// `reflect.Value`: whatever there is, absence included. As a parameter it accepts everything
    /// that [`Type::Any`] does, but hands [`Value::Absent`](crate::Value::Absent) on as it is.
    Reflect,
}

impl Type {
    /// Go's `int`.
    pub const INT: Type = Type::Int(IntKind::Int);
    /// Go's `int64`.
    pub const INT64: Type = Type::Int(IntKind::Int64);
    /// Go's `uint8`.
    pub const UINT8: Type = Type::Uint(UintKind::Uint8);
    /// Go's `float64`.
    pub const FLOAT64: Type = Type::Float(FloatKind::Float64);

    /// Returns the slice type with elements of this type.
    pub fn slice(elem: Type) -> Type {
        Type::Slice(Arc::new(elem))
    }

    /// Returns the map type of these keys and elements.
    pub fn map(key: Type, elem: Type) -> Type {
        Type::Map(Arc::new((key, elem)))
    }

    /// Returns `[]interface {}`.
    pub fn list() -> Type {
        Type::slice(Type::Any)
    }

    /// Returns `map[string]interface {}`, the type of most maps in templates.
    pub fn dict() -> Type {
        Type::map(Type::String, Type::Any)
    }

    /// Returns the kind of this type's values.
    pub fn kind(&self) -> Kind {
        match self {
            Type::Any => Kind::Interface,
            Type::Bool => Kind::Bool,
            Type::Int(kind) => Kind::Int(*kind),
            Type::Uint(kind) => Kind::Uint(*kind),
            Type::Float(kind) => Kind::Float(*kind),
            Type::Complex128 => Kind::Complex128,
            Type::String => Kind::String,
            Type::Slice(_) => Kind::Slice,
            Type::Map(_) => Kind::Map,
            Type::Func => Kind::Func,
            Type::Named(_, kind) => *kind,
            Type::Reflect => Kind::Struct,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("interface {}"),
            Type::Slice(elem) => write!(f, "[]{elem}"),
            Type::Map(types) => write!(f, "map[{}]{}", types.0, types.1),
            Type::Func => f.write_str("func()"),
            Type::Named(name, _) => f.write_str(name),
            Type::Reflect => f.write_str("reflect.Value"),
            Type::Bool
            | Type::Int(_)
            | Type::Uint(_)
            | Type::Float(_)
            | Type::Complex128
            | Type::String => f.write_str(self.kind().name()),
        }
    }
}
