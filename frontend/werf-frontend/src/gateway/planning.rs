//! PLAN as the gateway has it run: the graph is solved, and the file that it has written is read.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use diagnostic::{Checks, Diagnostic};
use werf_plan::file::{Outcome, Plan, PlanFile, SourceFile};
use werf_plan::remote::missing as missing_remotes;

use super::bridge::{self, Bridge, CallError};
use super::building::Build;
use super::failure::{Failure, look_and_blame};
use super::foreseen;
use super::generation::Note;
use super::own_program;
use super::plan_graph::{OwnImage, PLAN_FILE, plan_graph};
use super::remote;
use super::request::Request;
use super::rounds::{Round, Solved};
use super::solving::is_left;

/// So long the first PLAN of a build waits for what earlier builds have noted. A note that there is comes out of the cache, and sooner.
const PATIENCE: Duration = Duration::from_millis(100);

/// What PLAN has written.
pub(super) struct Planned {
    pub(super) file: PlanFile,
    /// The digest of PLAN's vertex.
    pub(super) vertex: String,
}

impl Solved<Planned> {
    /// Whether PLAN has put off to fill STORE.
    pub(super) fn is_put_off(&self) -> bool {
        matches!(self, Solved::Well(planned) if planned.file.is_put_off)
    }
}

/// Returns the plan, or the mistakes for which there is none.
pub(super) fn plan_in(outcome: &Outcome) -> Result<&Plan, Vec<Diagnostic>> {
    match outcome {
        Outcome::Plan(plan) => Ok(plan),
        Outcome::Errors(errors) => Err(errors.clone()),
        Outcome::NeedsRemotes(remotes) => Err(missing_remotes(remotes)),
        Outcome::NeedsFiles(_) => Err(vec![Diagnostic::error(
            "the plan asks for files of the working directory that it was given",
        )]),
    }
}

/// Has the first PLAN of a build run, in the generation of STORE that earlier builds have noted, and returns its round.
///
/// On a builder that has no notes yet, to find that out takes a container. It runs beside PLAN, so that the build does not wait for it.
pub(super) async fn run_first_plan(
    bridge: &mut Bridge,
    build: &Build<'_>,
    texts: &mut Vec<SourceFile>,
) -> Result<(Round, Solved<Planned>), Failure> {
    let Build { request, own, .. } = build;
    let mut round = Round::first(build.daemon, request);
    let mut reader = bridge.clone();
    let mut reading = pin!(Note::read(&mut reader, own, &request.session));
    let (remotes, note) = tokio::join!(
        foreseen::repositories(bridge, request, round.abilities),
        tokio::time::timeout(PATIENCE, &mut reading)
    );
    round.foresee(remotes?);
    if let Ok(note) = note {
        round.heed(note?);
        let planned = run_plan(bridge, request, own, &mut round, texts).await?;
        return Ok((round, planned));
    }
    let planning = run_plan(bridge, request, own, &mut round, texts);
    let (note, planned) = tokio::join!(reading, planning);
    let mut planned = planned?;
    if round.heed(note?) {
        planned = run_plan(bridge, request, own, &mut round, texts).await?;
    }
    Ok((round, planned))
}

/// Has PLAN run once more after a build that had stages run in spite of the cache, where it has looked at what they hold: what
/// the cache says of PLAN is of before. A build that believed it would find what was made of the old stages.
pub(super) async fn plan_for_later_builds(
    bridge: &mut Bridge,
    build: &Build<'_>,
    built: &Round,
    texts: &mut Vec<SourceFile>,
) -> Result<(), Failure> {
    let Some(mut round) = built.for_later_builds(build) else {
        return Ok(());
    };
    let remotes = foreseen::repositories(bridge, build.request, round.abilities).await?;
    round.foresee(remotes);
    let planned = run_plan(bridge, build.request, &build.own, &mut round, texts);
    planned.await.map(|_| ())
}

/// Has PLAN run, and again with the repositories and the files of the client that it asks for. `texts` become the texts that the places of its
/// file are in.
pub(super) async fn run_plan(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    round: &mut Round,
    texts: &mut Vec<SourceFile>,
) -> Result<Solved<Planned>, Failure> {
    loop {
        let planned = match plan_once(bridge, request, own, round, texts).await? {
            Some(Solved::Well(planned)) => planned,
            Some(lacks) => return Ok(lacks),
            None if round.are_foreseen => {
                round.foresee(Vec::new());
                continue;
            }
            None => {
                round.leave_seals();
                continue;
            }
        };
        if round.has_planned(&planned.file, &request.session, SystemTime::now()) {
            continue;
        }
        match &planned.file.outcome {
            Outcome::NeedsRemotes(remotes) if round.are_foreseen || round.remotes.is_empty() => {
                round.remotes.clone_from(remotes);
                round.are_foreseen = false;
            }
            Outcome::NeedsFiles(wanted) if round.client.add(wanted) => {}
            _ => {
                round.are_foreseen = false;
                return Ok(Solved::Well(planned));
            }
        }
    }
}

/// Has PLAN run. The stages whose layers it is to look at are built first; `None` if one of their seals cannot be taken, or a repository
/// that PLAN has not asked for cannot be fetched.
async fn plan_once(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    round: &Round,
    texts: &mut Vec<SourceFile>,
) -> Result<Option<Solved<Planned>>, Failure> {
    let plan = plan_graph(request, own, round.plan_inputs())?;
    let vertex = plan.graph.digest(plan.out);
    let mut definition = plan.graph.definition(plan.out);
    bridge::shrink(&mut definition)?;
    let solved = match round.unknown {
        Some(_) => bridge.solve(definition).await,
        None => bridge.without_imports().solve(definition).await,
    };
    let solved = solved.map_err(|error| own_program::explain(error, "PLAN", &vertex));
    let reference = match (solved, &round.unknown) {
        (Ok(reference), _) => reference,
        (Err(CallError::Status(status)), Some(built)) if !remote::is_to_blame(&status, &plan) => {
            if built.are_sealed() && is_left(&status, &built.target_graph) {
                return Ok(None);
            }
            let miss = look_and_blame(bridge, own, *status, &built.target_graph).await?;
            return Ok(Some(Solved::StoreLacks(miss)));
        }
        (Err(CallError::Status(status)), _)
            if round.are_foreseen && remote::is_to_blame(&status, &plan) =>
        {
            return Ok(None);
        }
        (Err(error), _) => {
            return Err(remote::explain(error, &plan, &round.remotes));
        }
    };
    let bytes = bridge.read_file(&reference, PLAN_FILE).await?;
    let mut file = PlanFile::from_json(&bytes).map_err(Diagnostic::error)?;
    if let Some(checks) = &request.checks {
        let (checks, odd) = Checks::of_argument(checks)?;
        file.checks = checks;
        file.warnings.extend(odd);
    }
    texts.clone_from(&file.sources);
    Ok(Some(Solved::Well(Planned { file, vertex })))
}
