//! Which URLs of repositories can be fetched and shown to everybody.

/// The protocols by which BuildKit fetches (`util/gitutil/git_url.go`).
const SCHEMES: [&str; 4] = ["http", "https", "ssh", "git"];

/// Checks that BuildKit understands the URL as git does, and that it holds no secret.
///
/// # Errors
/// A message, and what to do.
pub(super) fn check(url: &str) -> Result<(), (String, String)> {
    let refuse = |message: &str, hint: &str| Err((message.to_owned(), hint.to_owned()));
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return refuse("`url` holds a blank or a control character", "remove it");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return check_scp(url);
    };
    if !SCHEMES.contains(&scheme) {
        let lower = scheme.to_ascii_lowercase();
        return Err((
            format!(
                "`url` is of the protocol `{scheme}`, and only `https`, `http`, `ssh` and `git` can be fetched"
            ),
            match lower.as_str() {
                "file" => "the builder, which fetches it, sees no files of this machine".to_owned(),
                known if SCHEMES.contains(&known) => format!("write it in lower case: `{known}`"),
                _ => "write `https://HOST/PATH`".to_owned(),
            },
        ));
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority
        .rsplit_once('@')
        .map_or((None, authority), |(user, host)| (Some(user), host));
    if user.is_some_and(|user| scheme != "ssh" || user.contains(':')) {
        return refuse(
            "`url` holds the name of a user or a password",
            "take it out, since it would be in the records of the build, and give a token to the build: \
             `--secret id=GIT_AUTH_TOKEN,env=TOKEN`",
        );
    }
    if rest.contains(['#', '?']) {
        return refuse(
            "`url` holds a `#` or `?`",
            "say which commit with `branch`, `tag` or `commit`, and which directory with `add`",
        );
    }
    if !is_host(host) || path.trim_matches('/').is_empty() {
        return Err((
            not_a_repository(url),
            "write `https://HOST/PATH`".to_owned(),
        ));
    }
    Ok(())
}

/// Checks what is written as for `scp`, in the way that BuildKit does.
fn check_scp(url: &str) -> Result<(), (String, String)> {
    let is_word = |text: &str, more: &[char]| {
        !text.is_empty()
            && !text.starts_with('-')
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    let good = url
        .split_once('@')
        .and_then(|(user, rest)| Some((user, rest.split_once(':')?)))
        .is_some_and(|(user, (host, path))| {
            is_word(user, &['-', '_'])
                && is_word(host, &['-', '.'])
                && !path.trim_matches('/').is_empty()
                && !path.contains(['#', '?'])
        });
    if good {
        return Ok(());
    }
    Err((
        not_a_repository(url),
        "write `https://HOST/PATH`, `ssh://USER@HOST/PATH` or `USER@HOST:PATH`".to_owned(),
    ))
}

/// Returns the refusal of `url`, which is not shown if it may hold a password that was written in some odd way.
fn not_a_repository(url: &str) -> String {
    let shown = if url.contains('@') { "url" } else { url };
    format!("`{shown}` is not the URL of a repository")
}

/// Whether `host` is a name or an address, with a port or without.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "0"),
    };
    let is_name = match name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
    };
    is_name && !name.is_empty() && !name.starts_with('-') && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_can_be_fetched() {
        for url in [
            "https://github.com/org/repo.git",
            "https://github.com:8443/org/repo",
            "http://127.0.0.1:8080/a%20b.git/",
            "http://[::1]:80/a",
            "git://host/a",
            "ssh://git@host:2222/a/b.git",
            "ssh://host/a",
            "git@github.com:org/repo.git",
            "git@host:/srv/a.git",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn urls_that_cannot_be_fetched_or_hold_secrets() {
        for url in [
            "",
            "repo",
            "/srv/repo.git",
            "../repo",
            "github.com/org/repo",
            "host:org/repo",
            "file:///srv/repo.git",
            "ext::sh -c x",
            "HTTPS://host/a",
            "https://host",
            "https:///a",
            "https://host/",
            "https://host:port/a",
            "https://host:99999/a",
            "https://-oProxyCommand=x/a",
            "ssh://-oProxyCommand=x/a",
            "git@-x:a",
            "-x@host:a",
            "git@host:",
            "https://host/a#main",
            "https://host/a?ref=main",
            "git@host:a#main",
            "https://user@host/a",
            "https://user:secret@host/a",
            "https://:secret@host/a",
            "ssh://git:secret@host/a",
            "git://user@host/a",
            "https://ho st/a",
            "https://host/a\nb",
            "https://[::zz]/a",
            "https://ho$t/a",
        ] {
            tally::refused(1);
            assert!(check(url).is_err(), "{url}");
        }
        for url in [
            "https://user:secret@host/a",
            "https://user:se/cret@host/a",
            "user:secret@host/a",
            "ssh://git:secret@host/a",
            "ftp://git:secret@host/a",
        ] {
            let (message, hint) = check(url).unwrap_err();
            assert!(
                !format!("{message}{hint}").contains("cret@"),
                "{message}; {hint}"
            );
        }
    }
}
