//! The section of an image built from a Dockerfile, as written.

use super::{Document, Fields, RawImageSpec, RawSecret, Required, Span, Spanned, names};

/// An image section with `dockerfile` (spec 1.17).
#[derive(Debug, Default)]
pub struct RawDockerfile {
    /// The key `image`, or the first key where there is none.
    pub at: Span,
    /// How long the section is, in bytes.
    pub length: usize,
    /// Whether there is a key `image`.
    pub has_image: bool,
    /// The names in `image`, as those of other images.
    pub names: Option<Vec<Spanned<String>>>,
    pub is_final: Option<Spanned<bool>>,
    pub dockerfile: Required<String>,
    pub context: Option<Spanned<String>>,
    /// `contextAddFiles`, and the deprecated `contextAddFile`.
    pub context_add_files: Vec<Spanned<String>>,
    pub target: Option<Spanned<String>>,
    pub network: Option<Spanned<String>>,
    pub platform: Vec<Spanned<String>>,
    pub ssh: Option<Spanned<String>>,
    pub cache_version: Option<Spanned<String>>,
    pub args: Vec<(Spanned<String>, Spanned<String>)>,
    pub add_host: Vec<Spanned<String>>,
    pub secrets: Vec<RawSecret>,
    pub image_spec: Option<RawImageSpec>,
}

impl RawDockerfile {
    /// Reads the section.
    pub fn read(document: &Document) -> RawDockerfile {
        let Some(root) = document.tree.root() else {
            return RawDockerfile::default();
        };
        let fields = Fields::of(root);
        let key = fields.field("image").or(fields.0.first());
        let mut context_add_files = fields.text_or_list("contextAddFiles");
        context_add_files.extend(fields.text_or_list("contextAddFile"));
        RawDockerfile {
            at: key.map_or(root.span(), |field| field.key.span),
            length: root.span().end - root.span().start,
            has_image: fields.field("image").is_some(),
            names: fields.field("image").and_then(names),
            is_final: fields.boolean("final"),
            dockerfile: fields.required_text("dockerfile"),
            context: fields.text("context"),
            context_add_files,
            target: fields.text("target"),
            network: fields.text("network"),
            platform: fields.text_or_list("platform"),
            ssh: fields.text("ssh"),
            cache_version: fields.text("cacheVersion"),
            args: fields.text_map("args"),
            add_host: fields.text_or_list("addHost"),
            secrets: fields
                .entries("secrets")
                .into_iter()
                .map(RawSecret::read)
                .collect(),
            image_spec: fields.given("imageSpec").map(RawImageSpec::read),
        }
    }
}
