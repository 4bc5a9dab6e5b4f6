//! `imageSpec` in the plan: what it does to the image's configuration, and what it adds to a digest.

use std::collections::BTreeMap;

use diagnostic::{SourceText, Spanned};
use serde::{Deserialize, Serialize};
use werf_config::image_spec::label;
use werf_config::{ImageName, ImageSpec};

use super::digest::DigestWriter;
use super::file::DockerValue;

/// The `imageSpec` section as it is applied (spec `werf-yaml.md` 8.4). What says nothing is not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageSpecPlan {
    /// The author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What is emptied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clear: Vec<Clear>,
    /// Whether the labels of this frontend stay, whatever is removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_service_labels: bool,
    /// Labels to remove: names, or expressions between slashes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_labels: Vec<String>,
    /// Variables to remove, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_env: Vec<String>,
    /// Volumes to remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_volumes: Vec<String>,
    /// Labels to set, with their variables replaced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Variables to set, as words of a Dockerfile.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, DockerValue>,
    /// Volumes to add.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// All ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expose: Option<Vec<String>>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// The signal that stops a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// The entry point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// The health check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<werf_config::docker::healthcheck::Healthcheck>,
}

/// What `imageSpec` can empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Clear {
    /// The texts of history records.
    History,
    /// The labels of this frontend.
    ServiceLabels,
    /// The command.
    Cmd,
    /// The entry point.
    Entrypoint,
    /// The user.
    User,
    /// The working directory.
    WorkingDir,
}

impl Clear {
    fn name(self) -> &'static str {
        match self {
            Clear::History => "history",
            Clear::ServiceLabels => "serviceLabels",
            Clear::Cmd => "cmd",
            Clear::Entrypoint => "entrypoint",
            Clear::User => "user",
            Clear::WorkingDir => "workingDir",
        }
    }
}

/// Returns what `spec` empties, in a fixed order.
fn cleared(spec: &ImageSpec) -> Vec<Clear> {
    [
        (spec.clear_history, Clear::History),
        (spec.clear_werf_labels, Clear::ServiceLabels),
        (spec.clear_cmd, Clear::Cmd),
        (spec.clear_entrypoint, Clear::Entrypoint),
        (spec.clear_user, Clear::User),
        (spec.clear_working_dir, Clear::WorkingDir),
    ]
    .into_iter()
    .filter_map(|(is_on, what)| is_on.then_some(what))
    .collect()
}

/// Plans the section of the image `name`.
pub fn plan(
    spec: &ImageSpec,
    name: &ImageName,
    project: &str,
    source: &SourceText,
) -> ImageSpecPlan {
    let expand = |text: &String| {
        label::expand(text, name.as_str(), project).unwrap_or_else(|_| text.clone())
    };
    let value = |value: &Spanned<String>| DockerValue {
        text: value.value.clone(),
        at: source.location(value.span),
    };
    ImageSpecPlan {
        author: spec.author.clone(),
        clear: cleared(spec),
        keep_service_labels: spec.keep_essential_werf_labels,
        remove_labels: spec.remove_labels.clone(),
        remove_env: spec.remove_env.clone(),
        remove_volumes: spec.remove_volumes.clone(),
        labels: spec
            .labels
            .iter()
            .map(|(name, value)| (expand(name), expand(value)))
            .collect(),
        env: spec
            .env
            .iter()
            .map(|(name, text)| (name.clone(), value(text)))
            .collect(),
        volumes: spec.volumes.clone(),
        expose: spec.expose.clone(),
        user: spec.user.clone(),
        working_dir: spec.working_dir.clone(),
        stop_signal: spec.stop_signal.clone(),
        cmd: spec.cmd.clone(),
        entrypoint: spec.entrypoint.clone(),
        healthcheck: spec.healthcheck.clone(),
    }
}

/// Adds what the section says to a digest; the order of what is removed or added does not matter. Labels enter as
/// written, so that the name of an image is in no digest.
pub fn digest(spec: &ImageSpec, writer: DigestWriter) -> DigestWriter {
    let sorted = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        texts
    };
    let mut writer = writer
        .optional("author", spec.author.as_deref().unwrap_or_default())
        .fields("clear", cleared(spec).into_iter().map(Clear::name))
        .optional(
            "keepEssentialWerfLabels",
            if spec.keep_essential_werf_labels {
                "true"
            } else {
                ""
            },
        )
        .fields("removeLabels", sorted(&spec.remove_labels))
        .fields("removeEnv", sorted(&spec.remove_env))
        .fields("removeVolumes", sorted(&spec.remove_volumes));
    for (name, value) in &spec.labels {
        writer = writer.field("labels", name).field("value", value);
    }
    for (name, value) in &spec.env {
        writer = writer.field("env", name).field("value", &value.value);
    }
    writer = writer
        .fields("volumes", sorted(&spec.volumes))
        .optional("user", spec.user.as_deref().unwrap_or_default())
        .optional(
            "workingDir",
            spec.working_dir.as_deref().unwrap_or_default(),
        )
        .optional(
            "stopSignal",
            spec.stop_signal.as_deref().unwrap_or_default(),
        );
    // An empty list is something else than none.
    for (name, list) in [
        ("expose", spec.expose.as_deref().map(sorted)),
        ("cmd", spec.cmd.clone()),
        ("entrypoint", spec.entrypoint.clone()),
    ] {
        if let Some(list) = list {
            writer = writer.field(name, json(&list));
        }
    }
    match &spec.healthcheck {
        Some(check) => writer.field("healthcheck", json(check)),
        None => writer,
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers can be written")
}
