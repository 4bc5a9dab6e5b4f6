//! Endless and huge templates end in an error that names the limit.

use std::time::{Duration, Instant};

use gotemplate::{Error, Limit, Limits, Map, Step, Templates, Value};

use crate::helpers::funcs;

fn render_within(text: &str, limits: Limits) -> Result<String, Error> {
    let start = Instant::now();
    let templates = Templates::new("main")
        .with_funcs(funcs())
        .with_limits(limits);
    let data = Map::dict([("n", Value::int(3))]);
    let result = templates
        .parse("main", text)
        .and_then(|()| templates.execute("main", Value::from(data)))
        .map(|rendered| rendered.text().into_owned());
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
    result
}

fn limit(text: &str) -> Limit {
    let error = render_within(text, Limits::default()).unwrap_err();
    error.limit().unwrap_or_else(|| panic!("{error}")).limit
}

#[test]
fn endless_template_calls_end_at_go_s_depth() {
    let text = r#"{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}"#;
    let error = render_within(text, Limits::default()).unwrap_err();
    let expected = r#"template: main:1:28: executing "r" at <{{template "r" .}}>: exceeded maximum template depth (100000)"#;
    assert_eq!(error.to_string(), expected);
    assert!(error.frames().len() < 100, "{}", error.frames().len());
    assert_eq!(
        error.frames().next().unwrap().step,
        Step::CalledTemplate("r".into())
    );
}

#[test]
fn templates_may_call_each_other_almost_that_deep() {
    let text = r#"{{ define "r" }}{{ if . }}{{ template "r" (down .) }}{{ else }}bottom{{ end }}{{ end }}{{ template "r" 99000 }}"#;
    assert_eq!(render_within(text, Limits::default()).unwrap(), "bottom");
}

#[test]
fn endless_includes_end_at_the_limit_of_nesting() {
    for text in [
        r#"{{ define "r" }}{{ include "r" . }}{{ end }}{{ include "r" . }}"#,
        r#"{{ define "r" }}{{ if true }}{{ with 1 }}{{ range list 1 }}x{{ (include "r" (list . | printf "%v")) }}{{ end }}{{ end }}{{ end }}{{ end }}{{ include "r" . }}"#,
        r#"{{ define "r" }}{{ template "s" . }}{{ end }}{{ define "s" }}{{ include "r" . | printf "%s" }}{{ end }}{{ include "r" . }}"#,
        r#"{{ define "r" }}{{ tpl "{{ include \"r\" . }}" . }}{{ end }}{{ include "r" . }}"#,
        r#"{{ $t := "{{ tpl .t . }}" }}{{ $_ := set . "t" $t }}{{ tpl $t . }}"#,
    ] {
        tally::refused(1);
        let error = render_within(text, Limits::default()).unwrap_err();
        assert_eq!(error.limit().unwrap().limit, Limit::Nesting, "{text}");
        let message = error.to_string();
        assert!(message.len() < 5000, "{} bytes", message.len());
        assert!(
            message.ends_with("exceeded maximum nesting (5000)"),
            "{message}"
        );
    }
}

#[test]
fn thousands_of_includes_are_possible() {
    let text = r#"{{ define "r" }}{{ if . }}{{ include "r" (down .) }}{{ else }}bottom{{ end }}{{ end }}{{ include "r" 2400 }}"#;
    assert_eq!(render_within(text, Limits::default()).unwrap(), "bottom");
}

#[test]
fn deep_parentheses_are_an_error_and_deep_blocks_are_fine() {
    let parens = |depth| format!("{{{{ {}1{} }}}}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(
        render_within(&parens(4000), Limits::default()).unwrap(),
        "1"
    );
    assert_eq!(limit(&parens(9000)), Limit::Nesting);
    let error = render_within(&parens(20_000), Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "template: main:1: max expression depth exceeded"
    );
    let lists = format!("{{{{ {}1{} }}}}", "list (".repeat(3000), ")".repeat(3000));
    assert_eq!(limit(&lists), Limit::ValueDepth);
    for block in ["if true", "with 1", "range list 1"] {
        let open = format!("{{{{ {block} }}}}").repeat(20_000);
        let text = format!("{open}x{}", "{{ end }}".repeat(20_000));
        assert_eq!(render_within(&text, Limits::default()).unwrap(), "x");
        let error = render_within(&open, Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "template: main:1: unexpected EOF");
    }
    let chain = format!(
        "{{{{ if false }}}}{}b{{{{ end }}}}",
        "{{ else if false }}a".repeat(20_000)
    );
    assert_eq!(render_within(&chain, Limits::default()).unwrap(), "");
    let blocks = (0..5000).fold(String::new(), |text, n| {
        text + &format!("{{{{ block \"b{n}\" . }}}}")
    });
    let text = format!("{blocks}x{}", "{{ end }}".repeat(5000));
    assert_eq!(render_within(&text, Limits::default()).unwrap(), "x");
}

#[test]
fn long_loops_end_at_the_limit_of_steps() {
    for text in [
        "{{ range until 1000000000 }}{{ end }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ $l := until 10000 }}{{ range $l }}{{ range $l }}{{ end }}{{ end }}",
        "{{ range 100000 }}{{ range 100000 }}{{ break }}{{ end }}{{ end }}{{ range 9999999999 }}{{ continue }}{{ end }}",
    ] {
        tally::refused(1);
        assert_eq!(limit(text), Limit::Steps, "{text}");
    }
}

#[test]
fn growth_ends_at_the_limits_of_bytes() {
    for (text, expected) in [
        (
            r#"{{ $x := "0123456789abcdef" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}"#,
            Limit::ValueBytes,
        ),
        (
            r#"{{ $x := "0123456789abcdef" }}{{ range 16 }}{{ $x = print $x $x }}{{ end }}{{ range 99 }}{{ $x }}{{ end }}"#,
            Limit::OutputBytes,
        ),
        (
            "{{ $x := list 1 2 3 }}{{ range 99 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
            Limit::ValueBytes,
        ),
        (
            r#"{{ printf "%999999d%999999d" 1 1 | len }}{{ range 999 }}{{ $_ := printf "%999999d" 1 }}{{ end }}"#,
            Limit::ValueBytes,
        ),
        (
            r#"{{ define "t" }}{{ range 9999999 }}0123456789abcdef0123456789abcdef0123456789abcdef{{ end }}{{ end }}{{ include "t" . }}"#,
            Limit::ValueBytes,
        ),
        (r#"{{ $_ := set . "self" . }}{{ . }}"#, Limit::ValueDepth),
        (
            r#"{{ $_ := set . "a" . }}{{ $_ := set . "b" . }}{{ print . }}"#,
            Limit::ValueDepth,
        ),
    ] {
        tally::refused(1);
        let limits = Limits {
            output_bytes: 4 << 20,
            value_bytes: 4 << 20,
            ..Limits::default()
        };
        let error = render_within(text, limits).unwrap_err();
        assert_eq!(error.limit().unwrap().limit, expected, "{text}");
    }
}

#[test]
fn circular_and_deep_values_are_compared_and_freed() {
    let deep = "{{ $x := 1 }}{{ $y := 1 }}{{ range 200000 }}{{ $x = list $x }}{{ $y = list $y }}{{ end }}{{ same $x $y }}";
    assert_eq!(render_within(deep, Limits::default()).unwrap(), "true");
    let twice = "{{ $x := list }}{{ $y := list }}{{ range 60 }}{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}{{ same $x $y }}";
    assert_eq!(render_within(twice, Limits::default()).unwrap(), "true");
    let circle = r#"{{ $_ := set . "self" . }}{{ same . .self }}{{ .self.self.self.n }}"#;
    assert_eq!(render_within(circle, Limits::default()).unwrap(), "true3");
}

#[test]
fn limits_are_as_the_host_sets_them() {
    let limits = Limits {
        template_depth: 10,
        ..Limits::default()
    };
    let text = r#"{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}"#;
    let error = render_within(text, limits).unwrap_err();
    assert_eq!(
        (error.message(), error.frames().len()),
        ("exceeded maximum template depth (10)", 11)
    );
    let limits = Limits {
        output_bytes: 5,
        ..Limits::default()
    };
    assert_eq!(render_within("12345", limits.clone()).unwrap(), "12345");
    let error = render_within("123\n {{ 456 }}", limits).unwrap_err();
    let expected = r#"template: main:2:4: executing "main" at <{{456}}>: exceeded maximum output size (5 bytes)"#;
    assert_eq!(error.to_string(), expected);
    let limits = Limits {
        nesting: 3,
        ..Limits::default()
    };
    let error = render_within("{{ ((((1)))) }}", limits).unwrap_err();
    assert_eq!(error.message(), "exceeded maximum nesting (3)");
    let limits = Limits {
        steps: 100,
        value_bytes: 10,
        ..Limits::default()
    };
    assert_eq!(
        render_within("{{ range 99 }}{{ end }}", limits.clone())
            .unwrap_err()
            .message(),
        "exceeded maximum number of steps (100)"
    );
    assert_eq!(
        render_within("{{ print 123456 }}{{ print 123456 }}", limits)
            .unwrap_err()
            .message(),
        "exceeded maximum size of values (10 bytes)"
    );
}

#[test]
fn limits_reached_between_templates_have_a_place() {
    // Whatever step is the last one, the error is in the text of the template it names.
    for steps in 0..60 {
        let limits = Limits {
            steps,
            ..Limits::default()
        };
        let templates = Templates::new("main")
            .with_funcs(funcs())
            .with_limits(limits);
        templates
            .parse(
                "b",
                format!("{}{{{{ print 1 }}}}{{{{ print 2 }}}}", "\n".repeat(50)),
            )
            .unwrap();
        templates
            .parse("a", "{{ template \"b\" }}{{ include \"b\" . }}")
            .unwrap();
        templates
            .parse(
                "main",
                "{{ template \"a\" }}{{ range list 1 2 }}{{ template \"a\" }}{{ end }}",
            )
            .unwrap();
        if let Err(error) = templates.execute("main", Value::Absent) {
            assert_eq!(error.limit().unwrap().limit, Limit::Steps);
            for frame in error.frames() {
                assert_eq!(
                    *frame.location.template,
                    **frame.executing.as_ref().unwrap()
                );
            }
        }
    }
}
