//! Paths and masks as `git`, `import` and `mount` write them, and what is wrong with them.

use diagnostic::{Report, Spanned};
use masks::mask::{self, Mask};

/// Cleans the path behind `key`, which must be absolute.
pub(crate) fn absolute(
    key: &str,
    path: &Spanned<String>,
    report: &mut Report<'_>,
) -> Spanned<String> {
    if !path.value.starts_with('/') {
        let message = format!("`{key}: {}` is not an absolute path", path.value);
        let absolute = mask::clean(&format!("/{}", path.value));
        report
            .error(path.span, message)
            .hint(format!("write `{key}: {absolute}`"));
    }
    Spanned::new(mask::clean(&path.value), path.span)
}

/// Checks the masks behind `key`, which must be relative to `add`; they stay as written.
pub(crate) fn masks(
    key: &str,
    written: Vec<Spanned<String>>,
    report: &mut Report<'_>,
) -> Vec<Spanned<String>> {
    for mask in &written {
        if mask.value.starts_with('/') {
            let message = format!("`{}` in `{key}` is an absolute path", mask.value);
            let relative = mask.value.trim_start_matches('/');
            report
                .error(mask.span, message)
                .hint(format!("masks are relative to `add`: `{relative}`"));
        } else if let Err(bad) = Mask::new(&mask.value) {
            report
                .error(mask.span, bad.to_string())
                .hint("a special character is escaped by a backslash");
        }
    }
    written
}

/// Returns masks without their places.
pub(crate) fn plain(masks: Vec<Spanned<String>>) -> Vec<String> {
    masks.into_iter().map(|mask| mask.value).collect()
}
