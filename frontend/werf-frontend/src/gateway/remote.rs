//! Other repositories: how BuildKit is asked for them, and what a person sees when it could not fetch one.

use buildkit_llb::{GitSource, Source};
use buildkit_proto::rpc::Status;
use werf_plan::file::RemoteRequest;

use super::bridge::{CallError, Daemon};
use super::failure::Failure;
use super::named_context::{self, NamedContext};
use super::plan_graph::PlanGraph;
use super::report;
use super::request::Request;

/// What only newer daemons can do with git repositories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Annotated tags can be fetched by their full names.
    full_tag_names: bool,
    /// Submodules can be left alone.
    skips_submodules: bool,
}

impl Abilities {
    /// Whether submodules can be left alone.
    pub fn skips_submodules(self) -> bool {
        self.skips_submodules
    }

    /// Returns those of `daemon`.
    pub fn of(daemon: &Daemon) -> Abilities {
        Abilities {
            // Came with the same release, 0.26.
            full_tag_names: daemon.can("source.git.signatureverify"),
            skips_submodules: daemon.can("source.git.skipsubmodules"),
        }
    }
}

/// Returns the checkout of a repository with its `.git`, which alone is read. BuildKit fetches it with the client's
/// secrets or SSH agent.
pub fn checkout(remote: &RemoteRequest, abilities: Abilities) -> GitSource {
    let reference = match remote.reference.as_str() {
        // BuildKit finds the default branch by itself if it is given nothing.
        "HEAD" => "",
        name if abilities.full_tag_names => name,
        name => name
            .strip_prefix("refs/tags/")
            .filter(|tag| is_plain(tag))
            .unwrap_or(name),
    };
    let source = Source::git(&remote.url, reference)
        .keep_git_dir()
        .name(format!(
            "[internal] load git repository {} ({})",
            remote.url, remote.name
        ));
    if abilities.skips_submodules {
        source.skip_submodules()
    } else {
        source
    }
}

/// Whether BuildKit takes `tag` for the name of a branch or tag and for nothing else.
///
/// Before 0.26 it cannot fetch an annotated tag by its full name once it has fetched a commit of that repository
/// (`Cannot fetch both refs/tags/v1 and refs/tags/refs/tags/v1`), and a plain name is what most people give it. A full
/// one is exact where there is a branch of the same name.
fn is_plain(tag: &str) -> bool {
    let is_path = ["refs/", "heads/", "tags/", "remotes/"]
        .iter()
        .any(|start| tag.starts_with(start));
    let is_id = matches!(tag.len(), 40 | 64) && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    !is_path && !is_id && tag != "HEAD"
}

/// Returns the named context that stands for the repository.
pub(super) fn context<'r>(
    request: &'r Request,
    remote: &RemoteRequest,
) -> Option<NamedContext<'r>> {
    named_context::all(request).find(|context| context.is_repository(&remote.url))
}

/// Whether `context` stands for one of these repositories.
pub(super) fn uses_context(context: NamedContext<'_>, remotes: &[RemoteRequest]) -> bool {
    remotes
        .iter()
        .any(|remote| context.is_repository(&remote.url))
}

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

/// Whether what failed was one of the repositories of `plan`.
pub fn is_to_blame(status: &Status, plan: &PlanGraph) -> bool {
    let vertex = report::failed_vertex(status);
    let digests = plan.remotes.iter().map(|node| plan.graph.digest(*node));
    digests.into_iter().any(|digest| Some(digest) == vertex)
}

/// Puts the line of the mapping before BuildKit's words, and says what to do behind them, if what failed was one of
/// the repositories `asked` for.
pub fn explain(error: CallError, plan: &PlanGraph, asked: &[RemoteRequest]) -> Failure {
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
        return Failure::StatusAt(status, remote.at.clone());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_by_its_plain_name_where_that_is_one() {
        for (tag, expected) in [
            ("v1", true),
            ("release/v1", true),
            ("heads/main", false),
            ("refs/tags/v1", false),
            ("HEAD", false),
            ("0123456789abcdef0123456789abcdef01234567", false),
        ] {
            assert_eq!(is_plain(tag), expected, "{tag}");
        }
    }
}
