//! The executor: walks a template and writes its output.
//!
//! Statements run on a list of levels, not on the stack, so `{{template}}` may call itself a
//! hundred thousand times, as in Go. Expressions recurse; so do functions that execute templates.
//! They share one count of nested levels, and after the first few the execution goes on in a
//! thread whose stack is large enough for all that are allowed.

mod args;
mod call;
mod eval;
mod host;
mod range;
mod stack;
mod walk;

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Frame, Step};
use crate::limits::{Budget, Limit, LimitError};
use crate::output::{Origins, Output, Rendered};
use crate::parse::{NodeId, NodeKind};
use crate::template::{Template, Templates};
use crate::value::Value;
pub(crate) use args::zero;
pub(crate) use host::prepare;
use range::Range;

/// A value and what Go knows of its static type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    /// Whether it comes out of an `interface {}`: an element of a `map[string]interface {}`, say.
    /// Some messages name that type instead of the value's own.
    pub(crate) boxed: bool,
}

impl Operand {
    pub(crate) fn plain(value: Value) -> Operand {
        Operand {
            value,
            boxed: false,
        }
    }

    /// Returns the name of the static type.
    pub(crate) fn type_name(&self) -> String {
        if self.boxed || matches!(self.value, Value::Nil) {
            "interface {}".to_owned()
        } else {
            self.value.type_name()
        }
    }
}

/// Templates whose `{{template}}` calls are kept in an error, from either end of the chain.
const KEPT_CALLS: usize = 16;

/// One execution.
pub(crate) struct Exec<'t> {
    set: &'t Templates,
    budget: Budget,
    /// The template that is executing.
    template: Arc<Template>,
    /// The node that errors are reported at.
    node: Option<NodeId>,
    variables: Vec<(Arc<str>, Operand)>,
    /// Where the variables of the executing template start.
    base: usize,
    output: Output,
    /// Whether the output is captured for a function.
    captured: bool,
    /// Templates that wait for templates they called.
    depth: u64,
    /// Levels on the machine's stack.
    nesting: u64,
    origins: Origins,
}

/// A level of execution.
enum Level {
    /// Nodes to be executed in order.
    List {
        list: NodeId,
        next: usize,
        dot: Operand,
        /// How many variables to keep at the end; none for the list of a template.
        mark: Option<usize>,
    },
    /// The turns of a loop.
    Range(Box<Range>),
    /// The end of a called template.
    Return {
        caller: Arc<Template>,
        /// The `{{template}}` node in the caller.
        call: NodeId,
        base: usize,
    },
}

impl<'t> Exec<'t> {
    pub(crate) fn new(set: &'t Templates, template: Arc<Template>) -> Exec<'t> {
        Exec {
            set,
            budget: Budget::new(set.limits().clone()),
            template,
            node: None,
            variables: Vec::new(),
            base: 0,
            output: Output::default(),
            captured: false,
            depth: 0,
            nesting: 0,
            origins: Origins::default(),
        }
    }

    /// Executes a template and returns its output.
    pub(crate) fn render(mut self, template: Arc<Template>, dot: Value) -> Result<Rendered, Error> {
        self.run(template, dot)?;
        Ok(self.output.into_rendered())
    }

    /// Executes a template into the current output.
    fn run(&mut self, template: Arc<Template>, dot: Value) -> Result<(), Error> {
        let root = template.root;
        let caller = std::mem::replace(&mut self.template, template);
        let (node, base) = (self.node.take(), self.base);
        self.base = self.variables.len();
        let dot = Operand::plain(dot);
        self.variables.push((Arc::from("$"), dot.clone()));
        let mut levels = vec![Level::List {
            list: root,
            next: 0,
            dot,
            mark: None,
        }];
        let result = self.run_levels(&mut levels);
        let result = result.map_err(|error| self.with_calls(error, &levels));
        self.variables.truncate(self.base);
        self.base = base;
        self.node = node;
        self.template = caller;
        result
    }

    fn run_levels(&mut self, levels: &mut Vec<Level>) -> Result<(), Error> {
        let mut source = Arc::clone(&self.template.source);
        while let Some(level) = levels.last_mut() {
            if !Arc::ptr_eq(&source, &self.template.source) {
                source = Arc::clone(&self.template.source);
            }
            self.step()?;
            match level {
                Level::List {
                    list,
                    next,
                    dot,
                    mark,
                } => {
                    let NodeKind::List(nodes) = &source.node(*list).kind else {
                        return Err(self.error("not a list of nodes"));
                    };
                    let Some(&node) = nodes.get(*next) else {
                        if let Some(mark) = *mark {
                            self.variables.truncate(mark);
                        }
                        levels.pop();
                        continue;
                    };
                    *next += 1;
                    let dot = dot.clone();
                    self.walk(&source, node, dot, levels)?;
                }
                Level::Range(range) => {
                    let Some((key, item)) = range.next() else {
                        self.variables.truncate(range.outer_mark);
                        levels.pop();
                        continue;
                    };
                    let (list, mark) = (range.list, Some(range.mark));
                    self.begin_turn(&source, range.pipe, key, item.clone())?;
                    levels.push(Level::List {
                        list,
                        next: 0,
                        dot: item,
                        mark,
                    });
                }
                Level::Return { caller, call, base } => {
                    self.variables.truncate(self.base);
                    self.base = *base;
                    self.template = Arc::clone(caller);
                    self.node = Some(*call);
                    self.depth -= 1;
                    levels.pop();
                }
            }
        }
        Ok(())
    }

    fn check_depth(&self) -> Result<(), LimitError> {
        let max = self.budget.limits().template_depth;
        if self.depth >= max {
            return Err(LimitError {
                limit: Limit::TemplateDepth,
                max,
            });
        }
        Ok(())
    }

    pub(crate) fn budget_mut(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Accounts for one step.
    fn step(&mut self) -> Result<(), Error> {
        self.budget
            .charge_steps(1)
            .map_err(|limit| self.limit_error(limit))
    }

    fn charge_output(&mut self, count: usize) -> Result<(), Error> {
        let charged = if self.captured {
            self.budget.charge_bytes(count as u64)
        } else {
            self.budget.charge_output(count as u64)
        };
        charged.map_err(|limit| self.limit_error(limit))
    }

    /// Returns an error at the current node.
    fn error(&self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Exec, message).within(self.frame(Step::Failed))
    }

    fn limit_error(&self, limit: LimitError) -> Error {
        Error::limit_reached(limit).within(self.frame(Step::Failed))
    }

    fn frame(&self, step: Step) -> Frame {
        Self::frame_at(
            &self.template,
            self.node.unwrap_or(self.template.root),
            step,
        )
    }

    fn frame_at(template: &Template, node: NodeId, step: Step) -> Frame {
        let source = &template.source;
        let location = source.location(source.node(node).pos);
        let executing = Some(Arc::clone(&template.name));
        let told_line = location.line;
        Frame {
            location,
            executing,
            node: source.spell(node),
            step,
            told_line,
        }
    }

    /// Adds the `{{template}}` calls that led to an error.
    fn with_calls(&self, mut error: Error, levels: &[Level]) -> Error {
        let mut called = Arc::clone(&self.template.name);
        let calls: Vec<_> = levels
            .iter()
            .rev()
            .filter_map(|level| match level {
                Level::Return { caller, call, .. } => {
                    let step = Step::CalledTemplate(std::mem::replace(
                        &mut called,
                        Arc::clone(&caller.name),
                    ));
                    Some((caller, *call, step))
                }
                _ => None,
            })
            .collect();
        let last = calls.len().saturating_sub(KEPT_CALLS);
        for (index, (caller, call, step)) in calls.into_iter().enumerate() {
            if index < KEPT_CALLS || index >= last {
                error = error.within(Self::frame_at(caller, call, step));
            }
        }
        error
    }
}
