//! One image: what it starts from, its stages one upon the other, its configuration.

use std::collections::BTreeMap;

use buildkit_llb::{File, Graph, Node, SourceRange, normalise_reference};
use diagnostic::{Diagnostic, Location, printable};
use werf_config::image_spec::Clear;
use werf_config::{Base, ImageName};
use werf_plan::file::{ImagePlan, SourceFile, Sources};
use werf_plan::stage::StageKind;

use super::image_config::ImageConfig;
use super::link::{Link, Names, is_linked};
use super::mounts::{self, Mounts};
use super::stage::{StageCommand, commands_of, has_step, history, summary, tasks_of};
use super::{Bases, FILE_TIME, Settings, Step};

/// The images that are lowered so far.
#[derive(Default)]
pub(super) struct Images {
    pub(super) done: BTreeMap<ImageName, DoneImage>,
    pub(super) steps: Vec<Step>,
}

/// What an image has become.
pub(super) struct DoneImage {
    pub(super) root: Option<Node>,
    pub(super) config: ImageConfig,
    /// What its patch will be like, if it is linked.
    pub(super) link: Option<Link>,
    /// The file system after each stage.
    pub(super) stages: Vec<(StageKind, Option<Node>)>,
}

/// Whether the stages of `image` leave the file by which they remember the sources: the stage that would remove it is
/// not there if the image is not brought to the commit.
pub(super) fn leaves_state(image: &ImagePlan) -> bool {
    let mut sources = image
        .stages
        .iter()
        .filter_map(|stage| stage.sources.as_ref());
    sources
        .next_back()
        .is_some_and(|last| !matches!(last, Sources::Finish(_)))
}

/// What stays the same while the stages of one image are lowered.
pub(super) struct Lowering<'a> {
    pub(super) image: &'a ImagePlan,
    pub(super) settings: &'a Settings,
    pub(super) texts: &'a [SourceFile],
    /// The graph's handle for each of `texts`.
    pub(super) files: &'a [usize],
    /// The number of steps that are shown.
    pub(super) total: usize,
    /// The environment of the base image.
    pub(super) env: Vec<(String, String)>,
    pub(super) mounts: Mounts<'a>,
}

impl Lowering<'_> {
    /// Lowers the image on top of what it starts from.
    pub(super) fn image(
        mut self,
        graph: &mut Graph,
        bases: &Bases,
        images: &mut Images,
    ) -> Result<DoneImage, Vec<Diagnostic>> {
        let (mut root, mut config) = self.start(graph, bases, images)?;
        self.env = config.env();
        let (mut number, mut layers) = (1, 0);
        if let Some(file) = mounts::emptied(&self.image.mounts) {
            let name = self.step_name(1, StageKind::From.name());
            let name = format!("{name} empty the places of mounts");
            let places = self.image.mounts.iter().map(|mount| mount.at.clone());
            let places: Vec<_> = places.collect();
            let file = file.name(&name).at(self.ranges(&places));
            root = Some(self.file(graph, root, None, file));
            config.add_history(&name, false);
            layers += 1;
        }
        let mut stages = Vec::new();
        let mut link = None;
        for stage in &self.image.stages {
            if has_step(stage) {
                let sealed = match (root, &stage.sources) {
                    (Some(root), Some(Sources::Finish(tree)))
                        if is_linked(self.image, self.settings) =>
                    {
                        // Not numbered, since it depends on the daemon whether they are there.
                        let names = Names {
                            seal: self.unnumbered_name("seal"),
                            check: self.unnumbered_name("check"),
                            patch: self.step_name(number + 1, stage.kind.name()),
                        };
                        layers += 2;
                        // In the order of the layers.
                        config.add_history(&names.check, false);
                        config.add_history(&names.seal, false);
                        Some(self.link(graph, root, stage, tree, &names))
                    }
                    _ => None,
                };
                number += 1;
                layers += 1;
                let name = self.step_name(number, stage.kind.name());
                let with = |text: &str| format!("{name} {text}").trim_end().to_owned();
                let in_history = with(&history(stage).unwrap_or_else(|| summary(stage)));
                let name = with(&summary(stage));
                let (node, first) = match (&sealed, StageCommand::of(stage)) {
                    (Some(link), _) => (link.seal, Vec::new()),
                    (None, Some(command)) => {
                        let node = self.stage(graph, root, stage, &command, &name);
                        (node, Vec::new())
                    }
                    (None, None) => self.imports(graph, root, stage, &name, bases, images)?,
                };
                config.add_history(&in_history, false);
                let steps = images.steps.iter();
                let before = steps
                    .filter(|step| step.image == self.image.name && step.kind == stage.kind)
                    .map(|step| step.tasks.len());
                let first_task = before.sum();
                for node in first.into_iter().chain([node]) {
                    images.steps.push(Step {
                        node,
                        image: self.image.name.clone(),
                        kind: stage.kind,
                        has_sources: stage.sources.is_some(),
                        commands: commands_of(stage),
                        tasks: tasks_of(stage),
                        first_task,
                    });
                }
                root = Some(node);
                link = sealed.or(link);
            }
            if !stage.env.is_empty() {
                config.set_env(&stage.env);
                config.add_history(&self.of_stage(stage.kind), true);
                self.env = config.env();
            }
            stages.push((stage.kind, root));
        }
        if leaves_state(self.image) {
            let name = self.step_name(number + 1, "clean");
            let file = File::new(FILE_TIME).rm(stapel_sync::STATE_PATH).name(&name);
            root = Some(self.file(graph, root, None, file));
            config.add_history(&name, false);
            layers += 1;
        }
        self.configure(&mut config, layers)?;
        Ok(DoneImage {
            root,
            config,
            link,
            stages,
        })
    }

    /// Applies what the image says of its configuration; `layers` is the number of layers that it has added.
    fn configure(&self, config: &mut ImageConfig, layers: usize) -> Result<(), Vec<Diagnostic>> {
        for (name, value) in &self.image.service_labels {
            config.set_label(name, value);
        }
        if let Some(docker) = &self.image.docker {
            config.apply_docker(docker)?;
            config.add_history(&self.of_stage(StageKind::DockerInstructions), true);
        }
        config.add_layers(layers);
        if let Some(spec) = &self.image.image_spec {
            config.apply_image_spec(spec)?;
            config.add_history(&self.of_stage(StageKind::ImageSpec), true);
            if spec.clear.contains(&Clear::History) {
                config.clear_history();
            }
        }
        Ok(())
    }

    /// Returns the file system and the configuration that the image starts from.
    fn start(
        &self,
        graph: &mut Graph,
        bases: &Bases,
        images: &Images,
    ) -> Result<(Option<Node>, ImageConfig), Vec<Diagnostic>> {
        let refuse =
            |message: String, at: &Location| vec![Diagnostic::error(message).at(at.clone())];
        let (root, mut config) = match &self.image.base {
            Base::Scratch => (None, ImageConfig::scratch()),
            Base::Image { reference, at, .. } => {
                let base = bases
                    .get(&normalise_reference(reference))
                    .ok_or_else(|| refuse(format!("base image `{reference}` is not known"), at))?;
                let config = base.configuration().map_err(|error| {
                    refuse(format!("base image `{reference}`: {}", error.0), at)
                })?;
                let step = self.step_name(1, StageKind::From.name());
                let ranges = self.ranges(std::slice::from_ref(at));
                let root = base
                    .add(graph, &self.settings.platform, &step, ranges)
                    .map_err(|error| refuse(format!("base image `{reference}`: {error}"), at))?;
                (root, config)
            }
            Base::Sibling { image, at } => {
                let done = images
                    .done
                    .get(image)
                    .ok_or_else(|| refuse(format!("base image `{image}` is not known"), at))?;
                (done.root, done.config.clone())
            }
        };
        let platform = &self.settings.platform;
        config.set_platform(&platform.os, &platform.architecture, &platform.variant);
        Ok((root, config))
    }

    /// Returns the name of the image as it stands in brackets; empty for the nameless one.
    fn label(&self) -> &str {
        self.image.name.as_str()
    }

    /// Returns how the history calls a stage that makes no layer.
    fn of_stage(&self, kind: StageKind) -> String {
        let step = format!("[{} {kind}]", self.label()).replace("[ ", "[");
        printable::line(&step).into_owned()
    }

    /// Returns `[app 2/4 install]`, or `[2/4 install]` for the nameless image; `[linux/amd64 app 2/4 install]` if the
    /// build is for several platforms.
    pub(super) fn step_name(&self, number: usize, stage: &str) -> String {
        let space = if self.label().is_empty() { "" } else { " " };
        let step = format!("{}{space}{number}/{} {stage}", self.label(), self.total);
        self.settings.bracketed(&printable::line(&step))
    }

    /// Returns `[app seal]` in the same way.
    fn unnumbered_name(&self, step: &str) -> String {
        let step = format!("{} {step}", self.label());
        self.settings.bracketed(&printable::line(step.trim_start()))
    }

    pub(super) fn ranges(&self, at: &[Location]) -> Vec<SourceRange> {
        at.iter()
            .filter_map(|at| {
                let index = self.texts.iter().position(|file| file.name == at.file)?;
                Some(SourceRange {
                    file: self.files[index],
                    start: (at.start.line, at.start.column),
                    end: (at.end.line, at.end.column),
                })
            })
            .collect()
    }
}
