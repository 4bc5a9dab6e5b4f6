//! Templates and matches with Go's answers.

use gotemplate::{Map, Templates, Value};
use serde_json::Value as Json;

fn cases(text: &str) -> Vec<Json> {
    let mut file: Json = serde_json::from_str(text).expect("case files are JSON");
    serde_json::from_value(file["cases"].take()).expect("a case file has cases")
}

/// Renders a template with all functions.
fn render(text: &str) -> Result<String, String> {
    let templates = Templates::new("werfConfig").with_funcs(sprig::functions());
    templates
        .parse("werfConfig", text)
        .map_err(|error| error.to_string())?;
    let rendered = templates.execute("werfConfig", Value::from(Map::new()));
    let rendered = rendered.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(rendered.bytes()).into_owned())
}

fn check(text: &str) {
    let cases = cases(text);
    let mut wrong = Vec::new();
    for case in &cases {
        let expected = match &case["expected"] {
            expected if expected["error"].is_string() => Err(expected["error"].as_str()),
            expected => Ok(expected["output"].as_str()),
        };
        let template = case["template"].as_str().expect("a case has a template");
        let got = render(template);
        let got_text = got
            .as_ref()
            .map(|text| Some(text.as_str()))
            .map_err(|text| Some(text.as_str()));
        if got_text != expected {
            wrong.push(format!(
                "{template}\n  Go:  {expected:?}\n  got: {got_text:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn functions_answer_as_in_go() {
    check(include_str!("cases/sprig.json"));
}

#[test]
fn patterns_and_constraints_match_as_in_go() {
    let mut wrong = Vec::new();
    for case in cases(include_str!("cases/match.json")) {
        let [kind, pattern, text, replacement, expected] =
            ["kind", "p", "s", "r", "out"].map(|key| case[key].as_str().unwrap().to_owned());
        // Globs are not sprig's.
        if kind == "glob" {
            continue;
        }
        let got = outcome(&kind, &pattern, &text, &replacement);
        if got != expected {
            wrong.push(format!(
                "{kind} {pattern:?} {text:?}: Go {expected:?}, got {got:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn outcome(kind: &str, pattern: &str, text: &str, replacement: &str) -> String {
    if kind == "semver" {
        let Ok(constraints) = sprig::semver::Constraints::parse(pattern) else {
            return "ERR".to_owned();
        };
        let Ok(version) = sprig::semver::Version::parse(text) else {
            return "ERRV".to_owned();
        };
        return constraints.check(&version).to_string();
    }
    let Ok(regexp) = goregexp::Regexp::new(pattern.as_bytes()) else {
        return "ERR".to_owned();
    };
    let list = |parts: Vec<&[u8]>| {
        let parts: Vec<_> = parts.into_iter().map(String::from_utf8_lossy).collect();
        serde_json::to_string(&parts).expect("strings are JSON")
    };
    match kind {
        "match" => regexp.is_match(text.as_bytes()).to_string(),
        "findall" => list(regexp.find_all(text.as_bytes(), -1)),
        "split" => list(regexp.split(text.as_bytes(), -1)),
        _ => {
            let replaced = regexp.replace_all(text.as_bytes(), replacement.as_bytes(), u64::MAX);
            String::from_utf8(replaced.expect("the result is small")).expect("the text is UTF-8")
        }
    }
}

#[test]
fn functions_answer_as_in_go_in_more_cases() {
    check(include_str!("cases/sprig-more.json"));
}
