//! Translates the plan of one image into an LLB graph and an image configuration.
//!
//! Pure: what is said here about caching follows from what is put into the graph. A user stage is one
//! exec and one layer. Its key is made of: the stage below it, the file system `/.werf/shell` with the
//! script and the digest of the stage, the arguments, the environment, the mounts and the platform. The
//! tools come through STORE, a cache mount, and are not in the key.

pub mod image_config;
mod image_spec;
pub mod mounts;

use std::collections::BTreeMap;

use buildkit_llb::{
    CacheSharing, ContentCache, Exec, File, Graph, Mount, Network, Node, Platform, Source,
    SourceRange,
};

use crate::config::NetworkMode;
use crate::error::Diagnostic;
use crate::plan::file::{Base, ImagePlan, SourceFile, Sources, StagePlan};
use crate::plan::image_spec::Clear;
use crate::plan::script::Script;
use crate::plan::stage::StageKind;

use image_config::ImageConfig;
use mounts::Mounts;

/// The id of the cache mount that all builds of a daemon share, with the version of its format.
///
/// It has no slash, so that no Dockerfile can name it (spec `buildkit-frontend.md` 6.2).
pub const STORE_ID: &str = "werf-store-v1";

/// Where the tool chain is inside a stage.
const STAPEL_DIRECTORY: &str = "/.werf/stapel";
/// Where the script of a stage is.
const SHELL_DIRECTORY: &str = "/.werf/shell";
/// Where STORE is inside a stage.
const STORE_DIRECTORY: &str = "/.werf/store";
/// The program that brings the sources up to date.
const SYNC: &str = "/.werf/stapel/bin/stapel-sync";
/// The variable that gives a stage another key when it is tried again in the same build: BuildKit
/// remembers what failed.
const ATTEMPT_VARIABLE: &str = "WERF_ATTEMPT";
/// The exit code by which a stage says that STORE lacks something (`stapel-sync`).
pub const STORE_EXIT_CODE: i64 = 93;
/// The locale of every stage; it is not put into the image.
const LOCALE: [(&str, &str); 2] = [("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")];
/// The variable that carries the digest of the stage into its key and its environment.
pub const DIGEST_VARIABLE: &str = "WERF_STAGE_DIGEST";

/// Files that we make have this time, in nanoseconds since 1970, so that they are the same every time.
const FILE_TIME: i64 = 0;

/// What the client asked for that concerns the graph and the image.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The platform to build for.
    pub platform: Platform,
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
    pub no_cache: Vec<StageKind>,
    /// `SOURCE_DATE_EPOCH` in seconds.
    pub source_date_epoch: Option<i64>,
    /// The first stage that is tried for the second time in this build.
    pub retried: Option<StageKind>,
    /// The session of the client, which has its directories.
    pub session: String,
    /// `--build-context`: names, and where they lead.
    pub contexts: BTreeMap<String, String>,
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

/// An image, ready to be solved.
pub struct Lowered {
    /// The operations.
    pub graph: Graph,
    /// The file system of the image; `None` if it is empty.
    pub root: Option<Node>,
    /// Its configuration.
    pub config: ImageConfig,
    /// The steps that run something, so that a failure can be told by its stage.
    pub steps: Vec<Step>,
}

/// A stage that runs something.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its exec.
    pub node: Node,
    /// Which stage it is.
    pub kind: StageKind,
    /// Whether it has files of git mappings.
    pub has_sources: bool,
}

impl Lowered {
    /// Returns the step of a stage.
    pub fn step(&self, kind: StageKind) -> Option<&Step> {
        self.steps.iter().find(|step| step.kind == kind)
    }
}

/// Lowers one image. `base` is `None` exactly if the image starts from scratch.
///
/// # Errors
/// What only shows when the base image is known: its configuration, and values that refer to it.
pub fn lower(
    image: &ImagePlan,
    base: Option<&BaseImage>,
    settings: &Settings,
    sources: &[SourceFile],
) -> Result<Lowered, Vec<Diagnostic>> {
    let mut graph = Graph::new();
    let files: Vec<usize> = sources
        .iter()
        .map(|file| graph.source_file(&file.name, file.text.as_bytes(), "YAML"))
        .collect();
    let mut config = base_config(image, base, settings)?;
    let total = 1 + image.stages.iter().filter_map(Work::of).count();
    let lowering = Lowering {
        image,
        settings,
        sources,
        files,
        total,
        env: config.env(),
        mounts: Mounts::new(
            &mut graph,
            image.mounts.iter().chain(&image.inherited_mounts),
            &image.secrets,
            settings,
        )?,
    };

    let mut root = base.map(|base| lowering.base(&mut graph, base));
    if let Some(file) = mounts::emptied(&image.mounts) {
        let name = lowering.step_name(1, StageKind::From.name());
        let name = format!("{name} empty the places of mounts");
        let places: Vec<_> = image.mounts.iter().map(|mount| mount.at.clone()).collect();
        let file = file.name(&name).at(lowering.ranges(&places));
        root = Some(graph.file(root, file));
        config.add_history(&name, false);
    }
    let own_layers = usize::from(!image.mounts.is_empty());
    let mut steps = Vec::new();
    for stage in &image.stages {
        let Some(work) = Work::of(stage) else {
            continue;
        };
        let name = lowering.step_name(steps.len() + 2, stage.kind.name());
        let name = format!("{name} {}", work.summary()).trim_end().to_owned();
        let node = lowering.stage(&mut graph, root, stage, &work, &name);
        config.add_history(&name, false);
        steps.push(Step {
            node,
            kind: stage.kind,
            has_sources: stage.sources.is_some(),
        });
        root = Some(node);
    }
    for (name, value) in &image.service_labels {
        config.set_label(name, value);
    }
    if let Some(docker) = &image.docker {
        config.apply_docker(docker)?;
        config.add_history(
            &format!("[{} dockerInstructions]", lowering.label()).replace("[ ", "["),
            true,
        );
    }
    if let Some(spec) = &image.image_spec {
        config.apply_image_spec(spec)?;
        config.add_history(
            &format!("[{} imageSpec]", lowering.label()).replace("[ ", "["),
            true,
        );
        if spec.clear.contains(&Clear::History) {
            config.clear_history(own_layers + steps.len());
        }
    }
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
        steps,
    })
}

fn base_config(
    image: &ImagePlan,
    base: Option<&BaseImage>,
    settings: &Settings,
) -> Result<ImageConfig, Vec<Diagnostic>> {
    let mut config = match (base, &image.base) {
        (Some(base), Base::Image { reference, at }) => ImageConfig::from_base(&base.config)
            .map_err(|error| {
                vec![
                    Diagnostic::error(format!("base image `{reference}`: {}", error.0))
                        .at(at.clone()),
                ]
            })?,
        _ => ImageConfig::scratch(),
    };
    let platform = &settings.platform;
    config.set_platform(&platform.os, &platform.architecture, &platform.variant);
    Ok(config)
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

    fn script(&self) -> Option<&str> {
        match self {
            Work::Script(script) | Work::SourcesAndScript(script) => Some(&script.text),
            Work::Sources(_) => None,
        }
    }

    /// Returns the arguments of the exec; the digest names the slot. A script gets the facts of the commit from
    /// there, which must not be in its key.
    fn arguments(&self, digest: &str) -> Vec<String> {
        let then = |mut arguments: Vec<String>| {
            arguments.extend(["--".to_owned(), format!("{SHELL_DIRECTORY}/script.sh")]);
            arguments
        };
        let sync = |words: &[&str]| -> Vec<String> {
            let slot = ["--store", STORE_DIRECTORY, "--slot", digest];
            std::iter::once(&SYNC)
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
    files: Vec<usize>,
    /// The number of steps that are shown.
    total: usize,
    /// The environment of the base image.
    env: Vec<(String, String)>,
    mounts: Mounts<'a>,
}

impl Lowering<'_> {
    /// Returns the name of the image as it stands in brackets; empty for the nameless one.
    fn label(&self) -> &str {
        self.image.name.as_str()
    }

    /// Returns `[app 2/4 install]`, or `[2/4 install]` for the nameless image.
    fn step_name(&self, number: usize, stage: &str) -> String {
        let space = if self.label().is_empty() { "" } else { " " };
        format!("[{}{space}{number}/{} {stage}]", self.label(), self.total)
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
        let mut exec = Exec::new(work.arguments(&stage.digest.hex()))
            .root(root)
            .cwd("/")
            .user("0:0")
            .platform(self.settings.platform.clone())
            .mount(
                Mount::bind(SHELL_DIRECTORY, shell)
                    .readonly()
                    .content_cache(ContentCache::Off),
            )
            .mount(
                Mount::cache(STAPEL_DIRECTORY, STORE_ID)
                    .selector(format!("/{}", crate::helper::store::TOOLS))
                    .sharing(CacheSharing::Shared)
                    .readonly(),
            )
            .mount(
                Mount::cache(STORE_DIRECTORY, STORE_ID)
                    .sharing(CacheSharing::Shared)
                    .readonly(),
            )
            .name(name)
            .at(self.ranges(&stage.at));
        exec = self.mounts.add_directories(exec);
        if stage.script.is_some() {
            for (key, value) in &self.env {
                if !LOCALE.iter().any(|(name, _)| name == key) {
                    exec = exec.env(key, value);
                }
            }
            for (key, value) in LOCALE {
                exec = exec.env(key, value);
            }
            exec = self
                .settings
                .apply(self.mounts.add_secrets(exec).network(self.network()));
        } else {
            exec = exec.network(Network::None);
        }
        exec = exec.env(DIGEST_VARIABLE, stage.digest.hex());
        if self
            .settings
            .retried
            .is_some_and(|first| first <= stage.kind)
        {
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
    fn shell_directory(&self, graph: &mut Graph, stage: &StagePlan, script: Option<&str>) -> Node {
        let mut file = File::new(FILE_TIME);
        if let Some(script) = script {
            file = file.mkfile("/script.sh", 0o755, script.as_bytes());
        }
        let mut file = file
            .mkfile("/digest", 0o444, stage.digest.hex().as_bytes())
            .name(format!(
                "[internal] script of {} {}",
                self.image.name, stage.kind
            ));
        if self.settings.no_cache.contains(&stage.kind) {
            file = file.ignore_cache();
        }
        graph.file(None, file)
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

    fn ranges(&self, at: &[crate::error::Location]) -> Vec<SourceRange> {
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
