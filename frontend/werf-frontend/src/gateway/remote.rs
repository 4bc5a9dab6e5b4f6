//! What a person sees when BuildKit could not fetch a repository.

use crate::plan::file::{RemoteRequest, SourceFile};

use super::bridge::CallError;
use super::plan_graph::PlanGraph;
use super::{Failure, report};

/// What git and BuildKit say when the server wants to know who asks, or knows and refuses.
const NO_ACCESS: [&str; 9] = [
    "could not read Username",
    "could not read Password",
    "Authentication failed",
    "The requested URL returned error: 401",
    "The requested URL returned error: 403",
    "Permission denied (publickey",
    "no SSH key",
    "unset ssh forward key",
    "Host key verification failed",
];

/// What BuildKit says if it was started where there is no `git`, and so has no git source (`worker/base/worker.go`).
const NO_GIT: &str = "unknown scheme git";

/// Puts the line of the mapping before BuildKit's words, and says what to do behind them, if what failed was one of
/// the repositories `asked` for.
pub fn explain(
    error: CallError,
    plan: &PlanGraph,
    asked: &[RemoteRequest],
    sources: &[SourceFile],
) -> Failure {
    let CallError::Status(mut status) = error else {
        return error.into();
    };
    let vertex = report::failed_vertex(&status);
    let failed = plan
        .remotes
        .iter()
        .zip(asked)
        .find(|(node, _)| Some(plan.graph.digest(**node)) == vertex);
    if let Some((_, remote)) = failed {
        let advice = advice(&status.message, remote);
        status.message = format!(
            "{}:{}: repository `{}` ({}): {}",
            remote.at.file,
            remote.at.start.line,
            remote.url,
            remote.name,
            status.message.trim_end()
        );
        if let Some(advice) = advice {
            status.message.push('\n');
            status.message.push_str(advice);
        }
        status.code = report::CODE_UNKNOWN;
        status
            .details
            .extend(report::source_detail(&remote.at, sources));
    }
    Failure::Status(status)
}

/// Returns what to do about BuildKit's `message`, where that is known.
fn advice<'a>(message: &str, remote: &'a RemoteRequest) -> Option<&'a str> {
    if NO_ACCESS.iter().any(|words| message.contains(words)) {
        return Some(&remote.advice);
    }
    message
        .contains(NO_GIT)
        .then_some("install `git` where the daemon runs, and start the daemon again")
}
