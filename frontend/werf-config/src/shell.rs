//! `shell`: the commands of the user stages (spec 1.9).

use std::collections::BTreeMap;

use diagnostic::Spanned;
use serde::{Deserialize, Serialize};

use super::raw::RawShell;

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

/// The commands of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shell {
    /// `cacheVersion`, which salts all four stages, or nothing.
    pub cache_version: String,
    /// The stages for which commands or a cache version are written.
    pub stages: BTreeMap<UserStage, ShellStage>,
}

/// One stage of [`Shell`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellStage {
    /// The commands; all of a stage run in one shell.
    pub commands: Vec<Spanned<String>>,
    /// The salt of this stage, or nothing.
    pub cache_version: String,
}

impl Shell {
    /// Whether there is the stage `stage`: it has commands or a cache version (spec 3.1).
    pub fn has_stage(&self, stage: UserStage) -> bool {
        !self.cache_version.is_empty() || self.stages.contains_key(&stage)
    }
}

impl RawShell {
    /// Turns what was written into what is meant.
    pub fn resolve(self) -> Shell {
        let text = |version: Option<Spanned<String>>| {
            version.map_or_else(String::new, |version| version.value)
        };
        let mut stages = BTreeMap::new();
        for (stage, (commands, version)) in UserStage::ORDER
            .into_iter()
            .zip(self.commands.into_iter().zip(self.versions))
        {
            let cache_version = text(version);
            if !commands.is_empty() || !cache_version.is_empty() {
                stages.insert(
                    stage,
                    ShellStage {
                        commands,
                        cache_version,
                    },
                );
            }
        }
        Shell {
            cache_version: text(self.cache_version),
            stages,
        }
    }
}
