//! The face that BuildKit starts: reads the client's options, has PLAN run, solves one image, returns it.
//!
//! It never opens `.git`, and whatever a person is to see leaves through a returned error, a warning or
//! the name of a step: standard error ends in the daemon's log.

pub mod bridge;
mod failed_stage;
mod missing;
pub mod plan_graph;
mod remote;
pub mod report;
pub mod request;
pub mod stdio;
pub mod subrequest;

use std::collections::BTreeMap;
use std::process::ExitCode;

use buildkit_llb::{Node, Platform};
use buildkit_proto::frontend as proto;
use buildkit_proto::pb;
use buildkit_proto::rpc;
use prost::Message as _;
use serde_json::json;

use crate::error::Diagnostic;
use crate::git::repo::{NO_REPOSITORY, git_file};
use crate::helper::locate::DEFAULT_NAMES;
use crate::helper::remotes::missing as missing_remotes;
use crate::helper::store;
use crate::lower::{self, BaseImage, Lowered, Settings};
use crate::plan::digest::Digest;
use crate::plan::file::{Base, ImagePlan, Outcome, Plan, PlanFile, RemoteRequest, SourceFile};
use crate::plan::stage::StageKind;

use bridge::{Bridge, CallError, Daemon, Reference};
use plan_graph::{OWN_DEFINITION, OwnImage, PLAN_FILE, Round as PlanRound, plan_graph};
use request::Request;

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

/// Something to return: a file system (none for an answer without one) and its metadata.
pub struct Answer {
    reference: Option<Reference>,
    metadata: BTreeMap<String, Vec<u8>>,
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
        Ok(Ok(answer)) => {
            bridge
                .return_result(answer.reference, answer.metadata)
                .await
        }
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
    let platform = check_request(request, &daemon)?;
    if request.subrequest.as_deref() == Some(subrequest::DESCRIBE) {
        return Ok(subrequest::describe());
    }
    let mut round = Round {
        abilities: remote::Abilities::of(&daemon),
        ..Round::default()
    };
    loop {
        let planned = match run_plan(bridge, request, &mut round).await? {
            Solved::Well(planned) => planned,
            Solved::StoreLacks(stage, status) => {
                round = round.after_loss(stage, status)?;
                continue;
            }
        };
        if let Some(name) = &request.subrequest {
            return subrequest::answer(name, &planned.file);
        }
        match build_planned(bridge, request, platform.clone(), planned, &round).await? {
            Solved::Well(Built::Image(answer)) => return Ok(answer),
            Solved::Well(Built::Unmeasured(unmeasured)) => round.unmeasured = Some(unmeasured),
            Solved::StoreLacks(stage, status) => round = round.after_loss(stage, status)?,
        }
    }
}

/// Which of several plans and solves of one build.
#[derive(Default)]
struct Round {
    /// The first stage that is tried for the second time, since STORE was emptied under it.
    retried: Option<StageKind>,
    /// The image whose last stage before `gitCache` PLAN is to look at.
    unmeasured: Option<Box<Unmeasured>>,
    /// The repositories that PLAN asked for, in lines of `remote_sources`.
    remotes: Vec<RemoteRequest>,
    remote_sources: Vec<SourceFile>,
    /// How the daemon can be asked for them.
    abilities: remote::Abilities,
}

/// An image of which PLAN could not know what its stages hold.
struct Unmeasured {
    image: ImagePlan,
    lowered: Lowered,
    commit: String,
    /// The digest of the stage to look at, and its layer.
    stage: (Digest, Node),
    /// The files that its places are in.
    sources: Vec<SourceFile>,
}

impl Round {
    fn is_first(&self) -> bool {
        self.retried.is_none() && self.unmeasured.is_none()
    }

    /// Returns the round that follows one in which `stage` did not find in STORE what PLAN had put there. A second
    /// time it would be the daemon's habit.
    fn after_loss(self, stage: StageKind, status: Box<rpc::Status>) -> Result<Round, Failure> {
        if self.retried.is_some() {
            return Err(Failure::Status(status));
        }
        Ok(Round {
            retried: Some(stage),
            unmeasured: None,
            ..self
        })
    }

    fn plan_round(&self) -> PlanRound<'_> {
        PlanRound {
            remotes: &self.remotes,
            abilities: self.abilities,
            again: self.retried.is_some(),
            applied: self.unmeasured.as_ref().map(|unmeasured| {
                let graph = unmeasured.lowered.graph.clone();
                (graph, vec![unmeasured.stage.clone()])
            }),
        }
    }
}

/// How a solve ended, other than in a failure of its own.
enum Solved<T> {
    /// Well.
    Well(T),
    /// In a stage that did not find in STORE what PLAN had put there, and the daemon's words for it.
    StoreLacks(StageKind, Box<rpc::Status>),
}

/// What became of a plan.
enum Built {
    /// The image.
    Image(Answer),
    /// Nothing yet: PLAN has to look at a stage first.
    Unmeasured(Box<Unmeasured>),
}

/// Builds one image of a plan.
async fn build_planned(
    bridge: &mut Bridge,
    request: &Request,
    platform: Platform,
    planned: Planned,
    round: &Round,
) -> Result<Solved<Built>, Failure> {
    let PlanFile {
        outcome,
        warnings,
        sources,
        used_build_args,
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
    let image = choose_image(&plan, request.target.as_deref())?;
    if round.is_first() {
        for warning in warnings
            .iter()
            .chain(&request_warnings(request, image, &used_build_args))
        {
            warn(bridge, &planned.vertex, warning, &sources).await?;
        }
    }
    let settings = Settings {
        retried: round.retried,
        ..settings(request, platform, image)
    };
    let base = resolve_base(bridge, image, request, &settings.platform, &sources).await?;
    let lowered = lower::lower(image, base.as_ref(), &settings, &sources)
        .map_err(|errors| Failure::Mistakes(errors, sources.clone()))?;
    if round.unmeasured.is_none()
        && let Some(stage) = unmeasured_stage(image, &lowered, &settings.no_cache)
    {
        return Ok(Solved::Well(Built::Unmeasured(Box::new(Unmeasured {
            image: image.clone(),
            lowered,
            commit: plan.commit.clone(),
            stage,
            sources,
        }))));
    }
    Ok(
        match solve_image(bridge, image, &lowered, &plan.commit, &sources).await? {
            Solved::Well(reference) => {
                let answer = image_answer(Some(reference), &lowered, &settings, base.as_ref());
                Solved::Well(Built::Image(answer))
            }
            Solved::StoreLacks(stage, status) => Solved::StoreLacks(stage, status),
        },
    )
}

/// Returns the stage that PLAN has to look at before it can plan those after it: one that nobody has looked at, or
/// that this build makes anew although it is known.
fn unmeasured_stage(
    image: &ImagePlan,
    lowered: &Lowered,
    no_cache: &[StageKind],
) -> Option<(Digest, Node)> {
    let stage = image.baseline()?;
    let is_new = no_cache.iter().any(|kind| *kind <= stage.kind);
    if !image.unmeasured && !is_new {
        return None;
    }
    Some((stage.digest.clone(), lowered.step(stage.kind)?.node))
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

/// Refuses what cannot be built yet, and returns the platform to build for.
fn check_request(request: &Request, daemon: &Daemon) -> Result<Platform, Diagnostic> {
    if let Some(context) = &request.remote_context {
        return Err(Diagnostic::error(format!(
            "the build context is `{context}`, and not a local directory"
        ))
        .hint(
            "clone the repository and build in the clone: `docker buildx build -f werf.yaml .`",
        ));
    }
    let native = daemon
        .platforms
        .first()
        .map(Platform::from_proto)
        .unwrap_or_default();
    match request.platforms.as_slice() {
        [] => Ok(native),
        [one] => Platform::parse(one).ok_or_else(|| {
            Diagnostic::error(format!(
                "`--platform {one}` is not of the form `os/architecture[/variant]`"
            ))
        }),
        several => Err(Diagnostic::error(format!(
            "several platforms in one build are not supported yet: {}",
            several.join(", ")
        ))
        .hint("build each with a `docker buildx build --platform …` of its own")),
    }
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
    round: &mut Round,
) -> Result<Solved<Planned>, Failure> {
    let planned = plan_once(bridge, request, round).await?;
    if let Solved::Well(planned) = &planned
        && let Outcome::NeedsRemotes(remotes) = &planned.file.outcome
        && round.remotes.is_empty()
    {
        round.remotes.clone_from(remotes);
        round.remote_sources.clone_from(&planned.file.sources);
        return plan_once(bridge, request, round).await;
    }
    Ok(planned)
}

/// Has PLAN run. Where it is to look at a stage, that stage is built first.
async fn plan_once(
    bridge: &mut Bridge,
    request: &Request,
    round: &Round,
) -> Result<Solved<Planned>, Failure> {
    let definition = std::fs::read(OWN_DEFINITION).ok();
    let own = match (&definition, &request.source) {
        (Some(bytes), _) => OwnImage::Definition(bytes),
        (None, Some(reference)) => OwnImage::Reference(reference),
        (None, None) => {
            return Err(Diagnostic::error(
                "BuildKit does not say which image the frontend is from",
            )
            .into());
        }
    };
    let plan = plan_graph(request, &own, &round.plan_round())
        .map_err(|error| Diagnostic::error(format!("read {OWN_DEFINITION}: {error}")))?;
    let vertex = plan.graph.digest(plan.out);
    let mut definition = plan.graph.definition(plan.out);
    shrink(&mut definition)?;
    let reference = match (bridge.solve(definition).await, &round.unmeasured) {
        (Ok(reference), _) => reference,
        (Err(CallError::Status(status)), Some(built)) if !remote::is_to_blame(&status, &plan) => {
            return blame(
                *status,
                &built.image,
                &built.lowered,
                &built.commit,
                &built.sources,
            )
            .map(|(stage, status)| Solved::StoreLacks(stage, status));
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

/// Returns the image that `target` names, or the only final one.
fn choose_image<'a>(plan: &'a Plan, target: Option<&str>) -> Result<&'a ImagePlan, Diagnostic> {
    let names = |images: &[&ImagePlan]| {
        images
            .iter()
            .map(|image| format!("`{}`", image.name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let all: Vec<&ImagePlan> = plan.images.iter().collect();
    let finals: Vec<&ImagePlan> = plan.images.iter().filter(|image| image.is_final).collect();
    match (target, finals.as_slice(), all.as_slice()) {
        (Some(target), ..) => plan
            .images
            .iter()
            .find(|image| image.name.to_string() == target)
            .ok_or_else(|| {
                Diagnostic::error(format!(
                    "`--target {target}` is no image of project `{}`",
                    plan.project
                ))
                .hint(format!("its images are {}", names(&all)))
            }),
        (None, [one], _) | (None, [], [one]) => Ok(one),
        (None, [], []) => Err(Diagnostic::error(format!(
            "project `{}` has no image to build",
            plan.project
        ))
        .hint("add a section with `image:` and `from:`")),
        (None, ..) => Err(Diagnostic::error(format!(
            "project `{}` has several images",
            plan.project
        ))
        .hint(format!(
            "choose one with `--target`: {}",
            names(if finals.is_empty() { &all } else { &finals })
        ))),
    }
}

fn request_warnings(request: &Request, image: &ImagePlan, used: &[String]) -> Vec<Diagnostic> {
    let contexts = request.contexts.keys();
    let unused_contexts = contexts
        .filter(|name| !image.uses_context(name))
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

fn settings(request: &Request, platform: Platform, image: &ImagePlan) -> Settings {
    let name = image.name.to_string();
    Settings {
        platform,
        network: request.network,
        extra_hosts: request.extra_hosts.clone(),
        shm_size: request.shm_size,
        ulimits: request.ulimits.clone(),
        cgroup_parent: request.cgroup_parent.clone(),
        hostname: request.hostname.clone(),
        proxy: request.proxy.clone(),
        labels: request.labels.clone(),
        no_cache: image
            .stages
            .iter()
            .map(|stage| stage.kind)
            .filter(|kind| request.no_cache.covers(&name, kind.name()))
            .collect(),
        source_date_epoch: request.source_date_epoch,
        retried: None,
        session: request.session.clone(),
        contexts: request.contexts.clone(),
    }
}

async fn resolve_base(
    bridge: &mut Bridge,
    image: &ImagePlan,
    request: &Request,
    platform: &Platform,
    sources: &[SourceFile],
) -> Result<Option<BaseImage>, Failure> {
    let Base::Image { reference, at } = &image.base else {
        return Ok(None);
    };
    let normalised = buildkit_llb::normalise_reference(reference);
    let log_name = format!("[internal] load metadata for {normalised}");
    let resolved = bridge
        .resolve_image(
            &normalised,
            &platform.to_proto(),
            &request.resolve_mode,
            &log_name,
        )
        .await;
    match resolved {
        Ok((digest, config)) => {
            let pinned = if digest.is_empty() || normalised.contains('@') {
                normalised
            } else {
                format!("{normalised}@{digest}")
            };
            Ok(Some(BaseImage {
                reference: pinned,
                resolve_mode: request.resolve_mode.clone(),
                config,
            }))
        }
        Err(CallError::Status(mut status)) => {
            status.message = format!(
                "{}:{}: base image `{reference}`: {}",
                at.file, at.start.line, status.message
            );
            status.code = report::CODE_UNKNOWN;
            status.details.extend(report::source_detail(at, sources));
            Err(Failure::Status(status))
        }
        Err(error) => Err(error.into()),
    }
}

/// Solves the image, so that a failure happens while we can still say which stage it was.
async fn solve_image(
    bridge: &mut Bridge,
    image: &ImagePlan,
    lowered: &Lowered,
    commit: &str,
    sources: &[SourceFile],
) -> Result<Solved<Reference>, Failure> {
    let Some(root) = lowered.root else {
        return Ok(Solved::Well(Reference(String::new())));
    };
    let mut definition = lowered.graph.definition(root);
    shrink(&mut definition)?;
    match bridge.solve(definition).await {
        Ok(reference) => Ok(Solved::Well(reference)),
        Err(CallError::Status(status)) => blame(*status, image, lowered, commit, sources)
            .map(|(stage, status)| Solved::StoreLacks(stage, status)),
        Err(error) => Err(error.into()),
    }
}

/// Returns the stage that did not find in STORE what it needs, and otherwise the failure with the stage it was in.
fn blame(
    status: rpc::Status,
    image: &ImagePlan,
    lowered: &Lowered,
    commit: &str,
    sources: &[SourceFile],
) -> Result<(StageKind, Box<rpc::Status>), Failure> {
    if let Some(mistake) = missing::explain(&status, image) {
        return Err(Failure::Mistakes(vec![mistake], sources.to_vec()));
    }
    let vertex = report::failed_vertex(&status);
    let step = lowered
        .steps
        .iter()
        .find(|step| Some(lowered.graph.digest(step.node)) == vertex);
    let store_lacks = lacks_in_store(&status);
    let status = Box::new(failed_stage::describe(status, &image.name, step, commit));
    match step {
        Some(step) if store_lacks => Ok((step.kind, status)),
        _ => Err(Failure::Status(status)),
    }
}

/// Whether a stage failed because STORE was emptied under it: `stapel-sync` says so by its exit code (which could
/// be the script's own; then the second try tells), and a missing tool directory keeps the stage from being
/// started at all.
fn lacks_in_store(status: &rpc::Status) -> bool {
    match report::exit_code(status) {
        Some(code) if code == lower::STORE_EXIT_CODE => true,
        None | Some(report::NOT_STARTED) => status
            .message
            .ends_with(&format!("/{}: no such file or directory", store::TOOLS)),
        Some(_) => false,
    }
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

fn image_answer(
    reference: Option<Reference>,
    lowered: &Lowered,
    settings: &Settings,
    base: Option<&BaseImage>,
) -> Answer {
    let platform = &settings.platform;
    let id = platform.to_string();
    let mut described = json!({ "architecture": platform.architecture, "os": platform.os });
    if !platform.variant.is_empty() {
        described["variant"] = json!(platform.variant);
    }
    let platforms = json!({ "Platforms": [{ "ID": id, "Platform": described }] });
    let mut metadata = BTreeMap::from([
        ("containerimage.config".to_owned(), lowered.config.to_json()),
        (
            "refs.platforms".to_owned(),
            platforms.to_string().into_bytes(),
        ),
    ]);
    if let Some(base) = base {
        metadata.insert("containerimage.base.config".to_owned(), base.config.clone());
    }
    Answer {
        reference,
        metadata,
    }
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
                    value: json!({ "Code": code }).to_string().into_bytes(),
                })
                .into_iter()
                .collect(),
        };
        let mount = "process \"x\" did not complete successfully: open /x/stapel: no such file or directory";
        for (code, message, expected) in [
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
