//! Reading `werf.yaml`: the text of the file in, what is to be built or every mistake out.
//!
//! Pure code: nothing here touches a file. The steps, each a module:
//!
//! ```text
//! template → SourceText → document → schema → meta, image, dockerfile, and one file a directive → Config
//! rendered                  + yaml   known keys from what is written to what is meant, and where
//! ```
//!
//! werf and this frontend read the same files: what werf refuses is refused, with a better reason.

mod ansible;
mod base;
pub mod dependency;
pub mod digest;
mod directives;
pub mod docker;
pub mod dockerfile;
mod document;
mod fields;
pub mod git;
pub mod giterminism;
mod heading;
mod image;
mod image_name;
pub mod image_spec;
pub mod import;
mod instructions;
pub mod json_schema;
pub mod lint;
mod meta;
pub mod mount;
pub mod network;
pub mod order;
mod paths;
pub mod permission;
mod platform;
mod reference;
pub mod remote;
mod schema;
pub mod secret;
mod shell;
pub mod template;
#[cfg(test)]
mod unread;

pub use ansible::Task;
pub use base::Base;
pub use dependency::{Dependency, DependencyImport, ImageFact};
pub use docker::{CommandLine, Docker};
pub use dockerfile::DockerfileImage;
pub use git::GitMapping;
pub use image::Image;
pub use image_name::ImageName;
pub use image_spec::ImageSpec;
pub use import::{Import, ImportFrom, Placement};
pub use instructions::{Instructions, Stage, Stages, UserStage};
pub use mount::ImageMount;
pub use network::NetworkMode;
pub use remote::{Reference, Remote};
pub use secret::Secret;

use diagnostic::{Diagnostic, Diagnostics, Report, SourceText};

use document::{Document, Kind};
use heading::Heading;
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
    /// What sets the builds of this client apart from all others. No file says it: it is nothing until somebody gives it.
    pub cache_scope: String,
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
    let of_kind = |kind: Kind| -> Vec<&Document> {
        let list = documents.list.iter();
        list.filter(|document| document.kind == kind).collect()
    };
    for document in &documents.list {
        check_keys(document, source, &mut diagnostics);
    }
    let metas = of_kind(Kind::Meta);
    for second in metas.get(1..).unwrap_or_default() {
        diagnostics.push(meta::duplicate(metas[0], second, source));
    }
    let meta = match metas.first() {
        Some(first) => meta::read(first, &mut Report::new(source, &mut diagnostics)),
        None => {
            if !documents.is_partial {
                diagnostics.push(meta::missing(source));
            }
            meta::Meta::default()
        }
    };
    let names = image::names_of(&documents.list);
    let mut dockerfiles = Vec::new();
    let mut others = Vec::new();
    for document in of_kind(Kind::DockerfileImage) {
        let mut report = Report::new(source, &mut diagnostics);
        dockerfiles.extend(dockerfile::read(document, &names, &meta, &mut report));
        others.extend(Heading::read(document).names.unwrap_or_default());
    }
    let of_stages = of_kind(Kind::Image);
    let images = image::read_all(&of_stages, &others, &meta, source, &mut diagnostics);
    dockerfile::check_nameless(&dockerfiles, &images, &mut diagnostics);
    if let Err(cycle) = order::check(&dockerfiles, &images) {
        diagnostics.push(*cycle);
    }
    // What is ignored may well be what is missed.
    let ignored: Vec<String> = diagnostics
        .warnings()
        .iter()
        .filter_map(document::ignored_note)
        .collect();
    let warnings = diagnostics.finish().map_err(|mut errors| {
        errors[0].add_notes(ignored);
        errors
    })?;
    let config = Config {
        project: meta.project,
        cache_version: meta.cache_version,
        cache_scope: String::new(),
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
        let heading = Heading::read(document);
        let wanted = |name: &&String| heading.all_names().any(|own| own.value == **name);
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
    let image = || Heading::read(document).called();
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
