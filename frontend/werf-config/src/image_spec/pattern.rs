//! Names to remove: as they are, or a regular expression between slashes that must match all of a name.

use goregexp::Regexp;

/// Names and expressions, ready to be asked.
pub struct Patterns {
    names: Vec<String>,
    expressions: Vec<Regexp>,
}

impl Patterns {
    /// Reads what [`check`] has found right; anything else matches nothing.
    pub fn new(texts: &[String]) -> Patterns {
        let mut patterns = Patterns {
            names: Vec::new(),
            expressions: Vec::new(),
        };
        for text in texts {
            match parse(text) {
                Ok(Some(expression)) => patterns.expressions.push(expression),
                Ok(None) => patterns.names.push(text.clone()),
                Err(_) => {}
            }
        }
        patterns
    }

    /// Whether `name` is one of them.
    pub fn matches(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
            || self
                .expressions
                .iter()
                .any(|expression| expression.is_match(name.as_bytes()))
    }
}

/// Checks one text.
///
/// # Errors
/// An expression that is none.
pub fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("an item is empty".to_owned());
    }
    parse(text).map(drop)
}

/// Returns the expression that is meant, or `None` for a plain name.
fn parse(text: &str) -> Result<Option<Regexp>, String> {
    let Some(inner) = text
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
    else {
        return Ok(None);
    };
    let whole = format!("^(?:{inner})$");
    Regexp::new(whole.as_bytes())
        .map(Some)
        .map_err(|error| format!("`{inner}` is not a regular expression: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{Patterns, check};

    #[test]
    fn expressions_match_whole_names() {
        let patterns = Patterns::new(&["exact".into(), "/org\\..*|x/".into(), "/".into()]);
        for (name, expected) in [
            ("exact", true),
            ("exactly", false),
            ("org.example", true),
            ("my.org.example", false),
            ("x", true),
            ("xy", false),
            ("/", true),
        ] {
            assert_eq!(patterns.matches(name), expected, "{name}");
        }
        assert!(check("/(/").is_err() && check("").is_err());
    }
}
