//! `merge` and `mergeOverwrite`, after mergo 0.3.16.
//!
//! The destination is changed in place, nested maps included, and shares with a source what it
//! takes from it. `merge` fills what is missing or empty: false, 0 and "" count as empty.

use gotemplate::{Call, FuncError, FuncMap, Kind, Map, Type, Value};

use crate::limits;

/// What happens to elements that both maps have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Keep,
    Overwrite,
}

pub(super) fn register(funcs: &mut FuncMap) {
    let params = [Type::dict(), Type::dict()];
    for (name, conflict) in [
        ("merge", Conflict::Keep),
        ("mergeOverwrite", Conflict::Overwrite),
    ] {
        funcs.add_variadic(name, params.clone(), move |call, args| {
            match merge_all(call, &args, conflict) {
                // Go swallows the one error there is; limits are ours.
                Err(MergeError::DifferentTypes) => Ok("".into()),
                Err(MergeError::Failed(error)) => Err(error),
                Ok(merged) => Ok(merged),
            }
        });
        funcs.add_variadic(
            &crate::list::must(name),
            params.clone(),
            move |call, args| {
                merge_all(call, &args, conflict).map_err(|error| match error {
                    MergeError::DifferentTypes => "src and dst must be of same type".into(),
                    MergeError::Failed(error) => error,
                })
            },
        );
    }
}

enum MergeError {
    DifferentTypes,
    Failed(FuncError),
}

impl<E: Into<FuncError>> From<E> for MergeError {
    fn from(error: E) -> Self {
        MergeError::Failed(error.into())
    }
}

fn merge_all(call: &mut Call<'_>, args: &[Value], conflict: Conflict) -> Result<Value, MergeError> {
    let mut maps = args.iter().filter_map(Value::as_map);
    let Some(mut target) = maps.next().cloned() else {
        return Ok(Value::Nil);
    };
    for source in maps {
        if target.is_nil() && !source.is_nil() {
            target = Map::new();
        }
        merge(call, &target, source, conflict, 0)?;
    }
    Ok(target.into())
}

/// Merges the entries of `source` into `target`.
fn merge(
    call: &mut Call<'_>,
    target: &Map,
    source: &Map,
    conflict: Conflict,
    depth: usize,
) -> Result<(), MergeError> {
    limits::depth(depth)?;
    let overwrite = conflict == Conflict::Overwrite;
    let key_fits = fits(source.key(), target.key());
    let elem_fits = fits(source.elem(), target.elem());
    for (key, new) in source.entries() {
        call.charge_steps(1)?;
        if !key_fits {
            return Err(unassignable("MapIndex", source.key(), target.key()));
        }
        let old = target.get_value(&key);
        if new.is_nil() {
            if overwrite {
                put(call, target, &key, new)?;
            }
            continue;
        }
        if matches!(new.kind(), Kind::Map | Kind::Struct | Kind::Pointer) {
            merge_nested(call, old.as_ref(), &new, conflict, depth)?;
        }
        if new.kind() == Kind::Slice {
            place_list(target, old.as_ref(), &new)?;
        }
        // Whether the old element is empty counts after the merge.
        let keep = old.as_ref().is_some_and(|old| !is_empty(old));
        if keep {
            let both_maps =
                new.kind() == Kind::Map && old.as_ref().is_some_and(|old| old.kind() == Kind::Map);
            if both_maps || new.kind() == Kind::Slice && !overwrite {
                continue;
            }
        }
        if overwrite || !keep {
            if !elem_fits {
                return Err(unassignable("SetMapIndex", source.elem(), target.elem()));
            }
            put(call, target, &key, new)?;
        }
    }
    Ok(())
}

/// Descends where both elements are maps. Another element in the place of a pointer is the one
/// thing mergo reports as an error.
fn merge_nested(
    call: &mut Call<'_>,
    old: Option<&Value>,
    new: &Value,
    conflict: Conflict,
    depth: usize,
) -> Result<(), MergeError> {
    match (old, new) {
        (Some(Value::Map(old)), Value::Map(new)) if !old.is_nil() => {
            merge(call, old, new, conflict, depth + 1)
        }
        (Some(old), new)
            if old.kind() == Kind::Pointer
                && new.kind() != Kind::Pointer
                && conflict == Conflict::Keep =>
        {
            Err(MergeError::DifferentTypes)
        }
        _ => Ok(()),
    }
}

/// Does what mergo's way with lists comes to in maps whose elements have another type.
fn place_list(target: &Map, old: Option<&Value>, new: &Value) -> Result<(), MergeError> {
    let elem = target.elem();
    if *elem == Type::Any {
        return Ok(());
    }
    if old.is_some() && !matches!(elem.kind(), Kind::Slice | Kind::Map) {
        return Err(MergeError::Failed(FuncError::new(format!(
            "reflect: call of reflect.Value.IsNil on {} Value",
            elem.kind()
        ))));
    }
    let own = new.type_of().unwrap_or(Type::Any);
    if fits(&own, elem) {
        Ok(())
    } else {
        Err(unassignable("SetMapIndex", &own, elem))
    }
}

fn put(call: &mut Call<'_>, target: &Map, key: &Value, value: Value) -> Result<(), MergeError> {
    super::charge_entry(call, target, key)?;
    target
        .insert(key, value)
        .map_err(|error| MergeError::Failed(error.into()))
}

/// Reports whether Go assigns a value of one static type to a place of the other.
fn fits(from: &Type, to: &Type) -> bool {
    *to == Type::Any || from == to
}

fn unassignable(what: &str, from: &Type, to: &Type) -> MergeError {
    MergeError::Failed(FuncError::new(format!(
        "reflect.Value.{what}: value of type {from} is not assignable to type {to}"
    )))
}

/// mergo's idea of empty: structs and complex numbers never are.
fn is_empty(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Complex(..)) && !value.is_true()
}
