//! Where file systems come from: images, the client's directories, git repositories, URLs.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use crate::metadata::{Metadata, metadata_methods};
use crate::platform::Platform;

/// A source operation (`solver/pb/ops.proto` SourceOp, attributes of `solver/pb/attr.go`).
#[derive(Clone, Debug)]
pub struct Source {
    identifier: String,
    attributes: BTreeMap<String, String>,
    platform: Option<Platform>,
    metadata: Metadata,
}

/// How the daemon finds out which files of the client changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differ {
    /// Not at all: all data is sent each time.
    None,
    /// By size, time and mode.
    Metadata,
}

impl Source {
    fn new(identifier: String, cap: &'static str) -> Source {
        let metadata = Metadata {
            caps: vec![cap],
            ..Metadata::default()
        };
        Source {
            identifier,
            attributes: BTreeMap::new(),
            platform: None,
            metadata,
        }
    }

    /// An image of a registry, by its complete reference ([`crate::normalise_reference`]).
    pub fn image(reference: &str) -> Source {
        Source::new(format!("docker-image://{reference}"), "source.image")
    }

    /// A directory of the client, by the name under which it offers it.
    pub fn local(name: &str) -> Source {
        Source::new(format!("local://{name}"), "source.local")
    }

    /// A git repository by its URL at `reference` (a branch, tag or commit; the remote's HEAD if empty).
    pub fn git(url: &str, reference: &str) -> Source {
        let plain = url.split_once("://").map_or(url, |(_, rest)| rest);
        let plain = plain.rsplit_once('@').map_or(plain, |(_, host)| host);
        let fragment = if reference.is_empty() {
            String::new()
        } else {
            format!("#{reference}")
        };
        Source::new(format!("git://{plain}{fragment}"), "source.git")
            .attribute("git.fullurl", url)
            .cap("source.git.fullurl")
    }

    /// A file of a web server.
    pub fn http(url: &str) -> Source {
        Source::new(url.to_owned(), "source.http")
    }

    /// For images: the platform to take.
    pub fn platform(mut self, platform: Platform) -> Source {
        self.platform = Some(platform);
        self
    }

    /// For images: `default`, `pull` or `local`.
    pub fn resolve_mode(self, mode: &str) -> Source {
        if mode.is_empty() || mode == "default" {
            return self;
        }
        self.attribute("image.resolvemode", mode)
            .cap("source.image.resolvemode")
    }

    /// For local directories: the session of the client that offers it.
    pub fn session(self, id: &str) -> Source {
        self.attribute("local.session", id)
            .cap("source.local.sessionid")
    }

    /// For local directories: the paths to send, in the syntax of `.dockerignore`.
    pub fn include_patterns<S: Into<String>>(
        self,
        patterns: impl IntoIterator<Item = S>,
    ) -> Source {
        self.list("local.includepattern", patterns)
            .cap("source.local.includepatterns")
    }

    /// For local directories: the paths not to send, in the syntax of `.dockerignore`.
    pub fn exclude_patterns<S: Into<String>>(
        self,
        patterns: impl IntoIterator<Item = S>,
    ) -> Source {
        self.list("local.excludepatterns", patterns)
            .cap("source.local.excludepatterns")
    }

    /// For local directories: the exact paths to send, links being followed.
    pub fn follow_paths<S: Into<String>>(self, paths: impl IntoIterator<Item = S>) -> Source {
        self.list("local.followpaths", paths)
            .cap("source.local.followpaths")
    }

    /// For local directories: which copy of the daemon's to bring up to date. Each set of patterns needs one
    /// of its own, or they evict each other.
    pub fn shared_key_hint(self, hint: &str) -> Source {
        self.attribute("local.sharedkeyhint", hint)
            .cap("source.local.sharedkeyhint")
    }

    /// For local directories: how changes are found.
    pub fn differ(self, differ: Differ) -> Source {
        let value = match differ {
            Differ::None => "none",
            Differ::Metadata => "metadata",
        };
        self.attribute("local.differ", value)
            .cap("source.local.differ")
    }

    /// For git repositories: keeps `.git` in the checkout.
    pub fn keep_git_dir(self) -> Source {
        self.attribute("git.keepgitdir", "true")
            .cap("source.git.keepgitdir")
    }

    /// For git repositories: the names of the client's secrets for HTTP, a token and a whole header.
    pub fn auth_secrets(self, token: &str, header: &str) -> Source {
        self.attribute("git.authtokensecret", token)
            .attribute("git.authheadersecret", header)
            .cap("source.git.httpauth")
    }

    /// For git repositories: the client's SSH agent with this id.
    pub fn ssh(self, id: &str) -> Source {
        self.attribute("git.mountsshsock", id)
            .cap("source.git.mountsshsock")
    }

    /// For git repositories: what `known_hosts` of the remote must hold.
    pub fn known_hosts(self, lines: &str) -> Source {
        self.attribute("git.knownsshhosts", lines)
            .cap("source.git.knownsshhosts")
    }

    /// For files of web servers: the digest that the content must have.
    pub fn checksum(self, digest: &str) -> Source {
        self.attribute("http.checksum", digest)
            .cap("source.http.checksum")
    }

    /// For files of web servers: the name of the file.
    pub fn filename(self, name: &str) -> Source {
        self.attribute("http.filename", name)
    }

    metadata_methods!();

    fn attribute(mut self, name: &str, value: &str) -> Source {
        self.attributes.insert(name.to_owned(), value.to_owned());
        self
    }

    fn list<S: Into<String>>(self, name: &str, values: impl IntoIterator<Item = S>) -> Source {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        let json = serde_json::to_string(&values).expect("a list of strings can be written");
        self.attribute(name, &json)
    }

    fn cap(mut self, cap: &'static str) -> Source {
        self.metadata.caps.push(cap);
        self
    }

    pub(crate) fn into_op(self) -> (pb::Op, Metadata) {
        // As Go's client does, only image-like sources keep their platform.
        let is_image = self.identifier.starts_with("docker-image://");
        let op = pb::Op {
            op: Some(pb::op::Op::Source(pb::SourceOp {
                identifier: self.identifier,
                attrs: self.attributes,
            })),
            platform: self
                .platform
                .filter(|_| is_image)
                .map(|platform| platform.to_proto()),
            constraints: Some(pb::WorkerConstraints::default()),
            ..pb::Op::default()
        };
        (op, self.metadata)
    }
}
