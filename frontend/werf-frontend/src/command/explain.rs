//! `explain`: which stages run again between two commits, and why.

use std::process::ExitCode;

use werf_frontend::helper::explain::{self, Explanation, Side};
use werf_frontend::helper::inventory::{self, Survey};
use werf_frontend::helper::plan::PlanRequest;
use werf_frontend::helper::render::Rendering;
use werf_plan::agreed::{DEV_ARGUMENT, UNCOMMITTED_ARGUMENT};
use werf_plan::stage::StageKind;

use super::plan::planned;
use super::{Planning, explain_text, terminal};

/// What `explain` is told.
#[derive(clap::Args)]
pub struct Explain {
    /// The image, or one of its stages, that is asked for [default: all of them]
    #[arg(value_name = "IMAGE[/STAGE]")]
    of: Option<String>,
    #[command(flatten)]
    planning: Planning,
    #[command(flatten)]
    range: Range,
    /// Lists the stages, too, that do not run again
    #[arg(long)]
    unchanged: bool,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Which commits are compared.
#[derive(Clone, Default, clap::Args)]
pub struct Range {
    /// The commit that is taken for built [default: the first parent of the other one; HEAD with --dev]
    #[arg(long, value_name = "COMMIT")]
    from: Option<String>,
    /// The commit that is to be built [default: HEAD]
    #[arg(long, value_name = "COMMIT", conflicts_with = "dev")]
    to: Option<String>,
}

/// How to say what runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Range {
    /// Whether something is said of it.
    pub fn is_given(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// Whether it ends elsewhere than at HEAD or in the working directory.
    pub fn has_end(&self) -> bool {
        self.to.is_some()
    }

    /// Plans both commits; `request` is for HEAD or for the working directory.
    ///
    /// # Errors
    /// What is wrong with one of them, for people.
    pub fn surveys(self, request: &PlanRequest) -> Result<(Survey, Survey), Vec<String>> {
        let is_dev = request.build_args.contains_key(DEV_ARGUMENT);
        let from = self.from.unwrap_or_else(|| match (&self.to, is_dev) {
            (_, true) => "HEAD".to_owned(),
            (to, false) => format!("{}^1", to.as_deref().unwrap_or("HEAD")),
        });
        // What is on the disk is compared with HEAD alone.
        let at = |commit: String| {
            let mut request = PlanRequest {
                commit: Some(commit),
                ..request.clone()
            };
            let arguments = &mut request.build_args;
            arguments.remove(DEV_ARGUMENT);
            arguments.insert(UNCOMMITTED_ARGUMENT.to_owned(), "ignore".to_owned());
            inventory::survey(&request)
        };
        let before = at(from);
        planned(&before.file)?;
        let after = match self.to {
            Some(commit) => at(commit),
            None => inventory::survey(request),
        };
        planned(&after.file)?;
        Ok((before, after))
    }
}

/// Compares two commits, if both are planned.
pub fn compared(before: &Survey, after: &Survey) -> Result<Explanation, Vec<String>> {
    let nothing = || vec!["ERROR: there is nothing to compare\n".to_owned()];
    let (from, to) = (planned(&before.file)?, planned(&after.file)?);
    let behind = before.behind.as_ref().zip(after.behind.as_ref());
    let behind = behind.ok_or_else(nothing)?;
    Ok(explain::explain(
        Side {
            plan: from,
            behind: behind.0,
        },
        Side {
            plan: to,
            behind: behind.1,
        },
    ))
}

impl Explain {
    /// Prints what runs again.
    pub fn run(self) -> ExitCode {
        let is_dev = self.planning.is_dev();
        let is_of_head = !self.range.has_end();
        let request = self.planning.request();
        let mut warnings = Vec::new();
        let explained = self.range.surveys(&request).and_then(|(before, after)| {
            if is_of_head {
                let heard = after.file.heard().into_iter();
                warnings.extend(heard.map(|it| after.file.render(it)));
            }
            compared(&before, &after)
        });
        let result = explained.and_then(|mut explained| {
            if let Some(of) = &self.of {
                keep(&mut explained, of)?;
            }
            Ok(match self.format {
                Format::Json => {
                    let text = serde_json::to_string_pretty(&explained)
                        .expect("it holds only strings, numbers and lists");
                    format!("{text}\n")
                }
                Format::Text => explain_text::text(&explained, is_dev, self.unchanged),
            })
        });
        terminal::show(&Rendering { result, warnings })
    }
}

/// Keeps the image or the stage that is asked for, which is `IMAGE` or `IMAGE/STAGE`.
fn keep(explained: &mut Explanation, of: &str) -> Result<(), Vec<String>> {
    let names: Vec<String> = explained
        .images
        .iter()
        .map(|image| image.image.to_string())
        .collect();
    let is_stage = |name: &str| StageKind::ORDER.iter().any(|kind| kind.name() == name);
    let (image, stage) = match of.rsplit_once('/') {
        Some((image, stage)) if !names.iter().any(|name| name == of) && is_stage(stage) => {
            (image, Some(stage))
        }
        _ => (of, None),
    };
    if !names.iter().any(|name| name == image) {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let message = format!(
            "ERROR: `{}` is no image of this project; its images are {}\n",
            diagnostic::printable::line(image),
            diagnostic::printable::line(&names.join(", ")),
        );
        return Err(vec![message]);
    }
    explained.images.retain(|it| it.image.to_string() == image);
    for image in &mut explained.images {
        image
            .stages
            .retain(|it| stage.is_none_or(|stage| it.stage == stage));
    }
    Ok(())
}
