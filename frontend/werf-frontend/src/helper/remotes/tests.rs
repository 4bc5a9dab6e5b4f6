use std::collections::BTreeMap;

use werf_plan::file::{Outcome, Plan, PlanFile};
use werf_plan::stage::StageKind;

use crate::git::fixture::Fixture;
use crate::helper::locate::ConfigQuery;
use crate::helper::plan::{PlanRequest, plan_commit};

use super::*;

const URL: &str = "https://git.example.org/team/lib.git";

fn project(git: &str) -> Fixture {
    Fixture::with(&[("werf.yaml", &config(git)), ("own", "own")])
}

fn config(git: &str) -> String {
    format!(
        "configVersion: 1\nproject: p\n---\nimage: app\nfrom: scratch\ngit:\n{git}shell:\n  install: make\n  setup: x\n"
    )
}

fn plan(fixture: &Fixture, given: &[(&Fixture, &str, &str)]) -> PlanFile {
    plan_with(fixture, given, &[], None)
}

fn plan_with(
    fixture: &Fixture,
    given: &[(&Fixture, &str, &str)],
    build_args: &[(&str, &str)],
    store: Option<&std::path::Path>,
) -> PlanFile {
    let remotes = given.iter().map(|(remote, reference, url)| GivenRemote {
        git_dir: remote.git_dir(),
        reference: (*reference).to_owned(),
        url: (*url).to_owned(),
    });
    let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    let request = PlanRequest {
        target: None,
        git_dir: fixture.git_dir(),
        named_git: None,
        config: ConfigQuery::default(),
        build_args: build_args.iter().map(pair).collect::<BTreeMap<_, _>>(),
        remotes: remotes.collect(),
        values: None,
        baselines: Vec::new(),
        ..PlanRequest::default()
    };
    plan_commit(&request, store)
}

fn planned(file: &PlanFile) -> &Plan {
    match &file.outcome {
        Outcome::Plan(plan) => plan,
        Outcome::Errors(_) => panic!("{}", errors(file)),
        other => panic!("{other:?}"),
    }
}

fn errors(file: &PlanFile) -> String {
    let errors = match &file.outcome {
        Outcome::Errors(errors) => errors.clone(),
        Outcome::NeedsRemotes(remotes) => werf_plan::remote::missing(remotes),
        other => panic!("{other:?}"),
    };
    let shown: Vec<String> = errors.iter().map(|error| file.render(error)).collect();
    shown.join("\n")
}

fn asked(file: &PlanFile) -> &[RemoteRequest] {
    match &file.outcome {
        Outcome::NeedsRemotes(remotes) => remotes,
        other => panic!("{other:?}"),
    }
}

/// Returns the stages whose digests differ.
fn renamed(before: &PlanFile, after: &PlanFile) -> Vec<StageKind> {
    let stages = |file| planned(file).images[0].stages.clone();
    let before: Vec<_> = stages(before);
    stages(after)
        .into_iter()
        .filter(|stage| !before.iter().any(|other| other.digest == stage.digest))
        .map(|stage| stage.kind)
        .collect()
}

#[test]
fn a_repository_is_asked_for_once_for_each_commit_of_it() {
    let entry = |rest: &str, to: &str| format!("- url: {URL}\n{rest}  to: {to}\n");
    let git = [
        entry("  tag: v1\n", "/a"),
        "- add: /own\n  to: /own\n".to_owned(),
        entry(
            "  tag: v1\n  basicAuth: {username: ada, password: {env: LIB_TOKEN}}\n",
            "/b",
        ),
        entry("  tag: v2\n", "/c"),
        entry("  commit: 0123456789ABCDEF0123456789abcdef01234567\n", "/d"),
    ];
    let file = plan(&project(&git.concat()), &[]);
    let asked = asked(&file);
    let references: Vec<_> = asked.iter().map(|one| one.reference.as_str()).collect();
    assert_eq!(
        references,
        [
            "refs/tags/v1",
            "refs/tags/v2",
            "0123456789abcdef0123456789abcdef01234567"
        ]
    );
    assert_eq!(
        (asked[0].at.start.line, asked[0].name.as_str()),
        (8, "tag v1")
    );
    assert!(
        asked[0].advice.contains("env=LIB_TOKEN"),
        "{}",
        asked[0].advice
    );
    let seen = errors(&file);
    assert!(
        seen.contains("werf.yaml:8") && seen.contains("--remote 'CLONE/.git refs/tags/v1 https:"),
        "{seen}"
    );
}

#[test]
fn a_moving_reference_must_be_allowed() {
    for reference in ["", "  branch: main\n"] {
        let fixture = project(&format!("- url: {URL}\n{reference}  to: /a\n"));
        let seen = errors(&plan(&fixture, &[]));
        assert!(
            seen.contains("`werf-giterminism.yaml`: commit it with these lines"),
            "{seen}"
        );
        let loose = plan_with(&fixture, &[], &[("WERF_LOOSE_GITERMINISM", "1")], None);
        assert_eq!(asked(&loose).len(), 1);
        fixture.write(
            "werf-giterminism.yaml",
            "giterminismConfigVersion: 1\nconfig: {stapel: {git: {allowBranch: true}}}\n",
        );
        fixture.commit();
        assert_eq!(asked(&plan(&fixture, &[])).len(), 1);
    }
    let fixture = project(&format!("- url: {URL}\n  branch: main\n  to: /a\n"));
    insta::assert_snapshot!(errors(&plan(&fixture, &[])));
}

#[test]
fn what_moves_is_in_no_key_but_that_of_the_last_stage() {
    let git = format!(
        "- add: /own\n  to: /own\n- url: {URL}\n  tag: v1\n  add: /src\n  to: /lib\n  excludePaths: tests\n  stageDependencies: {{setup: go.mod}}\n"
    );
    let fixture = project(&git);
    let lib = Fixture::with(&[("src/go.mod", "1"), ("src/a", "a"), ("src/tests/t", "t")]);
    let given = [(&lib, "refs/tags/v1", URL)];
    let first = plan(&fixture, &given);
    lib.write("README.md", "not taken");
    lib.write("src/tests/t", "not taken either");
    lib.commit();
    assert_eq!(renamed(&first, &plan(&fixture, &given)), []);
    lib.write("src/a", "b");
    lib.commit();
    let second = plan(&fixture, &given);
    assert_eq!(renamed(&first, &second), [StageKind::GitLatestPatch]);
    lib.write("src/go.mod", "2");
    lib.commit();
    let third = plan(&fixture, &given);
    assert_eq!(
        renamed(&second, &third),
        [StageKind::Setup, StageKind::GitLatestPatch]
    );
    // By another protocol it is the same repository; by another tag everything with sources is built anew, as in werf.
    let ssh = "git@elsewhere:team/lib.git";
    fixture.write("werf.yaml", config(&git.replace(URL, ssh)));
    fixture.commit();
    let same = plan(&fixture, &[(&lib, "refs/tags/v1", ssh)]);
    assert_eq!(renamed(&third, &same), []);
    fixture.write("werf.yaml", config(&git.replace("v1", "v2")));
    fixture.commit();
    let other = plan(&fixture, &[(&lib, "refs/tags/v2", URL)]);
    assert_eq!(renamed(&third, &other)[0], StageKind::GitArchive);
}

#[test]
fn contents_come_from_the_repository_that_has_them() {
    let store = tempfile::tempdir().expect("a directory");
    let fixture = project(&format!(
        "- add: /own\n  to: /own\n- url: {URL}\n  tag: v1\n  to: /lib\n"
    ));
    let lib = Fixture::with(&[("only-here", "the content")]);
    let file = plan_with(
        &fixture,
        &[(&lib, "refs/tags/v1", URL)],
        &[],
        Some(store.path()),
    );
    planned(&file);
    let store = stapel_sync::store::Store::open(store.path()).expect("STORE");
    let id = stapel_sync::ObjectId::of_blob(stapel_sync::HashKind::Sha1, b"the content");
    let id = id.expect("no collision");
    assert!(store.contains(id).expect("STORE can be read"));
}

#[test]
fn what_is_not_in_the_repository_is_said_with_its_line() {
    let lib = Fixture::with(&[("src/a", "a")]);
    let one = |rest: &str| format!("- url: {URL}\n  tag: v1\n  to: /lib\n{rest}");
    let refused = |rest: &str, lib: &Fixture| {
        errors(&plan(&project(&one(rest)), &[(lib, "refs/tags/v1", URL)]))
    };
    insta::assert_snapshot!(
        "add_is_not_in_the_repository",
        refused("  add: /nowhere\n", &lib)
    );

    let inner = Fixture::with(&[("x", "x")]);
    lib.submodule(&inner, "deps/inner");
    lib.commit();
    insta::assert_snapshot!("a_submodule_of_a_remote", refused("", &lib));
    let without = project(&one("  excludePaths: deps/inner\n"));
    planned(&plan(&without, &[(&lib, "refs/tags/v1", URL)]));
}

#[test]
fn what_is_given_must_be_what_was_asked_for() {
    let lib = Fixture::with(&[("a", "a")]);
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let fixture = project(&format!("- url: {URL}\n  commit: {commit}\n  to: /lib\n"));
    let seen = errors(&plan(&fixture, &[(&lib, commit, URL)]));
    assert!(
        seen.contains("was given at commit") && seen.contains("werf.yaml:8"),
        "{seen}"
    );
    let seen = errors(&plan(&fixture, &[(&Fixture::unborn(), commit, URL)]));
    assert!(seen.contains("has no commit yet"), "{seen}");
    std::fs::rename(lib.git_dir(), lib.path().join("moved")).expect("move the git directory");
    let seen = errors(&plan(&fixture, &[(&lib, commit, URL)]));
    assert!(seen.contains("/.git` is no git directory"), "{seen}");
    std::fs::rename(lib.path().join("moved"), lib.git_dir()).expect("move it back");
    let file = plan(
        &fixture,
        &[(&lib, "HEAD", URL), (&lib, commit, "https://x/y")],
    );
    assert_eq!(asked(&file).len(), 1);
}

#[test]
fn credentials_of_a_url_are_never_shown() {
    let url = "https://ada:hunter2@git.example.org/team/lib.git";
    let fixture = project(&format!("- url: {url}\n  tag: v1\n  to: /lib\n"));
    let file = plan(&fixture, &[]);
    tally::refused(2);
    insta::assert_snapshot!(errors(&file));
    let json = String::from_utf8(file.to_json()).expect("JSON");
    assert!(!json.contains("hunter2"), "{json}");

    let template = "- url: https://{{ .Env }}:{{ print \"hunt\" \"er2\" }}@host/team/lib.git\n  tag: v1\n  to: /lib\n";
    let file = plan_with(&project(template), &[], &[("WERF_ENV", "ada")], None);
    let json = String::from_utf8(file.to_json()).expect("JSON");
    assert!(
        !json.contains("hunter2") && json.contains("rendered as"),
        "{json}"
    );
}
