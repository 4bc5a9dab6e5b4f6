//! The walls inside this package, which Cargo does not keep, and what stands in one place of the product only.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Rooms, and the names that their code must not use: those of rooms that come later, or that run elsewhere.
const WALLS: [(&str, &[&str]); 5] = [
    (
        "git",
        &["helper", "lower", "gateway", "werf_config", "werf_plan"],
    ),
    (
        "helper",
        &["lower", "gateway", "buildkit_llb", "buildkit_proto"],
    ),
    ("lower", &["helper", "gateway"]),
    ("gateway", &["helper"]),
    ("init", &["helper", "lower", "gateway"]),
];

/// Rust as its reader sees it: words and numbers, and the contents of string literals. Comments are left out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Source {
    words: Vec<String>,
    strings: Vec<String>,
}

impl Source {
    fn read(text: &str) -> Source {
        let mut source = Source::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else if let Some((text, length)) = string(rest) {
                source.strings.push(text.to_owned());
                length
            } else if first == '\'' {
                character(rest)
            } else if first.is_alphanumeric() || first == '_' {
                let is_inside = |c: char| c.is_alphanumeric() || c == '_';
                let length = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
                source.words.push(rest[..length].to_owned());
                length
            } else {
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        source
    }

    fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|it| it == word)
    }
}

/// Returns the content and the length of the string literal at the start of `text`, if there is one.
fn string(text: &str) -> Option<(&str, usize)> {
    let start = text.trim_start_matches('b');
    let raw = start.strip_prefix('r');
    let hashes = raw.map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
    let opening = text.len() - start.len() + usize::from(raw.is_some()) + hashes;
    let inside = text.get(opening..)?.strip_prefix('"')?;
    let end = if raw.is_some() {
        inside.find(&format!("\"{}", "#".repeat(hashes)))?
    } else {
        let mut is_escaped = false;
        inside.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        })?
    };
    Some((&inside[..end], opening + 1 + end + 1 + hashes))
}

/// Returns the length of the character literal at the start of `text`, or of the quote of a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text[1..].char_indices();
    let length = match inside.next() {
        Some((_, '\\')) => inside
            .skip(1)
            .find(|(_, c)| *c == '\'')
            .map(|(at, _)| at + 2),
        _ => inside
            .next()
            .filter(|(_, c)| *c == '\'')
            .map(|(at, _)| at + 2),
    };
    length.unwrap_or(1)
}

/// Returns what of `text` is in the product: tests are at the end of files.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text)
}

/// Returns the Rust files below `directory` with their text, but for those of tests.
fn files(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, without_tests(&text).to_owned()));
        }
    }
    found
}

fn this_package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn no_room_knows_a_later_one() {
    let mut breaches = String::new();
    for (room, forbidden) in WALLS {
        let files = files(&this_package().join("src").join(room));
        assert!(files.len() > 3, "{room} has {} files", files.len());
        for (path, text) in files {
            let source = Source::read(&text);
            for word in forbidden.iter().filter(|word| source.has_word(word)) {
                writeln!(breaches, "{} uses {word}", path.display()).unwrap();
            }
        }
    }
    assert_eq!(breaches, "");
}

#[test]
fn what_stages_and_gateway_agree_on_is_written_once() {
    let mut codes = Vec::new();
    let mut ids = Vec::new();
    for package in std::fs::read_dir(this_package().parent().unwrap()).unwrap() {
        let directory = package.unwrap().path().join("src");
        if !directory.is_dir() {
            continue;
        }
        for (path, text) in files(&directory) {
            let source = Source::read(&text);
            let words = source.words.iter();
            let written = words.filter(|word| ["93", "94"].contains(&word.as_str()));
            codes.extend(written.map(|code| (code.clone(), path.clone())));
            let strings = source.strings.iter();
            let written = strings.filter(|text| text.contains("werf-store-v"));
            ids.extend(written.map(|_| path.clone()));
        }
    }
    codes.sort();
    let numbers: Vec<&str> = codes.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(numbers, ["93", "94"], "{codes:?}");
    assert!(
        codes[0].1.ends_with("stapel-sync/src/error.rs"),
        "{codes:?}"
    );
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(ids[0].ends_with("werf-plan/src/agreed.rs"), "{ids:?}");
}

#[test]
fn comments_and_strings_are_told_from_code() {
    let text = "use crate::{a, helper}; // lower\n/* git */ let x = \"gate\\\"way 93\"; f('\"', '\\'', 94, r#\"x\"y\"#); fn f<'a>() {}";
    let source = Source::read(text);
    assert!(source.has_word("helper") && source.has_word("94"));
    for word in ["lower", "git", "93", "gate"] {
        assert!(!source.has_word(word), "{word}");
    }
    assert_eq!(source.strings, ["gate\\\"way 93", "x\"y"]);
}
