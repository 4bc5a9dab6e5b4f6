//! A value that is given as a build argument is in nothing that a person or a record sees, whatever is wrong with the
//! line that it went into.

use std::collections::BTreeMap;
use std::sync::Arc;

use diagnostic::{Diagnostic, SourceText, render};
use werf_config::giterminism::Giterminism;
use werf_config::permission;
use werf_config::template::{self, CommitData, Inputs, TextFiles};

/// The value, and what of it must not be seen either.
const VALUE: &str = "Hunter2-of//Mine";
const PARTS: [&str; 12] = [
    "hunter2",
    "Hunter2",
    "HUNTER2",
    "enim",
    "SHVudGVyMi1vZi8vTWluZQ",
    "Mine",
    "MINE",
    "mine",
    "48756e74657232",
    "retnuH",
    "8bytes",
    "Hunt",
];

fn rendered_with(text: &str, value: &str) -> Vec<Diagnostic> {
    let files = [(
        "lib.yaml",
        "shell:\n  install: [\"{{ env \\\"TOKEN\\\" }}\"]\n",
    )];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let pairs = [("TOKEN", value), ("WERF_DEBUG_TEMPLATES", "1")];
    let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let rules =
        "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: [TOKEN]}}";
    let rules = SourceText::new("werf-giterminism.yaml", rules).expect("text");
    let rules = Giterminism::read(&rules).expect("rules").rules;
    let inputs = Inputs {
        files: Arc::new(TextFiles(BTreeMap::from(files))),
        commit: CommitData::default(),
        variables: BTreeMap::from(variables),
        giterminism: rules.clone(),
    };
    let main = SourceText::new("werf.yaml", text).expect("text");
    let outcome = template::render(main, Vec::new(), &inputs);
    let mut said = outcome.warnings;
    match outcome.result {
        Err(error) => said.push(*error),
        Ok(source) => match werf_config::load(&source) {
            Err(errors) => said.extend(errors),
            Ok(loaded) => {
                said.extend(loaded.warnings);
                said.extend(permission::check(&loaded.config, &rules));
            }
        },
    }
    for one in &mut said {
        outcome.hidden.in_diagnostic(one);
    }
    said
}

const HEAD: &str = "configVersion: 1\nproject: shop\n---\n";

/// Sections with something wrong, in which `@` is the value.
const MISTAKES: [&str; 58] = [
    "image: a\nfrom: @:x\n",
    "image: a\nfrom: @\n",
    "image: a\nfrom: https://@\n",
    "image: @\nfrom: alpine:1\nshel: {}\n",
    "image: [a, @, @]\nfrom: alpine:1\n",
    "image: a\n@: x\nfrom: alpine:1\n",
    "image: a\nfrom: alpine:1\n@\n",
    "image: a\nfrom: alpine:1\nshell: @\n",
    "image: a\nfrom: alpine:1\nshell:\n  install:\n  - login --token: @\n",
    "image: a\nfrom: alpine:1\nshell:\n  @: [a]\n",
    "image: a\nfrom: alpine:1\nshell:\n  install: {a: @}\n",
    "image: a\nfrom: alpine:1\nshell:\n  install: [@\n",
    "image: a\nfrom: alpine:1\nshell:\n  install: *@\n",
    "image: a\nfrom: alpine:1\nshell:\n  install: &@\n",
    "image: a\nfrom: alpine:1\nshell:\n  install: \"@\n",
    "image: a\nfrom: alpine:1\nshell:\n  install: \"@\" && @\n",
    "image: a\nfrom: alpine:1\nshell:\n\tinstall: @\n",
    "image: a\nfrom: alpine:1\nfinal: @\n",
    "image: a\nfrom: alpine:1\ngit:\n- add: @\n  to: @\n",
    "image: a\nfrom: alpine:1\ngit:\n- add: /\n  to: /a\n  includePaths: [/@]\n",
    "image: a\nfrom: alpine:1\ngit:\n- add: /\n  to: /a\n  stageDependencies: {@: [a]}\n",
    "image: a\nfrom: alpine:1\ngit:\n- url: https://x:@@host/a\n  to: /a\n  branch: b\n",
    "image: a\nfrom: alpine:1\ngit:\n- url: \"@\"\n  to: /a\n  branch: @\n  tag: @\n",
    "image: a\nfrom: alpine:1\nmount:\n- from: @\n  to: /x\n",
    "image: a\nfrom: alpine:1\nmount:\n- fromPath: /@\n  to: /x\n",
    "image: a\nfrom: alpine:1\nmount:\n- fromPath: x\n  to: @\n",
    "image: a\nfrom: alpine:1\nsecrets:\n- value: @\n",
    "image: a\nfrom: alpine:1\nsecrets:\n- id: T\n  value: @\n",
    "image: a\nfrom: alpine:1\nsecrets:\n- env: @\n",
    "image: a\nfrom: alpine:1\nsecrets:\n- src: /@\n",
    "image: a\nfrom: alpine:1\nsecrets:\n- id: a/@\n  env: X\n",
    "image: a\nfrom: alpine:1\nnetwork: @\n",
    "image: a\nfrom: alpine:1\nplatform: @\n",
    "image: a\nfrom: alpine:1\nimport:\n- image: @\n  add: /a\n  before: install\n",
    "image: a\nfrom: alpine:1\nimport:\n- image: a\n  add: @\n  before: @\n",
    "image: a\nfrom: alpine:1\nimageSpec: {config: {expose: [@]}}\n",
    "image: a\nfrom: alpine:1\nimageSpec: {config: {workingDir: @}}\n",
    "image: a\nfrom: alpine:1\nimageSpec: {config: {env: [@]}}\n",
    "image: a\nfrom: alpine:1\nimageSpec: {config: {healthcheck: {test: [@]}}}\n",
    "image: a\nfrom: alpine:1\ndocker: {EXPOSE: @}\n",
    "image: a\nfrom: alpine:1\ndocker: {HEALTHCHECK: @}\n",
    "image: a\nfrom: alpine:1\nansible:\n  install:\n  - @: x\n",
    "image: a\nfrom: alpine:1\nansible:\n  install:\n  - raw: x\n    @: x\n",
    "image: a\ndockerfile: /@\n",
    "image: a\ndockerfile: ../@\n",
    "image: a\ndockerfile: D\naddHost: @\n",
    "image: a\ndockerfile: D\ncontextAddFiles: [/@]\n",
    "image: a\ndockerfile: D\nargs: {\"@=\": a}\n",
    "image: a\ndockerfile: D\nnetwork: @\n",
    "image: a\ndockerfile: D\n@: x\n",
    "image: a\nfrom: alpine:1\n---  @\nimage: b\n",
    "@\n",
    "@: 1\n",
    "configVersion: @\nproject: @\n",
    "{{ fail (printf \"no %s\" (env \"TOKEN\")) }}",
    "{{ atoi (env \"TOKEN\") }}{{ required \"x\" \"\" }}{{ toDate \"2006\" (env \"TOKEN\") }}{{ fail (env \"TOKEN\" | upper) }}",
    "{{ printf_debug \"%s %x %q\" (env \"TOKEN\") (env \"TOKEN\") (env \"TOKEN\") }}{{ dump_debug (dict \"a\" (env \"TOKEN\" | b64enc)) }}{{ include_debug \"x\" . }}",
    "{{ tpl_debug (.Files.Get \"lib.yaml\") . }}@: x\n",
];

/// What is written in the place of `@`.
const FORMS: [&str; 14] = [
    "{{ env \"TOKEN\" }}",
    "{{ $t := env \"TOKEN\" }}{{ $t }}",
    "{{ env \"TOKEN\" | upper }}",
    "{{ env \"TOKEN\" | lower | quote | trimAll \"\\\"\" }}",
    "{{ env \"TOKEN\" | b64enc }}",
    "{{ printf \"%s-x\" (env \"TOKEN\") }}",
    "{{ printf \"%x\" (env \"TOKEN\") }}",
    "{{ env \"TOKEN\" | trunc 9 }}",
    "{{ env \"TOKEN\" | splitList \"-\" | first }}",
    "{{ (split \"/\" (env \"TOKEN\"))._2 }}",
    "{{ $d := dict \"k\" (env \"TOKEN\") }}{{ get $d \"k\" | replace \"-\" \"_\" }}",
    "{{ range (env \"TOKEN\" | splitList \"2\") }}{{ . }}{{ end }}",
    "{{ slice (env \"TOKEN\") 0 8 }}",
    "{{ env \"TOKEN\" | sha256sum | trunc 20 }}",
];

#[test]
fn a_given_value_is_in_no_message_whatever_is_wrong_with_its_line() {
    let mut said = 0;
    for mistake in MISTAKES {
        for form in FORMS {
            let text = format!("{HEAD}{}", mistake.replace('@', form));
            for one in rendered_with(&text, VALUE) {
                said += 1;
                let record = serde_json::to_string(&one).expect("JSON");
                for seen in [render(&one, Some(&text)), one.one_line(), record] {
                    for part in PARTS {
                        assert!(!seen.contains(part), "{part} of {form} in:\n{text}\n{seen}");
                    }
                }
            }
        }
    }
    assert!(said >= MISTAKES.len() * FORMS.len() / 2, "only {said}");
}

/// Without this the test above could pass because nothing is ever shown.
#[test]
fn what_is_no_value_is_still_shown() {
    let text =
        format!("{HEAD}image: a\nfrom: alpine:1\nshell: {{instal: [{{{{ env \"TOKEN\" }}}}]}}\n");
    let said = rendered_with(&text, VALUE);
    let shown: Vec<String> = said.iter().map(Diagnostic::one_line).collect();
    assert_eq!(
        shown,
        [
            "werf.yaml:6:9: unknown key `instal` in `shell` of image `a`; did you mean `install`?\n  note: this line is rendered as `shell: {instal: [***]}`"
        ]
    );
}
