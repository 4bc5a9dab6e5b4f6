//! PLAN: the commit and a few words from the client in, the plan file and tools in STORE out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use diagnostic::redact::Hidden;
use diagnostic::{Checks, Diagnostic};
use stapel_sync::store::toolchains;
use stapel_sync::store::tools::{StoreError, install_tools};
use stapel_sync::store::{CleanPolicy, Filler, Store};
use stapel_sync::{ErrorKind, is_no_room};
use werf_config::lint::{self, Facts};
use werf_config::{self, Config, ImageName, permission};
use werf_plan::agreed::{CACHE_SCOPE_ARGUMENT, MAKE_ROOM, plan_in_build, unix_time};
use werf_plan::file::{Outcome, Plan, PlanFile};
use werf_plan::remote::GivenRemote;
use werf_plan::until::{self, Until};
use werf_plan::{self, ImageSources};

use crate::git::repo::Repo;

use super::baseline::{self, BaselineLayer, Distance};
use super::changes::{self, Taken};
use super::contents::{FillError, Lacking};
use super::contexts::Contexts;
use super::dev::{self, SentWorkTree};
use super::inventory::Inventory;
use super::locate::ConfigQuery;
use super::remotes::{self, Remotes, Unopened};
use super::sources::{Distances, Snapshot};
use super::template::{self, Configuration, Remarks, Unread};
use super::uncommitted::ClientFiles;
use super::values;

/// How often a filler looks for stages that wait.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Everything that PLAN is told; whatever else it wants to know is in the commit.
#[derive(Clone, Debug, Default)]
pub struct PlanRequest {
    /// The git directory.
    pub git_dir: PathBuf,
    /// What the client names in its place: a git directory, for a linked worktree the common one, or a directory that has it as
    /// `.git`.
    pub named_git: Option<PathBuf>,
    /// Which configuration file.
    pub config: ConfigQuery,
    /// What git calls the commit; `None` is HEAD.
    pub commit: Option<String>,
    /// The image to be built, if one is named.
    pub target: Option<String>,
    /// The build arguments, which templates may read.
    pub build_args: BTreeMap<String, String>,
    /// Layers to look at.
    pub baselines: Vec<BaselineLayer>,
    /// The repositories of mappings with `url` that are at hand.
    pub remotes: Vec<GivenRemote>,
    /// The directory for the values of secrets that are in the configuration.
    pub values: Option<PathBuf>,
    /// The files of the client.
    pub client_files: ClientFiles,
    /// The client's working directory, if it is to be built and is not on this disk.
    pub work_tree: Option<SentWorkTree>,
    /// Whether nothing is wanted but what the working directory has and the commit has not.
    pub is_for_changes: bool,
    /// Whether a filler can stand by, so that contents of many files may be put off.
    pub may_put_off: bool,
}

/// Plans the HEAD commit of the repository, and fills STORE with what its stages need if one is given.
/// Mistakes of the user are part of the result.
pub fn plan_commit(request: &PlanRequest, store: Option<&Path>) -> PlanFile {
    plan_with(request, store, None)
}

/// Hands on what a plan is made from: the configuration, what nobody is to see of it, and the files.
pub(super) type Show<'a> = dyn FnMut(&Config, &Hidden, Inventory) + 'a;

/// Plans a commit without STORE, and hands to `show` what stands behind the plan if there is one.
pub(super) fn plan_and_show(request: &PlanRequest, show: &mut Show<'_>) -> PlanFile {
    plan_with(request, None, Some(show))
}

fn plan_with(request: &PlanRequest, store: Option<&Path>, show: Option<&mut Show<'_>>) -> PlanFile {
    let mut remarks = Remarks::default();
    let outcome = match plan_or_refuse(request, store, show, &mut remarks) {
        Ok(mut outcome) => {
            if let Outcome::Plan(plan) = &mut outcome {
                hide_in_progress(plan, &remarks.hidden);
            }
            outcome
        }
        Err(mut errors) => {
            if let Err(Unread::NeedsFiles(wanted)) =
                changes::warn_of_mistaken(request, &mut remarks)
            {
                return changes::file(Outcome::NeedsFiles(wanted), Vec::new(), Checks::default());
            }
            if dev::is_on(request) {
                dev::explain(&mut errors);
            }
            for error in &mut errors {
                remarks.hidden.in_diagnostic(error);
            }
            Outcome::Errors(errors)
        }
    };
    if request.is_for_changes {
        return changes::file(outcome, remarks.warnings, remarks.checks);
    }
    for warning in &mut remarks.warnings {
        remarks.hidden.in_diagnostic(warning);
    }
    PlanFile {
        warnings: remarks.warnings,
        checks: remarks.checks,
        sources: remarks.texts,
        used_build_args: remarks.used.into_iter().collect(),
        arguments: remarks.arguments,
        is_put_off: remarks.is_put_off,
        ..PlanFile::of(outcome)
    }
}

/// Hides the values of variables in the first words of commands, which progress shows and records keep.
fn hide_in_progress(plan: &mut Plan, hidden: &Hidden) {
    let stages = plan.images.iter_mut().flat_map(|image| &mut image.stages);
    for script in stages.filter_map(|stage| stage.script.as_mut()) {
        script.summary = hidden.cut_text(&script.summary);
        script.history = script.history.as_deref().map(|it| hidden.cut_text(it));
    }
}

fn plan_or_refuse(
    request: &PlanRequest,
    store: Option<&Path>,
    show: Option<&mut Show<'_>>,
    remarks: &mut Remarks,
) -> Result<Outcome, Vec<Diagnostic>> {
    let repo = match dev::open(request) {
        Ok(repo) => repo,
        Err(Unread::NeedsFiles(wanted)) => return Ok(Outcome::NeedsFiles(wanted)),
        Err(Unread::Mistakes(mistakes)) => return Err(mistakes),
    };
    let configuration = match template::read(&repo, request, remarks) {
        Ok(configuration) => configuration,
        Err(Unread::NeedsFiles(wanted)) => return Ok(Outcome::NeedsFiles(wanted)),
        Err(Unread::Mistakes(mistakes)) => return Err(mistakes),
    };
    let Configuration { text, rules, views } = &configuration;
    let mut loaded = werf_config::load(text)?;
    remarks.warnings.extend(loaded.warnings);
    let of_dependencies = loaded.config.give_values(&request.build_args)?;
    remarks.used.extend(of_dependencies);
    let cache_scope = request.build_args.get(CACHE_SCOPE_ARGUMENT);
    loaded.config.cache_scope = cache_scope.cloned().unwrap_or_default();
    let mut mistakes = remotes::forbidden(&loaded.config, rules);
    mistakes.extend(permission::check(&loaded.config, rules));
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    remarks
        .warnings
        .extend(permission::value_in_records(&loaded.config));
    remarks.warnings.extend(lint::check(
        &loaded.config,
        text,
        &Facts {
            commit: &repo.commit(),
            unix_time: &repo
                .author_time()
                .map(|time| time.seconds.to_string())
                .unwrap_or_default(),
            variables: &request.build_args,
        },
    ));
    let contexts = Contexts::take(&loaded.config, &repo, (views, rules), text, remarks)?;
    let taken = Taken::of(&loaded.config, Some(&contexts));
    if let Err(Unread::NeedsFiles(wanted)) = changes::warn(&repo, request, Some(taken), remarks) {
        return Ok(Outcome::NeedsFiles(wanted));
    }
    if request.is_for_changes {
        return Err(Vec::new());
    }
    let remotes = match Remotes::open(&loaded.config, &request.remotes) {
        Ok(remotes) => remotes,
        Err(Unopened::NotGiven(requests)) => return Ok(Outcome::NeedsRemotes(requests)),
        Err(Unopened::Broken(errors)) => return Err(errors),
    };
    let snapshot = Snapshot::take(&loaded.config, &repo, &remotes, &mut remarks.warnings)?;
    if let Some(show) = show {
        let inventory = Inventory::take(&loaded.config, &repo, &snapshot, &contexts);
        show(&loaded.config, &remarks.hidden, inventory);
    }
    let until = until(&loaded.config, &repo, &contexts, request)?;
    let plan = |sources: &_| {
        let mut plan = Plan {
            dockerfiles: contexts.plan(&loaded.config),
            ..werf_plan::plan_until(&loaded.config, &repo.commit(), sources, until.as_ref())
        };
        if dev::is_on(request) {
            dev::mark(&mut plan);
        }
        plan
    };
    let Some(store) = store else {
        return Ok(Outcome::Plan(plan(&snapshot.sources())));
    };
    let contents = Contents {
        repo: &repo,
        snapshot: &snapshot,
        contexts: &contexts,
    };
    let filled = fill(&contents, store, request, plan, &mut remarks.is_put_off);
    filled.map(Outcome::Plan).map_err(|error| match error {
        FillError::Repo(error) => vec![error.into()],
        FillError::Store(error) => {
            let is_no_room = error.kind() == ErrorKind::NoRoom;
            vec![unfilled(format!("fill STORE: {error}"), is_no_room)]
        }
        FillError::Values(error) => vec![unfilled(error.to_string(), is_no_room(&error.cause))],
    })
}

/// Says that something could not be written for stages, and what to do about a disk without room.
fn unfilled(message: String, is_no_room: bool) -> Diagnostic {
    let error = Diagnostic::error(message);
    if is_no_room {
        error.hint(MAKE_ROOM)
    } else {
        error
    }
}

/// Returns where the build is to stop, if the client says so.
fn until(
    config: &Config,
    repo: &Repo,
    contexts: &Contexts,
    request: &PlanRequest,
) -> Result<Option<Until>, Vec<Diagnostic>> {
    let written = request.build_args.get(until::ARGUMENT);
    let Some(written) = written.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let sourced = config.images.iter().filter(|image| !image.git.is_empty());
    let sources = sourced
        .map(|image| (image.name.clone(), ImageSources::default()))
        .collect();
    let whole = Plan {
        dockerfiles: contexts.plan(config),
        ..werf_plan::plan(config, &repo.commit(), &sources)
    };
    Until::read(written, &whole, request.target.as_deref()).map_err(|mistake| vec![mistake])
}

/// What of the commit goes into STORE.
struct Contents<'a> {
    repo: &'a Repo,
    snapshot: &'a Snapshot,
    contexts: &'a Contexts,
}

/// Brings what the stages of the target need into STORE, unless it `is_put_off`, and plans until the digests are settled: the digest of the
/// last stage before `gitCache` names the baseline, the distance from it is in the digest of `gitCache`, and that changes
/// the digests of all images that are based on this one.
fn fill(
    contents: &Contents<'_>,
    store: &Path,
    request: &PlanRequest,
    plan: impl Fn(&BTreeMap<ImageName, ImageSources>) -> Plan,
    is_put_off: &mut bool,
) -> Result<Plan, FillError> {
    let Contents {
        repo,
        snapshot,
        contexts,
    } = contents;
    let mut store = Store::create(store)?;
    let mut sources = snapshot.sources();
    let mut planned = plan(&sources);
    // Where the choice of an image is a mistake, the gateway says so.
    let needed: BTreeSet<ImageName> = match planned.choose(request.target.as_deref()) {
        Ok(target) => planned
            .needed(target.name())
            .into_iter()
            .map(|image| image.name().clone())
            .collect(),
        Err(_) => BTreeSet::new(),
    };
    let lacking = if request.may_put_off {
        snapshot.lacking(&mut store, repo, &needed)?
    } else {
        // Whatever it is, it is written at once.
        Lacking::Little
    };
    *is_put_off = lacking == Lacking::Much;
    if lacking == Lacking::Little {
        snapshot.fill(&mut store, repo, &needed)?;
    }
    baseline::record(&store, &request.baselines)?;
    let mut distances = Distances::new();
    // Each pass settles at least the images whose bases are settled.
    for _ in 0..=needed.len() {
        if *is_put_off {
            snapshot.fill_changes(&mut store, repo, &planned, &needed)?;
        }
        let is_full = !*is_put_off;
        snapshot.compare(&store, is_full, &planned, &needed, &mut distances)?;
        let mut is_settled = true;
        for (name, known) in &distances {
            let changed = known.distance.mebibytes();
            let planned_with = &mut sources.entry(name.clone()).or_default().changed_mebibytes;
            is_settled &= *planned_with == changed;
            *planned_with = changed;
        }
        if is_settled {
            break;
        }
        planned = plan(&sources);
    }
    for image in &mut planned.images {
        let distance = distances.get(&image.name);
        image.baseline_is_unknown = distance.is_some_and(|it| it.distance == Distance::Unknown);
    }
    if let Some(directory) = &request.values {
        values::hand_over(directory, &mut planned, &needed)?;
    }
    snapshot.write_slots(&store, repo, &planned, &needed)?;
    let dockerfiles = planned.dockerfiles.iter();
    let dockerfiles = dockerfiles.filter(|image| needed.contains(&image.name));
    contexts.fill(&mut store, repo, dockerfiles)?;
    store.clean(&CleanPolicy::default())?;
    Ok(planned)
}

/// Fills STORE as [`run`] does as soon as a stage wants it, having said that it stands by.
///
/// # Errors
/// STORE that cannot be written.
pub fn run_when_wanted(
    request: &PlanRequest,
    store: &Path,
    tools: &Path,
    out: &Path,
    stands_by: impl FnOnce(),
) -> Result<(), StoreError> {
    let filler = Filler::stand_by(store).map_err(|error| StoreError {
        action: format!("stand by: {error}"),
        cause: std::io::ErrorKind::Other.into(),
    })?;
    stands_by();
    while !filler.is_wanted() {
        std::thread::sleep(LOOK_AGAIN);
    }
    run(request, store, tools, out)
}

/// Runs PLAN inside a build: fills STORE from the image's own tools, then writes the plan file.
///
/// # Errors
/// What could not be read or written; mistakes of the user are in the plan file, not here.
pub fn run(
    request: &PlanRequest,
    store: &Path,
    tools: &Path,
    out: &Path,
) -> Result<(), StoreError> {
    let mut file = if request.is_for_changes {
        plan_commit(request, None)
    } else {
        install_tools(store, tools)?;
        let file = plan_commit(request, Some(store));
        toolchains::clean(store, SystemTime::now())?;
        file
    };
    file.session = std::env::var(plan_in_build::SESSION_VARIABLE).unwrap_or_default();
    file.unix_time = unix_time(SystemTime::now());
    file.is_unstable = sprig::has_been_unstable();
    std::fs::write(out, file.to_json()).map_err(|cause| StoreError {
        action: format!("write {}", out.display()),
        cause,
    })
}

#[cfg(test)]
mod tests;
