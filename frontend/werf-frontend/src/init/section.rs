//! The sections of `werf.yaml` as far as templates need them.

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// What stands above it.
    pub comment: String,
    /// Its name.
    pub name: String,
    /// Whether it is only there for others.
    pub is_intermediate: bool,
    /// The image that it starts from, or the Dockerfile that it is built by.
    pub base: Base,
    /// The files of the commit that it takes.
    pub git: Vec<Mapping>,
    /// The files of other images that it takes.
    pub imports: Vec<Import>,
    /// Its commands.
    pub commands: Vec<Command>,
    /// What is written into the configuration of the image.
    pub config: Config,
}

/// How an image begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// `from`.
    Image(String),
    /// `dockerfile`.
    Dockerfile(String),
}

/// A stage with commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before the files of the commit are there.
    BeforeInstall,
    /// What changes seldom.
    Install,
    /// What is between.
    BeforeSetup,
    /// What changes often.
    Setup,
}

impl Stage {
    /// All of them, in their order.
    pub const ORDER: [Stage; 4] = [
        Stage::BeforeInstall,
        Stage::Install,
        Stage::BeforeSetup,
        Stage::Setup,
    ];

    /// Returns its key.
    pub fn key(self) -> &'static str {
        match self {
            Stage::BeforeInstall => "beforeInstall",
            Stage::Install => "install",
            Stage::BeforeSetup => "beforeSetup",
            Stage::Setup => "setup",
        }
    }
}

/// A command of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The stage.
    pub stage: Stage,
    /// What stands above it; empty for nothing.
    pub comment: String,
    /// The command.
    pub text: String,
}

/// An entry of `git`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The path in the repository.
    pub add: String,
    /// The path in the image.
    pub to: String,
    /// Who it belongs to, if not root.
    pub owner: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// `includePaths`.
    pub include: Vec<String>,
    /// `excludePaths`.
    pub exclude: Vec<String>,
    /// `stageDependencies`.
    pub dependencies: Vec<Dependencies>,
}

/// What a stage depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependencies {
    /// The stage.
    pub stage: Stage,
    /// What stands above it; empty for nothing.
    pub comment: String,
    /// Masks.
    pub masks: Vec<String>,
}

/// An entry of `import`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The image of the file, or of a registry.
    pub from: String,
    /// The path there.
    pub add: String,
    /// The path here.
    pub to: String,
    /// `before` or `after`.
    pub when: &'static str,
    /// `install` or `setup`.
    pub stage: Stage,
    /// Who it belongs to, if not root.
    pub owner: Option<String>,
    /// Its group.
    pub group: Option<String>,
}

/// `imageSpec.config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What stands above it.
    pub comment: String,
    /// Variables.
    pub env: Vec<(String, String)>,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// Ports.
    pub expose: Vec<String>,
    /// The user.
    pub user: Option<String>,
    /// The working directory.
    pub working_dir: Option<String>,
    /// The signal that stops it.
    pub stop_signal: Option<String>,
    /// The entry point.
    pub entrypoint: Option<Vec<String>>,
    /// The command.
    pub cmd: Option<Vec<String>>,
}

impl Default for Base {
    fn default() -> Base {
        Base::Image("scratch".to_owned())
    }
}

impl Section {
    /// Returns an image that starts from `base`.
    pub fn new(name: &str, base: impl Into<String>) -> Section {
        Section {
            name: name.to_owned(),
            base: Base::Image(base.into()),
            ..Section::default()
        }
    }

    /// Adds a command.
    pub fn run(self, stage: Stage, text: impl Into<String>) -> Section {
        self.run_saying(stage, "", text)
    }

    /// Adds a command with a comment above it.
    pub fn run_saying(mut self, stage: Stage, comment: &str, text: impl Into<String>) -> Section {
        self.commands.push(Command {
            stage,
            comment: comment.to_owned(),
            text: text.into(),
        });
        self
    }
}

impl Import {
    /// Returns what takes `add` of the image `from` to `to`, `before` or `after` the stage `install`.
    pub fn at_install(from: &str, add: &str, to: &str, when: &'static str) -> Import {
        Import {
            from: from.to_owned(),
            add: add.to_owned(),
            to: to.to_owned(),
            when,
            stage: Stage::Install,
            owner: None,
            group: None,
        }
    }
}

/// Returns the words of a command line.
pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|it| (*it).to_owned()).collect()
}

impl Mapping {
    /// Has `stage` depend on `masks`.
    pub fn depends(
        mut self,
        stage: Stage,
        comment: &str,
        masks: impl IntoIterator<Item = impl Into<String>>,
    ) -> Mapping {
        self.dependencies.push(Dependencies {
            stage,
            comment: comment.to_owned(),
            masks: masks.into_iter().map(Into::into).collect(),
        });
        self
    }
}
