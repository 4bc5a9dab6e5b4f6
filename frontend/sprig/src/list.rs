//! Functions of lists. All of them make a new list; none changes the one it gets.

use std::collections::HashSet;

use gotemplate::{Call, FloatKind, FuncError, FuncMap, IntKind, List, Str, Type, UintKind, Value};

use crate::limits;
use crate::number::to_int;

/// Go's words for using `nil` where a list has to be.
const NIL: &str = "runtime error: invalid memory address or nil pointer dereference";
const TOO_LONG: &str = "runtime error: makeslice: len out of range";

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add_variadic("list", [Type::Any], |_, args| Ok(args.into_vec().into()));
    funcs.alias("tuple", "list");
    funcs.add_variadic("concat", [Type::Any], |call, args| {
        if args
            .iter()
            .all(|list| list.as_list().is_some_and(|list| list.is_empty()))
        {
            return Ok(List::nil(Type::Any).into());
        }
        let mut all = Vec::new();
        for list in args.iter() {
            match list {
                Value::List(list) => {
                    limits::items(call, (all.len() + list.len()) as u64)?;
                    all.extend_from_slice(list);
                }
                Value::Absent | Value::Nil => return Err(NIL.into()),
                other => return Err(format!("Cannot concat type {} as list", other.kind()).into()),
            }
        }
        Ok(all.into())
    });
    ends(funcs);
    changes(funcs);
    search(funcs);
}

/// Adds `name` and `mustName`. In Go one panics and the other returns its error, which ends in the
/// same message.
fn pair<F>(funcs: &mut FuncMap, name: &str, params: &[Type], body: F)
where
    F: Fn(&mut Call<'_>, &[Value]) -> Result<Value, FuncError> + Send + Sync + 'static,
{
    funcs.add(name, params.to_vec(), move |call, args| body(call, &args));
    funcs.alias(&must(name), name);
}

/// Returns `mustFirst` for `first`.
pub(crate) fn must(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("must{}{rest}", first.to_ascii_uppercase())
}

/// Returns the list, or says what cannot be done with anything else.
fn list<'a>(value: &'a Value, what: &str) -> Result<&'a List, FuncError> {
    match value {
        Value::List(list) => Ok(list),
        Value::Absent | Value::Nil => Err(NIL.into()),
        other => Err(format!("Cannot {what} type {}", other.kind()).into()),
    }
}

fn ends(funcs: &mut FuncMap) {
    const ONE: &[Type] = &[Type::Any];
    pair(funcs, "first", ONE, |_, args| {
        Ok(list(&args[0], "find first on")?
            .first()
            .cloned()
            .unwrap_or(Value::Nil))
    });
    pair(funcs, "last", ONE, |_, args| {
        Ok(list(&args[0], "find last on")?
            .last()
            .cloned()
            .unwrap_or(Value::Nil))
    });
    pair(funcs, "rest", ONE, |_, args| {
        let list = list(&args[0], "find rest on")?;
        Ok(list
            .split_first()
            .map_or(List::nil(Type::Any).into(), |(_, rest)| {
                rest.to_vec().into()
            }))
    });
    pair(funcs, "initial", ONE, |_, args| {
        let list = list(&args[0], "find initial on")?;
        Ok(list
            .split_last()
            .map_or(List::nil(Type::Any).into(), |(_, rest)| {
                rest.to_vec().into()
            }))
    });
}

fn changes(funcs: &mut FuncMap) {
    const ONE: &[Type] = &[Type::Any];
    const TWO: &[Type] = &[Type::Any, Type::Any];
    pair(funcs, "append", TWO, |call, args| {
        let list = list(&args[0], "push on")?;
        limits::items(call, list.len() as u64 + 1)?;
        Ok([list, &args[1..]].concat().into())
    });
    funcs.alias("push", "append");
    funcs.alias("mustPush", "append");
    pair(funcs, "prepend", TWO, |call, args| {
        let list = list(&args[0], "prepend on")?;
        limits::items(call, list.len() as u64 + 1)?;
        Ok([&args[1..], list].concat().into())
    });
    pair(funcs, "reverse", ONE, |_, args| {
        let list = list(&args[0], "find reverse on")?;
        Ok(list.iter().rev().cloned().collect::<Vec<_>>().into())
    });
    pair(funcs, "compact", ONE, |_, args| {
        let list = list(&args[0], "compact on")?;
        Ok(list
            .iter()
            .filter(|item| item.is_true())
            .cloned()
            .collect::<Vec<_>>()
            .into())
    });
    pair(funcs, "chunk", &[Type::INT, Type::Any], |call, args| {
        chunk(
            call,
            args[0].as_int().unwrap_or_default(),
            list(&args[1], "chunk")?,
        )
    });
    funcs.add_variadic("slice", TWO, |_, args| slice(&args[0], args.rest(1)));
    funcs.alias("mustSlice", "slice");
}

/// Cuts into lists of `size` elements; the last may be shorter. Zero and negative sizes do what
/// they do in Go, where the number of chunks is computed with floats.
fn chunk(call: &mut Call<'_>, size: i64, list: &List) -> Result<Value, FuncError> {
    let length = list.len() as f64;
    let count = ((length - 1.0) / size as f64).floor() + 1.0;
    // Also false for NaN.
    if !(0.0..=limits::MAX_ITEMS as f64).contains(&count) {
        return Err(TOO_LONG.into());
    }
    let mut chunks = Vec::new();
    for index in 0..count as usize {
        let mut wanted = size;
        if index + 1 == count as usize {
            wanted = match (length % size as f64).floor() as i64 {
                0 => size,
                rest => rest,
            };
        }
        let wanted = usize::try_from(wanted).map_err(|_| TOO_LONG)?;
        let start = index.saturating_mul(wanted.max(size.unsigned_abs() as usize));
        let Some(part) = list.get(start..start.saturating_add(wanted)) else {
            return Err("reflect: slice index out of range".into());
        };
        call.charge_bytes(List::memory(part.len() as u64))?;
        chunks.push(Value::from(part.to_vec()));
    }
    Ok(List::of(Type::list(), chunks).into())
}

fn slice(value: &Value, bounds: &[Value]) -> Result<Value, FuncError> {
    let list = match value {
        Value::List(list) => list,
        Value::Absent | Value::Nil => return Err(NIL.into()),
        other => {
            let kind = other.kind();
            return Err(format!("list should be type of slice or array but {kind}").into());
        }
    };
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let start = bounds.first().map_or(0, to_int);
    let end = bounds.get(1).map_or(list.len() as i64, to_int);
    if start < 0 || end < start || end > list.len() as i64 {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    }
    Ok(list.part(start as usize..end as usize).into())
}

fn search(funcs: &mut FuncMap) {
    pair(funcs, "has", &[Type::Any, Type::Any], |call, args| {
        if args[1].is_nil() {
            return Ok(false.into());
        }
        for item in list(&args[1], "find has on")?.iter() {
            if call.deep_equal(&args[0], item)? {
                return Ok(true.into());
            }
        }
        Ok(false.into())
    });
    pair(funcs, "uniq", &[Type::Any], |call, args| {
        let mut seen = Seen::default();
        let mut distinct = Vec::new();
        for item in list(&args[0], "find uniq on")?.iter() {
            if seen.insert(call, item)? {
                distinct.push(item.clone());
            }
        }
        Ok(distinct.into())
    });
    funcs.add_variadic("without", [Type::Any, Type::Any], |call, args| {
        let mut omitted = Seen::default();
        for item in args.rest(1) {
            omitted.insert(call, item)?;
        }
        let mut kept = Vec::new();
        for item in list(&args[0], "find without on")?.iter() {
            if !omitted.contains(call, item)? {
                kept.push(item.clone());
            }
        }
        Ok(kept.into())
    });
    funcs.alias("mustWithout", "without");
}

/// Values told apart as by `DeepEqual`: the simple ones by hash, the others one by one.
#[derive(Default)]
struct Seen {
    simple: HashSet<Simple>,
    others: Vec<Value>,
}

#[derive(PartialEq, Eq, Hash)]
enum Simple {
    Nil,
    Bool(bool),
    Int(IntKind, i64),
    Uint(UintKind, u64),
    Float(FloatKind, u64),
    String(Str),
}

impl Seen {
    /// Adds a value; reports whether it is new.
    fn insert(&mut self, call: &mut Call<'_>, value: &Value) -> Result<bool, FuncError> {
        if let Some(simple) = Simple::new(value) {
            return Ok(self.simple.insert(simple));
        }
        let known = self.contains(call, value)?;
        if !known {
            self.others.push(value.clone());
        }
        Ok(!known)
    }

    fn contains(&self, call: &mut Call<'_>, value: &Value) -> Result<bool, FuncError> {
        if let Some(simple) = Simple::new(value) {
            return Ok(self.simple.contains(&simple));
        }
        for other in &self.others {
            if call.deep_equal(other, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Simple {
    fn new(value: &Value) -> Option<Simple> {
        Some(match value {
            Value::Absent | Value::Nil => Simple::Nil,
            Value::Bool(bool) => Simple::Bool(*bool),
            Value::Int(kind, int) => Simple::Int(*kind, *int),
            Value::Uint(kind, uint) => Simple::Uint(*kind, *uint),
            // NaN is not even equal to itself; adding zero makes one zero of both.
            Value::Float(kind, float) if !float.is_nan() => {
                Simple::Float(*kind, (float + 0.0).to_bits())
            }
            Value::String(text) => Simple::String(text.clone()),
            _ => return None,
        })
    }
}
