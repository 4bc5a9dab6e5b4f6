use super::*;

fn render_with(
    text: &str,
    variables: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Result<String, String> {
    let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pair = |&(a, b): &(&str, &str)| (a.to_owned(), b.to_owned());
        pairs.iter().map(pair).collect()
    };
    let inputs = Inputs {
        files: Arc::new(TextFiles(owned(files))),
        commit: CommitData::default(),
        variables: owned(variables),
        giterminism: Giterminism::without_file("werf-giterminism.yaml").loose(true),
    };
    let main = SourceText::new("werf.yaml", text).expect("text");
    render(main, Vec::new(), &inputs)
        .result
        .map(|source| source.text().to_owned())
        .map_err(|error| error.message)
}

fn text(template: &str) -> Result<String, String> {
    render_with(
        template,
        &[("A", "a"), ("EMPTY", "")],
        &[("d/x", "X"), ("d/e/y", "Y")],
    )
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "compared with what may be an error"
)]
fn ok(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[test]
fn env_prefers_what_is_set_and_not_empty() {
    assert_eq!(
        text(
            "{{ env \"A\" }} {{ env \"A\" \"b\" }} {{ env \"EMPTY\" }} {{ env \"EMPTY\" \"d\" }} {{ env \"NO\" \"d\" }} {{ env \"NO\" }}"
        ),
        ok("a a  d d ")
    );
    assert_eq!(
        text("{{ env \"A\" \"b\" \"c\" }}"),
        Err("more than 1 optional argument prohibited".to_owned())
    );
}

#[test]
fn required_refuses_nothing_and_empty_text_only() {
    assert_eq!(
        text("{{ required \"m\" 0 }}{{ required \"m\" false }}"),
        ok("0false")
    );
    for value in ["\"\"", ".Missing", "nil"] {
        let template = format!("{{{{ required \"say it\" ({value}) }}}}").replace("(nil)", ".N");
        assert_eq!(text(&template), Err("say it".to_owned()), "{value}");
    }
}

#[test]
fn tpl_sees_and_makes_definitions() {
    assert_eq!(
        text(
            "{{ define \"t\" }}1{{ end }}{{ tpl \"{{ define \\\"u\\\" }}2{{ end }}{{ include \\\"t\\\" . }}\" . }}{{ include \"u\" . }}"
        ),
        ok("12")
    );
    assert_eq!(
        text("{{ tpl_debug \"{{ . }}\" 5 }}{{ printf_debug \"%d\" 1 }}{{ dump_debug . }}"),
        ok("5")
    );
}

#[test]
fn yaml_is_read_leniently_and_nested_maps_are_not_dictionaries() {
    assert_eq!(text("{{ (fromYaml \"a: 1\\na: 2\").a }}"), ok("2"));
    assert_eq!(text("{{ (fromYaml \"a: {b: c}\").a.b }}"), ok("c"));
    assert_eq!(text("{{ (fromYaml \"a: {b: c}\").a | toJson }}"), ok(""));
    assert_eq!(text("{{ fromYaml \"\" | toYaml }}"), ok("{}"));
    for wrong in ["[1]", "x", "a: [", "a: !!int x"] {
        assert!(
            text(&format!("{{{{ fromYaml \"{wrong}\" }}}}")).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn files_are_found() {
    assert_eq!(
        text(
            "{{ .Files.Get \"/d/x\" }}{{ .Files.Exists \"d\" }}{{ .Files.IsDir \"d/x\" }}{{ .Files.Glob \"d\" | keys }}{{ .Files.Glob \"no\" }}"
        ),
        ok("Xtruefalse[d/e/y d/x]map[]")
    );
}

#[test]
fn integers_are_no_ranges_and_the_dot_can_be_changed() {
    assert!(text("{{ range 3 }}{{ end }}").is_err());
    assert_eq!(
        text("{{ $_ := set . \"K\" 1 }}{{ .K }}{{ .Missing.Deeper }}"),
        ok("1<no value>")
    );
}

#[test]
fn a_file_of_definitions_renders_to_nothing() {
    assert_eq!(text("{{ define \"x\" }}y{{ end }}"), ok(""));
    assert_eq!(text(""), ok(""));
}

#[test]
fn too_much_output_is_refused() {
    assert_eq!(
        text("{{ range until 2000 }}{{ repeat 10000 \"x\" }}{{ end }}"),
        Err("the template writes more than 16 MiB".to_owned())
    );
}

#[test]
fn a_mistake_in_the_text_of_tpl_is_shown_where_tpl_is_called() {
    let inputs = Inputs {
        files: Arc::new(TextFiles(BTreeMap::new())),
        commit: CommitData::default(),
        variables: BTreeMap::new(),
        giterminism: Giterminism::without_file("werf-giterminism.yaml"),
    };
    let main =
        SourceText::new("werf.yaml", "a\n{{ tpl \"x\\n{{ fail \\\"no\\\" }}\" . }}").expect("text");
    let error = render(main, Vec::new(), &inputs).result.unwrap_err();
    assert_eq!(error.message, "no");
    assert_eq!(error.at.expect("a place").start.line, 2);
    assert_eq!(
        error.notes,
        ["it is in line 2 of the text that `tpl` is given"]
    );
}

fn outcome_with(text: &str, variables: &[(&str, &str)], files: &[(&str, &str)]) -> Outcome {
    let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pair = |&(a, b): &(&str, &str)| (a.to_owned(), b.to_owned());
        pairs.iter().map(pair).collect()
    };
    let rules = "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: [A, B, /C_.*/], allowUncommittedFiles: [bases.yml, 'x/**']}}\n";
    let rules = SourceText::new("werf-giterminism.yaml", rules).expect("text");
    let inputs = Inputs {
        files: Arc::new(TextFiles(owned(files))),
        commit: CommitData::default(),
        variables: owned(variables),
        giterminism: Giterminism::read(&rules).expect("rules").rules,
    };
    let main = SourceText::new("werf.yaml", text).expect("text");
    let helpers = TemplateFile {
        name: "helpers.tmpl".to_owned(),
        source: SourceText::new(
            ".werf/helpers.tmpl",
            "{{ define \"file\" }}{{ tpl (.Files.Get \"one\") . }}{{ end }}",
        )
        .expect("text"),
    };
    render(main, vec![helpers], &inputs)
}

#[test]
fn text_of_files_keeps_its_lines() {
    let files = [
        (
            "one",
            "first: 1\n{{- if true }}\nHERE: {{ env \"A\" }}\n{{- end }}\n",
        ),
        ("plain", "a\nHERE\n"),
        ("d/a", "x\n"),
        ("d/b", "y\nz\n HERE: b\n"),
        (
            "outer",
            "\n{{ tpl (.Files.Get \"plain\") . }}\n{{ tpl (.Files.Get \"one\" | indent 2) . }}",
        ),
        (
            "list",
            "{{ range $path, $text := .Files.Glob \"d/*\" }}---\n{{ tpl $text $ }}\n{{ end }}",
        ),
        ("lines", "a: |\n  {{ env \"A\" }}\n  HERE\n"),
    ];
    for (text, file, line) in [
        ("{{ tpl (.Files.Get \"one\") . }}", "one", 3),
        ("{{ tpl (.Files.Get \"/one\") . | indent 4 }}", "one", 3),
        ("{{ $t := .Files.Get \"one\" }}\n{{ tpl $t $ }}", "one", 3),
        ("{{ .Files.Get \"plain\" }}", "plain", 2),
        ("a:\n{{ .Files.Get \"plain\" | nindent 2 }}", "plain", 2),
        ("{{ tpl (.Files.Get \"outer\") . }}", "plain", 2),
        ("{{ tpl (.Files.Get \"list\") . }}", "d/b", 3),
        ("{{ range .Files.Glob \"d/*\" }}{{ . }}{{ end }}", "d/b", 3),
        ("{{ include \"file\" . }}", "one", 3),
        ("{{ include \"file\" . | indent 2 | trim }}", "one", 3),
        ("{{ tpl (.Files.Get \"lines\") . }}", "lines", 3),
        (
            "\n{{ tpl (.Files.Get \"plain\" | replace \"a\" \"b\") . }}",
            "werf.yaml",
            2,
        ),
    ] {
        let outcome = outcome_with(text, &[("A", "v")], &files);
        let source = outcome.result.expect("a text");
        let at = source.text().find("HERE").expect("the word");
        let place = source.location(diagnostic::Span::new(at, at + 4));
        assert_eq!(
            (place.file.as_str(), place.start.line),
            (file, line),
            "{text}"
        );
        let shown = outcome.files.iter().any(|shown| shown.name() == file);
        assert_eq!(shown, file != "werf.yaml", "{text}");
    }
}

#[test]
fn a_template_that_fails_in_a_file_is_shown_there() {
    let files = [
        ("d/f", "a\n\nb: {{ fail \"no\" }}\n"),
        ("broken", "a\n{{ if }}\n"),
    ];
    for (text, place) in [
        ("{{ tpl (.Files.Get \"d/f\") . }}", ("d/f", 3, 7)),
        (
            "{{ range .Files.Glob \"d/*\" }}{{ tpl . $ }}{{ end }}",
            ("d/f", 3, 7),
        ),
        ("{{ tpl (.Files.Get \"broken\") . }}", ("broken", 2, 1)),
    ] {
        let outcome = outcome_with(text, &[], &files);
        let error = outcome.result.expect_err("an error");
        let at = error.at.expect("a place");
        assert_eq!(
            (at.file.as_str(), at.start.line, at.start.column),
            place,
            "{text}"
        );
        assert_eq!(outcome.files.len(), 1, "{text}");
    }
}

#[test]
fn all_variables_that_cannot_be_read_are_told_at_once() {
    let text = "{{ env \"A\" }}{{ env \"X\" }}\n{{ if eq (env \"B\") \"\" }}{{ env \"Y\" \"y\" }}{{ end }}\n{{ env \"X\" }}{{ atoi (env \"C_1\") }}{{ tpl (.Files.Get \"f\") . }}";
    let error = outcome_with(text, &[("A", "a")], &[("f", "\n{{ env \"Z\" }}")])
        .result
        .expect_err("an error");
    let expected = "werf.yaml:1:17: env names \"X\", \"Y\", \"Z\" not allowed by giterminism; allow them in `werf-giterminism.yaml`, or try without such rules: `--build-arg WERF_LOOSE_GITERMINISM=1`
  note: `werf-giterminism.yaml`: add these lines to `config.goTemplateRendering.allowEnvVariables`:
        - X
        - Y
        - Z
  note: the build has to be given, too: `--build-arg X=… --build-arg B=… --build-arg C_1=… --build-arg Z=…`
  note: `B` is read in werf.yaml:2
  note: `Y` is read in werf.yaml:2
  note: `C_1` is read in werf.yaml:3
  note: `Z` is read in f:2";
    assert_eq!(error.one_line(), expected);
    let error = outcome_with("{{ env \"B\" }}{{ env \"C_1\" }}", &[], &[]).result;
    assert_eq!(
        error.expect_err("an error").one_line(),
        "werf.yaml:1:4: the environment variables \"B\", \"C_1\" must be set or defaults must be provided; pass `--build-arg B=… --build-arg C_1=…`, or write `env \"B\" \"default\"`\n  note: `C_1` is read in werf.yaml:1"
    );
}

#[test]
fn a_missing_file_that_a_rule_allows_to_be_uncommitted_is_told_with_the_rule() {
    for (path, is_allowed) in [("bases.yml", true), ("x/y", true), ("other", false)] {
        let text = format!("{{{{ .Files.Get {path:?} }}}}");
        let error = outcome_with(&text, &[], &[]).result.expect_err("an error");
        let hint = error.hint.unwrap_or_default();
        let rule = "`config.goTemplateRendering.allowUncommittedFiles` in `werf-giterminism.yaml` takes it from the working directory";
        assert_eq!(hint.contains(rule), is_allowed, "{hint}");
    }
}

#[test]
fn a_part_of_a_value_in_the_words_of_a_template_is_hidden() {
    for text in [
        "{{ tpl (printf \"{{ %s }}\" (env \"A\")) . }}",
        "{{ tpl (printf \"{{ .x.%s }}\" (env \"A\")) 5 }}",
        "{{ include (env \"A\" | trunc 7) . }}",
        "{{ index (dict) (env \"A\") 1 }}",
        "{{ atoi (env \"A\") }}{{ fail (env \"A\" | splitList \" \" | first) }}",
    ] {
        let outcome = outcome_with(text, &[("A", "Hunter2 mine")], &[]);
        let mut error = *outcome.result.expect_err("an error");
        outcome.hidden.in_diagnostic(&mut error);
        let said = error.one_line();
        assert!(!said.contains("Hunter2"), "{text}\n{said}");
    }
}
