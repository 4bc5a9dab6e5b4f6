//! Translates the plan of an image, and of all that it is made of, into an LLB graph and an image configuration.
//!
//! Pure: what is said here about caching follows from what is put into the graph. A user stage is one exec and one
//! layer. Its cache key is made of the stage below it, the file system `/.werf/shell` with its script and digest, the
//! arguments, the environment, the mounts and the platform. The tools come out of STORE, a cache mount, and are in no key.

pub mod context;
mod dockerfile_base;
mod image;
pub mod image_config;
mod image_spec;
mod import;
pub mod mounts;
#[cfg(test)]
pub(crate) mod sample;
mod settings;
mod stage;
mod store;
mod toolchain;

use std::collections::BTreeMap;

use buildkit_llb::{Graph, Node};
use diagnostic::{Diagnostic, Location};
use werf_config::ImageName;
use werf_plan::file::{Plan, SourceFile};
use werf_plan::stage::StageKind;

use image::{DoneImage, Images, Lowering, leaves_state};
use image_config::ImageConfig;
use mounts::Mounts;
use stage::has_step;

pub use dockerfile_base::DockerfileBase;
pub use settings::Settings;

/// The variable that gives the retry of a stage another cache key: within one build BuildKit remembers what failed.
const RETRY_VARIABLE: &str = "WERF_ATTEMPT";
/// Files that we make have this time, in nanoseconds since 1970, so that they are the same every time.
const FILE_TIME: i64 = 0;

/// A base image as the registry knows it at the moment.
#[derive(Clone, Debug)]
pub struct BaseImage {
    /// The reference, pinned by digest, so that key and configuration agree.
    pub reference: String,
    /// How BuildKit is to resolve it (`default`, `pull`, `local`).
    pub resolve_mode: String,
    /// The bytes of its configuration.
    pub config: Vec<u8>,
}

/// Base images by their normalised references.
pub type Bases = BTreeMap<String, BaseImage>;

/// An image, ready to be solved.
pub struct Lowered {
    /// The operations.
    pub graph: Graph,
    /// The file system of the image; `None` if it is empty.
    pub root: Option<Node>,
    /// Its configuration.
    pub config: ImageConfig,
    /// The steps that run something, so that a failure can be told by its stage; those of one image in their order.
    pub steps: Vec<Step>,
}

/// A stage that runs something.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its exec.
    pub node: Node,
    /// The image that it is a stage of.
    pub image: ImageName,
    /// Which stage it is.
    pub kind: StageKind,
    /// Whether it has files of git mappings.
    pub has_sources: bool,
    /// Where its tasks are written, if it is one of ansible's.
    pub tasks: Vec<Location>,
    /// The index of the first of them among the tasks of the stage, which has other steps under `asLayers`.
    pub first_task: usize,
}

impl Lowered {
    /// Returns the step of a stage; the last one of several.
    pub fn step(&self, image: &ImageName, kind: StageKind) -> Option<&Step> {
        let is_it = |step: &&Step| step.image == *image && step.kind == kind;
        self.steps.iter().rfind(is_it)
    }
}

/// Lowers the image `target` of `plan` with all that it is made of, each image once. `bases` has the registry's images
/// that these start from.
///
/// # Errors
/// What only shows when the base images are known: their configuration, and values that refer to it.
pub fn lower(
    plan: &Plan,
    target: &ImageName,
    bases: &Bases,
    settings: &Settings,
    texts: &[SourceFile],
) -> Result<Lowered, Vec<Diagnostic>> {
    lower_on(plan, target, bases, &[], settings, texts)
}

/// Does the same, where some of the images are built from Dockerfiles: `dockerfiles` says what has become of those.
///
/// # Errors
/// As for [`lower`].
pub fn lower_on(
    plan: &Plan,
    target: &ImageName,
    bases: &Bases,
    dockerfiles: &[DockerfileBase],
    settings: &Settings,
    texts: &[SourceFile],
) -> Result<Lowered, Vec<Diagnostic>> {
    let mut graph = Graph::new();
    let files: Vec<usize> = texts
        .iter()
        .map(|file| graph.source_file(&file.name, file.text.as_bytes(), "YAML"))
        .collect();
    let mut images = Images::default();
    for base in dockerfiles {
        base.add(&mut graph, &mut images)?;
    }
    for image in plan.needed(target) {
        let lowering = Lowering {
            image,
            settings,
            texts,
            files: &files,
            total: 1
                + image.stages.iter().filter(|stage| has_step(stage)).count()
                + usize::from(leaves_state(image)),
            env: Vec::new(),
            mounts: Mounts::new(
                &mut graph,
                image.mounts.iter().chain(&image.inherited_mounts),
                &image.secrets,
                settings,
            )?,
        };
        let done = lowering.image(&mut graph, bases, &mut images)?;
        images.done.insert(image.name.clone(), done);
    }
    let Some(DoneImage {
        root, mut config, ..
    }) = images.done.remove(target)
    else {
        let message = format!("there is no image `{target}` in the plan");
        return Err(vec![Diagnostic::error(message)]);
    };
    for (name, value) in &settings.labels {
        config.set_label(name, value);
    }
    if let Some(epoch) = settings
        .source_date_epoch
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
    {
        config.set_created(epoch);
    }
    Ok(Lowered {
        graph,
        root,
        config,
        steps: images.steps,
    })
}
