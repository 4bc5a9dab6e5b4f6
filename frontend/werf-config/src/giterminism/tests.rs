use diagnostic::SourceText;

use super::*;

fn read(text: &str) -> Result<Giterminism, Vec<String>> {
    let source = SourceText::new(FILE_NAME, text).expect("text");
    Giterminism::read(&source)
        .map(|loaded| loaded.rules)
        .map_err(|errors| errors.into_iter().map(|error| error.message).collect())
}

#[test]
fn names_and_patterns_allow_variables() {
    let rules = read(
        "giterminismConfigVersion: \"1\"\nconfig:\n  goTemplateRendering:\n    allowEnvVariables: [A, /CI_.*|X/]\n",
    )
    .expect("rules");
    for (name, allowed) in [
        ("A", true),
        ("AB", false),
        ("CI_X", true),
        ("X", true),
        ("XY", false),
        ("MY_CI_X", false),
    ] {
        assert_eq!(rules.allows_env(name), allowed, "{name}");
    }
    assert!(rules.loose(true).allows_env("anything"));
}

#[test]
fn branches_are_allowed_by_their_rule_alone() {
    let rules = |rest: &str| read(&format!("giterminismConfigVersion: 1\n{rest}")).expect("rules");
    let allowing = rules("config: {stapel: {git: {allowBranch: true}}}\n");
    assert!(allowing.allows(Rule::Branch, ""));
    assert!(rules("").loose(true).allows(Rule::Branch, ""));
    for (rest, last) in [
        (
            "",
            "add these lines to it:\n    config:\n      stapel:\n        git:\n          allowBranch: true",
        ),
        (
            "config: {}\n",
            "below `config`:\n      stapel:\n        git:\n          allowBranch: true",
        ),
        (
            "config: {stapel: {}}\n",
            "below `config.stapel`:\n        git:\n          allowBranch: true",
        ),
        (
            "config: {stapel: {git: }}\n",
            "below `config.stapel.git`:\n          allowBranch: true",
        ),
        (
            "config: {stapel: {git: {allowBranch: no}}}\n",
            "set `config.stapel.git.allowBranch` to true",
        ),
    ] {
        let rules = rules(rest);
        assert!(!rules.allows(Rule::Branch, ""), "{rest}");
        let advice = rules.advice(Rule::Branch, "");
        assert!(advice.ends_with(last), "{advice}");
    }
    let none = Giterminism::without_file(FILE_NAME).advice(Rule::Branch, "");
    assert!(
        none.contains("commit it with these lines:\n    giterminismConfigVersion: 1"),
        "{none}"
    );
    let wrong =
        read("giterminismConfigVersion: 1\nconfig: {stapel: {git: {allowBranch: maybe}}}\n");
    assert_eq!(wrong.unwrap_err().len(), 1);
}

#[test]
fn slips_are_refused() {
    assert_eq!(
        read("giterminismConfigVersion: 2\n").unwrap_err(),
        ["`giterminismConfigVersion` is not known"]
    );
    for empty in ["", "# nothing\n", "---\n", "config: {}\n"] {
        assert_eq!(
            read(empty).unwrap_err(),
            ["`giterminismConfigVersion` is missing"],
            "{empty}"
        );
    }
}

#[test]
fn paths_are_allowed_by_masks() {
    let rules = read(
        "giterminismConfigVersion: 1\nconfig:\n  stapel: {mount: {allowBuildDir: true, allowFromPaths: [~/.m2, /var/*/apt/]}}\n  secrets: {allowFiles: [/etc/x, '/~/[.].*/'], allowEnvVariables: [T]}\n",
    )
    .expect("rules");
    for (rule, value, allowed) in [
        (Rule::BuildDir, "", true),
        (Rule::FromPath, "~/.m2/repository", true),
        (Rule::FromPath, "/var/cache/apt", true),
        (Rule::FromPath, "/var/apt", false),
        (Rule::SecretFile, "/etc/x", true),
        (Rule::SecretFile, "~/.netrc", true),
        (Rule::SecretFile, "~/netrc", false),
        (Rule::SecretEnv, "T", true),
        (Rule::TemplateEnv, "T", false),
    ] {
        assert_eq!(rules.allows(rule, value), allowed, "{rule:?} {value}");
    }
    let denied =
        read("giterminismConfigVersion: 1\nconfig: {stapel: {mount: {allowBuildDir: no}}}\n")
            .expect("rules");
    assert!(!denied.allows(Rule::BuildDir, ""));
    assert_eq!(
        denied.advice(Rule::BuildDir, ""),
        "`werf-giterminism.yaml`: set `config.stapel.mount.allowBuildDir` to true"
    );
    assert_eq!(
        denied.advice(Rule::FromPath, "/x"),
        "`werf-giterminism.yaml`: add these lines below `config.stapel.mount`:\n          allowFromPaths:\n          - /x"
    );
}

#[test]
fn every_rule_is_read_with_its_type() {
    let rules = read(
        "giterminismConfigVersion: 1\ncli: {allowCustomTags: true}\nconfig:\n  allowUncommitted: false\n  allowUncommittedTemplates: [\"**/*.tmpl\"]\n  stapel:\n    allowFromLatest: true\n    git: {allowBranch: yes}\n    mount: {allowBuildDir: ~, allowFromPaths: [/etc/x]}\n  secrets: {allowValueIds: [id]}\nhelm: ~\n",
    )
    .expect("rules");
    for (rule, value, allowed) in [
        (Rule::FromLatest, "", true),
        (Rule::Branch, "", true),
        (Rule::BuildDir, "", false),
        (Rule::FromPath, "/etc/x", true),
        (Rule::SecretFile, "/etc/x", false),
        (Rule::ContextAddFile, "a", false),
    ] {
        assert_eq!(rules.allows(rule, value), allowed, "{rule:?}");
    }
    assert!(rules.loose(true).allows(Rule::ContextAddFile, "a"));
}

#[test]
fn values_of_other_types_are_refused() {
    for (line, message) in [
        ("cli: {allowCustomTags: 1}", "`cli.allowCustomTags` must be"),
        (
            "config: {allowUncommitted: [a]}",
            "`config.allowUncommitted` must be",
        ),
        (
            "config: {allowUncommittedTemplates: a}",
            "`config.allowUncommittedTemplates` must be",
        ),
        (
            "config: {allowUncommittedTemplates: [\"[\"]}",
            "`[` is not a mask",
        ),
        (
            "config: {secrets: {allowFiles: [[a]]}}",
            "`config.secrets.allowFiles` must be",
        ),
        ("config: 5", "must be"),
    ] {
        let errors = read(&format!("giterminismConfigVersion: 1\n{line}\n")).unwrap_err();
        assert!(
            errors.len() == 1 && errors[0].contains(message),
            "{line}: {errors:?}"
        );
    }
}

#[test]
fn the_advice_fits_what_is_written() {
    let none = Giterminism::without_file(FILE_NAME).advice(Rule::TemplateEnv, "X");
    assert!(
        none.contains("giterminismConfigVersion: 1\n    config:"),
        "{none}"
    );
    let list = read(
        "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: [A]}}",
    )
    .expect("rules")
    .advice(Rule::TemplateEnv, "X");
    assert!(list.ends_with("allowEnvVariables`:\n        - X"), "{list}");
}

fn warnings(text: &str) -> Vec<(String, Option<String>)> {
    let source = SourceText::new(FILE_NAME, format!("giterminismConfigVersion: 1\n{text}\n"));
    let loaded = Giterminism::read(&source.expect("text")).expect("rules");
    let warnings = loaded.warnings.into_iter();
    warnings.map(|it| (it.message, it.hint)).collect()
}

#[test]
fn unknown_keys_are_warnings_that_know_where_the_key_belongs() {
    for (text, message, hint) in [
        (
            "config: {goTemplateRendering: {allowEnvVariable: [A]}}",
            "unknown key `allowEnvVariable` in `config.goTemplateRendering`, which allows nothing",
            Some("did you mean `allowEnvVariables`?"),
        ),
        (
            "config: {allowUncommittedFiles: [a]}",
            "unknown key `allowUncommittedFiles` in `config`, which allows nothing",
            Some("did you mean `config.goTemplateRendering.allowUncommittedFiles`?"),
        ),
        (
            "config: {dockerfile: {allowFromLatest: true}}",
            "unknown key `allowFromLatest` in `config.dockerfile`, which allows nothing",
            Some("did you mean `config.stapel.allowFromLatest`?"),
        ),
        (
            "config: {allowEnvVariables: [a]}",
            "unknown key `allowEnvVariables` in `config`, which allows nothing",
            Some(
                "did you mean `config.goTemplateRendering.allowEnvVariables` or `config.secrets.allowEnvVariables`?",
            ),
        ),
        (
            "stapel: {mount: {}}",
            "unknown key `stapel`, which allows nothing",
            Some("did you mean `config.stapel`?"),
        ),
        (
            "x-other-tool: 5",
            "unknown key `x-other-tool`, which allows nothing",
            None,
        ),
    ] {
        let expected = (message.to_owned(), hint.map(str::to_owned));
        assert_eq!(warnings(text), [expected], "{text}");
    }
}

#[test]
fn rules_for_what_is_not_committed_have_masks_and_no_effect_without_a_client() {
    let written = |rule: Uncommitted, value: &str| {
        let depth = rule.path().matches('.').count();
        let keys = rule.path().replace('.', ": {");
        let closing = "}".repeat(depth);
        format!("giterminismConfigVersion: 1\n{keys}: {value}{closing}\n")
    };
    for kind in Uncommitted::ALL {
        let value = match kind {
            Uncommitted::Config => "true",
            _ => "[./a/**, ../b, /c, d/*.txt]",
        };
        let rules = read(&written(kind, value)).expect("rules");
        for other in Uncommitted::ALL {
            assert_eq!(rules.allows_uncommitted(other), other == kind, "{kind}");
        }
        let masks: Vec<&str> = rules
            .uncommitted(kind)
            .iter()
            .map(|it| it.as_str())
            .collect();
        let expected: &[&str] = match kind {
            Uncommitted::Config => &[],
            _ => &["a/**", "d/*.txt"],
        };
        assert_eq!(masks, expected, "{kind}");
        assert_eq!(rules.without_effect(&Uncommitted::ALL), [], "{kind}");
        let [warning] = rules
            .without_client("the context is X")
            .without_effect(&Uncommitted::ALL)
            .try_into()
            .expect("one warning");
        assert_eq!(
            warning.message,
            format!("`{kind}` has no effect: the context is X")
        );
        assert_eq!(warning.at.expect("a place").start.line, 2);
    }
    for text in [
        "config: {allowUncommitted: false}",
        "config: {allowUncommittedTemplates: []}",
        "helm: {allowUncommittedFiles: [a]}",
        "cli: {allowCustomTags: true}",
    ] {
        let rules = read(&format!("giterminismConfigVersion: 1\n{text}\n")).expect("rules");
        assert_eq!(
            rules.without_client("X").without_effect(&Uncommitted::ALL),
            [],
            "{text}"
        );
    }
}

#[test]
fn a_rule_for_a_path_lets_nothing_else_through() {
    let rules = read(
        "giterminismConfigVersion: 1\nconfig:\n  secrets: {allowFiles: [./token.txt, srv/token, '/~/keys/.*/']}\n  stapel: {mount: {allowFromPaths: [wheels/, /srv/cache/**]}}\n  dockerfile: {allowContextAddFiles: [./dist/]}\n",
    )
    .expect("rules");
    for (rule, value, allowed) in [
        (Rule::SecretFile, "./token.txt", true),
        (Rule::SecretFile, "a/../token.txt", true),
        (Rule::SecretFile, "/srv/token", false),
        (Rule::SecretFile, "~/keys/../.netrc", false),
        (Rule::SecretFile, "~/keys/a", true),
        (Rule::FromPath, "wheels/", true),
        (Rule::FromPath, "./wheels", true),
        (Rule::FromPath, "/wheels", false),
        (Rule::FromPath, "/srv/cache/../keys", false),
        (Rule::ContextAddFile, "dist/a", true),
    ] {
        assert_eq!(rules.allows(rule, value), allowed, "{rule:?} {value}");
    }
    let all = read("giterminismConfigVersion: 1\nconfig: {stapel: {mount: {allowFromPaths: ['**']}}, secrets: {allowFiles: ['**']}}\n")
        .expect("rules");
    assert!(all.allows(Rule::FromPath, "/var/cache"));
    assert!(!all.allows(Rule::SecretFile, "/etc/shadow"));
}

#[test]
fn the_advice_names_all_that_is_missing_at_once() {
    let names = ["A", "B"];
    assert_eq!(
        Giterminism::without_file(FILE_NAME).advice_for(Rule::TemplateEnv, &names),
        "`werf-giterminism.yaml`: commit it with these lines:\n    giterminismConfigVersion: 1\n    config:\n      goTemplateRendering:\n        allowEnvVariables:\n        - A\n        - B"
    );
    let rules = read(
        "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: [X]}}\n",
    );
    assert_eq!(
        rules.expect("rules").advice_for(Rule::TemplateEnv, &names),
        "`werf-giterminism.yaml`: add these lines to `config.goTemplateRendering.allowEnvVariables`:\n        - A\n        - B"
    );
}
