//! Data and functions that the tests share.

use gotemplate::{
    Args, Call, Error, FloatKind, FuncError, FuncMap, IntKind, List, Map, Object, Signature,
    Templates, Type, UintKind, Value,
};
use serde_json::Value as Json;

/// Renders one template without data.
pub fn render(text: &str) -> Result<String, String> {
    render_with(text, Value::Absent)
}

/// Renders one template.
pub fn render_with(text: &str, data: Value) -> Result<String, String> {
    execute(&Templates::new("main").with_funcs(funcs()), text, data)
        .map_err(|error| error.to_string())
}

/// Adds a template to a set and renders it.
pub fn execute(templates: &Templates, text: &str, data: Value) -> Result<String, Error> {
    templates.parse("main", text)?;
    templates
        .execute("main", data)
        .map(|rendered| rendered.text().into_owned())
}

/// Returns what stands in a case file, with the Go types that `$` asks for.
pub fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::int(int),
            None => Value::float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        Json::Object(entries) => match entries.get("$").and_then(Json::as_str) {
            Some(kind) => typed(kind, entries.get("v").unwrap_or(&Json::Null)),
            None => {
                let entries = entries
                    .iter()
                    .map(|(key, item)| (key.as_str(), value(item)));
                Value::from(Map::dict(entries))
            }
        },
    }
}

fn typed(kind: &str, json: &Json) -> Value {
    let items = || json.as_array().unwrap().iter();
    let entries = || json.as_object().unwrap().iter();
    let int = || json.as_i64().unwrap();
    match kind {
        "strs" => Value::from(List::strings(items().map(|item| item.as_str().unwrap()))),
        "ints" => Value::from(List::ints(items().map(|item| item.as_i64().unwrap()))),
        "bytes" => Value::from(List::bytes(json.as_str().unwrap().as_bytes())),
        "int64" => Value::int64(int()),
        "uint8" => Value::uint8(int().try_into().unwrap()),
        "uint" => Value::Uint(UintKind::Uint, int().try_into().unwrap()),
        "f32" => Value::Float(FloatKind::Float32, f64::from(json.as_f64().unwrap() as f32)),
        "f64" => Value::float(json.as_f64().unwrap()),
        "strmap" => {
            let entries = entries().map(|(key, item)| (key.as_str(), item.as_str().unwrap()));
            Value::from(Map::strings(entries))
        }
        "anymap" => {
            let map = Map::of(Type::Any, Type::Any);
            for (key, item) in entries() {
                map.set(key.as_str(), value(item));
            }
            map.insert(&Value::int(1), Value::string("one")).unwrap();
            map.insert(&Value::Bool(true), Value::string("T")).unwrap();
            Value::from(map)
        }
        "intmap" => {
            let map = Map::of(Type::INT, Type::String);
            for (key, item) in [(3, "c"), (-1, "a"), (2, "b")] {
                map.insert(&Value::int(key), Value::string(item)).unwrap();
            }
            Value::from(map)
        }
        "nilmap" => Value::from(Map::nil(Type::String, Type::Any)),
        "nillist" => Value::from(List::nil(Type::Any)),
        _ => panic!("no type {kind}"),
    }
}

/// Functions of many signatures.
pub fn funcs() -> FuncMap {
    let mut funcs = FuncMap::new();
    funcs.add("include", [Type::String, Type::Any], |call, args| {
        Ok(Value::String(
            call.execute(&args.str(0).to_text(), args[1].clone())?,
        ))
    });
    funcs.add("tpl", [Type::String, Type::Any], |call, args| {
        Ok(Value::String(call.execute_text(
            "tpl",
            args.str(0),
            args[1].clone(),
        )?))
    });
    funcs.add("fail", [Type::String], |_, args| {
        Err(FuncError::new(args.str(0).to_text()))
    });
    funcs.add_variadic("boom", [Type::Any], |call, args| {
        let args = call.text(&Value::from(args.into_vec()))?;
        Err(FuncError::new(format!("boom {args}")))
    });
    funcs.add("panic", [], |_, _| panic!("out of luck"));
    for name in ["up", "upper"] {
        funcs.add(name, [Type::String], |_, args| {
            Ok(Value::string(args.str(0).to_text().to_uppercase()))
        });
    }
    funcs.add("trim", [Type::String], |_, args| {
        Ok(Value::string(args.str(0).trim_ascii()))
    });
    funcs.add("indent", [Type::INT, Type::String], |_, args| {
        let indent = " ".repeat(args.int(0).try_into().unwrap());
        let text = args.str(1).to_text().replace('\n', &format!("\n{indent}"));
        Ok(Value::string(indent + &text))
    });
    funcs.add("nindent", [Type::INT, Type::String], |_, args| {
        let indent = format!("\n{}", " ".repeat(args.int(0).try_into().unwrap()));
        Ok(Value::string(
            indent.clone() + &args.str(1).to_text().replace('\n', &indent),
        ))
    });
    funcs.add_variadic("list", [Type::Any], |_, args| {
        Ok(Value::from(args.into_vec()))
    });
    funcs.add_variadic("dict", [Type::Any], |call, args| {
        let map = Map::new();
        for pair in args.chunks(2) {
            let key = call.text(&pair[0])?;
            map.set(key, pair.get(1).cloned().unwrap_or(Value::string("")));
        }
        Ok(Value::from(map))
    });
    funcs.add("set", [Type::dict(), Type::String, Type::Any], |_, args| {
        args.map(0).insert(&args[1], args[2].clone())?;
        Ok(args[0].clone())
    });
    funcs.add("until", [Type::INT], |call, args| {
        call.charge_steps(args.int(0).try_into().unwrap())?;
        Ok(Value::from(List::ints(0..args.int(0))))
    });
    funcs.add("same", [Type::Any, Type::Any], |call, args| {
        Ok(Value::Bool(call.deep_equal(&args[0], &args[1])?))
    });
    funcs.add("down", [Type::INT], |_, args| {
        Ok(Value::int(args.int(0) - 1))
    });
    funcs.add("ident", [Type::Any], |_, args| Ok(args[0].clone()));
    funcs.add("i64", [Type::INT], |_, args| Ok(Value::int64(args.int(0))));
    funcs.add(
        "addi",
        [Type::INT64, Type::Int(IntKind::Int8)],
        |_, args| Ok(Value::int64(args.int(0).wrapping_add(args.int(1)))),
    );
    funcs.add("fl", [Type::FLOAT64], |_, args| Ok(args[0].clone()));
    funcs.add("un", [Type::Uint(UintKind::Uint)], |_, args| {
        Ok(args[0].clone())
    });
    funcs.add("bo", [Type::Bool], |_, args| Ok(Value::Bool(!args.bool(0))));
    funcs.add("strs", [Type::slice(Type::String)], |_, args| {
        Ok(Value::int(args.list(0).len() as i64))
    });
    funcs.add("nothing", [], |_, _| Ok(Value::Nil));
    funcs
}

/// The host's files, an object with methods.
pub struct Files(pub Vec<(String, String)>);

impl Object for Files {
    fn type_name(&self) -> std::borrow::Cow<'_, str> {
        "host.Files".into()
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Get" => Some(Signature::new([Type::String])),
            "Names" => Some(Signature::variadic([Type::String])),
            _ => None,
        }
    }

    fn call(&self, method: &str, _: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
        if method == "Names" {
            return Ok(Value::from(List::strings(
                self.0.iter().map(|(name, _)| name.as_str()),
            )));
        }
        let name = args.str(0).to_text();
        match self.0.iter().find(|(file, _)| *file == name) {
            Some((_, text)) => Ok(Value::string(text.as_str())),
            None => {
                let message = format!("{{{{ .Files.Get {name:?} }}}}: file {name:?} not found");
                Err(FuncError::new(message))
            }
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Count", Value::int(self.0.len() as i64)),
            ("Root", Value::string("/")),
        ]
    }
}
