//! A git repository as the build context: what its URL says, and how BuildKit is asked for it.
//!
//! Which contexts are repositories, and what their URLs mean, is what BuildKit makes of them (`frontend/dockerui/context.go`,
//! `util/gitutil`), but for two things: `.git` is always kept, since images are built from commits, and a subdirectory is looked for in the commit, so
//! that the repository around it can be used as well.

use buildkit_llb::{GitSource, Source};
use diagnostic::redact;
use percent_encoding::percent_decode_str;

use super::remote::Abilities;
use super::request::{BadOption, boolean};

/// A repository that is the build context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitContext {
    /// Its URL, without what says which commit.
    pub url: String,
    /// A branch, a tag, a commit or the full name of a reference; nothing is the server's default branch.
    pub reference: String,
    /// The directory that `-f` is relative to, below the root of the repository; empty for that itself.
    pub directory: String,
    /// What the commit must be or begin with; may be empty.
    checksum: String,
    /// Whether the commit is fetched as such, wherever the branch or tag is by now.
    fetches_commit: bool,
    skips_submodules: bool,
}

impl GitContext {
    /// Reads the context `text` as the client sent it. Returns nothing if it is no repository.
    ///
    /// # Errors
    /// A URL of a repository with a parameter that does not exist or has no sensible value.
    pub fn parse(text: &str) -> Result<Option<GitContext>, BadOption> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let Some(url) = repository(rest) else {
            return Ok(None);
        };
        let mut context = GitContext {
            url,
            ..GitContext::default()
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            context.take(pair)?;
        }
        let (reference, directory) = fragment.split_once(':').unwrap_or((fragment, ""));
        for (given, field) in [
            (reference, &mut context.reference),
            (directory, &mut context.directory),
        ] {
            if !given.is_empty() {
                given.clone_into(field);
            }
        }
        // BuildKit compares what it has fetched of a branch with `commit`, so a branch that has moved would fail.
        let fetches_commit = context.reference.is_empty() || context.fetches_commit;
        if fetches_commit && matches!(context.checksum.len(), 40 | 64) {
            context.reference.clone_from(&context.checksum);
        }
        Ok(Some(context))
    }

    /// Takes one parameter of the URL.
    fn take(&mut self, pair: &str) -> Result<(), BadOption> {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        match key {
            "ref" => self.reference = value,
            "branch" => self.reference = format!("refs/heads/{value}"),
            "tag" => self.reference = format!("refs/tags/{value}"),
            "subdir" => self.directory = value,
            "checksum" | "commit" => self.checksum = value,
            "submodules" if !value.is_empty() => self.skips_submodules = !boolean(key, &value)?,
            "fetch-by-commit" => self.fetches_commit = value.is_empty() || boolean(key, &value)?,
            // `.git` is always kept, and times are those of the commit.
            "submodules" | "keep-git-dir" | "mtime" => {}
            _ => {
                return Err(BadOption(format!(
                    "`{key}` in the URL of the build context is not a parameter; there are `ref`, `branch`, `tag`, `subdir`, `commit` and `submodules`"
                )));
            }
        }
        Ok(())
    }

    /// Returns the URL as it may be shown to anybody.
    pub fn shown(&self) -> String {
        redact::credentials(&self.url).into_owned()
    }

    /// Returns the checkout with its `.git`, which alone is read. BuildKit fetches it with the client's secrets or SSH agent.
    pub fn checkout(&self, abilities: Abilities) -> GitSource {
        let mut source = Source::git(&self.url, &self.reference)
            .keep_git_dir()
            .name(format!("[internal] load git repository {}", self.shown()));
        if !self.checksum.is_empty() {
            source = source.checksum(&self.checksum);
        }
        if self.skips_submodules && abilities.skips_submodules() {
            source = source.skip_submodules();
        }
        source
    }

    /// Returns the files of its directory, without `.git`, as the base of an image.
    pub fn tree(&self) -> GitSource {
        let mut source = Source::git(&self.url, &self.reference)
            .name(format!("[context] load git repository {}", self.shown()));
        if !self.checksum.is_empty() {
            source = source.checksum(&self.checksum);
        }
        match self.directory.as_str() {
            "" => source,
            directory => source.directory(directory),
        }
    }
}

/// Returns the URL of a repository that is written as `text`, which is without query and fragment.
fn repository(text: &str) -> Option<String> {
    if text.starts_with("github.com/") {
        return Some(format!("https://{text}"));
    }
    let is_git = match text.split_once("://") {
        Some(("http" | "https", path)) => path.strip_suffix(".git").is_some(),
        Some((scheme, _)) => matches!(scheme, "git" | "ssh"),
        // As for scp: user@host:path.
        None => text.split_once(':').is_some_and(|(authority, path)| {
            !path.is_empty()
                && authority.split_once('@').is_some_and(|(user, host)| {
                    [user, host].iter().all(|part| {
                        let is_known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                        !part.is_empty() && part.chars().all(is_known)
                    })
                })
        }),
    };
    is_git.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(String, String, String)> {
        let context = GitContext::parse(text).expect("no mistake");
        context.map(|it| (it.url, it.reference, it.directory))
    }

    #[test]
    fn contexts_that_are_repositories() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (text, url, reference, directory) in [
            ("https://host/a.git", "https://host/a.git", "", ""),
            ("http://host/a.git#main", "http://host/a.git", "main", ""),
            (
                "https://host/a.git#:sub/dir",
                "https://host/a.git",
                "",
                "sub/dir",
            ),
            (
                "https://host/a.git#v1:sub",
                "https://host/a.git",
                "v1",
                "sub",
            ),
            ("git@host:team/a.git#v1", "git@host:team/a.git", "v1", ""),
            ("ssh://git@host/a#v1", "ssh://git@host/a", "v1", ""),
            ("git://host/a", "git://host/a", "", ""),
            (
                "github.com/moby/buildkit#v1",
                "https://github.com/moby/buildkit",
                "v1",
                "",
            ),
            (
                "https://host/a.git?branch=x&subdir=y",
                "https://host/a.git",
                "refs/heads/x",
                "y",
            ),
            (
                "https://host/a.git?tag=v1%2B2",
                "https://host/a.git",
                "refs/tags/v1+2",
                "",
            ),
            (
                "https://host/a.git?ref=pull/1/head",
                "https://host/a.git",
                "pull/1/head",
                "",
            ),
            (
                "https://host/a.git?commit=0123456789abcdef0123456789abcdef01234567&keep-git-dir=0",
                "https://host/a.git",
                id,
                "",
            ),
            (
                "https://host/a.git?branch=x&commit=0123456789abcdef0123456789abcdef01234567",
                "https://host/a.git",
                "refs/heads/x",
                "",
            ),
        ] {
            let expected = [url, reference, directory].map(str::to_owned).into();
            assert_eq!(parsed(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_branch_that_has_moved_is_built_at_the_commit_that_is_to_be_fetched() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (value, reference) in [
            ("fetch-by-commit=true", id),
            ("fetch-by-commit", id),
            ("fetch-by-commit=false", "refs/heads/x"),
        ] {
            let text = format!("https://host/a.git?ref=refs/heads/x&checksum={id}&{value}");
            let expected = ["https://host/a.git", reference, ""].map(str::to_owned);
            assert_eq!(parsed(&text), Some(expected.into()), "{text}");
        }
        assert!(GitContext::parse("https://host/a.git?fetch-by-commit=maybe").is_err());
    }

    #[test]
    fn contexts_that_are_not() {
        for text in [
            "https://host/a.tar.gz",
            "https://host/a",
            "http://buildkit-session/x",
            "./a.git",
            "a@b",
            "@b:c",
            "a/b@c:d",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_that_do_not_exist_are_refused() {
        let error = GitContext::parse("https://host/a.git?brunch=x").expect_err("a mistake");
        assert!(error.0.contains("`brunch`"), "{}", error.0);
    }

    #[test]
    fn what_is_asked_for_is_in_the_graph() {
        let text = |text: &str| {
            let context = GitContext::parse(text)
                .expect("no mistake")
                .expect("a repository");
            let mut graph = buildkit_llb::Graph::new();
            let node = graph.source(context.checkout(Abilities::default()));
            graph.text(node)
        };
        insta::assert_snapshot!(text(
            "https://user:word@host/team/a.git?tag=v1&commit=0123456&subdir=x"
        ));
    }
}
