//! What a running function may ask of the engine.

use std::sync::Arc;

use super::Exec;
use super::args::{fits, nil_of, wrap_int, wrap_uint};
use crate::error::{Error, Location};
use crate::func::{Args, FuncError, Function, Host};
use crate::limits::Budget;
use crate::output::Lines;
use crate::str::Str;
use crate::template::Template;
use crate::types::Type;
use crate::value::Value;

/// What a byte of template text costs in nodes.
const NODE_BYTES_PER_BYTE: u64 = 8;

impl Host for Exec<'_> {
    fn execute(&mut self, name: &str, data: Value) -> Result<Str, Error> {
        let template = self.set.find(name)?;
        self.capture(template, data)
    }

    fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), Error> {
        self.parse_text(name, text, None).map(drop)
    }

    fn execute_text(&mut self, name: &str, text: &Str, data: Value) -> Result<Str, Error> {
        let lines = self.origins.of(text);
        let template = self.parse_text(name, text, lines)?;
        self.capture(template, data)
    }

    fn comes_from(&mut self, text: &Str, template: &str) {
        self.origins.comes_from(text, template);
    }

    fn has_template(&mut self, name: &str) -> bool {
        self.set.lookup(name).is_some()
    }

    fn invoke(&mut self, function: &Function, args: Vec<Value>) -> Result<Value, FuncError> {
        self.invoke_as("function", function, args)
    }

    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    fn place(&self) -> Location {
        let source = &self.template.source;
        source.location(source.node(self.node.unwrap_or(self.template.root)).pos)
    }
}

impl Exec<'_> {
    /// Executes a template and returns its output.
    fn capture(&mut self, template: Arc<Template>, data: Value) -> Result<Str, Error> {
        self.check_depth().map_err(Error::limit_reached)?;
        let outer = std::mem::take(&mut self.output);
        let captured = std::mem::replace(&mut self.captured, true);
        let depth = self.depth;
        self.depth += 1;
        let result = self.nested(|exec| exec.run(template, data));
        self.depth = depth;
        self.captured = captured;
        let output = std::mem::replace(&mut self.output, outer);
        result?;
        let (text, lines) = output.into_lines();
        let text = Str::from(text);
        self.origins.remember(text.clone(), lines);
        Ok(text)
    }

    fn parse_text(
        &mut self,
        name: &str,
        text: &[u8],
        lines: Option<Lines>,
    ) -> Result<Arc<Template>, Error> {
        let len = text.len() as u64;
        self.budget
            .charge_bytes(len * NODE_BYTES_PER_BYTE)
            .map_err(Error::limit_reached)?;
        self.budget
            .charge_steps(len)
            .map_err(Error::limit_reached)?;
        self.set.parse_text(name, text, true, lines)
    }

    /// Calls a function value with the checks and the words of the builtin `call`.
    pub(crate) fn invoke_as(
        &mut self,
        name: &str,
        function: &Function,
        args: Vec<Value>,
    ) -> Result<Value, FuncError> {
        let signature = function.signature();
        let params = signature.params();
        let got = args.len();
        if signature.is_variadic() {
            let want = params.len() - 1;
            if got < want {
                let message =
                    format!("wrong number of args for {name}: got {got} want at least {want}");
                return Err(message.into());
            }
        } else if got != params.len() {
            let want = params.len();
            return Err(format!("wrong number of args for {name}: got {got} want {want}").into());
        }
        let mut prepared = Vec::with_capacity(got);
        for (index, arg) in args.into_iter().enumerate() {
            let param = &params[index.min(params.len() - 1)];
            let arg = prepare(arg, param).map_err(|error| format!("arg {index}: {error}"))?;
            prepared.push(arg);
        }
        self.catch(|call| function.call(call, Args::new(prepared)))
    }
}

/// Returns a value as an argument or a map key of a type; integers are converted.
pub(crate) fn prepare(value: Value, ty: &Type) -> Result<Value, String> {
    if value.is_nil() {
        return nil_of(ty).ok_or_else(|| format!("value is nil; should be of type {ty}"));
    }
    if fits(&value, ty) {
        return Ok(value);
    }
    match (&value, ty) {
        (Value::Int(_, int), Type::Int(kind)) => Ok(Value::Int(*kind, wrap_int(*kind, *int))),
        (Value::Int(_, int), Type::Uint(kind)) => {
            Ok(Value::Uint(*kind, wrap_uint(*kind, *int as u64)))
        }
        (Value::Uint(_, uint), Type::Uint(kind)) => Ok(Value::Uint(*kind, wrap_uint(*kind, *uint))),
        (Value::Uint(_, uint), Type::Int(kind)) => {
            Ok(Value::Int(*kind, wrap_int(*kind, *uint as i64)))
        }
        _ => Err(format!(
            "value has type {}; should be {ty}",
            value.type_name()
        )),
    }
}
