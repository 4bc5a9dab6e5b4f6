//! `url` of a git mapping: another repository than the project's, and which commit of it is taken.
//!
//! A URL never holds credentials: it is in the graph, in records of the build and in the names of steps. BuildKit
//! fetches with secrets that the client offers beside the configuration.

use std::fmt;

use bstr::ByteSlice as _;
use diagnostic::{Located, Report, Span, Spanned, rule};

use super::digest::DigestFields;
use super::fields::Fields;
use super::schema::Section;
use super::schema::Shape::{Map, Text};

mod url;

/// The keys of `basicAuth`.
pub static BASIC_AUTH: Section = Section {
    keys: &[("username", Text), ("password", Map(&PASSWORD))],
};

static PASSWORD: Section = Section {
    keys: &[("env", Text), ("src", Text), ("value", Text)],
};

/// The files of a mapping come from this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The URL as written.
    pub url: Located<String>,
    /// Which commit; the place is that of `url` where nothing is written.
    pub reference: Located<Reference>,
    /// Where `basicAuth` expects the password to be, if it is there.
    pub password: Option<Password>,
}

/// Which commit of a repository is taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// That of the default branch.
    Head,
    /// The tip of a branch.
    Branch(String),
    /// That of a tag.
    Tag(String),
    /// The one with this id, 40 or 64 lower-case hexadecimal digits.
    Commit(String),
}

/// `basicAuth`, whose password is never read: it tells how the client is to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// The name of the user, or nothing.
    pub username: String,
    /// How the client finds the password, as in `--secret`: `env=NAME` or `src=PATH`.
    pub source: String,
}

impl Reference {
    /// Whether it may be another commit tomorrow (a tag counts as fixed).
    pub fn moves(&self) -> bool {
        matches!(self, Reference::Head | Reference::Branch(_))
    }

    /// Returns what git calls it: a full name, so that a branch and a tag are never mistaken for each other.
    pub fn full_name(&self) -> String {
        match self {
            Reference::Head => "HEAD".to_owned(),
            Reference::Branch(name) => format!("refs/heads/{name}"),
            Reference::Tag(name) => format!("refs/tags/{name}"),
            Reference::Commit(id) => id.clone(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Head => f.write_str("default branch"),
            Reference::Branch(name) => write!(f, "branch {name}"),
            Reference::Tag(name) => write!(f, "tag {name}"),
            Reference::Commit(id) => write!(f, "commit {}", id.get(..12).unwrap_or(id)),
        }
    }
}

impl Remote {
    /// Returns the last two components of the path without `.git`, by which werf knows a repository: it stays the
    /// same when only the protocol or the server changes.
    pub fn repository(&self) -> &str {
        let url = self.url.value.as_str();
        let path = url.strip_suffix('/').unwrap_or(url);
        let path = path.strip_suffix(".git").unwrap_or(path);
        let two = path
            .rfind('/')
            .and_then(|last| path[..last].rfind(['/', ':']));
        two.map_or(url, |before| &path[before + 1..])
    }

    /// Returns what it adds to the digest of `gitArchive`: which repository, and the commit as it is written, as in werf;
    /// never what a branch or tag points to.
    pub fn digest_fields(&self) -> DigestFields {
        let fields = DigestFields::new().field("repository", self.repository());
        match &self.reference.value {
            Reference::Head => fields,
            Reference::Branch(name) => fields.field("branch", name),
            Reference::Tag(name) => fields.field("tag", name),
            Reference::Commit(id) => fields.field("commit", id),
        }
    }

    /// Returns what to do where the server wants to know who asks.
    pub fn advice_for_access(&self) -> String {
        let url = &self.url.value;
        let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| *scheme != "ssh")
        else {
            return "give the build an SSH agent with a key for it: `--ssh default`".to_owned();
        };
        if scheme == "git" {
            return "the protocol `git` knows no users: use `https` or `ssh`".to_owned();
        }
        let host = rest.split('/').next().unwrap_or_default();
        let (source, user) = match &self.password {
            Some(password) => (password.source.as_str(), password.username.as_str()),
            None => ("env=TOKEN", ""),
        };
        let user = if user.is_empty() { "USER" } else { user };
        format!(
            "give the build a token: `--secret id=GIT_AUTH_TOKEN.{host},{source}`; for a server that checks the name \
             of the user, too, a whole header: `--secret id=GIT_AUTH_HEADER.{host},env=HEADER` with \
             `HEADER=\"basic $(printf '%s' '{user}:PASSWORD' | base64 -w0)\"`"
        )
    }
}

/// Reads `url` and what belongs to it from an entry of `git`.
pub(crate) fn read(entry: &Fields<'_>, report: &mut Report<'_>) -> Option<Remote> {
    let Some(url) = entry.text("url") else {
        refuse_without_url(entry, report);
        return None;
    };
    if let Err((message, hint)) = url::check(&url.value) {
        report.error(url.span, message).hint(hint);
    }
    let password = entry
        .section("basicAuth")
        .and_then(|auth| basic_auth(&auth, &url.value, report));
    let reference = reference(entry, url.span, report);
    Some(Remote {
        url: report.locate(url),
        reference: report.locate(reference),
        password,
    })
}

fn refuse_without_url(entry: &Fields<'_>, report: &mut Report<'_>) {
    for name in ["branch", "tag", "commit"] {
        if let Some(value) = entry.text(name) {
            let message = format!("`{name}` is only for a repository with `url`");
            report
                .error(value.span, message)
                .hint("files of this repository always come from the HEAD commit: remove it");
        }
    }
    if let Some(auth) = entry.section("basicAuth") {
        let message = "`basicAuth` has no effect without `url`";
        report
            .warning(&rule::UNUSED_BASIC_AUTH, auth.at(), message)
            .hint("remove it");
    }
}

/// Reads `branch`, `tag` or `commit`; where none is written, the place is that of `url`.
fn reference(entry: &Fields<'_>, url: Span, report: &mut Report<'_>) -> Spanned<Reference> {
    let mut written = ["branch", "tag", "commit"]
        .into_iter()
        .filter_map(|name| Some((name, entry.text(name)?)));
    let Some((name, value)) = written.next() else {
        return Spanned::new(Reference::Head, url);
    };
    for (other, second) in written {
        let message = format!("an entry of `git` has both `{name}` and `{other}`");
        report
            .error(second.span.max(value.span), message)
            .hint("keep one of `branch`, `tag` and `commit`");
    }
    let text = value.value.clone();
    let reference = match name {
        "branch" => Reference::Branch(text),
        "tag" => Reference::Tag(text),
        _ => Reference::Commit(text.to_ascii_lowercase()),
    };
    let is_good = match &reference {
        Reference::Commit(id) => {
            matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        // As `git tag` and `git branch`, which want no name that looks like an option.
        named => {
            let full = named.full_name();
            !value.value.starts_with('-')
                && gix_validate::reference::name(full.as_bytes().as_bstr()).is_ok()
        }
    };
    if !is_good {
        let (message, hint) = match &reference {
            Reference::Commit(_) => (
                format!("`commit: {}` is not the whole id of a commit", value.value),
                "write all its digits, as `git rev-parse` prints them",
            ),
            _ => (
                format!("`{name}: {}` is no name that git allows", value.value),
                "`git ls-remote URL` lists the names of all branches and tags",
            ),
        };
        report.error(value.span, message).hint(hint);
    }
    Spanned::new(reference, value.span)
}

fn basic_auth(auth: &Fields<'_>, url: &str, report: &mut Report<'_>) -> Option<Password> {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        report
            .error(
                auth.at(),
                "`basicAuth` is only for a `url` of `http` or `https`",
            )
            .hint("remove it; SSH keys are given to the build with `--ssh default`");
    }
    let username = auth.plain("username");
    let password = auth.get("password").map(Fields::of);
    let is_wrong = auth.is_wrong() || password.as_ref().is_some_and(Fields::is_wrong);
    let given: Vec<(&str, Spanned<String>)> = ["env", "src", "value"]
        .into_iter()
        .filter_map(|name| Some((name, password.as_ref()?.text(name)?)))
        .collect();
    match given.as_slice() {
        // The type of the password has been complained about.
        [] if is_wrong => {}
        [] => {
            report
                .error(auth.at(), "`basicAuth` has no password")
                .hint("add `password: {env: NAME}` or `password: {src: PATH}`");
        }
        [("value", value)] => {
            let message = "a password in the configuration would be in the records of every build, so it is not used";
            report.error(value.span, message).hint(
                "write `env: NAME` instead, and give it to the build: `--secret id=GIT_AUTH_TOKEN,env=NAME`",
            );
        }
        [(name, value)] => {
            return Some(Password {
                username,
                source: format!("{name}={}", value.value),
            });
        }
        [first, second, ..] => {
            let message = format!("`password` has both `{}` and `{}`", first.0, second.0);
            report
                .error(second.1.span, message)
                .hint("keep one of them");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use diagnostic::SourceText;

    use super::*;

    fn remote(url: &str) -> Remote {
        let text = SourceText::new("werf.yaml", url).expect("it is UTF-8");
        let at = text.whole_line(1);
        Remote {
            url: Located::new(url.to_owned(), at.clone()),
            reference: Located::new(Reference::Head, at),
            password: None,
        }
    }

    /// What werf's `getRepositoryID` answers.
    #[test]
    fn a_repository_is_known_by_the_end_of_its_path() {
        for (url, expected) in [
            ("https://github.com/org/repo.git", "org/repo"),
            ("https://github.com/org/repo", "org/repo"),
            ("https://github.com/org/repo.git/", "org/repo"),
            ("https://github.com/a/b/c/repo", "c/repo"),
            ("git@github.com:org/repo.git", "org/repo"),
            ("ssh://git@host:22/repo.git", "22/repo"),
            ("https://host/repo.git", "host/repo"),
            ("git@host:repo.git", "git@host:repo.git"),
        ] {
            assert_eq!(remote(url).repository(), expected, "{url}");
        }
    }

    #[test]
    fn the_advice_names_what_the_client_needs() {
        let ssh = remote("git@host:a/b").advice_for_access();
        assert!(ssh.contains("--ssh default"), "{ssh}");
        let mut https = remote("https://host:81/a/b");
        assert!(
            https
                .advice_for_access()
                .contains("`--secret id=GIT_AUTH_TOKEN.host:81,env=TOKEN`")
        );
        https.password = Some(Password {
            username: "ada".to_owned(),
            source: "src=/run/x".to_owned(),
        });
        let advice = https.advice_for_access();
        assert!(
            advice.contains("id=GIT_AUTH_TOKEN.host:81,src=/run/x") && advice.contains("ada:"),
            "{advice}"
        );
    }
}
