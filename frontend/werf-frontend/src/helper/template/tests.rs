use std::collections::{BTreeMap, BTreeSet};

use werf_plan::file::{Outcome, Plan, PlanFile};

use crate::git::fixture::Fixture;
use crate::helper::locate::ConfigQuery;
use crate::helper::plan::{PlanRequest, plan_commit};
use crate::helper::render::render_commit;

const META: &str = "configVersion: 1\nproject: shop\n---\n";

fn request(fixture: &Fixture, build_args: &[(&str, &str)]) -> PlanRequest {
    let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    PlanRequest {
        git_dir: fixture.git_dir(),
        named_git: None,
        config: ConfigQuery::default(),
        target: None,
        build_args: build_args.iter().map(pair).collect::<BTreeMap<_, _>>(),
        baselines: Vec::new(),
        remotes: Vec::new(),
        values: None,
        ..PlanRequest::default()
    }
}

fn plan(fixture: &Fixture, build_args: &[(&str, &str)]) -> PlanFile {
    plan_commit(&request(fixture, build_args), None)
}

/// Returns the names of the images, or what a person sees.
fn seen(file: &PlanFile) -> Result<Vec<String>, String> {
    match &file.outcome {
        Outcome::Plan(plan) => Ok(plan.images.iter().map(|i| i.name.to_string()).collect()),
        Outcome::Errors(errors) => Err(errors
            .iter()
            .map(|error| file.render(error))
            .collect::<Vec<_>>()
            .join("\n")),
        other => panic!("{other:?}"),
    }
}

fn error(fixture: &Fixture, build_args: &[(&str, &str)]) -> String {
    seen(&plan(fixture, build_args)).unwrap_err()
}

fn project(body: &str, others: &[(&str, &str)]) -> Fixture {
    let text = format!("{META}{body}");
    let mut files = vec![("werf.yaml", text.as_str())];
    files.extend(others);
    Fixture::with(&files)
}

#[test]
fn images_come_from_a_loop_over_files_and_templates() {
    let body = "{{ range $path, $_ := .Files.Glob \"images/*.txt\" }}\n---\n{{ include \"image.tmpl\" (dict \"name\" (base $path | trimSuffix \".txt\")) }}{{ end }}\n";
    let image = "image: {{ .name }}\nfrom: alpine:3\n";
    let fixture = project(
        body,
        &[
            ("images/a.txt", ""),
            ("images/b.txt", ""),
            (".werf/image.tmpl", image),
        ],
    );
    assert_eq!(
        seen(&plan(&fixture, &[])),
        Ok(vec!["a".to_owned(), "b".to_owned()])
    );
}

#[test]
fn a_variable_must_be_allowed() {
    let fixture = project("image: app\nfrom: alpine:{{ env \"TAG\" }}\n", &[]);
    tally::tried(1, 1);
    insta::assert_snapshot!("env_not_allowed", error(&fixture, &[("TAG", "3")]));
    let loose = [("TAG", "3"), ("WERF_LOOSE_GITERMINISM", "1")];
    let file = plan(&fixture, &loose);
    assert_eq!(seen(&file), Ok(vec!["app".to_owned()]));
    assert_eq!(
        file.used_build_args,
        [
            "TAG",
            "WERF_CACHE_SCOPE",
            "WERF_CONFIG_TEMPLATES_DIR",
            "WERF_DEBUG_TEMPLATES",
            "WERF_DEV",
            "WERF_ENV",
            "WERF_GITERMINISM_CONFIG",
            "WERF_LOOSE_GITERMINISM",
            "WERF_UNCOMMITTED",
            "WERF_UNTIL"
        ]
    );
}

#[test]
fn an_allowed_variable_is_read_or_must_be_given() {
    let rules = "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering:\n    allowEnvVariables: [TAG]\n";
    let fixture = project(
        "image: {{ env \"TAG\" }}\nfrom: alpine:3\n",
        &[("werf-giterminism.yaml", rules)],
    );
    let file = plan(&fixture, &[("TAG", "x")]);
    assert_eq!(seen(&file), Ok(vec!["x".to_owned()]));
    insta::assert_snapshot!("env_not_set", error(&fixture, &[]));
}

#[test]
fn errors_point_into_the_file_that_they_are_in() {
    let fixture = project(
        "{{ include \"image.tmpl\" . }}\n",
        &[(
            ".werf/image.tmpl",
            "image: app\nfrom: {{ required \"say the base\" .Base }}\n",
        )],
    );
    insta::assert_snapshot!("error_in_include", error(&fixture, &[]));
    let fixture = project("image: app\nfrom: {{ nope }}\n", &[]);
    insta::assert_snapshot!("unknown_function", error(&fixture, &[]));
    let fixture = project("image: app\nfrom: {{ .Files.Get \"nope\" }}\n", &[]);
    insta::assert_snapshot!(
        "missing_file",
        error(&fixture, &[]).replace(&fixture.git(&["rev-parse", "HEAD"])[..12], "COMMIT")
    );
}

#[test]
fn mistakes_in_rendered_text_show_the_template_line() {
    let fixture = project(
        "{{ range list 1 2 }}\n{{- end }}\nimage: app\nfrom: alpine:3\n{{ printf \"%s: x\" \"dockr\" }}\n",
        &[],
    );
    insta::assert_snapshot!("unknown_key_rendered", error(&fixture, &[]));
    let fixture = project("{{ \"\" }}\nimage: app\nfrm: alpine:3\n", &[]);
    insta::assert_snapshot!("unknown_key_verbatim", error(&fixture, &[]));
    let fixture = project(
        "{{ include \"i.tmpl\" . }}\n",
        &[(".werf/i.tmpl", "image: app\nfrm: alpine:3\n")],
    );
    insta::assert_snapshot!("unknown_key_in_include", error(&fixture, &[]));
}

#[test]
fn endless_templates_end_with_a_message_of_their_own() {
    let body = "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}\n";
    insta::assert_snapshot!("endless_include", error(&project(body, &[]), &[]));
}

#[test]
fn unstable_functions_are_warned_of() {
    let fixture = project(
        "image: app\nfrom: alpine:3\n# {{ now | date \"2006\" }} {{ now }}\n",
        &[],
    );
    let file = plan(&fixture, &[]);
    let warnings: Vec<String> = file.warnings.iter().map(|w| file.render(w)).collect();
    insta::assert_snapshot!("unstable_function", warnings.join("\n"));
}

#[test]
fn the_project_directory_is_that_of_the_file() {
    let text = format!(
        "{META}image: {{{{ .Files.Get \"name\" }}}}\nfrom: alpine:3\n# {{{{ .Env }}}} {{{{ .Commit.Date.Human }}}} {{{{ .Commit.Date.Unix }}}}\n"
    );
    let fixture = Fixture::with(&[
        ("sub/werf.yaml", &text),
        ("sub/name", "inner"),
        ("name", "outer"),
    ]);
    let request = PlanRequest {
        config: ConfigQuery {
            path: Some("sub/werf.yaml".to_owned()),
            ..ConfigQuery::default()
        },
        ..request(&fixture, &[("WERF_ENV", "dev")])
    };
    let rendered = render_commit(&request, &["inner".to_owned()])
        .result
        .expect("text");
    assert_eq!(
        rendered,
        "image: inner\nfrom: alpine:3\n# dev 2024-05-01 12:00:00 +0000 UTC 1714564800\n"
    );
    assert!(
        render_commit(&request, &["other".to_owned()])
            .result
            .is_err()
    );
}

fn warnings(fixture: &Fixture, build_args: &[(&str, &str)]) -> String {
    let file = plan(fixture, build_args);
    let drawn: Vec<String> = file.warnings.iter().map(|w| file.render(w)).collect();
    drawn.join("\n")
}

#[test]
fn an_unstable_function_is_told_where_it_is_called() {
    let fixture = project(
        "{{ if false }}{{ uuidv4 }}{{ end }}\nimage: app\nfrom: alpine:3\n{{ include \"salt.tmpl\" . }}\n",
        &[(
            ".werf/salt.tmpl",
            "# now\n# {{ \"a\" | quote }} {{ uuidv4 | trunc 8 }}",
        )],
    );
    insta::assert_snapshot!("unstable_function_in_include", warnings(&fixture, &[]));
}

#[test]
fn debug_functions_speak_when_they_are_asked_to() {
    let fixture = project(
        "image: app\nfrom: alpine:3\n{{ printf_debug \"%d images of %s\" 2 .Env }}{{ dump_debug (dict \"a\" 1) }}\n# {{ include_debug \"t.tmpl\" \"x\" }}\n# {{ tpl_debug \"{{ . }}\" 5 }}\n",
        &[(".werf/t.tmpl", "<{{ . }}>")],
    );
    assert_eq!(warnings(&fixture, &[]), "");
    let on = [("WERF_DEBUG_TEMPLATES", "1"), ("WERF_ENV", "dev")];
    insta::assert_snapshot!("debug_functions", warnings(&fixture, &on));
}

#[test]
fn the_directory_of_templates_and_the_rules_can_be_elsewhere() {
    let rules = "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering:\n    allowEnvVariables: [TAG]\n";
    let fixture = project(
        "image: {{ env \"TAG\" }}\nfrom: {{ include \"base.tmpl\" . }}\n",
        &[("ci/rules.yaml", rules), ("ci/[t]/base.tmpl", "alpine:3")],
    );
    let here = [
        ("TAG", "x"),
        ("WERF_CONFIG_TEMPLATES_DIR", "./ci/[t]/"),
        ("WERF_GITERMINISM_CONFIG", "ci/rules.yaml"),
    ];
    assert_eq!(seen(&plan(&fixture, &here)), Ok(vec!["x".to_owned()]));
    for (name, value) in [
        ("WERF_CONFIG_TEMPLATES_DIR", "nope"),
        ("WERF_CONFIG_TEMPLATES_DIR", "ci/rules.yaml"),
        ("WERF_CONFIG_TEMPLATES_DIR", "../x"),
        ("WERF_GITERMINISM_CONFIG", "ci"),
        ("WERF_GITERMINISM_CONFIG", "/ci/rules.yaml"),
    ] {
        let message = error(&fixture, &[(name, value)]);
        assert!(
            message.contains(name) && message.contains("; "),
            "{message}"
        );
    }
}

#[test]
fn includes_of_other_repositories_are_warned_of() {
    let fixture = project(
        "image: app\nfrom: alpine:3\n",
        &[("werf-includes.yaml", "includes: []\n")],
    );
    insta::assert_snapshot!("includes_ignored", warnings(&fixture, &[]));
}

#[test]
fn a_mistake_in_rendered_yaml_is_shown_with_its_line_after_changes_before_it() {
    let fixture = project(
        "{{ range until 5 }}\n# line {{ . }}\n{{ end }}\nimage: app\nfrom: alpine:3\nshell:\n  install:\n  - {{ \"a: b: c\" }}\n",
        &[],
    );
    insta::assert_snapshot!("yaml_error_behind_loop", error(&fixture, &[]));
    let fixture = project(
        "{{ include \"outer.tmpl\" . | nindent 0 }}\n",
        &[
            (
                ".werf/outer.tmpl",
                "image: app\n{{ include \"inner.tmpl\" . }}\n",
            ),
            (".werf/inner.tmpl", "from: alpine:3\nshell:\n\tinstall: x\n"),
        ],
    );
    insta::assert_snapshot!("yaml_error_in_nested_include", error(&fixture, &[]));
    let fixture = project(
        "{{ include \"outer.tmpl\" . }}\n",
        &[
            (
                ".werf/outer.tmpl",
                "image: app\n{{ tpl \"{{ include \\\"inner.tmpl\\\" . }}\" . }}\n",
            ),
            (".werf/inner.tmpl", "from: {{ fail \"no base\" }}\n"),
        ],
    );
    insta::assert_snapshot!("failure_in_nested_include", error(&fixture, &[]));
}

#[test]
fn the_value_of_a_variable_is_in_nothing_that_is_said_of_a_plan() {
    const VALUE: &str = "Hunter2-of-Mine";
    let rules = "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering:\n    allowEnvVariables: [TOKEN]\n";
    let image = "image: app\nfrom: alpine:3\n";
    let value = "{{ env \"TOKEN\" }}";
    for rest in [
        format!("git:\n- {{add: /{value}, to: /app}}\n"),
        format!("git:\n- {{add: /, to: /app, includePaths: [\"{value}\"]}}\n"),
        format!(
            "git:\n- {{add: /, to: /app, stageDependencies: {{setup: [\"{value}\"]}}}}\nshell: {{setup: [a]}}\n"
        ),
        format!("git:\n- {{add: /, to: /app}}\nshell: {{setup: [\"login {value}\"]}}\n"),
        format!("shell: {{setup: [\"{} {value}\"]}}\n", "x".repeat(110)),
        format!("secrets: [{{src: /{value}}}]\n"),
        format!("mount: [{{fromPath: {value}, to: /x}}]\n"),
        format!("git:\n- {{url: \"https://host/a\", branch: {value}, to: /app}}\n"),
        format!("---\nimage: d\ndockerfile: {value}\n"),
        format!("---\nimage: d\ndockerfile: D\ncontext: {value}\n"),
        format!("---\nimage: d\ndockerfile: D\ncontextAddFiles: {value}\n"),
        "{{ .Files.Get (env \"TOKEN\") }}".to_owned(),
        "{{ include (env \"TOKEN\") . }}".to_owned(),
        "{{ tpl (printf \"{{ %s }}\" (env \"TOKEN\")) . }}".to_owned(),
    ] {
        let fixture = project(
            &format!("{image}{rest}"),
            &[("werf-giterminism.yaml", rules), ("D", "FROM a\n")],
        );
        let file = plan(&fixture, &[("TOKEN", VALUE)]);
        let mut said: Vec<String> = file.warnings.iter().map(|it| file.render(it)).collect();
        match &file.outcome {
            Outcome::Errors(errors) => said.extend(errors.iter().map(|it| file.render(it))),
            Outcome::Plan(plan) => {
                let stages = plan.images.iter().flat_map(|image| &image.stages);
                let scripts = stages.filter_map(|stage| stage.script.as_ref());
                said.extend(scripts.map(|script| script.summary.clone()));
            }
            Outcome::NeedsRemotes(_) | Outcome::NeedsFiles(_) => {}
        }
        said.extend(file.sources.iter().map(|source| source.text.clone()));
        let said = said.join("\n");
        assert!(!said.contains("Hunter2"), "{rest}\n{said}");
    }
}

#[test]
fn the_value_of_a_secret_is_handed_over_in_a_file_and_in_nothing_else() {
    let rules = "giterminismConfigVersion: 1\nconfig: {secrets: {allowValueIds: [proxy]}}\n";
    let body = "image: app\nfrom: alpine:3\nsecrets: [{id: proxy, value: 'https://proxy.example'}]\nshell: {setup: [a]}\n";
    let digests = |value: &str| {
        let body = body.replace("proxy.example", value);
        let fixture = project(&body, &[("werf-giterminism.yaml", rules)]);
        let (store, values) = (tempfile::tempdir(), tempfile::tempdir());
        let (store, values) = (store.expect("a directory"), values.expect("a directory"));
        let request = PlanRequest {
            values: Some(values.path().to_owned()),
            ..request(&fixture, &[])
        };
        let file = plan_commit(&request, Some(store.path()));
        let files: Vec<String> = std::fs::read_dir(values.path())
            .expect("a directory")
            .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("text"))
            .collect();
        assert_eq!(files, [format!("https://{value}")]);
        assert_eq!(file.warnings.len(), 1);
        assert_eq!(file.warnings[0].rule.as_deref(), Some("SecretValue"));
        let Outcome::Plan(plan) = &file.outcome else {
            panic!("{:?}", file.outcome);
        };
        let record = serde_json::to_string(plan).expect("JSON");
        assert!(!record.contains(value), "{record}");
        let stages = plan.images[0].stages.iter();
        stages.map(|stage| stage.digest.hex()).collect::<Vec<_>>()
    };
    assert_eq!(digests("one.example"), digests("other.example"));
}

#[test]
fn a_cache_scope_is_in_the_first_digest_of_every_image() {
    let body = "image: base\nfrom: scratch\n---\nimage: app\nfromImage: base\nshell: {install: make}\n---\nimage: tool\nfrom: alpine:3\n---\nimage: web\ndockerfile: Dockerfile\n";
    let fixture = project(body, &[("Dockerfile", "FROM alpine:3\nRUN make\n")]);
    let planned = |given: &[(&str, &str)]| match plan(&fixture, given).outcome {
        Outcome::Plan(plan) => plan,
        _ => panic!("no plan"),
    };
    let digests = |plan: &Plan| -> Vec<String> {
        let stages = plan.images.iter().flat_map(|image| &image.stages);
        stages.map(|stage| stage.digest.hex()).collect()
    };
    let without = planned(&[]);
    let fork = planned(&[("WERF_CACHE_SCOPE", "fork")]);
    let other = planned(&[("WERF_CACHE_SCOPE", "other")]);
    assert_eq!(planned(&[("WERF_CACHE_SCOPE", "")]), without);
    let all: BTreeSet<String> = [&without, &fork, &other]
        .map(digests)
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(all.len(), 3 * digests(&without).len(), "a stage is shared");
    for image in &fork.images {
        let fields = &image.stages[0].fields;
        assert!(
            fields
                .iter()
                .any(|field| field.name == "cacheScope" && field.value == "fork")
        );
    }
    assert_eq!(without.dockerfiles[0].cache_scope, "");
    assert_eq!(fork.dockerfiles[0].cache_scope, "fork");
    // Changing these literals rebuilds the stages of everybody: the first of all, the second of those who give a scope.
    assert_eq!(
        digests(&without)[0],
        "dd6e16f439e417f4b1e2c3e4f44a7d526ded96f953d7d68f94cd2d37340857ae"
    );
    assert_eq!(
        digests(&fork)[0],
        "c36bd82be2a10194467ab542941666b7e8ce68b72005dd82c0acd5111c151e25"
    );
}

#[test]
fn a_cache_scope_is_read_by_a_template_only_where_that_is_allowed() {
    let fixture = project(
        "image: app\nfrom: alpine:{{ env \"WERF_CACHE_SCOPE\" }}\n",
        &[],
    );
    let refused = error(&fixture, &[("WERF_CACHE_SCOPE", "3")]);
    assert!(
        refused.contains("WERF_CACHE_SCOPE") && refused.contains("allow"),
        "{refused}"
    );
}
