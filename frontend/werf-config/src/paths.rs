//! Paths and masks as `git` and `import` write them, and what is wrong with them (spec 1.8 and 1.11).

use diagnostic::{Span, Spanned};
use masks::mask::{self, Mask};

/// What is wrong: a message, where, and what to do.
pub(super) type Refusal = (String, Span, String);

/// Cleans a path, which must be absolute.
pub(super) fn absolute(
    key: &str,
    path: &Spanned<String>,
    refusals: &mut Vec<Refusal>,
) -> Spanned<String> {
    if !path.value.starts_with('/') {
        let message = format!("`{key}: {}` is not an absolute path", path.value);
        let absolute = mask::clean(&format!("/{}", path.value));
        refusals.push((message, path.span, format!("write `{key}: {absolute}`")));
    }
    Spanned::new(mask::clean(&path.value), path.span)
}

/// Checks masks, which must be relative to `add`.
pub(super) fn check_masks(key: &str, written: &[Spanned<String>], refusals: &mut Vec<Refusal>) {
    for mask in written {
        if mask.value.starts_with('/') {
            let message = format!("`{}` in `{key}` is an absolute path", mask.value);
            let relative = mask.value.trim_start_matches('/');
            let hint = format!("masks are relative to `add`: `{relative}`");
            refusals.push((message, mask.span, hint));
        } else if let Err(bad) = Mask::new(&mask.value) {
            let hint = "a special character is escaped by a backslash".to_owned();
            refusals.push((bad.to_string(), mask.span, hint));
        }
    }
}
