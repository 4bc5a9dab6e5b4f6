//! [`List`] and [`Map`]: Go's slices and maps, shared by reference.
//!
//! Both free themselves without recursion, so a template that wraps a list in a list a million
//! times costs memory but not the stack.

mod list;
mod map;

pub use list::List;
pub use map::{Map, MapError};

use crate::value::Value;

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

/// Frees `pending` and everything only it holds, with a list in place of the stack.
fn free(pending: &mut Vec<Value>) {
    if !pending.iter().any(is_collection) {
        return;
    }
    let mut pending = std::mem::take(pending);
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => list.empty_into(&mut pending),
            Value::Map(map) => map.empty_into(&mut pending),
            _ => {}
        }
    }
}
