//! Runs the cases in `tests/cases`, whose answers are Go's own.

use gotemplate::{Map, Templates, Value};
use serde_json::Value as Json;

use crate::helpers::{Files, funcs, value};

/// Cases of `templates.json` that need functions of sprig or of the host.
const ELSEWHERE: &[&str] = &[
    "t051", "t071", "t075", "t079", "t095", "t124", "t128", "t134", "t141", "t154", "t156", "t158",
    "t160",
];

/// Cases of `templates.json` about functions that sprig puts in the place of builtin ones.
const REPLACED: &[&str] = &["t119"];

fn expected(case: &Json) -> Result<String, String> {
    let text = |json: &Json| json.as_str().map(str::to_owned);
    match text(&case["output"]) {
        Some(output) => Ok(output),
        None => Err(text(&case["error"]).unwrap()),
    }
}

/// Renders a case of `templates.json` as a host does that has files and a commit.
fn render(case: &Json, meta: &Json) -> Result<String, String> {
    let templates = Templates::new("werfConfig").with_funcs(funcs());
    for (name, text) in case
        .get("templates")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
    {
        templates
            .parse(name, text.as_str().unwrap())
            .map_err(|error| error.to_string())?;
    }
    let text = case["template"].as_str().unwrap();
    templates
        .parse("werfConfig", text)
        .map_err(|error| error.to_string())?;
    let files = case
        .get("files")
        .and_then(Json::as_object)
        .into_iter()
        .flatten();
    let files = files.map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()));
    let date = meta["commit"]["Date"].as_object().unwrap();
    let date = date
        .iter()
        .map(|(key, text)| (key.as_str(), text.as_str().unwrap()));
    let commit = Map::dict([
        (
            "Hash",
            Value::string(meta["commit"]["Hash"].as_str().unwrap()),
        ),
        ("Date", Value::from(Map::strings(date))),
    ]);
    let data = Map::dict([
        ("Files", Value::object(Files(files.collect()))),
        ("Env", Value::string("test")),
        ("Commit", Value::from(commit)),
    ]);
    for (key, item) in case
        .get("data")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
    {
        data.set(key.as_str(), value(item));
    }
    let rendered = templates.execute("werfConfig", Value::from(data));
    rendered
        .map(|rendered| rendered.text().into_owned())
        .map_err(|error| error.to_string())
}

fn report(
    case: &Json,
    expected: &Result<String, String>,
    actual: &Result<String, String>,
) -> String {
    format!(
        "{}\n  expected {expected:?}\n  actual   {actual:?}\n",
        case["template"]
    )
}

#[test]
fn werf_s_cases_render_or_fail_as_in_go() {
    let file: Json = serde_json::from_str(include_str!("../cases/templates.json")).unwrap();
    let (mut elsewhere, mut wrong) = (Vec::new(), String::new());
    for case in file["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if REPLACED.contains(&id) {
            continue;
        }
        let (expected, actual) = (expected(&case["expected"]), render(case, &file["meta"]));
        let missing = |error: &String| error.contains("function") && error.ends_with("not defined");
        if actual == expected {
        } else if actual.as_ref().is_err_and(missing) {
            elsewhere.push(id);
        } else {
            wrong += &report(case, &expected, &actual);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(elsewhere, ELSEWHERE);
}

#[test]
fn the_engine_s_cases_render_or_fail_as_in_go() {
    let file: Json = serde_json::from_str(include_str!("../cases/engine.json")).unwrap();
    let mut wrong = String::new();
    for case in file["cases"].as_array().unwrap() {
        let templates = Templates::new("main")
            .with_funcs(funcs())
            .with_range_over_int(false);
        templates
            .parse("t", "<{{.}}>{{with .}}{{.x}}{{end}}")
            .unwrap();
        let text = case["template"].as_str().unwrap();
        let actual = templates
            .parse("main", text)
            .and_then(|()| templates.execute("main", value(&file["data"])))
            .map(|rendered| rendered.text().into_owned())
            .map_err(|error| error.to_string());
        let expected = expected(case);
        if actual != expected {
            wrong += &report(case, &expected, &actual);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
