use std::collections::BTreeMap;

use werf_plan::file::{Outcome, PlanFile};

use crate::git::fixture::Fixture;
use crate::helper::plan::plan_commit;

const TEXT: &str = "configVersion: 1\nproject: shop\n---\n{{ include \"x.tmpl\" . }}\nimage: app\nfrom: busybox:1\ngit:\n- add: /src\n  to: /src\n  excludePaths: ['**/*.md']\nshell:\n  setup: echo {{ .Files.Get \"conf\" }}{{ range $_, $_ := .Files.Glob \"list/*.txt\" }}x{{ end }}\n---\nimage: web\ncontext: web\ndockerfile: Dockerfile\n";

use super::*;

fn project(rules: &str) -> Fixture {
    let rules = format!("giterminismConfigVersion: 1\nconfig: {{{rules}}}\n");
    Fixture::with(&[
        ("werf.yaml", TEXT),
        ("werf-giterminism.yaml", &rules),
        (".werf/x.tmpl", ""),
        ("conf", "old"),
        ("src/a.c", "1"),
        ("src/b.c", "1"),
        ("src/README.md", "1"),
        ("other/file", "1"),
        ("web/Dockerfile", "FROM scratch\n"),
        ("web/.dockerignore", "tmp\n"),
        ("web/page", "1"),
    ])
}

fn planned(fixture: &Fixture, arguments: &[(&str, &str)]) -> PlanFile {
    let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        client_files: ClientFiles::Checkout(fixture.path().to_owned()),
        build_args: arguments.iter().map(pair).collect::<BTreeMap<_, _>>(),
        ..PlanRequest::default()
    };
    plan_commit(&request, None)
}

fn warned(fixture: &Fixture, arguments: &[(&str, &str)]) -> Vec<String> {
    let warnings = planned(fixture, arguments).warnings;
    warnings.into_iter().map(|it| it.message).collect()
}

fn commit(fixture: &Fixture) -> String {
    fixture.git(&["rev-parse", "HEAD"])[..12].to_owned()
}

#[test]
fn files_that_the_build_takes_and_that_differ_are_named() {
    let fixture = project("");
    assert_eq!(warned(&fixture, &[]), Vec::<String>::new());
    fixture.write("src/a.c", "2");
    fixture.write("src/new.c", "2");
    std::fs::remove_file(fixture.path().join("src/b.c")).expect("removed");
    fixture.write("web/page", "2");
    // None of these is taken.
    fixture.write("src/README.md", "2");
    fixture.write("other/file", "2");
    fixture.write("web/tmp", "2");
    let commit = commit(&fixture);
    let file = planned(&fixture, &[]);
    let [warning] = file.warnings.as_slice() else {
        panic!("{:?}", file.warnings);
    };
    assert!(warning.is_of(&rule::UNCOMMITTED_CHANGES));
    assert_eq!(
        warning.message,
        format!(
            "4 files that the build takes are not as in commit {commit}: `src/a.c` (changed), `src/b.c` (deleted), `src/new.c` (new), `web/page` (changed)"
        )
    );
    assert_eq!(
        warning.hint.as_deref(),
        Some(
            "the commit's are taken: commit them, or take the working directory with `--dev`; `--build-arg WERF_UNCOMMITTED=ignore` leaves this out"
        )
    );
    assert_eq!(
        warned(&fixture, &[("WERF_UNCOMMITTED", "ignore")]),
        Vec::<String>::new()
    );
    assert_eq!(warned(&fixture, &[("WERF_DEV", "1")]), Vec::<String>::new());
    for number in 0..9 {
        fixture.write(&format!("src/x{number}"), "");
    }
    let said = warned(&fixture, &[]).concat();
    assert!(
        said.starts_with("13 files") && said.ends_with(" and 8 more"),
        "{said}"
    );
}

#[test]
fn files_of_the_configuration_that_differ_are_named_of_their_own() {
    for (path, is_read) in [
        ("werf.yaml", true),
        ("werf-giterminism.yaml", true),
        (".werf/x.tmpl", true),
        (".werf/deep/new.tmpl", true),
        (".werf/notes.md", false),
        ("conf", true),
        ("list/new.txt", true),
        ("list/new.md", false),
        ("web/Dockerfile", true),
        ("web/.dockerignore", true),
        ("web/Dockerfile.dockerignore", true),
    ] {
        let fixture = project("");
        let text = match path {
            "werf.yaml" => format!("{TEXT}# edited\n"),
            "werf-giterminism.yaml" => "giterminismConfigVersion: 1\n".to_owned(),
            _ => "edited".to_owned(),
        };
        fixture.write(path, text);
        let file = planned(&fixture, &[]);
        let of_rule = |rule| file.warnings.iter().any(|it| it.is_of(rule));
        assert_eq!(of_rule(&rule::UNCOMMITTED_CONFIGURATION), is_read, "{path}");
        assert!(!of_rule(&rule::UNCOMMITTED_CHANGES), "{path}");
        if is_read {
            let said = format!(
                "1 file of the configuration is not as in commit {}: `{path}` (",
                commit(&fixture)
            );
            assert!(
                file.warnings[0].message.starts_with(&said),
                "{:?}",
                file.warnings
            );
        }
    }
}

#[test]
fn what_a_rule_takes_from_the_client_is_in_the_build() {
    let fixture = project(
        "allowUncommitted: true, allowUncommittedTemplates: ['.werf/**/*.tmpl'], goTemplateRendering: {allowUncommittedFiles: [conf]}, dockerfile: {allowUncommitted: [web/Dockerfile]}",
    );
    fixture.write("werf.yaml", format!("{TEXT}# edited\n"));
    fixture.write(".werf/x.tmpl", "# edited");
    fixture.write("conf", "new");
    fixture.write("web/Dockerfile", "FROM scratch\n# edited\n");
    let said = warned(&fixture, &[]);
    // Of the Dockerfile the context has the commit's all the same, but hardly anybody means that.
    assert_eq!(said, [""; 0]);
    fixture.write("list/a.txt", "no rule names it");
    assert_eq!(warned(&fixture, &[]).len(), 1);
}

/// What a daemon that takes contents only is asked for, and what it tells of them.
#[test]
fn without_metadata_files_of_the_configuration_are_compared() {
    let fixture = project("");
    let nothing = tempfile::tempdir().expect("a directory");
    let mut request = PlanRequest {
        git_dir: fixture.git_dir(),
        work_tree: Some(dev::SentWorkTree {
            first: nothing.path().to_owned(),
            contents: None,
        }),
        is_for_changes: true,
        ..PlanRequest::default()
    };
    let Outcome::NeedsFiles(wanted) = plan_commit(&request, None).outcome else {
        panic!("nothing is asked for");
    };
    assert_eq!(wanted.of, FilesOf::WorkTree);
    for asked in [
        ".werf/**/*.tmpl",
        "conf",
        "list/*.txt",
        "web/.dockerignore",
        "web/Dockerfile",
        "werf-giterminism.yaml",
        "werf.yaml",
    ] {
        assert!(
            wanted.include.iter().any(|it| it == asked),
            "{asked}: {wanted:?}"
        );
    }
    let contents = tempfile::tempdir().expect("a directory");
    for path in [
        "werf.yaml",
        "werf-giterminism.yaml",
        ".werf/x.tmpl",
        "web/.dockerignore",
        "web/Dockerfile",
    ] {
        let to = contents.path().join(path);
        std::fs::create_dir_all(to.parent().expect("a directory")).expect("made");
        std::fs::copy(fixture.path().join(path), to).expect("copied");
    }
    std::fs::write(contents.path().join("web/Dockerfile"), "edited").expect("written");
    std::fs::create_dir(contents.path().join("list")).expect("made");
    std::fs::write(contents.path().join("list/new.txt"), "new").expect("written");
    if let Some(sent) = &mut request.work_tree {
        sent.contents = Some(contents.path().to_owned());
    }
    let file = plan_commit(&request, None);
    let said: Vec<&str> = file.warnings.iter().map(|it| it.message.as_str()).collect();
    let expected = format!(
        "3 files of the configuration are not as in commit {}: `conf` (deleted), `list/new.txt` (new), `web/Dockerfile` (changed)",
        commit(&fixture)
    );
    assert_eq!(said, [expected]);
    assert!(file.sources.is_empty() && matches!(file.outcome, Outcome::Errors(_)));
}

#[test]
fn a_mistake_that_is_corrected_on_the_disk_is_told_with_that() {
    for (path, wrong, right) in [
        (".werf/x.tmpl", "{{ nope }}", "# right"),
        ("web/.dockerignore", "[", "tmp"),
        ("conf", "\"", "conf"),
    ] {
        let fixture = project("");
        fixture.write(path, wrong);
        if path == "conf" {
            let text = TEXT.replace(
                "echo {{ .Files.Get \"conf\" }}",
                "\"{{ .Files.Get \"conf\" }}a\"",
            );
            fixture.write("werf.yaml", text);
        }
        fixture.commit();
        assert!(
            matches!(planned(&fixture, &[]).outcome, Outcome::Errors(_)),
            "{path}"
        );
        fixture.write(path, right);
        let file = planned(&fixture, &[]);
        assert!(matches!(file.outcome, Outcome::Errors(_)), "{path}");
        let expected = format!(
            "1 file of the configuration is not as in commit {}: `{path}` (changed)",
            commit(&fixture)
        );
        assert!(
            file.warnings.iter().any(|it| it.message == expected),
            "{path}: {:?}",
            file.warnings
        );
    }
}
