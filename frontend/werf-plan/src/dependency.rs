//! The stages of `dependencies`, and what a build lacks for them.
//!
//! In werf the imports and the dependencies of one place are one stage. Here they are two, in this order, since the first is
//! a copy and the second changes the environment alone.

use diagnostic::{Diagnostic, Location};
use serde::{Deserialize, Serialize};
use werf_config::{Dependency, ImageFact, ImageName, Placement};

use super::stage::StageKind;

/// Returns when the dependencies of stage `kind` come; `None` for other stages.
pub fn placement(kind: StageKind) -> Option<Placement> {
    match kind {
        StageKind::DependenciesBeforeInstall => Some(Placement::BeforeInstall),
        StageKind::DependenciesAfterInstall => Some(Placement::AfterInstall),
        StageKind::DependenciesBeforeSetup => Some(Placement::BeforeSetup),
        StageKind::DependenciesAfterSetup => Some(Placement::AfterSetup),
        _ => None,
    }
}

/// Something that an image is told of another one, and that the client has not given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingValue {
    /// The variable or build argument.
    pub target: String,
    /// What it is to be told.
    pub fact: ImageFact,
    /// Of which image.
    pub of: ImageName,
    /// Where the variable or build argument is named.
    pub at: Location,
}

impl MissingValue {
    /// Returns those of `dependencies`.
    pub fn all<'a>(dependencies: impl IntoIterator<Item = &'a Dependency>) -> Vec<MissingValue> {
        let mut missing = Vec::new();
        for dependency in dependencies {
            let imports = dependency.imports.iter();
            missing.extend(
                imports
                    .filter(|import| import.value.is_none())
                    .map(|import| MissingValue {
                        target: import.target.clone(),
                        fact: import.fact,
                        of: dependency.image.clone(),
                        at: import.at.clone(),
                    }),
            );
        }
        missing
    }
}

/// Returns the mistake of building without `missing`, each with the image that lacks it: all of them at once, and the
/// commands by which they come to be and are given. `None` if nothing is missing.
pub fn explain(missing: &[(&ImageName, &MissingValue)]) -> Option<Diagnostic> {
    let (_, first) = missing.first()?;
    let mut targets: Vec<&str> = Vec::new();
    let mut sources: Vec<String> = Vec::new();
    for (_, value) in missing {
        if !targets.contains(&value.target.as_str()) {
            targets.push(&value.target);
        }
        let source = value.of.to_string();
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let shown: Vec<String> = targets.iter().map(|target| format!("`{target}`")).collect();
    let message = match shown.len() {
        1 => format!(
            "{} has no value: an image has a name and a digest when it is pushed, and not before",
            shown[0]
        ),
        count => format!(
            "{count} variables have no value: {}; images have a name and a digest when they are pushed, and not before",
            shown.join(", ")
        ),
    };
    let file = &first.at.file;
    let arguments: Vec<String> = targets
        .iter()
        .map(|target| format!("--build-arg {target}=VALUE"))
        .collect();
    let option = match file.as_str() {
        "werf.yaml" | "werf.yml" => String::new(),
        file => format!(" -f {file}"),
    };
    let hint = format!(
        "push {} first: `werf-frontend bake{option} --repo REPO > bake.json && docker buildx bake -f bake.json step-1 --push --metadata-file meta.json`, \
         then the others: `werf-frontend bake{option} --repo REPO --metadata-file meta.json > bake.json && docker buildx bake -f bake.json step-2 --push`; \
         or give what you know: `{}`",
        sources
            .iter()
            .map(|source| format!("`{source}`"))
            .collect::<Vec<_>>()
            .join(", "),
        arguments.join(" ")
    );
    let mut mistake = Diagnostic::error(message).at(first.at.clone()).hint(hint);
    for (image, value) in missing {
        mistake = mistake.note(format!(
            "`{}` of image `{image}` in line {} is the `{}` of image `{}`",
            value.target,
            value.at.start.line,
            value.fact.name(),
            value.of
        ));
    }
    Some(mistake)
}
