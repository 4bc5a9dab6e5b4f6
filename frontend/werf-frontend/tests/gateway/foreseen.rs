//! The repositories that the configuration names are fetched for the first PLAN.

use super::*;

const CONFIG: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit: [{url: 'https://host/team/lib.git', tag: v1, to: /lib}]\n";

/// A daemon whose PLAN asks for a repository unless it is given one.
fn script(config: &'static str) -> Script {
    let usual = Script::default();
    Script {
        config,
        plan: Ok(needs_a_repository()),
        plan_with_remotes: usual.plan.clone().ok(),
        ..usual
    }
}

/// Returns of each PLAN how many repositories it was given.
fn plans(outcomes: &Outcomes) -> Vec<usize> {
    let given = |solve: &proto::SolveRequest| {
        let definition = solve.definition.as_ref().expect("a graph");
        let operations = definition.def.iter();
        let operations =
            operations.filter_map(|bytes| pb::Op::decode(bytes.as_slice()).unwrap().op);
        operations.filter(is_git).count()
    };
    outcomes.solves.iter().map(given).collect()
}

#[tokio::test]
async fn what_the_configuration_names_is_there_for_the_first_plan() {
    let outcomes = build(script(CONFIG), &[]).await;
    assert_eq!(plans(&outcomes), [1]);
    // Without that, PLAN says what it needs.
    let outcomes = build(script("{{ .Files.Get \"werf\" }}"), &[]).await;
    assert_eq!(plans(&outcomes), [0, 1]);
}

#[tokio::test]
async fn what_plan_asks_for_takes_the_place_of_what_was_foreseen() {
    let config = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit:\n- {url: 'https://host/a.git', tag: v1, to: /a}\n- {url: 'https://host/b.git', tag: v1, to: /b}\n";
    let script = Script {
        plan_with_remotes: None,
        ..script(config)
    };
    let outcomes = build(script, &[]).await;
    assert_eq!(plans(&outcomes), [2, 1]);
    let message = &outcomes.error().message;
    assert!(message.contains("which only a build fetches"), "{message}");
}

#[tokio::test]
async fn what_cannot_be_fetched_is_told_by_plan_alone() {
    let script = Script {
        fetch: Some("no such host"),
        ..script(CONFIG)
    };
    let outcomes = build(script, &[]).await;
    assert_eq!(plans(&outcomes), [1, 0, 1]);
    assert_eq!(
        outcomes.error().message,
        "werf.yaml:7: repository `https://host/team/lib.git` (tag v1): no such host"
    );
}
