//! Output is traced to the template lines that wrote it.

use gotemplate::{Rendered, Templates, Value};

use crate::helpers::funcs;

fn render(text: &str) -> Rendered {
    let templates = Templates::new("main").with_funcs(funcs());
    templates
        .parse("lib", "{{ define \"two\" -}}\none: 1\ntwo: {{ . }}\n{{- end }}{{ define \"tail\" }}{{ range list 1 2 }}\n- {{ . }}{{ end }}{{ end }}")
        .unwrap();
    templates.parse("main", text).unwrap();
    templates.execute("main", Value::int(7)).unwrap()
}

/// Returns each output line with where it comes from.
fn trace(text: &str) -> Vec<String> {
    let rendered = render(text);
    let text = rendered.text();
    text.lines()
        .enumerate()
        .map(|(index, line)| match rendered.locate_line(index + 1) {
            Some(origin) => format!("{line} <- {}:{}", origin.template, origin.line),
            None => format!("{line} <- ?"),
        })
        .collect()
}

#[test]
fn text_and_actions_have_their_own_lines() {
    let text = "a\nb {{ . }}\n{{- if true }}\n  c\n{{ end }}{{/* note\n */}}d\n{{ \"x\\ny\" }}";
    assert_eq!(
        trace(text),
        [
            "a <- main:1",
            "b 7 <- main:2",
            "  c <- main:4",
            "d <- main:6",
            "x <- main:7",
            "y <- main:7"
        ]
    );
}

#[test]
fn loops_repeat_their_lines() {
    let text = "{{ range list 1 2 }}\n- {{ . }}\n{{- end }}\nend";
    assert_eq!(
        trace(text),
        [
            " <- main:1",
            "- 1 <- main:2",
            "- 2 <- main:2",
            "end <- main:4"
        ]
    );
}

#[test]
fn called_templates_have_the_lines_of_their_text() {
    assert_eq!(
        trace("x\n{{ template \"two\" 5 }}\ny"),
        [
            "x <- main:1",
            "one: 1 <- lib:2",
            "two: 5 <- lib:3",
            "y <- main:3"
        ]
    );
}

#[test]
fn included_texts_keep_their_lines_even_when_indented() {
    let expected = |indent| {
        [
            "x:".to_owned(),
            format!("{indent}one: 1"),
            format!("{indent}two: 7"),
            "y".to_owned(),
        ]
        .into_iter()
        .zip(["main:1", "lib:2", "lib:3", "main:3"])
        .map(|(line, origin)| format!("{line} <- {origin}"))
        .collect::<Vec<_>>()
    };
    assert_eq!(trace("x:\n{{ include \"two\" . }}\ny"), expected(""));
    assert_eq!(
        trace("x:\n{{ include \"two\" . | indent 2 }}\ny"),
        expected("  ")
    );
    assert_eq!(
        trace("x:\n{{- include \"two\" . | nindent 2 }}\ny")[1..],
        ["  one: 1 <- lib:2", "  two: 7 <- lib:3", "y <- main:3"]
    );
    assert_eq!(
        trace("{{ $t := include \"two\" . }}a\n{{ $t | trim }}")[1..],
        ["one: 1 <- lib:2", "two: 7 <- lib:3"]
    );
    assert_eq!(
        trace("{{ include \"tail\" . | trim | indent 1 }}"),
        [" - 1 <- lib:5", " - 2 <- lib:5"]
    );
}

#[test]
fn changed_texts_come_from_their_action() {
    assert_eq!(
        trace("x\n{{ include \"two\" . | upper }}"),
        ["x <- main:1", "ONE: 1 <- main:2", "TWO: 7 <- main:2"]
    );
    assert_eq!(
        trace("x\n{{ printf \"%s\" (include \"two\" .) }}")[1..],
        ["one: 1 <- main:2", "two: 7 <- main:2"]
    );
}

#[test]
fn texts_that_only_the_template_knows_come_from_their_action() {
    let text = "x\n{{ tpl \"a\\nb\\n{{ include \\\"two\\\" . }}\\nc\" . }}";
    assert_eq!(
        trace(text),
        [
            "x <- main:1",
            "a <- main:2",
            "b <- main:2",
            "one: 1 <- lib:2",
            "two: 7 <- lib:3",
            "c <- main:2"
        ]
    );
}

#[test]
fn offsets_are_traced_within_a_line() {
    let rendered = render("a{{ template \"two\" 1\n}}b\n");
    let at = |offset| {
        rendered
            .locate(offset)
            .map(|origin| (origin.template.to_string(), origin.line))
    };
    assert_eq!(rendered.text(), "aone: 1\ntwo: 1b\n");
    assert_eq!(at(0), Some(("main".to_owned(), 1)));
    assert_eq!(at(1), Some(("lib".to_owned(), 2)));
    assert_eq!(at(13), Some(("lib".to_owned(), 3)));
    assert_eq!(at(14), Some(("main".to_owned(), 2)));
    assert_eq!(render("").locate(0), None);
    assert_eq!(rendered.locate_line(99), None);
}
