//! `index`, `slice` and `len`.

use super::Context;
use crate::exec::{Operand, prepare, zero};
use crate::func::FuncError;
use crate::str::Str;
use crate::value::Value;

/// Returns the item that the arguments after the first lead to: `index x 1 2` is `x[1][2]`.
pub(super) fn index(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let mut item = args[0].value.clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for index in &args[1..] {
        let index = &index.value;
        item = match &item {
            Value::Absent | Value::Nil => return Err("index of nil pointer".into()),
            Value::String(text) => {
                let index = offset(index, text.len())?;
                let byte = text
                    .get(index)
                    .ok_or("reflect: string index out of range")?;
                Value::uint8(*byte)
            }
            Value::List(list) => {
                let index = offset(index, list.len())?;
                list.get(index)
                    .cloned()
                    .ok_or("reflect: slice index out of range")?
            }
            Value::Map(map) => {
                let key = prepare(index.clone(), map.key())?;
                if !key.is_hashable() {
                    let type_name = key.type_name();
                    let message = format!("runtime error: hash of unhashable type {type_name}");
                    return Err(message.into());
                }
                map.get_value(&key)
                    .or_else(|| zero(map.elem()))
                    .unwrap_or_default()
            }
            _ => return Err(format!("can't index item of type {}", pointed_at(&item)).into()),
        };
    }
    Ok(item)
}

/// Returns an index into something of length `len`; the length itself passes, for `slice`.
fn offset(index: &Value, len: usize) -> Result<usize, FuncError> {
    let int = match index {
        Value::Int(_, int) => *int,
        Value::Uint(_, uint) => *uint as i64,
        Value::Absent | Value::Nil => return Err("cannot index slice/array with nil".into()),
        _ => {
            let type_name = index.type_name();
            return Err(format!("cannot index slice/array with type {type_name}").into());
        }
    };
    match usize::try_from(int) {
        Ok(index) if index <= len => Ok(index),
        _ => Err(format!("index out of range: {int}").into()),
    }
}

/// Returns the type of a value, of a pointer that of what it points at.
fn pointed_at(value: &Value) -> String {
    let name = value.type_name();
    name.strip_prefix('*').unwrap_or(&name).to_owned()
}

/// Returns part of a string or a list: `slice x 1 2` is `x[1:2]`.
pub(super) fn slice(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let (item, indexes) = (&args[0].value, &args[1..]);
    if item.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let len = match item {
        Value::String(_) if indexes.len() == 3 => {
            return Err("cannot 3-index slice a string".into());
        }
        Value::String(text) => text.len(),
        Value::List(list) => list.len(),
        _ => return Err(format!("can't slice item of type {}", pointed_at(item)).into()),
    };
    let mut bounds = [0, len, len];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, Go does not look into an interface here.
        if index.boxed || matches!(index.value, Value::Nil) {
            return Err("cannot index slice/array with type interface {}".into());
        }
        *bound = offset(&index.value, len)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}").into());
    }
    if end > capacity {
        return Err(format!("invalid slice index: {end} > {capacity}").into());
    }
    Ok(match item {
        Value::String(text) => Value::String(Str::from(&text[start..end])),
        Value::List(list) => Value::List(list.part(start..end)),
        _ => Value::Absent,
    })
}

/// Returns the number of bytes of a string, or of elements of a list or a map.
pub(super) fn len(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let len = match &args[0].value {
        Value::String(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Nil => return Err("len of nil pointer".into()),
        Value::Absent => {
            return Err("reflect: call of reflect.Value.Type on zero Value".into());
        }
        item => return Err(format!("len of type {}", pointed_at(item)).into()),
    };
    Ok(Value::int(len as i64))
}
