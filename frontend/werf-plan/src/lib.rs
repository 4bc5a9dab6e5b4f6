//! Decides what is to be built: a configuration in, the stages of every image and their digests out.
//!
//! Pure: no file, network or clock is touched, so the same configuration always gives the same plan.

pub mod agreed;
pub mod choice;
pub mod container;
pub mod digest;
pub mod dockerfile;
pub mod file;
pub mod image_spec;
pub mod import;
pub mod playbook;
pub mod remote;
pub mod script;
pub mod service_labels;
pub mod stage;
pub mod target;

use std::collections::BTreeMap;

use diagnostic::{Location, SourceText, Span, Spanned};
use werf_config::order;
use werf_config::{
    Ansible, Config, Docker, DockerfileImage, From, Image, ImageName, Placement, Reference, Remote,
    Task, UserStage,
};

use digest::DigestWriter;
use file::{Base, DockerPlan, DockerValue, ImagePlan, ImportPlan, Plan, Sources, StagePlan};
use script::{Script, TOOLS_PROTOCOL};
use stage::StageKind;

/// What the commit holds of the git mappings of one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSources {
    /// The identity of all files together, where they go and whose they are: 64 hexadecimal digits.
    pub manifest: String,
    /// For each mapping, in the order of the configuration, the checksum of the files that a stage depends
    /// on. A stage without dependencies has no entry.
    pub dependencies: Vec<BTreeMap<UserStage, String>>,
    /// How many whole mebibytes have changed since the last user stage was built, as far as is known.
    pub changed_mebibytes: u64,
}

/// Plans every image of `config` that is built by stages; `config` was read from `source` at `commit`; `sources` has an entry for each
/// image with git mappings.
pub fn plan(
    config: &Config,
    source: &SourceText,
    commit: &str,
    sources: &BTreeMap<ImageName, ImageSources>,
) -> Plan {
    // Without an order there is no configuration: whoever reads one refuses that.
    let order = order::build_order(&config.images, source)
        .unwrap_or_else(|_| (0..config.images.len()).collect());
    let mut planned: BTreeMap<&ImageName, ImagePlan> = BTreeMap::new();
    for number in order {
        let image = &config.images[number];
        let plan = plan_image(config, image, source, sources.get(&image.name), &planned);
        planned.insert(&image.name, plan);
    }
    let in_order = config.images.iter();
    Plan {
        project: config.project.clone(),
        commit: commit.to_owned(),
        dockerfiles: Vec::new(),
        images: in_order
            .filter_map(|image| planned.remove(&image.name))
            .collect(),
    }
}

/// `bases` are the images that this one can be based on.
fn plan_image(
    config: &Config,
    image: &Image,
    source: &SourceText,
    sources: Option<&ImageSources>,
    bases: &BTreeMap<&ImageName, ImagePlan>,
) -> ImagePlan {
    let base = match &image.from {
        From::Image(base) => bases.get(&base.value),
        From::Scratch | From::Reference(_) => None,
    };
    let dockerfile = match &image.from {
        From::Image(base) => config.dockerfiles.iter().find(|it| it.name == base.value),
        From::Scratch | From::Reference(_) => None,
    };
    let stages = Planner {
        project: &config.project,
        image,
        source,
        sources,
        base,
        dockerfile,
    }
    .stages();
    let mounts = container::mounts(&config.project, image, source);
    ImagePlan {
        name: image.name.clone(),
        at: source.location(image.at),
        is_final: image.is_final,
        base: match &image.from {
            From::Scratch => Base::Scratch,
            From::Reference(reference) => Base::Image {
                reference: reference.value.clone(),
                latest: image.from_latest.is_some(),
                at: source.location(reference.span),
            },
            From::Image(base) => Base::Sibling {
                image: base.value.clone(),
                at: source.location(base.span),
            },
        },
        service_labels: service_labels::of(&config.project, &image.name, &stages),
        stages,
        docker: image
            .docker
            .as_ref()
            .filter(|_| image.has_after_patch)
            .map(|docker| plan_docker(docker, source)),
        unmeasured: false,
        image_spec: image
            .image_spec
            .as_ref()
            .map(|spec| image_spec::plan(spec, &image.name, &config.project, source)),
        inherited_mounts: base
            .map(|base| container::inherited(&mounts, base))
            .unwrap_or_default(),
        mounts,
        secrets: container::secrets(image, source),
        network: container::network(image, source),
        platforms: container::platforms(&image.platforms, source),
    }
}

/// Plans the stages of one image.
struct Planner<'a> {
    project: &'a str,
    image: &'a Image,
    source: &'a SourceText,
    sources: Option<&'a ImageSources>,
    /// The image of the file that it is based on.
    base: Option<&'a ImagePlan>,
    /// The same, if it is one from a Dockerfile.
    dockerfile: Option<&'a DockerfileImage>,
}

/// Names an image from a Dockerfile by how it is made. What is made of it is in the key that BuildKit gives it.
fn base_of(base: &DockerfileImage, writer: DigestWriter) -> DigestWriter {
    let mut writer = writer
        .field("baseDockerfile", &base.dockerfile.value)
        .field("context", &base.context.value)
        .optional("target", &base.target)
        .optional("baseCacheVersion", &base.cache_version);
    for (name, value) in &base.args {
        writer = writer.field("arg", name).field("value", value);
    }
    writer
}

/// Which part of a user stage is planned.
enum Layer {
    /// All commands.
    Whole,
    /// One of them.
    Command(usize),
}

impl Layer {
    /// Returns the instructions of this part, of all of the stage, and whether the first is among them.
    fn of<'a, T>(&self, all: &'a [T]) -> (&'a [T], bool) {
        match *self {
            Layer::Whole => (all, true),
            Layer::Command(index) => (&all[index..=index], index == 0),
        }
    }
}

/// What a stage is made of.
#[derive(Default)]
struct Inputs {
    at: Vec<Location>,
    script: Option<Script>,
    sources: Option<Sources>,
    imports: Vec<ImportPlan>,
}

impl Planner<'_> {
    /// Plans the stages in build order, leaving out those that do not exist.
    ///
    /// A stage's digest covers its own inputs and the digest before it, so a change in one stage renames
    /// every later stage and no earlier one.
    fn stages(&self) -> Vec<StagePlan> {
        let mut stages: Vec<StagePlan> = Vec::new();
        for (kind, layer) in StageKind::ORDER
            .into_iter()
            .flat_map(|kind| self.layers(kind))
        {
            let writer = DigestWriter::new(kind.name());
            let writer = match stages.last() {
                Some(before) => writer.field("parent", before.digest.hex()),
                None => writer,
            };
            let Some((writer, inputs)) = self.stage(kind, &layer, writer) else {
                continue;
            };
            let (digest, fields) = writer.finish();
            let Inputs {
                at,
                script,
                sources,
                imports,
            } = inputs;
            stages.push(StagePlan {
                kind,
                digest,
                fields,
                at,
                script,
                sources,
                imports,
            });
        }
        stages
    }

    /// Returns the layers of a stage: one, or one for each command under `asLayers`.
    fn layers(&self, kind: StageKind) -> Vec<(StageKind, Layer)> {
        let count = kind
            .user_stage()
            .map_or(0, |stage| self.instructions(stage));
        if !self.image.as_layers || count < 2 {
            return vec![(kind, Layer::Whole)];
        }
        (0..count)
            .map(|index| (kind, Layer::Command(index)))
            .collect()
    }

    /// Returns how many commands or tasks a user stage has.
    fn instructions(&self, stage: UserStage) -> usize {
        let shell = self.image.shell.as_ref();
        let ansible = self.image.ansible.as_ref();
        let commands = shell.and_then(|shell| Some(shell.stages.get(&stage)?.commands.len()));
        let tasks = ansible.and_then(|ansible| Some(ansible.stages.get(&stage)?.tasks.len()));
        commands.or(tasks).unwrap_or_default()
    }

    /// Adds the inputs of stage `kind` to `writer`; `None` if the image has no such stage (spec 3.1).
    fn stage(
        &self,
        kind: StageKind,
        layer: &Layer,
        writer: DigestWriter,
    ) -> Option<(DigestWriter, Inputs)> {
        if let Some(stage) = kind.user_stage() {
            return self.user_stage(stage, layer, writer);
        }
        if let Some(placement) = import::placement(kind) {
            return self.imports(placement, writer);
        }
        match kind {
            StageKind::GitCache | StageKind::GitLatestPatch | StageKind::DockerInstructions
                if !self.image.has_after_patch =>
            {
                None
            }
            StageKind::From => Some(self.from(writer)),
            StageKind::GitArchive => self.git_archive(writer),
            StageKind::GitCache => self.git_cache(writer),
            StageKind::GitLatestPatch => self.git_latest_patch(writer),
            StageKind::DockerInstructions => Some((
                docker_digest(self.image.docker.as_ref()?, writer),
                Inputs::default(),
            )),
            StageKind::ImageSpec => Some((
                image_spec::digest(self.image.image_spec.as_ref()?, writer),
                Inputs::default(),
            )),
            StageKind::BeforeInstall
            | StageKind::Install
            | StageKind::BeforeSetup
            | StageKind::Setup
            | StageKind::ImportsBeforeInstall
            | StageKind::ImportsAfterInstall
            | StageKind::ImportsBeforeSetup
            | StageKind::ImportsAfterSetup => None,
        }
    }

    /// All imports of one placement are one stage, in the order of the configuration.
    fn imports(
        &self,
        placement: Placement,
        writer: DigestWriter,
    ) -> Option<(DigestWriter, Inputs)> {
        let imports = import::plan(self.image, placement, self.source);
        if imports.is_empty() {
            return None;
        }
        let inputs = Inputs {
            at: imports.iter().map(|import| import.at.clone()).collect(),
            imports: imports.clone(),
            ..Inputs::default()
        };
        Some((import::digest(&imports, writer), inputs))
    }

    /// A base of a registry enters by the text of its reference, so that a tag moved upstream does not rename
    /// stages; BuildKit's own key of the base image still does its part. An image of the file enters by its last
    /// stage, whatever its name (spec 3.5).
    fn from(&self, writer: DigestWriter) -> (DigestWriter, Inputs) {
        let writer = writer
            .optional("cacheVersion", &self.image.cache_version)
            .optional("fromCacheVersion", &self.image.from_cache_version);
        let (writer, at) = match &self.image.from {
            From::Scratch => (writer.field("base", "scratch"), self.image.at),
            From::Reference(reference) => (writer.field("base", &reference.value), reference.span),
            From::Image(base) if self.dockerfile.is_some() => {
                let dockerfile = self.dockerfile.into_iter();
                let writer = dockerfile.fold(writer, |writer, base| base_of(base, writer));
                (writer, base.span)
            }
            From::Image(base) => {
                let last = self.base.and_then(|base| base.stages.last());
                let last = last.map_or_else(String::new, |stage| stage.digest.hex());
                (writer.field("baseStage", last), base.span)
            }
        };
        let writer = container::digest_of_mounts(self.image, writer);
        let at = vec![self.source.location(at)];
        (
            writer,
            Inputs {
                at,
                ..Inputs::default()
            },
        )
    }

    /// A user stage exists if it has commands or a cache version; the shell's general `cacheVersion`
    /// alone makes all four exist (spec 3.1 and 3.3).
    ///
    /// After `gitArchive` the files that it depends on enter as a checksum. All other files are brought up
    /// to date, too, before the commands run, but are in no key.
    ///
    /// Under `asLayers` each command is planned like a stage of that command alone. Only the first one brings files up
    /// to date and depends on any; the others have their digests from it.
    fn user_stage(
        &self,
        stage: UserStage,
        layer: &Layer,
        writer: DigestWriter,
    ) -> Option<(DigestWriter, Inputs)> {
        if let Some(ansible) = &self.image.ansible {
            return self.ansible_stage(ansible, stage, layer, writer);
        }
        let shell = self.image.shell.as_ref()?;
        let (commands, version): (&[Spanned<String>], &str) = match shell.stages.get(&stage) {
            Some(stage) => (&stage.commands, &stage.cache_version),
            None => (&[], ""),
        };
        let (commands, is_first) = layer.of(commands);
        if commands.is_empty() && version.is_empty() && shell.cache_version.is_empty() {
            return None;
        }
        let writer = writer
            .field("tools", TOOLS_PROTOCOL)
            .fields("command", commands.iter().map(|command| &command.value))
            .optional("stageCacheVersion", version)
            .optional("shellCacheVersion", &shell.cache_version);
        let script = (!commands.is_empty())
            .then(|| Script::new(commands.iter().map(|command| &command.value)));
        let spans = commands.iter().map(|command| command.span);
        Some(self.instructed(stage, is_first, writer, (spans, script)))
    }

    /// As a shell stage, but with tasks; they enter in canonical form, so that comments and the order of keys
    /// do not matter.
    fn ansible_stage(
        &self,
        ansible: &Ansible,
        stage: UserStage,
        layer: &Layer,
        writer: DigestWriter,
    ) -> Option<(DigestWriter, Inputs)> {
        let (tasks, version): (&[Spanned<Task>], &str) = match ansible.stages.get(&stage) {
            Some(stage) => (&stage.tasks, &stage.cache_version),
            None => (&[], ""),
        };
        let (tasks, is_first) = layer.of(tasks);
        if tasks.is_empty() && version.is_empty() && ansible.cache_version.is_empty() {
            return None;
        }
        let writer = writer
            .field("ansible", playbook::PROTOCOL)
            .fields("task", tasks.iter().map(|task| &task.value.yaml))
            .optional("stageCacheVersion", version)
            .optional("ansibleCacheVersion", &ansible.cache_version);
        let pairs = tasks
            .iter()
            .map(|task| (task.value.yaml.as_str(), task.value.summary.as_str()));
        let script = (!tasks.is_empty()).then(|| playbook::script(pairs));
        let spans = tasks.iter().map(|task| task.span);
        Some(self.instructed(stage, is_first, writer, (spans, script)))
    }

    /// Adds the checksums of the files that the first layer of a user stage depends on, and has that layer bring all
    /// files up to date. `spans` are where the instructions are, `script` is what they became.
    fn instructed(
        &self,
        stage: UserStage,
        is_first: bool,
        mut writer: DigestWriter,
        (spans, script): (impl Iterator<Item = Span>, Option<Script>),
    ) -> (DigestWriter, Inputs) {
        let sources = self.sources.filter(|_| stage != UserStage::BeforeInstall);
        for mapping in sources
            .iter()
            .filter(|_| is_first)
            .flat_map(|sources| &sources.dependencies)
        {
            if let Some(checksum) = mapping.get(&stage) {
                writer = writer.field("dependencies", checksum);
            }
        }
        let inputs = Inputs {
            at: spans.map(|span| self.source.location(span)).collect(),
            sources: sources
                .filter(|_| script.is_some() && is_first)
                .map(|_| Sources::Update),
            script,
            imports: Vec::new(),
        };
        (writer, inputs)
    }

    /// The project, since the files of one are not to end in layers of another that is configured alike; the
    /// mappings as they are configured, and neither the commit nor any content: the first files stay
    /// until a later stage brings them up to date (spec 3.3).
    fn git_archive(&self, writer: DigestWriter) -> Option<(DigestWriter, Inputs)> {
        self.sources?;
        let mut writer = writer
            .field("tools", TOOLS_PROTOCOL)
            .field("project", self.project);
        let mut at = Vec::new();
        for mapping in &self.image.git {
            writer = writer
                .field("mapping", &mapping.to.value)
                .field("add", &mapping.add.value)
                .fields("include", &mapping.include_paths)
                .fields("exclude", &mapping.exclude_paths)
                .optional("owner", &mapping.owner)
                .optional("group", &mapping.group);
            if let Some(remote) = &mapping.remote {
                writer = remote_digest(remote, writer);
            }
            at.push(self.source.location(mapping.at));
        }
        Some((
            writer,
            Inputs {
                at,
                sources: Some(Sources::Archive),
                ..Inputs::default()
            },
        ))
    }

    /// Exists when much has changed since the last user stage was built, so that the last layer stays small:
    /// it is built anew for every further mebibyte (spec 4.4).
    fn git_cache(&self, writer: DigestWriter) -> Option<(DigestWriter, Inputs)> {
        let changed = self.sources?.changed_mebibytes;
        if changed == 0 {
            return None;
        }
        let writer = writer.field("mebibytes", changed.to_string());
        Some((
            writer,
            Inputs {
                sources: Some(Sources::Update),
                ..Inputs::default()
            },
        ))
    }

    /// Always exists where there are mappings: it makes the files those of the commit, and removes what
    /// the stages before it keep to remember them by.
    fn git_latest_patch(&self, writer: DigestWriter) -> Option<(DigestWriter, Inputs)> {
        let manifest = &self.sources?.manifest;
        let sources = Some(Sources::Finish(manifest.clone()));
        Some((
            writer.field("files", manifest),
            Inputs {
                sources,
                ..Inputs::default()
            },
        ))
    }
}

/// Which repository, and the commit as it is written, as in werf (spec 3.9): never what a branch or tag points to.
fn remote_digest(remote: &Remote, writer: DigestWriter) -> DigestWriter {
    let writer = writer.field("repository", remote.repository());
    match &remote.reference.value {
        Reference::Head => writer,
        Reference::Branch(name) => writer.field("branch", name),
        Reference::Tag(name) => writer.field("tag", name),
        Reference::Commit(id) => writer.field("commit", id),
    }
}

fn docker_digest(docker: &Docker, writer: DigestWriter) -> DigestWriter {
    let texts = |values: &[Spanned<String>]| {
        values
            .iter()
            .map(|value| value.value.clone())
            .collect::<Vec<_>>()
    };
    let mut writer = writer
        .fields("VOLUME", texts(&docker.volume))
        .fields("EXPOSE", texts(&docker.expose))
        .optional("exactValues", if docker.exact_values { "true" } else { "" });
    for (name, pairs) in [("ENV", &docker.env), ("LABEL", &docker.label)] {
        for (key, value) in pairs {
            writer = writer.field(name, key).field("value", &value.value);
        }
    }
    for (name, line) in [("CMD", &docker.cmd), ("ENTRYPOINT", &docker.entrypoint)] {
        if let Some(line) = line {
            writer = writer.field(
                name,
                serde_json::to_vec(line).expect("a command line is plain strings"),
            );
        }
    }
    for (name, value) in [
        ("WORKDIR", &docker.workdir),
        ("USER", &docker.user),
        ("HEALTHCHECK", &docker.healthcheck),
    ] {
        if let Some(value) = value {
            writer = writer.field(name, &value.value);
        }
    }
    writer
}

fn plan_docker(docker: &Docker, source: &SourceText) -> DockerPlan {
    let value = |value: &Spanned<String>| DockerValue {
        text: value.value.clone(),
        at: source.location(value.span),
    };
    let pair = |(key, text): (&String, &Spanned<String>)| (key.clone(), value(text));
    DockerPlan {
        volume: docker.volume.iter().map(value).collect(),
        expose: docker.expose.iter().map(value).collect(),
        env: docker.env.iter().map(pair).collect(),
        label: docker.label.iter().map(pair).collect(),
        cmd: docker.cmd.clone(),
        entrypoint: docker.entrypoint.clone(),
        workdir: docker.workdir.as_ref().map(value),
        user: docker.user.as_ref().map(value),
        healthcheck: docker.healthcheck.as_ref().map(value),
        exact_values: docker.exact_values,
    }
}
