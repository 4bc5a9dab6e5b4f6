//! Files of the client that PLAN has asked for, since rules of the configuration take them although they are not committed.

use buildkit_llb::{LocalSource, Source};
use diagnostic::Diagnostic;
use werf_plan::agreed::plan_in_build as flag;
use werf_plan::file::FilesRequest;

use super::request::Request;

/// Where they are in PLAN's container.
pub(super) const DIRECTORY: &str = "/client";

/// Returns the files as a source.
pub(super) fn source(request: &Request, wanted: &FilesRequest) -> LocalSource {
    Source::local(&request.context_name)
        .session(&request.session)
        .include_patterns(&wanted.include)
        .exclude_patterns(&wanted.exclude)
        .shared_key_hint("werf-client-files")
        .name("[internal] load uncommitted files that are allowed")
}

/// Returns what PLAN is told of them: where they are, or why there are none.
pub(super) fn flag(
    request: &Request,
    wanted: Option<&FilesRequest>,
) -> Option<(&'static str, String)> {
    match (&request.git_context, wanted) {
        (Some(context), _) => {
            let why = format!("the build context is the repository `{}`", context.shown());
            Some((flag::NO_CLIENT_FILES, why))
        }
        (None, Some(_)) => Some((flag::CLIENT_FILES, DIRECTORY.to_owned())),
        (None, None) => None,
    }
}

/// Returns the mistake of a PLAN that asks again for what it has.
pub(super) fn asked_again() -> Diagnostic {
    Diagnostic::error("the plan asks for files of the working directory that it was given")
}
