//! `WERF_EXPLAIN`: one note, and the build goes on whatever the image is.

use super::*;

const TEXT: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit: [{to: /app}]\nshell: {install: [one], setup: [two]}\n";

/// Builds for two platforms, and returns the note.
async fn note(image: String) -> String {
    let script = Script {
        image,
        ..Script::planned(planned(&TEXT.replace("two", "three")))
    };
    let options = [
        "build-arg:WERF_EXPLAIN=app:1",
        "platform=linux/amd64,linux/arm64",
    ];
    let outcomes = build(script, &options).await;
    assert_eq!(outcomes.returned[0].error, None);
    let notes = outcomes.warnings.iter();
    let notes: Vec<&String> = notes.filter(|it| it.starts_with("WERF_")).collect();
    let [note] = notes[..] else {
        panic!("{:?}", outcomes.warnings);
    };
    note.clone()
}

#[tokio::test]
async fn what_runs_again_is_said_once() {
    let labels = &planned(TEXT).images[0].service_labels;
    let config = serde_json::json!({ "config": { "Labels": labels } });
    assert_eq!(
        note(config.to_string()).await,
        "WERF_EXPLAIN: since `app:1` 2 steps run again, 2 found in the cache\n   app/setup: its commands are different (werf.yaml:7)\n   app/gitLatestPatch: because of setup before it"
    );
}

#[tokio::test]
async fn an_image_that_is_not_found_is_no_failure() {
    assert_eq!(
        note(String::new()).await,
        "WERF_EXPLAIN: nothing is compared with `app:1`: it is not found: no registry here"
    );
}
