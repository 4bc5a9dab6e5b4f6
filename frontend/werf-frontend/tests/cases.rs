//! Recorded answers of Go: `tests/cases` of the project, each file told by its content.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;

fn agree(name: &str, least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let json = std::fs::read_to_string(path.join(name)).unwrap();
    let report = werf_frontend::cases::run(&json).unwrap();
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
fn yaml_is_read_as_in_yaml_v2() {
    agree("yaml.json", 59);
}

#[test]
fn patterns_match_as_in_go() {
    agree("match.json", 100);
}
