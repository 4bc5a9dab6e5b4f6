//! What is planned for an image that is built from a Dockerfile: everything that BuildKit's own Dockerfile frontend is to
//! be told.
//!
//! Its stages are BuildKit's business: each instruction is cached by what it is and by the files that it takes. All that
//! has to be made here is the context, which is the files of the commit.

use std::collections::BTreeMap;

use diagnostic::{Located, Location};
use serde::{Deserialize, Serialize};
use werf_config::network::NetworkMode;
use werf_config::{DockerfileImage, ImageName, ImageSpec};

use super::digest::{Digest, DigestWriter};
use super::script::TOOLS_PROTOCOL;
use super::service_labels;

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
            extra_hosts: Vec::new(),
            network: None,
            platforms: Vec::new(),
            cache_version: String::new(),
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
    DockerfilePlan {
        is_final: image.is_final,
        added_files: added_files.collect(),
        target: image.target.clone(),
        args: image.args.clone(),
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
