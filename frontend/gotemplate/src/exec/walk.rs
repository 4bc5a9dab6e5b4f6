//! Statements: text, actions, blocks and calls of templates.

use std::sync::Arc;

use super::eval::Scope;
use super::range::variables;
use super::{Exec, Level, Operand};
use crate::error::Error;
use crate::fmt;
use crate::output::Origin;
use crate::parse::{Control, NodeId, NodeKind, Source};
use crate::str::Str;
use crate::value::Value;

impl Exec<'_> {
    /// Executes a statement; blocks and templates it opens become levels.
    pub(super) fn walk(
        &mut self,
        source: &Source,
        id: NodeId,
        dot: Operand,
        levels: &mut Vec<Level>,
    ) -> Result<(), Error> {
        self.node = Some(id);
        let node = source.node(id);
        match &node.kind {
            NodeKind::Text(range) => {
                let text = &source.text[range.clone()];
                self.charge_output(text.len())?;
                if source.lines.is_none() {
                    let origin = source.origin(range.start);
                    self.output.push_verbatim(text, origin);
                    return Ok(());
                }
                // Neighbouring lines may come from different files.
                let mut start = range.start;
                for line in text.split_inclusive(|byte| *byte == b'\n') {
                    self.output.push(line, source.origin(start));
                    start += line.len();
                }
                Ok(())
            }
            NodeKind::Action(pipe) => {
                let value = self.pipeline(Scope { source, dot: &dot }, *pipe)?;
                if !variables(source, *pipe).is_empty() {
                    return Ok(());
                }
                self.node = Some(id);
                self.print(source, node.pos, &value)
            }
            NodeKind::Control {
                word: Control::Range,
                pipe,
                list,
                else_list,
            } => {
                let mark = self.variables.len();
                let scope = Scope { source, dot: &dot };
                match (self.range(scope, *pipe, *list)?, else_list) {
                    (Some(range), _) => levels.push(Level::Range(Box::new(range))),
                    (None, Some(list)) => {
                        let mark = Some(mark);
                        levels.push(Level::List {
                            list: *list,
                            next: 0,
                            dot,
                            mark,
                        });
                    }
                    (None, None) => self.variables.truncate(mark),
                }
                Ok(())
            }
            NodeKind::Control {
                word,
                pipe,
                list,
                else_list,
            } => {
                let mark = self.variables.len();
                let value = self.pipeline(Scope { source, dot: &dot }, *pipe)?;
                let (list, dot) = match (value.is_true(), word, else_list) {
                    (true, Control::With, _) => (*list, Operand::plain(value)),
                    (true, ..) => (*list, dot),
                    (false, _, Some(list)) => (*list, dot),
                    (false, _, None) => {
                        self.variables.truncate(mark);
                        return Ok(());
                    }
                };
                levels.push(Level::List {
                    list,
                    next: 0,
                    dot,
                    mark: Some(mark),
                });
                Ok(())
            }
            NodeKind::Template { name, pipe } => {
                self.call_template(source, id, name, *pipe, &dot, levels)
            }
            NodeKind::Break => {
                while let Some(level) = levels.pop() {
                    if let Level::Range(range) = level {
                        self.variables.truncate(range.outer_mark);
                        break;
                    }
                }
                Ok(())
            }
            NodeKind::Continue => {
                while let Some(level) = levels.last() {
                    if let Level::Range(range) = level {
                        self.variables.truncate(range.mark);
                        break;
                    }
                    levels.pop();
                }
                Ok(())
            }
            _ => Err(self.error("not a statement")),
        }
    }

    fn call_template(
        &mut self,
        source: &Source,
        call: NodeId,
        name: &str,
        pipe: Option<NodeId>,
        dot: &Operand,
        levels: &mut Vec<Level>,
    ) -> Result<(), Error> {
        let Some(template) = self.set.lookup(name) else {
            let name = fmt::quote::quoted(name.as_bytes());
            return Err(self.error(format!("template {name} not defined")));
        };
        self.check_depth()
            .map_err(|limit| self.limit_error(limit))?;
        let dot = match pipe {
            Some(pipe) => Operand::plain(self.pipeline(Scope { source, dot }, pipe)?),
            None => Operand::default(),
        };
        self.depth += 1;
        let list = template.root;
        self.node = Some(list);
        let caller = std::mem::replace(&mut self.template, template);
        levels.push(Level::Return {
            caller,
            call,
            base: self.base,
        });
        self.base = self.variables.len();
        self.variables.push((Arc::from("$"), dot.clone()));
        levels.push(Level::List {
            list,
            next: 0,
            dot,
            mark: None,
        });
        Ok(())
    }

    /// Writes the value of an action.
    fn print(&mut self, source: &Source, pos: usize, value: &Value) -> Result<(), Error> {
        let origin = source.origin(pos);
        match value {
            Value::Absent | Value::Nil => self.write(b"<no value>", origin),
            Value::Func(_) => {
                let node = self.node.map(|node| source.spell(node)).unwrap_or_default();
                Err(self.error(format!("can't print {node} of type {}", value.type_name())))
            }
            Value::String(text) => match self.origins.of(text) {
                Some(lines) => {
                    self.charge_output(text.len())?;
                    self.output.push_lines(text, &lines, origin.as_ref());
                    Ok(())
                }
                None => self.write(text, origin),
            },
            _ => {
                let text = self.text(value)?;
                self.write(&text, origin)
            }
        }
    }

    /// Formats a value as `%v`.
    fn text(&mut self, value: &Value) -> Result<Str, Error> {
        let text = self
            .budget
            .within_bytes(|max| fmt::sprint(std::slice::from_ref(value), max));
        text.map_err(|limit| self.limit_error(limit))
    }

    fn write(&mut self, bytes: &[u8], origin: Option<Origin>) -> Result<(), Error> {
        self.charge_output(bytes.len())?;
        self.output.push(bytes, origin);
        Ok(())
    }
}
