//! Answers of yaml.v2, recorded in `tests/cases/yaml.json`.

use werf_frontend::config::yaml::cases;

#[test]
fn yaml_is_read_as_yaml_v2_reads_it() {
    let json = std::fs::read_to_string(crate::shared("cases/yaml.json")).unwrap();
    let (count, wrong) = cases::run(&json).unwrap();
    assert!(count >= 59, "only {count} cases");
    assert!(
        wrong.is_empty(),
        "{} of {count} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
