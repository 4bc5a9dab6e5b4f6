//! Calls of functions and methods.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::eval::{Given, Scope};
use super::{Exec, Operand};
use crate::builtins::{self, Builtin};
use crate::collection::{List, Map};
use crate::error::{Error, ErrorKind, Step};
use crate::func::{Args, Call, Failure, FuncError, Signature};
use crate::object::Object;
use crate::output::Lines;
use crate::parse::NodeId;
use crate::str::Str;
use crate::types::Type;
use crate::value::Value;

impl Exec<'_> {
    /// Calls a method.
    pub(super) fn method(
        &mut self,
        scope: Scope<'_>,
        object: &dyn Object,
        name: &Arc<str>,
        signature: &Signature,
        node: NodeId,
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        let args = self.arguments(scope, name, signature, given)?;
        let args = args.into_iter().map(|arg| arg.value).collect();
        let result = self.guarded(name, node, args, |call, args| object.call(name, call, args));
        result.map(Operand::plain)
    }

    /// Calls a builtin function.
    pub(super) fn builtin(
        &mut self,
        scope: Scope<'_>,
        builtin: &Builtin,
        name: &Arc<str>,
        call: NodeId,
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        let Some(run) = builtin.run else {
            return self.and_or(scope, builtin, name, given);
        };
        let args = self.arguments(scope, name, &builtin.signature, given)?;
        let first = given.args.first().map(|first| (scope.source, *first));
        let result = run(&mut builtins::Context { exec: self, first }, &args);
        let value = result.map_err(|error| self.call_error(name, call, error))?;
        self.charge_result(&value)?;
        if let Some(observer) = self.set.observer() {
            let args: Vec<Value> = args.iter().map(|arg| arg.value.clone()).collect();
            observer.tell(name, &args, &value);
        }
        Ok(Operand::plain(value))
    }

    /// Evaluates `and` and `or`, which stop at the first argument that decides.
    fn and_or(
        &mut self,
        scope: Scope<'_>,
        builtin: &Builtin,
        name: &str,
        given: Given<'_>,
    ) -> Result<Operand, Error> {
        if given.args.is_empty() && given.last.is_none() {
            // Reports the missing argument.
            self.arguments(scope, name, &builtin.signature, given)?;
        }
        let mut value = Operand::default();
        for arg in given.args {
            self.step()?;
            value = self.argument(scope, &Type::Reflect, *arg)?;
            if value.value.is_true() == (name == "or") {
                return Ok(value);
            }
        }
        if let Some(last) = given.last {
            value = Operand::plain(last.clone());
        }
        Ok(value)
    }

    /// Calls a function of the host; a panic in it is an error, as in Go.
    pub(super) fn guarded(
        &mut self,
        name: &Arc<str>,
        node: NodeId,
        args: Vec<Value>,
        body: impl FnOnce(&mut Call<'_>, Args) -> Result<Value, FuncError>,
    ) -> Result<Value, Error> {
        let known = self.known_text(&args);
        // So that the function can ask where it is called.
        let outer = self.node.replace(node);
        let result = self.catch(|call| body(call, Args::new(args)));
        let value = result.map_err(|error| self.call_error(name, node, error))?;
        self.node = outer;
        self.charge_result(&value)?;
        if let (Some((from, lines)), Value::String(to)) = (known, &value) {
            self.origins.derive(&from, &lines, to);
        }
        Ok(value)
    }

    /// Runs a function of the host and turns a panic into an error.
    pub(super) fn catch(
        &mut self,
        body: impl FnOnce(&mut Call<'_>) -> Result<Value, FuncError>,
    ) -> Result<Value, FuncError> {
        catch_unwind(AssertUnwindSafe(|| body(&mut Call::new(self)))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(FuncError::new(text.unwrap_or_else(|| "panic".to_owned())))
        })
    }

    /// Returns the first argument whose lines are known to come from a template.
    fn known_text(&mut self, args: &[Value]) -> Option<(Str, Lines)> {
        args.iter().find_map(|arg| {
            let text = arg.as_str()?;
            Some((text.clone(), self.origins.of(text)?))
        })
    }

    pub(super) fn call_error(&mut self, name: &Arc<str>, node: NodeId, error: FuncError) -> Error {
        self.node = Some(node);
        let error = match error.into_failure() {
            Failure::Message(message) => Error::new(ErrorKind::Exec, message),
            Failure::Template(error) => error,
            Failure::Limit(limit) => Error::limit_reached(limit),
        };
        error.within(self.frame(Step::CalledFunction(Arc::clone(name))))
    }

    /// Accounts for a value that a function has made, as opposed to one it has only handed on.
    fn charge_result(&mut self, value: &Value) -> Result<(), Error> {
        let bytes = match value {
            Value::String(text) if text.is_new() => text.len() as u64,
            Value::List(list) if list.is_new() => List::memory(list.len() as u64),
            Value::Map(map) if map.is_new() => Map::memory(map.len() as u64),
            _ => return Ok(()),
        };
        self.budget
            .charge_bytes(bytes)
            .map_err(|limit| self.limit_error(limit))
    }
}
