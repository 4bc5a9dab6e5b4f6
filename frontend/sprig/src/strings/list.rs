//! Strings to lists of strings and back.

use gotemplate::{Call, FuncError, FuncMap, Kind, List, Map, Str, Type, Value};

use super::edit::split_n;
use super::text::to_text;
use crate::limits;

const STRING: Type = Type::String;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("split", [STRING, STRING], |call, args| {
        let most = limits::parts(call, -1);
        numbered(call, &split_n(args.str(1), args.str(0), most))
    });
    funcs.add("splitn", [STRING, Type::INT, STRING], |call, args| {
        let most = limits::parts(call, args.int(1));
        numbered(call, &split_n(args.str(2), args.str(0), most))
    });
    funcs.add("splitList", [STRING, STRING], |call, args| {
        let most = limits::parts(call, -1);
        let parts = split_n(args.str(1), args.str(0), most);
        limits::texts(call, &parts)?;
        Ok(List::strings(parts.into_iter().map(Str::from)).into())
    });
    funcs.add("toStrings", [Type::Any], |call, args| {
        Ok(List::strings(to_strings(call, &args[0])?).into())
    });
    funcs.add("join", [STRING, Type::Any], |call, args| {
        let parts = to_strings(call, &args[1])?;
        let length = parts
            .iter()
            .map(|part| part.len() + args.str(0).len())
            .sum::<usize>();
        limits::bytes(length as u64)?;
        let parts: Vec<&[u8]> = parts.iter().map(Str::as_bytes).collect();
        Ok(Value::string(parts.join(args.str(0).as_bytes())))
    });
    funcs.add("sortAlpha", [Type::Any], |call, args| {
        let mut parts = match args[0].kind() {
            Kind::Slice => to_strings(call, &args[0])?,
            _ => vec![to_text(call, &args[0])?],
        };
        parts.sort();
        Ok(List::strings(parts).into())
    });
}

/// Returns the parts as `_0`, `_1` and so on.
fn numbered(call: &mut Call<'_>, parts: &[&[u8]]) -> Result<Value, FuncError> {
    limits::entries(call, parts)?;
    let entries = parts
        .iter()
        .enumerate()
        .map(|(index, part)| (format!("_{index}"), *part));
    Ok(Map::strings(entries).into())
}

/// Returns the elements of a list as text, less those that are nil; anything else is one element.
pub(crate) fn to_strings(call: &mut Call<'_>, value: &Value) -> Result<Vec<Str>, FuncError> {
    match value {
        Value::List(list) => list
            .iter()
            .filter(|item| !item.is_nil())
            .map(|item| {
                let text = to_text(call, item)?;
                // Text is handed on; of anything else it is made.
                if !matches!(item, Value::String(_)) {
                    call.charge_bytes(text.len() as u64 + Str::HEADER_BYTES)?;
                }
                Ok(text)
            })
            .collect(),
        Value::Absent | Value::Nil => Ok(Vec::new()),
        _ => Ok(vec![to_text(call, value)?]),
    }
}
