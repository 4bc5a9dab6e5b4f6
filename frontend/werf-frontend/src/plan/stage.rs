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
    /// The files of git mappings, put there for the first time.
    GitArchive,
    /// `install` instructions.
    Install,
    /// `beforeSetup` instructions.
    BeforeSetup,
    /// `setup` instructions.
    Setup,
    /// The files brought up to date when much has changed since the last user stage was built.
    GitCache,
    /// The files brought to the commit.
    GitLatestPatch,
    /// The `docker` section: configuration only, no layer.
    DockerInstructions,
    /// The `imageSpec` section: configuration only, no layer.
    ImageSpec,
}

impl StageKind {
    /// All stages in build order.
    pub const ORDER: [StageKind; 10] = [
        StageKind::From,
        StageKind::BeforeInstall,
        StageKind::GitArchive,
        StageKind::Install,
        StageKind::BeforeSetup,
        StageKind::Setup,
        StageKind::GitCache,
        StageKind::GitLatestPatch,
        StageKind::DockerInstructions,
        StageKind::ImageSpec,
    ];

    /// Returns werf's name of the stage, which is also its name in digests and progress.
    pub fn name(self) -> &'static str {
        match self {
            StageKind::From => "from",
            StageKind::BeforeInstall => "beforeInstall",
            StageKind::GitArchive => "gitArchive",
            StageKind::Install => "install",
            StageKind::BeforeSetup => "beforeSetup",
            StageKind::Setup => "setup",
            StageKind::GitCache => "gitCache",
            StageKind::GitLatestPatch => "gitLatestPatch",
            StageKind::DockerInstructions => "dockerInstructions",
            StageKind::ImageSpec => "imageSpec",
        }
    }

    /// Returns the user stage that this is, or `None` for a stage of werf's own.
    pub fn user_stage(self) -> Option<UserStage> {
        match self {
            StageKind::BeforeInstall => Some(UserStage::BeforeInstall),
            StageKind::Install => Some(UserStage::Install),
            StageKind::BeforeSetup => Some(UserStage::BeforeSetup),
            StageKind::Setup => Some(UserStage::Setup),
            StageKind::From
            | StageKind::GitArchive
            | StageKind::GitCache
            | StageKind::GitLatestPatch
            | StageKind::DockerInstructions
            | StageKind::ImageSpec => None,
        }
    }
}

impl fmt::Display for StageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
