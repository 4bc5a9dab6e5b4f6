//! Syntax errors in words that help.
//!
//! The scanner speaks of tokens and contexts. People see their text, so the message says what stands
//! there and the hint says what usually was meant.

use diagnostic::{Diagnostic, SourceText, Span};

use super::token::{Finder, SyntaxError};

/// Says to a person what is wrong with the document at `part` of `source`.
pub fn diagnostic(error: &SyntaxError, source: &SourceText, part: Span) -> Diagnostic {
    let text = &source.text()[part.start..part.end];
    let mut offset = error.at.offset.min(text.len());
    if text[offset..].trim().is_empty() {
        // What is missing at the end is better shown where it is missed.
        let last = text
            .trim_end()
            .char_indices()
            .next_back()
            .map_or(0, |(at, _)| at);
        offset = error.context.map_or(last, |(_, since)| since.offset);
    }
    if let Some(diagnostic) = unquoted_command(error, source, part.start + offset) {
        return diagnostic;
    }
    let (message, hint, at) = explain(error, source, part, part.start + offset);
    let end = source.text()[at..]
        .chars()
        .next()
        .map_or(at, |c| at + c.len_utf8());
    let mut diagnostic = Diagnostic::error(message).at(source.location(Span::new(at, end)));
    if let Some(hint) = hint {
        diagnostic = diagnostic.hint(hint);
    }
    diagnostic
        .notes
        .extend(context_note(error, source, part, at));
    diagnostic
}

/// Says to quote a command that begins as YAML's own syntax does and then goes on, such as `[ -d x ] || mkdir x`, if the
/// line at `at` has one.
fn unquoted_command(error: &SyntaxError, source: &SourceText, at: usize) -> Option<Diagnostic> {
    if error.finder == Finder::Reader {
        return None;
    }
    let text = source.text();
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next()?.trim_end();
    let begin = value_begin(line);
    let value = &line[begin..];
    let first = value.chars().next()?;
    let end = closing(value)?;
    let rest = &value[end..];
    let goes_on = rest.trim_start().chars().next()?;
    let message = match first {
        // Without a blank it is rather a quote inside of quotes.
        '"' | '\'' if rest.starts_with(' ') && !"#:,]}".contains(goes_on) => {
            "nothing can follow the closing quote of a value".to_owned()
        }
        '[' | '{' if !"#:,]}".contains(goes_on) => {
            let what = if first == '[' { "list" } else { "mapping" };
            format!(
                "a value that begins with `{first}` is a {what}, and nothing can follow its end"
            )
        }
        _ => return None,
    };
    let at = source.location(Span::new(start + begin, start + line.len()));
    Some(
        Diagnostic::error(message)
            .at(at)
            .hint(quote_all(&line[..begin], value)),
    )
}

/// Says how a value is written in quotes; `before` is what stands before it in its line.
pub fn quote_all(before: &str, value: &str) -> String {
    const MOST_SHOWN: usize = 120;
    if value.len() > MOST_SHOWN {
        return "put all of it in single quotes, and double those inside".to_owned();
    }
    let quoted = value.replace('\'', "''");
    format!("quote all of it: `{}'{quoted}'`", before.trim_start())
}

/// Returns where the value of a line begins: behind its dashes and its key.
pub(super) fn value_begin(line: &str) -> usize {
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    if let Some((key, value)) = rest.split_once(": ")
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    {
        rest = value.trim_start();
    }
    line.len() - rest.len()
}

/// Returns the offset behind the end of a list, a mapping or a quoted text that `value` begins with, if it ends in there.
fn closing(value: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    for (at, c) in value.char_indices() {
        match (quote, c) {
            _ if is_escaped => {
                is_escaped = false;
                continue;
            }
            (Some('"'), '\\') => is_escaped = true,
            (Some('\''), '\'') if value[at + 1..].starts_with('\'') => is_escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.checked_sub(1)?,
            (None, _) => {}
        }
        if depth == 0 && quote.is_none() {
            return (at > 0).then(|| at + c.len_utf8());
        }
    }
    None
}

/// Returns message, hint and where to point.
fn explain(
    error: &SyntaxError,
    source: &SourceText,
    part: Span,
    at: usize,
) -> (String, Option<String>, usize) {
    let text = source.text();
    let next = text[at..].chars().next();
    let some = |hint: &str| Some(hint.to_owned());
    match error.problem.as_str() {
        problem if error.finder == Finder::Reader => (
            format!("this is not text: {problem}"),
            some("is this the right file?"),
            at,
        ),
        "found character that cannot start any token" => match next {
            Some('\t') => (
                "a tab cannot indent in YAML".to_owned(),
                some("use spaces"),
                at,
            ),
            Some('`') => (
                "a value cannot begin with a backtick".to_owned(),
                some("put it in quotes"),
                at,
            ),
            Some(c) => (
                format!("a value cannot begin with `{c}` unless it is quoted"),
                some("put it in quotes"),
                at,
            ),
            None => (error.problem.clone(), None, at),
        },
        problem if problem.starts_with("found a tab character") => (
            "a tab cannot indent in YAML".to_owned(),
            some("use spaces"),
            at,
        ),
        "did not find expected alphabetic or numeric character" => alias(text, began(error, part)),
        "mapping values are not allowed in this context" => (
            "`:` cannot stand here: the line has a key already, or the one above goes on in it"
                .to_owned(),
            some("quote a value that has `: ` in it, and indent keys of one mapping alike"),
            at,
        ),
        "block sequence entries are not allowed in this context" => (
            "a list item cannot begin here".to_owned(),
            some("begin the list in a line of its own"),
            at,
        ),
        "could not find expected ':'" => {
            let at = began(error, part);
            (
                "a `:` is missing: every line of a mapping must be `key: value`".to_owned(),
                some("indent a text of several lines deeper than its key, or write it after `|`"),
                at,
            )
        }
        "did not find expected key" => {
            let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let hint = match next {
                _ if !text[line..at].trim().is_empty() => {
                    "quotes inside a quoted text must be doubled or escaped"
                }
                Some('-') => "items of one list must be indented alike",
                _ => "keys of one mapping must be indented alike",
            };
            ("a key is wanted here".to_owned(), some(hint), at)
        }
        "did not find expected '-' indicator" => (
            "a `- ` is wanted here".to_owned(),
            some("items of one list must be indented alike"),
            at,
        ),
        "did not find expected ',' or ']'" => (
            "`,` or `]` is wanted here".to_owned(),
            some("a list that begins with `[` must be closed"),
            at,
        ),
        "did not find expected ',' or '}'" => (
            "`,` or `}` is wanted here".to_owned(),
            some("a mapping that begins with `{` must be closed"),
            at,
        ),
        "found unexpected end of stream" => {
            let at = began(error, part);
            ("this quote is never closed".to_owned(), None, at)
        }
        "found unknown escape character" => {
            let escape: String = text[at..].chars().take(2).collect();
            (
                format!("`{escape}` means nothing in double quotes"),
                some("use single quotes, or `\\\\` for a backslash"),
                at,
            )
        }
        "did not find expected node content" => ("a value is wanted here".to_owned(), None, at),
        "found incompatible YAML document" => (
            "only YAML 1.1 can be read".to_owned(),
            some("remove the `%YAML` line"),
            at,
        ),
        "did not find expected comment or line break"
            if error
                .context
                .is_some_and(|(what, _)| what.contains("block")) =>
        {
            (
                "only a comment may follow `|` or `>`".to_owned(),
                some("begin the text in the line below"),
                at,
            )
        }
        problem if problem.starts_with("unknown anchor") => {
            let word: String = text[at..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "*-_".contains(*c))
                .collect();
            let anchor = word.replacen('*', "&", 1);
            let problem = format!("there is no anchor `{anchor}` before `{word}`");
            (
                problem,
                some("a value that begins with `*` must be quoted"),
                at,
            )
        }
        problem => (problem.replace('\'', "`"), None, at),
    }
}

/// Returns the offset at which the thing began that is broken.
fn began(error: &SyntaxError, part: Span) -> usize {
    part.start + error.context.map_or(error.at, |(_, since)| since).offset
}

/// An alias or anchor without a proper name: mostly a mask such as `*.rb` without quotes.
fn alias(text: &str, start: usize) -> (String, Option<String>, usize) {
    let word: String = text[start..]
        .chars()
        .take_while(|&c| !c.is_whitespace() && !",]}".contains(c))
        .collect();
    let what = if word.starts_with('&') {
        "anchor"
    } else {
        "alias"
    };
    (
        format!("`{word}` is not the name of an {what}"),
        Some(format!(
            "a value that begins with `{}` must be quoted: `'{word}'`",
            &word[..1.min(word.len())]
        )),
        start,
    )
}

/// Returns where the thing began that is broken, if that is another line.
fn context_note(error: &SyntaxError, source: &SourceText, part: Span, at: usize) -> Option<String> {
    let (what, _) = error.context?;
    let line = source.line(began(error, part));
    let what = match what {
        "while parsing a block mapping" => "the mapping",
        "while parsing a block collection" => "the list",
        "while parsing a flow sequence" => "the list in brackets",
        "while parsing a flow mapping" => "the mapping in braces",
        "while scanning a block scalar" => "the block",
        "while parsing a quoted scalar" | "while scanning a quoted scalar" => "the quoted text",
        _ => return None,
    };
    (line != source.line(at)).then(|| format!("{what} begins in line {line}"))
}
