//! Hides credentials in URLs, and values that were given to a build: whatever is shown goes through here.

mod hidden;

use std::borrow::Cow;

pub use hidden::Hidden;
pub(crate) use hidden::RENDERED;

/// What separates a reference from the text around it, besides blanks.
const AROUND: &str = "\"'`<>";

/// Parameters with longer names are none that hold a credential.
const LONGEST_NAME: usize = 64;

/// Returns `text` with the credentials in its URLs and image references replaced by `***`.
///
/// They are what stands before the `@` of a URL, the values of parameters whose names say that they are secret
/// (`?token=`, `&access_token=`), and `user:password@` of a reference without scheme. The name of an SSH user is no secret
/// and stays, and so does what a template fills in. Lines stay where they are.
pub fn credentials(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for hide in [authorities, parameters, references] {
        let hidden = match hide(&text) {
            Cow::Borrowed(_) => continue,
            Cow::Owned(hidden) => hidden,
        };
        text = Cow::Owned(hidden);
    }
    text
}

/// Hides what stands before the `@` of a URL with a scheme.
fn authorities(text: &str) -> Cow<'_, str> {
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

/// Hides the values of parameters that are called like a credential.
fn parameters(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut kept = 0;
    let mut in_url = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if c.is_whitespace() => in_url = false,
            ':' if text[at..].starts_with("://") => in_url = true,
            '?' => in_url = true,
            _ => {}
        }
        if at < kept || !in_url || !"?&;#".contains(c) {
            continue;
        }
        let behind = &text[at + 1..];
        let Some(end) = behind
            .bytes()
            .take(LONGEST_NAME)
            .position(|byte| byte == b'=')
        else {
            continue;
        };
        let (name, rest) = (&behind[..end], &behind[end + 1..]);
        if is_credential(name) && !rest.starts_with("{{") {
            let value = rest
                .find(|c: char| c.is_whitespace() || "&;#\"'`<>".contains(c))
                .map_or(rest, |end| &rest[..end]);
            if value.is_empty() {
                continue;
            }
            let begin = at + 1 + name.len() + 1;
            shown.push_str(&text[kept..begin]);
            shown.push_str("***");
            kept = begin + value.len();
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[kept..]);
    Cow::Owned(shown)
}

/// Whether a parameter of that name holds a credential.
fn is_credential(name: &str) -> bool {
    const WHOLE: [&str; 9] = [
        "key", "auth", "sig", "pass", "pwd", "jwt", "sas", "code", "bearer",
    ];
    const PARTS: [&str; 6] = [
        "token",
        "passw",
        "passphrase",
        "secret",
        "credential",
        "signature",
    ];
    const ENDS: [&str; 4] = ["_key", "_auth", "_sig", "apikey"];
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.%".contains(&byte))
    {
        return false;
    }
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    WHOLE.contains(&name.as_str())
        || PARTS.iter().any(|part| name.contains(part))
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// Hides `user:password` before the `@` of a reference without scheme: `user:password@registry.example.com/app:1`.
///
/// `name:tag@sha256:…` is an image with tag and digest.
fn references(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut kept = 0;
    let mut begin = 0;
    for word in text.split(|c: char| c.is_whitespace() || AROUND.contains(c)) {
        if let Some(length) = user_and_password(word) {
            shown.push_str(&text[kept..begin]);
            shown.push_str("***");
            kept = begin + length;
        }
        // What separates words may be longer than a byte.
        let behind = &text[begin + word.len()..];
        begin += word.len() + behind.chars().next().map_or(0, char::len_utf8);
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[kept..]);
    Cow::Owned(shown)
}

/// Returns the length of `user:password` at the beginning of a word. A password may have an `@` of its own.
fn user_and_password(word: &str) -> Option<usize> {
    let authority = word.split('/').next().unwrap_or_default();
    let colon = authority.find(':').filter(|at| *at > 0)?;
    let is_host = |text: &str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && !".-_".contains(c));
        end.is_some_and(|end| {
            let is_digest = text.starts_with("sha") && text[end..].starts_with(':');
            end > 0 && !is_digest && text[end..].starts_with(['/', ':'])
        })
    };
    let mut ends = authority.rmatch_indices('@').map(|(at, _)| at);
    ends.find(|at| *at > colon + 1 && is_host(&word[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::credentials;

    #[test]
    fn values_of_parameters_are_hidden() {
        for (text, expected) in [
            ("https://h/x.git?token=CANARY", "https://h/x.git?token=***"),
            (
                "url: \"https://h/x?a=1&access_token=CAN=ARY&b=2#private-token=CANARY\", to: /a",
                "url: \"https://h/x?a=1&access_token=***&b=2#private-token=***\", to: /a",
            ),
            (
                "h/x?X-Amz-Signature=CANARY;sig=CANARY",
                "h/x?X-Amz-Signature=***;sig=***",
            ),
            (
                "h/x?KEY=CANARY\nh/y?auth=CANARY",
                "h/x?KEY=***\nh/y?auth=***",
            ),
            ("h?password=ca\u{301}nary ü", "h?password=*** ü"),
            // Neither a credential nor in a URL.
            (
                "https://h/x?tag=v1&keyboard=us",
                "https://h/x?tag=v1&keyboard=us",
            ),
            ("cd a;token=1 make", "cd a;token=1 make"),
            ("h/x?token=", "h/x?token="),
            ("h/x?token={{ env \"T\" }}", "h/x?token={{ env \"T\" }}"),
        ] {
            tally::right(1);
            assert_eq!(credentials(text), expected);
        }
    }

    #[test]
    fn users_and_passwords_of_references_are_hidden() {
        for (text, expected) in [
            ("from: user:CANARY@host/x:1", "from: ***@host/x:1"),
            (
                "`user:CAN:A@RY@host.example:5000/x`",
                "`***@host.example:5000/x`",
            ),
            (
                "{from: \"u:CANARY@h/x\"}, {url: u:CANARY@h:x.git}",
                "{from: \"***@h/x\"}, {url: ***@h:x.git}",
            ),
            (
                "`u:CAN@A:RY@host/x` u:CAN@ARY:1@h:x",
                "`***@host/x` ***@h:x",
            ),
            // An image with tag and digest, a user without password, a mail address, a scheme.
            ("from: alpine:3@sha256:0123", "from: alpine:3@sha256:0123"),
            ("url: git@host:lib.git", "url: git@host:lib.git"),
            ("by:ada@example.com", "by:ada@example.com"),
            ("https://host:80/a@b/c", "https://host:80/a@b/c"),
            ("a:@b/c :a@b/c", "a:@b/c :a@b/c"),
        ] {
            tally::right(1);
            assert_eq!(credentials(text), expected);
        }
    }

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
            tally::right(1);
            assert_eq!(credentials(text), expected);
        }
    }
}
