use std::collections::BTreeMap;

use werf_plan::file::{Outcome, PlanFile};

use crate::git::fixture::Fixture;
use crate::helper::bake::{BakeOptions, bake_commit};
use crate::helper::plan::plan_commit;
use crate::helper::render::render_commit;

use super::*;

const TEXT: &str = "configVersion: 1\nproject: shop\n---\nimage: app\nfrom: busybox\ngit:\n- add: /src\n  to: /src\n  stageDependencies: {setup: \"**/*.c\"}\nshell:\n  setup: echo {{ .Files.Get \"conf\" }}\n---\nimage: web\ndockerfile: Dockerfile\n";

fn project() -> Fixture {
    Fixture::with(&[
        ("werf.yaml", TEXT),
        ("conf", "old"),
        ("src/a.c", "1"),
        ("Dockerfile", "FROM scratch\n"),
        (".gitignore", "*.o\n"),
    ])
}

fn request(fixture: &Fixture, is_dev: bool) -> PlanRequest {
    let dev = (DEV_ARGUMENT.to_owned(), "1".to_owned());
    PlanRequest {
        git_dir: fixture.git_dir(),
        client_files: ClientFiles::Checkout(fixture.path().to_owned()),
        build_args: BTreeMap::from_iter(is_dev.then_some(dev)),
        ..PlanRequest::default()
    }
}

fn planned(file: PlanFile) -> Plan {
    match file.outcome {
        Outcome::Plan(plan) => plan,
        other => panic!("{other:?}"),
    }
}

/// Changes of all kinds.
fn edit(fixture: &Fixture) {
    fixture.write("werf.yaml", TEXT.replace("setup: echo", "setup: echo new"));
    fixture.write("conf", "new");
    fixture.write("src/a.c", "2");
    fixture.write("src/new.c", "3");
    fixture.write("src/x.o", "ignored");
    fixture.write("Dockerfile", "FROM scratch\nCOPY . /\n");
}

/// Returns the plan without what tells that it is of development mode.
fn unmarked(mut plan: Plan) -> Plan {
    plan.commit.clear();
    for image in &mut plan.images {
        assert_eq!(
            image.service_labels.remove("werf.io/dev").as_deref(),
            Some("true")
        );
    }
    for image in &mut plan.dockerfiles {
        assert_eq!(
            image.service_labels.remove("werf.io/dev").as_deref(),
            Some("true")
        );
    }
    plan
}

#[test]
fn a_working_directory_and_the_commit_of_it_have_the_same_plan() {
    let fixture = project();
    let before = planned(plan_commit(&request(&fixture, false), None));
    edit(&fixture);
    assert_eq!(
        planned(plan_commit(&request(&fixture, false), None)),
        before
    );
    let dev = planned(plan_commit(&request(&fixture, true), None));
    let text = render_commit(&request(&fixture, true), &[])
        .result
        .expect("a text");
    assert!(text.contains("echo new new"), "{text}");
    fixture.commit();
    let mut committed = planned(plan_commit(&request(&fixture, false), None));
    assert_ne!(committed, before);
    committed.commit.clear();
    assert_eq!(unmarked(dev), committed);
}

#[test]
fn what_stages_take_is_in_store() {
    let fixture = project();
    edit(&fixture);
    fixture.write("src/large.c", vec![b'x'; 1 << 20]);
    let store = tempfile::tempdir().expect("a directory");
    let file = plan_commit(&request(&fixture, true), Some(store.path()));
    let dev = planned(file);
    fixture.commit();
    let other = tempfile::tempdir().expect("a directory");
    let committed = planned(plan_commit(&request(&fixture, false), Some(other.path())));
    let digests = |plan: &Plan| -> Vec<String> {
        let stages = plan.images.iter().flat_map(|image| &image.stages);
        stages.map(|stage| stage.digest.hex()).collect()
    };
    assert_eq!(digests(&dev), digests(&committed));
    let size = |store: &tempfile::TempDir| -> u64 {
        let mut pending = vec![store.path().to_owned()];
        let mut size = 0;
        while let Some(directory) = pending.pop() {
            for entry in std::fs::read_dir(directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    size += path.metadata().expect("metadata").len();
                }
            }
        }
        size
    };
    // The slots alone name the commit, which is another.
    assert!(
        size(&store).abs_diff(size(&other)) < 64,
        "{} {}",
        size(&store),
        size(&other)
    );
}

#[test]
fn a_bake_file_of_development_mode_is_one_for_it() {
    let fixture = project();
    edit(&fixture);
    let text = bake_commit(&request(&fixture, true), &BakeOptions::default()).result;
    let text = text.unwrap_or_else(|errors| panic!("{errors:?}"));
    let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(file["target"]["app"]["args"]["WERF_DEV"], "1");
    assert_eq!(file["target"]["web"]["args"]["WERF_DEV"], "1");
    assert!(file["variable"].is_null(), "{text}");
}

#[test]
fn without_a_working_directory_there_is_no_development_mode() {
    let fixture = project();
    let request = PlanRequest {
        client_files: ClientFiles::None("the build context is the repository `X`".to_owned()),
        ..request(&fixture, true)
    };
    let Outcome::Errors(errors) = plan_commit(&request, None).outcome else {
        panic!("it is planned");
    };
    assert_eq!(
        errors[0].message,
        "development mode builds the working directory, and there is none: the build context is the repository `X`"
    );
}

/// Copies files of the working directory with their times.
fn copy(fixture: &Fixture, paths: &[&str]) -> tempfile::TempDir {
    let to = tempfile::tempdir().expect("a directory");
    for path in paths {
        let file = to.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        std::fs::copy(fixture.path().join(path), &file).expect("copied");
        let time = std::fs::metadata(fixture.path().join(path)).and_then(|it| it.modified());
        let file = std::fs::File::options()
            .write(true)
            .open(&file)
            .expect("a file");
        file.set_modified(time.expect("a time")).expect("set");
    }
    to
}

#[test]
fn a_daemon_that_takes_contents_only_is_sent_all_but_what_is_ignored() {
    let fixture = project();
    edit(&fixture);
    let lists = copy(&fixture, &[".git/index", ".gitignore"]);
    let mut sent = SentWorkTree {
        first: lists.path().to_owned(),
        contents: None,
    };
    let of_client = |sent: &SentWorkTree| PlanRequest {
        client_files: ClientFiles::NotGiven,
        work_tree: Some(sent.clone()),
        ..request(&fixture, true)
    };
    let Outcome::NeedsFiles(wanted) = plan_commit(&of_client(&sent), None).outcome else {
        panic!("nothing is asked for");
    };
    assert_eq!(wanted.of, FilesOf::WorkTree);
    assert_eq!(
        (wanted.include, wanted.exclude),
        (vec![], vec!["**/*.o".to_owned()])
    );
    let all = [
        "werf.yaml",
        "conf",
        "src/a.c",
        "src/new.c",
        "Dockerfile",
        ".gitignore",
    ];
    let contents = copy(&fixture, &all);
    sent.contents = Some(contents.path().to_owned());
    let dev = planned(plan_commit(&of_client(&sent), None));
    fixture.commit();
    let mut committed = planned(plan_commit(&request(&fixture, false), None));
    committed.commit.clear();
    assert_eq!(unmarked(dev), committed);
}

#[test]
fn a_mistake_says_what_takes_the_place_of_the_commit() {
    let fixture = project();
    fixture.write(".gitignore", "conf\n*.o\n");
    fixture.git(&["rm", "--cached", "--quiet", "conf"]);
    let Outcome::Errors(errors) = plan_commit(&request(&fixture, true), None).outcome else {
        panic!("it is planned");
    };
    let said = errors[0].one_line();
    assert!(said.contains("file \"conf\" is not in commit"), "{said}");
    let note = "note: in development mode the working directory takes the place of the commit, without what is ignored";
    assert!(said.contains(note), "{said}");
}
