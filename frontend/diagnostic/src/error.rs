//! What goes wrong in a user's file, pinned to the text that caused it.
//!
//! A [`Diagnostic`] travels: it is made beside the text, written into the plan as JSON, and shown by
//! whoever has the eyes of a person, so it owns everything it says. The gateway lets the client draw
//! the frame around the lines; [`render`] draws the same frame for the command line and for snapshots.
//!
//! Messages are lower case, without a full stop, with the offending thing in backticks; what to do
//! about it is the hint, and what else is worth knowing are the notes.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::redact;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// The build goes on, and a person should know.
    Warning,
}

/// A place in a text: lines and columns start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// A range of a file, by the name that people know the file under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file as it was given with `-f`.
    pub file: String,
    /// The first character.
    pub start: Position,
    /// The place behind the last character; in the same line as that character.
    pub end: Position,
    /// The line that a template has made of this place, where it differs from what is written.
    #[serde(skip)]
    pub rendered: Option<String>,
}

/// One mistake or warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Whether it stops the build.
    pub severity: Severity,
    /// The name of a warning's rule, such as `NearSeparator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The text that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What else is worth knowing, such as where the other of two duplicates is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// Returns a mistake.
    pub fn error(message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, None, message.into())
    }

    /// Returns a warning of the named rule.
    pub fn warning(rule: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, Some(rule.into()), message.into())
    }

    fn new(severity: Severity, rule: Option<String>, message: String) -> Diagnostic {
        Diagnostic {
            severity,
            rule,
            message,
            at: None,
            hint: None,
            notes: Vec::new(),
        }
    }

    /// Says which text caused it.
    ///
    /// What a template has made of that text becomes a note.
    pub fn at(mut self, mut location: Location) -> Diagnostic {
        if let Some(line) = location.rendered.take() {
            self.notes.insert(
                0,
                format!(
                    "this line is rendered as `{}`",
                    printable(&redact::credentials(line.trim()), 1)
                ),
            );
        }
        self.at = Some(location);
        self
    }

    /// Says what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    /// Adds something worth knowing.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }
}

/// Collects every mistake of a file, so that one run shows them all.
#[derive(Debug, Default)]
pub struct Diagnostics {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    has_left_out: bool,
}

/// A file with more mistakes than this is not a file with mistakes, it is another kind of file.
const MOST_ERRORS: usize = 100;

impl Diagnostics {
    /// Returns an empty collection.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds a mistake or a warning. The same mistake at the same place is kept once: an alias can lead
    /// to one text many times.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let kept = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.contains(&diagnostic) {
            return;
        }
        if kept.len() == MOST_ERRORS {
            self.has_left_out |= diagnostic.severity == Severity::Error;
            return;
        }
        kept.push(diagnostic);
    }

    /// Whether there are so many mistakes that no more are kept and looking for them is in vain.
    pub fn is_full(&self) -> bool {
        self.has_left_out
    }

    /// Returns the warnings so far.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns the warnings, or the mistakes in the order of the text if there are any.
    ///
    /// # Errors
    /// The mistakes.
    pub fn finish(mut self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let place = |diagnostic: &Diagnostic| diagnostic.at.as_ref().map(|at| at.start);
        self.warnings.sort_by_key(place);
        if self.errors.is_empty() {
            return Ok(self.warnings);
        }
        self.errors.sort_by_key(place);
        if self.has_left_out {
            self.errors.push(Diagnostic::error(
                "there are more mistakes, which are not shown",
            ));
        }
        Err(self.errors)
    }
}

/// How many lines are shown before and after the marked ones.
const CONTEXT: usize = 2;

/// How many characters of a line are shown.
const LINE_WIDTH: usize = 160;

/// How many marked lines are shown.
const MOST_MARKED: usize = 8;

/// Draws a diagnostic the way BuildKit's client does: the lines of `text` around it, then the message.
///
/// `text` is the content of the file that the location names; without one, or without a location, only
/// the message is drawn. Control characters of the file are replaced, so that a broken file cannot
/// play with the terminal.
pub fn render(diagnostic: &Diagnostic, text: Option<&str>) -> String {
    let mut out = String::new();
    if let Some(at) = &diagnostic.at {
        let _ = writeln!(out, "{}:{}", at.file, at.start.line);
        if let Some(text) = text {
            draw_frame(&mut out, at, text);
        }
    }
    out.push_str(match diagnostic.severity {
        Severity::Error => "ERROR: ",
        Severity::Warning => "WARNING: ",
    });
    if let Some(rule) = &diagnostic.rule {
        let _ = write!(out, "{rule}: ");
    }
    out.push_str(&diagnostic.message);
    if let Some(hint) = &diagnostic.hint {
        let _ = write!(out, "; {hint}");
    }
    out.push('\n');
    for note in &diagnostic.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    out
}

fn draw_frame(out: &mut String, at: &Location, text: &str) {
    const RULER: &str = "--------------------\n";
    out.push_str(RULER);
    let last_marked = at.end.line.min(at.start.line + MOST_MARKED - 1);
    let first = at.start.line.saturating_sub(CONTEXT).max(1);
    let shown = last_marked + CONTEXT + 1 - first;
    for (index, line) in text.lines().enumerate().skip(first - 1).take(shown) {
        let number = index + 1;
        let marked = (at.start.line..=at.end.line).contains(&number);
        let mark = if marked { ">>>" } else { "   " };
        let line = printable(line, if marked { at.start.column } else { 1 });
        let _ = writeln!(out, "{}", format!(" {number:3} | {mark} {line}").trim_end());
    }
    out.push_str(RULER);
}

/// Returns what of `line` is shown: all of it, or the part around `column` of a very long one.
fn printable(line: &str, column: usize) -> String {
    let hidden = match column.checked_sub(LINE_WIDTH / 2) {
        Some(before) if line.chars().nth(LINE_WIDTH).is_some() => before,
        _ => 0,
    };
    let mut shown = String::from(if hidden > 0 { "…" } else { "" });
    let mut rest = line.trim_start_matches('\u{feff}').chars().skip(hidden);
    shown.extend(rest.by_ref().take(LINE_WIDTH).map(|c| {
        if c.is_control() && c != '\t' {
            '�'
        } else {
            c
        }
    }));
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Location {
        let start = Position { line, column };
        Location {
            file: "werf.yaml".to_owned(),
            start,
            end: Position {
                line,
                column: column + 1,
            },
            rendered: None,
        }
    }

    #[test]
    fn a_frame_shows_two_lines_on_each_side() {
        let text = "a\nb\n    git:\n    - add: /\n      stageDependancies:\n        install: [x]\n";
        let wrong = Diagnostic::error("unknown key `stageDependancies` in `git` of image `app`")
            .at(at(5, 7))
            .hint("did you mean `stageDependencies`?")
            .note("more");
        insta::assert_snapshot!(render(&wrong, Some(text)), @r"
        werf.yaml:5
        --------------------
           3 |         git:
           4 |         - add: /
           5 | >>>       stageDependancies:
           6 |             install: [x]
        --------------------
        ERROR: unknown key `stageDependancies` in `git` of image `app`; did you mean `stageDependencies`?
          note: more
        ");
    }

    #[test]
    fn long_lines_and_control_characters_are_tamed() {
        let text = format!("\u{1b}[31m{}x{}", " ".repeat(500), "y".repeat(500));
        let shown = render(&Diagnostic::error("no").at(at(1, 506)), Some(&text));
        assert!(
            shown.contains("…") && shown.contains('x') && shown.len() < 400,
            "{shown}"
        );
        assert!(!render(&Diagnostic::error("no").at(at(1, 1)), Some(&text)).contains('\u{1b}'));
    }

    #[test]
    fn mistakes_come_in_the_order_of_the_text_and_once() {
        let mut all = Diagnostics::new();
        for line in [3, 1, 3] {
            all.push(Diagnostic::error("no").at(at(line, 1)));
        }
        let lines: Vec<usize> = all
            .finish()
            .unwrap_err()
            .iter()
            .map(|one| one.at.as_ref().unwrap().start.line)
            .collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn a_hundred_mistakes_are_enough() {
        let mut all = Diagnostics::new();
        for line in 1..=250 {
            all.push(Diagnostic::error("no").at(at(line, 1)));
        }
        let shown = all.finish().unwrap_err();
        assert_eq!(shown.len(), 101);
        assert_eq!(
            shown[100].message,
            "there are more mistakes, which are not shown"
        );
    }

    #[test]
    fn json_keeps_everything() {
        let all = Diagnostic::warning("NearSeparator", "m")
            .at(at(1, 2))
            .hint("h")
            .note("n");
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Diagnostic>(&json).unwrap(), all);
    }
}
