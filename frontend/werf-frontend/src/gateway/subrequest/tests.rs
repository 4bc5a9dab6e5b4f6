//! Answers to questions about real commits.

use serde_json::Value;

use super::{LINT, OUTLINE, TARGETS, answer};
use crate::gateway::answer::Answer;
use crate::git::fixture::Fixture;
use crate::helper::plan::{PlanRequest, plan_commit};

const TWO: &str = "image: app\nfrom: alpine:3\n---\nimage: tool\nfrom: alpine:3\n";

/// Asks `name` of a commit with this configuration; `head` comes before its first document.
fn ask(
    name: &str,
    head: &str,
    images: &str,
    target: Option<&str>,
    args: &[(&str, &str)],
) -> Answer {
    let config = format!("{head}project: p\nconfigVersion: 1\n---\n{images}");
    let fixture = Fixture::with(&[
        ("werf.yaml", config.as_str()),
        (
            "werf-giterminism.yaml",
            "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: [/.*/]}, secrets: {allowEnvVariables: [TOKEN], allowFiles: [~/.key]}, stapel: {mount: {allowFromPaths: [/**]}}}\n",
        ),
        ("Dockerfile", "FROM scratch\n"),
    ]);
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        build_args: args
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..PlanRequest::default()
    };
    answer(name, &plan_commit(&request, None), target)
        .unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn metadata(answer: &Answer, key: &str) -> String {
    String::from_utf8_lossy(&answer.metadata[key]).into_owned()
}

/// Returns the exit status and the text of a check.
fn check(head: &str, images: &str, target: Option<&str>) -> String {
    let answer = ask(LINT, head, images, target, &[]);
    format!(
        "{} {}",
        metadata(&answer, "result.statuscode"),
        metadata(&answer, "result.txt").trim_end()
    )
}

#[test]
fn a_check_says_what_a_build_would() {
    let clean = "0 Check complete, no mistakes or warnings found.";
    assert_eq!(check("", TWO, None), clean);
    assert_eq!(check("", TWO, Some("tool")), clean);
    insta::assert_snapshot!("check_target", check("", TWO, Some("tol")));
    let untagged = "image: app\nfrom: alpine\n";
    insta::assert_snapshot!("check_warning", check("", untagged, None));
    let skip = "# syntax=werf/frontend\n# check=skip=FromWithoutTag\n";
    assert_eq!(check(skip, untagged, None), clean);
    insta::assert_snapshot!(
        "check_mistake",
        check(skip, "image: app\nform: alpine\n", None)
    );
    // A check is no build, so nothing stops it.
    assert!(check("# check=error=true\n", untagged, None).starts_with("1 werf.yaml:"));
    insta::assert_snapshot!("check_option", check("# check=skip=\n", untagged, None));
}

#[test]
fn an_outline_lists_what_is_asked_of_the_client() {
    let images = "image: base\nfrom: alpine:3\nsecrets:\n- id: token\n  env: TOKEN\n- id: key\n  src: ~/.key\nmount:\n- {fromPath: /srv/cache, to: /cache}\nshell:\n  install: echo {{ env \"A\" }} {{ env \"B\" \"b\" }} {{ env \"A\" }}\n---\nimage: app\nfrom: base\nplatform: [linux/amd64, linux/arm64]\n---\nimage: docker\ndockerfile: Dockerfile\n";
    let args = [("A", "the value of A")];
    let of_app = ask(OUTLINE, "", images, Some("app"), &args);
    insta::assert_snapshot!("outline_text", metadata(&of_app, "result.txt"));
    let json: Value = serde_json::from_slice(&of_app.metadata["result.json"]).expect("JSON");
    let mut shown = json.clone();
    shown.as_object_mut().expect("an object").remove("sources");
    insta::assert_json_snapshot!("outline_json", shown);
    let sources = json["sources"].as_array().expect("a list").len();
    assert!(sources > 0);
    assert!(!json.to_string().contains("the value of A"));
    let of_docker = ask(OUTLINE, "", images, Some("docker"), &args);
    insta::assert_snapshot!("outline_dockerfile", metadata(&of_docker, "result.txt"));
    let without = ask(OUTLINE, "", images, Some("app"), &[]);
    insta::assert_snapshot!(
        "outline_without_arguments",
        metadata(&without, "result.txt")
    );
}

#[test]
fn targets_have_descriptions() {
    let of_two = ask(TARGETS, "", TWO, None, &[]);
    insta::assert_snapshot!("targets", metadata(&of_two, "result.txt"));
}
