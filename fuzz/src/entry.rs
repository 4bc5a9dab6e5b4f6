//! What is fuzzed: any bytes, rendered as templates with all functions, end in an error or in output within bounds.

use std::time::{Duration, Instant};

use gotemplate::{Args, Call, FuncError, FuncMap, Limits, Map, Templates, Type, Value};

/// Separates the templates of one input, and the last of them from the value of `.S`.
const SEPARATOR: u8 = 0xff;

/// Whatever is written, rendering ends by then, on a busy machine and without optimisation, too.
const LONGEST: Duration = Duration::from_secs(120);

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
/// Where the engine does, or writes more than it may, or takes too long.
pub fn render(data: &[u8]) {
    let began = Instant::now();
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
    assert!(began.elapsed() < LONGEST, "took {:?}", began.elapsed());
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
