//! `plan`: the plan as people read it.

use std::process::ExitCode;

use werf_frontend::helper::plan;
use werf_frontend::helper::plan::PlanRequest;
use werf_frontend::helper::render::Rendering;
use werf_frontend::helper::template::Unread;
use werf_plan::file::Outcome;
use werf_plan::remote::{self, GivenRemote};

use super::{Checkout, build_args, terminal};

/// What `plan` is told.
#[derive(clap::Args)]
pub struct Plan {
    #[command(flatten)]
    checkout: Checkout,
    /// A build argument, which templates may read with `env`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
    /// A repository of a mapping with `url`, whose HEAD is the commit that REFERENCE (HEAD, refs/heads/…, refs/tags/…,
    /// a commit) names; may be repeated
    #[arg(long, value_name = "GIT_DIR REFERENCE URL")]
    remote: Vec<GivenRemote>,
}

impl Plan {
    /// Prints the plan as JSON.
    pub fn run(self) -> ExitCode {
        let request = PlanRequest {
            remotes: self.remote,
            ..self.checkout.request(build_args(&self.build_arg))
        };
        let file = plan::plan_commit(&request, None);
        let draw = |diagnostics: &[_]| diagnostics.iter().map(|it| file.render(it)).collect();
        let result = match &file.outcome {
            Outcome::Plan(plan) => {
                let text = serde_json::to_string_pretty(plan)
                    .expect("a plan holds only strings, numbers and lists");
                Ok(format!("{text}\n"))
            }
            Outcome::Errors(errors) => Err(draw(errors)),
            Outcome::NeedsRemotes(requests) => Err(draw(&remote::missing(requests))),
            Outcome::NeedsFiles(wanted) => {
                Err(draw(&Vec::from(Unread::NeedsFiles(wanted.clone()))))
            }
        };
        terminal::show(&Rendering {
            result,
            warnings: file.heard().into_iter().map(|it| file.render(it)).collect(),
        })
    }
}
