//! Git repositories.

use super::Source;
use crate::metadata::metadata_methods;

/// A checkout of a git repository.
#[derive(Clone, Debug)]
pub struct GitSource {
    source: Source,
    location: String,
    reference: String,
    directory: String,
}

impl GitSource {
    pub(super) fn new(url: &str, reference: &str) -> GitSource {
        let mut source = Source::new(String::new(), "source.git");
        source.attribute_since("git.fullurl", url, "source.git.fullurl");
        // The names under which clients have always offered them.
        source.attribute("git.authtokensecret", "GIT_AUTH_TOKEN");
        source.attribute("git.authheadersecret", "GIT_AUTH_HEADER");
        let (is_ssh, location) = location(url);
        let git = GitSource {
            source,
            location,
            reference: reference.to_owned(),
            directory: String::new(),
        };
        if is_ssh { git.ssh("default") } else { git }
    }

    /// Returns the host and the path of a repository's URL, which are the same for all protocols.
    pub fn location_of(url: &str) -> String {
        location(url).1
    }

    /// Takes only this directory of the repository (since 0.9).
    pub fn directory(mut self, path: &str) -> GitSource {
        path.trim_matches('/').clone_into(&mut self.directory);
        self.source.metadata.cap("source.git.subdir");
        self
    }

    /// Keeps `.git` in the checkout.
    pub fn keep_git_dir(mut self) -> GitSource {
        self.source
            .attribute_since("git.keepgitdir", "true", "source.git.keepgitdir");
        self
    }

    /// The names of the client's secrets for HTTP, a token and a whole header.
    pub fn auth_secrets(mut self, token: &str, header: &str) -> GitSource {
        self.source
            .attribute_since("git.authtokensecret", token, "source.git.httpauth");
        self.source
            .attribute_since("git.authheadersecret", header, "source.git.httpauth");
        self
    }

    /// The client's SSH agent with this id; `default` for the URLs that need one.
    pub fn ssh(mut self, id: &str) -> GitSource {
        self.source
            .attribute_since("git.mountsshsock", id, "source.git.mountsshsock");
        self
    }

    /// What `known_hosts` of the remote must hold; without, every key of the remote is accepted.
    pub fn known_hosts(mut self, lines: &str) -> GitSource {
        self.source
            .attribute_since("git.knownsshhosts", lines, "source.git.knownsshhosts");
        self
    }

    /// The commit that the reference must point to (since 0.22).
    pub fn checksum(mut self, commit: &str) -> GitSource {
        self.source
            .attribute_since("git.checksum", commit, "source.git.checksum");
        self
    }

    /// Leaves submodules empty (since 0.24).
    pub fn skip_submodules(mut self) -> GitSource {
        self.source
            .attribute_since("git.skipsubmodules", "true", "source.git.skipsubmodules");
        self
    }

    metadata_methods!(source.metadata);
}

impl From<GitSource> for Source {
    fn from(git: GitSource) -> Source {
        let GitSource {
            mut source,
            location,
            reference,
            directory,
        } = git;
        source.identifier = format!("git://{location}");
        if !reference.is_empty() || !directory.is_empty() {
            source.identifier.push('#');
            source.identifier.push_str(&reference);
        }
        if !directory.is_empty() {
            source.identifier.push(':');
            source.identifier.push_str(&directory);
        }
        source
    }
}

/// Returns whether `url` is one of SSH, and its host and path, which are the same for all protocols
/// (`util/gitutil/git_url.go`).
fn location(url: &str) -> (bool, String) {
    let (is_ssh, authority, path) = if let Some((scheme, rest)) = url.split_once("://") {
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        (scheme.eq_ignore_ascii_case("ssh"), authority, path)
    } else if let Some((authority, path)) = url
        .split_once(':')
        .filter(|(authority, _)| authority.contains('@'))
    {
        // As for scp: user@host:path.
        (true, authority, path)
    } else {
        let (authority, path) = url.split_once('/').unwrap_or((url, ""));
        (false, authority, path)
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    (is_ssh, format!("{host}/{}", path.trim_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::location;

    #[test]
    fn a_repository_is_the_same_by_each_protocol() {
        for (url, is_ssh, expected) in [
            (
                "https://github.com/moby/buildkit.git",
                false,
                "github.com/moby/buildkit.git",
            ),
            (
                "https://me:secret@github.com/moby/buildkit.git",
                false,
                "github.com/moby/buildkit.git",
            ),
            (
                "git://github.com/moby/buildkit.git",
                false,
                "github.com/moby/buildkit.git",
            ),
            (
                "ssh://git@github.com:2222/moby/buildkit.git",
                true,
                "github.com:2222/moby/buildkit.git",
            ),
            (
                "git@github.com:moby/buildkit.git",
                true,
                "github.com/moby/buildkit.git",
            ),
            ("git@host:/srv/a@b.git", true, "host/srv/a@b.git"),
            ("https://host/a.git/", false, "host/a.git"),
            ("host/a.git", false, "host/a.git"),
        ] {
            assert_eq!(location(url), (is_ssh, expected.to_owned()), "{url}");
        }
    }
}
