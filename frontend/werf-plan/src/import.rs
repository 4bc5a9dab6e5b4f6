//! The stages of `import`.

use werf_config::Placement;

use super::stage::StageKind;

/// Returns when the imports of stage `kind` come; `None` for other stages.
pub fn placement(kind: StageKind) -> Option<Placement> {
    match kind {
        StageKind::ImportsBeforeInstall => Some(Placement::BeforeInstall),
        StageKind::ImportsAfterInstall => Some(Placement::AfterInstall),
        StageKind::ImportsBeforeSetup => Some(Placement::BeforeSetup),
        StageKind::ImportsAfterSetup => Some(Placement::AfterSetup),
        _ => None,
    }
}
