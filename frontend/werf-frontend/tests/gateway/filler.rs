//! A filler stands by where PLAN has put off to fill STORE.

use super::*;

const IMPORTS: &str = r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"r/cache"}}]"#;

/// A daemon whose PLAN puts off to fill STORE; `said` is what a filler says, if there are containers.
fn script(said: Option<&'static str>) -> Script {
    let usual = Script::planned(planned(
        "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit: [{add: /, to: /app}]\n",
    ));
    let mut file = PlanFile::from_json(&usual.plan.clone().unwrap()).unwrap();
    file.is_put_off = true;
    Script {
        plan: Ok(file.to_json()),
        capabilities: [&usual.capabilities[..], &["gateway.exec"]].concat(),
        said,
        ..usual
    }
}

/// Returns of each PLAN whether it may put something off.
fn plans(outcomes: &Outcomes) -> Vec<bool> {
    let definitions = outcomes.solves.iter().flat_map(|it| &it.definition);
    let operations = definitions.flat_map(|it| &it.def);
    let execs = operations.filter_map(|bytes| match pb::Op::decode(bytes.as_slice()).unwrap().op {
        Some(pb::op::Op::Exec(exec)) => exec.meta,
        _ => None,
    });
    let plans = execs.filter(|meta| meta.args[1] == plan_in_build::COMMAND);
    plans
        .map(|meta| is_given(&meta.args, plan_in_build::PUT_OFF))
        .collect()
}

fn is_given(arguments: &[String], flag: &str) -> bool {
    arguments.contains(&format!("--{flag}"))
}

#[tokio::test]
async fn it_has_what_plan_has_and_ends_with_the_build() {
    let outcomes = build(script(Some(plan_in_build::STANDS_BY)), &[IMPORTS]).await;
    assert!(
        outcomes.returned[0].error.is_none(),
        "{:?}",
        outcomes.returned
    );
    assert_eq!(plans(&outcomes), [true]);
    let [filler] = &outcomes.containers[..] else {
        panic!("one container");
    };
    assert!(filler.is_released);
    assert!(is_given(&filler.arguments, plan_in_build::WHEN_WANTED));
    assert!(!is_given(&filler.arguments, plan_in_build::PUT_OFF));
    let shown = filler.made.mounts.iter().map(|mount| {
        let id = mount.cache_opt.as_ref().map_or("", |cache| &cache.id);
        let writable = if mount.readonly { "" } else { " writable" };
        format!("{}{writable} {id}\n", mount.dest)
    });
    insta::assert_snapshot!(shown.collect::<String>(), @r"
    / writable 
    /context 
    /config 
    /store writable werf-store-v2
    /values writable werf-values-v1
    /out writable 
    ");
}

#[tokio::test]
async fn where_none_can_stand_by_plan_fills_store() {
    for said in [None, Some("it fails")] {
        let outcomes = build(script(said), &[IMPORTS]).await;
        assert!(
            outcomes.returned[0].error.is_none(),
            "{:?}",
            outcomes.returned
        );
        assert_eq!(plans(&outcomes), [true, false], "{said:?}");
    }
}

#[tokio::test]
async fn nothing_is_put_off_where_stages_will_run() {
    for options in [
        &[][..],
        &[IMPORTS, "no-cache="],
        &[IMPORTS, "build-arg:WERF_DEV=1"],
    ] {
        let outcomes = build(script(Some(plan_in_build::STANDS_BY)), options).await;
        assert!(plans(&outcomes).iter().all(|it| !it), "{options:?}");
    }
}
