//! One stage as one exec: what it runs, what it sees, and what of that is in its key.

use buildkit_llb::{ContentCache, Exec, File, Graph, Mount, Network, Node, ProgressGroup};
use diagnostic::{Location, printable};
use werf_config::NetworkMode;
use werf_plan::agreed::{DIGEST_VARIABLE, SHELL_DIRECTORY, STORE_DIRECTORY, TOOLS};
use werf_plan::file::{Sources, StagePlan};
use werf_plan::playbook;
use werf_plan::script::{Script, ScriptKind};

use super::image::Lowering;
use super::store::{SYNC, with_store};
use super::{Command, FILE_TIME, of_attempt, toolchain};

/// The locale of every stage; it is not put into the image.
const LOCALE: [(&str, &str); 2] = [("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")];

/// Whether a stage does something in the file system.
pub(super) fn has_step(stage: &StagePlan) -> bool {
    StageCommand::of(stage).is_some() || !stage.imports.is_empty()
}

/// Returns what progress shows of a stage besides its name.
pub(super) fn summary(stage: &StagePlan) -> String {
    let summary = match StageCommand::of(stage) {
        Some(command) => command.summary().to_owned(),
        None => {
            let paths = stage.imports.iter().map(|import| import.to.as_str());
            paths.collect::<Vec<_>>().join(", ")
        }
    };
    printable::line(&summary).into_owned()
}

/// Returns what the history of the image shows of a stage besides its name, where that is more than progress shows.
pub(super) fn history(stage: &StagePlan) -> Option<String> {
    let history = stage.script.as_ref()?.history.as_deref()?;
    Some(printable::line(history).into_owned())
}

/// Returns where the tasks of a stage are written, if it is one of ansible's.
pub(super) fn tasks_of(stage: &StagePlan) -> Vec<Location> {
    let script = stage.script.as_ref();
    match script.map(|script| script.kind) {
        Some(ScriptKind::Playbook) => stage.at.clone(),
        Some(ScriptKind::Shell) | None => Vec::new(),
    }
}

/// Returns the commands of a stage, if it is one of a shell's.
pub(super) fn commands_of(stage: &StagePlan) -> Vec<Command> {
    let commands = stage.script.iter().flat_map(Script::commands);
    let placed = commands.zip(&stage.at);
    let placed = placed.map(|((line, text), at)| Command {
        text,
        line,
        at: at.clone(),
    });
    placed.collect()
}

/// What a stage runs.
pub(super) enum StageCommand<'a> {
    /// A script.
    Script(&'a Script),
    /// Sources, and then a script.
    SourcesAndScript(&'a Script),
    /// Sources, put there by `stapel-sync` with these words.
    Sources(Vec<&'a str>),
}

impl<'a> StageCommand<'a> {
    /// Returns what `stage` runs, or `None` for one that only exists by name.
    pub(super) fn of(stage: &'a StagePlan) -> Option<StageCommand<'a>> {
        match (&stage.sources, &stage.script) {
            (None, None) => None,
            (None, Some(script)) => Some(StageCommand::Script(script)),
            (Some(_), Some(script)) => Some(StageCommand::SourcesAndScript(script)),
            (Some(Sources::Archive), None) => {
                Some(StageCommand::Sources(vec!["sync", "--initial"]))
            }
            (Some(Sources::Update), None) => Some(StageCommand::Sources(vec!["sync"])),
            (Some(Sources::Finish(tree)), None) => {
                Some(StageCommand::Sources(vec!["finish", "--tree", tree]))
            }
        }
    }

    /// Returns the commands as progress shows them.
    fn summary(&self) -> &str {
        match self {
            StageCommand::Script(script) | StageCommand::SourcesAndScript(script) => {
                &script.summary
            }
            StageCommand::Sources(_) => "",
        }
    }

    fn script(&self) -> Option<&Script> {
        match self {
            StageCommand::Script(script) | StageCommand::SourcesAndScript(script) => Some(script),
            StageCommand::Sources(_) => None,
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
            StageCommand::Script(_) => then(sync(&["exec"])),
            StageCommand::SourcesAndScript(_) => then(sync(&["run"])),
            StageCommand::Sources(words) => sync(words),
        }
    }
}

impl Lowering<'_> {
    /// One stage: what it does with the sources, then its script.
    pub(super) fn stage(
        &self,
        graph: &mut Graph,
        root: Option<Node>,
        stage: &StagePlan,
        command: &StageCommand<'_>,
        name: &str,
    ) -> Node {
        let shell = self.shell_directory(graph, root, stage, command.script());
        let (directory, tools) = match command.kind() {
            ScriptKind::Shell => (SHELL_DIRECTORY, TOOLS.to_owned()),
            ScriptKind::Playbook => (
                playbook::DIRECTORY,
                stapel_sync::store::toolchains::path(&self.settings.toolchain),
            ),
        };
        let mut exec = Exec::new(command.arguments(&stage.digest.hex()))
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
        exec = with_store(exec, &tools, self.settings.store);
        exec = self.mounts.add_directories(exec);
        let (added, mounts) = toolchain::environment(command.kind(), &self.env);
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
        exec = self.settings.of_commit(self.of_attempt(exec, stage));
        graph.exec(exec).root()
    }

    /// The script and the digest of a stage, in a file system of their own.
    ///
    /// `--no-cache` marks this one with `ignore_cache`, and not the exec, since BuildKit would then empty the cache mounts of
    /// the exec, STORE among them. The exec mounts it by definition (`ContentCache::Off`): where it is marked, the exec
    /// has no cache key to be found by, and runs; its result is stored under the usual key. The same goes for a stage on top
    /// of one that has to run ([`Graph::ignores_cache`]). The digest in the file system keeps the stages of two images with
    /// equal scripts apart.
    pub(super) fn shell_directory(
        &self,
        graph: &mut Graph,
        root: Option<Node>,
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
                printable::line(&self.image.name.to_string()),
                stage.kind
            ))
            .progress_group(ProgressGroup::new(
                format!("werf-scripts-{}", self.settings.session),
                "[internal] scripts of stages",
            ));
        let is_forced = self.is_forced(graph, root, stage);
        graph.file(None, self.uncached(is_forced, file))
    }

    /// Makes an exec one of the attempt in which the stage is built.
    pub(super) fn of_attempt(&self, exec: Exec, stage: &StagePlan) -> Exec {
        let attempts = &self.settings.attempts;
        let attempt = attempts.of(&self.image.name, stage.kind, &stage.digest.hex());
        of_attempt(exec, attempt)
    }

    /// Whether a stage on top of `root` has to run even if it is cached: because the client wants that, or because what
    /// it is built on has to.
    fn is_forced(&self, graph: &Graph, root: Option<Node>, stage: &StagePlan) -> bool {
        let key = (self.image.name.clone(), stage.kind);
        self.settings.no_cache.contains(&key) || root.is_some_and(|root| graph.ignores_cache(root))
    }

    /// Adds file actions on top of `root`, for `stage` if they are those of one. They are marked themselves where the stage,
    /// what they are built on or what they copy has to run even if it is cached.
    pub(super) fn file(
        &self,
        graph: &mut Graph,
        root: Option<Node>,
        stage: Option<&StagePlan>,
        file: File,
    ) -> Node {
        let is_forced = match stage {
            Some(stage) => self.is_forced(graph, root, stage),
            None => root.is_some_and(|root| graph.ignores_cache(root)),
        };
        let is_forced = is_forced || file.copies_from().any(|from| graph.ignores_cache(from));
        graph.file(root, self.uncached(is_forced, file))
    }

    /// Marks `file` if it has to be made even if it is cached.
    ///
    /// The worker filter excludes no worker and is in no cache key. It makes the marked operation one of this session
    /// alone. Without it, BuildKit before 0.19 goes down when one build marks an operation, another build has the same
    /// operation unmarked, and both make the same of it (`walkProvenance` in `solver/jobs.go`, pull request 5606).
    pub(super) fn uncached(&self, is_forced: bool, file: File) -> File {
        if !is_forced {
            return file;
        }
        file.ignore_cache().worker(self.mark())
    }

    /// Returns the worker filter of what has to be made even if it is cached.
    pub(super) fn mark(&self) -> String {
        format!("id!=no-cache-{}", self.settings.session)
    }

    /// The network of commands: what the client asked for, as in werf, else the image's own. Clients do not say `default`.
    fn network(&self) -> Network {
        if self.settings.network != Network::Sandbox {
            return self.settings.network;
        }
        match self.image.network.as_ref().map(|network| network.value) {
            None | Some(NetworkMode::Default) => Network::Sandbox,
            Some(NetworkMode::Host) => Network::Host,
            Some(NetworkMode::None) => Network::None,
        }
    }
}
