//! Patterns in the syntax of `.dockerignore`, which BuildKit's copying takes (`moby/patternmatcher`).
//!
//! It knows `*`, `?`, `**` and sets, and escapes by backslashes. It does not know braces, takes blanks off the ends, a
//! leading `!` as a negation and `[!a]` as something else, so everything is written anew from the steps.

use std::fmt::Write as _;

use super::{Glob, Step, Token};

impl Glob {
    /// Returns patterns of which one matches where this one does.
    pub fn docker_patterns(&self) -> Vec<String> {
        self.alternatives
            .iter()
            .map(|steps| pattern(steps))
            .collect()
    }
}

fn pattern(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match &step.token {
            Token::Char(c) => literal(&mut text, *c),
            Token::Any => text.push('?'),
            // Two of them are a `**`.
            Token::Star if text.ends_with('*') => {}
            Token::Star => text.push('*'),
            Token::Segments => text.push_str("**/"),
            Token::Everything => text.push_str("**"),
            Token::Set { negated, ranges } => set(&mut text, *negated, ranges),
            Token::Brace | Token::Bad => {}
        }
    }
    text
}

/// Blanks are trimmed at the ends, which a set is safe from.
fn literal(text: &mut String, c: char) {
    if c.is_whitespace() {
        let _ = write!(text, "[{c}]");
    } else {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!' | '^' | '#') {
            text.push('\\');
        }
        text.push(c);
    }
}

/// A set that is negated matches no slash there, as it would in a regular expression.
fn set(text: &mut String, negated: bool, ranges: &[(char, char)]) {
    let member = |text: &mut String, c: char| {
        if matches!(c, '[' | ']' | '\\' | '^' | '-') {
            text.push('\\');
        }
        text.push(c);
    };
    text.push('[');
    if negated {
        text.push('^');
    }
    for (low, high) in ranges {
        member(text, *low);
        if low != high {
            text.push('-');
            member(text, *high);
        }
    }
    text.push(']');
}

#[cfg(test)]
mod tests {
    use crate::glob::Glob;

    #[test]
    fn patterns_are_written_anew() {
        for (pattern, expected) in [
            ("*.js", &["*.js"][..]),
            ("**/a/**/b", &["**/a/**/b"]),
            ("a**b", &["a*b"]),
            ("{a,b/{c,d}}.x", &["a.x", "b/c.x", "b/d.x"]),
            ("[!a-c]", &["[^aa-c]"]),
            ("[a\\]]", &["[a\\]]"]),
            ("!x", &["\\!x"]),
            (" a ", &["[ ]a[ ]"]),
            ("\\*.c++", &["\\*.c++"]),
            ("?", &["?"]),
        ] {
            let glob = Glob::new(pattern).expect("well-formed");
            assert_eq!(glob.docker_patterns(), expected, "{pattern}");
        }
    }
}
