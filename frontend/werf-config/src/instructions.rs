//! What the user stages of an image do, in whichever language it is written.

use std::collections::BTreeMap;

use diagnostic::{Located, Report, Spanned};
use serde::{Deserialize, Serialize};

use super::ansible::Task;
use super::fields::Fields;

/// A stage whose content the user decides, in build order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserStage {
    /// Before the sources are there.
    BeforeInstall,
    /// After the sources are there.
    Install,
    /// After `install`.
    BeforeSetup,
    /// The last one.
    Setup,
}

impl UserStage {
    /// All of them in build order.
    pub const ORDER: [UserStage; 4] = [
        UserStage::BeforeInstall,
        UserStage::Install,
        UserStage::BeforeSetup,
        UserStage::Setup,
    ];

    /// Returns the name as it is written.
    pub fn name(self) -> &'static str {
        match self {
            UserStage::BeforeInstall => "beforeInstall",
            UserStage::Install => "install",
            UserStage::BeforeSetup => "beforeSetup",
            UserStage::Setup => "setup",
        }
    }
}

/// The instructions of an image's user stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// Commands; all of a stage run in one shell.
    Shell(Stages<String>),
    /// Tasks of ansible.
    Tasks(Stages<Task>),
}

/// Instructions of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages<I> {
    /// `cacheVersion`, which salts all four stages, or nothing.
    pub cache_version: String,
    /// The stages for which instructions or a cache version are written.
    pub stages: BTreeMap<UserStage, Stage<I>>,
}

/// The instructions of one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage<I> {
    /// The instructions in their order.
    pub instructions: Vec<Located<I>>,
    /// The salt of this stage, or nothing.
    pub cache_version: String,
}

impl Instructions {
    /// Whether there is the stage `stage`: as in werf, it has instructions or a cache version, and a general
    /// `cacheVersion` makes all four.
    pub fn has_stage(&self, stage: UserStage) -> bool {
        match self {
            Instructions::Shell(stages) => stages.has(stage),
            Instructions::Tasks(stages) => stages.has(stage),
        }
    }

    /// Returns the salt of all four stages, or nothing.
    pub fn cache_version(&self) -> &str {
        match self {
            Instructions::Shell(stages) => &stages.cache_version,
            Instructions::Tasks(stages) => &stages.cache_version,
        }
    }

    /// Returns the salt of a stage, or nothing.
    pub fn version(&self, stage: UserStage) -> &str {
        match self {
            Instructions::Shell(stages) => stages.version(stage),
            Instructions::Tasks(stages) => stages.version(stage),
        }
    }

    /// Returns how many commands or tasks a stage has.
    pub fn count(&self, stage: UserStage) -> usize {
        match self {
            Instructions::Shell(stages) => stages.of(stage).len(),
            Instructions::Tasks(stages) => stages.of(stage).len(),
        }
    }
}

impl<I> Stages<I> {
    /// Reads the four stages and their cache versions from the section of a language; `read` reads the instructions
    /// behind the name of a stage.
    pub(crate) fn read(
        fields: &Fields<'_>,
        report: &mut Report<'_>,
        mut read: impl FnMut(&Fields<'_>, UserStage, &mut Report<'_>) -> Vec<Spanned<I>>,
    ) -> Stages<I> {
        let mut stages = BTreeMap::new();
        for stage in UserStage::ORDER {
            let instructions = read(fields, stage, report);
            let cache_version = fields.plain(&format!("{}CacheVersion", stage.name()));
            if instructions.is_empty() && cache_version.is_empty() {
                continue;
            }
            let instructions = instructions.into_iter().map(|it| report.locate(it));
            let instructions = instructions.collect();
            stages.insert(
                stage,
                Stage {
                    instructions,
                    cache_version,
                },
            );
        }
        Stages {
            cache_version: fields.plain("cacheVersion"),
            stages,
        }
    }

    fn has(&self, stage: UserStage) -> bool {
        !self.cache_version.is_empty() || self.stages.contains_key(&stage)
    }

    /// Returns the instructions of a stage, none where nothing is written.
    pub fn of(&self, stage: UserStage) -> &[Located<I>] {
        let stage = self.stages.get(&stage);
        stage.map_or(&[], |stage| &stage.instructions)
    }

    /// Returns the salt of a stage, or nothing.
    pub fn version(&self, stage: UserStage) -> &str {
        let stage = self.stages.get(&stage);
        stage.map_or("", |stage| &stage.cache_version)
    }
}
