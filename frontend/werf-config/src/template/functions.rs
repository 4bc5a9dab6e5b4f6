//! The functions that templates can call: sprig's without `env` and `expandenv`, and werf's own.

use gotemplate::{Args, Call, FuncError, FuncMap, Type, Value};

use super::adler32::adler32;
use super::{Inputs, SharedTraces, debug, env, from_yaml, to_yaml, unstable};

/// Returns all functions.
pub(super) fn all(inputs: &Inputs, traces: &SharedTraces, missing: env::Missing) -> FuncMap {
    let mut functions = sprig::functions();
    functions.remove("expandenv");
    unstable::watch(&mut functions, traces);
    env::register(
        &mut functions,
        &inputs.variables,
        &inputs.giterminism,
        traces,
        missing,
    );
    let log = debug::Log::new(inputs, traces);
    functions.add("include", [Type::String, Type::Any], include);
    functions.add("tpl", [Type::String, Type::Any], tpl);
    for (name, body) in [("include_debug", include as Body), ("tpl_debug", tpl)] {
        let log = log.clone();
        functions.add(name, [Type::String, Type::Any], move |call, args| {
            let what = args.str(0).clone();
            let result = body(call, args)?;
            log.say(call, |_| {
                let text = result.as_str().map(|text| text.to_text().into_owned());
                let text = text.unwrap_or_default();
                Ok(format!("`{name}` of {:?} gives:\n{text}", what.to_text()))
            })?;
            Ok(result)
        });
    }
    functions.add("required", [Type::String, Type::Any], required);
    functions.add("fromYaml", [Type::String], |call, args| {
        let text = args.str(0);
        call.charge_bytes(4 * text.as_bytes().len() as u64)?;
        from_yaml::read(&text.to_text(), &mut |cost| call.charge_bytes(cost))
    });
    functions.add("toYaml", [Type::Any], |call, args| {
        let mut text = to_yaml::write(&args[0], |cost| call.charge_bytes(cost))?;
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(Value::string(text))
    });
    debug::register(&mut functions, &log);
    functions
}

/// What a function does.
type Body = fn(&mut Call<'_>, Args) -> Result<Value, FuncError>;

fn include(call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
    let name = args.str(0).to_text().into_owned();
    Ok(Value::String(call.execute(&name, args[1].clone())?))
}

fn tpl(call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
    let text = args.str(0);
    let name = format!("tpl-{}", adler32(text.as_bytes()));
    Ok(Value::String(call.execute_text(
        &name,
        text,
        args[1].clone(),
    )?))
}

/// Only nothing and empty text are refused; zero and `false` are values.
fn required(_call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
    let value = &args[1];
    let is_missing = matches!(value, Value::Nil | Value::Absent)
        || value
            .as_str()
            .is_some_and(|text| text.as_bytes().is_empty());
    if is_missing {
        return Err(FuncError::new(args.str(0).to_text().into_owned()));
    }
    Ok(value.clone())
}
