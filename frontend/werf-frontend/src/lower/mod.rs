//! Translates the plan of an image, and of all that it is made of, into an LLB graph and an image configuration.
//!
//! Pure: what is said here about caching follows from what is put into the graph. A user stage is one
//! exec and one layer. Its key is made of: the stage below it, the file system `/.werf/shell` with the
//! script and the digest of the stage, the arguments, the environment, the mounts and the platform. The
//! tools come through STORE, a cache mount, and are not in the key.

pub mod context;
mod dockerfile_base;
pub mod image_config;
mod image_spec;
mod import;
pub mod mounts;
#[cfg(test)]
pub(crate) mod sample;
mod toolchain;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{
    CacheSharing, ContentCache, Exec, File, Graph, Mount, Network, Node, Platform, Source,
    SourceRange, normalise_reference,
};
use diagnostic::{Diagnostic, Location};
use werf_config::{ImageName, NetworkMode};
use werf_plan::agreed::{
    DIGEST_VARIABLE, SHELL_DIRECTORY, STAPEL_DIRECTORY, STORE_DIRECTORY, TOOLS, store_id,
};
use werf_plan::file::{Base, ImagePlan, Plan, SourceFile, Sources, StagePlan};
use werf_plan::image_spec::Clear;
use werf_plan::playbook;
use werf_plan::script::{Script, ScriptKind};
use werf_plan::stage::StageKind;

use image_config::ImageConfig;
use mounts::Mounts;

pub use dockerfile_base::DockerfileBase;

/// The program that brings the sources up to date.
const SYNC: &str = "/.werf/stapel/bin/stapel-sync";
/// The variable that gives a stage another key when it is tried again in the same build: BuildKit
/// remembers what failed.
const ATTEMPT_VARIABLE: &str = "WERF_ATTEMPT";
/// The locale of every stage; it is not put into the image.
const LOCALE: [(&str, &str); 2] = [("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")];

/// Files that we make have this time, in nanoseconds since 1970, so that they are the same every time.
const FILE_TIME: i64 = 0;

/// What the client asked for that concerns the graph and the image.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The platform to build for.
    pub platform: Platform,
    /// Whether the same build is for other platforms, too, so that the names of steps have to say it.
    pub is_one_of_several: bool,
    /// `--network`.
    pub network: Network,
    /// `--add-host`, as name and address.
    pub extra_hosts: Vec<(String, String)>,
    /// `--shm-size` in bytes.
    pub shm_size: Option<u64>,
    /// `--ulimit` as name, soft and hard limit.
    pub ulimits: Vec<(String, i64, i64)>,
    /// `--cgroup-parent`.
    pub cgroup_parent: Option<String>,
    /// The host name inside of stages.
    pub hostname: Option<String>,
    /// Proxy settings by their lower-case name without `_proxy`; not in any key.
    pub proxy: BTreeMap<String, String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// The stages that must run even if they are cached.
    pub no_cache: BTreeSet<(ImageName, StageKind)>,
    /// `SOURCE_DATE_EPOCH` in seconds.
    pub source_date_epoch: Option<i64>,
    /// Of images that are tried for the second time in this build, the stage from which on.
    pub retried: BTreeMap<ImageName, StageKind>,
    /// The session of the client, which has its directories.
    pub session: String,
    /// `--build-context`: names, and where they lead.
    pub contexts: BTreeMap<String, String>,
    /// The name of the ansible tool chain in STORE; empty if nothing needs one. It is in no key.
    pub toolchain: String,
}

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
    sources: &[SourceFile],
) -> Result<Lowered, Vec<Diagnostic>> {
    lower_on(plan, target, bases, &[], settings, sources)
}

/// Does the same where images are based on such as are built from Dockerfiles, which have been made before.
///
/// # Errors
/// As for [`lower`].
pub fn lower_on(
    plan: &Plan,
    target: &ImageName,
    bases: &Bases,
    dockerfiles: &[DockerfileBase],
    settings: &Settings,
    sources: &[SourceFile],
) -> Result<Lowered, Vec<Diagnostic>> {
    let mut graph = Graph::new();
    let files: Vec<usize> = sources
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
            sources,
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

/// The images that are lowered so far.
#[derive(Default)]
struct Images {
    done: BTreeMap<ImageName, DoneImage>,
    steps: Vec<Step>,
}

/// What an image has become.
struct DoneImage {
    root: Option<Node>,
    config: ImageConfig,
    /// The file system after each stage.
    stages: Vec<(StageKind, Option<Node>)>,
}

/// Mounts STORE, and those tools of it that are in the directory `tools`.
fn with_store(exec: Exec, tools: &str) -> Exec {
    exec.mount(
        Mount::cache(STAPEL_DIRECTORY, store_id())
            .selector(format!("/{tools}"))
            .sharing(CacheSharing::Shared)
            .readonly(),
    )
    .mount(
        Mount::cache(STORE_DIRECTORY, store_id())
            .sharing(CacheSharing::Shared)
            .readonly(),
    )
}

/// Whether a stage does something in the file system.
fn has_step(stage: &StagePlan) -> bool {
    Work::of(stage).is_some() || !stage.imports.is_empty()
}

/// Whether the stages of `image` leave the file by which they remember the sources: the stage that would remove it is
/// not there if the image is not brought to the commit.
fn leaves_state(image: &ImagePlan) -> bool {
    let mut sources = image
        .stages
        .iter()
        .filter_map(|stage| stage.sources.as_ref());
    sources
        .next_back()
        .is_some_and(|last| !matches!(last, Sources::Finish(_)))
}

/// Returns what progress shows of a stage besides its name.
fn summary(stage: &StagePlan) -> String {
    match Work::of(stage) {
        Some(work) => work.summary().to_owned(),
        None => {
            let paths = stage.imports.iter().map(|import| import.to.as_str());
            paths.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Returns where the tasks of a stage are written, if it is one of ansible's.
fn tasks_of(stage: &StagePlan) -> Vec<Location> {
    let script = stage.script.as_ref();
    match script.map(|script| script.kind) {
        Some(ScriptKind::Playbook) => stage.at.clone(),
        Some(ScriptKind::Shell) | None => Vec::new(),
    }
}

/// What a stage runs.
enum Work<'a> {
    /// A script.
    Script(&'a Script),
    /// Sources, and then a script.
    SourcesAndScript(&'a Script),
    /// Sources, put there by `stapel-sync` with these words.
    Sources(Vec<&'a str>),
}

impl<'a> Work<'a> {
    /// Returns what `stage` runs, or `None` for one that only exists by name.
    fn of(stage: &'a StagePlan) -> Option<Work<'a>> {
        match (&stage.sources, &stage.script) {
            (None, None) => None,
            (None, Some(script)) => Some(Work::Script(script)),
            (Some(_), Some(script)) => Some(Work::SourcesAndScript(script)),
            (Some(Sources::Archive), None) => Some(Work::Sources(vec!["sync", "--initial"])),
            (Some(Sources::Update), None) => Some(Work::Sources(vec!["sync"])),
            (Some(Sources::Finish(tree)), None) => {
                Some(Work::Sources(vec!["finish", "--tree", tree]))
            }
        }
    }

    /// Returns the commands as progress shows them.
    fn summary(&self) -> &str {
        match self {
            Work::Script(script) | Work::SourcesAndScript(script) => &script.summary,
            Work::Sources(_) => "",
        }
    }

    fn script(&self) -> Option<&Script> {
        match self {
            Work::Script(script) | Work::SourcesAndScript(script) => Some(script),
            Work::Sources(_) => None,
        }
    }

    fn kind(&self) -> ScriptKind {
        self.script()
            .map_or(ScriptKind::Shell, |script| script.kind)
    }

    /// Returns the arguments of the exec; the digest names the slot. A script gets the facts of the commit from
    /// there, which must not be in its key.
    fn arguments(&self, digest: &str) -> Vec<String> {
        let then = |mut arguments: Vec<String>| {
            arguments.push("--".to_owned());
            match self.kind() {
                ScriptKind::Shell => arguments.push(format!("{SHELL_DIRECTORY}/script.sh")),
                ScriptKind::Playbook => arguments.extend(toolchain::command()),
            }
            arguments
        };
        let program = match self.kind() {
            ScriptKind::Shell => SYNC,
            ScriptKind::Playbook => toolchain::SYNC,
        };
        let sync = |words: &[&str]| -> Vec<String> {
            let slot = ["--store", STORE_DIRECTORY, "--slot", digest];
            std::iter::once(&program)
                .chain(words)
                .chain(&slot)
                .map(|word| (*word).to_owned())
                .collect()
        };
        match self {
            Work::Script(_) => then(sync(&["exec"])),
            Work::SourcesAndScript(_) => then(sync(&["run"])),
            Work::Sources(words) => sync(words),
        }
    }
}

/// What stays the same while the stages of one image are lowered.
struct Lowering<'a> {
    image: &'a ImagePlan,
    settings: &'a Settings,
    sources: &'a [SourceFile],
    /// The graph's handle for each of `sources`.
    files: &'a [usize],
    /// The number of steps that are shown.
    total: usize,
    /// The environment of the base image.
    env: Vec<(String, String)>,
    mounts: Mounts<'a>,
}

impl Lowering<'_> {
    /// Lowers the image on top of what it starts from.
    fn image(
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
            root = Some(graph.file(root, file.name(&name).at(self.ranges(&places))));
            config.add_history(&name, false);
            layers += 1;
        }
        let mut stages = Vec::new();
        for stage in &self.image.stages {
            if has_step(stage) {
                number += 1;
                layers += 1;
                let name = self.step_name(number, stage.kind.name());
                let name = format!("{name} {}", summary(stage)).trim_end().to_owned();
                let node = match Work::of(stage) {
                    Some(work) => self.stage(graph, root, stage, &work, &name),
                    None => self.imports(graph, root, stage, &name, bases, images)?,
                };
                config.add_history(&name, false);
                let steps = images.steps.iter();
                let before = steps
                    .filter(|step| step.image == self.image.name && step.kind == stage.kind)
                    .map(|step| step.tasks.len());
                let first_task = before.sum();
                images.steps.push(Step {
                    node,
                    image: self.image.name.clone(),
                    kind: stage.kind,
                    has_sources: stage.sources.is_some(),
                    tasks: tasks_of(stage),
                    first_task,
                });
                root = Some(node);
            }
            stages.push((stage.kind, root));
        }
        if leaves_state(self.image) {
            let name = self.step_name(number + 1, "clean");
            let file = File::new(FILE_TIME).rm(stapel_sync::STATE_PATH).name(&name);
            root = Some(graph.file(root, file));
            config.add_history(&name, false);
            layers += 1;
        }
        self.configure(&mut config, layers)?;
        Ok(DoneImage {
            root,
            config,
            stages,
        })
    }

    /// Applies what the image says of its configuration; `layers` is the number of layers that it has added.
    fn configure(&self, config: &mut ImageConfig, layers: usize) -> Result<(), Vec<Diagnostic>> {
        let of_stage = |kind: StageKind| format!("[{} {kind}]", self.label()).replace("[ ", "[");
        for (name, value) in &self.image.service_labels {
            config.set_label(name, value);
        }
        if let Some(docker) = &self.image.docker {
            config.apply_docker(docker)?;
            config.add_history(&of_stage(StageKind::DockerInstructions), true);
        }
        config.add_layers(layers);
        if let Some(spec) = &self.image.image_spec {
            config.apply_image_spec(spec)?;
            config.add_history(&of_stage(StageKind::ImageSpec), true);
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
                let config = ImageConfig::from_base(&base.config).map_err(|error| {
                    refuse(format!("base image `{reference}`: {}", error.0), at)
                })?;
                (Some(self.base(graph, base)), config)
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

    /// Returns `[app 2/4 install]`, or `[2/4 install]` for the nameless image; `[linux/amd64 app 2/4 install]` if the
    /// build is for several platforms.
    fn step_name(&self, number: usize, stage: &str) -> String {
        let space = if self.label().is_empty() { "" } else { " " };
        let step = format!("{}{space}{number}/{} {stage}", self.label(), self.total);
        self.settings.bracketed(&step)
    }

    fn base(&self, graph: &mut Graph, base: &BaseImage) -> Node {
        let mut source = Source::image(&base.reference)
            .resolve_mode(&base.resolve_mode)
            .platform(self.settings.platform.clone())
            .name(format!(
                "{} {}",
                self.step_name(1, StageKind::From.name()),
                base.reference
            ));
        if let Base::Image { at, .. } = &self.image.base {
            source = source.at(self.ranges(std::slice::from_ref(at)));
        }
        graph.source(source)
    }

    /// One stage: what it does with the sources, then its script.
    fn stage(
        &self,
        graph: &mut Graph,
        root: Option<Node>,
        stage: &StagePlan,
        work: &Work<'_>,
        name: &str,
    ) -> Node {
        let shell = self.shell_directory(graph, stage, work.script());
        let (directory, tools) = match work.kind() {
            ScriptKind::Shell => (SHELL_DIRECTORY, TOOLS.to_owned()),
            ScriptKind::Playbook => (
                playbook::DIRECTORY,
                stapel_sync::store::toolchains::path(&self.settings.toolchain),
            ),
        };
        let mut exec = Exec::new(work.arguments(&stage.digest.hex()))
            .root(root)
            .cwd("/")
            .user("0:0")
            .platform(self.settings.platform.clone())
            .mount(
                Mount::bind(directory, shell)
                    .readonly()
                    .content_cache(ContentCache::Off),
            )
            .name(name)
            .at(self.ranges(&stage.at));
        exec = with_store(exec, &tools);
        exec = self.mounts.add_directories(exec);
        let (added, mounts) = toolchain::environment(work.kind(), &self.env);
        for mount in mounts {
            exec = exec.mount(mount);
        }
        if stage.script.is_some() {
            for (key, value) in &self.env {
                let replaced = LOCALE.iter().any(|(name, _)| name == key)
                    || added.iter().any(|(name, _)| name == key);
                if !replaced {
                    exec = exec.env(key, value);
                }
            }
            for (key, value) in LOCALE {
                exec = exec.env(key, value);
            }
            for (key, value) in &added {
                exec = exec.env(key, value);
            }
            exec = self
                .settings
                .apply(self.mounts.add_secrets(exec).network(self.network()));
        } else {
            exec = exec.network(Network::None);
        }
        exec = exec.env(DIGEST_VARIABLE, stage.digest.hex());
        let retried = self.settings.retried.get(&self.image.name);
        if retried.is_some_and(|first| *first <= stage.kind) {
            exec = exec.env(ATTEMPT_VARIABLE, "2");
        }
        graph.exec(exec).root()
    }

    /// The script and the digest of a stage, in a file system of their own.
    ///
    /// It takes the `ignore_cache` of `--no-cache`: on the exec itself, BuildKit would empty STORE (spec
    /// `buildkit-frontend.md` 7.1). It is mounted by definition, so a stage that may not come from the cache
    /// finds no key here, and its result is still stored under the usual one. The digest in it keeps the
    /// stages of two images with equal scripts apart.
    fn shell_directory(
        &self,
        graph: &mut Graph,
        stage: &StagePlan,
        script: Option<&Script>,
    ) -> Node {
        let mut file = File::new(FILE_TIME);
        if let Some(script) = script {
            file = match script.kind {
                ScriptKind::Shell => file.mkfile("/script.sh", 0o755, script.text.as_bytes()),
                ScriptKind::Playbook => toolchain::work_directory(file, &script.text),
            };
        }
        let file = file
            .mkfile("/digest", 0o444, stage.digest.hex().as_bytes())
            .name(format!(
                "[internal] script of {} {}",
                self.image.name, stage.kind
            ));
        graph.file(None, self.anew(stage, file))
    }

    /// Has `file` and what is made of it run anew if the stage may not come from the cache.
    ///
    /// Before 0.19, BuildKit goes down (`walkProvenance` in `solver/jobs.go`, mended by pull request 5606) if one build
    /// marks an operation, another has the same unmarked, and what both make of it is the same and not marked. So what
    /// is marked is an operation of this session's own, by a filter that excludes no worker and is in no key.
    fn anew(&self, stage: &StagePlan, file: File) -> File {
        let key = (self.image.name.clone(), stage.kind);
        if !self.settings.no_cache.contains(&key) {
            return file;
        }
        let session = &self.settings.session;
        file.ignore_cache()
            .worker(format!("id!=no-cache-{session}"))
    }

    /// The network of commands: the image's own, or what the client asked for.
    fn network(&self) -> Network {
        match self.image.network.as_ref().map(|network| network.mode) {
            None => self.settings.network,
            Some(NetworkMode::Default) => Network::Sandbox,
            Some(NetworkMode::Host) => Network::Host,
            Some(NetworkMode::None) => Network::None,
        }
    }

    fn ranges(&self, at: &[Location]) -> Vec<SourceRange> {
        at.iter()
            .filter_map(|at| {
                let index = self.sources.iter().position(|file| file.name == at.file)?;
                Some(SourceRange {
                    file: self.files[index],
                    start: (at.start.line, at.start.column),
                    end: (at.end.line, at.end.column),
                })
            })
            .collect()
    }
}

impl Settings {
    /// Returns `[step]`, or `[linux/amd64 step]` if the build is for several platforms.
    pub fn bracketed(&self, step: &str) -> String {
        if self.is_one_of_several {
            format!("[{} {step}]", self.platform)
        } else {
            format!("[{step}]")
        }
    }

    /// Applies what the client asked for all containers of the build.
    fn apply(&self, mut exec: Exec) -> Exec {
        for (name, address) in &self.extra_hosts {
            exec = exec.extra_host(name, address);
        }
        for (name, soft, hard) in &self.ulimits {
            exec = exec.ulimit(name, *soft, *hard);
        }
        if let Some(parent) = &self.cgroup_parent {
            exec = exec.cgroup_parent(parent);
        }
        if let Some(hostname) = &self.hostname {
            exec = exec.hostname(hostname);
        }
        if let Some(bytes) = self.shm_size {
            exec = exec.mount(Mount::tmpfs("/dev/shm").size(bytes));
        }
        for (kind, value) in &self.proxy {
            exec = exec.proxy(kind, value);
        }
        exec
    }
}
