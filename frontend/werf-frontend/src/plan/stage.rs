//! The stages of an image, their order, and what their names are.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::UserStage;

/// A step of an image's build, in werf's words (spec `werf-yaml.md` 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StageKind {
    /// The base image.
    From,
    /// `beforeInstall` instructions.
    BeforeInstall,
    /// `install` instructions.
    Install,
    /// `beforeSetup` instructions.
    BeforeSetup,
    /// `setup` instructions.
    Setup,
    /// The `docker` section: configuration only, no layer.
    DockerInstructions,
}

impl StageKind {
    /// All stages in build order.
    pub const ORDER: [StageKind; 6] = [
        StageKind::From,
        StageKind::BeforeInstall,
        StageKind::Install,
        StageKind::BeforeSetup,
        StageKind::Setup,
        StageKind::DockerInstructions,
    ];

    /// Returns werf's name of the stage, which is also its name in digests and progress.
    pub fn name(self) -> &'static str {
        match self {
            StageKind::From => "from",
            StageKind::BeforeInstall => "beforeInstall",
            StageKind::Install => "install",
            StageKind::BeforeSetup => "beforeSetup",
            StageKind::Setup => "setup",
            StageKind::DockerInstructions => "dockerInstructions",
        }
    }

    /// Returns the user stage that this is, or `None` for a stage of werf's own.
    pub fn user_stage(self) -> Option<UserStage> {
        match self {
            StageKind::BeforeInstall => Some(UserStage::BeforeInstall),
            StageKind::Install => Some(UserStage::Install),
            StageKind::BeforeSetup => Some(UserStage::BeforeSetup),
            StageKind::Setup => Some(UserStage::Setup),
            StageKind::From | StageKind::DockerInstructions => None,
        }
    }
}

impl fmt::Display for StageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
