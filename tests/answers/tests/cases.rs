//! Recorded answers of Go: `tests/cases` of the project, each file told by its content.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;

fn agree(name: &str, least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases");
    let json = std::fs::read_to_string(path.join(name)).unwrap();
    let report = answers::run(&json).unwrap();
    let shown: Vec<String> = report
        .failed
        .iter()
        .map(|(id, text)| format!("{id}: {text}"))
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    assert!(report.passed >= least, "only {} cases", report.passed);
}

#[test]
fn templates_render_as_in_go() {
    agree("templates.json", 86);
}

#[test]
fn functions_answer_as_in_sprig() {
    agree("sprig.json", 80);
}

#[test]
fn functions_of_werf_answer_as_in_go() {
    agree("functions.json", 320);
}

#[test]
fn random_templates_render_as_in_go() {
    agree("sweep.json", 800);
}

#[test]
fn random_yaml_is_read_as_in_yaml_v2() {
    agree("yaml-sweep.json", 220);
}

#[test]
fn random_patterns_match_as_in_go() {
    agree("match-sweep.json", 300);
}

/// Functions of Go itself.
const BUILTINS: [&str; 20] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or",
    "print", "printf", "println", "slice", "urlquery", "break",
];

/// The words of a template that can be calls of functions: not fields, variables or texts.
fn words(template: &str) -> std::collections::HashSet<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = std::collections::HashSet::new();
    let mut rest = template;
    while let Some(start) = rest.find(is_part) {
        let before = rest[..start].chars().next_back();
        let word = rest[start..].split(|c| !is_part(c)).next().unwrap();
        if !matches!(before, Some('.' | '$' | '"')) {
            words.insert(word);
        }
        rest = &rest[start + word.len()..];
    }
    words
}

#[test]
fn every_function_has_three_answers_of_go() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = [
        "tests/cases/templates.json",
        "tests/cases/sprig.json",
        "tests/cases/functions.json",
        "tests/cases/sweep.json",
        "frontend/sprig/tests/cases/sprig-more.json",
    ];
    let mut counts = std::collections::HashMap::new();
    for file in files {
        let json = std::fs::read_to_string(root.join(file)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        for case in json["cases"].as_array().unwrap() {
            for word in words(case["template"].as_str().unwrap()) {
                *counts.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
    }
    let ours = answers::template::function_names();
    assert!(ours.len() > 200, "only {} functions", ours.len());
    let poor: Vec<String> = ours
        .iter()
        .map(String::as_str)
        .chain(BUILTINS)
        .filter(|name| counts.get(*name).copied().unwrap_or(0) < 3)
        .map(str::to_owned)
        .collect();
    assert!(poor.is_empty(), "fewer than three cases: {poor:?}");
}

#[test]
fn yaml_is_read_as_in_yaml_v2() {
    agree("yaml.json", 59);
}

#[test]
fn the_corners_of_the_dialect_are_those_of_yaml_v2() {
    agree("yaml-corners.json", 139);
}

#[test]
fn patterns_match_as_in_go() {
    agree("match.json", 100);
}
