//! The platforms of one build: built at once, and what is said where some of them fail.

use super::*;

/// A daemon with the plan of an image that has one stage.
fn with_stage() -> Script {
    const TEXT: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit: [{to: /app}]\nshell: {install: make}\n";
    Script::planned(planned(TEXT))
}

const BOTH: &str = "platform=linux/arm64,linux/amd64";

/// Returns of each solve with a stage the processor that it is for, and `plan` for PLAN; sorted between one PLAN and the next.
fn solves(outcomes: &Outcomes) -> Vec<Vec<String>> {
    let mut rounds: Vec<Vec<String>> = Vec::new();
    for solve in &outcomes.solves {
        let definition = solve.definition.as_ref().expect("a graph");
        let operations = definition.def.iter();
        let operations = operations.map(|bytes| pb::Op::decode(bytes.as_slice()).unwrap());
        let mut operations = operations.filter(|op| {
            let op = op.op.as_ref();
            op.is_some_and(|op| is_sync(op, "run"))
        });
        match (
            operations.next().and_then(|op| op.platform),
            rounds.last_mut(),
        ) {
            (Some(platform), Some(round)) => round.push(platform.architecture),
            _ => rounds.push(Vec::new()),
        }
    }
    for round in &mut rounds {
        round.sort();
    }
    rounds
}

#[tokio::test]
async fn platforms_are_built_at_once_and_answered_in_their_order() {
    let script = Script {
        meeting: Some(("run", 2)),
        ..with_stage()
    };
    let outcomes = build(script, &[BOTH]).await;
    assert_eq!(outcomes.returned[0].error, None);
    assert_eq!(solves(&outcomes), [["amd64", "arm64"]]);
    let result = outcomes.returned[0].result.as_ref().expect("a result");
    let platforms = String::from_utf8(result.metadata["refs.platforms"].clone()).unwrap();
    let place = |name: &str| platforms.find(name).expect("a platform");
    assert!(place("linux/arm64") < place("linux/amd64"), "{platforms}");
}

#[tokio::test]
async fn of_several_that_fail_the_first_is_told_with_its_platform() {
    let script = Script {
        meeting: Some(("run", 2)),
        command: Some(("run", "it broke")),
        ..with_stage()
    };
    let outcomes = build(script, &[BOTH]).await;
    let message = &outcomes.error().message;
    assert!(
        message.starts_with("stage `install` of image `app` failed: it broke")
            && message
                .matches("note: this was the build for linux/")
                .count()
                == 1,
        "{message}"
    );
    // Nobody asks which platform it was where there is one.
    let script = Script {
        command: Some(("run", "it broke")),
        ..with_stage()
    };
    let outcomes = build(script, &[]).await;
    assert!(!outcomes.error().message.contains("this was"));
}

#[tokio::test]
async fn what_is_made_for_one_platform_stays_when_another_is_tried_again() {
    for lost_on in ["amd64", "arm64"] {
        let script = Script {
            lost_on: Some(lost_on),
            ..with_stage()
        };
        let outcomes = build(script, &[BOTH]).await;
        assert_eq!(outcomes.returned[0].error, None);
        let expected = [vec!["amd64", "arm64"], vec![lost_on]];
        assert_eq!(solves(&outcomes), expected);
    }
}
