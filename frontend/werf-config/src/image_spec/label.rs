//! Variables in labels: `%image%` and `%project%`.

/// What to do about a text that is not well formed.
pub const HINT: &str = "between percent signs there can be `image` or `project`; a single percent sign cannot be written, in werf either";

/// Replaces `%image%` and `%project%`; blanks inside the signs do not matter.
///
/// # Errors
/// Anything else between percent signs, and a sign without another.
pub fn expand(text: &str, image: &str, project: &str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, after)) = after.split_once('%') else {
            return Err(format!("`%` in `{text}` has no other `%` behind it"));
        };
        expanded.push_str(before);
        expanded.push_str(match name.trim() {
            "image" => image,
            "project" => project,
            _ => return Err(format!("`%{name}%` is not a variable")),
        });
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Checks a text for [`expand`].
///
/// # Errors
/// The same as [`expand`]'s.
pub fn check(text: &str) -> Result<(), String> {
    expand(text, "", "").map(drop)
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables_are_replaced_and_nothing_else_is_taken() {
        let text = expand("%project%/%image%: % image %", "app", "shop");
        assert_eq!(text.as_deref(), Ok("shop/app: app"));
        assert_eq!(expand("plain", "a", "b").as_deref(), Ok("plain"));
        for text in ["100%", "%images%", "%%", "10% to 20%", "%Image%"] {
            assert!(expand(text, "a", "b").is_err(), "{text}");
        }
    }
}
