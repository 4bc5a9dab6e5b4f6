//! `env NAME [DEFAULT]` (spec 2.4): reads the build arguments, as far as `werf-giterminism.yaml` allows it.

use std::collections::BTreeMap;

use gotemplate::{FuncError, FuncMap, Type, Value};

use crate::giterminism::Giterminism;

use super::{Advice, SharedTraces, with};

/// Adds the function.
pub fn register(
    functions: &mut FuncMap,
    variables: &BTreeMap<String, String>,
    giterminism: &Giterminism,
    traces: &SharedTraces,
) {
    let (variables, giterminism) = (variables.clone(), giterminism.clone());
    let traces = traces.clone();
    functions.add_variadic("env", [Type::Any, Type::String], move |call, args| {
        let name = call.text(&args[0])?.to_text().into_owned();
        with(&traces, |traces| traces.used.insert(name.clone()));
        let fail = |message: String, hint: String, note: Option<String>| {
            let advice = Advice {
                message: message.clone(),
                hint,
                note,
            };
            with(&traces, |traces| traces.advice = Some(advice));
            Err(FuncError::new(message))
        };
        let default = args.get(1).and_then(Value::as_str);
        if args.len() > 2 {
            return Err(FuncError::new("more than 1 optional argument prohibited"));
        }
        if !giterminism.allows_env(&name) {
            return fail(
                format!("env name {name:?} not allowed by giterminism"),
                format!(
                    "allow it in `{}`, or try without such rules: `--build-arg WERF_LOOSE_GITERMINISM=1`",
                    giterminism.file()
                ),
                Some(giterminism.advice_for_env(&name)),
            );
        }
        match (variables.get(&name), default) {
            (Some(value), Some(default)) if value.is_empty() => Ok(Value::from(default.clone())),
            (Some(value), _) => Ok(Value::string(value.as_str())),
            (None, Some(default)) => Ok(Value::from(default.clone())),
            (None, None) if giterminism.is_loose() => Ok(Value::string("")),
            (None, None) => fail(
                format!("the environment variable {name:?} must be set or default must be provided"),
                format!("pass `--build-arg {name}=…`, or write `env {name:?} \"default\"`"),
                None,
            ),
        }
    });
}
