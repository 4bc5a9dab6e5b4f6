//! `CMD` and `ENTRYPOINT`.

use serde::{Deserialize, Serialize};

/// A command in one of the two forms that Dockerfiles have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CommandLine {
    /// Words, run as they are; none at all is an explicit "nothing".
    Exec(Vec<String>),
    /// A line for `/bin/sh -c`.
    Shell(String),
}

impl CommandLine {
    /// Reads a command that is written as one string: a JSON list is the exec form, anything else is a
    /// line for the shell.
    pub fn parse(text: &str) -> CommandLine {
        match exec_form(text) {
            Some(words) => CommandLine::Exec(words),
            None => CommandLine::Shell(text.to_owned()),
        }
    }
}

/// Reads a JSON list of strings, or returns `None` for anything else.
pub fn exec_form(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if !text.starts_with('[') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Whether `text` looks like a JSON list but is none, so that it goes to the shell.
pub fn is_almost_exec_form(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('[') && text.ends_with(']') && exec_form(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_list_is_the_exec_form() {
        assert_eq!(
            CommandLine::parse(r#" ["a", "b c"] "#),
            CommandLine::Exec(vec!["a".to_owned(), "b c".to_owned()])
        );
        assert_eq!(CommandLine::parse("[]"), CommandLine::Exec(Vec::new()));
    }

    #[test]
    fn everything_else_is_for_the_shell() {
        for text in [
            "node app.js",
            "[ -f x ] && [ -f y ]",
            "['a', 'b']",
            "[1]",
            r#"["a""#,
        ] {
            assert_eq!(
                CommandLine::parse(text),
                CommandLine::Shell(text.to_owned())
            );
        }
        assert!(is_almost_exec_form("['a', 'b']"));
        assert!(!is_almost_exec_form("[ -f x ] && true"));
    }
}
