//! Imports whose masks match nothing are seen by what is not there.

use super::*;

const NOTHING: &str = "ImportMatchesNothing: `includePaths` matches nothing in `/out` of image `made`: `dist`, `*.js`";

/// A daemon with the plan of an image that imports by masks, with `when` and the commands of `install`.
fn importing(when: &str) -> Script {
    let text = format!(
        "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit: [{{to: /app}}]\nshell: {{install: one}}\nimport: [{{image: made, add: /out, to: /in, {when}, includePaths: [dist, '*.js']}}]\n---\nimage: made\nfinal: false\nfrom: scratch\nshell: {{install: two}}\n"
    );
    Script::planned(planned(&text))
}

/// Returns what was warned of imports.
fn warnings(outcomes: &Outcomes) -> Vec<&str> {
    let warnings = outcomes.warnings.iter().map(String::as_str);
    warnings.filter(|it| it.starts_with("Import")).collect()
}

#[tokio::test]
async fn a_finished_image_without_the_files_is_warned_of() {
    let script = |names: &[&'static str]| Script {
        directories: BTreeMap::from([("/in", names.to_vec())]),
        ..importing("after: install")
    };
    let absent = build(importing("after: install"), &[]).await;
    assert_eq!(absent.returned[0].error, None);
    let expected = format!("{NOTHING} (werf.yaml:8)");
    assert_eq!(warnings(&absent), [expected.as_str()]);
    let empty = build(script(&[]), &[]).await;
    assert_eq!(warnings(&empty), [expected.as_str()]);
    // Whatever is there may have come by `*.js`.
    let other = build(script(&["other"]), &[]).await;
    assert!(warnings(&other).is_empty());
    // Commands that came after it have found what they need.
    let before = build(importing("before: install"), &[]).await;
    assert!(warnings(&before).is_empty());
    // What a registry has is not fetched for that.
    let imports = r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"r/cache"}}]"#;
    let cached = build(importing("after: install"), &[imports]).await;
    assert!(warnings(&cached).is_empty());
}

#[tokio::test]
async fn commands_that_fail_behind_it_are_told() {
    let failing = |when: &str| Script {
        exits: Some("run"),
        ..importing(when)
    };
    let outcomes = build(failing("before: install"), &[]).await;
    let message = &outcomes.error().message;
    let note = NOTHING.replace("ImportMatchesNothing: ", "\n  note: werf.yaml:8: ");
    assert!(message.ends_with(&note), "{message}");
    let outcomes = build(failing("after: install"), &[]).await;
    assert!(!outcomes.error().message.contains("includePaths"));
}
