//! `check`: mistakes and warnings, and nothing else.

use std::process::ExitCode;

use werf_frontend::gateway::subrequest;
use werf_frontend::helper::plan;

use super::{Planning, terminal};

/// What `check` is told.
#[derive(clap::Args)]
pub struct Check {
    #[command(flatten)]
    planning: Planning,
    /// The image that is to be built, which has to be there
    #[arg(long, value_name = "IMAGE")]
    target: Option<String>,
    /// How to say it; `json` is what `docker buildx build --call check,format=json` prints
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How to say what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// With the lines.
    Text,
    /// For machines.
    Json,
}

impl Check {
    /// Prints what was found; the exit status is 1 if that is anything.
    pub fn run(self) -> ExitCode {
        let request = self.planning.request();
        let file = plan::plan_commit(&request, None);
        let found = subrequest::Found::new(&file, self.target.as_deref());
        let text = match self.format {
            Format::Json => format!("{:#}\n", found.to_json()),
            Format::Text if found.is_empty() => found.to_text(),
            Format::Text => found.all().map(|it| file.render(it)).collect(),
        };
        match terminal::print(&text) {
            ExitCode::SUCCESS if !found.is_empty() => ExitCode::FAILURE,
            status => status,
        }
    }
}
