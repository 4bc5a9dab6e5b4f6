use std::collections::BTreeMap;

use werf_plan::file::{Outcome, PlanFile};

use crate::git::fixture::Fixture;
use crate::helper::locate::ConfigQuery;
use crate::helper::plan::{PlanRequest, plan_commit};

use super::*;

const META: &str = "configVersion: 1\nproject: shop\n---\n";

/// A project whose rules file has these lines below `config:`.
fn project(body: &str, rules: &str, others: &[(&str, &str)]) -> Fixture {
    let text = format!("{META}{body}");
    let rules = format!("giterminismConfigVersion: 1\nconfig:\n{rules}");
    let mut files = vec![
        ("werf.yaml", text.as_str()),
        ("werf-giterminism.yaml", rules.as_str()),
    ];
    files.extend(others);
    Fixture::with(&files)
}

fn on_disk(fixture: &Fixture) -> PlanRequest {
    PlanRequest {
        git_dir: fixture.git_dir(),
        client_files: ClientFiles::Checkout(fixture.path().to_owned()),
        ..PlanRequest::default()
    }
}

fn plan(request: &PlanRequest) -> PlanFile {
    plan_commit(request, None)
}

/// Returns the commands of the only image, or what a person sees.
fn commands(file: &PlanFile) -> Result<String, String> {
    match &file.outcome {
        Outcome::Plan(plan) => {
            let stages = plan.images.iter().flat_map(|image| &image.stages);
            let scripts = stages.filter_map(|stage| stage.script.as_ref());
            Ok(scripts
                .map(|it| it.summary.clone())
                .collect::<Vec<_>>()
                .join("\n"))
        }
        Outcome::Errors(errors) => Err(errors.iter().map(|error| file.render(error)).collect()),
        other => Err(format!("{other:?}")),
    }
}

fn rules_without_effect(file: &PlanFile) -> Vec<String> {
    let of_rule = file.warnings.iter();
    let of_rule = of_rule.filter(|it| it.is_of(&diagnostic::rule::GITERMINISM_NO_EFFECT));
    of_rule.map(|it| it.message.clone()).collect()
}

const SHOP: &str = "image: app\nfrom: busybox\nshell:\n  setup:\n  - echo {{ range $path, $text := .Files.Glob \"conf/*.txt\" }}{{ $path }}={{ $text }} {{ end }}\n";
const CONF: &str = "  goTemplateRendering: {allowUncommittedFiles: [\"conf/*.txt\"]}\n";

#[test]
fn files_that_a_rule_names_are_those_of_the_working_directory() {
    let fixture = project(
        SHOP,
        CONF,
        &[
            ("conf/a.txt", "old"),
            ("conf/gone.txt", "x"),
            ("conf/b.md", "y"),
        ],
    );
    std::fs::remove_file(fixture.path().join("conf/gone.txt")).expect("removed");
    fixture.write("conf/a.txt", "new");
    fixture.write("conf/untracked.txt", "more");
    fixture.link("../other/c", "conf/c.txt");
    fixture.write("other/c", "not allowed");
    let file = plan(&on_disk(&fixture));
    assert_eq!(
        commands(&file),
        Ok("echo conf/a.txt=new conf/untracked.txt=more".to_owned())
    );
    assert_eq!(rules_without_effect(&file), Vec::<String>::new());
}

#[test]
fn without_a_rule_they_are_those_of_the_commit() {
    let fixture = project(
        SHOP,
        "  allowUncommitted: false\n",
        &[("conf/a.txt", "old")],
    );
    fixture.write("conf/a.txt", "new");
    tally::right(2);
    fixture.write("conf/untracked.txt", "more");
    // Nor does anybody ask for them.
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        ..PlanRequest::default()
    };
    assert_eq!(
        commands(&plan(&request)),
        Ok("echo conf/a.txt=old".to_owned())
    );
}

#[test]
fn a_build_asks_for_what_the_rules_name_and_for_nothing_else() {
    let fixture = project(
        SHOP,
        "  allowUncommitted: true\n  allowUncommittedTemplates: [\".werf/**/*.tmpl\", \"../x\"]\n  goTemplateRendering: {allowUncommittedFiles: [\"conf/{a,b}.txt\"]}\n  dockerfile:\n    allowUncommitted: [docker/]\n    allowUncommittedDockerignoreFiles: [\"*/.dockerignore\"]\n",
        &[],
    );
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        ..PlanRequest::default()
    };
    let Outcome::NeedsFiles(wanted) = plan(&request).outcome else {
        panic!("no request");
    };
    assert_eq!(
        wanted.include,
        [
            "*/.dockerignore",
            ".werf/**/*.tmpl",
            "conf/a.txt",
            "conf/b.txt",
            "docker"
        ]
    );
    assert_eq!(wanted.exclude, ["**/.git"]);
    let only_config = project(SHOP, "  allowUncommitted: true\n", &[]);
    let request = PlanRequest {
        git_dir: only_config.git_dir(),
        ..PlanRequest::default()
    };
    assert!(commands(&plan(&request)).is_ok(), "it is sent anyway");
}

#[test]
fn a_project_below_the_root_has_masks_of_its_own() {
    let text = format!("{META}{SHOP}");
    let rules = format!("giterminismConfigVersion: 1\nconfig:\n{CONF}");
    let fixture = Fixture::with(&[
        ("a[b]/werf.yaml", &text),
        ("a[b]/werf-giterminism.yaml", &rules),
    ]);
    fixture.write("a[b]/conf/x.txt", "mine");
    fixture.write("conf/x.txt", "another's");
    let config = ConfigQuery {
        path: Some("a[b]/werf.yaml".to_owned()),
        ..ConfigQuery::default()
    };
    let request = PlanRequest {
        config: config.clone(),
        ..on_disk(&fixture)
    };
    assert_eq!(
        commands(&plan(&request)),
        Ok("echo conf/x.txt=mine".to_owned())
    );
    let request = PlanRequest {
        config,
        client_files: ClientFiles::NotGiven,
        ..on_disk(&fixture)
    };
    let Outcome::NeedsFiles(wanted) = plan(&request).outcome else {
        panic!("no request");
    };
    assert_eq!(wanted.include, ["a\\[b\\]/conf/*.txt"]);
}

#[test]
fn templates_that_a_rule_names_are_those_of_the_working_directory() {
    let fixture = project(
        "image: app\nfrom: busybox\nshell:\n  setup:\n  - echo {{ include \"a.tmpl\" . }} {{ include \"sub/b.tmpl\" . }} {{ include \"c.tmpl\" . }}\n",
        "  allowUncommittedTemplates: [\".werf/a.tmpl\", \".werf/sub/**/*.tmpl\"]\n",
        &[(".werf/a.tmpl", "old"), (".werf/c.tmpl", "committed")],
    );
    fixture.write(".werf/a.tmpl", "new");
    fixture.write(".werf/sub/b.tmpl", "more");
    fixture.write(".werf/c.tmpl", "edited, and no rule names it");
    let file = plan(&on_disk(&fixture));
    assert_eq!(commands(&file), Ok("echo new more committed".to_owned()));
}

const DOCKERFILES: &str = "image: web\ndockerfile: Dockerfile\ncontext: app\n";

fn dockerfile(file: &PlanFile) -> Result<(String, String), String> {
    match &file.outcome {
        Outcome::Plan(plan) => {
            let image = &plan.dockerfiles[0];
            Ok((
                image.dockerfile.text.clone(),
                image.context.manifest.clone(),
            ))
        }
        Outcome::Errors(errors) => Err(errors.iter().map(|error| file.render(error)).collect()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn dockerfiles_and_what_they_ignore_are_those_of_the_working_directory() {
    let rules = "  dockerfile:\n    allowUncommitted: [\"app/Dockerfile\"]\n    allowUncommittedDockerignoreFiles: [\"app/.dockerignore\"]\n";
    let fixture = project(
        DOCKERFILES,
        rules,
        &[("app/a", "1"), ("app/b", "2"), ("app/.dockerignore", "b\n")],
    );
    let missing = dockerfile(&plan(&on_disk(&fixture))).unwrap_err();
    assert!(
        missing.contains("`app/Dockerfile` is not in commit")
            && missing.contains(
                "`config.dockerfile.allowUncommitted` in `werf-giterminism.yaml` takes it from"
            ),
        "{missing}"
    );
    fixture.write("app/Dockerfile", "FROM scratch\n");
    let (text, without_b) = dockerfile(&plan(&on_disk(&fixture))).expect("a plan");
    assert_eq!(text, "FROM scratch\n");
    fixture.write("app/.dockerignore", "a\n");
    let (_, without_a) = dockerfile(&plan(&on_disk(&fixture))).expect("a plan");
    std::fs::remove_file(fixture.path().join("app/.dockerignore")).expect("removed");
    let (_, all) = dockerfile(&plan(&on_disk(&fixture))).expect("a plan");
    assert!(without_a != without_b && all != without_a && all != without_b);
    // What is in the context is the commit's all the same.
    fixture.write("app/a", "changed");
    fixture.write("app/c", "untracked");
    let (_, again) = dockerfile(&plan(&on_disk(&fixture))).expect("a plan");
    assert_eq!(again, all);
}

#[test]
fn a_configuration_that_a_rule_allows_may_differ_and_may_be_uncommitted() {
    let fixture = project(SHOP, "  allowUncommitted: true\n", &[]);
    let edited = format!("{META}image: app\nfrom: busybox\nshell: {{setup: [\"echo edited\"]}}\n");
    let sent = |name: &str, content: &str| PlanRequest {
        git_dir: fixture.git_dir(),
        config: ConfigQuery {
            name: Some(name.to_owned()),
            content: Some(content.into()),
            ..ConfigQuery::default()
        },
        ..PlanRequest::default()
    };
    for name in ["werf.yaml", "other.yaml"] {
        let file = plan(&sent(name, &edited));
        assert_eq!(commands(&file), Ok("echo edited".to_owned()), "{name}");
        assert_eq!(rules_without_effect(&file), Vec::<String>::new());
    }
    fixture.write("werf.yaml", &edited);
    assert_eq!(
        commands(&plan(&on_disk(&fixture))),
        Ok("echo edited".to_owned())
    );
    std::fs::remove_file(fixture.path().join("werf.yaml")).expect("removed");
    let gone = commands(&plan(&on_disk(&fixture))).unwrap_err();
    assert!(
        gone.contains("read `werf.yaml` of the working directory")
            && gone.contains("`config.allowUncommitted`"),
        "{gone}"
    );
    fixture.write("werf-giterminism.yaml", "giterminismConfigVersion: 1\n");
    fixture.commit();
    let refused = commands(&plan(&sent("werf.yaml", &edited))).unwrap_err();
    assert!(
        refused.contains("`werf.yaml` is not in commit"),
        "{refused}"
    );
}

#[test]
fn without_a_client_the_rules_have_no_effect_and_say_so() {
    let fixture = project(
        "image: app\nfrom: busybox\nshell:\n  setup: echo {{ .Files.Get \"conf/a.txt\" }}\n",
        &format!("  allowUncommitted: true\n{CONF}"),
        &[],
    );
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        client_files: ClientFiles::None("the build context is the repository `X`".to_owned()),
        ..PlanRequest::default()
    };
    let file = plan(&request);
    let rules = [
        "config.allowUncommitted",
        "config.goTemplateRendering.allowUncommittedFiles",
    ];
    let expected =
        rules.map(|it| format!("`{it}` has no effect: the build context is the repository `X`"));
    assert_eq!(rules_without_effect(&file), expected);
    let error = commands(&file).unwrap_err();
    assert!(
        error.contains("commit it: `config.goTemplateRendering.allowUncommittedFiles` in `werf-giterminism.yaml` has no effect, the build context is"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_nowhere_is_told_to_be_missing_in_the_working_directory() {
    let fixture = project(
        "image: app\nfrom: busybox\nshell:\n  setup: echo {{ .Files.Get \"conf/a.txt\" }}\n",
        CONF,
        &[("conf/a.txt", "committed")],
    );
    std::fs::remove_file(fixture.path().join("conf/a.txt")).expect("removed");
    let error = commands(&plan(&on_disk(&fixture))).unwrap_err();
    let hint = "`config.goTemplateRendering.allowUncommittedFiles` in `werf-giterminism.yaml` takes it from the working directory, and it is not there";
    assert!(error.contains(hint), "{error}");
}

#[test]
fn what_env_gives_to_an_uncommitted_template_is_in_no_message() {
    let fixture = project(
        "image: app\nfrom: busybox\nshell:\n  setup: {{ include \"a.tmpl\" . }}\n",
        "  allowUncommittedTemplates: [\".werf/**/*.tmpl\"]\n  goTemplateRendering: {allowEnvVariables: [TOKEN]}\n",
        &[],
    );
    fixture.write(".werf/a.tmpl", "[ {{ env \"TOKEN\" }}");
    let request = PlanRequest {
        build_args: BTreeMap::from([("TOKEN".to_owned(), "Hunter2".to_owned())]),
        ..on_disk(&fixture)
    };
    let file = plan(&request);
    let error = commands(&file).unwrap_err();
    let said = serde_json::to_string(&file).expect("JSON");
    assert!(
        !error.contains("Hunter2") && !said.contains("Hunter2"),
        "{error}"
    );
}

#[test]
fn git_directories_are_no_files_that_a_rule_can_name() {
    let body = "image: app\nfrom: busybox\nshell:\n  setup: echo {{ range $path, $_ := .Files.Glob \"**\" }}{{ $path }} {{ end }}\n";
    let rules = "  goTemplateRendering: {allowUncommittedFiles: [\"**\", .git, \"sub/.git/**\"]}\n";
    let fixture = project(body, rules, &[]);
    fixture.write("sub/.git/config", "token");
    fixture.write("sub/x", "x");
    let said = commands(&plan(&on_disk(&fixture))).expect("a plan");
    tally::right(1);
    assert_eq!(said, "echo sub/x werf-giterminism.yaml werf.yaml");
    let request = PlanRequest {
        client_files: ClientFiles::NotGiven,
        ..on_disk(&fixture)
    };
    let Outcome::NeedsFiles(wanted) = plan(&request).outcome else {
        panic!("no request");
    };
    assert_eq!(wanted.exclude, ["**/.git"]);
}

#[test]
fn a_submodule_keeps_the_files_that_no_rule_names() {
    let library = Fixture::with(&[("a.txt", "a"), ("b.txt", "b")]);
    let body = "image: app\nfrom: busybox\nshell:\n  setup: echo {{ .Files.Get \"vendor/a.txt\" }}{{ .Files.Get \"vendor/b.txt\" }}\n";
    for (rule, said) in [("vendor/a.txt", "echo ab"), ("vendor", "echo changedb")] {
        let rules = format!("  goTemplateRendering: {{allowUncommittedFiles: [{rule}]}}\n");
        let fixture = project(body, &rules, &[]);
        fixture.submodule(&library, "vendor");
        fixture.commit();
        fixture.write("vendor/a.txt", "changed");
        assert_eq!(
            commands(&plan(&on_disk(&fixture))),
            Ok(said.to_owned()),
            "{rule}"
        );
    }
}
