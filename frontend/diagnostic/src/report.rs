//! What is said about one part of a text while it is read.

use crate::{Diagnostic, Diagnostics, Located, Location, Rule, SourceText, Span, Spanned};

/// Where readers of a text put what they have to say: the text, what has been said of it, and what messages call the
/// part that is being read.
///
/// ```
/// # use diagnostic::{Diagnostics, Report, SourceText, Span};
/// let text = SourceText::new("werf.yaml", "form: alpine\n").expect("it is UTF-8");
/// let mut diagnostics = Diagnostics::new();
/// let mut report = Report::new(&text, &mut diagnostics);
/// report
///     .error(Span::new(0, 4), "unknown key `form`")
///     .hint("did you mean `from`?");
/// assert_eq!(diagnostics.finish().unwrap_err()[0].at.as_ref().unwrap().end.column, 5);
/// ```
pub struct Report<'a> {
    text: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
    called: String,
}

impl<'a> Report<'a> {
    /// Returns a report on all of `text`.
    pub fn new(text: &'a SourceText, diagnostics: &'a mut Diagnostics) -> Report<'a> {
        Report {
            text,
            diagnostics,
            called: String::new(),
        }
    }

    /// Returns a report on a part of the same text that messages call `called`, such as ``image `app` ``.
    pub fn on(&mut self, called: impl Into<String>) -> Report<'_> {
        Report {
            text: self.text,
            diagnostics: self.diagnostics,
            called: called.into(),
        }
    }

    /// Returns what messages call the part that is being read.
    pub fn called(&self) -> &str {
        &self.called
    }

    /// Returns the text.
    pub fn text(&self) -> &'a SourceText {
        self.text
    }

    /// Returns the place that people know as `span`.
    pub fn location(&self, span: Span) -> Location {
        self.text.location(span)
    }

    /// Returns the line, from 1, in which `span` begins.
    pub fn line(&self, span: Span) -> usize {
        self.text.line(span.start)
    }

    /// Returns the value with the place that people know.
    pub fn locate<T>(&self, spanned: Spanned<T>) -> Located<T> {
        Located::new(spanned.value, self.location(spanned.span))
    }

    /// Says that the text at `at` is wrong.
    pub fn error(&mut self, at: Span, message: impl Into<String>) -> Remark<'_> {
        self.remark(Diagnostic::error(message).at(self.text.location(at)))
    }

    /// Says of the text at `at` what `rule` has found.
    pub fn warning(
        &mut self,
        rule: &'static Rule,
        at: Span,
        message: impl Into<String>,
    ) -> Remark<'_> {
        self.remark(Diagnostic::warning(rule, message).at(self.text.location(at)))
    }

    /// Says `diagnostic`, which has been made elsewhere.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether so much is wrong that looking for more is in vain.
    pub fn is_full(&self) -> bool {
        self.diagnostics.is_full()
    }

    /// Returns how many mistakes have been said so far of the whole text, the same one at one place as often as it was
    /// said.
    pub fn mistakes(&self) -> usize {
        self.diagnostics.mistakes()
    }

    fn remark(&mut self, diagnostic: Diagnostic) -> Remark<'_> {
        Remark {
            diagnostics: self.diagnostics,
            diagnostic: Some(diagnostic),
        }
    }
}

/// A diagnostic that is still being written; dropped, it is said.
pub struct Remark<'a> {
    diagnostics: &'a mut Diagnostics,
    diagnostic: Option<Diagnostic>,
}

impl Remark<'_> {
    /// Says what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|it| it.hint(hint));
        self
    }

    /// Adds something worth knowing.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|it| it.note(note));
        self
    }
}

impl Drop for Remark<'_> {
    fn drop(&mut self) {
        if let Some(diagnostic) = self.diagnostic.take() {
            self.diagnostics.push(diagnostic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::NEAR_SEPARATOR;

    #[test]
    fn what_is_written_is_said_once_it_is_complete() {
        let text = SourceText::new("f", "a\nb\n").expect("text");
        let mut diagnostics = Diagnostics::new();
        let mut report = Report::new(&text, &mut diagnostics);
        let mut part = report.on("image `x`");
        let message = format!("{} is wrong", part.called());
        part.error(Span::new(2, 3), message).hint("h").note("n");
        part.warning(&NEAR_SEPARATOR, Span::new(0, 1), "w");
        assert_eq!(report.mistakes(), 1);
        let errors = diagnostics.finish().expect_err("a mistake");
        let [error] = errors.as_slice() else {
            panic!("{errors:?}");
        };
        assert_eq!(error.message, "image `x` is wrong");
        assert_eq!(error.hint.as_deref(), Some("h"));
        assert_eq!(error.notes, ["n"]);
        assert_eq!(error.at.as_ref().map(|at| at.start.line), Some(2));
    }
}
