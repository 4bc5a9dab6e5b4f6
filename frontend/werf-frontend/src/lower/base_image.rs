//! What the client's images, registries and named contexts give to start or import from.

use buildkit_llb::{Graph, ImportError, Node, Platform, Source, SourceRange};
use buildkit_proto::pb;

use super::image_config::{BadConfig, ImageConfig};

/// Something that an image can start from, as it is known at the moment.
#[derive(Clone, Debug)]
pub struct BaseImage {
    /// Where its files are.
    pub files: BaseFiles,
    /// The bytes of its configuration; those of an empty one where only files are given.
    pub config: Vec<u8>,
}

/// Where the files of a base are.
#[derive(Clone, Debug, PartialEq)]
pub enum BaseFiles {
    /// In a registry, or among the builder's images.
    Image {
        /// The reference, pinned by digest, so that key and configuration agree.
        reference: String,
        /// How BuildKit is to resolve it (`default`, `pull`, `local`).
        resolve_mode: String,
    },
    /// Wherever these operations take them from: what the client gives in the place of an image.
    Given(pb::Definition),
    /// Nowhere: there are none.
    Empty,
}

impl BaseImage {
    /// Returns its configuration. What is given may have been described and never stored: then its layers are only in its
    /// history.
    ///
    /// # Errors
    /// Bytes that are no configuration.
    pub(super) fn configuration(&self) -> Result<ImageConfig, BadConfig> {
        let config = ImageConfig::from_base(&self.config)?;
        match self.files {
            BaseFiles::Given(_) if !config.has_layers() => ImageConfig::from_built(&self.config),
            _ => Ok(config),
        }
    }

    /// Adds what gives the files to `graph`; `None` if there are none. `step` is what the step is called, and `at` where the
    /// image is named.
    ///
    /// # Errors
    /// Operations of the client that are none.
    pub(super) fn add(
        &self,
        graph: &mut Graph,
        platform: &Platform,
        step: &str,
        at: Vec<SourceRange>,
    ) -> Result<Option<Node>, ImportError> {
        match &self.files {
            BaseFiles::Image {
                reference,
                resolve_mode,
            } => {
                let source = Source::image(reference)
                    .resolve_mode(resolve_mode)
                    .platform(platform.clone())
                    .name(format!("{step} {reference}"))
                    .at(at);
                Ok(Some(graph.source(source)))
            }
            BaseFiles::Given(definition) => graph.import_definition(definition.clone()).map(Some),
            BaseFiles::Empty => Ok(None),
        }
    }
}
