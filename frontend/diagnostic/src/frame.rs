//! Diagnostics for a terminal: the lines around a mistake, and the message below them.

use std::fmt::Write as _;

use crate::printable::is_obeyed;
use crate::{Diagnostic, Location, Severity, redact};

/// How many lines are shown before and after the marked ones.
const CONTEXT: usize = 2;

/// How many characters of a line are shown.
const LINE_WIDTH: usize = 160;

/// How many marked lines are shown.
const MOST_MARKED: usize = 8;

/// Draws a diagnostic the way BuildKit's client does: the lines of `text` around it, then the message.
///
/// `text` is the content of the file that the location names; without one, or without a location, only
/// the message is drawn. Credentials in URLs are hidden, and control characters of the file are replaced, so that a
/// broken file cannot play with the terminal.
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
    out.push_str(&diagnostic.said());
    out.push('\n');
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
        let line = redact::credentials(line);
        let line = printable(&line, if marked { at.start.column } else { 1 });
        let _ = writeln!(out, "{}", format!(" {number:3} | {mark} {line}").trim_end());
    }
    out.push_str(RULER);
}

/// Returns what of `line` is shown: all of it, or the part around `column` of a very long one.
pub(crate) fn printable(line: &str, column: usize) -> String {
    let hidden = match column.checked_sub(LINE_WIDTH / 2) {
        Some(before) if line.chars().nth(LINE_WIDTH).is_some() => before,
        _ => 0,
    };
    let mut shown = String::from(if hidden > 0 { "…" } else { "" });
    let mut rest = line.trim_start_matches('\u{feff}').chars().skip(hidden);
    shown.extend(
        rest.by_ref()
            .take(LINE_WIDTH)
            .map(|c| if is_obeyed(c) && c != '\t' { '�' } else { c }),
    );
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Location {
        let mut at = Location::point("werf.yaml", line, column);
        at.end.column += 1;
        at
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
}
