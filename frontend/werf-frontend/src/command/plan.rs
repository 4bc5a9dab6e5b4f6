//! `plan`: the plan as people read it, or as JSON.

use std::process::ExitCode;

use werf_frontend::helper::inventory::{self, Survey};
use werf_frontend::helper::plan;
use werf_frontend::helper::render::Rendering;
use werf_frontend::helper::template::Unread;
use werf_plan::file::{Outcome, PlanFile};
use werf_plan::remote;

use super::{Planning, plan_table, terminal};

/// What `plan` is told.
#[derive(clap::Args)]
pub struct Plan {
    #[command(flatten)]
    planning: Planning,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How to say what is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table: of each image its stages, and what feeds them.
    Text,
    /// Everything, for machines.
    Json,
}

impl Plan {
    /// Prints the plan.
    pub fn run(self) -> ExitCode {
        let request = self.planning.request();
        let (file, result) = match self.format {
            Format::Json => {
                let file = plan::plan_commit(&request, None);
                let json = serde_json::to_string_pretty;
                let json = planned(&file).map(|plan| {
                    let text = json(plan).expect("a plan holds only strings, numbers and lists");
                    format!("{text}\n")
                });
                (file, json)
            }
            Format::Text => {
                let Survey { file, behind } = inventory::survey(&request);
                let inventory = behind.map(|behind| behind.inventory).unwrap_or_default();
                let width = terminal::width();
                let table = planned(&file).map(|plan| plan_table::table(plan, &inventory, width));
                (file, table)
            }
        };
        let warnings = file.heard().into_iter().map(|it| file.render(it));
        terminal::show(&Rendering {
            warnings: warnings.collect(),
            result,
        })
    }
}

/// Returns the plan of `file`, or why there is none, with the lines that are wrong.
pub fn planned(file: &PlanFile) -> Result<&werf_plan::file::Plan, Vec<String>> {
    let draw = |diagnostics: &[_]| diagnostics.iter().map(|it| file.render(it)).collect();
    match &file.outcome {
        Outcome::Plan(plan) => Ok(plan),
        Outcome::Errors(errors) => Err(draw(errors)),
        Outcome::NeedsRemotes(requests) => Err(draw(&remote::missing(requests))),
        Outcome::NeedsFiles(wanted) => Err(draw(&Vec::from(Unread::NeedsFiles(wanted.clone())))),
    }
}
