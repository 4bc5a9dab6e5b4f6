//! What a template writes where it has nothing to write.

use diagnostic::{Diagnostic, SourceText, Span, rule};

use super::Found;

/// What Go's templates write for a key that a map does not have.
const NO_VALUE: &str = "<no value>";

/// Warns of lines in which a template has written [`NO_VALUE`], comments aside.
pub(super) fn check(text: &SourceText, found: &mut Found) {
    for (start, _) in text.text().match_indices(NO_VALUE) {
        let line = text.text()[..start].rsplit('\n').next().unwrap_or_default();
        let is_comment = line.trim_start().starts_with('#');
        let is_rendered = text.template_line(start).is_some();
        if is_comment || !is_rendered {
            continue;
        }
        let at = text.location(Span::new(start, start + NO_VALUE.len()));
        let message = "the template writes `<no value>` here: the key is not there";
        let warning = Diagnostic::warning(&rule::NO_VALUE, message)
            .at(at)
            .hint("correct the name of the key, or say what is meant without it: `{{ .x | default \"…\" }}`");
        found.add(warning);
    }
}
