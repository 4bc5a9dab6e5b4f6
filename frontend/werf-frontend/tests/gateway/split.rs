//! STORE that has split: what a build does whose stage misses something, and what the builds after it know.

use super::*;

/// The slot that the context of the image in [`with_dockerfile`] is taken out of.
const SLOT: &str = "80f2149f27b2dc7dac0f6f672523ee85d47901116214bd9661a2c9523254fb6c";

/// Returns the ids of the cache mounts in a definition, each once.
fn mounts(definition: &pb::Definition) -> Vec<String> {
    let text = buildkit_llb::definition_text(definition);
    let ids = text.lines().filter_map(|line| line.split_once("= cache "));
    let ids = ids.map(|(_, rest)| rest.split([',', ' ']).next().unwrap().to_owned());
    let mut ids: Vec<String> = ids.collect();
    ids.dedup();
    ids
}

/// Returns the contexts that Dockerfiles were given.
fn contexts(outcomes: &Outcomes) -> Vec<&pb::Definition> {
    let solves = outcomes.solves.iter();
    let contexts = solves.filter_map(|solve| solve.frontend_inputs.get("context"));
    contexts.collect()
}

/// Returns the PLANs.
fn plans(outcomes: &Outcomes) -> Vec<&pb::Definition> {
    let definitions = outcomes
        .solves
        .iter()
        .filter_map(|it| it.definition.as_ref());
    let is_plan = |definition: &&pb::Definition| {
        buildkit_llb::definition_text(definition).contains("plan-in-build")
    };
    definitions.filter(is_plan).collect()
}

#[tokio::test]
async fn a_context_that_store_has_lost_is_planned_and_tried_once_more() {
    let lost = |lost_contexts| Script {
        lost_contexts,
        ..with_dockerfile()
    };
    let outcomes = build(lost(1), &[]).await;
    let contexts = contexts(&outcomes);
    assert_eq!((plans(&outcomes).len(), contexts.len()), (2, 2));
    assert_ne!(
        contexts[0].def, contexts[1].def,
        "the second has another key"
    );
    assert!(outcomes.returned[0].error.is_none());
    let ids = contexts.iter().flat_map(|it| mounts(it));
    assert_eq!(
        ids.collect::<Vec<_>>(),
        ["werf-store-v2", "werf-store-v2-1"]
    );
    let wanted = ["1 1".to_owned(), format!("2 1 {SLOT}=2")];
    assert_eq!(outcomes.notes, wanted, "for the next build");

    let outcomes = build(lost(5), &[]).await;
    let message = &outcomes.error().message;
    assert!(
        message.contains("exit code: 93") && message.contains("5 times"),
        "{message}"
    );
    assert!(message.ends_with(": build again"), "{message}");
    let wanted = ["1 1", "2 2"];
    assert_eq!(outcomes.notes, wanted, "from the third on it was alone");
}

#[tokio::test]
async fn a_build_that_fails_for_another_reason_tells_which_attempt_succeeded() {
    let script = Script {
        lost_contexts: 1,
        dockerfile: Some("no such stage"),
        ..with_dockerfile()
    };
    let outcomes = build(script, &[]).await;
    assert!(outcomes.error().message.contains("no such stage"));
    assert_eq!(outcomes.notes[1], format!("2 1 {SLOT}=2"));
}

#[tokio::test]
async fn a_build_begins_where_earlier_ones_have_gone() {
    const NOTE: &str = "1 3 80f2149f27b2dc7dac0f6f672523ee85d47901116214bd9661a2c9523254fb6c=2";
    // One that is long in coming is waited for beside a PLAN, which is not used then.
    for (takes, planned) in [(0, 1), (400, 2)] {
        let script = Script {
            note: NOTE,
            note_takes: Duration::from_millis(takes),
            ..with_dockerfile()
        };
        let outcomes = build(script, &[]).await;
        assert!(outcomes.returned[0].error.is_none());
        let plans = plans(&outcomes);
        assert_eq!(plans.len(), planned);
        assert_eq!(
            mounts(plans[planned - 1]),
            ["werf-store-v2-3", "werf-values-v1-3"]
        );
        let context = contexts(&outcomes)[0];
        assert_eq!(mounts(context), ["werf-store-v2-3"]);
        let text = buildkit_llb::definition_text(context);
        assert!(text.contains("WERF_ATTEMPT = \"2\""), "{text}");
        assert_eq!(outcomes.notes, [NOTE], "there is nothing to add");
    }
}
