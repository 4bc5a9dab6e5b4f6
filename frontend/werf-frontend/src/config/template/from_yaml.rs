//! `fromYaml` (spec 2.3): yaml.v2 without strictness, so the last of equal keys wins.
//!
//! At the top keys are text; maps below are `map[interface {}]interface {}`, which many functions of sprig do not
//! take. So it is in werf.

use gotemplate::{List, Map, Type, Value};

use crate::config::source::{SourceText, Span};
use crate::config::yaml::advice;
use crate::config::yaml::node::NodeKind;
use crate::config::yaml::parser::Parser;
use crate::config::yaml::problem::Problem;
use crate::config::yaml::read;
use crate::config::yaml::untyped::{self, Keys};
use crate::config::yaml::value::Value as Yaml;

/// Reads the first document of `text` as a map.
///
/// # Errors
/// A text that is not YAML, or not a mapping.
pub fn read(text: &str) -> Result<Value, String> {
    let source = SourceText::new("the text", text).map_err(|error| error.message)?;
    let text = source.text();
    let say = |diagnostic: crate::error::Diagnostic| match diagnostic.at {
        Some(at) => format!("yaml: line {}: {}", at.start.line, diagnostic.message),
        None => format!("yaml: {}", diagnostic.message),
    };
    let tree = Parser::new(text, 0)
        .next_document()
        .map_err(|error| {
            say(advice::diagnostic(
                &error,
                &source,
                Span::new(0, text.len()),
            ))
        })?
        .unwrap_or_default();
    let Some(root) = tree.root().filter(|root| !read::is_null(*root)) else {
        return Ok(Value::from(Map::new()));
    };
    if !matches!(root.target().node().kind, NodeKind::Mapping(_)) {
        let what = if read::is_list(root) {
            "a list"
        } else {
            "a single value"
        };
        return Err(format!("yaml: {what} is not a mapping"));
    }
    let (value, problems) = untyped::read(root, Keys::Text);
    let problem = problems
        .iter()
        .find(|problem| !matches!(problem, Problem::DuplicateKey { .. }));
    if let Some(problem) = problem {
        return Err(say(problem.diagnostic(&source, None)));
    }
    let Yaml::Map(entries) = value else {
        return Ok(Value::from(Map::new()));
    };
    let map = Map::new();
    for (key, value) in entries {
        if let Yaml::String(key) = key {
            map.set(key, convert(value)?);
        }
    }
    Ok(Value::from(map))
}

fn convert(value: Yaml) -> Result<Value, String> {
    Ok(match value {
        Yaml::Null => Value::Nil,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Int(value) => Value::int(value),
        Yaml::Uint(value) => Value::Uint(gotemplate::UintKind::Uint64, value),
        Yaml::Float(value) => Value::float(value),
        Yaml::String(text) => Value::string(text),
        Yaml::Bytes(bytes) => Value::string(bytes),
        Yaml::List(items) => {
            let items: Result<Vec<Value>, String> = items.into_iter().map(convert).collect();
            Value::from(List::new(items?))
        }
        Yaml::Map(entries) => {
            let map = Map::of(Type::Any, Type::Any);
            for (key, value) in entries {
                map.insert(&convert(key)?, convert(value)?)
                    .map_err(|error| error.to_string())?;
            }
            Value::from(map)
        }
    })
}
