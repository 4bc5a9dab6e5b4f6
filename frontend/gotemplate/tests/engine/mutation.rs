//! Broken templates of all sorts end in an error or in output, never in a panic or a hang.

use std::time::{Duration, Instant};

use gotemplate::{Limits, Templates};
use serde_json::Value as Json;

use crate::helpers::{funcs, value};

/// A small generator of numbers that are random enough.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "(",
    ")",
    "|",
    ".",
    "$",
    "$x",
    ":=",
    "=",
    ",",
    "\"",
    "`",
    "'",
    "\\",
    "nil",
    "end",
    "else",
    "if",
    "with",
    "range",
    "define",
    "block",
    "template",
    "break",
    "continue",
    "include",
    "tpl",
    "printf",
    "index",
    "set",
    "until",
    "list",
    " ",
    "\n",
    "-",
    "/*",
    "*/",
    "é",
    "\u{1}",
    "1",
    "0x",
    "1e9",
    "9223372036854775807",
    "%v",
    "%[1]*d",
    "{{ include \"main\" . }}",
    "{{ range 1000000 }}",
    "{{ end }}",
    "{{ . }}",
];

fn mutate(random: &mut Random, text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(text.len() + 1);
        let end = (at + 1 + random.below(6)).min(text.len());
        match random.below(5) {
            0 => drop(text.drain(at..end)),
            1 => {
                let copy = text[at..].to_vec();
                let to = random.below(text.len() + 1);
                text.splice(to..to, copy);
            }
            2 if at < text.len() => text[at] = u8::try_from(random.below(256)).unwrap(),
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                text.splice(at..at, piece.bytes());
            }
        }
    }
    text
}

#[test]
fn mutated_cases_neither_panic_nor_hang() {
    let engine: Json = serde_json::from_str(include_str!("../cases/engine.json")).unwrap();
    let werf: Json = serde_json::from_str(include_str!("../cases/templates.json")).unwrap();
    let cases = [&engine, &werf]
        .into_iter()
        .flat_map(|file| file["cases"].as_array().unwrap());
    let corpus: Vec<_> = cases
        .map(|case| case["template"].as_str().unwrap().as_bytes())
        .collect();
    let limits = Limits {
        output_bytes: 1 << 20,
        value_bytes: 1 << 20,
        steps: 20_000,
        template_depth: 200,
        nesting: 50,
    };
    let mut random = Random(0x5eed);
    let (mut rendered, mut failed) = (0, 0);
    for round in 0..8000 {
        let case = corpus[random.below(corpus.len())];
        let text = mutate(&mut random, case);
        let templates = Templates::new("main")
            .with_funcs(funcs())
            .with_limits(limits.clone());
        let start = Instant::now();
        let result = templates
            .parse("t", "<{{ . }}>")
            .and_then(|()| templates.parse("main", &text))
            .and_then(|()| templates.execute("main", value(&engine["data"])));
        let elapsed = start.elapsed();
        assert!(
            elapsed < Duration::from_secs(60),
            "{round}: {}",
            text.escape_ascii()
        );
        match result {
            Ok(output) => {
                rendered += 1;
                let last = output.bytes().len().saturating_sub(1);
                assert!(output.bytes().is_empty() || output.locate(last).is_some());
            }
            Err(error) => {
                failed += 1;
                assert!(error.to_string().starts_with("template: "), "{error}");
                for frame in error.frames() {
                    let location = &frame.location;
                    assert!(location.line > 0 && location.column <= location.offset);
                }
            }
        }
    }
    assert!(
        rendered > 500 && failed > 500,
        "{rendered} rendered, {failed} failed"
    );
}
