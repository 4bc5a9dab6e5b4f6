//! What an error tells besides Go's words.

use gotemplate::{ErrorKind, Frame, Step, Templates, Value};

use crate::helpers::{execute, funcs};

const HELPERS: &str = "\
{{ define \"outer\" }}
x: {{ include \"inner\" . | upper }}
{{ end }}
{{ define \"inner\" }}
{{ template \"leaf\" . }}{{ end }}
{{ define \"leaf\" }}{{ fail \"broken\" }}{{ end }}";

fn fail(text: &str) -> gotemplate::Error {
    let templates = Templates::new("main").with_funcs(funcs());
    templates.parse("lib/helpers.tmpl", HELPERS).unwrap();
    execute(&templates, text, Value::Absent).unwrap_err()
}

fn line(frame: &Frame) -> String {
    let location = &frame.location;
    let executing = frame.executing.as_deref().unwrap_or("-");
    let (line, column, node) = (location.line, location.column, &frame.node);
    format!(
        "{}:{line}:{column} {executing} <{node}> {:?}",
        location.template, frame.step
    )
}

#[test]
fn every_call_on_the_way_is_a_frame() {
    let error = fail("a\n{{ include \"outer\" . }}");
    assert_eq!(error.kind(), ErrorKind::Exec);
    assert_eq!(error.message(), "broken");
    let frames: Vec<_> = error.frames().map(line).collect();
    assert_eq!(
        frames,
        [
            r#"main:2:3 main <include "outer" .> CalledFunction("include")"#,
            r#"lib/helpers.tmpl:2:6 outer <include "inner" .> CalledFunction("include")"#,
            r#"lib/helpers.tmpl:5:12 inner <{{template "leaf" .}}> CalledTemplate("leaf")"#,
            r#"lib/helpers.tmpl:6:22 leaf <fail "broken"> CalledFunction("fail")"#,
        ]
    );
    assert_eq!(
        error.to_string(),
        "template: main:2:3: executing \"main\" at <include \"outer\" .>: error calling include: \
         template: lib/helpers.tmpl:2:6: executing \"outer\" at <include \"inner\" .>: error calling include: \
         template: lib/helpers.tmpl:6:22: executing \"leaf\" at <fail \"broken\">: error calling fail: broken"
    );
    let location = error.location().unwrap();
    assert_eq!(&HELPERS[location.offset..location.offset + 4], "fail");
}

#[test]
fn a_broken_text_inside_a_call_is_a_parse_error_with_its_caller() {
    let error = fail("{{ tpl \"a\\n{{ end }}\" . }}");
    assert_eq!(error.kind(), ErrorKind::Parse);
    let frames: Vec<_> = error.frames().map(line).collect();
    assert_eq!(
        frames,
        [
            r#"main:1:3 main <tpl "a\n{{ end }}" .> CalledFunction("tpl")"#,
            "tpl:2:7 - <> Failed",
        ]
    );
}

#[test]
fn a_missing_template_inside_a_call_has_the_call_s_position() {
    let error = fail("{{ include \"none\" . }}");
    assert_eq!(error.kind(), ErrorKind::NoTemplate);
    assert_eq!(
        error.to_string(),
        "template: main:1:3: executing \"main\" at <include \"none\" .>: error calling include: \
         template: no template \"none\" associated with template \"main\""
    );
}

#[test]
fn columns_count_bytes() {
    let error = fail("é\té {{ .x | fail }}");
    let location = error.location().unwrap();
    assert_eq!((location.line, location.column), (1, 14));
    assert_eq!(error.frames().next().unwrap().step, Step::Failed);
}

#[test]
fn huge_nodes_are_cut() {
    let error = fail(&format!(
        "{{{{ fail (print {}) }}}}",
        "\"0123456789\" ".repeat(1000)
    ));
    assert!(error.frames().next().unwrap().node.len() < 2100);
}
