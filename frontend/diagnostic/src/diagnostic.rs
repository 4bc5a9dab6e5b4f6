//! What goes wrong in a user's file, pinned to the text that caused it.
//!
//! A [`Diagnostic`] travels: it is made beside the text, written into the plan as JSON, and shown by
//! whoever has the eyes of a person, so it owns everything it says.
//!
//! Messages are lower case, without a full stop, with the offending thing in backticks; what to do
//! about it is the hint, and what else is worth knowing are the notes.

use serde::{Deserialize, Serialize};

use crate::frame::printable;
use crate::printable::message as shown;
use crate::redact::RENDERED;
use crate::rule::Rule;
use crate::{Location, redact};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// The build goes on, and a person should know.
    Warning,
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

    /// Returns a warning of a rule.
    pub fn warning(rule: &'static Rule, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(
            Severity::Warning,
            Some(rule.name.to_owned()),
            message.into(),
        )
    }

    fn new(severity: Severity, rule: Option<String>, message: String) -> Diagnostic {
        Diagnostic {
            severity,
            rule,
            message: shown(message),
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
                    "{RENDERED}`{}`",
                    printable(&redact::credentials(line.trim()), 1)
                ),
            );
        }
        self.at = Some(location);
        self
    }

    /// Says what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(shown(hint.into()));
        self
    }

    /// Returns the mistake that a warning is where somebody wants it to stop the build.
    pub(crate) fn into_error(mut self) -> Diagnostic {
        self.severity = Severity::Error;
        self
    }

    /// Whether it is a warning of `rule`.
    pub fn is_of(&self, rule: &Rule) -> bool {
        self.rule.as_deref() == Some(rule.name)
    }

    /// Returns where the rule is explained, or nothing.
    pub fn url(&self) -> String {
        let rule = self.rule.as_deref().and_then(Rule::named);
        rule.map(Rule::url).unwrap_or_default()
    }

    /// Returns `Rule: message`, or the message alone.
    pub fn headline(&self) -> String {
        match (self.severity, &self.rule) {
            (Severity::Warning, Some(rule)) => format!("{rule}: {}", self.message),
            _ => self.message.clone(),
        }
    }

    /// Returns all of it as a paragraph: `file:line:column: Rule: message; hint`, and a line for each note; the rule only of a
    /// warning.
    pub fn one_line(&self) -> String {
        let mut text = String::new();
        if let Some(at) = &self.at {
            text.push_str(&format!(
                "{}:{}:{}: ",
                at.file, at.start.line, at.start.column
            ));
        }
        text.push_str(&self.said());
        text
    }

    /// Returns [`Diagnostic::one_line`] without the place, for whoever shows that in another way.
    pub fn said(&self) -> String {
        let mut text = self.headline();
        if let Some(hint) = &self.hint {
            text.push_str(&format!("; {hint}"));
        }
        for note in &self.notes {
            text.push_str(&format!("\n  note: {note}"));
        }
        text
    }

    /// Adds something worth knowing.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.add_notes([note.into()]);
        self
    }

    /// Adds more that is worth knowing, each as [`Diagnostic::note`] does.
    pub fn add_notes(&mut self, notes: impl IntoIterator<Item = String>) {
        self.notes.extend(notes.into_iter().map(shown));
    }
}

/// Collects every mistake of a file, so that one run shows them all.
#[derive(Debug, Default)]
pub struct Diagnostics {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    has_left_out: bool,
    mistakes: usize,
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
        self.mistakes += usize::from(diagnostic.severity == Severity::Error);
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

    /// Returns how many mistakes were added so far, those among them that are not kept.
    pub fn mistakes(&self) -> usize {
        self.mistakes
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::NEAR_SEPARATOR;

    fn at(line: usize, column: usize) -> Location {
        let mut at = Location::point("werf.yaml", line, column);
        at.end.column += 1;
        at
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
        let all = Diagnostic::warning(&NEAR_SEPARATOR, "m")
            .at(at(1, 2))
            .hint("h")
            .note("n");
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Diagnostic>(&json).unwrap(), all);
    }
}
