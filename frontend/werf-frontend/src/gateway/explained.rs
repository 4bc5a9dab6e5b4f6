//! `--build-arg WERF_EXPLAIN=IMAGE`: which stages run again since an image was built, and why, in one note.
//!
//! The image says itself what its stages were made of (`werf-plan`: `stages_label.rs`). That is less than two commits say, which
//! `werf-frontend explain` compares: names of fields and no values, no files. Whatever is wrong with the image is said in the note, and the build goes on.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use buildkit_llb::normalise_reference;
use buildkit_proto::frontend::WarnRequest;
use diagnostic::printable;
use serde_json::Value;
use werf_config::{Base, ImportFrom};
use werf_plan::agreed::EXPLAIN_ARGUMENT;
use werf_plan::differing::written_as;
use werf_plan::file::{ImagePlan, Plan, StagePlan};
use werf_plan::service_labels::{IMAGE, PROJECT, STAGES};
use werf_plan::stage::StageKind;
use werf_plan::stages_label::{BadLabel, Because, Rerun, StagesLabel};
use werf_plan::target::Target;

use crate::lower::{Bases, Settings};

use super::bases;
use super::bridge::{Bridge, CallError};
use super::building::Build;
use super::failure::Failure;

/// Where the label of an image names the commit that it was built of, if whoever built it said so.
const REVISION: &str = "org.opencontainers.image.revision";

/// What is to be built.
pub(super) struct Planned<'a> {
    pub plan: &'a Plan,
    pub target: Target<'a>,
    pub settings: &'a Settings,
    pub bases: &'a Bases,
    /// The digest of PLAN's vertex, which the note is shown on.
    pub vertex: &'a str,
}

/// Says what the client has asked for, once in a build, and as soon as it is known which stages there are.
pub(super) async fn note(
    bridge: &mut Bridge,
    build: &Build<'_>,
    planned: &Planned<'_>,
) -> Result<(), Failure> {
    let Some(reference) = &build.request.explain else {
        return Ok(());
    };
    let is_unknown = |image: &&ImagePlan| image.baseline_is_unknown;
    let mut needed = planned.plan.needed(planned.target.name()).into_iter();
    if needed.any(|it| it.image().as_ref().is_some_and(is_unknown))
        || build.is_explained.swap(true, Ordering::Relaxed)
    {
        return Ok(());
    }
    let normalised = normalise_reference(reference);
    let log_name = format!("[internal] load metadata for {normalised}");
    let platform = planned.settings.platform.to_proto();
    let mode = &build.request.resolve_mode;
    let found = bridge.resolve_image(&normalised, &platform, mode, &log_name);
    let said = match found.await {
        Ok(image) => explain(planned, &image.config),
        Err(CallError::Status(status)) => Err(format!("it is not found: {}", status.message)),
        Err(gone) => return Err(gone.into()),
    };
    let reference = printable::line(reference);
    let text = match said {
        Ok(text) => format!("{EXPLAIN_ARGUMENT}: since `{reference}` {text}"),
        Err(why) => {
            let why = printable::line(&why);
            format!("{EXPLAIN_ARGUMENT}: nothing is compared with `{reference}`: {why}")
        }
    };
    let request = WarnRequest {
        digest: planned.vertex.to_owned(),
        level: 1,
        short: text.into_bytes(),
        ..WarnRequest::default()
    };
    Ok(bridge.warn(request).await?)
}

/// Returns what is said of the image with the configuration `config`, or why nothing can be.
fn explain(planned: &Planned<'_>, config: &[u8]) -> Result<String, String> {
    let Target::Image(target) = planned.target else {
        let name = planned.target.name();
        return Err(format!(
            "image `{name}` is built from a Dockerfile, whose instructions BuildKit compares"
        ));
    };
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    let label = |name: &str| config["config"]["Labels"][name].as_str();
    let Some(text) = label(STAGES) else {
        return Err(match label(PROJECT) {
            Some(_) => format!(
                "it has no label `{STAGES}`; it was built from a Dockerfile or by an older version, or `imageSpec` has removed the label"
            ),
            None => format!("it was not built of a `werf.yaml`: it has no label `{STAGES}`"),
        });
    };
    let before = StagesLabel::read(text).map_err(|bad| match bad {
        BadLabel::Unreadable => format!("its label `{STAGES}` cannot be read"),
        BadLabel::Later(version) => {
            format!("its label `{STAGES}` is that of a newer frontend, in version {version}")
        }
    })?;
    // What is built on an image of ours from a Dockerfile has the labels of that one.
    let is_of = |project: &str, image: &str| {
        label(PROJECT) == Some(project)
            && label(IMAGE).unwrap_or_default() == image
            && before.image() == image
    };
    let project = &planned.plan.project;
    if !is_of(project, target.name.as_str()) {
        return Err(format!(
            "it is image `{}` of project `{}`, and the build is of image `{}` of project `{project}`",
            label(IMAGE).unwrap_or_default(),
            label(PROJECT).unwrap_or_default(),
            target.name
        ));
    }
    let reruns = before.compare(planned.plan, target, |image, stage| {
        let forced = (image.name.clone(), stage.kind);
        if planned.settings.no_cache.contains(&forced) {
            return Some("`--no-cache`".to_owned());
        }
        let has_moved = stage.kind == StageKind::From && has_moved(planned, image, &config);
        has_moved.then(|| "its base has moved in the registry".to_owned())
    });
    Ok(text_of(planned, target, &reruns, label(REVISION)))
}

/// Whether `image` starts from an image of a registry that is no more the one at the bottom of the image with `config`.
fn has_moved(planned: &Planned<'_>, image: &ImagePlan, config: &Value) -> bool {
    let Base::Image { .. } = image.base else {
        return false;
    };
    let layers = |config: &Value| {
        let layers = config["rootfs"]["diff_ids"].as_array();
        layers.cloned().unwrap_or_default()
    };
    let base = bases::of(planned.plan, image, planned.bases);
    let base: Option<Value> = base.and_then(|base| serde_json::from_slice(&base.config).ok());
    let (base, built) = (
        base.map(|it| layers(&it)).unwrap_or_default(),
        layers(config),
    );
    !built.is_empty() && !built.starts_with(&base)
}

fn text_of(
    planned: &Planned<'_>,
    target: &ImagePlan,
    reruns: &[Rerun],
    revision: Option<&str>,
) -> String {
    let steps = || reruns.iter().filter(|it| it.has_step);
    let running = steps().filter(|it| !it.because.is_empty()).count();
    let mut text = match running {
        0 => "no step runs again".to_owned(),
        1 => "1 step runs again".to_owned(),
        _ => format!("{running} steps run again"),
    };
    let _ = write!(text, ", {} found in the cache", steps().count() - running);
    // What is configuration only changes with whatever is before it.
    let only_follows = |it: &&Rerun| {
        it.because
            .iter()
            .all(|why| matches!(why, Because::Earlier(_)))
    };
    let told = |it: &&Rerun| !it.because.is_empty() && (it.has_step || !only_follows(it));
    for rerun in reruns.iter().filter(told) {
        let why: Vec<String> = rerun
            .because
            .iter()
            .map(|it| why(it, rerun, planned.plan))
            .collect();
        let layer = rerun.layer.map_or_else(String::new, |it| format!(" {it}"));
        let image = match rerun.image.as_str() {
            "" => String::new(),
            name => format!("{name}/"),
        };
        let line = format!("{image}{}{layer}: {}", rerun.stage, why.join("; "));
        let _ = write!(text, "\n   {}", printable::line(&line));
    }
    if let Some(line) = not_compared(planned.plan, target) {
        let _ = write!(text, "\n   {}", printable::line(&line));
    }
    if let (Some(revision), true) = (revision, running > 0) {
        let line = format!("the files: `werf-frontend explain --from {revision}`");
        let _ = write!(text, "\n   {}", printable::line(&line));
    }
    text
}

fn why(because: &Because, rerun: &Rerun, plan: &Plan) -> String {
    let mut images = plan.images.iter();
    let image = images.find(|image| image.name == rerun.image);
    let place = || {
        let mut stages = image.into_iter().flat_map(|image| &image.stages);
        let of_kind = |stage: &&StagePlan| stage.kind == rerun.stage;
        let stage = stages
            .by_ref()
            .filter(of_kind)
            .nth(rerun.layer.unwrap_or(1) - 1);
        let at = stage.and_then(|stage| stage.at.first());
        at.map_or_else(String::new, |at| {
            format!(" ({}:{})", at.file, at.start.line)
        })
    };
    match because {
        Because::New => "it is new".to_owned(),
        Because::OtherDigest => "it has another digest".to_owned(),
        Because::Base(image) => format!("image `{image}` is another one"),
        Because::Earlier(stage) => format!("because of {stage} before it"),
        Because::Gone(stage) => format!("{stage} before it is no more"),
        Because::Known(why) => why.clone(),
        Because::Field(name) => match name.as_str() {
            "command" => format!("its commands are different{}", place()),
            "task" => format!("its tasks are different{}", place()),
            "dependencies" => "files of its `stageDependencies` are different".to_owned(),
            "files" => "files are different".to_owned(),
            "mebibytes" => "another mebibyte of files has changed".to_owned(),
            "base" => format!("it starts from another image{}", place()),
            name => format!("`{}` is different", written_as(name, rerun.stage)),
        },
    }
}

/// Returns what is not known: an image does not say what the images were that it has files of.
fn not_compared(plan: &Plan, target: &ImagePlan) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut image = Some(target);
    while let Some(here) = image {
        for import in here.stages.iter().flat_map(|stage| &stage.imports) {
            if let ImportFrom::Sibling { image, .. } = &import.from {
                let name = format!("`{image}`");
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        image = match &here.base {
            Base::Sibling { image, .. } => plan.image(image),
            Base::Image { .. } | Base::Scratch => None,
        };
    }
    (!names.is_empty()).then(|| {
        format!(
            "not compared: {}, which files are imported from",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests;
