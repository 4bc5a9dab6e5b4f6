//! How a build can end other than well, and whose fault it was.

use buildkit_llb::Platform;
use buildkit_proto::rpc;
use diagnostic::redact::Hidden;
use diagnostic::{Diagnostic, Location};
use stapel_sync::store::toolchains::TOOLCHAINS;
use werf_plan::agreed::{DEFAULT_NAMES, STORE_EXIT_CODE, TOOLS, is_value};
use werf_plan::file::SourceFile;

use crate::git::repo::{NO_REPOSITORY, git_file, git_link};
use crate::lower::Step;

use super::bridge::{Bridge, CallError};
use super::context_files::no_context;
use super::failed_command::Left;
use super::plan_graph::OwnImage;
use super::request::Request;
use super::rounds::{StoreMiss, TargetGraph};
use super::{failed_stage, git_sources, imported, not_given, report};

/// How a build can end other than well.
///
/// Whoever fails says where, and not what is written there: the texts are added once, when the failure is returned.
#[derive(Debug)]
pub enum Failure {
    /// To be returned: mistakes, with a frame for each that has a place.
    Mistakes(Vec<Diagnostic>),
    /// To be returned as it is.
    Status(Box<rpc::Status>),
    /// To be returned as it is, with a frame for the place.
    StatusAt(Box<rpc::Status>, Location),
    /// The daemon is gone, or the build was cancelled: nobody is listening.
    Gone(String),
}

impl Failure {
    /// Returns what BuildKit is told, with the frames that `texts` have the texts of.
    ///
    /// # Errors
    /// A line for the daemon's log, where nobody is left to be told.
    pub fn into_status(self, texts: &[SourceFile]) -> Result<rpc::Status, String> {
        match self {
            Failure::Mistakes(errors) => Ok(report::status(&errors, texts)),
            Failure::Status(status) => Ok(*status),
            Failure::StatusAt(status, at) => Ok(report::status_at(*status, &at, texts)),
            Failure::Gone(message) => Err(message),
        }
    }
}

/// The entry of a work tree that leads to the repository.
const GIT: &str = ".git";
/// The bit of a directory in the modes of Go.
const GO_DIRECTORY: u32 = 1 << 31;

/// Build arguments with this prefix say what to do, and messages name them.
const OWN_ARGUMENTS: &str = "WERF_";

/// Returns what no failure shows: the build arguments, which templates may have put anywhere.
pub(super) fn hidden(request: &Request) -> Hidden {
    let mut hidden = Hidden::default();
    for (name, value) in &request.build_args {
        if !name.starts_with(OWN_ARGUMENTS) {
            hidden.add(value);
        }
    }
    hidden
}

/// Adds something worth knowing to what the daemon says.
pub(super) fn note(status: &mut rpc::Status, note: &str) {
    status.message.push_str(&format!("\n  note: {note}"));
}

impl Failure {
    /// Says which of several platforms it was that failed.
    pub(super) fn of_platform(mut self, platform: &Platform) -> Failure {
        if let Failure::Status(status) | Failure::StatusAt(status, _) = &mut self {
            note(status, &format!("this was the build for {platform}"));
        }
        self
    }

    /// Hides values in everything that is said.
    pub(super) fn without(mut self, hidden: &Hidden) -> Failure {
        match &mut self {
            Failure::Mistakes(mistakes) => {
                for mistake in mistakes {
                    hidden.in_diagnostic(mistake);
                }
            }
            Failure::Status(status) | Failure::StatusAt(status, _) => {
                status.message = hidden.in_message(&status.message);
            }
            Failure::Gone(_) => {}
        }
        self
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
        Failure::Mistakes(vec![error])
    }
}

pub(super) fn internal_error(panic: tokio::task::JoinError) -> rpc::Status {
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

/// Says why there is no repository. PLAN cannot, since it sees only the parts of `.git` that it needs.
pub(super) async fn explain_no_repository(
    bridge: &mut Bridge,
    request: &Request,
    errors: Vec<Diagnostic>,
) -> Result<Vec<Diagnostic>, Failure> {
    let is_missing = |error: &Diagnostic| error.rule.as_deref() == Some(NO_REPOSITORY);
    if !errors.iter().any(is_missing) {
        return Ok(errors);
    }
    if let Some(url) = &request.other_context {
        return Ok(vec![no_context(url)]);
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
    let (graph, node) = git_sources::git_file_graph(request)
        .map_err(|error| Diagnostic::error(format!("read the build context: {error}")))?;
    let reference = bridge.solve(graph.definition(node)).await?;
    match bridge.stat_in_root(&reference, GIT).await {
        Ok(Some(stat)) if !stat.linkname.is_empty() => Ok(vec![git_link(&stat.linkname).into()]),
        Ok(Some(stat)) if stat.mode & GO_DIRECTORY == 0 => {
            let content = bridge.read_file(&reference, GIT).await?;
            Ok(vec![git_file(&String::from_utf8_lossy(&content)).into()])
        }
        // A directory, or nothing: there is no more to say.
        Ok(_) | Err(CallError::Status(_)) => Ok(errors),
        Err(error) => Err(error.into()),
    }
}

/// Returns the stage in which a solve has failed, if the daemon says where it was.
fn failed_step<'a>(status: &rpc::Status, target_graph: &'a TargetGraph) -> Option<&'a Step> {
    let vertex = report::failed_vertex(status)?;
    let lowered = &target_graph.lowered;
    let mut steps = lowered.steps.iter();
    let step = steps.find(|step| lowered.graph.digest(step.node) == vertex);
    step.or_else(|| {
        let (image, kind) = target_graph.vertices.get(&vertex)?;
        lowered.step(image, *kind)
    })
}

/// As [`blame`], after a look at what has become of the stage. `own` is where our own image comes from.
pub(super) async fn look_and_blame(
    bridge: &mut Bridge,
    own: &OwnImage<'_>,
    status: rpc::Status,
    target_graph: &TargetGraph,
) -> Result<StoreMiss, Failure> {
    let Some(step) = failed_step(&status, target_graph) else {
        return blame(status, target_graph, None);
    };
    let left = Left::read(bridge, own, &status, step).await;
    let notes = if failed_stage::its_commands_failed(report::exit_code(&status)) {
        imported::notes(bridge, step, target_graph).await
    } else {
        Vec::new()
    };
    blame(status, target_graph, left.as_ref()).map_err(|mut failure| {
        if let Failure::Status(status) = &mut failure {
            for said in notes {
                note(status, &said);
            }
        }
        failure
    })
}

/// Returns the stage that did not find in STORE what it needs, and otherwise the failure with the stage it was in.
pub(super) fn blame(
    status: rpc::Status,
    target_graph: &TargetGraph,
    left: Option<&Left>,
) -> Result<StoreMiss, Failure> {
    let step = failed_step(&status, target_graph);
    // Not every failure says where it was.
    let mut images = target_graph.images.iter();
    let mistake = match step {
        Some(step) => images
            .find(|image| image.name == step.image)
            .and_then(|image| not_given::explain(&status, image)),
        None => images.find_map(|image| not_given::explain(&status, image)),
    };
    if let Some(mistake) = mistake {
        return Err(Failure::Mistakes(vec![mistake]));
    }
    let store_lacks = lacks_in_store(&status) && left.is_none();
    let status = Box::new(failed_stage::describe(
        status,
        step,
        left,
        &target_graph.commit,
    ));
    match step {
        Some(step) if store_lacks => Ok(StoreMiss {
            image: step.image.clone(),
            stage: step.kind,
            status,
        }),
        _ => Err(Failure::Status(status)),
    }
}

/// Whether a stage failed because it was not shown the STORE that PLAN has filled. `stapel-sync` says so by its exit code; a script may end
/// with the same code. If even the tools are not there, or the value of a secret, the stage is not started.
pub(super) fn lacks_in_store(status: &rpc::Status) -> bool {
    match report::exit_code(status) {
        Some(code) if code == STORE_EXIT_CODE => true,
        None | Some(report::NOT_STARTED) => status
            .message
            .strip_suffix(": no such file or directory")
            .is_some_and(is_of_store),
        Some(_) => false,
    }
}

/// Whether the message ends in the path of a directory of STORE with tools, or in that of the value of a secret.
fn is_of_store(message: &str) -> bool {
    let mut parts = message.rsplit('/');
    let last = parts.next().unwrap_or_default();
    last == TOOLS || is_value(last) || parts.next() == Some(TOOLCHAINS)
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
        let value = "process \"x\" did not complete successfully: open /x/0123456789abcdef0123456789abcdef: no such file or directory";
        for (code, message, expected) in [
            (None, toolchain, true),
            (Some(1), toolchain, false),
            (Some(93), "exit code: 93", true),
            (Some(1), "exit code: 1", false),
            (None, mount, true),
            (None, value, true),
            (Some(255), value, true),
            (Some(1), value, false),
            (Some(255), mount, true),
            (Some(1), mount, false),
            (None, "open /x/other: no such file or directory", false),
        ] {
            let status = status(code, message);
            assert_eq!(lacks_in_store(&status), expected, "{code:?} {message}");
        }
    }
}
