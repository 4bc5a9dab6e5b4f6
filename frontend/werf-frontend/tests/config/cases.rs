//! Answers of yaml.v2: `tests/cases/yaml.json`, and more of them here.

use std::path::Path;

use werf_frontend::config::yaml::cases;

fn agree(path: &Path, least: usize) {
    let json = std::fs::read_to_string(path).unwrap();
    let (count, wrong) = cases::run(&json).unwrap();
    assert!(count >= least, "only {count} cases");
    assert!(
        wrong.is_empty(),
        "{} of {count} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn yaml_is_read_as_yaml_v2_reads_it() {
    agree(&crate::shared("cases/yaml.json"), 59);
}

#[test]
fn the_corners_of_the_dialect_are_those_of_yaml_v2() {
    agree(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/yaml-v2.json"),
        139,
    );
}
