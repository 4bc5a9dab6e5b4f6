//! What is planned for an image that is built from a Dockerfile: everything that BuildKit's own Dockerfile frontend is to
//! be told.
//!
//! Its stages are BuildKit's business: each instruction is cached by what it is and by the files that it takes. All that
//! has to be made here is the context, which is the files of the commit.

use std::collections::BTreeMap;

use diagnostic::{Located, Location};
use serde::{Deserialize, Serialize};
use werf_config::network::NetworkMode;
use werf_config::{DockerfileImage, ImageFact, ImageName, ImageSpec};

use super::dependency::MissingValue;
use super::digest::{Digest, DigestWriter};
use super::script::TOOLS_PROTOCOL;
use super::service_labels;

/// The registry of the names of images in Dockerfiles.
const NAMES_IN_DOCKERFILES: &str = "werf.invalid";

/// An image that is built from a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerfilePlan {
    /// Its name; empty for the nameless image.
    pub name: ImageName,
    /// Where it is defined.
    pub at: Location,
    /// Whether it is built for its own sake (`final`).
    pub is_final: bool,
    /// The Dockerfile of the commit.
    pub dockerfile: Dockerfile,
    /// The files of the commit that `COPY` and `ADD` can take.
    pub context: Context,
    /// Files of the client to add to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added_files: Vec<AddedFile>,
    /// The stage of the Dockerfile that is built; empty for the last one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Build arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// Images of the file that the Dockerfile can name, by the names: each is the value of a build argument.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, ImageName>,
    /// What it is told of other images, as far as the client has not given it: without that it cannot be built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingValue>,
    /// Names and addresses for `/etc/hosts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_hosts: Vec<(String, String)>,
    /// The network, if it is not that of the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkMode>,
    /// The platforms that it is for; none means whatever is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Located<String>>,
    /// What makes all commands run anew when it changes; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cache_version: String,
    /// What sets the builds of this client apart from all others: its commands are cached for these alone. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cache_scope: String,
    /// The labels that every image has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub service_labels: BTreeMap<String, String>,
    /// The `imageSpec` section, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_spec: Option<ImageSpec>,
}

impl DockerfilePlan {
    /// Returns the plan of a final image of which nothing else is said.
    pub fn new(
        name: ImageName,
        at: Location,
        dockerfile: Dockerfile,
        context: Context,
    ) -> DockerfilePlan {
        DockerfilePlan {
            name,
            at,
            is_final: true,
            dockerfile,
            context,
            added_files: Vec::new(),
            target: String::new(),
            args: BTreeMap::new(),
            images: BTreeMap::new(),
            missing: Vec::new(),
            extra_hosts: Vec::new(),
            network: None,
            platforms: Vec::new(),
            cache_version: String::new(),
            cache_scope: String::new(),
            service_labels: BTreeMap::new(),
            image_spec: None,
        }
    }
}

/// A Dockerfile and how people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dockerfile {
    /// Its path in the work tree.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The files of a context, as STORE has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The identity of the files: 64 hexadecimal digits.
    pub manifest: String,
    /// The digest by which the slot is found.
    pub slot: Digest,
}

impl Context {
    /// Returns the context with the files of a manifest. Whoever has the same files has the same context.
    pub fn new(manifest: String) -> Context {
        let writer = DigestWriter::new("context")
            .field("tools", TOOLS_PROTOCOL)
            .field("files", &manifest);
        let (slot, _) = writer.finish();
        Context { manifest, slot }
    }
}

/// A file or a directory of the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedFile {
    /// Where the client has it, relative to the root of the work tree.
    pub from: String,
    /// Where it goes, relative to the context.
    pub to: String,
}

/// What the commit holds for one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerfileSources {
    /// The Dockerfile.
    pub dockerfile: Dockerfile,
    /// The identity of the context.
    pub manifest: String,
}

/// Returns the name by which a Dockerfile knows an image of the file: `werf.invalid/PROJECT/IMAGE`, which no registry can have
/// (RFC 2606). What of the image's name cannot stand in a reference is `-`, and then a digest tells it from others.
///
/// There is nothing of the content in it: what is taken from the image is cached by content, and a command that sees
/// the name and nothing else has no reason to run again.
fn name_in_dockerfiles(project: &str, image: &ImageName) -> String {
    let name = image.as_str();
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_plain = |part: &str| {
        !part.is_empty()
            && part
                .split(['.', '_', '-'])
                .all(|word| !word.is_empty() && word.chars().all(is_word))
    };
    if name.len() <= 100 && name.split('/').all(is_plain) {
        return format!("{NAMES_IN_DOCKERFILES}/{project}/{name}");
    }
    let plain: String = name.chars().filter(|c| is_word(*c)).take(40).collect();
    let (digest, _) = DigestWriter::new("image").field("name", name).finish();
    // Two blanks in a row are no part of a plain name.
    format!(
        "{NAMES_IN_DOCKERFILES}/{project}/x{plain}--{}",
        digest.short()
    )
}

/// Plans one image of `project`, whose configuration is in `directory`.
pub fn plan(
    image: &DockerfileImage,
    (project, directory): (&str, &str),
    sources: &DockerfileSources,
) -> DockerfilePlan {
    let added_files = image.context_add_files.iter().map(|file| AddedFile {
        from: match directory {
            "" => file.in_project.clone(),
            directory => format!("{directory}/{}", file.in_project),
        },
        to: file.path.clone(),
    });
    let mut args = image.args.clone();
    let mut images = BTreeMap::new();
    for dependency in &image.dependencies {
        for import in &dependency.imports {
            let value = match &import.value {
                Some(value) => value.clone(),
                None if import.fact == ImageFact::ImageName => {
                    let name = name_in_dockerfiles(project, &dependency.image);
                    images.insert(name.clone(), dependency.image.clone());
                    name
                }
                None => continue,
            };
            args.insert(import.target.clone(), value);
        }
    }
    let mut missing = MissingValue::all(&image.dependencies);
    missing.retain(|value| value.fact != ImageFact::ImageName);
    DockerfilePlan {
        is_final: image.is_final,
        images,
        missing,
        added_files: added_files.collect(),
        target: image.target.clone(),
        args,
        extra_hosts: image
            .extra_hosts
            .iter()
            .map(|(name, address)| (name.clone(), address.to_string()))
            .collect(),
        network: image.network,
        platforms: image.platforms.clone(),
        cache_version: image.cache_version.clone(),
        service_labels: service_labels::of(project, &image.name, &[]),
        image_spec: image
            .image_spec
            .as_ref()
            .map(|spec| spec.of_image(image.name.as_str(), project)),
        ..DockerfilePlan::new(
            image.name.clone(),
            image.at.clone(),
            sources.dockerfile.clone(),
            Context::new(sources.manifest.clone()),
        )
    }
}
