//! Hides credentials in URLs, and values that were given to a build: whatever is shown goes through here.

mod hidden;

use std::borrow::Cow;

pub use hidden::Hidden;
pub(crate) use hidden::RENDERED;

/// Returns `text` with what stands before the `@` of a URL replaced by `***`.
///
/// The name of an SSH user is no secret and stays. Lines stay where they are.
pub fn credentials(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(scheme_end) = rest.find("://") {
        let (before, behind) = rest.split_at(scheme_end + 3);
        shown.push_str(before);
        let authority = behind
            .find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c))
            .map_or(behind, |end| &behind[..end]);
        let user = authority.rfind('@').map(|at| &authority[..at]);
        rest = behind;
        if let Some(user) = user
            && (user.contains(':') || !before.ends_with("ssh://"))
        {
            shown.push_str("***");
            rest = &behind[user.len()..];
        }
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::credentials;

    #[test]
    fn what_stands_before_the_host_is_hidden() {
        for (text, expected) in [
            ("no url", "no url"),
            ("url: https://host/a@b", "url: https://host/a@b"),
            (
                "https://user:se@cret@host/a\nhttp://t@h",
                "https://***@host/a\nhttp://***@h",
            ),
            ("ssh://git@host/a", "ssh://git@host/a"),
            ("ssh://git:secret@host/a", "ssh://***@host/a"),
            ("https://", "https://"),
            ("\"https://a:b@c\" x@y", "\"https://***@c\" x@y"),
            (
                "https://{{ env \"U\" }}:{{ env \"P\" }}@host",
                "https://{{ env \"U\" }}:{{ env \"P\" }}@host",
            ),
            ("https://ü:ö@ä/", "https://***@ä/"),
        ] {
            assert_eq!(credentials(text), expected);
        }
    }
}
