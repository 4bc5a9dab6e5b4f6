//! Expressions: pipelines, commands, fields and variables.

use std::sync::Arc;

use super::{Exec, Operand};
use crate::builtins;
use crate::collection::Map;
use crate::error::{Error, Step};
use crate::fmt::quote::quoted;
use crate::object::Object;
use crate::parse::{NodeId, NodeKind, Number, Source};
use crate::template::MissingKey;
use crate::types::Type;
use crate::value::Value;

/// Variables to be looked at for the price of a step.
const VARIABLES_PER_STEP: usize = 32;

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) source: &'a Source,
    pub(super) dot: &'a Operand,
}

/// What a command or a field is called with.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// The arguments that are written after it.
    pub(super) args: &'a [NodeId],
    /// The result of the command before it in the pipeline.
    pub(super) last: Option<&'a Value>,
}

impl Given<'_> {
    pub(super) const NOTHING: Given<'static> = Given {
        args: &[],
        last: None,
    };

    fn is_nothing(self) -> bool {
        self.args.is_empty() && self.last.is_none()
    }
}

impl Exec<'_> {
    /// Evaluates a pipeline and sets its variables.
    pub(super) fn pipeline(&mut self, scope: Scope<'_>, id: NodeId) -> Result<Value, Error> {
        self.node = Some(id);
        let NodeKind::Pipe {
            assign,
            variables,
            commands,
        } = &scope.source.node(id).kind
        else {
            return Err(self.error("not a pipeline"));
        };
        let mut last = None;
        for command in commands {
            self.step()?;
            let result = self.command(scope, *command, last.as_ref())?.value;
            // What comes out of an interface is the thing inside, and of nil nothing.
            last = Some(if result.is_nil() {
                Value::Absent
            } else {
                result
            });
        }
        let value = last.unwrap_or_default();
        for name in variables {
            let value = Operand::plain(value.clone());
            if *assign {
                self.set_variable(name, value)?;
            } else {
                self.variables.push((Arc::clone(name), value));
            }
        }
        Ok(value)
    }

    fn command(
        &mut self,
        scope: Scope<'_>,
        id: NodeId,
        last: Option<&Value>,
    ) -> Result<Operand, Error> {
        let NodeKind::Command(operands) = &scope.source.node(id).kind else {
            return Err(self.error("not a command"));
        };
        let Some((&first, args)) = operands.split_first() else {
            return Err(self.error("empty command"));
        };
        let given = Given { args, last };
        match &scope.source.node(first).kind {
            NodeKind::Field(fields) => {
                self.node = Some(first);
                self.fields(scope, scope.dot.clone(), first, fields, given)
            }
            NodeKind::Chain { .. } => self.chain(scope, first, given),
            NodeKind::Identifier(name) => {
                self.node = Some(first);
                self.function(scope, name, id, given)
            }
            NodeKind::Pipe { .. } => {
                // The arguments are all inside the parentheses.
                self.not_a_function(scope, first, given)?;
                self.parenthesis(scope, first).map(Operand::plain)
            }
            NodeKind::Variable { .. } => self.variable(scope, first, given),
            kind => {
                self.node = Some(first);
                self.not_a_function(scope, first, given)?;
                match kind {
                    NodeKind::Dot => Ok(scope.dot.clone()),
                    NodeKind::Nil => Err(self.error("nil is not a command")),
                    kind => self.literal(kind).map(Operand::plain),
                }
            }
        }
    }

    /// Evaluates a pipeline in parentheses.
    pub(super) fn parenthesis(&mut self, scope: Scope<'_>, id: NodeId) -> Result<Value, Error> {
        self.nested(|exec| exec.pipeline(scope, id))
            .map_err(|error| {
                // The limit of nesting does not know where it was reached.
                if error.location().is_some() {
                    error
                } else {
                    error.within(self.frame(Step::Failed))
                }
            })
    }

    fn not_a_function(&self, scope: Scope<'_>, id: NodeId, given: Given<'_>) -> Result<(), Error> {
        if given.is_nothing() {
            return Ok(());
        }
        let node = scope.source.spell(id);
        Err(self.error(format!("can't give argument to non-function {node}")))
    }

    /// Returns the value of a literal whose type is up to itself.
    pub(super) fn literal(&self, kind: &NodeKind) -> Result<Value, Error> {
        match kind {
            NodeKind::Bool(bool) => Ok(Value::Bool(*bool)),
            NodeKind::Number { number, text } => self.constant(number, text),
            NodeKind::String { value, .. } => Ok(Value::String(value.clone())),
            _ => Err(self.error("not a literal")),
        }
    }

    fn constant(&self, number: &Number, text: &str) -> Result<Value, Error> {
        if let Some((real, imaginary)) = number.complex {
            return Ok(Value::Complex(real, imaginary));
        }
        let hex_int = text.len() > 2
            && (text.starts_with("0x") || text.starts_with("0X"))
            && !text.contains(['p', 'P']);
        let looks_like_float =
            !hex_int && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']);
        match (number.float, number.int) {
            (Some(float), _) if looks_like_float => Ok(Value::float(float)),
            (_, Some(int)) => Ok(Value::int(int)),
            _ => Err(self.error(format!("{text} overflows int"))),
        }
    }

    pub(super) fn chain(
        &mut self,
        scope: Scope<'_>,
        id: NodeId,
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        self.node = Some(id);
        let NodeKind::Chain { operand, fields } = &scope.source.node(id).kind else {
            return Err(self.error("not a chain"));
        };
        let receiver = match &scope.source.node(*operand).kind {
            NodeKind::Identifier(name) => {
                self.node = Some(*operand);
                self.function(scope, name, *operand, Given::NOTHING)?
            }
            _ => {
                self.node = Some(*operand);
                Operand::plain(self.parenthesis(scope, *operand)?)
            }
        };
        self.fields(scope, receiver, id, fields, given)
    }

    pub(super) fn variable(
        &mut self,
        scope: Scope<'_>,
        id: NodeId,
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        self.node = Some(id);
        let NodeKind::Variable { name, fields } = &scope.source.node(id).kind else {
            return Err(self.error("not a variable"));
        };
        let value = self.find_variable(name)?.clone();
        if fields.is_empty() {
            self.not_a_function(scope, id, given)?;
            return Ok(value);
        }
        self.fields(scope, value, id, fields, given)
    }

    pub(super) fn set_variable(&mut self, name: &str, value: Operand) -> Result<(), Error> {
        *self.find_variable(name)? = value;
        Ok(())
    }

    /// Returns the variable of that name that was declared last.
    fn find_variable(&mut self, name: &str) -> Result<&mut Operand, Error> {
        let own = &self.variables[self.base..];
        let found = own.iter().rposition(|(variable, _)| **variable == *name);
        let Some(index) = found else {
            return Err(self.error(format!("undefined variable: {name}")));
        };
        let passed = own.len() - index;
        let charged = self
            .budget
            .charge_steps((passed / VARIABLES_PER_STEP) as u64);
        charged.map_err(|limit| self.limit_error(limit))?;
        let index = self.base + index;
        Ok(&mut self.variables[index].1)
    }

    /// Evaluates `.a.b.c` on a receiver; the last field gets the arguments if it is a method.
    pub(super) fn fields(
        &mut self,
        scope: Scope<'_>,
        mut receiver: Operand,
        node: NodeId,
        fields: &[Arc<str>],
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        for (index, field) in fields.iter().enumerate() {
            self.step()?;
            let given = if index + 1 == fields.len() {
                given
            } else {
                Given::NOTHING
            };
            receiver = self.field(scope, receiver, node, field, given)?;
        }
        Ok(receiver)
    }

    fn field(
        &mut self,
        scope: Scope<'_>,
        receiver: Operand,
        node: NodeId,
        name: &Arc<str>,
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        match &receiver.value {
            Value::Absent => {
                if self.set.missing_key() == MissingKey::Error {
                    let name = quoted(name.as_bytes());
                    return Err(self.error(format!("nil data; no entry for key {name}")));
                }
                return Ok(Operand::default());
            }
            Value::Nil => {
                return Err(self.error(format!("nil pointer evaluating interface {{}}.{name}")));
            }
            Value::Object(object) => {
                if let Some(signature) = object.method(name) {
                    let object: Arc<dyn Object> = Arc::clone(object);
                    return self.method(scope, &*object, name, &signature, node, given);
                }
                if let Some(value) = object.field(name) {
                    if !given.is_nothing() {
                        let message =
                            format!("{name} has arguments but cannot be invoked as function");
                        return Err(self.error(message));
                    }
                    return Ok(Operand::plain(value));
                }
            }
            Value::Map(map) if matches!(map.key(), Type::String | Type::Any) => {
                if !given.is_nothing() {
                    return Err(self.error(format!("{name} is not a method but has arguments")));
                }
                return self.entry(map, name);
            }
            _ => {}
        }
        let type_name = receiver.type_name();
        Err(self.error(format!("can't evaluate field {name} in type {type_name}")))
    }

    /// Returns the element of a map under a name.
    fn entry(&self, map: &Map, name: &str) -> Result<Operand, Error> {
        let boxed = *map.elem() == Type::Any;
        if let Some(value) = map.get(name) {
            return Ok(Operand { value, boxed });
        }
        match self.set.missing_key() {
            MissingKey::Invalid => Ok(Operand::default()),
            MissingKey::Zero => Ok(Operand {
                value: super::args::zero(map.elem()).unwrap_or_default(),
                boxed,
            }),
            MissingKey::Error => {
                let name = quoted(name.as_bytes());
                Err(self.error(format!("map has no entry for key {name}")))
            }
        }
    }

    /// Calls the function `name`; errors of the function itself are reported at `call`.
    pub(super) fn function(
        &mut self,
        scope: Scope<'_>,
        name: &Arc<str>,
        call: NodeId,
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        let set = self.set;
        if let Some(function) = set.funcs().get(name) {
            let args = self.arguments(scope, name, function.signature(), given)?;
            let args: Vec<Value> = args.into_iter().map(|arg| arg.value).collect();
            let observed = set.observer().map(|observer| (observer, args.clone()));
            let value = self.guarded(name, call, args, |call, args| function.call(call, args))?;
            if let Some((observer, args)) = observed {
                observer.tell(name, &args, &value);
            }
            return Ok(Operand::plain(value));
        }
        let Some(builtin) = builtins::find(name) else {
            let name = quoted(name.as_bytes());
            return Err(self.error(format!("{name} is not a defined function")));
        };
        self.builtin(scope, builtin, name, call, given)
    }
}
