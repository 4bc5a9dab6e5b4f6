//! The functions that every template has.

mod compare;
mod escape;
mod index;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::exec::{Exec, Operand};
use crate::fmt;
use crate::func::{FuncError, Signature};
use crate::parse::{NodeId, Source};
use crate::str::Str;
use crate::types::Type;
use crate::value::Value;

/// A builtin function.
pub(crate) struct Builtin {
    pub(crate) signature: Signature,
    /// Nothing for `and` and `or`, which do not evaluate all their arguments.
    pub(crate) run: Option<Run>,
}

type Run = fn(&mut Context<'_, '_>, &[Operand]) -> Result<Value, FuncError>;

/// What a builtin function runs in.
pub(crate) struct Context<'e, 't> {
    pub(crate) exec: &'e mut Exec<'t>,
    /// The first argument as it is written, if it is.
    pub(crate) first: Option<(&'e Source, NodeId)>,
}

/// Returns the builtin function of that name.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.get(name)
}

static BUILTINS: LazyLock<BTreeMap<&str, Builtin>> = LazyLock::new(|| {
    use Type::{Any, Reflect, String};
    let fixed = |params: &[Type], run: Run| Builtin {
        signature: Signature::new(params),
        run: Some(run),
    };
    let variadic = |params: &[Type], run: Option<Run>| Builtin {
        signature: Signature::variadic(params),
        run,
    };
    BTreeMap::from([
        ("and", variadic(&[Reflect, Reflect], None)),
        ("call", variadic(&[Reflect, Reflect], Some(call))),
        ("eq", variadic(&[Reflect, Reflect], Some(compare::eq))),
        ("ge", fixed(&[Reflect, Reflect], compare::ge)),
        ("gt", fixed(&[Reflect, Reflect], compare::gt)),
        ("html", variadic(&[Any], Some(escape::html))),
        ("index", variadic(&[Reflect, Reflect], Some(index::index))),
        ("js", variadic(&[Any], Some(escape::js))),
        ("le", fixed(&[Reflect, Reflect], compare::le)),
        ("len", fixed(&[Reflect], index::len)),
        ("lt", fixed(&[Reflect, Reflect], compare::lt)),
        ("ne", fixed(&[Reflect, Reflect], compare::ne)),
        ("not", fixed(&[Reflect], not)),
        ("or", variadic(&[Reflect, Reflect], None)),
        ("print", variadic(&[Any], Some(print))),
        ("printf", variadic(&[String, Any], Some(printf))),
        ("println", variadic(&[Any], Some(println))),
        ("slice", variadic(&[Reflect, Reflect], Some(index::slice))),
        ("urlquery", variadic(&[Any], Some(escape::urlquery))),
    ])
});

fn values(args: &[Operand]) -> Vec<Value> {
    args.iter().map(|arg| arg.value.clone()).collect()
}

#[expect(clippy::unnecessary_wraps)]
fn not(_: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    Ok(Value::Bool(!args[0].value.is_true()))
}

fn print(context: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    context.format(|max| fmt::sprint(&values(args), max))
}

fn println(context: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    context.format(|max| fmt::sprintln(&values(args), max))
}

fn printf(context: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let format = args[0].value.as_str().cloned().unwrap_or_default();
    context.format(|max| fmt::sprintf(&format, &values(&args[1..]), max))
}

impl Context<'_, '_> {
    /// Formats within what is left of the budget.
    fn format(
        &mut self,
        print: impl FnOnce(u64) -> Result<Str, crate::LimitError>,
    ) -> Result<Value, FuncError> {
        let text = self.exec.budget_mut().within_bytes(print)?;
        Ok(Value::String(text))
    }
}

fn call(context: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let function = &args[0].value;
    // Messages name the callee as it is written, or else the value from the pipeline.
    let callee = match (context.first, function) {
        (Some((source, node)), _) => source.spell(node),
        (None, Value::String(text)) => text.to_string(),
        (None, _) => format!("<{} Value>", function.type_name()),
    };
    match function {
        Value::Absent | Value::Nil => Err("call of nil".into()),
        Value::Func(function) => context
            .exec
            .invoke_as(&callee, function, values(&args[1..])),
        _ => Err(format!("non-function {callee} of type {}", function.type_name()).into()),
    }
}
