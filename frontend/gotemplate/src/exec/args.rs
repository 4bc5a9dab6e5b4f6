//! Arguments: their number and their types.

use super::eval::{Given, Scope};
use super::{Exec, Operand};
use crate::collection::{List, Map};
use crate::error::Error;
use crate::func::Signature;
use crate::parse::{NodeId, NodeKind, Number};
use crate::str::Str;
use crate::types::{IntKind, Kind, Type, UintKind};
use crate::value::Value;

impl Exec<'_> {
    /// Evaluates and checks the arguments of a call.
    pub(super) fn arguments(
        &mut self,
        scope: Scope<'_>,
        name: &str,
        signature: &Signature,
        given: Given<'_>,
    ) -> Result<Vec<Operand>, Error> {
        let params = signature.params();
        let count = given.args.len() + usize::from(given.last.is_some());
        if signature.is_variadic() {
            let fixed = params.len() - 1;
            if count < fixed {
                let got = given.args.len();
                let message =
                    format!("wrong number of args for {name}: want at least {fixed} got {got}");
                return Err(self.error(message));
            }
        } else if count != params.len() {
            let want = params.len();
            let message = format!("wrong number of args for {name}: want {want} got {count}");
            return Err(self.error(message));
        }
        let param = |index: usize| &params[index.min(params.len() - 1)];
        let mut args = Vec::with_capacity(count);
        for (index, arg) in given.args.iter().enumerate() {
            self.step()?;
            args.push(self.argument(scope, param(index), *arg)?);
        }
        if let Some(last) = given.last {
            let last = Operand::plain(last.clone());
            args.push(self.validated(last, param(given.args.len()))?);
        }
        Ok(args)
    }

    /// Evaluates one argument for a parameter.
    pub(super) fn argument(
        &mut self,
        scope: Scope<'_>,
        param: &Type,
        id: NodeId,
    ) -> Result<Operand, Error> {
        self.node = Some(id);
        let kind = &scope.source.node(id).kind;
        let value = match kind {
            NodeKind::Dot => scope.dot.clone(),
            NodeKind::Nil => {
                if let Some(zero) = nil_of(param) {
                    return Ok(Operand::plain(zero));
                }
                return Err(self.error(format!("cannot assign nil to {param}")));
            }
            NodeKind::Field(fields) => {
                self.fields(scope, scope.dot.clone(), id, fields, Given::NOTHING)?
            }
            NodeKind::Variable { .. } => self.variable(scope, id, Given::NOTHING)?,
            NodeKind::Pipe { .. } => Operand::plain(self.parenthesis(scope, id)?),
            NodeKind::Identifier(name) => self.function(scope, name, id, Given::NOTHING)?,
            NodeKind::Chain { .. } => self.chain(scope, id, Given::NOTHING)?,
            _ => {
                return self.literal_for(scope, param, id, kind).map(Operand::plain);
            }
        };
        self.validated(value, param)
    }

    /// Returns the value of a literal as the parameter wants it.
    fn literal_for(
        &self,
        scope: Scope<'_>,
        param: &Type,
        id: NodeId,
        kind: &NodeKind,
    ) -> Result<Value, Error> {
        let number = match kind {
            NodeKind::Number { number, .. } => *number,
            _ => Number::default(),
        };
        let (value, expected) = match (param, kind) {
            (Type::Any | Type::Reflect, _) => return self.literal(kind),
            (Type::Bool, NodeKind::Bool(bool)) => (Some(Value::Bool(*bool)), "bool"),
            (Type::Bool, _) => (None, "bool"),
            (Type::String, NodeKind::String { value, .. }) => {
                (Some(Value::String(value.clone())), "string")
            }
            (Type::String, _) => (None, "string"),
            (Type::Int(kind), _) => {
                let value = number
                    .int
                    .map(|int| Value::Int(*kind, wrap_int(*kind, int)));
                (value, "integer")
            }
            (Type::Uint(kind), _) => {
                let value = number
                    .uint
                    .map(|uint| Value::Uint(*kind, wrap_uint(*kind, uint)));
                (value, "unsigned integer")
            }
            (Type::Float(kind), _) => (
                number.float.map(|float| Value::Float(*kind, float)),
                "float",
            ),
            (Type::Complex128, _) => {
                let value = number
                    .complex
                    .map(|(real, imaginary)| Value::Complex(real, imaginary));
                (value, "complex")
            }
            (Type::Slice(_) | Type::Map(_) | Type::Func | Type::Named(..), _) => {
                let node = scope.source.spell(id);
                return Err(self.error(format!("can't handle {node} for arg of type {param}")));
            }
        };
        value.ok_or_else(|| {
            let found = scope.source.spell(id);
            self.error(format!("expected {expected}; found {found}"))
        })
    }

    /// Returns the value if it fits the parameter.
    fn validated(&self, operand: Operand, param: &Type) -> Result<Operand, Error> {
        match (&operand.value, param) {
            (Value::Absent, Type::Reflect) => return Ok(operand),
            (Value::Absent, _) => {
                return match nil_of(param) {
                    Some(nil) => Ok(Operand::plain(nil)),
                    None => Err(self.error(format!("invalid value; expected {param}"))),
                };
            }
            (_, Type::Reflect | Type::Any) => return Ok(operand),
            _ => {}
        }
        if fits(&operand.value, param) {
            return Ok(operand);
        }
        let got = match operand.value.type_of() {
            Some(_) => operand.value.type_name(),
            None => "interface {}".to_owned(),
        };
        Err(self.error(format!("wrong type for value; expected {param}; got {got}")))
    }
}

/// Reports whether a value may be passed for a parameter.
pub(crate) fn fits(value: &Value, param: &Type) -> bool {
    match (value, param) {
        (_, Type::Any | Type::Reflect) => true,
        (Value::Object(object), Type::Named(name, _)) => {
            // A pointer is followed once.
            let own = object.type_name();
            *own == **name || own.strip_prefix('*').is_some_and(|own| *own == **name)
        }
        (Value::List(list), Type::Slice(elem)) => *list.elem() == **elem,
        (Value::Map(map), Type::Map(types)) => *map.key() == types.0 && *map.elem() == types.1,
        (Value::List(_) | Value::Map(_), _) => false,
        _ => value.type_of().is_some_and(|own| own == *param),
    }
}

/// Returns the nil of a type that has one.
pub(crate) fn nil_of(ty: &Type) -> Option<Value> {
    match ty {
        Type::Any => Some(Value::Nil),
        Type::Reflect => Some(Value::Absent),
        Type::Slice(elem) => Some(Value::List(List::nil(Type::clone(elem)))),
        Type::Map(types) => Some(Value::Map(Map::nil(types.0.clone(), types.1.clone()))),
        Type::Func | Type::Named(_, Kind::Pointer) => Some(Value::Nil),
        _ => None,
    }
}

/// Returns the zero value of a type, as far as it has one here.
pub(crate) fn zero(ty: &Type) -> Option<Value> {
    Some(match ty {
        Type::Bool => Value::Bool(false),
        Type::Int(kind) => Value::Int(*kind, 0),
        Type::Uint(kind) => Value::Uint(*kind, 0),
        Type::Float(kind) => Value::Float(*kind, 0.0),
        Type::Complex128 => Value::Complex(0.0, 0.0),
        Type::String => Value::String(Str::default()),
        _ => return nil_of(ty),
    })
}

/// Returns what is left of an integer in a type of limited width.
pub(crate) fn wrap_int(kind: IntKind, int: i64) -> i64 {
    match kind {
        IntKind::Int | IntKind::Int64 => int,
        IntKind::Int8 => i64::from(int as i8),
        IntKind::Int16 => i64::from(int as i16),
        IntKind::Int32 => i64::from(int as i32),
    }
}

/// Returns what is left of an unsigned integer in a type of limited width.
pub(crate) fn wrap_uint(kind: UintKind, uint: u64) -> u64 {
    match kind {
        UintKind::Uint | UintKind::Uint64 | UintKind::Uintptr => uint,
        UintKind::Uint8 => u64::from(uint as u8),
        UintKind::Uint16 => u64::from(uint as u16),
        UintKind::Uint32 => u64::from(uint as u32),
    }
}
