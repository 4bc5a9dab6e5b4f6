//! Images of registries and of OCI layouts.

use super::{Source, is_source};
use crate::metadata::metadata_methods;
use crate::platform::Platform;

/// An image of a registry.
#[derive(Clone, Debug)]
pub struct ImageSource {
    source: Source,
}

/// What an image is for; it decides how long the daemon keeps it. Not in the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// A step of a build.
    Regular,
    /// A helper of the frontend's.
    Internal,
    /// A frontend.
    Frontend,
}

impl ImageSource {
    pub(super) fn new(reference: &str) -> ImageSource {
        ImageSource {
            source: Source::new(format!("docker-image://{reference}"), "source.image"),
        }
    }

    /// The platform to take; the daemon's own otherwise.
    pub fn platform(mut self, platform: Platform) -> ImageSource {
        self.source.platform = Some(platform);
        self
    }

    /// Where to look: `pull` (the registry first), `local` (the daemon's images first) or `default`.
    pub fn resolve_mode(mut self, mode: &str) -> ImageSource {
        if !matches!(mode, "" | "default") {
            self.source
                .attribute_since("image.resolvemode", mode, "source.image.resolvemode");
        }
        self
    }

    /// What it is for.
    pub fn record_type(mut self, record_type: RecordType) -> ImageSource {
        let value = match record_type {
            RecordType::Regular => "regular",
            RecordType::Internal => "internal",
            RecordType::Frontend => "frontend",
        };
        self.source.attribute("image.recordtype", value);
        self
    }

    /// Takes only the first so many layers (since 0.11).
    pub fn layer_limit(mut self, layers: u32) -> ImageSource {
        self.source.attribute_since(
            "image.layerlimit",
            layers.to_string(),
            "source.image.layerlimit",
        );
        self
    }

    /// The digest that the image must have, if its reference has none (since 0.25).
    pub fn checksum(mut self, digest: &str) -> ImageSource {
        self.source
            .attribute_since("image.checksum", digest, "source.image.checksum");
        self
    }

    metadata_methods!(source.metadata);
}

/// An image of an OCI layout that the client offers (since 0.11).
#[derive(Clone, Debug)]
pub struct OciLayoutSource {
    source: Source,
}

impl OciLayoutSource {
    pub(super) fn new(name: &str, digest: &str) -> OciLayoutSource {
        OciLayoutSource {
            source: Source::new(format!("oci-layout://{name}@{digest}"), "source.ocilayout"),
        }
    }

    /// The session of the client that offers it, and the name of the store there.
    pub fn store(mut self, session: &str, store: &str) -> OciLayoutSource {
        self.source.attribute("oci.session", session);
        self.source.attribute("oci.store", store);
        self
    }

    /// The platform to take; the daemon's own otherwise.
    pub fn platform(mut self, platform: Platform) -> OciLayoutSource {
        self.source.platform = Some(platform);
        self
    }

    /// Takes only the first so many layers.
    pub fn layer_limit(mut self, layers: u32) -> OciLayoutSource {
        self.source.attribute("oci.layerlimit", layers.to_string());
        self
    }

    metadata_methods!(source.metadata);
}

is_source!(ImageSource);
is_source!(OciLayoutSource);
