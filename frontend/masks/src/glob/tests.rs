use std::time::{Duration, Instant};

use super::*;

/// Answers of doublestar 4.9.1's `PathMatch`.
const CASES: &str = include_str!("../../../../tests/cases/match.json");

#[test]
fn every_known_answer_of_doublestar_is_given() {
    let cases: serde_json::Value = serde_json::from_str(CASES).unwrap();
    let mut count = 0;
    for case in cases["cases"].as_array().unwrap() {
        if case["kind"] != "glob" {
            continue;
        }
        let [pattern, path, wanted] =
            ["p", "s", "out"].map(|key| case[key].as_str().expect("a text"));
        let answer = match is_match(pattern, path.as_bytes()) {
            Ok(answer) => answer.to_string(),
            Err(_) => "ERR".to_owned(),
        };
        assert_eq!(answer, wanted, "{pattern:?} {path:?}");
        if let Ok(glob) = Glob::new(pattern) {
            assert_eq!(glob.is_match(path.as_bytes()).to_string(), wanted);
        }
        count += 1;
    }
    assert!(count > 70, "{count} cases");
}

#[test]
fn rules_of_doublestar_that_other_libraries_do_not_share() {
    for (pattern, path, wanted) in [
        ("a/**", &b"a"[..], true),
        ("a/**/", b"a", true),
        ("a/**/*", b"a", false),
        ("a***", b"a", false),
        ("a**/", b"a", true),
        ("**/*", b"", false),
        ("*", b"", true),
        ("?", "é".as_bytes(), true),
        ("??", "é".as_bytes(), false),
        ("[а-я]", "ж".as_bytes(), true),
        ("?", b"\xff", true),
        ("??", b"\xc3\xff", true),
        ("[^a]", b"\xff", true),
        ("*.txt", b"\xff\xfe.txt", true),
        ("\u{fffd}", b"\xff", true),
        ("[z-a]", b"z", true),
        ("[z-a]", b"m", false),
        ("[a-c-e]", b"-", true),
        ("[a-c-e]", b"d", false),
        ("[!-x]", b"-", false),
        ("[a\\-c]", b"b", false),
        ("[\\^a]", b"^", true),
        ("a[^b]c", b"a/c", true),
        ("a/{b,**}", b"a/x/y", true),
        ("x{**/a,b}", b"x/y/a", true),
        ("{*}*", b"a/b", true),
        ("{a,b{c,d/*}}", b"bd/x", true),
        ("{[}a]", b"}", false),
        ("*{,x}", b"a", true),
        ("{\\,,\\}}", b"}", true),
        ("a**/b", b"ax/y/b", false),
        ("**/a/**/b", b"x/a/b", true),
        ("*a/*b", b"xa/yb", true),
        ("a\\", b"b", false),
    ] {
        let shown = path.escape_ascii();
        match is_match(pattern, path) {
            Ok(answer) => assert_eq!(answer, wanted, "{pattern:?} {shown}"),
            Err(_) => assert!(!wanted, "{pattern:?} {shown}"),
        }
    }
}

#[test]
fn malformed_patterns_are_refused_with_what_is_wrong() {
    for (pattern, problem) in [
        ("[a", BadPattern::UnclosedSet),
        ("x[", BadPattern::UnclosedSet),
        ("[^", BadPattern::UnclosedSet),
        ("[a\\]", BadPattern::UnclosedSet),
        ("[]a]", BadPattern::EmptySet),
        ("[^]", BadPattern::EmptySet),
        ("{a", BadPattern::UnclosedBrace),
        ("{a,{b}", BadPattern::UnclosedBrace),
        ("a}", BadPattern::UnopenedBrace),
        ("a\\", BadPattern::TrailingBackslash),
        ("{[,a]}", BadPattern::UnclosedSet),
        (&"a".repeat(4097), BadPattern::TooLong),
        (&"{a,b}".repeat(17), BadPattern::TooManyAlternatives),
    ] {
        tally::refused(1);
        assert_eq!(Glob::new(pattern).unwrap_err(), problem, "{pattern}");
    }
    assert_eq!(is_match("a}", b"a}"), Ok(true));
    assert_eq!(is_match("a}", b"b"), Err(BadPattern::UnopenedBrace));
}

#[test]
fn no_pattern_takes_long() {
    let long_name = [b'a'; 4000];
    let deep = b"a/".repeat(2000);
    let nested = format!("{}x{}", "{a,".repeat(200), "}".repeat(200));
    let start = Instant::now();
    for pattern in [
        "*a*a*a*a*a*a*a*a*a*a*b",
        "**/**/**/**/**/**/x",
        "**/*a*a*/**/*a*a*/**/b",
        "a**a**a**a**a**b",
        "{a,a}{a,a}{a,a}{a,a}{a,a}{a,a}*b",
        "{*a,*a}{*a,*a}{*a,*a}{*a,*a}b",
        "**/{**/,}{**/,}{**/,}{**/,}b",
        &nested,
    ] {
        tally::right(1);
        let glob = Glob::new(pattern).unwrap();
        for path in [&long_name[..], &deep] {
            assert!(!glob.is_match(path), "{pattern}");
            glob.may_match_below(path);
        }
    }
    for pattern in ["{a,b}".repeat(800), "{,}".repeat(1000), "{".repeat(4000)] {
        assert!(Glob::new(&pattern).is_err());
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn every_match_starts_with_the_literal_prefix() {
    for (pattern, prefix) in [
        ("src/*.js", "src/"),
        ("src/**", "src"),
        ("src/**/x", "src/"),
        ("{src,srv}/x", "sr"),
        ("a\\*b?", "a*b"),
        ("*", ""),
        ("[a]b", ""),
        ("a\u{fffd}b", "a"),
    ] {
        let glob = Glob::new(pattern).unwrap();
        assert_eq!(glob.literal_prefix(), prefix.as_bytes(), "{pattern}");
    }
}
