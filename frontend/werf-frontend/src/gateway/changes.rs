//! What the working directory has and the commit, which is built, has not: looked for beside the build.
//!
//! A build that has ended waits for what is being looked for, unless the client is not even done with looking at its files: that
//! takes seconds where there are a hundred thousand, and a build of which everything is cached takes no longer.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use buildkit_llb::{Graph, ImportError, Mount, Node};
use diagnostic::{Checks, Diagnostic, rule};
use werf_plan::agreed::UNCOMMITTED_ARGUMENT;
use werf_plan::agreed::plan_in_build as flag;
use werf_plan::file::{Outcome, PlanFile};

use crate::git::repo::GIT_DIR_CONTEXT;

use super::bridge::{self, Bridge, Daemon};
use super::client_files::{self, ClientInputs};
use super::failed_stage;
use super::failure::{self, Failure};
use super::git_sources;
use super::plan_graph::{self, OwnImage, PLAN_FILE};
use super::report;
use super::request::Request;

/// So long a build that has ended waits for the client to have looked at its files.
const PATIENCE: Duration = Duration::from_millis(300);

/// So often files are asked for at most: those of rules, and contents.
const MOST_RUNS: usize = 3;

/// The value of the build argument with which a build waits however long it takes.
const WAIT: &str = "wait";

/// Whether anybody wants to know.
fn is_wanted(request: &Request) -> bool {
    let argument = request.build_args.get(UNCOMMITTED_ARGUMENT);
    let is_off = argument.is_some_and(|value| value == "ignore");
    !is_off
        && request.context_elsewhere().is_none()
        && !request.contexts.contains_key(GIT_DIR_CONTEXT)
        && !client_files::is_dev(request)
        && request.subrequest.is_none()
}

/// What the working directory has and the commit has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// What was said of it.
    warnings: Vec<Diagnostic>,
    /// Those of which the file or the build says that they stop it.
    stops: Vec<Diagnostic>,
}

impl Changes {
    /// Returns how a build that has ended as `built` ends: it names what it did not have where that may be why it failed, and
    /// fails where it is not to be without.
    pub(super) fn end<T>(self, built: Result<T, Failure>) -> Result<T, Failure> {
        match built {
            Ok(_) if !self.stops.is_empty() => Err(Failure::Mistakes(self.stops)),
            Ok(built) => Ok(built),
            Err(failure) => Err(named_again(failure, &self.warnings)),
        }
    }
}

/// Runs `building`, and beside it `looking`, which sets `has_files` once the client's files were looked at. Returns what has
/// become of both.
pub(super) async fn beside<T>(
    building: impl Future<Output = T>,
    looking: impl Future<Output = Changes>,
    has_files: &AtomicBool,
) -> (T, Changes) {
    let (mut building, mut looking) = (pin!(building), pin!(looking));
    let built = tokio::select! {
        built = &mut building => built,
        changes = &mut looking => return (building.await, changes),
    };
    let patience = async {
        tokio::time::sleep(PATIENCE).await;
        if has_files.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
    };
    tokio::select! {
        changes = &mut looking => (built, changes),
        () = patience => (built, Changes::default()),
    }
}

/// Looks for changes, and warns of them. Returns what it has said, for how the build ends; `has_files` becomes true once
/// the client's files were looked at, or if nobody minds to wait for that.
///
/// Nothing that goes wrong here is a failure: the build says what is wrong with the configuration, and needs none of this.
pub(super) async fn look(
    mut bridge: Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    daemon: &Daemon,
    has_files: &AtomicBool,
) -> Changes {
    if !is_wanted(request) {
        return Changes::default();
    }
    let argument = request.build_args.get(UNCOMMITTED_ARGUMENT);
    has_files.store(
        argument.is_some_and(|value| value == WAIT),
        Ordering::Relaxed,
    );
    let mut client = ClientInputs::of(daemon).looking();
    if look_at_files(&mut bridge, request, &client).await.is_none() {
        return Changes::default();
    }
    has_files.store(true, Ordering::Relaxed);
    for _ in 0..MOST_RUNS {
        let Some((file, vertex)) = run(&mut bridge, request, own, &client).await else {
            return Changes::default();
        };
        if let Outcome::NeedsFiles(wanted) = &file.outcome
            && client.add(wanted)
        {
            continue;
        }
        let checks = match &request.checks {
            // What is wrong with it, the build says.
            Some(written) => Checks::of_argument(written).map_or_else(|_| file.checks, |it| it.0),
            None => file.checks,
        };
        let mut warnings = file.warnings;
        warnings.retain(|warning| checks.hears(warning));
        for warning in &warnings {
            let warning = report::warning(&vertex, warning, &[]);
            if bridge.warn(warning).await.is_err() {
                break;
            }
        }
        return Changes {
            stops: checks.stops(&warnings),
            warnings,
        };
    }
    Changes::default()
}

/// Has the client look at its files: the exec finds them there.
async fn look_at_files(
    bridge: &mut Bridge,
    request: &Request,
    client: &ClientInputs,
) -> Option<()> {
    for mounted in client.mounted(request) {
        let mut graph = Graph::new();
        let node = graph.source(mounted.source);
        bridge.solve(graph.definition(node)).await.ok()?;
    }
    Some(())
}

async fn run(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    client: &ClientInputs,
) -> Option<(PlanFile, String)> {
    let (graph, out) = graph(request, own, client).ok()?;
    let vertex = graph.digest(out);
    let mut definition = graph.definition(out);
    bridge::shrink(&mut definition).ok()?;
    let reference = bridge.without_imports().solve(definition).await.ok()?;
    let bytes = bridge.read_file(&reference, PLAN_FILE).await.ok()?;
    Some((PlanFile::from_json(&bytes).ok()?, vertex))
}

/// Returns the graph of the exec that looks, and the directory that it writes to.
fn graph(
    request: &Request,
    own: &OwnImage<'_>,
    client_inputs: &ClientInputs,
) -> Result<(Graph, Node), ImportError> {
    let mut graph = Graph::new();
    let image = own.node(&mut graph)?;
    let client = client_inputs.mounted(request);
    let mut program = plan_graph::arguments(request, &[], &[]);
    program.push(format!("--{}", flag::CHANGES));
    for mounted in &client {
        program.extend([format!("--{}", mounted.flag), mounted.directory.to_owned()]);
    }
    let mut mounts = vec![
        (plan_graph::CONTEXT, git_sources::git_of_client(request)),
        (plan_graph::CONFIG, plan_graph::config_of_client(request)),
    ];
    mounts.extend(client.into_iter().map(|it| (it.directory, it.source)));
    // Metadata are in no key.
    let again = !client_inputs.takes_metadata();
    let session = (!again).then_some(&*request.session);
    let mut exec = plan_graph::own_exec(image, program)
        .env("WERF_PLAN_NONCE", plan_graph::nonce(0, 0, session))
        .mount(Mount::scratch(plan_graph::OUT))
        .name("[internal] look for uncommitted changes");
    for (directory, source) in mounts {
        let node = graph.source(source);
        exec = exec.mount(plan_graph::input(&graph, directory, node, again));
    }
    let out = plan_graph::output_of(&mut graph, exec);
    Ok((graph, out))
}

/// What is said where commands failed that saw the commit: by us, and by BuildKit of a `RUN` of a Dockerfile, and of a `COPY` of what is
/// not there (`solver/llbsolver/ops/exec.go`, `solver/errdefs/op.go`, `cache/contenthash`).
const SAW_COMMIT: [&str; 4] = [
    failed_stage::SAW_COMMIT,
    "did not complete successfully",
    "failed to calculate checksum",
    "failed to compute cache key",
];

/// Names `changes` again where commands failed that saw the commit in their place, and those of the configuration where that has
/// a mistake, which may have been corrected and not committed.
fn named_again(mut failure: Failure, changes: &[Diagnostic]) -> Failure {
    match &mut failure {
        Failure::Status(status) | Failure::StatusAt(status, _)
            if SAW_COMMIT.iter().any(|it| status.message.contains(it)) =>
        {
            for change in changes {
                failure::note(status, &change.message);
            }
        }
        Failure::Mistakes(mistakes) => {
            let mut changes = changes.iter();
            let change = changes.find(|it| it.is_of(&rule::UNCOMMITTED_CONFIGURATION));
            if let (Some(change), Some(mistake)) = (change, mistakes.last_mut()) {
                mistake.add_notes([change.message.clone()]);
            }
        }
        _ => {}
    }
    failure
}

#[cfg(test)]
mod tests {
    use buildkit_proto::rpc;

    use super::*;

    #[test]
    fn the_exec_that_looks_has_no_store() {
        let own = OwnImage::Reference("frontend:1");
        let daemon = Daemon {
            capabilities: vec!["source.local.metadatatransfer".into()],
            ..Daemon::default()
        };
        let client = ClientInputs::of(&daemon).looking();
        let (graph, out) = graph(&Request::default(), &own, &client).expect("a graph");
        insta::assert_snapshot!(graph.text(out));
    }

    #[tokio::test]
    async fn a_build_waits_for_what_is_found_but_not_for_the_files() {
        let change = || Changes {
            warnings: vec![Diagnostic::warning(&rule::UNCOMMITTED_CHANGES, "a change")],
            ..Changes::default()
        };
        let later = async {
            // Longer than the patience that there is without files.
            tokio::time::sleep(PATIENCE * 2).await;
            change()
        };
        let has_files = AtomicBool::new(true);
        assert_eq!(beside(async { 1 }, later, &has_files).await, (1, change()));
        let has_files = AtomicBool::new(false);
        let never = pending::<Changes>();
        assert_eq!(
            beside(async { 1 }, never, &has_files).await,
            (1, Changes::default())
        );
        let first = async { change() };
        let building = async {
            tokio::task::yield_now().await;
            2
        };
        assert_eq!(beside(building, first, &has_files).await, (2, change()));
    }

    #[test]
    fn nobody_looks_where_nobody_wants_to_know() {
        let request = |key: &str, value: &str| {
            let options = [(key.to_owned(), value.to_owned())];
            Request::from_options(options.into()).expect("options")
        };
        assert!(is_wanted(&Request::default()));
        assert!(is_wanted(&request("build-arg:WERF_UNCOMMITTED", "warn")));
        for (key, value) in [
            ("build-arg:WERF_UNCOMMITTED", "ignore"),
            ("build-arg:WERF_DEV", "1"),
            ("context", "https://host/team/app.git"),
            ("requestid", "frontend.lint"),
        ] {
            assert!(!is_wanted(&request(key, value)), "{key}");
        }
    }

    #[test]
    fn a_stage_that_saw_the_commit_names_the_changes() {
        let change = Diagnostic::warning(
            &rule::UNCOMMITTED_CHANGES,
            "1 file is not as in commit x: `a`",
        );
        let failed = |message: &str| {
            let status = rpc::Status {
                message: message.to_owned(),
                ..rpc::Status::default()
            };
            match named_again(
                Failure::Status(Box::new(status)),
                std::slice::from_ref(&change),
            ) {
                Failure::Status(status) => status.message,
                other => panic!("{other:?}"),
            }
        };
        let saw = format!("stage failed\n  hint: {}", failed_stage::SAW_COMMIT);
        assert_eq!(
            failed(&saw),
            format!("{saw}\n  note: 1 file is not as in commit x: `a`")
        );
        assert!(
            failed("failed to compute cache key: \"/a\": not found").contains("\n  note: 1 file")
        );
        assert_eq!(failed("pull failed"), "pull failed");
        let mistaken = || Failure::from(Diagnostic::error("a mistake"));
        let notes =
            |change: &Diagnostic| match named_again(mistaken(), std::slice::from_ref(change)) {
                Failure::Mistakes(mistakes) => mistakes[0].notes.clone(),
                other => panic!("{other:?}"),
            };
        assert_eq!(notes(&change), Vec::<String>::new());
        let change = Diagnostic::warning(&rule::UNCOMMITTED_CONFIGURATION, "`D` is not as in x");
        assert_eq!(notes(&change), ["`D` is not as in x"]);
    }
}
