//! Compares this reader with recorded answers of yaml.v2 (`tests/cases/yaml.json`).
//!
//! A case has a kind: `any` is an untyped document, `docs` a stream of them, `img` a structure with
//! fields of every type that a `werf.yaml` has. Values are written as
//! `i:int f:float b:bool s:"string" null [..] {key=value}`.

use std::collections::BTreeMap;

use diagnostic::Spanned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yaml_v2::Parser;
use yaml_v2::SyntaxError;
use yaml_v2::Value;
use yaml_v2::read;
use yaml_v2::untyped::{self, Keys};
use yaml_v2::{Mismatch, Problem};
use yaml_v2::{NodeRef, Tree};

/// One text and what yaml.v2 says of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// `any`, `docs` or `img`.
    pub kind: String,
    /// What it is about.
    pub name: String,
    /// The text.
    pub yaml: String,
    /// The answer of yaml.v2 2.4.0.
    pub v2: String,
}

#[derive(Deserialize)]
struct CaseFile {
    cases: Vec<Case>,
}

/// Runs all cases of a file and returns how many there are and a description of each disagreement.
///
/// # Errors
/// A file that is not one of cases.
pub fn run(json: &str) -> Result<(usize, Vec<String>), serde_json::Error> {
    let file: CaseFile = serde_json::from_str(json)?;
    let inner = inner_fields(&file.cases);
    let wrong = file
        .cases
        .iter()
        .filter_map(|case| check(case, &inner))
        .collect();
    Ok((file.cases.len(), wrong))
}

/// The fields of the structure inside `img`, by name, with a value of their type.
type InnerFields = BTreeMap<String, serde_json::Value>;

/// Learns the fields of the inner structure, which the cases do not describe, from the answers.
fn inner_fields(cases: &[Case]) -> InnerFields {
    let mut fields = InnerFields::new();
    let answers = cases
        .iter()
        .filter_map(|case| serde_json::from_str::<serde_json::Value>(&case.v2).ok());
    for answer in answers {
        let many = answer["subs"].as_array().cloned().unwrap_or_default();
        for inner in many.into_iter().chain([answer["sub"].clone()]) {
            fields.extend(inner.as_object().cloned().unwrap_or_default());
        }
    }
    fields
}

/// Returns what is wrong with our answer, if anything.
fn check(case: &Case, inner: &InnerFields) -> Option<String> {
    let ours = answer(&case.kind, &case.yaml, inner);
    let split = |answer| match case.kind.as_str() {
        "docs" => str::split(answer, " | ").map(comparable).collect(),
        _ => vec![comparable(answer)],
    };
    let agree = split(&ours) == split(&case.v2);
    (!agree).then(|| {
        format!(
            "{} ({}): {:?}\n  ours: {ours}\n  v2:   {}",
            case.name, case.kind, case.yaml, case.v2
        )
    })
}

/// Returns our answer in the words of the cases.
pub fn answer(kind: &str, yaml: &str, inner: &InnerFields) -> String {
    let yaml = yaml.strip_prefix('\u{feff}').unwrap_or(yaml);
    let mut parser = Parser::new(yaml, 0);
    match kind {
        "docs" => stream(&mut parser),
        "img" => finish(
            parser
                .next_document()
                .map(|tree| image(&tree.unwrap_or_default(), inner)),
        ),
        _ => finish(
            parser
                .next_document()
                .map(|tree| any(&tree.unwrap_or_default())),
        ),
    }
}

/// Returns what must be equal: of errors only the lines, for the words are for people, and ours are
/// others.
fn comparable(answer: &str) -> String {
    if let Some(error) = answer.strip_prefix("ERR ") {
        let words: Vec<&str> = error.split_whitespace().collect();
        let lines = words.windows(2).filter(|pair| pair[0] == "line");
        let mut lines: Vec<&str> = lines.filter_map(|pair| pair[1].strip_suffix(':')).collect();
        lines.sort_unstable();
        return format!("ERR {}", lines.join(" "));
    }
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(answer) {
        return value.to_string();
    }
    // Go's JSON escapes some characters that serde_json does not.
    let escaped = [
        ("\\u003c", "<"),
        ("\\u003e", ">"),
        ("\\u0026", "&"),
        ("\\u2028", "\u{2028}"),
        ("\\u2029", "\u{2029}"),
    ];
    escaped
        .iter()
        .fold(answer.to_owned(), |text, (code, character)| {
            text.replace(code, character)
        })
}

fn stream(parser: &mut Parser<'_>) -> String {
    let mut answers = Vec::new();
    loop {
        match parser.next_document() {
            Ok(None) => break,
            Ok(Some(tree)) => match any(&tree) {
                Ok(value) => answers.push(value),
                Err(problems) => {
                    answers.push(errors(&problems));
                    break;
                }
            },
            Err(error) => {
                answers.push(syntax_error(&error));
                break;
            }
        }
    }
    answers.join(" | ")
}

fn finish(answer: Result<Result<String, Vec<Problem>>, SyntaxError>) -> String {
    match answer {
        Ok(Ok(value)) => value,
        Ok(Err(problems)) => errors(&problems),
        Err(error) => syntax_error(&error),
    }
}

fn syntax_error(error: &SyntaxError) -> String {
    let line = error
        .v2_line()
        .map_or_else(String::new, |line| format!("line {line}: "));
    format!("ERR yaml: {line}{}", error.problem)
}

fn errors(problems: &[Problem]) -> String {
    // What yaml.v2 has no line for ends its reading at once.
    if let Some(fatal) = problems.iter().find(|problem| problem.v2_line().is_none()) {
        return format!("ERR yaml: {fatal:?}");
    }
    let lines = problems
        .iter()
        .filter_map(Problem::v2_line)
        .map(|line| format!("\n  line {line}: no"));
    format!("ERR yaml: unmarshal errors:{}", lines.collect::<String>())
}

fn any(tree: &Tree) -> Result<String, Vec<Problem>> {
    let Some(root) = tree.root() else {
        return Ok("null".to_owned());
    };
    let (value, problems) = untyped::read(root, Keys::Any);
    if problems.is_empty() {
        Ok(show(&value))
    } else {
        Err(problems)
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("b:{value}"),
        Value::Int(value) => format!("i:{value}"),
        Value::Uint(value) => format!("i:{value}"),
        Value::Float(value) => format!("f:{}", show_float(*value)),
        Value::String(text) => format!("s:{}", json!(text)),
        Value::Bytes(bytes) => format!("s:{}", json!(String::from_utf8_lossy(bytes))),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(show).collect::<Vec<_>>().join(", ")
        ),
        Value::Map(pairs) => {
            let mut pairs: Vec<String> = pairs
                .iter()
                .map(|(key, value)| format!("{}={}", show(key), show(value)))
                .collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// Writes a number as Go's `%v` does.
fn show_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..=20 if value == 0.0 || (1e-4..1e6).contains(&value.abs()) => value.to_string(),
        exponent => format!(
            "{mantissa}e{}{:02}",
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        ),
    }
}

/// Reads the structure of the `img` cases.
fn image(tree: &Tree, inner: &InnerFields) -> Result<String, Vec<Problem>> {
    let fields = json!({
        "image": "", "from": "", "latest": false, "mode": 0,
        "env": null, "args": null, "sub": null, "subs": null, "sol": null,
    });
    let mut image = Image {
        problems: Vec::new(),
        fields,
        inner,
    };
    if let Some(root) = tree.root() {
        for field in read::fields(root, &mut image.problems) {
            image.field(&field);
        }
    }
    if image.problems.is_empty() {
        Ok(image.fields.to_string())
    } else {
        Err(image.problems)
    }
}

struct Image<'a> {
    problems: Vec<Problem>,
    fields: serde_json::Value,
    inner: &'a InnerFields,
}

impl Image<'_> {
    fn field(&mut self, field: &read::Field<'_>) {
        let (name, value) = (field.key.value.as_str(), field.value);
        // Any other word for null makes Go ask the structure itself.
        let is_asked =
            matches!(name, "sol" | "sub") && matches!(read::written(value), "Null" | "NULL");
        let is_null = read::is_null(value) && !is_asked;
        let read = match name {
            "image" | "from" => self.scalar(read::text(value), String::new()),
            "latest" => self.scalar(read::boolean(value), false),
            "mode" => self.scalar(read::integer(value), 0),
            "args" | "env" | "sub" | "subs" | "sol" if is_null => json!(null),
            "args" => self.texts(value),
            "env" => self.env(value),
            "sub" => self.inner(value),
            "subs" => {
                let items = read::items(value, "a list", &mut self.problems);
                items.into_iter().map(|item| self.inner(item)).collect()
            }
            "sol" => match read::text(value) {
                Ok(text) => json!([text.map_or_else(String::new, |text| text.value)]),
                Err(_) => self.texts(value),
            },
            _ => return self.unknown(field),
        };
        self.fields[name] = read;
    }

    fn scalar<T: Serialize>(
        &mut self,
        read: Result<Option<Spanned<T>>, Problem>,
        zero: T,
    ) -> serde_json::Value {
        match read {
            Ok(value) => json!(value.map_or(zero, |value| value.value)),
            Err(problem) => {
                self.problems.push(problem);
                json!(null)
            }
        }
    }

    fn texts(&mut self, node: NodeRef<'_>) -> serde_json::Value {
        read::texts(node, &mut self.problems)
            .into_iter()
            .map(|text| text.value)
            .collect()
    }

    fn env(&mut self, node: NodeRef<'_>) -> serde_json::Value {
        let mut env = serde_json::Map::new();
        for field in read::entries(node, &mut self.problems) {
            let value = self.scalar(read::text(field.value), String::new());
            env.insert(field.key.value, value);
        }
        env.into()
    }

    fn inner(&mut self, node: NodeRef<'_>) -> serde_json::Value {
        let mut fields: serde_json::Map<_, _> = self
            .inner
            .iter()
            .map(|(name, value)| (name.clone(), zero(value)))
            .collect();
        for field in read::fields(node, &mut self.problems) {
            let read = match self.inner.get(&field.key.value) {
                Some(serde_json::Value::String(_)) => {
                    self.scalar(read::text(field.value), String::new())
                }
                Some(serde_json::Value::Number(_)) => self.scalar(read::integer(field.value), 0),
                Some(serde_json::Value::Bool(_)) => self.scalar(read::boolean(field.value), false),
                Some(serde_json::Value::Array(_)) => self.texts(field.value),
                Some(serde_json::Value::Object(_)) => self.env(field.value),
                Some(serde_json::Value::Null) => json!(null),
                None => {
                    self.unknown(&field);
                    continue;
                }
            };
            fields.insert(field.key.value, read);
        }
        fields.into()
    }

    fn unknown(&mut self, field: &read::Field<'_>) {
        let (wanted, found) = ("a known key", field.key.value.clone());
        let (at, line) = (field.key.span, field.line);
        self.problems.push(Problem::Mismatch(Mismatch {
            wanted,
            found,
            hint: None,
            at,
            line,
        }));
    }
}

/// Returns Go's zero value of the type that `value` has.
fn zero(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(_) => json!(""),
        serde_json::Value::Number(_) => json!(0),
        serde_json::Value::Bool(_) => json!(false),
        _ => json!(null),
    }
}
