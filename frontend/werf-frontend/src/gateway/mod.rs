//! The face that BuildKit starts: reads the client's options, has PLAN run, solves one image for each platform, returns it.
//!
//! It never opens `.git`, and whatever a person is to see leaves through a returned error, a warning or
//! the name of a step: standard error ends in the daemon's log.

pub mod anew;
pub mod answer;
mod bases;
pub mod bridge;
mod building;
mod changes;
pub mod client_files;
mod container;
mod context_files;
mod daemon;
mod dockerfile;
mod explained;
mod failed_command;
mod failed_stage;
pub mod failure;
mod filler;
mod foreseen;
mod generation;
mod git_context;
mod git_sources;
mod imported;
mod named_context;
mod not_given;
mod outline;
mod own_program;
pub mod plan_graph;
mod planning;
mod platform;
mod remote;
pub mod report;
pub mod request;
mod resources;
mod rounds;
mod settings;
mod so_far;
mod solving;
pub mod stdio;
pub mod subrequest;
mod task;
pub mod toolchain;
mod unheeded;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use diagnostic::Diagnostic;
use werf_plan::file::SourceFile;

use answer::Answer;
use bridge::Bridge;
use building::{Build, build_planned};
use failure::{Failure, internal_error};
use filler::Filler;
use plan_graph::{OWN_DEFINITION, OwnImage};
use planning::{plan_for_later_builds, run_first_plan, run_plan};
use request::Request;
use rounds::Solved;
use so_far::SoFar;

/// Runs the face and returns the exit status of the process, which counts only if nothing was returned.
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("start the runtime: {error}")),
    };
    let status = runtime.block_on(serve());
    // A blocked read of standard input must not keep the process.
    runtime.shutdown_background();
    status
}

async fn serve() -> ExitCode {
    let request = Request::from_env(std::env::vars_os().filter_map(|(name, value)| {
        Some((
            name.into_string().ok()?,
            value.to_string_lossy().into_owned(),
        ))
    }));
    let channel = match stdio::connect().await {
        Ok(channel) => channel,
        Err(error) => {
            return complain(&format!(
                "BuildKit is not at the other end of standard input and output ({error}); this program is started by \
                 `docker buildx build` with a line `# syntax=…`, try `werf-frontend --help`"
            ));
        }
    };
    let imports = request.as_ref().map_or(&[][..], |it| &it.cache_imports);
    let mut bridge = Bridge::new(channel, imports);
    let hidden = request.as_ref().map(failure::hidden).unwrap_or_default();
    let mut worker = bridge.clone();
    // A task of its own turns a panic into an error that the person sees.
    let build = tokio::spawn(async move {
        let mut texts = Vec::new();
        let built = match &request {
            Ok(request) => build(&mut worker, request, &mut texts).await,
            Err(error) => Err(Diagnostic::error(&error.0).into()),
        };
        (built, texts)
    });
    let returned = match build.await {
        Ok((Ok(answer), _)) => bridge.return_result(answer).await,
        Ok((Err(failure), texts)) => match failure.without(&hidden).into_status(&texts) {
            Ok(status) => bridge.return_error(status).await,
            Err(message) => return complain(&message),
        },
        Err(panic) => bridge.return_error(internal_error(panic)).await,
    };
    match returned {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("return the result: {error:?}")),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "nobody but the daemon's log is left to talk to"
)]
fn complain(message: &str) -> ExitCode {
    eprintln!("werf-frontend: {message}");
    ExitCode::FAILURE
}

/// One build, in the order of the module documentation of the crate. `texts` are the texts in which the places of a
/// failure are: those of the last plan.
async fn build(
    bridge: &mut Bridge,
    request: &Request,
    texts: &mut Vec<SourceFile>,
) -> Result<Answer, Failure> {
    let daemon = bridge.ping().await?;
    daemon::check(&daemon)?;
    let asked = request.check()?;
    if request.subrequest.as_deref() == Some(subrequest::DESCRIBE) {
        return Ok(subrequest::describe());
    }
    if request.subrequest.as_deref() == Some(subrequest::SCHEMA) {
        return Ok(subrequest::schema());
    }
    let request = &context_files::complete(bridge, &daemon, request).await?;
    let definition = std::fs::read(OWN_DEFINITION).ok();
    let build = Build {
        request,
        own: OwnImage::find(definition.as_deref(), request)?,
        asked,
        native: daemon::native(&daemon),
        store: daemon::store_access(&daemon),
        daemon: &daemon,
        // A seal has the times of directories, and an image that is to have the same bytes whenever it is built must have none.
        can_link: daemon::can_link(&daemon) && request.source_date_epoch.is_none(),
        warned: Mutex::default(),
        vertices: Mutex::default(),
        is_explained: AtomicBool::new(false),
    };
    let has_files = AtomicBool::new(false);
    let looking = changes::look(bridge.clone(), request, &build.own, &daemon, &has_files);
    let building = build_in_rounds(bridge, &build, texts);
    let (built, changes) = changes::beside(Box::pin(building), looking, &has_files).await;
    changes.end(built)
}

/// Plans and builds until nothing is left to be found out.
async fn build_in_rounds(
    bridge: &mut Bridge,
    build: &Build<'_>,
    texts: &mut Vec<SourceFile>,
) -> Result<Answer, Failure> {
    let request = build.request;
    let mut so_far = SoFar::default();
    let (mut round, mut planned) = run_first_plan(bridge, build, texts).await?;
    let mut filler = None;
    loop {
        if filler.is_none() && planned.is_put_off() && request.subrequest.is_none() {
            filler = Filler::stand_by(bridge, build, &round).await?;
            if filler.is_none() {
                round.leave_filler();
                planned = run_plan(bridge, request, &build.own, &mut round, texts).await?;
            }
        }
        let built = match planned {
            Solved::Well(planned) => {
                if let Some(name) = &request.subrequest {
                    return subrequest::answer(name, &planned.file, request.target.as_deref());
                }
                build_planned(bridge, build, planned, texts, &round, &mut so_far).await?
            }
            Solved::StoreLacks(miss) => {
                so_far.has_missed_before_plan();
                Solved::StoreLacks(miss)
            }
        };
        round = match built {
            Solved::Well(None) => break,
            Solved::Well(Some(unknown)) => round.with_baselines(unknown, request),
            Solved::StoreLacks(miss) => round.after_miss(bridge, build, miss).await?,
        };
        planned = run_plan(bridge, request, &build.own, &mut round, texts).await?;
    }
    if let Some(filler) = filler {
        filler.end(bridge).await?;
    }
    plan_for_later_builds(bridge, build, &round, texts).await?;
    Ok(Answer::of_build(so_far.done, request.multi_platform))
}
