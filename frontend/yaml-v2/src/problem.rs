//! What is wrong with the data of a document that is YAML.

use diagnostic::{Diagnostic, SourceText, Span};

use super::advice;
use super::value::Value;

/// One mistake.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// A key that is there already.
    DuplicateKey {
        /// What the keys mean.
        key: Value,
        /// The one to blame.
        at: Span,
        /// The other one.
        other: Span,
        /// The `<<` that brings the other one, if one does.
        merge: Option<Span>,
        /// The line that yaml.v2 names.
        line: usize,
    },
    /// A list or a mapping as a key.
    CollectionAsKey {
        /// Which of the two.
        is_map: bool,
        /// The key.
        at: Span,
        /// The line that yaml.v2 names; it names one only where the key must be a string.
        line: Option<usize>,
    },
    /// `<<` with something else than a mapping or a list of them.
    MergeOfNoMapping {
        /// What should be merged.
        at: Span,
    },
    /// A value with a tag that it does not fit.
    BadTag {
        /// What is wrong, in yaml.v2's words.
        message: String,
        /// The value.
        at: Span,
    },
    /// An alias inside the value that it stands for.
    Circular {
        /// The name of the anchor.
        name: String,
        /// The alias.
        at: Span,
    },
    /// Aliases of aliases that stand for far more than is written.
    ExcessiveAliasing {
        /// Where the limit was reached.
        at: Span,
    },
    /// A value of another type than the one wanted.
    Mismatch(Mismatch),
}

/// A value of another type than the one wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wanted, such as `a string`.
    pub wanted: &'static str,
    /// What is there, such as ``not the number `5` ``.
    pub found: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
    /// The value.
    pub at: Span,
    /// The line that yaml.v2 names.
    pub line: usize,
}

impl Problem {
    /// Returns the line that yaml.v2 2.4.0 names, or `None` where it names none: such a mistake ends
    /// its reading, and it forgets the others.
    pub fn v2_line(&self) -> Option<usize> {
        match self {
            Problem::DuplicateKey { line, .. } => Some(*line),
            Problem::Mismatch(mismatch) => Some(mismatch.line),
            Problem::CollectionAsKey { line, .. } => *line,
            _ => None,
        }
    }

    /// Whether nobody should read on in a document that has it.
    pub fn is_trap(&self) -> bool {
        matches!(
            self,
            Problem::Circular { .. } | Problem::ExcessiveAliasing { .. }
        )
    }

    /// Says it to a person. `place` is where in the configuration, such as `` `shell` of image `app` ``.
    pub fn diagnostic(&self, source: &SourceText, place: Option<&str>) -> Diagnostic {
        let within = place.map_or_else(String::new, |place| format!(" in {place}"));
        let (message, at) = match self {
            Problem::DuplicateKey { key, at, .. } => {
                (format!("{} is given twice{within}", describe(key)), at)
            }
            Problem::CollectionAsKey { is_map, at, .. } => {
                let what = if *is_map { "a mapping" } else { "a list" };
                (format!("{what} cannot be a key"), at)
            }
            Problem::MergeOfNoMapping { at } => (
                "`<<` can only merge a mapping or a list of mappings".to_owned(),
                at,
            ),
            Problem::BadTag { message, at } => (message.clone(), at),
            Problem::Circular { name, at } => (
                format!("alias `*{name}` stands inside the value of `&{name}`"),
                at,
            ),
            Problem::ExcessiveAliasing { at } => (
                "aliases make this document far larger than it is written".to_owned(),
                at,
            ),
            Problem::Mismatch(Mismatch {
                wanted, found, at, ..
            }) => (
                format!("{} must be {wanted}, {found}", place.unwrap_or("this")),
                at,
            ),
        };
        self.advise(Diagnostic::error(message).at(source.location(*at)), source)
    }

    fn advise(&self, diagnostic: Diagnostic, source: &SourceText) -> Diagnostic {
        match self {
            Problem::DuplicateKey {
                other,
                merge: Some(merge),
                ..
            } => {
                let (line, merge) = (source.line(other.start), source.line(merge.start));
                diagnostic
                    .hint("a merged key cannot be overridden: remove one of the two")
                    .note(format!("`<<` in line {merge} brings it from line {line}"))
            }
            Problem::DuplicateKey { at, other, .. } => {
                let (here, there) = (
                    &source.text()[at.start..at.end],
                    &source.text()[other.start..other.end],
                );
                let diagnostic = diagnostic.note(format!(
                    "it is first given in line {}",
                    source.line(other.start)
                ));
                if here == there {
                    return diagnostic;
                }
                diagnostic.note(format!("`{there}` and `{here}` are the same key"))
            }
            Problem::CollectionAsKey { is_map: true, .. } => {
                diagnostic.hint("`{{ … }}` that is not part of a template must be quoted")
            }
            Problem::CollectionAsKey { is_map: false, .. } => diagnostic.hint("quote it"),
            Problem::Mismatch(Mismatch {
                wanted, hint, at, ..
            }) => {
                let is_braced = wanted.contains("string") && is_braced_text(source, *at);
                let usual = if is_braced {
                    Some("a text that begins with `{` must be quoted")
                } else {
                    *hint
                };
                match usual {
                    Some(usual) => diagnostic
                        .hint(braces_of_item(source, *at).unwrap_or_else(|| usual.to_owned())),
                    None => diagnostic,
                }
            }
            _ => diagnostic,
        }
    }
}

/// Whether a mapping without a colon is at `at`, which is rather a text.
fn is_braced_text(source: &SourceText, at: Span) -> bool {
    let written = source.text()[at.start..].split('}').next();
    written.is_some_and(|it| it.starts_with('{') && !it.contains(':'))
}

/// Returns the hint for an item of a list that is a mapping only because its text begins with `{`, as a group of a shell's
/// commands does.
fn braces_of_item(source: &SourceText, at: Span) -> Option<String> {
    let text = source.text();
    let start = text[..at.start].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next()?.trim_end();
    let begin = advice::value_begin(line);
    let value = &line[begin..];
    let is_item = line.trim_start().starts_with("- ");
    (is_item && start + begin == at.start && value.starts_with('{') && value.ends_with('}')).then(
        || {
            format!(
                "a value that begins with `{{` is a mapping; {}",
                advice::quote_all(&line[..begin], value)
            )
        },
    )
}

fn describe(key: &Value) -> String {
    match key {
        Value::Null => "key `null`".to_owned(),
        Value::Bool(value) => format!("key `{value}`"),
        Value::Int(value) => format!("key `{value}`"),
        Value::Uint(value) => format!("key `{value}`"),
        Value::Float(value) => format!("key `{value}`"),
        Value::String(text) => format!("key `{}`", super::read::shorten(text)),
        Value::Bytes(_) | Value::List(_) | Value::Map(_) => "a key".to_owned(),
    }
}
