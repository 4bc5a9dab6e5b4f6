//! Fields of digests, side by side.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use werf_plan::digest::DigestField;

/// A field and its value.
pub(super) type Pair<'a> = (&'a str, String);

/// Returns the fields of a digest; a `value` stands with the field that it is the value of, as `NAME=VALUE`.
pub(super) fn combined(fields: &[DigestField]) -> Vec<Pair<'_>> {
    let mut all: Vec<Pair<'_>> = Vec::new();
    for field in fields {
        match all.last_mut() {
            Some((_, name)) if field.name == "value" => {
                name.push('=');
                name.push_str(&field.value);
            }
            _ => all.push((&field.name, field.value.clone())),
        }
    }
    all
}

/// Returns the names that are different, in the order in which they come, with the values that are gone and those that are new.
pub(super) fn differing<'a>(
    before: &[Pair<'a>],
    after: &[Pair<'a>],
) -> Vec<(&'a str, Vec<String>, Vec<String>)> {
    let mut found: Vec<(&str, Vec<String>, Vec<String>)> = Vec::new();
    let mut of = |name: &'a str| -> usize {
        let known = found.iter().position(|(it, ..)| *it == name);
        known.unwrap_or_else(|| {
            found.push((name, Vec::new(), Vec::new()));
            found.len() - 1
        })
    };
    let mut changes = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, before, after) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        for (name, value) in &before[op.old_range()] {
            changes.push((of(name), value, true));
        }
        for (name, value) in &after[op.new_range()] {
            changes.push((of(name), value, false));
        }
    }
    for (at, value, is_old) in changes {
        let (_, before, after) = &mut found[at];
        if is_old { before } else { after }.push(value.clone());
    }
    found
}
