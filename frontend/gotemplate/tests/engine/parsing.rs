//! What Go's newer versions parse, and what only the types of an error tell.

use gotemplate::{ErrorKind, Templates, Value};

use crate::helpers::{execute, funcs, render};

fn parse_error(text: &str) -> gotemplate::Error {
    let templates = Templates::new("main").with_funcs(funcs());
    let error = templates.parse("main", text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parse);
    error
}

#[test]
fn else_with_goes_on_after_with() {
    let text = |value: &str| {
        format!(
            "{{{{ with {value} }}}}a{{{{ . }}}}{{{{ else with 0 }}}}b{{{{ else with \"c\" }}}}{{{{ . }}}}{{{{ else }}}}d{{{{ end }}}}|"
        )
    };
    assert_eq!(render(&text("1")).unwrap(), "a1|");
    assert_eq!(render(&text("0")).unwrap(), "c|");
    for (text, message) in [
        (
            "{{ if 1 }}{{ else with 2 }}{{ end }}",
            "unexpected <with> in input",
        ),
        (
            "{{ with 1 }}{{ else if 2 }}{{ end }}",
            "unexpected <if> in input",
        ),
        (
            "{{ with 1 }}{{ else with }}{{ end }}",
            "missing value for with",
        ),
        (
            "{{ with 1 }}{{ else }}{{ else with 2 }}{{ end }}",
            "expected end; found {{else}}",
        ),
    ] {
        assert_eq!(parse_error(text).message(), message);
    }
}

#[test]
fn stray_right_parentheses_are_named() {
    assert_eq!(
        parse_error("{{ 1) }}").to_string(),
        "template: main:1: unexpected right paren"
    );
}

#[test]
fn parse_errors_know_the_column_that_go_does_not_tell() {
    for (text, line, column) in [
        ("a\n  {{ nope }}", 2, 5),
        ("{{ $x }}", 1, 3),
        ("é {{ 1 | 2 }}", 1, 10),
        ("{{ if true }}\nx", 2, 1),
        ("{{ print \"a\n", 1, 9),
    ] {
        let error = parse_error(text);
        let location = error.location().unwrap();
        assert_eq!(
            (location.line, location.column),
            (line, column),
            "{text}: {error}"
        );
        assert_eq!(&*location.template, "main");
    }
}

#[test]
fn delimiters_can_be_replaced() {
    let templates = Templates::new("main").with_delims("<<", ">>");
    let text = "{{ << 1 ->> \n {{ <</* note */>><<- \"a\" >>}}";
    assert_eq!(
        execute(&templates, text, Value::Absent).unwrap(),
        "{{ 1{{ a}}"
    );
    let templates = Templates::new("main").with_delims("", "|");
    assert_eq!(execute(&templates, "{{ 1 |", Value::Absent).unwrap(), "1");
}

#[test]
fn break_and_continue_are_names_where_functions_are_called_so() {
    let mut funcs = funcs();
    funcs.add("break", [], |_, _| Ok(Value::string("B")));
    let templates = Templates::new("main").with_funcs(funcs);
    let text = "{{ break }}{{ range list 1 2 }}{{ continue }}{{ end }}";
    assert_eq!(execute(&templates, text, Value::Absent).unwrap(), "B");
}

#[test]
fn a_text_with_an_error_adds_nothing() {
    let templates = Templates::new("main");
    assert!(
        templates
            .parse("a", "{{ define \"b\" }}{{ end }}{{ end }}")
            .is_err()
    );
    assert!(templates.names().is_empty());
}

#[test]
fn later_texts_replace_earlier_ones_unless_they_are_blank() {
    let templates = Templates::new("main");
    templates
        .parse("a", "{{ define \"x\" }}1{{ end }}A")
        .unwrap();
    templates
        .parse("b", "{{ define \"x\" }}2{{ end }}")
        .unwrap();
    templates
        .parse(
            "c",
            "{{ define \"x\" }} \n {{ end }}{{ define \"a\" }}{{/* */}}{{ end }}",
        )
        .unwrap();
    let text = "{{ template \"x\" }}{{ template \"a\" }}[{{ template \"b\" }}]";
    assert_eq!(execute(&templates, text, Value::Absent).unwrap(), "2A[]");
    let names: Vec<_> = templates.names();
    assert_eq!(
        names.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["a", "b", "c", "main", "x"]
    );
}

#[test]
fn text_that_is_not_utf_8_passes_through() {
    let templates = Templates::new("main");
    templates
        .parse("main", b"\xff{{ \"\\xfe\" }}{{ `\xfd` }}")
        .unwrap();
    let rendered = templates.execute("main", Value::Absent).unwrap();
    assert_eq!(rendered.bytes(), b"\xff\xfe\xfd");
    let error = templates.parse("main", b"{{ \xff }}").unwrap_err();
    let message = "template: main:1: unrecognized character in action: U+FFFD '\u{fffd}'";
    assert_eq!(error.to_string(), message);
}
