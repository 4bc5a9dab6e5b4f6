//! Values as text: `toString`, `quote`, `cat`.

use gotemplate::{Call, FuncError, FuncMap, Str, Type, Value};

use crate::quote::quote;

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("toString", [Type::Any], |call, args| {
        Ok(to_text(call, &args[0])?.into())
    });
    funcs.add_variadic("quote", [Type::Any], |call, args| {
        joined(
            &args,
            |value| Ok(quote(&to_text(call, value)?).into_bytes()),
        )
    });
    funcs.add_variadic("squote", [Type::Any], |call, args| {
        joined(&args, |value| {
            Ok([b"'", call.text(value)?.as_bytes(), b"'"].concat())
        })
    });
    funcs.add_variadic("cat", [Type::Any], |call, args| {
        joined(&args, |value| Ok(call.text(value)?.to_vec()))
    });
}

/// Returns a value as sprig's `strval` does: strings and bytes as they are, all else as `%v`.
pub(crate) fn to_text(call: &mut Call<'_>, value: &Value) -> Result<Str, FuncError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::List(list) if *list.elem() == Type::UINT8 => {
            Ok(Str::from(list.as_byte_slice().unwrap_or_default()))
        }
        _ => Ok(call.text(value)?),
    }
}

/// Joins the values that are not nil with spaces.
fn joined(
    values: &[Value],
    mut text: impl FnMut(&Value) -> Result<Vec<u8>, FuncError>,
) -> Result<Value, FuncError> {
    let parts = values.iter().filter(|value| !value.is_nil()).map(&mut text);
    let out = parts.collect::<Result<Vec<_>, _>>()?.join(&b' ');
    crate::limits::bytes(out.len() as u64)?;
    Ok(Value::string(out))
}
