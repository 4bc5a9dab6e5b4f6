//! The last stage as a patch beside the image, and every way in which it is left to a sync.

use super::*;

/// A daemon that can patch images, with the plan of one.
fn with_image(baseline_is_unknown: bool) -> Script {
    const TEXT: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit: [{to: /app}]\nshell: {setup: [one]}\n";
    let mut plan = planned(TEXT);
    plan.images[0].baseline_is_unknown = baseline_is_unknown;
    let usual = Script::planned(plan);
    Script {
        capabilities: [&usual.capabilities[..], &["mergeop", "diffop"]].concat(),
        seal: [b"WERFSEAL\x01\0\0\0", &[7; 32][..], &[1]].concat(),
        ..usual
    }
}

/// Returns of each solve the commands of the sync tool in it, PLAN, and whether there is a merge.
async fn solves(script: Script) -> Vec<String> {
    let outcomes = build(script, &[]).await;
    assert_eq!(outcomes.returned.len(), 1, "{}", outcomes.stderr);
    assert_eq!(outcomes.returned[0].error, None);
    let names = |solve: &proto::SolveRequest| {
        let definition = solve.definition.as_ref().expect("a graph");
        let mut names = Vec::new();
        for bytes in &definition.def {
            let op = pb::Op::decode(bytes.as_slice()).unwrap();
            match op.op {
                Some(pb::op::Op::Merge(_)) => names.push("merge".to_owned()),
                Some(pb::op::Op::Exec(exec)) => {
                    names.push(exec.meta.expect("arguments").args[1].clone());
                }
                _ => {}
            }
        }
        names.join(" ")
    };
    outcomes.solves.iter().map(names).collect()
}

const PLAN: &str = "plan-in-build";
const SEALED: &str = "sync run seal";
const LINKED: &str = "sync run seal check patch merge";
const SYNCED: &str = "sync run finish";

#[tokio::test]
async fn an_image_is_sealed_patched_and_merged() {
    assert_eq!(solves(with_image(false)).await, [PLAN, SEALED, LINKED]);
    let incapable = Script {
        capabilities: Script::default().capabilities,
        ..with_image(false)
    };
    assert_eq!(solves(incapable).await, [PLAN, SYNCED]);
    let classic = Script {
        label: "executor",
        ..with_image(false)
    };
    assert_eq!(solves(classic).await, [PLAN, SYNCED]);
}

#[tokio::test]
async fn whatever_fails_from_the_seal_on_is_left_to_a_sync() {
    let fails = |command| Script {
        command: Some((command, "exit code: 94")),
        ..with_image(false)
    };
    assert_eq!(solves(fails("seal")).await, [PLAN, SEALED, SYNCED]);
    for command in ["check", "patch"] {
        let solves = solves(fails(command)).await;
        assert_eq!(solves, [PLAN, SEALED, LINKED, SYNCED], "{command}");
    }
    let merge = Script {
        merge: Some("failed to compute cache key: no such snapshot"),
        ..with_image(false)
    };
    assert_eq!(solves(merge).await, [PLAN, SEALED, LINKED, SYNCED]);
    for seal in [
        &b""[..],
        b"something else that is as long as a seal's head",
        b"WERFSEAL\x01\0\0\0",
    ] {
        let script = Script {
            seal: seal.to_vec(),
            ..with_image(false)
        };
        assert_eq!(solves(script).await, [PLAN, SEALED, SYNCED]);
    }
    let serves_nobody = Script {
        seal: [b"WERFSEAL\x01\0\0\0", &[7; 32][..], &[0]].concat(),
        ..with_image(false)
    };
    assert_eq!(solves(serves_nobody).await, [PLAN, SEALED, SYNCED]);
}

#[tokio::test]
async fn a_stage_that_store_has_failed_below_plan_is_tried_under_another_key() {
    let script = Script {
        lost_on: Some("amd64"),
        ..with_image(true)
    };
    let sealed = format!("{SEALED} {PLAN}");
    let expected = [PLAN, &sealed, PLAN, &sealed, SEALED, LINKED];
    assert_eq!(solves(script).await, expected);
}

#[tokio::test]
async fn a_baseline_is_read_of_the_whole_layer_where_the_seal_cannot_be_taken() {
    let sealed = format!("{SEALED} {PLAN}");
    let expected = [PLAN, &sealed, SEALED, LINKED];
    assert_eq!(solves(with_image(true)).await, expected);
    let fails = Script {
        command: Some(("seal", "exit code: 94")),
        ..with_image(true)
    };
    let whole = format!("sync run {PLAN}");
    let expected = [PLAN, &sealed, &whole, SEALED, SYNCED];
    assert_eq!(solves(fails).await, expected);
}
