//! Words of a Dockerfile: quotes, backslashes and variables.
//!
//! Without `exactValues`, werf pastes values of the `docker` section into lines of Dockerfile syntax, so
//! what a Dockerfile makes of a word is what users get: `"a b"` loses its quotes, `\$` its backslash, and
//! `$PATH`, `${PATH}`, `${PATH:-/bin}` and `${PATH:+yes}` become values of the environment so far.
//!
//! One thing is better here. A value that is not one word (blanks outside quotes, a quote that is never
//! closed) makes a broken line in werf: `ENV A=b c` is refused by Docker. Here it is taken as written, but for
//! variables and `\$`: `Ada "the first" Lovelace` keeps its quotes. With `exactValues: true` a value is
//! literal and does not come here at all.

use std::fmt;

/// Why a word cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordError {
    /// A quote without its counterpart.
    OpenQuote(char),
    /// `${` without `}`.
    OpenBrace,
    /// `${…}` with something that is not a name, or an operator that Dockerfiles do not have.
    BadSubstitution(String),
    /// `${NAME:?message}` with a variable that is not set.
    Required {
        /// The name of the variable.
        name: String,
        /// What the word says about it.
        message: String,
    },
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WordError::OpenQuote(quote) => write!(f, "the quote `{quote}` is never closed"),
            WordError::OpenBrace => f.write_str("`${` is never closed by `}`"),
            WordError::BadSubstitution(text) => {
                write!(f, "`${{{text}` is not a substitution that Dockerfiles have")
            }
            WordError::Required { name, message } if message.is_empty() => {
                write!(f, "`{name}` is not set")
            }
            WordError::Required { name, message } => write!(f, "`{name}` is not set: {message}"),
        }
    }
}

impl std::error::Error for WordError {}

/// Expands `word`; `lookup` returns the values of variables.
///
/// # Errors
/// A word that is not well formed, and a required variable that is not set.
pub fn expand(word: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<String, WordError> {
    let mut words = Words {
        rest: word,
        quoting: is_one_word(word),
        lookup: &lookup,
    };
    words.until(None)
}

/// Whether Docker takes `text` for one word, so that its quotes are quotes.
fn is_one_word(text: &str) -> bool {
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if quote != Some('\'') => drop(characters.next()),
            '\'' | '"' if quote.is_none() => quote = Some(c),
            c if quote == Some(c) => quote = None,
            c if quote.is_none() && c.is_whitespace() => return false,
            _ => {}
        }
    }
    quote.is_none()
}

/// Checks that `word` is well formed, whatever its variables are.
///
/// # Errors
/// A word that is not.
pub fn check(word: &str) -> Result<(), WordError> {
    // A set and an unset variable take different branches of `${A:-…}`, but both are always read.
    expand(word, |_| Some("x".to_owned())).map(drop)
}

/// Splits `text` at blanks that are not quoted.
pub fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(start.take().map(|start| &text[start..at]));
            continue;
        }
        start.get_or_insert(at);
        match c {
            '\\' if quote != Some('\'') => drop(characters.next()),
            '\'' | '"' if quote.is_none() => quote = Some(c),
            c if quote == Some(c) => quote = None,
            _ => {}
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

struct Words<'a, F> {
    rest: &'a str,
    /// Whether quotes and backslashes mean something; if not, only `\$` does.
    quoting: bool,
    lookup: &'a F,
}

impl<F: Fn(&str) -> Option<String>> Words<'_, F> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Reads up to the character `end`, which it takes, or to the end of the word.
    fn until(&mut self, end: Option<char>) -> Result<String, WordError> {
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                c if Some(c) == end => return Ok(text),
                '$' => text.push_str(&self.variable()?),
                '\\' if self.quoting || self.peek() == Some('$') => text.extend(self.next()),
                '\'' if self.quoting => text.push_str(&self.single_quoted()?),
                '"' if self.quoting => self.double_quoted(&mut text)?,
                c => text.push(c),
            }
        }
        if end.is_some() {
            Err(WordError::OpenBrace)
        } else {
            Ok(text)
        }
    }

    fn single_quoted(&mut self) -> Result<String, WordError> {
        let Some((text, rest)) = self.rest.split_once('\'') else {
            return Err(WordError::OpenQuote('\''));
        };
        self.rest = rest;
        Ok(text.to_owned())
    }

    fn double_quoted(&mut self, text: &mut String) -> Result<(), WordError> {
        while let Some(c) = self.next() {
            match c {
                '"' => return Ok(()),
                '$' => text.push_str(&self.variable()?),
                '\\' if matches!(self.peek(), Some('"' | '$' | '\\')) => text.extend(self.next()),
                c => text.push(c),
            }
        }
        Err(WordError::OpenQuote('"'))
    }

    /// Reads what follows `$`.
    fn variable(&mut self) -> Result<String, WordError> {
        if self.peek() != Some('{') {
            let name = self.name();
            return Ok(if name.is_empty() {
                "$".to_owned()
            } else {
                self.value(&name).unwrap_or_default()
            });
        }
        let inside = &self.rest[1..];
        let bad = || {
            WordError::BadSubstitution(
                inside
                    .chars()
                    .take_while(|&c| c != '}')
                    .take(40)
                    .chain(['}'])
                    .collect(),
            )
        };
        self.next();
        let name = self.name();
        if name.is_empty() {
            return Err(if inside.contains('}') {
                bad()
            } else {
                WordError::OpenBrace
            });
        }
        let value = self.value(&name);
        match self.next() {
            Some('}') => Ok(value.unwrap_or_default()),
            Some(':') => {
                let operator = self.next();
                let value = value.filter(|value| !value.is_empty());
                self.substitution(&name, value, operator)
                    .unwrap_or_else(|| Err(bad()))
            }
            None => Err(WordError::OpenBrace),
            operator => self
                .substitution(&name, value, operator)
                .unwrap_or_else(|| Err(bad())),
        }
    }

    /// Applies `-`, `+` or `?` with the word behind it; `None` for another operator.
    fn substitution(
        &mut self,
        name: &str,
        value: Option<String>,
        operator: Option<char>,
    ) -> Option<Result<String, WordError>> {
        let operator = operator.filter(|c| matches!(c, '-' | '+' | '?'))?;
        let other = match self.until(Some('}')) {
            Ok(other) => other,
            Err(error) => return Some(Err(error)),
        };
        Some(match (operator, value) {
            ('-', value) => Ok(value.unwrap_or(other)),
            ('+', Some(_)) => Ok(other),
            ('+', None) => Ok(String::new()),
            (_, Some(value)) => Ok(value),
            (_, None) => Err(WordError::Required {
                name: name.to_owned(),
                message: other,
            }),
        })
    }

    /// Reads a name; `$1` and `$?` have names of one character.
    fn name(&mut self) -> String {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match self.peek() {
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.next().map(String::from).unwrap_or_default()
            }
            _ => {
                let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
                let (name, rest) = self.rest.split_at(end);
                self.rest = rest;
                name.to_owned()
            }
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(word: &str) -> Result<String, String> {
        expand(word, |name| match name {
            "A" => Some("a b".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn quotes_and_backslashes_are_removed_as_in_a_dockerfile() {
        for (word, value) in [
            ("plain", "plain"),
            ("'a $A'", "a $A"),
            (r#""a \$A \"q\" \x""#, r#"a $A "q" \x"#),
            (r"a\ b\$A", "a b$A"),
            (r"end\", "end"),
            ("x'y'\"z\"", "xyz"),
        ] {
            assert_eq!(expanded(word).unwrap(), value, "{word}");
        }
    }

    #[test]
    fn what_is_not_one_word_is_taken_as_written_but_for_variables() {
        for (text, value) in [
            ("a b  c", "a b  c"),
            (r#"Ada "the first" Lovelace"#, r#"Ada "the first" Lovelace"#),
            ("it's $A", "it's a b"),
            ("it's", "it's"),
            (r"C:\new files \$A", r"C:\new files $A"),
        ] {
            assert_eq!(expanded(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn variables_are_expanded() {
        for (word, value) in [
            ("$A", "a b"),
            ("${A}c", "a bc"),
            ("$A/bin:$NONE", "a b/bin:"),
            ("${NONE:-x}", "x"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY-x}", ""),
            ("${A:-x}", "a b"),
            ("${A:+yes}", "yes"),
            ("${NONE:+yes}", ""),
            ("${NONE:-${A:-z}}", "a b"),
            ("${NONE:-'}'}", "}"),
            ("${A:?}", "a b"),
            ("\"$A\"", "a b"),
            ("$", "$"),
            ("a$ b$/", "a$ b$/"),
            ("$1x", "x"),
        ] {
            assert_eq!(expanded(word).unwrap(), value, "{word}");
        }
    }

    #[test]
    fn broken_words_are_refused() {
        for (word, message) in [
            ("\"${NONE:-'x}\"", "the quote `'` is never closed"),
            ("${A", "`${` is never closed by `}`"),
            ("${A:-x", "`${` is never closed by `}`"),
            ("${}", "`${}` is not a substitution that Dockerfiles have"),
            (
                "${A:x}",
                "`${A:x}` is not a substitution that Dockerfiles have",
            ),
            (
                "${A%x}",
                "`${A%x}` is not a substitution that Dockerfiles have",
            ),
            ("${NONE:?set it}", "`NONE` is not set: set it"),
        ] {
            assert_eq!(expanded(word).unwrap_err(), message, "{word}");
        }
        assert!(check("${NONE:?set it}").is_ok());
    }

    #[test]
    fn unquoted_blanks_split() {
        assert_eq!(
            split(" /a  '/b c' \"d e\"f g\\ h "),
            ["/a", "'/b c'", "\"d e\"f", "g\\ h"]
        );
        assert!(split("  ").is_empty());
    }
}
