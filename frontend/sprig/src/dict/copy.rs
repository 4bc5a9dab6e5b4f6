//! `deepCopy`: maps and lists that share nothing with the original. Each counts before it is made: what is shared in the
//! original is copied as often as it is met.

use gotemplate::{Call, FuncError, FuncMap, List, Map, Type, Value};

use crate::limits;

pub(super) fn register(funcs: &mut FuncMap) {
    funcs.add("deepCopy", [Type::Any], |call, args| {
        if args[0].is_nil() {
            return Err("reflect: call of reflect.Value.Type on zero Value".into());
        }
        deep_copy(call, &args[0], 0)
    });
    funcs.alias("mustDeepCopy", "deepCopy");
}

/// Copies lists and maps of any type. Everything else never changes and is shared.
fn deep_copy(call: &mut Call<'_>, value: &Value, depth: usize) -> Result<Value, FuncError> {
    limits::depth(depth)?;
    call.charge_steps(1)?;
    Ok(match value {
        Value::List(list) if !list.is_nil() => {
            call.charge_bytes(List::memory(list.len() as u64))?;
            let items = list.iter().map(|item| deep_copy(call, item, depth + 1));
            List::of(list.elem().clone(), items.collect::<Result<_, _>>()?).into()
        }
        Value::Map(map) if !map.is_nil() => {
            call.charge_bytes(Map::memory(map.len() as u64))?;
            let copy = Map::of(map.key().clone(), map.elem().clone());
            for (key, value) in map.entries() {
                copy.insert(&key, deep_copy(call, &value, depth + 1)?)?;
            }
            copy.into()
        }
        other => other.clone(),
    })
}
