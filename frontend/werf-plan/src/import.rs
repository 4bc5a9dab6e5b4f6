//! The stages of `import` (spec 7).

use diagnostic::SourceText;
use werf_config::{Image, Import, ImportSource, Placement, UserStage};

use super::digest::DigestWriter;
use super::file::{ImportFrom, ImportPlan};
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

/// Plans the imports of `image` that come at `placement`.
pub fn plan(image: &Image, placement: Placement, source: &SourceText) -> Vec<ImportPlan> {
    let imports = image.imports.iter();
    let imports = imports.filter(|import| import.placement == placement);
    imports.map(|import| plan_one(import, source)).collect()
}

fn plan_one(import: &Import, source: &SourceText) -> ImportPlan {
    ImportPlan {
        from: match &import.from {
            ImportSource::Image(image) => ImportFrom::Sibling {
                image: image.clone(),
                stage: import.stage.as_ref().map(|stage| match stage.value {
                    UserStage::BeforeInstall => StageKind::BeforeInstall,
                    UserStage::Install => StageKind::Install,
                    UserStage::BeforeSetup => StageKind::BeforeSetup,
                    UserStage::Setup => StageKind::Setup,
                }),
            },
            ImportSource::Reference(reference) => ImportFrom::Image {
                reference: reference.clone(),
            },
        },
        add: import.add.value.clone(),
        to: import.to.value.clone(),
        include_paths: import.include_paths.clone(),
        exclude_paths: import.exclude_paths.clone(),
        owner: import.owner.clone(),
        group: import.group.clone(),
        at: source.location(import.from_at),
    }
}

/// Adds the imports to the digest of their stage: what is asked for, and not of whom. What is got is in BuildKit's key.
pub fn digest(imports: &[ImportPlan], mut writer: DigestWriter) -> DigestWriter {
    for import in imports {
        writer = writer
            .field("import", &import.to)
            .field("add", &import.add)
            .fields("include", &import.include_paths)
            .fields("exclude", &import.exclude_paths)
            .optional("owner", &import.owner)
            .optional("group", &import.group);
    }
    writer
}
