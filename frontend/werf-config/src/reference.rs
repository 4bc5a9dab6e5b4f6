//! Image references such as `registry.example.com:5000/team/app:1.0@sha256:…`, checked by their form
//! alone, as Docker's `reference.ParseNormalizedNamed` does.

/// Why a text is not an image reference, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadReference {
    /// What is wrong with it.
    pub problem: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The longest name, without tag and digest.
const LONGEST_NAME: usize = 255;
/// The longest tag.
const LONGEST_TAG: usize = 128;

/// Checks that `text` is an image reference.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(text: &str) -> Result<(), BadReference> {
    let bad = |problem: &str, hint: Option<String>| {
        Err(BadReference {
            problem: problem.to_owned(),
            hint,
        })
    };
    if let Some((scheme, rest)) = text.split_once("://") {
        return bad(
            "an image reference has no scheme",
            Some(format!("write `{rest}` without `{scheme}://`")),
        );
    }
    if text.contains(char::is_whitespace) {
        let tight: String = text.split_whitespace().collect();
        return bad(
            "an image reference has no blanks",
            check(&tight)
                .is_ok()
                .then(|| format!("did you mean `{tight}`?")),
        );
    }
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (text, None),
    };
    let (domain, rest) = split_domain(named);
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    if path.is_empty() {
        return bad("the name of the image is missing", None);
    }
    if path.len() == 64 && domain.is_none() && path.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return bad(
            "64 hexadecimal digits are an image id, not a name",
            Some("images are found by name: add a tag to it".to_owned()),
        );
    }
    if path.contains(|c: char| c.is_ascii_uppercase()) {
        let lower = text.replacen(path, &path.to_ascii_lowercase(), 1);
        return bad(
            "the name of an image is lower case",
            Some(format!("did you mean `{lower}`?")),
        );
    }
    if domain.is_some_and(|domain| !is_domain(domain)) {
        return bad(
            &format!(
                "`{}` is not the name of a registry",
                domain.unwrap_or_default()
            ),
            None,
        );
    }
    if let Some(part) = path.split('/').find(|part| !is_path_part(part)) {
        let problem = if part.is_empty() {
            "the name has an empty part between its slashes".to_owned()
        } else {
            format!(
                "`{part}` is not a name: letters and digits may be separated by `.`, `_`, `__` or `-`"
            )
        };
        return bad(&problem, None);
    }
    if domain.map_or(0, str::len) + path.len() >= LONGEST_NAME {
        return bad(
            &format!("the name is longer than {LONGEST_NAME} characters"),
            None,
        );
    }
    match tag {
        Some("") => return bad("the tag is missing after `:`", None),
        Some(tag) if !is_tag(tag) => return bad(&format!("`{tag}` is not a tag"), None),
        _ => {}
    }
    match digest {
        Some(digest) if !is_digest(digest) => bad(
            &format!("`{digest}` is not a digest"),
            Some("a digest is `sha256:` and 64 hexadecimal digits".to_owned()),
        ),
        _ => Ok(()),
    }
}

/// Splits off the registry: the first part, if it cannot be the first part of a name on Docker Hub.
fn split_domain(named: &str) -> (Option<&str>, &str) {
    match named.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.contains(|c: char| c.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, named),
    }
}

fn is_domain(domain: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = domain.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        return address
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b':')
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = domain.split_once(':').unwrap_or((domain, "0"));
    is_port(port)
        && host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

fn is_path_part(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator =
        |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    part.starts_with(is_word)
        && part.ends_with(is_word)
        && part
            .split(is_word)
            .filter(|between| !between.is_empty())
            .all(is_separator)
}

/// Whether `tag` is one.
pub(crate) fn is_tag(tag: &str) -> bool {
    tag.len() <= LONGEST_TAG
        && !tag.starts_with(['.', '-'])
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// Whether `digest` is one, with its algorithm.
pub(crate) fn is_digest(digest: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_every_form_are_taken() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for text in [
            "alpine",
            "alpine:3.20",
            "library/alpine",
            "x/a.b-c__d/e--f:x_Y.Z-1",
            "localhost/app",
            "localhost:5000/app",
            "registry.example.com/team:1",
            "Registry/app",
            "[::1]:5000/app",
            &format!("alpine@{digest}"),
            &format!("r.io:443/a/b/c:tag@{digest}"),
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_a_reason() {
        for (text, problem) in [
            ("Alpine", "the name of an image is lower case"),
            ("https://r.io/a", "an image reference has no scheme"),
            ("alpine :3", "an image reference has no blanks"),
            (":latest", "the name of the image is missing"),
            ("alpine:", "the tag is missing after `:`"),
            ("alpine:a b", "an image reference has no blanks"),
            ("alpine:-x", "`-x` is not a tag"),
            ("alpine:a:b", "`a:b` is not a tag"),
            ("alpine@sha256:12", "`sha256:12` is not a digest"),
            ("a//b", "the name has an empty part between its slashes"),
            ("a/", "the name has an empty part between its slashes"),
            ("-a.io/b", "`-a.io` is not the name of a registry"),
            (
                "a___b",
                "`a___b` is not a name: letters and digits may be separated by `.`, `_`, `__` or `-`",
            ),
            (
                "é",
                "`é` is not a name: letters and digits may be separated by `.`, `_`, `__` or `-`",
            ),
        ] {
            tally::refused(1);
            assert_eq!(check(text).unwrap_err().problem, problem, "{text}");
        }
        assert_eq!(
            check("r.io/App:X").unwrap_err().hint.unwrap(),
            "did you mean `r.io/app:X`?"
        );
        assert!(check(&"a".repeat(300)).is_err());
    }
}
