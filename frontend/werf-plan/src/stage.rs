//! The stages of an image, their order, and what their names are.

use std::fmt;

use serde::{Deserialize, Serialize};
use werf_config::UserStage;

/// A step of an image's build, in werf's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StageKind {
    /// The base image.
    From,
    /// `beforeInstall` instructions.
    BeforeInstall,
    /// Files of other images, before the sources.
    ImportsBeforeInstall,
    /// What is told of other images, after those files.
    DependenciesBeforeInstall,
    /// The files of git mappings, put there for the first time.
    GitArchive,
    /// `install` instructions.
    Install,
    /// Files of other images, after `install`.
    ImportsAfterInstall,
    /// What is told of other images, after those files.
    DependenciesAfterInstall,
    /// `beforeSetup` instructions.
    BeforeSetup,
    /// Files of other images, before `setup`.
    ImportsBeforeSetup,
    /// What is told of other images, after those files.
    DependenciesBeforeSetup,
    /// `setup` instructions.
    Setup,
    /// Files of other images, after `setup`.
    ImportsAfterSetup,
    /// What is told of other images, after those files.
    DependenciesAfterSetup,
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
    pub const ORDER: [StageKind; 18] = [
        StageKind::From,
        StageKind::BeforeInstall,
        StageKind::ImportsBeforeInstall,
        StageKind::DependenciesBeforeInstall,
        StageKind::GitArchive,
        StageKind::Install,
        StageKind::ImportsAfterInstall,
        StageKind::DependenciesAfterInstall,
        StageKind::BeforeSetup,
        StageKind::ImportsBeforeSetup,
        StageKind::DependenciesBeforeSetup,
        StageKind::Setup,
        StageKind::ImportsAfterSetup,
        StageKind::DependenciesAfterSetup,
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
            StageKind::ImportsBeforeInstall => "importsBeforeInstall",
            StageKind::DependenciesBeforeInstall => "dependenciesBeforeInstall",
            StageKind::GitArchive => "gitArchive",
            StageKind::Install => "install",
            StageKind::ImportsAfterInstall => "importsAfterInstall",
            StageKind::DependenciesAfterInstall => "dependenciesAfterInstall",
            StageKind::BeforeSetup => "beforeSetup",
            StageKind::ImportsBeforeSetup => "importsBeforeSetup",
            StageKind::DependenciesBeforeSetup => "dependenciesBeforeSetup",
            StageKind::Setup => "setup",
            StageKind::ImportsAfterSetup => "importsAfterSetup",
            StageKind::DependenciesAfterSetup => "dependenciesAfterSetup",
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
            | StageKind::ImportsBeforeInstall
            | StageKind::DependenciesBeforeInstall
            | StageKind::ImportsAfterInstall
            | StageKind::DependenciesAfterInstall
            | StageKind::ImportsBeforeSetup
            | StageKind::DependenciesBeforeSetup
            | StageKind::ImportsAfterSetup
            | StageKind::DependenciesAfterSetup
            | StageKind::GitArchive
            | StageKind::GitCache
            | StageKind::GitLatestPatch
            | StageKind::DockerInstructions
            | StageKind::ImageSpec => None,
        }
    }
}

impl From<UserStage> for StageKind {
    fn from(stage: UserStage) -> StageKind {
        match stage {
            UserStage::BeforeInstall => StageKind::BeforeInstall,
            UserStage::Install => StageKind::Install,
            UserStage::BeforeSetup => StageKind::BeforeSetup,
            UserStage::Setup => StageKind::Setup,
        }
    }
}

impl fmt::Display for StageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
