//! Secrets that are written into the configuration.

use diagnostic::{Diagnostic, Location, redact, rule};

use super::{Found, environment, instructions};
use crate::Image;

/// How tokens of well-known services begin, and how many letters and digits follow at least.
const TOKENS: [(&str, usize); 16] = [
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("ghu_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("AKIA", 16),
    ("AIza", 30),
    ("npm_", 30),
    ("sk_live_", 16),
    ("dckr_pat_", 16),
    ("pypi-AgE", 16),
    ("hf_", 30),
    ("-----BEGIN ", 0),
];

/// Parts of a variable's name that tell of a secret (BuildKit's rule `SecretsUsedInArgOrEnv` has the same ones).
const SECRET_NAMES: [&str; 11] = [
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "password",
    "pword",
    "passwd",
    "passphrase",
    "secret",
    "token",
];

/// Warns of instructions and variables that look as if they held a secret: both stay in the image and its history.
pub(super) fn check(image: &Image, found: &mut Found) {
    for it in instructions(image) {
        if let Some(what) = secret_in(it.text) {
            let of = format!("an instruction of `{}`", it.stage.name());
            say(image, &of, what, it.at, found);
        }
    }
    for (name, value) in environment(image) {
        if tells_of_secret(name) && is_literal(&value.value) {
            let of = format!("the variable `{name}`");
            say(image, &of, "what looks like a secret", &value.at, found);
        } else if let Some(what) = secret_in(&value.value) {
            let of = format!("the variable `{name}`");
            say(image, &of, what, &value.at, found);
        }
    }
}

fn say(image: &Image, of: &str, what: &str, at: &Location, found: &mut Found) {
    // The rendered line would show the secret.
    let at = Location {
        rendered: None,
        ..at.clone()
    };
    let message = format!("{of} of image `{}` has {what}", image.name);
    let warning = Diagnostic::warning(&rule::SECRET_IN_CONFIGURATION, message)
        .at(at)
        .hint("whoever has the image can read it: give it by `secrets` and `--secret`, and read it at `/run/secrets/ID`");
    found.add(warning);
}

/// Returns what `text` has that is a secret by its form, in words.
fn secret_in(text: &str) -> Option<&'static str> {
    if redact::credentials(text) != text {
        return Some("a password in a URL");
    }
    let has = |&(start, length): &(&str, usize)| {
        text.match_indices(start).any(|(at, _)| {
            let is_apart = !text[..at].ends_with(|c: char| c.is_alphanumeric());
            let rest = &text[at + start.len()..];
            if length == 0 {
                let line = rest.lines().next().unwrap_or_default();
                return line.contains("PRIVATE KEY-----");
            }
            let is_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let end = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
            is_apart && end >= length
        })
    };
    let (start, _) = TOKENS.iter().find(|it| has(it))?;
    Some(match *start {
        "-----BEGIN " => "a private key",
        _ => "a token",
    })
}

/// Whether a word of the name tells of a secret, unless another says that it is public or a file.
fn tells_of_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(['_', '-', '.']).collect();
    let is_harmless = words
        .iter()
        .any(|word| matches!(*word, "public" | "file" | "path" | "url" | "id"));
    !is_harmless && words.iter().any(|word| SECRET_NAMES.contains(word))
}

/// Whether a value is there, and no place where one is to be had.
fn is_literal(value: &str) -> bool {
    !value.is_empty() && !value.starts_with('/') && !value.contains('$')
}
