//! Functions whose results differ from build to build, so that nothing after them is ever cached.

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, Span, TemplateFile};
use gotemplate::{FuncMap, Function, Location, Signature};

use super::{SharedTraces, failure, with};

/// Makes the unstable functions leave a trace when they are called.
pub fn watch(functions: &mut FuncMap, traces: &SharedTraces) {
    let names: Vec<String> = functions
        .names()
        .filter(|name| sprig::is_unstable(name))
        .map(str::to_owned)
        .collect();
    for name in names {
        let Some(function) = functions.get(&name).cloned() else {
            continue;
        };
        let signature = function.signature();
        let signature = if signature.is_variadic() {
            Signature::variadic(signature.params())
        } else {
            Signature::new(signature.params())
        };
        let (traces, called) = (traces.clone(), name.clone());
        let watched = Function::new(signature, move |call, args| {
            let place = call.place();
            with(&traces, |traces| {
                traces.unstable.entry(called.clone()).or_insert(place);
            });
            function.call(call, args)
        });
        functions.insert(&name, watched);
    }
}

/// Returns one warning for each function that was called, at its first call. A call in the text of `tpl`, which is no
/// file, is told at the first place that names the function.
pub fn warnings(called: &BTreeMap<String, Location>, files: &[TemplateFile]) -> Vec<Diagnostic> {
    called
        .iter()
        .map(|(name, place)| {
            let warning = Diagnostic::warning(
                &diagnostic::rule::UNSTABLE_FUNCTION,
                format!("`{name}` gives another result in every build, and what depends on it is never cached"),
            );
            // The main file comes last and is what people look at first.
            let mut places = files.iter().rev().filter_map(|file| {
                let span = find_in_actions(file.source.text(), name)?;
                Some(file.source.location(span))
            });
            let called_at = files
                .iter()
                .find(|file| file.name == *place.template)
                .map(|file| {
                    let span = span_of(name, place.offset, file.source.text());
                    file.source.location(span)
                })
                .or_else(|| failure::place_of(place, name, files));
            match called_at.or_else(|| places.next()) {
                Some(at) => warning.at(at),
                None => warning,
            }
        })
        .collect()
}

/// Returns the name in the call that begins at `offset`: behind parentheses and earlier parts of a pipeline.
fn span_of(name: &str, offset: usize, text: &str) -> Span {
    let rest = text.get(offset..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let start = offset + line.find(name).unwrap_or(0);
    Span::new(start, (start + name.len()).min(text.len()))
}

/// Finds `name` as a word between `{{` and `}}`.
fn find_in_actions(text: &str, name: &str) -> Option<Span> {
    let mut from = 0;
    while let Some(open) = text[from..].find("{{") {
        let start = from + open + 2;
        let end = text[start..].find("}}").map_or(text.len(), |at| start + at);
        let action = &text[start..end];
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '"');
        let found = action.match_indices(name).find(|&(at, _)| {
            !action[..at].ends_with(is_word) && !action[at + name.len()..].starts_with(is_word)
        });
        if let Some((at, _)) = found {
            return Some(Span::new(start + at, start + at + name.len()));
        }
        from = end;
    }
    None
}
