//! `--call outline`: what an image asks of the client, in the form of BuildKit's Dockerfile frontend
//! (`frontend/subrequests/outline`), with two lists more that its clients pass over: `contexts` and `platforms`.

use diagnostic::Location;
use serde_json::{Value, json};
use werf_config::mount::MountSource;
use werf_config::secret::SecretSource;
use werf_plan::file::{ImagePlan, Plan, PlanFile};
use werf_plan::target::Target;

use super::answer::Answer;
use super::failure::Failure;
use super::planning::plan_in;
use super::subrequest::{answer_of, described, location, texts_of};

/// Answers with the image that `target` names, or with the only final one. Where the configuration cannot be rendered without
/// arguments, the answer has these alone.
///
/// # Errors
/// Mistakes in the configuration, and a choice that cannot be made.
pub(super) fn of(file: &PlanFile, target: Option<&str>) -> Result<Answer, Failure> {
    let outline = match plan_in(&file.outcome) {
        Ok(plan) => Outline::of_image(file, plan, plan.choose(target)?),
        Err(errors) if file.lacks_arguments() => Outline {
            name: target.unwrap_or_default().to_owned(),
            description: errors
                .iter()
                .map(|error| error.message.as_str())
                .collect::<Vec<_>>()
                .join("; "),
            ..Outline::of_file(file)
        },
        Err(errors) => return Err(Failure::Mistakes(errors)),
    };
    Ok(answer_of(&outline.to_json(file), outline.to_text(), &[]))
}

/// What is asked of the client.
#[derive(Default)]
struct Outline<'a> {
    name: String,
    description: String,
    args: Vec<Asked<'a>>,
    secrets: Vec<Asked<'a>>,
    /// Whether commands can reach an SSH agent, which no image has to be given.
    has_ssh: bool,
    contexts: Vec<Asked<'a>>,
    platforms: Vec<&'a str>,
}

/// One thing that is asked for.
struct Asked<'a> {
    name: String,
    description: String,
    /// What it is if it is not given.
    default: Option<&'a str>,
    at: Option<&'a Location>,
}

impl<'a> Outline<'a> {
    /// Returns what the templates of a configuration read.
    fn of_file(file: &'a PlanFile) -> Outline<'a> {
        let args = file.arguments.iter().map(|argument| Asked {
            name: argument.name.clone(),
            description: match argument.default {
                Some(_) => "read by the template".to_owned(),
                None => "read by the template, which has no default".to_owned(),
            },
            default: argument.default.as_deref(),
            at: argument.at.as_ref(),
        });
        Outline {
            args: args.collect(),
            ..Outline::default()
        }
    }

    /// Returns what the image asks for, with all that it is made of.
    fn of_image(file: &'a PlanFile, plan: &'a Plan, target: Target<'a>) -> Outline<'a> {
        let (base, stages, _) = described(target);
        let mut outline = Outline {
            name: target.name().to_string(),
            description: format!("from {base}: {stages}")
                .trim_end_matches(": ")
                .to_owned(),
            ..Outline::of_file(file)
        };
        for needed in plan.needed(target.name()) {
            outline.add_missing(needed);
            match needed {
                Target::Image(image) => outline.add_image(image),
                Target::Dockerfile(image) => {
                    // What a Dockerfile asks for, its own frontend knows: `docker buildx build -f Dockerfile --call outline`.
                    outline.has_ssh |= image.dockerfile.text.contains("type=ssh");
                }
            }
        }
        let platforms = target.platforms().iter();
        outline.platforms = platforms.map(|it| it.value.as_str()).collect();
        outline
    }

    fn add_image(&mut self, image: &'a ImagePlan) {
        let runs = image.stages.iter().any(|stage| stage.script.is_some());
        self.has_ssh |= runs;
        for secret in &image.secrets {
            let description = match &secret.from {
                SecretSource::Value(_) => continue,
                SecretSource::Env(name) => format!("the variable `{}`", name.value),
                SecretSource::File(path) => format!("the file `{}`", path.value),
            };
            let is_known = self.secrets.iter().any(|known| known.name == secret.id);
            if !is_known {
                self.secrets.push(Asked {
                    name: secret.id.clone(),
                    description,
                    default: None,
                    at: Some(&secret.at),
                });
            }
        }
        for mount in image.mounts.iter().chain(&image.inherited_mounts) {
            let MountSource::FromPath { path, context, at } = &mount.source else {
                continue;
            };
            if !self.contexts.iter().any(|known| known.name == *context) {
                self.contexts.push(Asked {
                    name: context.clone(),
                    description: format!("the directory `{path}`, mounted at `{}`", mount.to),
                    default: None,
                    at: Some(at),
                });
            }
        }
    }

    /// Adds the build arguments by which the client says what is known of other images only after they were pushed.
    fn add_missing(&mut self, target: Target<'a>) {
        for missing in target.missing() {
            if !self.args.iter().any(|known| known.name == missing.target) {
                self.args.push(Asked {
                    name: missing.target.clone(),
                    description: format!(
                        "what is known of image `{}` once it was pushed",
                        missing.of
                    ),
                    default: None,
                    at: Some(&missing.at),
                });
            }
        }
    }

    fn to_json(&self, file: &PlanFile) -> Value {
        let place = |at: Option<&Location>| at.map(|at| location(at, &file.sources));
        let args = self.args.iter().map(|arg| {
            json!({
                "name": arg.name, "description": arg.description,
                "value": arg.default.unwrap_or_default(), "location": place(arg.at),
            })
        });
        let secrets = self.secrets.iter().map(
            |secret| json!({ "name": secret.name, "required": true, "location": place(secret.at) }),
        );
        let contexts = self.contexts.iter().map(|context| {
            json!({
                "name": context.name, "description": context.description,
                "location": place(context.at),
            })
        });
        let ssh = self
            .has_ssh
            .then(|| json!({ "name": "default", "required": false }));
        json!({
            "name": self.name, "description": self.description,
            "args": args.collect::<Vec<_>>(), "secrets": secrets.collect::<Vec<_>>(),
            "ssh": ssh.into_iter().collect::<Vec<_>>(), "cache": [],
            "contexts": contexts.collect::<Vec<_>>(), "platforms": self.platforms,
            "sources": texts_of(file),
        })
    }

    fn to_text(&self) -> String {
        let mut text = format!("TARGET:      {}\n", self.name);
        if !self.description.is_empty() {
            text.push_str(&format!("DESCRIPTION: {}\n", self.description));
        }
        let mut table = |heads: [&str; 3], rows: &[Asked<'_>]| {
            if rows.is_empty() {
                return;
            }
            let [name, value, description] = heads;
            text.push_str(&format!("\n{name:<24} {value:<16} {description}\n"));
            for row in rows {
                let value = row.default.unwrap_or("");
                text.push_str(&format!(
                    "{:<24} {value:<16} {}\n",
                    row.name, row.description
                ));
            }
        };
        table(["BUILD ARG", "VALUE", "DESCRIPTION"], &self.args);
        table(["SECRET", "", "DESCRIPTION"], &self.secrets);
        table(["CONTEXT", "", "DESCRIPTION"], &self.contexts);
        if self.has_ssh {
            text.push_str("\nSSH                      REQUIRED\ndefault                  false\n");
        }
        if !self.platforms.is_empty() {
            text.push_str(&format!("\nPLATFORMS: {}\n", self.platforms.join(", ")));
        }
        text
    }
}
