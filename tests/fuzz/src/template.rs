//! Templates: any bytes, rendered with all functions, end in an error or in output within bounds.
//!
//! An input is up to several texts: the first is the main template, the others are `t0`, `t1` …, and the last is also the value of `.S`.

use gotemplate::{Args, Call, FuncError, FuncMap, Limits, Map, Templates, Type, Value};

use crate::SEPARATOR;

const LIMITS: Limits = Limits {
    output_bytes: 1 << 20,
    value_bytes: 8 << 20,
    steps: 200_000,
    template_depth: 500,
    nesting: 200,
};

/// Renders the templates that `data` holds: the main one, then others, then a text for them to work on.
///
/// # Panics
/// Where the engine does, or writes more than it may.
pub fn render(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == SEPARATOR);
    let main = parts.next().unwrap_or_default();
    let others: Vec<&[u8]> = parts.collect();
    let templates = Templates::new("main")
        .with_funcs(functions())
        .with_limits(LIMITS);
    for (index, text) in others.iter().enumerate() {
        if templates.parse(&format!("t{index}"), text).is_err() {
            return;
        }
    }
    let dot = dot(others.last().copied().unwrap_or(b"text"));
    let result = templates
        .parse("main", main)
        .and_then(|()| templates.execute("main", dot));
    match result {
        Ok(rendered) => assert!(
            rendered.bytes().len() as u64 <= LIMITS.output_bytes,
            "more output than allowed"
        ),
        // Whatever went wrong can be said, with its place.
        Err(error) => assert!(error.to_string().starts_with("template: "), "{error}"),
    }
}

fn dot(text: &[u8]) -> Value {
    let inner = Map::dict([("k", Value::string("v")), ("n", Value::Nil)]);
    let list = vec![
        Value::int(1),
        Value::string("x"),
        Value::Nil,
        Value::from(inner.clone()),
    ];
    Value::from(Map::dict([
        ("S", Value::string(text.to_vec())),
        ("I", Value::int(-7)),
        ("F", Value::float(2.5)),
        ("B", Value::Bool(true)),
        ("L", Value::from(list)),
        ("M", Value::from(inner)),
        ("N", Value::Nil),
    ]))
}

/// All functions of sprig, and two that execute templates.
fn functions() -> FuncMap {
    let mut functions = sprig::functions();
    functions.add("include", [Type::String, Type::Any], include);
    functions.add("tpl", [Type::String, Type::Any], tpl);
    functions
}

fn include(call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
    let name = args.str(0).to_text().into_owned();
    Ok(Value::String(call.execute(&name, args[1].clone())?))
}

fn tpl(call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
    let text = args.str(0);
    Ok(Value::String(call.execute_text(
        "tpl",
        text,
        args[1].clone(),
    )?))
}
