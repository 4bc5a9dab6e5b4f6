//! Decides what is to be built: a configuration in, the stages of every image and their digests out.
//!
//! Pure: no file, network or clock is touched, so the same configuration always gives the same plan.

pub mod digest;
pub mod file;
pub mod script;
pub mod stage;

use crate::config::{Config, Docker, From, Image, Shell, SourceText, Spanned, UserStage};
use crate::error::Location;

use digest::{Digest, DigestField, DigestWriter};
use file::{Base, DockerPlan, DockerValue, ImagePlan, Plan, StagePlan};
use script::{Script, TOOLS_PROTOCOL};
use stage::StageKind;

/// Plans every image of `config`, which was read from `source` at `commit`.
pub fn plan(config: &Config, source: &SourceText, commit: &str) -> Plan {
    Plan {
        project: config.project.clone(),
        commit: commit.to_owned(),
        images: config
            .images
            .iter()
            .map(|image| plan_image(image, source))
            .collect(),
    }
}

fn plan_image(image: &Image, source: &SourceText) -> ImagePlan {
    ImagePlan {
        name: image.name.clone(),
        at: source.location(image.at),
        is_final: image.is_final,
        base: match &image.from {
            From::Scratch => Base::Scratch,
            From::Reference(reference) => Base::Image {
                reference: reference.value.clone(),
                at: source.location(reference.span),
            },
        },
        stages: plan_stages(image, source),
        docker: image
            .docker
            .as_ref()
            .map(|docker| plan_docker(docker, source)),
    }
}

/// Plans the stages of `image` in build order, leaving out those that do not exist.
///
/// A stage's digest covers its own inputs and the digest before it, so a change in one stage renames
/// every later stage and no earlier one.
fn plan_stages(image: &Image, source: &SourceText) -> Vec<StagePlan> {
    let mut stages: Vec<StagePlan> = Vec::new();
    for kind in StageKind::ORDER {
        let writer = DigestWriter::new(kind.name());
        let writer = match stages.last() {
            Some(before) => writer.field("parent", before.digest.hex()),
            None => writer,
        };
        let Some(inputs) = stage_inputs(kind, image, source, writer) else {
            continue;
        };
        let ((digest, fields), at, script) = (inputs.digest, inputs.at, inputs.script);
        stages.push(StagePlan {
            kind,
            digest,
            fields,
            at,
            script,
        });
    }
    stages
}

struct StageInputs {
    digest: (Digest, Vec<DigestField>),
    at: Vec<Location>,
    script: Option<Script>,
}

/// Adds the inputs of stage `kind` to `writer`; `None` if `image` has no such stage (spec 3.1).
fn stage_inputs(
    kind: StageKind,
    image: &Image,
    source: &SourceText,
    writer: DigestWriter,
) -> Option<StageInputs> {
    match kind {
        StageKind::From => Some(from_inputs(image, source, writer)),
        StageKind::DockerInstructions => {
            let docker = image.docker.as_ref()?;
            Some(StageInputs {
                digest: docker_digest(docker, writer).finish(),
                at: Vec::new(),
                script: None,
            })
        }
        _ => shell_inputs(kind.user_stage()?, image.shell.as_ref()?, source, writer),
    }
}

/// The base enters by the text of its reference, so that a tag moved upstream does not rename stages;
/// BuildKit's own key of the base image still does its part.
fn from_inputs(image: &Image, source: &SourceText, writer: DigestWriter) -> StageInputs {
    let (base, at) = match &image.from {
        From::Scratch => ("scratch", source.location(image.at)),
        From::Reference(reference) => (reference.value.as_str(), source.location(reference.span)),
    };
    let digest = writer
        .optional("cacheVersion", &image.cache_version)
        .optional("fromCacheVersion", &image.from_cache_version)
        .field("base", base)
        .finish();
    StageInputs {
        digest,
        at: vec![at],
        script: None,
    }
}

/// A user stage exists if it has commands or a cache version; the shell's general `cacheVersion` alone
/// makes all four exist (spec 3.1 and 3.3).
fn shell_inputs(
    stage: UserStage,
    shell: &Shell,
    source: &SourceText,
    writer: DigestWriter,
) -> Option<StageInputs> {
    let (commands, version): (&[Spanned<String>], &str) = match shell.stages.get(&stage) {
        Some(stage) => (&stage.commands, &stage.cache_version),
        None => (&[], ""),
    };
    if commands.is_empty() && version.is_empty() && shell.cache_version.is_empty() {
        return None;
    }
    let digest = writer
        .field("tools", TOOLS_PROTOCOL)
        .fields("command", commands.iter().map(|command| &command.value))
        .optional("stageCacheVersion", version)
        .optional("shellCacheVersion", &shell.cache_version)
        .finish();
    let script =
        (!commands.is_empty()).then(|| Script::new(commands.iter().map(|command| &command.value)));
    Some(StageInputs {
        digest,
        at: commands
            .iter()
            .map(|command| source.location(command.span))
            .collect(),
        script,
    })
}

fn docker_digest(docker: &Docker, writer: DigestWriter) -> DigestWriter {
    let texts = |values: &[Spanned<String>]| {
        values
            .iter()
            .map(|value| value.value.clone())
            .collect::<Vec<_>>()
    };
    let mut writer = writer
        .fields("VOLUME", texts(&docker.volume))
        .fields("EXPOSE", texts(&docker.expose))
        .optional("exactValues", if docker.exact_values { "true" } else { "" });
    for (name, pairs) in [("ENV", &docker.env), ("LABEL", &docker.label)] {
        for (key, value) in pairs {
            writer = writer.field(name, key).field("value", &value.value);
        }
    }
    for (name, line) in [("CMD", &docker.cmd), ("ENTRYPOINT", &docker.entrypoint)] {
        if let Some(line) = line {
            writer = writer.field(
                name,
                serde_json::to_vec(line).expect("a command line is plain strings"),
            );
        }
    }
    for (name, value) in [
        ("WORKDIR", &docker.workdir),
        ("USER", &docker.user),
        ("HEALTHCHECK", &docker.healthcheck),
    ] {
        if let Some(value) = value {
            writer = writer.field(name, &value.value);
        }
    }
    writer
}

fn plan_docker(docker: &Docker, source: &SourceText) -> DockerPlan {
    let value = |value: &Spanned<String>| DockerValue {
        text: value.value.clone(),
        at: source.location(value.span),
    };
    let pair = |(key, text): (&String, &Spanned<String>)| (key.clone(), value(text));
    DockerPlan {
        volume: docker.volume.iter().map(value).collect(),
        expose: docker.expose.iter().map(value).collect(),
        env: docker.env.iter().map(pair).collect(),
        label: docker.label.iter().map(pair).collect(),
        cmd: docker.cmd.clone(),
        entrypoint: docker.entrypoint.clone(),
        workdir: docker.workdir.as_ref().map(value),
        user: docker.user.as_ref().map(value),
        healthcheck: docker.healthcheck.as_ref().map(value),
        exact_values: docker.exact_values,
    }
}
