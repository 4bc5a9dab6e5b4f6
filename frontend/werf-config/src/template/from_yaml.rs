//! `fromYaml`: yaml.v2 without strictness, so the last of equal keys wins.
//!
//! At the top keys are text; maps below are `map[interface {}]interface {}`, which many functions of sprig do not
//! take. So it is in werf.

use gotemplate::{FuncError, LimitError, List, Map, Str, Type, Value};
use yaml_v2::Parser;
use yaml_v2::Problem;
use yaml_v2::Value as Yaml;
use yaml_v2::read;
use yaml_v2::untyped::{self, Keys};
use yaml_v2::{Finder, SyntaxError};
use yaml_v2::{NodeKind, NodeRef};

/// What is asked before so many bytes are used.
pub type Charge<'a> = dyn FnMut(u64) -> Result<(), LimitError> + 'a;

/// Reads the first document of `text` as a map; `charge` is asked before memory is used.
///
/// # Errors
/// A text that is not YAML, or not a mapping, in yaml.v2's words, and what `charge` says.
pub fn read(text: &str, charge: &mut Charge<'_>) -> Result<Value, FuncError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = Parser::new(text, 0)
        .next_document()
        .map_err(|error| FuncError::new(syntax_error(&error)))?
        .unwrap_or_default();
    let Some(root) = tree.root().filter(|root| !read::is_null(*root)) else {
        return Ok(Value::from(Map::new()));
    };
    if !matches!(root.target().node().kind, NodeKind::Mapping(_)) {
        return Err(no_mapping(root).into());
    }
    let (value, problems) = untyped::read(root, Keys::Text);
    if let Some(error) = unmarshal_error(&problems, text) {
        return Err(error.into());
    }
    let Yaml::Map(entries) = value else {
        return Ok(Value::from(Map::new()));
    };
    let map = Map::new();
    charge(Map::memory(entries.len() as u64))?;
    for (key, value) in entries {
        if let Yaml::String(key) = key {
            map.set(key, convert(value, charge)?);
        }
    }
    Ok(Value::from(map))
}

fn syntax_error(error: &SyntaxError) -> String {
    let line = error
        .v2_line()
        .map_or_else(String::new, |line| format!("line {line}: "));
    let problem = match error.finder {
        // Ours says which character.
        Finder::Reader => error.problem.split(" (").next().unwrap_or_default(),
        _ => &error.problem,
    };
    // As it is spelled there.
    let problem = problem.replace("hexadecimal", "hexdecimal");
    format!("yaml: {line}{problem}")
}

/// What yaml.v2's `decoder.terror` says of a root that is a list or a scalar.
fn no_mapping(root: NodeRef<'_>) -> String {
    let node = root.target().node();
    let found = match &node.kind {
        NodeKind::Scalar { text, .. } => match read::scalar(root, "") {
            Ok(resolved) if matches!(&*resolved.tag, "!!map" | "!!seq") => resolved.tag + text,
            Ok(resolved) => format!("{} `{}`", resolved.tag, shortened(text)),
            Err(problem) => return fatal(&problem, ""),
        },
        _ => "!!seq".to_owned(),
    };
    format!(
        "yaml: unmarshal errors:\n  line {}: cannot unmarshal {found} into map[string]interface {{}}",
        node.line
    )
}

/// The first bytes of a long text, as Go cuts it.
fn shortened(text: &str) -> String {
    if text.len() <= 10 {
        return text.to_owned();
    }
    format!("{}...", String::from_utf8_lossy(&text.as_bytes()[..7]))
}

/// Joins all problems but equal keys, of which the last wins here; one that ends the reading stands alone.
fn unmarshal_error(problems: &[Problem], text: &str) -> Option<String> {
    let mut lines = String::new();
    for problem in problems {
        match (problem, problem.v2_line()) {
            (Problem::DuplicateKey { .. }, _) => {}
            (Problem::CollectionAsKey { is_map, .. }, Some(line)) => {
                let tag = if *is_map { "!!map" } else { "!!seq" };
                lines += &format!("\n  line {line}: cannot unmarshal {tag} into string");
            }
            (_, Some(line)) => lines += &format!("\n  line {line}: cannot unmarshal"),
            (problem, None) => return Some(fatal(problem, text)),
        }
    }
    (!lines.is_empty()).then(|| format!("yaml: unmarshal errors:{lines}"))
}

fn fatal(problem: &Problem, text: &str) -> String {
    let words = match problem {
        Problem::BadTag { message, .. } => message.clone(),
        Problem::Circular { name, .. } => format!("anchor '{name}' value contains itself"),
        Problem::ExcessiveAliasing { .. } => "document contains excessive aliasing".to_owned(),
        Problem::CollectionAsKey { at, .. } => {
            format!("invalid map key: {}", in_go(&text[at.start..at.end]))
        }
        _ => "map merge requires map or sequence of maps as the value".to_owned(),
    };
    format!("yaml: {words}")
}

/// Returns the value of a text of YAML as Go's `%#v` prints it.
fn in_go(text: &str) -> String {
    let tree = Parser::new(text, 0).next_document().ok().flatten();
    let value = tree
        .as_ref()
        .and_then(|tree| convert(untyped::read(tree.root()?, Keys::Any).0, &mut |_| Ok(())).ok());
    let printed = gotemplate::fmt::sprintf(b"%#v", &[value.unwrap_or_default()], 1 << 12);
    printed.map_or_else(|_| text.to_owned(), |text| text.to_text().into_owned())
}

/// Converts a value as werf reads it into one of templates.
///
/// # Errors
/// A key that no map of Go can have, and what `charge` says, which is asked before memory is used.
pub fn convert(value: Yaml, charge: &mut Charge<'_>) -> Result<Value, FuncError> {
    Ok(match value {
        Yaml::Null => Value::Nil,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Int(value) => Value::int(value),
        Yaml::Uint(value) => Value::Uint(gotemplate::UintKind::Uint64, value),
        Yaml::Float(value) => Value::float(value),
        Yaml::String(text) => {
            charge(Str::HEADER_BYTES + text.len() as u64)?;
            Value::string(text)
        }
        Yaml::Bytes(bytes) => Value::string(bytes),
        Yaml::List(items) => {
            charge(List::memory(items.len() as u64))?;
            let items = items.into_iter().map(|item| convert(item, charge));
            Value::from(List::new(items.collect::<Result<_, FuncError>>()?))
        }
        Yaml::Map(entries) => {
            charge(Map::memory(entries.len() as u64))?;
            let map = Map::of(Type::Any, Type::Any);
            for (key, value) in entries {
                map.insert(&convert(key, charge)?, convert(value, charge)?)?;
            }
            Value::from(map)
        }
    })
}
