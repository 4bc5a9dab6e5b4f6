//! Translates the plan of an image, and of all that it is made of, into an LLB graph and an image configuration.
//!
//! Pure: what is said here about caching follows from what is put into the graph. A user stage is one exec and one
//! layer. Its cache key is made of the stage below it, the file system `/.werf/shell` with its script and digest, the
//! arguments, the environment, the mounts and the platform. The tools come out of STORE, a cache mount, and are in no key.

mod base_image;
pub mod context;
mod dockerfile_base;
mod image;
pub mod image_config;
mod image_spec;
mod import;
mod link;
pub mod mounts;
#[cfg(test)]
pub(crate) mod sample;
mod settings;
mod stage;
mod store;
#[cfg(test)]
mod tests;
mod toolchain;

use std::collections::BTreeMap;

use buildkit_llb::{Exec, File, Graph, Node, Platform};
use buildkit_proto::pb;
use diagnostic::{Diagnostic, Location};
use werf_config::ImageName;
use werf_plan::file::{ImagePlan, Plan, SourceFile};
use werf_plan::stage::StageKind;
use werf_plan::target::Target;

use image::{DoneImage, Images, Lowering, leaves_state};
use image_config::ImageConfig;
use mounts::Mounts;
use stage::has_step;

pub use base_image::{BaseFiles, BaseImage};
pub use dockerfile_base::DockerfileBase;
pub use link::Link;
pub use settings::{Attempts, Settings};
pub use store::{StoreAccess, StoreMount};

/// The variable that gives another attempt of a stage another cache key: within one build BuildKit remembers what failed.
const ATTEMPT_VARIABLE: &str = "WERF_ATTEMPT";
/// Files that we make have this time, in nanoseconds since 1970, so that they are the same every time.
pub(crate) const FILE_TIME: i64 = 0;

/// Makes an exec one of this attempt; the first has no variable.
fn of_attempt(exec: Exec, attempt: u32) -> Exec {
    match attempt {
        0 | 1 => exec,
        number => exec.env(ATTEMPT_VARIABLE, number.to_string()),
    }
}

/// Base images by their normalised references.
pub type Bases = BTreeMap<String, BaseImage>;

/// An image, ready to be solved.
pub struct Lowered {
    /// The operations.
    pub graph: Graph,
    /// The file system of the image; `None` if it is empty. That of a linked one is its seal until it is
    /// [patched](Lowered::patch).
    pub root: Option<Node>,
    /// What its patch will be like, if it is linked ([`Settings::linked`]).
    pub link: Option<Link>,
    /// Its configuration.
    pub config: ImageConfig,
    /// The steps that run something, so that a failure can be told by its stage; those of one image in their order.
    pub steps: Vec<Step>,
}

/// A command of a shell stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// As it is in the script.
    pub text: String,
    /// The line of the script in which it begins, from 1.
    pub line: usize,
    /// Where it is written.
    pub at: Location,
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
    /// Its commands, if it is one of a shell's.
    pub commands: Vec<Command>,
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

/// Lowers the image `target` of `plan` with all that it is made of, each image once; none of them is from a Dockerfile.
/// `bases` has the registry's images that these start from.
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
    let mut lowerer = Lowerer::new(bases, settings, texts);
    for image in plan.needed(target).into_iter().filter_map(Target::image) {
        lowerer.image(image)?;
    }
    lowerer.finish(target)
}

/// Lowers the images of one build into one graph, one after the other: each after all that it is made of.
pub struct Lowerer<'a> {
    bases: &'a Bases,
    settings: &'a Settings,
    texts: &'a [SourceFile],
    graph: Graph,
    /// The graph's handle for each of `texts`.
    files: Vec<usize>,
    images: Images,
}

impl<'a> Lowerer<'a> {
    /// Returns one that has no image yet. `bases` has the registry's images that all of them start from.
    pub fn new(bases: &'a Bases, settings: &'a Settings, texts: &'a [SourceFile]) -> Lowerer<'a> {
        let mut graph = Graph::new();
        let files = texts.iter();
        let files = files.map(|file| graph.source_file(&file.name, file.text.as_bytes(), "YAML"));
        Lowerer {
            bases,
            settings,
            texts,
            files: files.collect(),
            graph,
            images: Images::default(),
        }
    }

    /// Returns the platform that the images are for.
    pub fn platform(&self) -> &Platform {
        &self.settings.platform
    }

    /// Returns the registry's image with this normalised reference.
    pub fn base(&self, normalised: &str) -> Option<&'a BaseImage> {
        self.bases.get(normalised)
    }

    /// Adds an image that is built by stages.
    ///
    /// # Errors
    /// As for [`lower`].
    pub fn image(&mut self, image: &ImagePlan) -> Result<(), Vec<Diagnostic>> {
        let lowering = Lowering {
            image,
            settings: self.settings,
            texts: self.texts,
            files: &self.files,
            total: 1
                + image.stages.iter().filter(|stage| has_step(stage)).count()
                + usize::from(leaves_state(image)),
            env: Vec::new(),
            mounts: Mounts::new(
                &mut self.graph,
                image.mounts.iter().chain(&image.inherited_mounts),
                &image.secrets,
                self.settings,
            )?,
        };
        let done = lowering.image(&mut self.graph, self.bases, &mut self.images)?;
        self.images.done.insert(image.name.clone(), done);
        Ok(())
    }

    /// Adds what the client gives in the place of the image `name`. It has no stages: whoever asks for one gets all of it.
    ///
    /// # Errors
    /// Operations or a configuration that are none.
    pub fn given(&mut self, name: &ImageName, base: &BaseImage) -> Result<(), Vec<Diagnostic>> {
        let refuse = |why: String| vec![Diagnostic::error(format!("image `{name}`: {why}"))];
        let platform = &self.settings.platform;
        let config = base.configuration().map_err(|error| refuse(error.0))?;
        let step = self.settings.bracketed(&format!("{name} given"));
        let root = base
            .add(&mut self.graph, platform, &step, Vec::new())
            .map_err(|error| refuse(error.to_string()))?;
        let done = DoneImage {
            root,
            config,
            stages: Vec::new(),
            link: None,
        };
        self.images.done.insert(name.clone(), done);
        Ok(())
    }

    /// Adds an image from a Dockerfile: what has become of it.
    ///
    /// # Errors
    /// A definition or a configuration that is none.
    pub fn dockerfile(&mut self, base: &DockerfileBase) -> Result<(), Vec<Diagnostic>> {
        base.add(&mut self.graph, &mut self.images)
    }

    /// Returns what the image `name` is so far, for a Dockerfile to be built upon.
    pub fn context(&mut self, name: &ImageName) -> Option<ContextImage> {
        let done = self.images.done.get(name)?;
        // A definition of nothing is none, and what a file system of nothing would lose is the configuration.
        let root = done.root.unwrap_or_else(|| {
            let file = File::new(FILE_TIME).mkdir("/", 0o755);
            self.graph
                .file(None, file.name(format!("[{name}] empty image")))
        });
        Some(ContextImage {
            definition: self.graph.definition(root),
            config: done.config.to_json(),
        })
    }

    /// Returns all steps so far, where the target is built from a Dockerfile.
    pub fn into_parts(self) -> Lowered {
        Lowered {
            graph: self.graph,
            root: None,
            link: None,
            config: ImageConfig::scratch(),
            steps: self.images.steps,
        }
    }

    /// Returns the image `target`, with what the client says of its configuration.
    ///
    /// # Errors
    /// An image that has not been added.
    pub fn finish(mut self, target: &ImageName) -> Result<Lowered, Vec<Diagnostic>> {
        let Some(DoneImage {
            root,
            mut config,
            link,
            ..
        }) = self.images.done.remove(target)
        else {
            let message = format!("there is no image `{target}` in the plan");
            return Err(vec![Diagnostic::error(message)]);
        };
        for (name, value) in &self.settings.labels {
            config.set_label(name, value);
        }
        let epoch = self.settings.source_date_epoch;
        if let Some(epoch) = epoch.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
            config.set_created(epoch);
        }
        Ok(Lowered {
            graph: self.graph,
            root,
            link,
            config,
            steps: self.images.steps,
        })
    }
}

/// An image of the file that a Dockerfile can name.
#[derive(Clone, Debug)]
pub struct ContextImage {
    /// Its file system.
    pub definition: pb::Definition,
    /// Its configuration.
    pub config: Vec<u8>,
}
