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
