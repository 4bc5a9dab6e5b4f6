use std::path::Path;

use stapel_sync::manifest::Manifest;
use stapel_sync::{Before, ObjectId, sync};

use crate::git::fixture::Fixture;
use crate::helper::contents::MANY_FILES;

use super::*;

const TEXT: &str = "configVersion: 1\nproject: shop\n---\nimage: app\nfrom: busybox\ngit:\n- add: /src\n  to: /src\nshell:\n  setup: make\n";

/// Returns a project of so many small files.
fn project(files: usize) -> Fixture {
    let fixture = Fixture::with(&[("werf.yaml", TEXT)]);
    for number in 0..files {
        fixture.write(&format!("src/{number}"), format!("content {number}\n"));
    }
    fixture.commit();
    fixture
}

fn plan(fixture: &Fixture, store: &Path, baselines: Vec<BaselineLayer>) -> (Plan, bool) {
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        may_put_off: true,
        baselines,
        ..PlanRequest::default()
    };
    let file = plan_commit(&request, Some(store));
    match file.outcome {
        Outcome::Plan(plan) => (plan, file.is_put_off),
        other => panic!("{other:?}"),
    }
}

/// Returns the contents that the last stage of a plan takes, and those of them that STORE lacks.
fn contents(plan: &Plan, store: &Path) -> (Vec<ObjectId>, Vec<ObjectId>) {
    let store = Store::open(store).expect("a store");
    let last = plan.images[0].stages.last().expect("a stage");
    let slot = store.read_slot(baseline::stage_digest(&last.digest));
    let slot = slot.expect("slots are written at once");
    let manifest = store
        .read_manifest(slot.manifest)
        .expect("so are manifests");
    let manifest = Manifest::decode(&manifest).expect("a manifest");
    let all: Vec<ObjectId> = manifest.blobs().collect();
    let missing = store.missing(&all).expect("indexes");
    (all, missing)
}

#[test]
fn few_files_are_written_at_once() {
    let fixture = project(MANY_FILES);
    let store = tempfile::tempdir().expect("a directory");
    let (plan, is_put_off) = plan(&fixture, store.path(), Vec::new());
    let (all, missing) = contents(&plan, store.path());
    assert_eq!(
        (all.len(), missing.len(), is_put_off),
        (MANY_FILES, 0, false)
    );
}

#[test]
fn of_many_files_those_are_written_that_differ_from_what_a_stage_holds() {
    let fixture = project(MANY_FILES + 1);
    // Another builder, where the stage was built.
    let other = tempfile::tempdir().expect("a directory");
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        ..PlanRequest::default()
    };
    let Outcome::Plan(built) = plan_commit(&request, Some(other.path())).outcome else {
        panic!("a plan");
    };
    let baseline = built.images[0].baseline().expect("a stage with sources");
    let layer = tempfile::tempdir().expect("a directory");
    let store = Store::open(other.path()).expect("a store");
    let stage = baseline::stage_digest(&baseline.digest);
    sync(&store, stage, layer.path(), Before::Nothing).expect("a layer");

    fixture.write("src/7", "changed\n");
    fixture.commit();
    let store = tempfile::tempdir().expect("a directory");
    let (first, is_put_off) = plan(&fixture, store.path(), Vec::new());
    let (all, missing) = contents(&first, store.path());
    assert_eq!((missing.len(), is_put_off), (all.len(), true));
    assert!(first.images[0].baseline_is_unknown);

    let layers = vec![BaselineLayer {
        stage: baseline.digest.clone(),
        root: layer.path().to_owned(),
    }];
    let (second, is_put_off) = plan(&fixture, store.path(), layers);
    let (all, missing) = contents(&second, store.path());
    assert_eq!((missing.len(), is_put_off), (all.len() - 1, true));
    assert!(!second.images[0].baseline_is_unknown);
}

#[test]
fn a_filler_that_is_wanted_writes_all() {
    let fixture = project(MANY_FILES + 1);
    let directory = tempfile::tempdir().expect("a directory");
    let store = directory.path();
    let (put_off, _) = plan(&fixture, store, Vec::new());
    let (tools, out) = (
        tempfile::tempdir().expect("a directory"),
        store.join("plan"),
    );
    let (stands_by, hear) = std::sync::mpsc::channel();
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        ..PlanRequest::default()
    };
    std::thread::scope(|scope| {
        let filling = scope.spawn(|| {
            let said = || stands_by.send(()).expect("somebody listens");
            run_when_wanted(&request, store, tools.path(), &out, said)
        });
        hear.recv().expect("it stands by");
        assert!(!contents(&put_off, store).1.is_empty());
        stapel_sync::store::Fillers::find(store)
            .expect("it stands by")
            .wait(Duration::from_secs(60));
        filling.join().expect("no panic").expect("filled");
    });
    assert!(contents(&put_off, store).1.is_empty());
}
