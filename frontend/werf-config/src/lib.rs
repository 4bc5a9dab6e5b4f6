//! Reading `werf.yaml`: the text of the file in, what is to be built or every mistake out.
//!
//! Pure code: nothing here touches a file. The steps, each a module:
//!
//! ```text
//! template → SourceText → document → schema, not_yet → raw → meta, image, shell, docker → Config
//! rendered      source      + yaml      known keys      as written        as meant
//! ```
//!
//! werf and this frontend read the same files: what werf refuses is refused, with a better reason.

mod ansible;
mod base;
mod dependency;
mod directives;
pub mod docker;
pub mod dockerfile;
mod document;
pub mod git;
pub mod giterminism;
mod image;
pub mod image_spec;
pub mod import;
mod meta;
pub mod mount;
pub mod network;
mod not_yet;
pub mod order;
mod paths;
pub mod permission;
pub mod platform;
mod raw;
mod reference;
pub mod remote;
mod schema;
pub mod secret;
mod shell;
pub mod template;

pub use ansible::{Ansible, AnsibleStage, Task};
pub use docker::{CommandLine, Docker};
pub use dockerfile::DockerfileImage;
pub use git::GitMapping;
pub use image::{From, Image, ImageName};
pub use image_spec::ImageSpec;
pub use import::{Import, ImportSource, Placement};
pub use mount::ImageMount;
pub use network::NetworkMode;
pub use remote::{Reference, Remote};
pub use secret::Secret;
pub use shell::{Shell, ShellStage, UserStage};

use diagnostic::{Diagnostic, Diagnostics, SourceText};

use document::{Document, Kind};
use raw::{RawDockerfile, RawImage, RawMeta};
use schema::Place;

/// A configuration without mistakes.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// What a person should know all the same.
    pub warnings: Vec<Diagnostic>,
}

/// Everything that a `werf.yaml` says about builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The name of the project.
    pub project: String,
    /// `build.cacheVersion`, or nothing.
    pub cache_version: String,
    /// The images built from Dockerfiles, in the order of the file. They come before the others.
    pub dockerfiles: Vec<DockerfileImage>,
    /// The images in the order of the file.
    pub images: Vec<Image>,
}

/// Reads a configuration.
///
/// # Errors
/// Every mistake that can be found, in the order of the text.
pub fn load(source: &SourceText) -> Result<Loaded, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::new();
    let documents = document::read_all(source, &mut diagnostics);
    let mut metas: Vec<RawMeta> = Vec::new();
    let mut images: Vec<RawImage> = Vec::new();
    let mut dockerfiles: Vec<RawDockerfile> = Vec::new();
    for document in &documents.list {
        match document.kind {
            Kind::Meta => metas.push(RawMeta::read(document)),
            Kind::Image => images.push(RawImage::read(document)),
            Kind::DockerfileImage => dockerfiles.push(RawDockerfile::read(document)),
        }
        check_keys(document, source, &mut diagnostics);
    }
    for second in metas.get(1..).unwrap_or_default() {
        diagnostics.push(meta::duplicate(&metas[0], second, source));
    }
    let meta = match metas.into_iter().next() {
        Some(raw) => raw.resolve(source, &mut diagnostics),
        None => {
            if !documents.is_partial {
                diagnostics.push(meta::missing(source));
            }
            meta::Meta::default()
        }
    };
    let others: Vec<_> = dockerfiles
        .iter()
        .flat_map(|image| image.names.clone().unwrap_or_default())
        .collect();
    let dockerfiles = dockerfile::resolve_all(dockerfiles, &meta, source, &mut diagnostics);
    let images = image::resolve_all(images, &others, &meta, source, &mut diagnostics);
    dockerfile::check_nameless(&dockerfiles, &images, source, &mut diagnostics);
    // What is ignored may well be what is missed.
    let ignored: Vec<String> = diagnostics
        .warnings()
        .iter()
        .filter_map(document::ignored_note)
        .collect();
    let warnings = diagnostics.finish().map_err(|mut errors| {
        errors[0].notes.extend(ignored);
        errors
    })?;
    let config = Config {
        project: meta.project,
        cache_version: meta.cache_version,
        dockerfiles,
        images,
    };
    Ok(Loaded { config, warnings })
}

/// Returns the documents of the images `names`, with separators between them.
///
/// # Errors
/// Documents that cannot be read, and names that no image has.
pub fn image_documents(source: &SourceText, names: &[String]) -> Result<String, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::new();
    let documents = document::read_all(source, &mut diagnostics);
    let mut texts = Vec::new();
    let mut missing: Vec<&String> = names.iter().collect();
    for document in &documents.list {
        let raw = RawImage::read(document);
        let wanted = |name: &&String| raw.all_names().any(|own| own.value == **name);
        if document.kind != Kind::Meta && names.iter().any(|name| wanted(&name)) {
            let text = &source.text()[document.part.start..document.part.end];
            texts.push(format!("{}\n", text.trim_matches('\n')));
            missing.retain(|name| !wanted(name));
        }
    }
    for name in missing {
        diagnostics.push(Diagnostic::error(format!("there is no image `{name}`")));
    }
    diagnostics.finish()?;
    Ok(texts.join("---\n"))
}

/// Checks all keys of a document.
fn check_keys(document: &Document, source: &SourceText, diagnostics: &mut Diagnostics) {
    let Some(root) = document.tree.root() else {
        return;
    };
    let image = || image::describe(&RawImage::read(document));
    let (section, name) = match document.kind {
        Kind::Meta => (&directives::META, "the meta section".to_owned()),
        Kind::Image => (&directives::IMAGE, image()),
        Kind::DockerfileImage => (&directives::DOCKERFILE_IMAGE, image()),
    };
    let place = Place::document(document.kind, name);
    schema::check(
        root,
        section,
        &place,
        source,
        &document.duplicates,
        diagnostics,
    );
}
