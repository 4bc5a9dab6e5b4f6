//! PLAN as the gateway has it run: the graph is solved, and the file that it has written is read.

use diagnostic::Diagnostic;
use werf_plan::file::{Outcome, PlanFile, SourceFile};

use super::bridge::{self, Bridge, CallError};
use super::failure::{Failure, blame};
use super::plan_graph::{OwnImage, PLAN_FILE, plan_graph};
use super::remote;
use super::request::Request;
use super::rounds::{Round, Solved};

/// What PLAN has written.
pub(super) struct Planned {
    pub(super) file: PlanFile,
    /// The digest of PLAN's vertex.
    pub(super) vertex: String,
}

/// Has PLAN run, and once more with the repositories that it asks for. `texts` become the texts that the places of its
/// file are in.
pub(super) async fn run_plan(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    round: &mut Round,
    texts: &mut Vec<SourceFile>,
) -> Result<Solved<Planned>, Failure> {
    let planned = plan_once(bridge, request, own, round, texts).await?;
    if let Solved::Well(planned) = &planned
        && let Outcome::NeedsRemotes(remotes) = &planned.file.outcome
        && round.remotes.is_empty()
    {
        round.remotes.clone_from(remotes);
        return plan_once(bridge, request, own, round, texts).await;
    }
    Ok(planned)
}

/// Has PLAN run. The stages whose layers it is to look at are built first.
async fn plan_once(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    round: &Round,
    texts: &mut Vec<SourceFile>,
) -> Result<Solved<Planned>, Failure> {
    let plan = plan_graph(request, own, round.plan_inputs())?;
    let vertex = plan.graph.digest(plan.out);
    let mut definition = plan.graph.definition(plan.out);
    bridge::shrink(&mut definition)?;
    let reference = match (bridge.solve(definition).await, &round.unknown) {
        (Ok(reference), _) => reference,
        (Err(CallError::Status(status)), Some(built)) if !remote::is_to_blame(&status, &plan) => {
            return blame(*status, &built.target_graph).map(Solved::StoreLacks);
        }
        (Err(error), _) => {
            return Err(remote::explain(error, &plan, &round.remotes));
        }
    };
    let bytes = bridge.read_file(&reference, PLAN_FILE).await?;
    let file = PlanFile::from_json(&bytes).map_err(Diagnostic::error)?;
    texts.clone_from(&file.sources);
    Ok(Solved::Well(Planned { file, vertex }))
}
