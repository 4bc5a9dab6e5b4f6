//! Where file systems come from: images, the client's directories, git repositories, web servers.
//!
//! Identifiers and attributes are those of BuildKit's `solver/pb/attr.go` and
//! `client/llb/source.go`.

mod git;
mod http;
mod image;
mod local;

use std::collections::BTreeMap;

use buildkit_proto::pb;

use crate::graph::Built;
use crate::metadata::Metadata;
use crate::platform::Platform;

pub use git::GitSource;
pub use http::HttpSource;
pub use image::{ImageSource, OciLayoutSource, RecordType};
pub use local::{Differ, LocalSource, LocalSourceName};

/// A source operation of any kind (`solver/pb/ops.proto` SourceOp).
#[derive(Clone, Debug)]
pub struct Source {
    identifier: String,
    attributes: BTreeMap<String, String>,
    /// Only image-like sources have one: the others would be another operation on each platform.
    platform: Option<Platform>,
    metadata: Metadata,
}

impl Source {
    /// An image of a registry, by its complete reference ([`crate::normalise_reference`]).
    pub fn image(reference: &str) -> ImageSource {
        ImageSource::new(reference)
    }

    /// An image of an OCI layout that the client offers under `name`, by its digest.
    pub fn oci_layout(name: &str, digest: &str) -> OciLayoutSource {
        OciLayoutSource::new(name, digest)
    }

    /// A directory of the client, by the name under which it offers it; which client is to be said next.
    pub fn local(name: &str) -> LocalSourceName {
        LocalSourceName::new(name)
    }

    /// A git repository by its URL at `reference` (a branch, tag or commit; the remote's HEAD if empty).
    pub fn git(url: &str, reference: &str) -> GitSource {
        GitSource::new(url, reference)
    }

    /// A file of a web server.
    pub fn http(url: &str) -> HttpSource {
        HttpSource::new(url)
    }

    fn new(identifier: String, cap: &str) -> Source {
        let metadata = Metadata::with_cap(cap);
        Source {
            identifier,
            attributes: BTreeMap::new(),
            platform: None,
            metadata,
        }
    }

    /// Sets an attribute. An empty value is as good as none: in a map, Go writes it and prost does not, so the
    /// daemon would compute another digest.
    fn attribute(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() {
            self.attributes.remove(name);
        } else {
            self.attributes.insert(name.to_owned(), value);
        }
    }

    /// Sets an attribute that the daemon knows if it has the capability `cap`.
    fn attribute_since(&mut self, name: &str, value: impl Into<String>, cap: &str) {
        self.attribute(name, value);
        self.metadata.cap(cap);
    }

    pub(crate) fn build(self) -> Built {
        let op = pb::Op {
            op: Some(pb::op::Op::Source(pb::SourceOp {
                identifier: self.identifier,
                attrs: self.attributes,
            })),
            platform: self.platform.map(|platform| platform.to_proto()),
            constraints: Some(pb::WorkerConstraints::default()),
            ..pb::Op::default()
        };
        Built {
            op,
            inputs: Vec::new(),
            metadata: self.metadata,
        }
    }
}

/// Makes a builder of one kind of source a source.
macro_rules! is_source {
    ($builder:ident) => {
        impl From<$builder> for $crate::Source {
            fn from(builder: $builder) -> $crate::Source {
                builder.source
            }
        }
    };
}
use is_source;
