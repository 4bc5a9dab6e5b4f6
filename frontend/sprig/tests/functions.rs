//! What holds for all functions, whatever they do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use gotemplate::{List, Map, Templates, Type, Value};
use serde_json::Value as Json;

/// All functions of sprig 3.2.3's map but `env` and `expandenv`.
const NAMES: &str = "
    abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec
    b64enc base bcrypt biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact
    concat contains date dateInZone dateModify date_in_zone date_modify decryptAES deepCopy
    deepEqual default derivePassword dict dig dir div divf duration durationRound empty encryptAES
    ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey genSelfSignedCert
    genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get getHostByName has hasKey
    hasPrefix hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials int int64
    isAbs join kebabcase keys kindIs kindOf last list lower max maxf merge mergeOverwrite min minf
    mod mul mulf mustAppend mustChunk mustCompact mustDateModify mustDeepCopy mustFirst
    mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend mustPush
    mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral
    mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson
    mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now omit osBase osClean
    osDir osExt osIsAbs pick pluck plural prepend push quote randAlpha randAlphaNum randAscii
    randBytes randInt randNumeric regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll
    regexReplaceAllLiteral regexSplit repeat replace rest reverse round semver semverCompare seq
    set sha1sum sha256sum shuffle slice snakecase sortAlpha split splitList splitn squote sub subf
    substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson toString toStrings
    trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch
    unset until untilStep untitle upper urlJoin urlParse uuidv4 values without wrap wrapWith
";

fn names() -> impl Iterator<Item = &'static str> {
    NAMES.split_whitespace()
}

fn render(text: &str, data: Map) -> Result<String, String> {
    let templates = Templates::new("t").with_funcs(sprig::functions());
    templates
        .parse("t", text)
        .map_err(|error| error.to_string())?;
    let rendered = templates
        .execute("t", Value::from(data))
        .map_err(|error| error.to_string())?;
    Ok(rendered.text().into_owned())
}

#[test]
fn the_functions_are_those_of_sprig() {
    let functions = sprig::functions();
    assert_eq!(
        functions.names().collect::<Vec<_>>(),
        names().collect::<Vec<_>>()
    );
}

#[test]
fn every_function_has_three_cases_of_go() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in [
        include_str!("cases/sprig.json"),
        include_str!("cases/sprig-more.json"),
    ] {
        let file: Json = serde_json::from_str(text).expect("case files are JSON");
        for case in file["cases"].as_array().expect("a case file has cases") {
            *counts
                .entry(case["function"].as_str().unwrap_or_default().to_owned())
                .or_default() += 1;
        }
    }
    let few: Vec<_> = names()
        .filter(|name| counts.get(*name).is_none_or(|count| *count < 3))
        .collect();
    assert!(few.is_empty(), "{few:?}");
}

#[test]
fn functions_whose_results_do_not_last_are_reported() {
    for (name, unstable) in [
        ("now", true),
        ("uuidv4", true),
        ("randAlpha", true),
        ("genSignedCertWithKey", true),
        ("date", false),
        ("derivePassword", false),
        ("decryptAES", false),
    ] {
        assert_eq!(sprig::is_unstable(name), unstable, "{name}");
    }
}

/// Arguments that functions are seldom given.
fn odd_values() -> Vec<(&'static str, Value)> {
    let nested = (0..3000).fold(Value::Nil, |inner, _| Value::from(vec![inner]));
    vec![
        ("nil", Value::Nil),
        ("min", Value::int(i64::MIN)),
        ("max", Value::int(i64::MAX)),
        ("zero", Value::int(0)),
        ("minus", Value::int(-1)),
        ("nan", Value::float(f64::NAN)),
        ("inf", Value::float(f64::INFINITY)),
        ("empty", Value::string("")),
        ("bytes", Value::string(&b"\xff\xc3(\xe2\x82"[..])),
        ("text", Value::string("a-b_C 1é\n(%d) [x {{ $1 \\")),
        ("number", Value::string("-9223372036854775808")),
        (
            "list",
            Value::from(vec![Value::Nil, Value::int(1), Value::string("é")]),
        ),
        ("nilList", Value::from(List::nil(Type::Any))),
        ("byteList", Value::from(List::bytes(b"ab\xff"))),
        ("nested", nested),
        (
            "dict",
            Value::from(Map::dict([
                ("a", Value::Nil),
                ("b", Value::from(Map::new())),
            ])),
        ),
        ("nilMap", Value::from(Map::nil(Type::String, Type::Any))),
        ("strings", Value::from(Map::strings([("a", "b")]))),
        ("true", Value::Bool(true)),
    ]
}

/// Slow ones, which take no unusual arguments to speak of.
const SLOW: &[&str] = &[
    "derivePassword",
    "bcrypt",
    "htpasswd",
    "genPrivateKey",
    "genCA",
];

/// Where something panicked. The engine turns panics into errors, so that nothing else tells.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[test]
fn no_argument_makes_a_function_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        eprintln!("{panic}");
        if !place.contains("tests/") {
            PANICS.lock().expect("the hook does not panic").push(place);
        }
    }));
    let values = odd_values();
    let functions = sprig::functions();
    // A fixed sequence, so that a failure can be repeated.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    };
    for name in names().filter(|name| !SLOW.contains(name) && !name.starts_with("gen")) {
        let signature = functions
            .get(name)
            .expect("the function exists")
            .signature()
            .clone();
        let least = signature.params().len() - usize::from(signature.is_variadic());
        for _ in 0..60 {
            let count = least + if signature.is_variadic() { next(4) } else { 0 };
            let mut template = format!("{{{{ {name}");
            let data = Map::new();
            for position in 0..count {
                let wanted = signature
                    .params()
                    .get(position)
                    .or(signature.params().last());
                // Mostly of the type that is wanted, to get past its check.
                let fitting: Vec<_> = values
                    .iter()
                    .filter(|(_, value)| {
                        wanted.is_none_or(|ty| {
                            *ty == Type::Any || value.type_of().as_ref() == Some(ty)
                        })
                    })
                    .collect();
                let (key, value) = if fitting.is_empty() {
                    &values[next(values.len())]
                } else {
                    fitting[next(fitting.len())]
                };
                data.set(*key, value.clone());
                template.push_str(&format!(" $.{key}"));
            }
            template.push_str(" | kindOf }}");
            let _ = render(&template, data);
            let panics = std::mem::take(&mut *PANICS.lock().expect("the hook does not panic"));
            assert!(panics.is_empty(), "{template}: {panics:?}");
        }
    }
}

#[test]
fn results_are_bounded() {
    for (template, limit) in [
        (r#"{{ repeat 9223372036854775807 "ab" }}"#, "67108864 bytes"),
        (r#"{{ repeat 100000000 "a" }}"#, "67108864 bytes"),
        (r#"{{ indent 999999999 "a" }}"#, "67108864 bytes"),
        (
            r#"{{ nindent 99999 (repeat 9999 "\n") }}"#,
            "67108864 bytes",
        ),
        ("{{ until 10000001 }}", "10000000 elements"),
        (
            "{{ untilStep 0 9223372036854775807 1 }}",
            "10000000 elements",
        ),
        (
            "{{ untilStep 9223372036854775807 -9223372036854775808 -1 }}",
            "10000000 elements",
        ),
        ("{{ seq 99999999 }}", "10000000 elements"),
        ("{{ randAlpha 99999999 }}", "67108864 bytes"),
        ("{{ randBytes 99999999 }}", "67108864 bytes"),
        (
            r#"{{ replace "" (repeat 9999 "x") (repeat 9999 "y") }}"#,
            "67108864 bytes",
        ),
        (
            r#"{{ regexReplaceAll "y" (repeat 9999 "y") (repeat 9999 "x") }}"#,
            "67108864 bytes",
        ),
        (
            r#"{{ regexReplaceAll ".+" (repeat 9999 "y") (repeat 9999 "$0") }}"#,
            "67108864 bytes",
        ),
        (
            r#"{{ wrapWith 1 (repeat 9999 "-") (repeat 9999 "x") }}"#,
            "67108864 bytes",
        ),
        (
            r#"{{ join (repeat 99999 "-") (until 9999) }}"#,
            "67108864 bytes",
        ),
    ] {
        tally::refused(1);
        let error = render(template, Map::new()).expect_err(template);
        assert!(error.contains(limit), "{template}: {error}");
    }
}

#[test]
fn patterns_are_bounded() {
    for pattern in [
        "(".repeat(100_000),
        r"(\pL{1000}){1000}".to_owned(),
        "a".repeat(300_000),
    ] {
        tally::refused(1);
        let data = Map::dict([("p", pattern)]);
        let error =
            render(r#"{{ mustRegexMatch .p "a" }}"#, data).expect_err("the pattern is too much");
        assert!(error.contains("error parsing regexp: "), "{error}");
    }
}

#[test]
fn patterns_may_nest_deeply() {
    let pattern = format!("{}a{}", "(".repeat(399), ")*".repeat(399));
    let data = Map::dict([("p", pattern)]);
    assert_eq!(
        render(r#"{{ mustRegexMatch .p "a" }}"#, data).as_deref(),
        Ok("true")
    );
    let data = Map::dict([("p", r"^\pL{1000}$")]);
    let template = r#"{{ mustRegexMatch .p (repeat 1000 "é") }}"#;
    assert_eq!(render(template, data).as_deref(), Ok("true"));
}

#[test]
fn circular_values_end_in_an_error() {
    let circle = Map::new();
    circle.set("self", Value::from(circle.clone()));
    let data = Map::dict([("circle", circle.clone())]);
    for template in [
        "{{ mustToJson .circle }}",
        "{{ deepCopy .circle }}",
        "{{ merge .circle .circle }}",
    ] {
        // What matters is that each of them ends.
        let _ = render(template, data.copy());
    }
    circle.remove("self");
}
