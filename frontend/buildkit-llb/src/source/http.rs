//! Files of web servers.

use super::{Source, is_source};
use crate::metadata::metadata_methods;

/// A file of a web server, alone in a file system.
#[derive(Clone, Debug)]
pub struct HttpSource {
    source: Source,
}

impl HttpSource {
    pub(super) fn new(url: &str) -> HttpSource {
        HttpSource {
            source: Source::new(url.to_owned(), "source.http"),
        }
    }

    /// The digest that the content must have.
    pub fn checksum(mut self, digest: &str) -> HttpSource {
        self.source
            .attribute_since("http.checksum", digest, "source.http.checksum");
        self
    }

    /// The name of the file; the server's word or the URL decides otherwise.
    pub fn filename(mut self, name: &str) -> HttpSource {
        self.source.attribute("http.filename", name);
        self
    }

    /// The mode of the file, permissions only.
    pub fn mode(mut self, mode: u32) -> HttpSource {
        self.source.attribute_since(
            "http.perm",
            format!("0{:o}", mode & 0o777),
            "source.http.perm",
        );
        self
    }

    /// The owner of the file.
    pub fn owner(mut self, uid: u32, gid: u32) -> HttpSource {
        // The capability is misspelt in BuildKit.
        self.source
            .attribute_since("http.uid", uid.to_string(), "soruce.http.uidgid");
        self.source
            .attribute_since("http.gid", gid.to_string(), "soruce.http.uidgid");
        self
    }

    /// The name of the client's secret that is sent as `Authorization` (since 0.21).
    pub fn auth_secret(mut self, id: &str) -> HttpSource {
        self.source
            .attribute_since("http.authheadersecret", id, "source.http.auth");
        self
    }

    metadata_methods!(source.metadata);
}

is_source!(HttpSource);
