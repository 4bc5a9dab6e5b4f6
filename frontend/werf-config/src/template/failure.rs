//! A template's error to what a person sees: the line of the template, and by which calls it was reached.

use diagnostic::{Diagnostic, Location, Span, TemplateFile};
use gotemplate::{Error, Frame, Limit, LimitError, Step};

use super::Advice;

/// More calls than this tell nothing new.
const MOST_NOTES: usize = 8;

/// Says what went wrong.
pub(super) fn diagnostic(
    error: &Error,
    files: &[TemplateFile],
    advice: Option<Advice>,
) -> Diagnostic {
    let (message, hint) = match error.limit() {
        Some(limit) => limit_reached(limit),
        None => (error.message().to_owned(), None),
    };
    let mut diagnostic = Diagnostic::error(message);
    diagnostic.hint = hint;
    // The innermost frame whose text is a file; the text of `tpl` is not.
    let mut frames = error.frames().rev();
    let mut skipped = Vec::new();
    for frame in frames.by_ref() {
        if let Some(at) = place(frame, files) {
            diagnostic = diagnostic.at(at);
            break;
        }
        skipped.push(frame);
    }
    for frame in skipped.iter().rev().take(1) {
        let at = &frame.location;
        diagnostic = diagnostic.note(format!(
            "it is in line {} of the text that `tpl` is given",
            at.line
        ));
    }
    if let Some(advice) = advice.filter(|advice| advice.message == error.message()) {
        diagnostic = diagnostic.hint(advice.hint);
        diagnostic.add_notes(advice.note);
    }
    if diagnostic.hint.is_none() {
        explain(&mut diagnostic, error.message(), files);
    }
    let mut chain: Vec<String> = frames.filter_map(|frame| call(frame, files)).collect();
    let calls = chain.len();
    chain.dedup();
    chain.truncate(MOST_NOTES);
    let left_out = calls - chain.len();
    diagnostic.add_notes(chain);
    if left_out > 0 {
        diagnostic = diagnostic.note(format!("and {left_out} more calls"));
    }
    diagnostic
}

/// Says in other words what the parser has found, where that helps.
fn explain(diagnostic: &mut Diagnostic, message: &str, files: &[TemplateFile]) {
    let Some(file) = diagnostic
        .at
        .as_ref()
        .and_then(|at| files.iter().find(|file| file.source.name() == at.file))
    else {
        return;
    };
    let text = file.source.text();
    if message == "unexpected EOF" {
        let Some(action) = never_closed(text) else {
            return;
        };
        let shown = &text[action.start..action.end];
        diagnostic.message = format!("`{shown}` is never closed");
        diagnostic.at = Some(file.source.location(action));
        diagnostic.hint = Some("write `{{ end }}` where it ends".to_owned());
    }
    if let Some(name) = message
        .strip_prefix("function \"")
        .and_then(|rest| rest.strip_suffix("\" not defined"))
    {
        let line = diagnostic.at.as_ref().map_or(1, |at| at.start.line);
        let line = text.lines().nth(line - 1).unwrap_or_default();
        // `{{ item }}` and the like are mostly meant for another program.
        let of_other = actions(line)
            .map(|action| &line[action.start..action.end])
            .find(|action| {
                let rest = inner(action).strip_prefix(name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
        if let Some(action) = of_other {
            diagnostic.hint = Some(format!(
                "to have `{action}` in the text as it is, for another program, write `{{{{ \"{action}\" }}}}`"
            ));
        }
    }
}

/// Returns the innermost action that opens a block which the text does not close.
fn never_closed(text: &str) -> Option<Span> {
    let mut open = Vec::new();
    for action in actions(text) {
        let words = inner(&text[action.start..action.end]);
        match words.split_whitespace().next() {
            Some("if" | "range" | "with" | "define" | "block") => open.push(action),
            Some("end") => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// Returns where the actions of a text are.
fn actions(text: &str) -> impl Iterator<Item = Span> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let start = offset + text[offset..].find("{{")?;
        let end = start + text[start..].find("}}")? + 2;
        offset = end;
        Some(Span::new(start, end))
    })
}

/// Returns what is inside the braces of an action.
fn inner(action: &str) -> &str {
    let inner = action.trim_start_matches("{{").trim_end_matches("}}");
    inner.trim_start_matches('-').trim_end_matches('-').trim()
}

/// Says where the level below `frame` was called.
fn call(frame: &Frame, files: &[TemplateFile]) -> Option<String> {
    let at = place(frame, files)?;
    let how = match &frame.step {
        Step::Failed => return None,
        Step::CalledFunction(name) => format!("`{name}`"),
        Step::CalledTemplate(name) => format!("`template {name:?}`"),
    };
    Some(format!("called by {how} in {}:{}", at.file, at.start.line))
}

fn place(frame: &Frame, files: &[TemplateFile]) -> Option<Location> {
    place_of(&frame.location, &frame.node, files)
}

/// Returns the place of the node that is spelled `node`: in the template, or in the file that the text of `tpl` comes
/// from.
pub(super) fn place_of(
    at: &gotemplate::Location,
    node: &str,
    files: &[TemplateFile],
) -> Option<Location> {
    let find = |name: &str| files.iter().find(|file| file.name == name);
    let Some(file) = find(&at.template) else {
        let origin = at.origin.as_ref()?;
        let source = &find(&origin.template)?.source;
        return Some(source.in_line(origin.line, node));
    };
    let text = file.source.text();
    let start = at.offset.min(text.len());
    // As much of the node as is written in this line.
    let line = text.get(start..).unwrap_or_default().lines().next();
    let length = line
        .filter(|line| line.starts_with(node))
        .map_or(1, |_| node.len().max(1));
    Some(file.source.location(Span::new(start, start + length)))
}

fn limit_reached(error: LimitError) -> (String, Option<String>) {
    let max = error.max;
    let mib = max >> 20;
    let (message, hint) = match error.limit {
        Limit::OutputBytes => (
            format!("the template writes more than {mib} MiB"),
            "look for a loop that writes far more than is meant",
        ),
        Limit::ValueBytes => (
            format!("the template makes values of more than {mib} MiB together"),
            "look for texts or lists that grow in a loop, or for large files that `.Files` reads",
        ),
        Limit::Steps => (
            format!("the template takes more than {max} steps"),
            "look for a loop over far more than is meant, or for templates that call each other without end",
        ),
        Limit::TemplateDepth => (
            format!("templates call each other more than {max} deep"),
            "look for a template that calls itself without end",
        ),
        Limit::Nesting => (
            format!("calls of `include` and `tpl`, or parentheses, are more than {max} deep"),
            "look for a template that includes itself without end",
        ),
        Limit::ValueDepth => (
            format!("a value has more than {max} lists and maps inside each other"),
            "look for a map that is put into itself",
        ),
    };
    (message, Some(hint.to_owned()))
}
