//! Decides what is to be built: a configuration in, the stages of every image and their digests out.
//!
//! Pure: no file, network or clock is touched, so the same configuration always gives the same plan.

pub mod agreed;
pub mod choice;
pub mod container;
pub mod dependency;
pub mod differing;
pub mod digest;
pub mod dockerfile;
pub mod file;
pub mod import;
mod layer;
pub mod playbook;
pub mod remote;
pub mod script;
pub mod service_labels;
pub mod stage;
pub mod stages_label;
pub mod target;
pub mod until;

use std::collections::BTreeMap;

use diagnostic::{Located, Location};
use werf_config::{
    Base, Config, Dependency, DockerfileImage, Image, ImageName, Import, Instructions, Placement,
    Stages, UserStage, order,
};

use dependency::MissingValue;
use digest::DigestWriter;
use file::{ImagePlan, Plan, Sources, StagePlan};
use layer::Layer;
use script::{Script, TOOLS_PROTOCOL};
use stage::StageKind;
use until::Until;

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

/// Plans every image of `config` that is built by stages; `config` is that of `commit`; `sources` has an entry for each
/// image with git mappings.
pub fn plan(config: &Config, commit: &str, sources: &BTreeMap<ImageName, ImageSources>) -> Plan {
    plan_until(config, commit, sources, None)
}

/// As [`plan`], with one image only up to a stage.
pub fn plan_until(
    config: &Config,
    commit: &str,
    sources: &BTreeMap<ImageName, ImageSources>,
    until: Option<&Until>,
) -> Plan {
    // Without an order there is no configuration: whoever reads one refuses that.
    let order =
        order::build_order(&config.images).unwrap_or_else(|_| (0..config.images.len()).collect());
    let mut planned: BTreeMap<&ImageName, ImagePlan> = BTreeMap::new();
    for number in order {
        let image = &config.images[number];
        let plan = plan_image(config, image, sources.get(&image.name), until, &planned);
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
    sources: Option<&ImageSources>,
    until: Option<&Until>,
    bases: &BTreeMap<&ImageName, ImagePlan>,
) -> ImagePlan {
    let sibling = match &image.base {
        Base::Sibling { image, .. } => Some(image),
        Base::Scratch | Base::Image { .. } => None,
    };
    let base = sibling.and_then(|name| bases.get(name));
    let mut dockerfiles = config.dockerfiles.iter();
    let stages = Planner {
        project: &config.project,
        cache_scope: &config.cache_scope,
        image,
        sources,
        until,
        base,
        dockerfile: sibling.and_then(|name| dockerfiles.find(|it| it.name == *name)),
    }
    .stages();
    let is_cut = until.is_some_and(|until| until.is_of(&image.name));
    let image_spec = image.image_spec.as_ref().filter(|_| !is_cut);
    let mut plan = ImagePlan {
        name: image.name.clone(),
        at: image.at.clone(),
        is_final: image.is_final,
        base: image.base.clone(),
        service_labels: service_labels::of(&config.project, &image.name, &stages),
        stages,
        docker: image
            .docker
            .clone()
            .filter(|_| image.has_after_patch && !is_cut),
        baseline_is_unknown: false,
        image_spec: image_spec.map(|spec| spec.of_image(image.name.as_str(), &config.project)),
        inherited_mounts: base
            .map(|base| container::inherited(&image.mounts, base))
            .unwrap_or_default(),
        mounts: image.mounts.clone(),
        secrets: image.secrets.clone(),
        network: image.network.clone(),
        platforms: image.platforms.clone(),
        missing: MissingValue::all(image.dependencies.values().flatten()),
    };
    let below = stages_label::below(&plan, |name| bases.get(name));
    let stages = stages_label::of(&plan, &below);
    plan.service_labels
        .insert(service_labels::STAGES.to_owned(), stages);
    plan
}

/// Plans the stages of one image.
struct Planner<'a> {
    project: &'a str,
    cache_scope: &'a str,
    image: &'a Image,
    sources: Option<&'a ImageSources>,
    /// Where an image is to stop, this one or another.
    until: Option<&'a Until>,
    /// The image of the file that it is based on.
    base: Option<&'a ImagePlan>,
    /// The same, if it is one from a Dockerfile.
    dockerfile: Option<&'a DockerfileImage>,
}

/// What a stage is made of.
#[derive(Default)]
struct Inputs {
    at: Vec<Location>,
    script: Option<Script>,
    sources: Option<Sources>,
    imports: Vec<Import>,
    env: Vec<(String, String)>,
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
            .filter(|kind| {
                let until = self.until;
                until.is_none_or(|until| until.keeps(&self.image.name, *kind))
            })
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
                env,
            } = inputs;
            stages.push(StagePlan {
                kind,
                digest,
                fields,
                at,
                script,
                sources,
                imports,
                env,
            });
        }
        stages
    }

    /// Returns the layers of a stage: one, or one for each command under `asLayers`.
    fn layers(&self, kind: StageKind) -> Vec<(StageKind, Layer)> {
        let instructions = self.image.instructions.as_ref();
        let instructions = instructions.zip(kind.user_stage());
        let count = instructions.map_or(0, |(instructions, stage)| instructions.count(stage));
        if !self.image.as_layers || count < 2 {
            return vec![(kind, Layer::Whole)];
        }
        (0..count)
            .map(|index| (kind, Layer::Command(index)))
            .collect()
    }

    /// Adds the inputs of stage `kind` to `writer`; `None` if the image has no such stage.
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
        if let Some(placement) = dependency::placement(kind) {
            return self.dependencies(placement, writer);
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
            StageKind::DockerInstructions => {
                let fields = self.image.docker.as_ref()?.digest_fields();
                Some((writer.all(fields), Inputs::default()))
            }
            StageKind::ImageSpec => {
                let fields = self.image.image_spec.as_ref()?.digest_fields();
                Some((writer.all(fields), Inputs::default()))
            }
            StageKind::BeforeInstall
            | StageKind::Install
            | StageKind::BeforeSetup
            | StageKind::Setup
            | StageKind::ImportsBeforeInstall
            | StageKind::ImportsAfterInstall
            | StageKind::ImportsBeforeSetup
            | StageKind::ImportsAfterSetup
            | StageKind::DependenciesBeforeInstall
            | StageKind::DependenciesAfterInstall
            | StageKind::DependenciesBeforeSetup
            | StageKind::DependenciesAfterSetup => None,
        }
    }

    /// All imports of one placement are one stage, in the order of the configuration.
    fn imports(
        &self,
        placement: Placement,
        writer: DigestWriter,
    ) -> Option<(DigestWriter, Inputs)> {
        let imports = self.image.imports.get(&placement)?;
        let inputs = Inputs {
            at: imports.iter().map(|import| import.at.clone()).collect(),
            imports: imports.clone(),
            ..Inputs::default()
        };
        let fields = imports.iter().map(Import::digest_fields);
        Some((fields.fold(writer, DigestWriter::all), inputs))
    }

    /// All variables of one placement are one stage, in the order of the configuration. One that sets nothing is none.
    fn dependencies(
        &self,
        placement: Placement,
        writer: DigestWriter,
    ) -> Option<(DigestWriter, Inputs)> {
        let dependencies = self.image.dependencies.get(&placement)?;
        let imports = || dependencies.iter().flat_map(|it| &it.imports);
        imports().next()?;
        let given = imports().filter_map(|it| Some((it.target.clone(), it.value.clone()?)));
        let inputs = Inputs {
            at: imports().map(|import| import.at.clone()).collect(),
            env: given.collect(),
            ..Inputs::default()
        };
        let fields = dependencies.iter().map(Dependency::digest_fields);
        Some((fields.fold(writer, DigestWriter::all), inputs))
    }

    /// A base of a registry enters by the text of its reference, so that a tag moved upstream does not rename
    /// stages; BuildKit's own key of the base image still does its part. An image of the file enters by its last
    /// stage, whatever its name.
    fn from(&self, writer: DigestWriter) -> (DigestWriter, Inputs) {
        let writer = writer
            .optional("cacheVersion", &self.image.cache_version)
            .optional("fromCacheVersion", &self.image.from_cache_version)
            .optional("cacheScope", self.cache_scope);
        let (writer, at) = match &self.image.base {
            Base::Scratch => (writer.field("base", "scratch"), &self.image.at),
            Base::Image { reference, at, .. } => (writer.field("base", reference), at),
            Base::Sibling { at, .. } => match (self.dockerfile, self.base) {
                (Some(dockerfile), _) => (writer.all(dockerfile.digest_fields()), at),
                (None, base) => {
                    let last = base.and_then(|base| base.stages.last());
                    let last = last.map_or_else(String::new, |stage| stage.digest.hex());
                    (writer.field("baseStage", last), at)
                }
            },
        };
        // The places of mounts are emptied in this stage. Secrets and the network are in no digest; BuildKit's own keys
        // have their names.
        let mounts = self.image.mounts.iter();
        let writer = mounts.fold(writer, |writer, mount| writer.all(mount.digest_fields()));
        (
            writer,
            Inputs {
                at: vec![at.clone()],
                ..Inputs::default()
            },
        )
    }

    /// A user stage exists if it has instructions or a cache version; a general `cacheVersion` of the instructions alone
    /// makes all four exist.
    ///
    /// After `gitArchive` the files that it depends on enter as a checksum. All other files are brought up
    /// to date, too, before the instructions run, but are in no key.
    ///
    /// Under `asLayers` each instruction is planned like a stage of that one alone. Only the first one brings files up
    /// to date and depends on any; the others have their digests from it.
    fn user_stage(
        &self,
        stage: UserStage,
        layer: &Layer,
        writer: DigestWriter,
    ) -> Option<(DigestWriter, Inputs)> {
        let instructions = self.image.instructions.as_ref()?;
        if !instructions.has_stage(stage) {
            return None;
        }
        match instructions {
            Instructions::Shell(shell) => {
                let (commands, is_first) = layer.of(shell.of(stage));
                let commands_of = || commands.iter().map(|command| &command.value);
                let writer = writer
                    .field("tools", TOOLS_PROTOCOL)
                    .fields("command", commands_of());
                let script = (!commands.is_empty()).then(|| Script::new(commands_of()));
                let writer = versions(writer, shell, stage, "shellCacheVersion");
                let planned = Instructed::new(commands, script, is_first);
                Some(self.instructed(stage, writer, planned))
            }
            // Tasks enter in canonical form, so that comments and the order of keys do not matter.
            Instructions::Tasks(ansible) => {
                let (tasks, is_first) = layer.of(ansible.of(stage));
                let writer = writer
                    .field("ansible", playbook::PROTOCOL)
                    .fields("task", tasks.iter().map(|task| &task.value.yaml));
                let pairs = tasks
                    .iter()
                    .map(|task| (task.value.yaml.as_str(), task.value.summary.as_str()));
                let script = (!tasks.is_empty()).then(|| playbook::script(pairs));
                let writer = versions(writer, ansible, stage, "ansibleCacheVersion");
                let planned = Instructed::new(tasks, script, is_first);
                Some(self.instructed(stage, writer, planned))
            }
        }
    }

    /// Adds the checksums of the files that the first layer of a user stage depends on, and has that layer bring all
    /// files up to date.
    fn instructed(
        &self,
        stage: UserStage,
        mut writer: DigestWriter,
        planned: Instructed,
    ) -> (DigestWriter, Inputs) {
        let sources = self
            .sources
            .filter(|_| stage != UserStage::BeforeInstall && planned.is_first);
        for mapping in sources.iter().flat_map(|sources| &sources.dependencies) {
            if let Some(checksum) = mapping.get(&stage) {
                writer = writer.field("dependencies", checksum);
            }
        }
        let inputs = Inputs {
            at: planned.at,
            sources: sources
                .filter(|_| planned.script.is_some())
                .map(|_| Sources::Update),
            script: planned.script,
            ..Inputs::default()
        };
        (writer, inputs)
    }

    /// The project, since the files of one are not to end in layers of another that is configured alike; the
    /// mappings as they are configured, and neither the commit nor any content: the first files stay
    /// until a later stage brings them up to date.
    fn git_archive(&self, writer: DigestWriter) -> Option<(DigestWriter, Inputs)> {
        self.sources?;
        let mut writer = writer
            .field("tools", TOOLS_PROTOCOL)
            .field("project", self.project);
        let mut at = Vec::new();
        for mapping in &self.image.git {
            writer = writer.all(mapping.digest_fields());
            at.push(mapping.at.clone());
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
    /// it is built anew for every further mebibyte.
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

/// The instructions of one layer of a user stage.
struct Instructed {
    /// Where they are written.
    at: Vec<Location>,
    /// What they became.
    script: Option<Script>,
    /// Whether it is the first layer of its stage.
    is_first: bool,
}

impl Instructed {
    fn new<I>(written: &[Located<I>], script: Option<Script>, is_first: bool) -> Instructed {
        Instructed {
            at: written.iter().map(|one| one.at.clone()).collect(),
            script,
            is_first,
        }
    }
}

/// Adds the cache version of the stage and that of all stages, which is called `general`.
fn versions<I>(
    writer: DigestWriter,
    stages: &Stages<I>,
    stage: UserStage,
    general: &str,
) -> DigestWriter {
    writer
        .optional("stageCacheVersion", stages.version(stage))
        .optional(general, &stages.cache_version)
}
