//! `eq`, `ne`, `lt`, `le`, `gt` and `ge`.

use std::cmp::Ordering;

use super::Context;
use crate::exec::Operand;
use crate::fmt;
use crate::func::FuncError;
use crate::types::Kind;
use crate::value::Value;

const INCOMPATIBLE: &str = "incompatible types for comparison";
const INVALID: &str = "invalid type for comparison";

/// The kinds that can be compared as such, whatever their width.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
}

fn basic(value: &Value) -> Option<Basic> {
    Some(match value {
        Value::Bool(_) => Basic::Bool,
        Value::Complex(..) => Basic::Complex,
        Value::Int(..) => Basic::Int,
        Value::Float(..) => Basic::Float,
        Value::String(_) => Basic::String,
        Value::Uint(..) => Basic::Uint,
        _ => return None,
    })
}

/// Reports whether the first argument equals one of the others.
pub(super) fn eq(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let Some((first, others)) = args.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Err("missing argument for comparison".into());
    };
    for other in others {
        if equal(&first.value, &other.value)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn ne(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    Ok(Value::Bool(!equal(&args[0].value, &args[1].value)?))
}

pub(super) fn lt(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    Ok(Value::Bool(less(&args[0].value, &args[1].value)?))
}

pub(super) fn le(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    Ok(Value::Bool(less_or_equal(&args[0].value, &args[1].value)?))
}

/// The inverse of `le`, also where NaN makes both wrong.
pub(super) fn gt(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    Ok(Value::Bool(!less_or_equal(&args[0].value, &args[1].value)?))
}

/// The inverse of `lt`, also where NaN makes both wrong.
pub(super) fn ge(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    Ok(Value::Bool(!less(&args[0].value, &args[1].value)?))
}

fn less_or_equal(left: &Value, right: &Value) -> Result<bool, FuncError> {
    Ok(less(left, right)? || equal(left, right)?)
}

fn equal(left: &Value, right: &Value) -> Result<bool, FuncError> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Int(_, left), Value::Int(_, right)) => Ok(left == right),
        (Value::Uint(_, left), Value::Uint(_, right)) => Ok(left == right),
        (Value::Int(_, int), Value::Uint(_, uint)) | (Value::Uint(_, uint), Value::Int(_, int)) => {
            Ok(u64::try_from(*int) == Ok(*uint))
        }
        (Value::Float(_, left), Value::Float(_, right)) => {
            Ok(left.partial_cmp(right) == Some(Ordering::Equal))
        }
        (Value::Complex(real, imaginary), Value::Complex(other_real, other_imaginary)) => {
            let equal = |left: &f64, right| left.partial_cmp(right) == Some(Ordering::Equal);
            Ok(equal(real, other_real) && equal(imaginary, other_imaginary))
        }
        (Value::String(left), Value::String(right)) => Ok(left == right),
        _ if basic(left) != basic(right) => {
            if left.is_nil() || right.is_nil() {
                Ok(false)
            } else {
                Err(INCOMPATIBLE.into())
            }
        }
        _ => equal_references(left, right),
    }
}

/// Compares what has no basic kind: nothing, slices, maps, functions and objects.
fn equal_references(left: &Value, right: &Value) -> Result<bool, FuncError> {
    let (kind, other) = (left.kind(), right.kind());
    if kind != other && kind != Kind::Invalid && other != Kind::Invalid {
        let (left_text, right_text) = (fmt::shown(left, 's', false), fmt::shown(right, 'v', false));
        let (left_type, right_type) = (left.type_name(), right.type_name());
        let message =
            format!("non-comparable types {left_text}: {left_type}, {right_type}: {right_text}");
        return Err(message.into());
    }
    if is_nil(left) || is_nil(right) {
        return Ok(is_nil(left) == is_nil(right));
    }
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            Ok(left.type_name() == right.type_name() && left.equals(&**right))
        }
        _ => {
            let (text, type_name) = (fmt::shown(right, 's', false), right.type_name());
            Err(format!("non-comparable type {text}: {type_name}").into())
        }
    }
}

/// Reports whether a value is nil, of a type or of none.
fn is_nil(value: &Value) -> bool {
    match value {
        Value::Absent | Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

fn less(left: &Value, right: &Value) -> Result<bool, FuncError> {
    let (Some(kind), Some(other)) = (basic(left), basic(right)) else {
        return Err(INVALID.into());
    };
    match (left, right) {
        (Value::Int(_, left), Value::Int(_, right)) => Ok(left < right),
        (Value::Uint(_, left), Value::Uint(_, right)) => Ok(left < right),
        (Value::Int(_, left), Value::Uint(_, right)) => {
            Ok(u64::try_from(*left).is_ok_and(|left| left < *right) || *left < 0)
        }
        (Value::Uint(_, left), Value::Int(_, right)) => {
            Ok(u64::try_from(*right).is_ok_and(|right| *left < right))
        }
        (Value::Float(_, left), Value::Float(_, right)) => Ok(left < right),
        (Value::String(left), Value::String(right)) => Ok(left < right),
        _ if kind == other => Err(INVALID.into()),
        _ => Err(INCOMPATIBLE.into()),
    }
}
