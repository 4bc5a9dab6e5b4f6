//! Questions that `docker buildx build --call …` and `--check` ask instead of building (`frontend/subrequests` in BuildKit).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use buildkit_proto::rpc::Status;
use diagnostic::{Diagnostic, Location};
use prost_types::Any;
use serde_json::{Value, json};
use werf_config::Base;
use werf_plan::file::{PlanFile, SourceFile};
use werf_plan::target::Target;

use super::answer::{Answer, Refs};
use super::failure::Failure;
use super::planning::plan_in;
use super::{outline, report};

/// Lists the questions.
pub const DESCRIBE: &str = "frontend.subrequests.describe";
/// Lists the images.
const TARGETS: &str = "frontend.targets";
/// Lists what one image asks of the client.
const OUTLINE: &str = "frontend.outline";
/// Prints the schema of the configuration.
pub const SCHEMA: &str = "frontend.schema";
/// Lists mistakes and warnings.
const LINT: &str = "frontend.lint";

const VERSION: &str = "1.0.0";

/// Answers [`DESCRIBE`].
pub fn describe() -> Answer {
    let known = [
        (DESCRIBE, "List the questions that this frontend answers"),
        (TARGETS, "List the images of werf.yaml"),
        (
            OUTLINE,
            "List what an image of werf.yaml asks of the client",
        ),
        (SCHEMA, "Print the JSON Schema of werf.yaml"),
        (LINT, "Check werf.yaml and list mistakes and warnings"),
    ];
    let metadata = |name: &str| json!({ "name": name, "description": "" });
    let list: Vec<Value> = known
        .iter()
        .map(|(name, description)| {
            json!({
                "name": name, "version": VERSION, "type": "rpc", "description": description,
                "opts": [], "inputs": [], "refs": [],
                "metadata": [metadata("result.json"), metadata("result.txt")],
            })
        })
        .collect();
    let mut text = format!("{:<24} {:<8} DESCRIPTION\n", "NAME", "VERSION");
    for (name, description) in known {
        let name = name.trim_start_matches("frontend.");
        text.push_str(&format!("{name:<24} {VERSION:<8} {description}\n"));
    }
    answer_of(&json!(list), text, &[])
}

/// Answers [`SCHEMA`].
pub fn schema() -> Answer {
    let schema = werf_config::json_schema::werf_yaml();
    let text = format!("{schema:#}\n");
    answer_of(&schema, text, &[])
}

/// Answers `name` from what PLAN found out; `target` is the image that the client names.
///
/// # Errors
/// A question that we do not know; for all but the check, mistakes in the configuration.
pub fn answer(name: &str, file: &PlanFile, target: Option<&str>) -> Result<Answer, Failure> {
    match name {
        TARGETS => targets(file),
        OUTLINE => outline::of(file, target),
        LINT => Ok(lint(file, target)),
        _ => Err(Failure::Status(Box::new(Status {
            code: report::CODE_UNIMPLEMENTED,
            message: format!("werf-frontend does not answer `{name}`"),
            details: vec![Any {
                type_url: "github.com/moby/buildkit/errdefs.Subrequest+json".to_owned(),
                value: json!({ "name": name }).to_string().into_bytes(),
            }],
        }))),
    }
}

fn targets(file: &PlanFile) -> Result<Answer, Failure> {
    let plan = plan_in(&file.outcome).map_err(Failure::Mistakes)?;
    let finals = plan.targets().filter(|image| image.is_final()).count();
    let mut text = format!("{:<32} {:<40} STAGES\n", "TARGET", "FROM");
    let mut list = Vec::new();
    for image in plan.targets() {
        let (base, stages, at) = described(image);
        let is_default = image.is_final() && finals == 1;
        let name = format!(
            "{}{}",
            image.name(),
            if is_default { " (default)" } else { "" }
        );
        text.push_str(&format!("{name:<32} {base:<40} {stages}\n"));
        list.push(json!({
            "name": image.name().to_string(), "default": is_default, "base": base,
            "description": stages,
            "location": location(at, &file.sources),
        }));
    }
    Ok(answer_of(
        &json!({ "targets": list, "sources": texts_of(file) }),
        text,
        &[],
    ))
}

/// Returns the texts that places are in, as BuildKit's clients read them.
pub(super) fn texts_of(file: &PlanFile) -> Vec<String> {
    let texts = file.sources.iter();
    texts.map(|file| BASE64.encode(&file.text)).collect()
}

/// Returns what an image is made from, its stages, and where it is defined.
pub(super) fn described(image: Target<'_>) -> (&str, String, &Location) {
    match image {
        Target::Image(image) => {
            let base = match &image.base {
                Base::Scratch => "scratch",
                Base::Image { reference, .. } => reference,
                Base::Sibling { image, .. } => image.as_str(),
            };
            let stages: Vec<&str> = image.stages.iter().map(|stage| stage.kind.name()).collect();
            (base, stages.join(", "), &image.at)
        }
        Target::Dockerfile(image) => (&image.dockerfile.path, image.target.clone(), &image.at),
    }
}

/// Mistakes are the answer here, not a failure: the client prints both and exits with the status code.
fn lint(file: &PlanFile, target: Option<&str>) -> Answer {
    let found = Found::new(file, target);
    let status = ["1", "0"][usize::from(found.is_empty())];
    answer_of(
        &found.to_json(),
        found.to_text(),
        &[("result.statuscode", status)],
    )
}

/// What a check finds.
pub struct Found<'a> {
    file: &'a PlanFile,
    mistakes: Vec<Diagnostic>,
}

impl<'a> Found<'a> {
    /// Returns the warnings and mistakes of `file`; `target` is the image that the client names.
    pub fn new(file: &'a PlanFile, target: Option<&str>) -> Found<'a> {
        let mistakes = match plan_in(&file.outcome) {
            Err(mistakes) => mistakes,
            // Without a name several images are as good as one.
            Ok(plan) => target
                .and_then(|_| plan.choose(target).err())
                .into_iter()
                .collect(),
        };
        Found { file, mistakes }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// Returns all of it, warnings first.
    pub fn all(&self) -> impl Iterator<Item = &Diagnostic> {
        self.file.heard().into_iter().chain(&self.mistakes)
    }

    /// Returns it a line each.
    pub fn to_text(&self) -> String {
        let lines = self.all().map(|it| format!("{}\n", it.one_line()));
        let text: String = lines.collect();
        if text.is_empty() {
            return "Check complete, no mistakes or warnings found.\n".to_owned();
        }
        text
    }

    /// Returns it in the form of BuildKit (`frontend/subrequests/lint`).
    pub fn to_json(&self) -> Value {
        let place =
            |at: Option<&Location>| at.map_or(json!({}), |at| location(at, &self.file.sources));
        let warnings = self.file.heard().into_iter().map(|warning| {
            json!({
                "ruleName": warning.rule, "description": warning.message, "url": warning.url(),
                "detail": detail(warning), "location": place(warning.at.as_ref()),
            })
        });
        let texts = self.file.sources.iter().map(|file| {
            json!({ "filename": file.name, "data": BASE64.encode(&file.text), "language": "YAML" })
        });
        let mut result = json!({
            "warnings": warnings.collect::<Vec<_>>(), "sources": texts.collect::<Vec<_>>(),
        });
        if !self.mistakes.is_empty() {
            let message: Vec<String> = self.mistakes.iter().map(Diagnostic::said).collect();
            let at = self.mistakes.iter().find_map(|error| error.at.as_ref());
            result["buildError"] = json!({ "message": message.join("\n"), "location": place(at) });
        }
        result
    }
}

/// Returns what to do about a warning and what else is worth knowing, a line each.
fn detail(warning: &Diagnostic) -> String {
    let lines: Vec<&str> = warning
        .hint
        .iter()
        .chain(&warning.notes)
        .map(String::as_str)
        .collect();
    lines.join("\n")
}

pub(super) fn location(at: &Location, texts: &[SourceFile]) -> Value {
    let index = texts
        .iter()
        .position(|file| file.name == at.file)
        .unwrap_or(0);
    let position =
        |line: usize, column: usize| json!({ "line": line, "character": column.saturating_sub(1) });
    json!({
        "sourceIndex": index,
        "ranges": [{
            "start": position(at.start.line, at.start.column),
            "end": position(at.end.line, at.end.column),
        }],
    })
}

pub(super) fn answer_of(result: &Value, text: String, more: &[(&str, &str)]) -> Answer {
    let mut metadata = BTreeMap::from([
        ("result.json".to_owned(), result.to_string().into_bytes()),
        ("result.txt".to_owned(), text.into_bytes()),
        ("version".to_owned(), VERSION.as_bytes().to_vec()),
    ]);
    for (name, value) in more {
        metadata.insert((*name).to_owned(), value.as_bytes().to_vec());
    }
    Answer {
        refs: Refs::None,
        metadata,
    }
}

#[cfg(test)]
mod tests;
