//! Functions of maps. `set`, `unset` and the merges change the map they get.

mod copy;
mod merge;

use gotemplate::{Call, FuncError, FuncMap, LimitError, List, Map, Type, Value};

use crate::strings::to_text;

pub(crate) fn register(funcs: &mut FuncMap) {
    let dict = Type::dict();
    funcs.add_variadic("dict", [Type::Any], |call, args| {
        let map = Map::new();
        for entry in args.chunks(2) {
            let key = to_text(call, &entry[0])?;
            map.set(key, entry.get(1).cloned().unwrap_or_else(|| "".into()));
        }
        Ok(map.into())
    });
    funcs.add("get", [dict.clone(), Type::String], |_, args| {
        Ok(args.map(0).get(args.str(1)).unwrap_or_else(|| "".into()))
    });
    funcs.add(
        "set",
        [dict.clone(), Type::String, Type::Any],
        |call, args| {
            charge_entry(call, args.map(0), &args[1])?;
            args.map(0).insert(&args[1], args[2].clone())?;
            Ok(args[0].clone())
        },
    );
    funcs.add("unset", [dict.clone(), Type::String], |_, args| {
        args.map(0).remove(args.str(1));
        Ok(args[0].clone())
    });
    funcs.add("hasKey", [dict.clone(), Type::String], |_, args| {
        Ok(args.map(0).contains(args.str(1)).into())
    });
    funcs.add_variadic("pluck", [Type::String, dict.clone()], |_, args| {
        let maps = args.rest(1).iter().filter_map(Value::as_map);
        Ok(maps
            .filter_map(|map| map.get(args.str(0)))
            .collect::<Vec<_>>()
            .into())
    });
    funcs.add_variadic("pick", [dict.clone(), Type::String], |_, args| {
        let picked = Map::new();
        for key in args.rest(1) {
            if let Some(value) = args.map(0).get_value(key) {
                picked.insert(key, value)?;
            }
        }
        Ok(picked.into())
    });
    funcs.add_variadic("omit", [dict.clone(), Type::String], |_, args| {
        let kept = Map::new();
        for (key, value) in args.map(0).entries() {
            if !args.rest(1).contains(&key) {
                kept.insert(&key, value)?;
            }
        }
        Ok(kept.into())
    });
    // In Go both come in random order.
    funcs.add_variadic("keys", [dict.clone()], |_, args| {
        let keys = args
            .iter()
            .filter_map(Value::as_map)
            .flat_map(Map::keys)
            .collect();
        Ok(List::of(Type::String, keys).into())
    });
    funcs.add("values", [dict], |_, args| Ok(args.map(0).values().into()));
    funcs.add_variadic("dig", [Type::Any], |_, args| dig(&args));
    copy::register(funcs);
    merge::register(funcs);
}

/// Accounts for a key that a map is about to get and has not yet. The engine counts only maps that a function makes.
fn charge_entry(call: &mut Call<'_>, map: &Map, key: &Value) -> Result<(), LimitError> {
    if map.get_value(key).is_some() {
        return Ok(());
    }
    let entries = map.len() as u64;
    call.charge_bytes(Map::memory(entries + 1) - Map::memory(entries))
}

/// `dig "a" "b" DEFAULT DICT`: the element of nested maps, or the default where a key is missing.
fn dig(args: &[Value]) -> Result<Value, FuncError> {
    let [keys @ .., default, dict] = args else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    as_dict(dict)?;
    for key in keys {
        if key.as_str().is_none() {
            return Err(wrong_type(key, "string"));
        }
    }
    let mut found = dict.clone();
    for key in keys {
        match as_dict(&found)?.get_value(key) {
            Some(next) => found = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(found)
}

fn as_dict(value: &Value) -> Result<&Map, FuncError> {
    value
        .as_map()
        .filter(|map| map.type_of() == Type::dict())
        .ok_or_else(|| wrong_type(value, "map[string]interface {}"))
}

/// What Go says of a failed type assertion.
fn wrong_type(value: &Value, wanted: &str) -> FuncError {
    let name = value
        .type_of()
        .map_or("nil".to_owned(), |ty| ty.to_string());
    FuncError::new(format!(
        "interface conversion: interface {{}} is {name}, not {wanted}"
    ))
}
