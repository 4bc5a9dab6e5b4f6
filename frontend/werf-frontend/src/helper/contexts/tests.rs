use std::collections::BTreeMap;

use werf_plan::dockerfile::DockerfilePlan;
use werf_plan::file::Outcome;

use crate::git::fixture::Fixture;
use crate::helper::locate::ConfigQuery;
use crate::helper::plan::{PlanRequest, plan_commit};

const META: &str = "configVersion: 1\nproject: shop\n---\n";

/// Makes a repository with these sections in `app/werf.yaml`, and a context in `app/src`.
fn project(sections: &str, others: &[(&str, &str)]) -> Fixture {
    let text = format!("{META}{sections}");
    let mut files = vec![
        ("app/werf.yaml", text.as_str()),
        ("app/src/Dockerfile", "FROM scratch\nCOPY a /\n"),
        ("app/src/a", "1"),
        ("app/src/sub/b", "2"),
        ("outside", "3"),
    ];
    files.extend(others);
    Fixture::with(&files)
}

/// Returns the plans of the Dockerfile images, or what a person sees.
fn plans(fixture: &Fixture) -> Result<Vec<DockerfilePlan>, String> {
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        named_git: None,
        target: None,
        config: ConfigQuery {
            path: Some("app/werf.yaml".to_owned()),
            ..ConfigQuery::default()
        },
        build_args: BTreeMap::new(),
        values: None,
        baselines: Vec::new(),
        remotes: Vec::new(),
        ..PlanRequest::default()
    };
    let file = plan_commit(&request, None);
    match &file.outcome {
        Outcome::Plan(plan) => Ok(plan.dockerfiles.clone()),
        Outcome::Errors(errors) => Err(errors
            .iter()
            .map(|error| file.render(error))
            .collect::<Vec<_>>()
            .join("\n")),
        other => panic!("{other:?}"),
    }
}

fn plan(fixture: &Fixture) -> DockerfilePlan {
    let mut plans = plans(fixture).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(plans.len(), 1);
    plans.remove(0)
}

const APP: &str = "image: app\ndockerfile: Dockerfile\ncontext: src\n";

#[test]
fn the_paths_are_those_of_the_project_directory() {
    let fixture = project(APP, &[]);
    let plan = plan(&fixture);
    assert_eq!(plan.dockerfile.path, "app/src/Dockerfile");
    assert_eq!(plan.dockerfile.text, "FROM scratch\nCOPY a /\n");
    assert_eq!(plan.service_labels["werf.io/image"], "app");
}

#[test]
fn the_identity_of_a_context_is_that_of_the_files_that_are_not_ignored() {
    let fixture = project(APP, &[("app/src/.dockerignore", "*.md\n")]);
    let first = plan(&fixture).context;
    fixture.write("outside", "changed");
    fixture.write("app/src/new.md", "ignored");
    fixture.commit();
    assert_eq!(plan(&fixture).context, first);
    fixture.write("app/src/sub/c", "new");
    assert_eq!(plan(&fixture).context, first, "it is not committed");
    fixture.commit();
    assert_ne!(plan(&fixture).context, first);
}

#[test]
fn the_ignore_file_of_the_dockerfile_wins() {
    let everything = plan(&project(APP, &[])).context;
    let ignoring = |name, text| plan(&project(APP, &[(name, text)])).context;
    let nothing = ignoring("app/src/.dockerignore", "*\n");
    assert_ne!(nothing, everything);
    assert_eq!(ignoring("app/.dockerignore", "*\n"), everything);
    assert_eq!(ignoring("app/src/Dockerfile.dockerignore", "*\n"), nothing);
    let both = [
        ("app/src/Dockerfile.dockerignore", "*"),
        ("app/src/.dockerignore", ""),
    ];
    assert_eq!(plan(&project(APP, &both)).context, nothing);
}

#[test]
fn a_context_is_the_project_directory_if_none_is_given() {
    let plan = plan(&project(
        "image: app\ndockerfile: src/../src/Dockerfile\n",
        &[],
    ));
    assert_eq!(plan.dockerfile.path, "app/src/Dockerfile");
}

#[test]
fn what_the_client_adds_is_below_the_root_of_the_work_tree() {
    let rules =
        "giterminismConfigVersion: 1\nconfig: {dockerfile: {allowContextAddFiles: [src/dist]}}\n";
    let sections = format!("{APP}contextAddFiles: [dist/]\n");
    let plan = plan(&project(&sections, &[("app/werf-giterminism.yaml", rules)]));
    let added: Vec<(&str, &str)> = plan
        .added_files
        .iter()
        .map(|file| (file.from.as_str(), file.to.as_str()))
        .collect();
    assert_eq!(added, [("app/src/dist", "dist")]);
}

#[test]
fn the_images_of_one_section_share_its_mistakes() {
    let sections = "image: [a, b]\ndockerfile: Missing\n";
    let errors = plans(&project(sections, &[])).unwrap_err();
    assert_eq!(errors.matches("is not in commit").count(), 1, "{errors}");
}

#[test]
fn what_is_not_in_the_commit_is_refused() {
    for (name, sections, others) in [
        (
            "no_dockerfile",
            "image: a\ndockerfile: src/Dockerfil\n",
            &[][..],
        ),
        ("a_directory", "image: a\ndockerfile: src\n", &[]),
        (
            "no_context",
            "image: a\ndockerfile: ../src/Dockerfile\ncontext: other\n",
            &[],
        ),
        (
            "context_is_a_file",
            "image: a\ndockerfile: ../Dockerfile\ncontext: src/a\n",
            &[],
        ),
        (
            "bad_pattern",
            APP,
            &[("app/src/.dockerignore", "# x\na[\n")],
        ),
        (
            "not_allowed",
            "image: a\ndockerfile: src/Dockerfile\ncontextAddFiles: dist\nsecrets:\n- env: A\n- src: ~/.b\n  id: b\n",
            &[],
        ),
    ] {
        let fixture = project(sections, others);
        let commit = fixture.git(&["rev-parse", "--short=12", "HEAD"]);
        let errors = plans(&fixture).expect_err(name);
        insta::assert_snapshot!(name, errors.replace(commit.trim(), "COMMIT"));
    }
}
