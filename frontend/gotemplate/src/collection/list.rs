//! [`List`]: Go's slices.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use super::free;
use crate::str::Str;
use crate::types::Type;
use crate::value::Value;

/// A slice: an element type and elements, shared by all clones and never changed.
///
/// Functions that add or remove elements make a new list, as sprig's do. A nil slice is empty
/// too, but Go tells them apart in `deepEqual`, `%#v` and JSON, so this type does as well.
#[derive(Clone)]
pub struct List(Arc<ListBody>);

struct ListBody {
    elem: Type,
    nil: bool,
    items: Vec<Value>,
}

impl List {
    /// Returns a `[]interface {}` of these values.
    pub fn new(items: Vec<Value>) -> List {
        List::of(Type::Any, items)
    }

    /// Returns a slice of the given element type; every item must be of that type.
    pub fn of(elem: Type, items: Vec<Value>) -> List {
        List(Arc::new(ListBody {
            elem,
            nil: false,
            items,
        }))
    }

    /// Returns the nil slice of the given element type.
    pub fn nil(elem: Type) -> List {
        List(Arc::new(ListBody {
            elem,
            nil: true,
            items: Vec::new(),
        }))
    }

    /// Returns a `[]string`.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> List {
        List::of(
            Type::String,
            items
                .into_iter()
                .map(|item| Value::String(item.into()))
                .collect(),
        )
    }

    /// Returns a `[]int`.
    pub fn ints(items: impl IntoIterator<Item = i64>) -> List {
        List::of(Type::INT, items.into_iter().map(Value::int).collect())
    }

    /// Returns a `[]uint8`.
    pub fn bytes(items: &[u8]) -> List {
        List::of(
            Type::UINT8,
            items.iter().map(|&byte| Value::uint8(byte)).collect(),
        )
    }

    /// Returns the element type.
    pub fn elem(&self) -> &Type {
        &self.0.elem
    }

    /// Returns the type of the slice itself.
    pub fn type_of(&self) -> Type {
        Type::slice(self.0.elem.clone())
    }

    /// Reports whether this is a nil slice rather than an empty one.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Returns the bytes of a `[]uint8`, which several formats treat as text.
    pub fn as_byte_slice(&self) -> Option<Vec<u8>> {
        if self.0.elem != Type::UINT8 {
            return None;
        }
        self.iter()
            .map(|item| item.as_uint().map(|byte| byte as u8))
            .collect()
    }

    /// Returns how many bytes a list of so many items takes, without what the items point to.
    pub fn memory(items: u64) -> u64 {
        let header = size_of::<ListBody>() as u64 + 16;
        header.saturating_add(items.saturating_mul(size_of::<Value>() as u64))
    }

    /// Returns part of this list as a list of the same type.
    pub fn part(&self, range: Range<usize>) -> List {
        List::of(self.0.elem.clone(), self.0.items[range].to_vec())
    }

    /// Reports whether both are the same list, not merely equal ones.
    pub fn same(&self, other: &List) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Moves the items to `out`, if this is the only holder of the list.
    pub(super) fn empty_into(self, out: &mut Vec<Value>) {
        if let Some(mut body) = Arc::into_inner(self.0) {
            out.append(&mut body.items);
        }
    }

    /// Reports whether this is the only holder of the list.
    pub(crate) fn is_new(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Value::List(self.clone()), f)
    }
}

impl Drop for ListBody {
    fn drop(&mut self) {
        free(&mut self.items);
    }
}
