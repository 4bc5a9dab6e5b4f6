//! The face that BuildKit starts: reads the client's options, has PLAN run, solves one image for each platform, returns it.
//!
//! It never opens `.git`, and whatever a person is to see leaves through a returned error, a warning or
//! the name of a step: standard error ends in the daemon's log.

pub mod answer;
mod bases;
pub mod bridge;
mod dockerfile;
mod failed_stage;
mod missing;
pub mod plan_graph;
mod platform;
mod remote;
pub mod report;
pub mod request;
mod rounds;
pub mod stdio;
pub mod subrequest;
mod task;
pub mod toolchain;

use std::collections::BTreeMap;
use std::process::ExitCode;

use buildkit_llb::Platform;
use buildkit_proto::frontend as proto;
use buildkit_proto::pb;
use buildkit_proto::rpc;
use diagnostic::Diagnostic;
use prost::Message as _;
use stapel_sync::store::toolchains::TOOLCHAINS;
use werf_config::ImageName;
use werf_plan::agreed::{DEFAULT_NAMES, STORE_EXIT_CODE, TOOLS};
use werf_plan::file::{ImagePlan, Outcome, Plan, PlanFile, SourceFile};
use werf_plan::remote::missing as missing_remotes;
use werf_plan::stage::StageKind;
use werf_plan::target::Target;

use crate::git::repo::{NO_REPOSITORY, git_file};
use crate::lower::{self, Settings};

use answer::Answer;
use bridge::{Bridge, CallError, Daemon, Reference};
use plan_graph::{OWN_DEFINITION, OwnImage, PLAN_FILE, plan_graph};
use request::Request;
use rounds::{Attempt, Lost, Round, Solved, Unmeasured};

/// What the oldest supported daemon can do and older ones cannot.
const NEEDED_CAPABILITIES: [&str; 4] = [
    "exec.mount.cache.content",
    "source.metaresolver",
    "proto.refarray",
    "gateway.solve.evaluate",
];

/// How a build can end other than well.
#[derive(Debug)]
pub enum Failure {
    /// To be returned: mistakes with frames, in the texts of the given files.
    Mistakes(Vec<Diagnostic>, Vec<SourceFile>),
    /// To be returned as it is.
    Status(Box<rpc::Status>),
    /// The daemon is gone, or the build was cancelled: nobody is listening.
    Gone(String),
}

impl Failure {
    /// Gives mistakes the texts that they point into.
    fn with_sources(self, sources: &[SourceFile]) -> Failure {
        match self {
            Failure::Mistakes(errors, _) => Failure::Mistakes(errors, sources.to_vec()),
            other => other,
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Failure {
        match error {
            CallError::Cancelled => Failure::Gone("the build was cancelled".to_owned()),
            CallError::Transport(message) => Failure::Gone(message),
            CallError::Status(status) => Failure::Status(status),
        }
    }
}

impl From<Diagnostic> for Failure {
    fn from(error: Diagnostic) -> Failure {
        Failure::Mistakes(vec![error], Vec::new())
    }
}

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
    let mut bridge = Bridge::new(
        channel,
        request
            .as_ref()
            .map_or(&[], |request| &request.cache_imports),
    );
    let mut worker = bridge.clone();
    // A task of its own turns a panic into an error that the person sees.
    let build = tokio::spawn(async move {
        let request = request.map_err(|error| Diagnostic::error(error.0))?;
        build(&mut worker, &request).await
    });
    let returned = match build.await {
        Ok(Ok(answer)) => bridge.return_result(answer).await,
        Ok(Err(Failure::Gone(message))) => return complain(&message),
        Ok(Err(Failure::Status(status))) => bridge.return_error(*status).await,
        Ok(Err(Failure::Mistakes(errors, sources))) => {
            bridge.return_error(report::status(&errors, &sources)).await
        }
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

fn internal_error(panic: tokio::task::JoinError) -> rpc::Status {
    let cause = match panic.try_into_panic() {
        Ok(payload) => match (
            payload.downcast_ref::<&str>(),
            payload.downcast_ref::<String>(),
        ) {
            (Some(text), _) => (*text).to_owned(),
            (_, Some(text)) => text.clone(),
            _ => "no message".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    rpc::Status {
        code: report::CODE_UNKNOWN,
        message: format!(
            "werf-frontend {} has a defect: {cause}",
            env!("CARGO_PKG_VERSION")
        ),
        details: Vec::new(),
    }
}

/// One build, in the order of the module documentation of the crate.
async fn build(bridge: &mut Bridge, request: &Request) -> Result<Answer, Failure> {
    let daemon = bridge.ping().await?;
    check_daemon(&daemon)?;
    let asked = check_request(request)?;
    if request.subrequest.as_deref() == Some(subrequest::DESCRIBE) {
        return Ok(subrequest::describe());
    }
    let definition = std::fs::read(OWN_DEFINITION).ok();
    let own = own_image(definition.as_deref(), request)?;
    let wanted = Wanted {
        asked,
        native: native(&daemon),
    };
    let mut round = Round::first(remote::Abilities::of(&daemon));
    let mut done = Vec::new();
    loop {
        let planned = match run_plan(bridge, request, &own, &mut round).await? {
            Solved::Well(planned) => planned,
            Solved::StoreLacks(lost) => {
                round = round.after_loss(lost)?;
                continue;
            }
        };
        if let Some(name) = &request.subrequest {
            return subrequest::answer(name, &planned.file);
        }
        match build_planned(bridge, request, &own, &wanted, planned, &round, &mut done).await? {
            Solved::Well(None) => break,
            Solved::Well(Some(unmeasured)) => round = round.measuring(unmeasured),
            Solved::StoreLacks(lost) => round = round.after_loss(lost)?,
        }
    }
    Ok(match (request.multi_platform, &mut done[..]) {
        (None | Some(false), [_]) => done.remove(0).1,
        _ => Answer::of_platforms(done),
    })
}

/// What decides for which platforms a build is.
struct Wanted {
    /// Those that the client names.
    asked: Vec<Platform>,
    /// The builder's own.
    native: Platform,
}

/// Builds the target of a plan for each platform that is not in `done`, and adds it there. Returns stages that PLAN has
/// to look at first, if there are some.
async fn build_planned(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    wanted: &Wanted,
    planned: Planned,
    round: &Round,
    done: &mut Vec<(Platform, Answer)>,
) -> Result<Solved<Option<Box<Unmeasured>>>, Failure> {
    let PlanFile {
        outcome,
        warnings,
        sources,
        used_build_args,
        has_toolchain,
        ..
    } = planned.file;
    let plan = match outcome {
        Outcome::Plan(plan) => plan,
        Outcome::Errors(errors) => {
            let errors = explain(bridge, request, errors).await?;
            return Err(Failure::Mistakes(errors, sources));
        }
        Outcome::NeedsRemotes(remotes) => {
            return Err(Failure::Mistakes(missing_remotes(&remotes), sources));
        }
    };
    let target = plan.choose(request.target.as_deref())?;
    let needed = plan.needed(target.name());
    let platforms = platform::choose(target, &needed, &wanted.asked, &wanted.native)
        .and_then(|platforms| check_single(request, platforms))
        .map_err(|error| Failure::Mistakes(vec![error], sources.clone()))?;
    if round.is_first() {
        for warning in warnings.iter().chain(&request_warnings(
            request,
            target,
            &needed,
            &used_build_args,
        )) {
            warn(bridge, &planned.vertex, warning, &sources).await?;
        }
    }
    let work = Work {
        request,
        own,
        plan: &plan,
        target,
        needed,
        sources: &sources,
        has_toolchain,
        is_for_several: platforms.len() > 1,
    };
    let first = done.len();
    for (index, platform) in platforms.into_iter().enumerate().skip(first) {
        // What was tried for the second time is the first that is not done.
        let retried = if index == first {
            round.retried.clone()
        } else {
            BTreeMap::new()
        };
        match work.build(bridge, platform.clone(), retried, round).await? {
            Solved::Well(Built::Image(answer)) => done.push((platform, answer)),
            Solved::Well(Built::Unmeasured(unmeasured)) => {
                return Ok(Solved::Well(Some(unmeasured)));
            }
            Solved::StoreLacks(lost) => return Ok(Solved::StoreLacks(lost)),
        }
    }
    Ok(Solved::Well(None))
}

/// Refuses several platforms where the client says that there is one.
fn check_single(request: &Request, platforms: Vec<Platform>) -> Result<Vec<Platform>, Diagnostic> {
    if request.multi_platform != Some(false) || platforms.len() == 1 {
        return Ok(platforms);
    }
    let names: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    Err(Diagnostic::error(format!(
        "the build is for several platforms: {}",
        names.join(", ")
    ))
    .hint("leave out `BUILDKIT_MULTI_PLATFORM=0`, or name one by `--platform`"))
}

/// What became of a plan.
enum Built {
    /// The image.
    Image(Answer),
    /// Nothing yet: PLAN has to look at stages first.
    Unmeasured(Box<Unmeasured>),
}

/// What is to be built of a plan, whatever the platform.
struct Work<'a> {
    request: &'a Request,
    own: &'a OwnImage<'a>,
    plan: &'a Plan,
    target: Target<'a>,
    /// The target and what it is made of.
    needed: Vec<&'a ImagePlan>,
    sources: &'a [SourceFile],
    /// Whether PLAN has found the ansible tool chain in STORE.
    has_toolchain: bool,
    is_for_several: bool,
}

impl Work<'_> {
    /// Builds the target for one platform; `retried` are the images that are tried for the second time.
    async fn build(
        &self,
        bridge: &mut Bridge,
        platform: Platform,
        retried: BTreeMap<ImageName, StageKind>,
        round: &Round,
    ) -> Result<Solved<Built>, Failure> {
        let Work {
            request,
            plan,
            sources,
            needed,
            ..
        } = self;
        let image = match self.target {
            Target::Image(image) => image,
            Target::Dockerfile(image) => {
                let try_of = (&platform, retried.contains_key(&image.name));
                let solved = dockerfile::solve(bridge, image, request, try_of, sources).await?;
                return Ok(solved.map(|made| Built::Image(made.into())));
            }
        };
        let nonce = round.nonce(&request.session);
        let has_toolchain = self.has_toolchain;
        let ensured =
            toolchain::ensure(bridge, request, self.own, needed, has_toolchain, &nonce).await;
        let settings = Settings {
            retried,
            toolchain: ensured.map_err(|failure| failure.with_sources(sources))?,
            is_one_of_several: self.is_for_several,
            ..settings(request, platform, needed)
        };
        let bases = bases::resolve(bridge, needed, request, &settings, sources).await?;
        let names = needed.iter().map(|image| image.name.clone()).collect();
        let dockerfiles = plan.dockerfiles_of(&names);
        let way = (&settings.platform, &settings.retried);
        let dockerfiles = dockerfile::describe(bridge, dockerfiles, request, way, sources).await?;
        let lowered = lower::lower_on(plan, &image.name, &bases, &dockerfiles, &settings, sources)
            .map_err(|errors| Failure::Mistakes(errors, sources.to_vec()))?;
        let stages = round.unmeasured_stages(needed, &lowered, &settings.no_cache);
        let attempt = Attempt {
            lowered,
            commit: plan.commit.clone(),
            images: needed.iter().copied().cloned().collect(),
            sources: sources.to_vec(),
        };
        if !stages.is_empty() {
            let unmeasured = Unmeasured { attempt, stages };
            return Ok(Solved::Well(Built::Unmeasured(Box::new(unmeasured))));
        }
        let solved = solve_image(bridge, &attempt).await?;
        Ok(solved.map(|reference| {
            let config = attempt.lowered.config.to_json();
            let base = bases::of(plan, image, &bases);
            Built::Image(Answer::image(reference, config, &settings.platform, base))
        }))
    }
}

fn check_daemon(daemon: &Daemon) -> Result<(), Diagnostic> {
    let missing: Vec<&str> = NEEDED_CAPABILITIES
        .into_iter()
        .filter(|needed| !daemon.capabilities.iter().any(|present| present == needed))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Diagnostic::error(format!(
        "this BuildKit is too old: werf-frontend needs BuildKit 0.13 or newer (Docker 26), this one lacks {}",
        missing.join(", ")
    )))
}

/// Returns the builder's own platform.
fn native(daemon: &Daemon) -> Platform {
    let first = daemon.platforms.first();
    first.map(Platform::from_proto).unwrap_or_default()
}

/// Refuses what cannot be built yet, and returns the platforms that the client asks for.
fn check_request(request: &Request) -> Result<Vec<Platform>, Diagnostic> {
    if let Some(context) = &request.remote_context {
        return Err(Diagnostic::error(format!(
            "the build context is `{context}`, and not a local directory"
        ))
        .hint(
            "clone the repository and build in the clone: `docker buildx build -f werf.yaml .`",
        ));
    }
    let parse = |name: &String| {
        Platform::parse(name).ok_or_else(|| {
            Diagnostic::error(format!(
                "`--platform {name}` is not of the form `os/architecture[/variant]`"
            ))
        })
    };
    request.platforms.iter().map(parse).collect()
}

struct Planned {
    file: PlanFile,
    /// The digest of PLAN's vertex.
    vertex: String,
}

/// Has PLAN run, and once more with the repositories that it asks for.
async fn run_plan(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    round: &mut Round,
) -> Result<Solved<Planned>, Failure> {
    let planned = plan_once(bridge, request, own, round).await?;
    if let Solved::Well(planned) = &planned
        && let Outcome::NeedsRemotes(remotes) = &planned.file.outcome
        && round.remotes.is_empty()
    {
        round.remotes.clone_from(remotes);
        round.remote_sources.clone_from(&planned.file.sources);
        return plan_once(bridge, request, own, round).await;
    }
    Ok(planned)
}

/// Has PLAN run. Where it is to look at a stage, that stage is built first.
async fn plan_once(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    round: &Round,
) -> Result<Solved<Planned>, Failure> {
    let plan = plan_graph(request, own, round.plan_round())
        .map_err(|error| Diagnostic::error(format!("read {OWN_DEFINITION}: {error}")))?;
    let vertex = plan.graph.digest(plan.out);
    let mut definition = plan.graph.definition(plan.out);
    shrink(&mut definition)?;
    let reference = match (bridge.solve(definition).await, &round.unmeasured) {
        (Ok(reference), _) => reference,
        (Err(CallError::Status(status)), Some(built)) if !remote::is_to_blame(&status, &plan) => {
            return blame(*status, &built.attempt).map(Solved::StoreLacks);
        }
        (Err(error), _) => {
            return Err(remote::explain(
                error,
                &plan,
                &round.remotes,
                &round.remote_sources,
            ));
        }
    };
    let bytes = bridge.read_file(&reference, PLAN_FILE).await?;
    let file = PlanFile::from_json(&bytes).map_err(Diagnostic::error)?;
    Ok(Solved::Well(Planned { file, vertex }))
}

/// Returns where our own image comes from; `definition` is the content of [`OWN_DEFINITION`].
fn own_image<'a>(
    definition: Option<&'a [u8]>,
    request: &'a Request,
) -> Result<OwnImage<'a>, Diagnostic> {
    match (definition, &request.source) {
        (Some(bytes), _) => Ok(OwnImage::Definition(bytes)),
        (None, Some(reference)) => Ok(OwnImage::Reference(reference)),
        (None, None) => Err(Diagnostic::error(
            "BuildKit does not say which image the frontend is from",
        )),
    }
}

/// Says more about a missing repository than PLAN can, which only sees the parts of `.git` that it needs.
async fn explain(
    bridge: &mut Bridge,
    request: &Request,
    errors: Vec<Diagnostic>,
) -> Result<Vec<Diagnostic>, Failure> {
    let is_missing = |error: &Diagnostic| error.rule.as_deref() == Some(NO_REPOSITORY);
    if !errors.iter().any(is_missing) {
        return Ok(errors);
    }
    if let Some(directory) = request
        .context_directory
        .as_deref()
        .filter(|directory| *directory != ".")
    {
        let name = request.filename.as_deref().unwrap_or(DEFAULT_NAMES[0]);
        let file = format!(
            "{}/{name}",
            request.config_directory.as_deref().unwrap_or(directory)
        );
        return Ok(vec![
            Diagnostic::error(format!(
                "the build context is `{directory}`, a directory of the work tree and not its root"
            ))
            .hint(format!(
                "go to the root, where `.git` is, and run `docker buildx build -f {file} .`"
            )),
        ]);
    }
    let (graph, node) = plan_graph::git_file_graph(request);
    let reference = bridge.solve(graph.definition(node)).await?;
    match bridge.read_file(&reference, ".git").await {
        Ok(content) => Ok(vec![git_file(&String::from_utf8_lossy(&content)).into()]),
        // A directory, or nothing: there is no more to say.
        Err(CallError::Status(_)) => Ok(errors),
        Err(error) => Err(error.into()),
    }
}

fn request_warnings(
    request: &Request,
    target: Target<'_>,
    images: &[&ImagePlan],
    used: &[String],
) -> Vec<Diagnostic> {
    let contexts = request.contexts.keys();
    let uses = |name: &str| {
        target.uses_context(name) || images.iter().any(|image| image.uses_context(name))
    };
    let unused_contexts = contexts
        .filter(|name| !uses(name))
        .map(|name| format!("--build-context {name}"));
    let ignored: Vec<String> = request
        .ignored
        .iter()
        .cloned()
        .chain(unused_contexts)
        .collect();
    let ignored = ignored.into_iter().map(|option| {
        Diagnostic::warning(
            "OptionIgnored",
            format!("`{option}` is not supported yet and has no effect"),
        )
    });
    let unused = request
        .build_args
        .keys()
        .filter(|name| !used.contains(name));
    let unused = unused.map(|name| {
        Diagnostic::warning(
            "BuildArgUnused",
            format!("build argument `{name}` is not used"),
        )
    });
    ignored.chain(unused).collect()
}

async fn warn(
    bridge: &mut Bridge,
    vertex: &str,
    warning: &Diagnostic,
    sources: &[SourceFile],
) -> Result<(), CallError> {
    let file = warning
        .at
        .as_ref()
        .and_then(|at| sources.iter().find(|file| file.name == at.file));
    let mut short = warning.message.clone();
    if let Some(rule) = &warning.rule {
        short = format!("{rule}: {short}");
    }
    if let Some(at) = &warning.at {
        // The client draws the lines only with `--debug`.
        short.push_str(&format!(" ({}:{})", at.file, at.start.line));
    }
    let detail = warning
        .hint
        .iter()
        .chain(&warning.notes)
        .map(|line| line.clone().into_bytes())
        .collect();
    bridge
        .warn(proto::WarnRequest {
            digest: vertex.to_owned(),
            level: 1,
            short: short.into_bytes(),
            detail,
            info: file.map(report::source_info),
            ranges: warning
                .at
                .as_ref()
                .filter(|_| file.is_some())
                .map(report::range)
                .into_iter()
                .collect(),
            ..proto::WarnRequest::default()
        })
        .await
}

fn settings(request: &Request, platform: Platform, images: &[&ImagePlan]) -> Settings {
    let stages = images.iter().flat_map(|image| {
        let kinds = image.stages.iter().map(|stage| stage.kind);
        kinds.map(|kind| (image.name.clone(), kind))
    });
    Settings {
        platform,
        is_one_of_several: false,
        network: request.network,
        extra_hosts: request.extra_hosts.clone(),
        shm_size: request.shm_size,
        ulimits: request.ulimits.clone(),
        cgroup_parent: request.cgroup_parent.clone(),
        hostname: request.hostname.clone(),
        proxy: request.proxy.clone(),
        labels: request.labels.clone(),
        no_cache: stages
            .filter(|(image, kind)| request.no_cache.covers(&image.to_string(), kind.name()))
            .collect(),
        source_date_epoch: request.source_date_epoch,
        retried: BTreeMap::new(),
        session: request.session.clone(),
        contexts: request.contexts.clone(),
        toolchain: String::new(),
    }
}

/// Solves the image, so that a failure happens while we can still say which stage it was.
async fn solve_image(bridge: &mut Bridge, attempt: &Attempt) -> Result<Solved<Reference>, Failure> {
    let lowered = &attempt.lowered;
    let Some(root) = lowered.root else {
        return Ok(Solved::Well(Reference(String::new())));
    };
    let mut definition = lowered.graph.definition(root);
    shrink(&mut definition)?;
    match bridge.solve(definition).await {
        Ok(reference) => Ok(Solved::Well(reference)),
        Err(CallError::Status(status)) => blame(*status, attempt).map(Solved::StoreLacks),
        Err(error) => Err(error.into()),
    }
}

/// Returns the stage that did not find in STORE what it needs, and otherwise the failure with the stage it was in.
fn blame(status: rpc::Status, attempt: &Attempt) -> Result<Lost, Failure> {
    let vertex = report::failed_vertex(&status);
    let lowered = &attempt.lowered;
    let step = lowered
        .steps
        .iter()
        .find(|step| Some(lowered.graph.digest(step.node)) == vertex);
    // Not every failure says where it was.
    let mut images = attempt.images.iter();
    let mistake = match step {
        Some(step) => images
            .find(|image| image.name == step.image)
            .and_then(|image| missing::explain(&status, image)),
        None => images.find_map(|image| missing::explain(&status, image)),
    };
    if let Some(mistake) = mistake {
        return Err(Failure::Mistakes(vec![mistake], attempt.sources.clone()));
    }
    let store_lacks = lacks_in_store(&status);
    let status = Box::new(failed_stage::describe(status, step, &attempt.commit));
    match step {
        Some(step) if store_lacks => Ok(Lost {
            image: step.image.clone(),
            stage: step.kind,
            status,
        }),
        _ => Err(Failure::Status(status)),
    }
}

/// Whether a stage failed because STORE was emptied under it: `stapel-sync` says so by its exit code (which could
/// be the script's own; then the second try tells), and a missing tool directory keeps the stage from being
/// started at all.
fn lacks_in_store(status: &rpc::Status) -> bool {
    match report::exit_code(status) {
        Some(code) if code == STORE_EXIT_CODE => true,
        None | Some(report::NOT_STARTED) => status
            .message
            .strip_suffix(": no such file or directory")
            .is_some_and(is_tool_directory),
        Some(_) => false,
    }
}

/// Whether the message ends in the path of a directory of STORE with tools.
fn is_tool_directory(message: &str) -> bool {
    let mut parts = message.rsplit('/');
    let last = parts.next();
    last == Some(TOOLS) || parts.next() == Some(TOOLCHAINS)
}

/// Leaves out the text of the configuration, which is only for frames, if the definition would be larger
/// than an old daemon receives.
fn shrink(definition: &mut pb::Definition) -> Result<(), Diagnostic> {
    if definition.encoded_len() > bridge::MAX_DEFINITION_BYTES
        && let Some(source) = &mut definition.source
    {
        for info in &mut source.infos {
            info.data.clear();
        }
    }
    let bytes = definition.encoded_len();
    if bytes > bridge::MAX_DEFINITION_BYTES {
        return Err(Diagnostic::error(format!(
            "the scripts of the image make {bytes} bytes, which is more than BuildKit takes in one build ({})",
            bridge::MAX_DEFINITION_BYTES
        ))
        .hint("move data out of the commands into files of the repository"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_that_names_it() {
        let panic = tokio::spawn(async { panic!("{} is not {}", "one", "two") }).await;
        let status = internal_error(panic.unwrap_err());
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            status.message,
            format!("werf-frontend {version} has a defect: one is not two")
        );
        assert_eq!(status.code, report::CODE_UNKNOWN);
    }

    #[test]
    fn an_emptied_store_is_told_from_other_failures() {
        let status = |code: Option<i64>, message: &str| rpc::Status {
            code: report::CODE_UNKNOWN,
            message: message.to_owned(),
            details: code
                .map(|code| prost_types::Any {
                    type_url: "github.com/moby/buildkit/gatewayapi.ExitMessage+json".to_owned(),
                    value: serde_json::json!({ "Code": code }).to_string().into_bytes(),
                })
                .into_iter()
                .collect(),
        };
        let mount = "process \"x\" did not complete successfully: open /x/stapel: no such file or directory";
        let toolchain = "process \"x\" did not complete successfully: open /x/ansible/0123: no such file or directory";
        for (code, message, expected) in [
            (None, toolchain, true),
            (Some(1), toolchain, false),
            (Some(93), "exit code: 93", true),
            (Some(1), "exit code: 1", false),
            (None, mount, true),
            (Some(255), mount, true),
            (Some(1), mount, false),
            (None, "open /x/other: no such file or directory", false),
        ] {
            let status = status(code, message);
            assert_eq!(lacks_in_store(&status), expected, "{code:?} {message}");
        }
    }
}
