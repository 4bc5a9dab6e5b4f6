//! Compares templates with recorded answers of Go (`tests/cases/templates.json`, `sprig.json`).

use std::collections::BTreeMap;
use std::sync::Arc;

use gotemplate::{Map, Value};
use serde::Deserialize;
use serde_json::Value as Json;
use werf_config::giterminism::Giterminism;
use werf_config::template::{CommitData, Engine, Inputs, MAIN, TextFiles};

#[derive(Deserialize)]
struct Case {
    id: String,
    template: String,
    #[serde(default)]
    templates: BTreeMap<String, String>,
    #[serde(default)]
    data: serde_json::Map<String, Json>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    output: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct CaseFile {
    cases: Vec<Case>,
}

/// Runs all cases of a file and returns how many there are and, by id, each disagreement.
///
/// # Errors
/// A file that is not one of cases.
pub fn run(json: &str) -> Result<(usize, Vec<(String, String)>), serde_json::Error> {
    let file: CaseFile = serde_json::from_str(json)?;
    let count = file.cases.len();
    let wrong = file.cases.into_iter().filter_map(check).collect();
    Ok((count, wrong))
}

/// Returns the names of all functions that are not Go's own.
pub fn function_names() -> Vec<String> {
    let inputs = Inputs {
        files: Arc::new(TextFiles(BTreeMap::new())),
        commit: CommitData::default(),
        variables: BTreeMap::new(),
        giterminism: Giterminism::default(),
    };
    Engine::new(&inputs)
        .functions()
        .map(str::to_owned)
        .collect()
}

fn check(case: Case) -> Option<(String, String)> {
    let expected = match (&case.expected.output, &case.expected.error) {
        (Some(output), _) => Ok(output.clone()),
        (None, error) => Err(error.clone().unwrap_or_default()),
    };
    let answer = render(&case);
    let explain = || {
        format!(
            "{:?}\n  ours: {answer:?}\n  Go:   {expected:?}",
            case.template
        )
    };
    (answer != expected).then(|| (case.id.clone(), explain()))
}

fn render(case: &Case) -> Result<String, String> {
    let mut variables = case.env.clone();
    variables.insert("WERF_ENV".to_owned(), "test".to_owned());
    let inputs = Inputs {
        files: Arc::new(TextFiles(case.files.clone())),
        commit: CommitData {
            hash: "73d8d4ac99352a6b05189cfcfa598ad6e0868197".to_owned(),
            human: "2023-11-14 22:13:20 +0000 UTC".to_owned(),
            unix: "1700000000".to_owned(),
        },
        variables,
        giterminism: Giterminism::default().loose(true),
    };
    let engine = Engine::new(&inputs);
    if let Some(map) = engine.data().as_map() {
        for (key, value) in &case.data {
            map.set(key.as_str(), value_of(value));
        }
    }
    let others = case
        .templates
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let texts = others.chain([(MAIN, case.template.as_str())]);
    engine
        .execute(texts)
        .map(|rendered| rendered.text().into_owned())
        .map_err(|error| error.to_string())
}

/// Integers are Go's `int`, other numbers `float64`.
fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or_else(
            || Value::float(number.as_f64().unwrap_or_default()),
            Value::int,
        ),
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(value_of).collect::<Vec<_>>()),
        Json::Object(entries) => Value::from(Map::dict(
            entries
                .iter()
                .map(|(key, value)| (key.as_str(), value_of(value))),
        )),
    }
}
