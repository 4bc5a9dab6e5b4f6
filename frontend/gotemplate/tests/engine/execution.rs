//! What Go's newer versions execute, and what hosts add: objects, functions, options.

use gotemplate::{
    FuncError, Function, List, Map, MissingKey, Object, Signature, Str, Templates, Type, Value,
};

use crate::helpers::{Files, execute, funcs, render, render_with};

fn data() -> Value {
    let files = Files(vec![
        ("a".to_owned(), "A".to_owned()),
        ("b".to_owned(), "B".to_owned()),
    ]);
    Value::from(Map::dict([
        ("Files", Value::object(files)),
        ("m", Value::from(Map::dict([("k", "v")]))),
        ("s", Value::from(Map::strings([("k", "v")]))),
    ]))
}

fn render_data(text: &str) -> Result<String, String> {
    render_with(text, data())
}

#[test]
fn integers_can_be_ranged_over_unless_the_host_forbids_it() {
    for (text, output) in [
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range $i := 3 }}{{ $i }}{{ end }}", "012"),
        (
            "{{ range 0 }}{{ else }}none{{ end }}{{ range -1 }}{{ else }}none{{ end }}",
            "nonenone",
        ),
        (
            "{{ range i64 2 }}{{ printf \"%T\" . }} {{ end }}",
            "int64 int64 ",
        ),
        (
            "{{ range un 2 }}{{ if . }}{{ break }}{{ end }}{{ . }}{{ end }}",
            "0",
        ),
        ("{{ $i := 9 }}{{ range $i = 3 }}{{ end }}{{ $i }}", "2"),
    ] {
        assert_eq!(render(text).as_deref(), Ok(output), "{text}");
    }
    let message = "can't use 3 to iterate over more than one variable";
    assert!(
        render("{{ range $i, $v := 3 }}{{ end }}")
            .unwrap_err()
            .ends_with(message)
    );
    let templates = Templates::new("main").with_range_over_int(false);
    let error = execute(&templates, "{{ range 3 }}{{ end }}", Value::Absent).unwrap_err();
    assert_eq!(error.message(), "range can't iterate over 3");
}

#[test]
fn assignment_in_range_sets_the_variables_outside() {
    let text = "{{ $k := 0 }}{{ $v := 0 }}{{ range $k, $v = list 5 6 }}{{ end }}{{ $k }}{{ $v }}";
    assert_eq!(render(text).unwrap(), "16");
    assert_eq!(
        render("{{ $v := 0 }}{{ range $v = list 5 6 }}{{ end }}{{ $v }}{{ $ }}").unwrap(),
        "6<no value>"
    );
}

#[test]
fn objects_have_methods_with_arguments_and_fields() {
    for (text, output) in [
        (
            r#"{{ .Files.Get "a" }}{{ "b" | .Files.Get }}{{ (.Files.Get "a") | upper }}"#,
            "ABA",
        ),
        (
            r#"{{ $f := .Files }}{{ $f.Get (print "b") }}{{ with .Files }}{{ .Get "a" }}{{ end }}"#,
            "BA",
        ),
        (
            "{{ .Files.Names }}{{ .Files.Names \"x\" \"y\" }}{{ len .Files.Names }}",
            "[a b][a b]2",
        ),
        (
            "{{ .Files.Count }}{{ range .Files.Names }}{{ $.Files.Get . }}{{ end }}",
            "2AB",
        ),
        (
            "{{ .Files }} {{ printf \"%v %+v %#v %T %d\" .Files .Files .Files .Files .Files }}",
            "{2 /} {2 /} {Count:2 Root:/} host.Files{Count:2, Root:\"/\"} host.Files {2 %!d(string=/)}",
        ),
        (
            "{{ if .Files }}yes{{ end }}{{ eq .Files .Files }}{{ not .Files }}",
            "yestruefalse",
        ),
    ] {
        assert_eq!(render_data(text).as_deref(), Ok(output), "{text}");
    }
    for (text, message) in [
        (
            "{{ .Files.Get }}",
            "at <.Files.Get>: wrong number of args for Get: want 1 got 0",
        ),
        ("{{ .Files.Get 1 }}", "at <1>: expected string; found 1"),
        (
            "{{ .Files.Get .m }}",
            "at <.m>: wrong type for value; expected string; got map[string]interface {}",
        ),
        (
            "{{ .Files.Get \"x\" }}",
            "at <.Files.Get>: error calling Get: {{ .Files.Get \"x\" }}: file \"x\" not found",
        ),
        (
            "{{ .Files.None }}",
            "at <.Files.None>: can't evaluate field None in type interface {}",
        ),
        (
            "{{ $f := .Files }}{{ $f.None }}",
            "at <$f.None>: can't evaluate field None in type host.Files",
        ),
        (
            "{{ .Files.Count 1 }}",
            "at <.Files.Count>: Count has arguments but cannot be invoked as function",
        ),
        (
            "{{ index .Files 1 }}",
            "at <index .Files 1>: error calling index: can't index item of type host.Files",
        ),
        (
            "{{ range .Files }}{{ end }}",
            "at <.Files>: range can't iterate over {2 /}",
        ),
        (
            "{{ .m.k.x }}",
            "at <.m.k.x>: can't evaluate field x in type interface {}",
        ),
        (
            "{{ .s.k.x }}",
            "at <.s.k.x>: can't evaluate field x in type string",
        ),
    ] {
        let error = render_data(text).unwrap_err();
        assert!(error.ends_with(message), "{text}: {error}");
    }
}

/// A type with a `String` method.
struct Version;

impl Object for Version {
    fn type_name(&self) -> std::borrow::Cow<'_, str> {
        "*semver.Version".into()
    }

    fn kind(&self) -> gotemplate::Kind {
        gotemplate::Kind::Pointer
    }

    fn text(&self) -> Option<Str> {
        Some("v1.2".into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).is::<Version>()
    }
}

#[test]
fn objects_print_as_their_string_method_says() {
    let data = Map::dict([
        ("v", Value::object(Version)),
        ("w", Value::object(Version)),
        ("l", Value::from(vec![Value::object(Version)])),
    ]);
    for (text, output) in [
        (
            "{{ .v }} {{ .l }} {{ print .v 1 }} {{ html .v }}",
            "v1.2 [v1.2] v1.2 1 v1.2",
        ),
        (
            "{{ printf \"%v %s %q %x %T %6s|\" .v .v .v .v .v .v }}",
            "v1.2 v1.2 \"v1.2\" 76312e32 *semver.Version   v1.2|",
        ),
        (
            "{{ printf \"%d %#v\" .v .l }}",
            "&{} []interface {}{(*semver.Version)(0xc000010000)}",
        ),
        (
            "{{ eq .v .w }} {{ same .v .w }} {{ same .l (list .w) }} {{ same .v 1 }}",
            "true true true false",
        ),
    ] {
        assert_eq!(
            render_with(text, Value::from(data.clone())).as_deref(),
            Ok(output),
            "{text}"
        );
    }
    assert!(data.get("v").unwrap().as_object::<Version>().is_some());
    assert!(data.get("v").unwrap().as_object::<Files>().is_none());
}

#[test]
fn functions_in_the_data_are_for_call() {
    let shout = Function::new(Signature::new([Type::String]), |_, args| {
        Ok(Value::string(args.str(0).to_text().to_uppercase()))
    });
    let sum = Function::new(Signature::variadic([Type::INT]), |_, args| {
        Ok(Value::int(args.iter().filter_map(Value::as_int).sum()))
    });
    let fail = Function::new(Signature::new([]), |_, _| Err(FuncError::new("no")));
    let funcs = [("shout", shout), ("sum", sum), ("fail", fail)];
    let data = Value::from(Map::dict(funcs));
    let render = |text| render_with(text, data.clone());
    let text =
        "{{ call .shout \"a\" }}{{ \"b\" | call .shout }}{{ call .sum }}{{ call .sum 1 (i64 2) }}";
    assert_eq!(render(text).unwrap(), "AB03");
    for (text, message) in [
        (
            "{{ call .shout }}",
            "error calling call: wrong number of args for .shout: got 0 want 1",
        ),
        (
            "{{ call .shout 1 }}",
            "error calling call: arg 0: value has type int; should be string",
        ),
        (
            "{{ call .shout nil }}",
            "error calling call: arg 0: value is nil; should be of type string",
        ),
        ("{{ call .fail }}", "error calling call: no"),
        (
            "{{ .shout }}",
            "can't print {{.shout}} of type func(string) (interface {}, error)",
        ),
        ("{{ .shout 1 }}", "shout is not a method but has arguments"),
        (
            "{{ call 1 }}",
            "error calling call: non-function 1 of type int",
        ),
        (
            "{{ call (dict \"a\" 1).a }}",
            "error calling call: non-function (dict \"a\" 1).a of type int",
        ),
        (
            "{{ \"x\" | call }}",
            "error calling call: non-function x of type string",
        ),
    ] {
        let error = render(text).unwrap_err();
        assert!(error.ends_with(message), "{text}: {error}");
    }
}

#[test]
fn functions_hide_builtins() {
    let mut funcs = funcs();
    funcs.add("len", [Type::Any], |_, _| Ok(Value::string("mine")));
    funcs.add_variadic("and", [Type::Any], |_, args| {
        Ok(Value::int(args.len() as i64))
    });
    let templates = Templates::new("main").with_funcs(funcs);
    let output = execute(&templates, "{{ len 1 }} {{ and 0 0 0 }}", Value::Absent).unwrap();
    assert_eq!(output, "mine 3");
}

#[test]
fn a_panic_in_a_function_is_its_error() {
    let error = render("a\n{{ panic }}").unwrap_err();
    let expected =
        "template: main:2:3: executing \"main\" at <panic>: error calling panic: out of luck";
    assert_eq!(error, expected);
}

#[test]
fn missing_keys_are_what_the_option_says() {
    let data = || Value::from(Map::dict([("s", Map::strings([("k", "v")]))]));
    for (option, text, expected) in [
        (
            MissingKey::Invalid,
            "{{ .x }} {{ .s.x }} {{ .x.y }}",
            Ok("<no value> <no value> <no value>"),
        ),
        (MissingKey::Zero, "{{ .x }} {{ .s.x }}|", Ok("<no value> |")),
        (
            MissingKey::Error,
            "{{ .x }}",
            Err("map has no entry for key \"x\""),
        ),
        (
            MissingKey::Error,
            "{{ .s.x }}",
            Err("map has no entry for key \"x\""),
        ),
    ] {
        let templates = Templates::new("main").with_missing_key(option);
        let result = execute(&templates, text, data());
        let result = result.as_deref().map_err(gotemplate::Error::message);
        assert_eq!(result, expected, "{option:?} {text}");
    }
}

#[test]
fn maps_are_shared_and_changed_in_place() {
    for (text, output) in [
        ("{{ $_ := set . \"x\" 1 }}{{ .x }}{{ $.x }}", "11"),
        (
            "{{ $d := dict }}{{ range $i, $v := list \"b\" \"a\" }}{{ $_ := set $d $v $i }}{{ end }}{{ $d }}",
            "map[a:1 b:0]",
        ),
        (
            "{{ define \"t\" }}{{ $_ := set . \"y\" 2 }}{{ end }}{{ template \"t\" . }}{{ .y }}{{ include \"t\" .m }}{{ .m.y }}",
            "22",
        ),
        (
            "{{ range $k, $v := .m }}{{ $_ := set $.m (print $k 1) 1 }}{{ end }}{{ .m }}",
            "map[k:v k1:1]",
        ),
    ] {
        assert_eq!(render_data(text).as_deref(), Ok(output), "{text}");
    }
}

#[test]
fn templates_parsed_while_executing_stay_in_the_set() {
    let templates = Templates::new("main").with_funcs(funcs());
    let text = r#"{{ tpl "{{ define \"late\" }}L{{ . }}{{ end }}x" . }}{{ template "late" 1 }}"#;
    assert_eq!(execute(&templates, text, Value::Absent).unwrap(), "xL1");
    assert!(templates.contains("late"));
    let error = execute(&templates, "{{ tpl \"{{ nope }}\" . }}", Value::Absent).unwrap_err();
    let expected = "template: main:1:3: executing \"main\" at <tpl \"{{ nope }}\" .>: error calling tpl: template: tpl:1: function \"nope\" not defined";
    assert_eq!(error.to_string(), expected);
    // A blank text replaces nothing, but is what is executed.
    let text = r#"{{ tpl "a" . }}[{{ tpl " " . }}]{{ include "tpl" . }}"#;
    assert_eq!(execute(&templates, text, Value::Absent).unwrap(), "a[ ]a");
}

#[test]
fn the_template_to_execute_must_exist() {
    let error = Templates::new("main")
        .execute("x", Value::Absent)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"template: no template "x" associated with template "main""#
    );
    assert_eq!(error.kind(), gotemplate::ErrorKind::NoTemplate);
}

#[test]
fn values_keep_their_go_types() {
    let list = Value::from(List::strings(["a"]));
    let values = [
        (Value::Nil, "<nil>", "invalid"),
        (Value::int(1), "int", "int"),
        (Value::int64(1), "int64", "int64"),
        (Value::float(1.0), "float64", "float64"),
        (Value::uint8(1), "uint8", "uint8"),
        (list.clone(), "[]string", "slice"),
        (Value::from(vec![list]), "[]interface {}", "slice"),
        (Value::from(Map::new()), "map[string]interface {}", "map"),
        (
            Value::from(Map::strings([("a", "b")])),
            "map[string]string",
            "map",
        ),
        (
            Value::from(Map::of(Type::Any, Type::Any)),
            "map[interface {}]interface {}",
            "map",
        ),
        (Value::object(Version), "*semver.Version", "ptr"),
        (Value::object(Files(Vec::new())), "host.Files", "struct"),
    ];
    for (value, type_name, kind) in &values {
        assert_eq!(
            (&*value.type_name(), value.kind().name()),
            (*type_name, *kind)
        );
    }
    for (index, (left, ..)) in values.iter().enumerate() {
        for (other, (right, ..)) in values.iter().enumerate() {
            assert_eq!(left == right, index == other, "{left:?} {right:?}");
        }
    }
    let nil = Value::from(List::nil(Type::String));
    assert!(nil != Value::from(List::of(Type::String, Vec::new())));
    assert_eq!(format!("{nil:?} {nil}"), "[]string(nil) []");
}
