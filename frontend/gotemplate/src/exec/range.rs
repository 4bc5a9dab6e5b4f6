//! Loops.

use std::sync::Arc;

use super::eval::Scope;
use super::{Exec, Operand};
use crate::collection::List;
use crate::error::Error;
use crate::fmt;
use crate::parse::{NodeId, NodeKind, Source};
use crate::types::Type;
use crate::value::Value;

/// A loop that is running.
pub(super) struct Range {
    items: Items,
    index: usize,
    /// The loop's pipeline, with its variables.
    pub(super) pipe: NodeId,
    pub(super) list: NodeId,
    /// The variables to keep after the loop, and after each turn.
    pub(super) outer_mark: usize,
    pub(super) mark: usize,
}

enum Items {
    List(List),
    /// The entries as they were when the loop began.
    Map {
        entries: Vec<(Value, Value)>,
        boxed_keys: bool,
        boxed_values: bool,
    },
    /// The numbers below this one, of its type.
    Int(Value),
}

impl Range {
    /// Returns the key and the value of the next turn.
    pub(super) fn next(&mut self) -> Option<(Operand, Operand)> {
        let index = self.index;
        self.index += 1;
        Some(match &self.items {
            Items::List(list) => {
                let boxed = *list.elem() == Type::Any;
                let item = list.get(index)?.clone();
                (
                    Operand::plain(Value::int(index as i64)),
                    Operand { value: item, boxed },
                )
            }
            Items::Map {
                entries,
                boxed_keys,
                boxed_values,
            } => {
                let (key, value) = entries.get(index)?.clone();
                (
                    Operand {
                        value: key,
                        boxed: *boxed_keys,
                    },
                    Operand {
                        value,
                        boxed: *boxed_values,
                    },
                )
            }
            Items::Int(end) => {
                let number = match end {
                    Value::Int(kind, end) if (index as i64) < *end => {
                        Value::Int(*kind, index as i64)
                    }
                    Value::Uint(kind, end) if (index as u64) < *end => {
                        Value::Uint(*kind, index as u64)
                    }
                    _ => return None,
                };
                (Operand::default(), Operand::plain(number))
            }
        })
    }
}

impl Exec<'_> {
    /// Returns the loop over the value of a pipeline, or nothing when there is nothing to loop
    /// over.
    pub(super) fn range(
        &mut self,
        scope: Scope<'_>,
        pipe: NodeId,
        list: NodeId,
    ) -> Result<Option<Range>, Error> {
        let outer_mark = self.variables.len();
        let value = self.pipeline(scope, pipe)?;
        let mark = self.variables.len();
        let items = self.items(scope.source, pipe, value)?;
        Ok(items.map(|items| Range {
            items,
            index: 0,
            pipe,
            list,
            outer_mark,
            mark,
        }))
    }

    fn items(
        &mut self,
        source: &Source,
        pipe: NodeId,
        value: Value,
    ) -> Result<Option<Items>, Error> {
        Ok(match value {
            Value::Absent | Value::Nil => None,
            Value::List(list) => (!list.is_empty()).then_some(Items::List(list)),
            Value::Map(map) => {
                let charged = self.budget.charge_steps(map.len() as u64);
                charged.map_err(|limit| self.limit_error(limit))?;
                let (boxed_keys, boxed_values) =
                    (*map.key() == Type::Any, *map.elem() == Type::Any);
                let entries = map.entries();
                (!entries.is_empty()).then_some(Items::Map {
                    entries,
                    boxed_keys,
                    boxed_values,
                })
            }
            Value::Int(..) | Value::Uint(..) if self.set.ranges_over_int() => {
                if variables(source, pipe).len() > 1 {
                    let value = fmt::shown(&value, 'v', false);
                    let message =
                        format!("can't use {value} to iterate over more than one variable");
                    return Err(self.error(message));
                }
                let positive = value.is_true() && value.as_int().is_none_or(|int| int > 0);
                positive.then_some(Items::Int(value))
            }
            _ => {
                let value = fmt::shown(&value, 'v', false);
                return Err(self.error(format!("range can't iterate over {value}")));
            }
        })
    }

    /// Sets the loop's variables for one turn.
    pub(super) fn begin_turn(
        &mut self,
        source: &Source,
        pipe: NodeId,
        key: Operand,
        item: Operand,
    ) -> Result<(), Error> {
        let variables = variables(source, pipe);
        let values = match variables.len() {
            0 => return Ok(()),
            1 => vec![item],
            _ => vec![key, item],
        };
        if matches!(source.node(pipe).kind, NodeKind::Pipe { assign: true, .. }) {
            for (name, value) in variables.iter().zip(values) {
                self.set_variable(name, value)?;
            }
            return Ok(());
        }
        // The pipeline has declared them, last before the body.
        let first = self.variables.len() - values.len();
        for ((_, variable), value) in self.variables[first..].iter_mut().zip(values) {
            *variable = value;
        }
        Ok(())
    }
}

/// Returns the variables of a pipeline.
pub(super) fn variables(source: &Source, pipe: NodeId) -> &[Arc<str>] {
    match &source.node(pipe).kind {
        NodeKind::Pipe { variables, .. } => variables,
        _ => &[],
    }
}
