//! Mutations of everything that is at hand: whatever comes in, an answer comes out, and soon.

use std::time::Instant;

use diagnostic::{Diagnostic, SourceText, render};

const INPUTS: usize = 6000;

/// Pieces that mean something in YAML or in a `werf.yaml`.
const PIECES: [&str; 40] = [
    "\n",
    "  ",
    "- ",
    ": ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "#",
    " #",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!int ",
    "!",
    "---\n",
    "--- x\n",
    "...\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "é",
    "\u{7}",
    "%",
    "\\",
    "~",
    "image: a\n",
    "from: scratch\n",
    "docker: ",
    "ENV: ",
    "shell:\n",
    "$",
];

/// A generator of numbers that are always the same ones (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn mutate(text: &str, other: &str, numbers: &mut Numbers) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(characters.len() + 1);
        let end = (at + numbers.below(8)).min(characters.len());
        match numbers.below(5) {
            0 | 1 => drop(characters.splice(at..at, PIECES[numbers.below(PIECES.len())].chars())),
            2 => drop(characters.drain(at..end)),
            3 => {
                let piece: Vec<char> = characters[at..end].to_vec();
                characters.splice(at..at, piece);
            }
            _ => {
                let skip = numbers.below(other.len());
                let piece: Vec<char> = other.chars().skip(skip).take(30).collect();
                characters.splice(at..end, piece);
            }
        }
    }
    // Templates are refused before anything else is looked at.
    characters
        .into_iter()
        .collect::<String>()
        .replace("{{", "{ {")
}

fn check(text: &str) {
    let source = match SourceText::new("werf.yaml", text) {
        Ok(source) => source,
        Err(error) => return check_place(&error, text),
    };
    match werf_config::load(&source) {
        Ok(loaded) => loaded
            .warnings
            .iter()
            .for_each(|warning| check_place(warning, text)),
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason: {text:?}");
            for error in &errors {
                check_place(error, text);
            }
        }
    }
}

fn check_place(diagnostic: &Diagnostic, text: &str) {
    if let Some(at) = &diagnostic.at {
        let lines = text.split('\n').count();
        assert!(
            at.start <= at.end && at.end.line <= lines && at.start.column > 0,
            "{at:?} in {text:?}"
        );
    }
    assert!(!render(diagnostic, Some(text)).is_empty());
}

#[test]
fn mutated_files_are_answered_and_soon() {
    let mut corpus: Vec<String> = crate::good::TEXTS.map(str::to_owned).to_vec();
    for path in crate::hostile::files() {
        corpus.extend(
            String::from_utf8(std::fs::read(path).unwrap())
                .ok()
                .filter(|text| text.len() < 4000),
        );
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..INPUTS {
        let text = &corpus[numbers.below(corpus.len())];
        let other = &corpus[numbers.below(corpus.len())];
        let mutated = mutate(text, other, &mut numbers);
        let since = Instant::now();
        check(&mutated);
        assert!(
            since.elapsed() < crate::HANG,
            "{:?} takes {:?}",
            mutated,
            since.elapsed()
        );
    }
}

#[test]
fn any_characters_are_answered() {
    let mut numbers = Numbers(42);
    for _ in 0..INPUTS / 3 {
        let length = numbers.below(60);
        let text: String = (0..length)
            .map(|_| PIECES[numbers.below(PIECES.len())])
            .collect();
        check(&text.replace("{{", "{ {"));
    }
}
