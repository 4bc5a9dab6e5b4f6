//! What the client asked for and nothing here heeds: each is a warning.

use diagnostic::{Diagnostic, rule};
use werf_plan::file::{ImagePlan, Plan, RemoteRequest};
use werf_plan::target::Target;

use super::bridge::Daemon;
use super::named_context::{self, NamedContext};
use super::request::Request;
use super::{bases, remote};

/// What is known of a build when it is told what nobody heeds.
pub(super) struct Unheeded<'a> {
    /// What the client asked for.
    pub request: &'a Request,
    /// What the daemon can do.
    pub daemon: &'a Daemon,
    /// The whole plan.
    pub plan: &'a Plan,
    /// The target and what it is made of.
    pub needed: &'a [Target<'a>],
    /// The build arguments that the configuration asks for.
    pub used_build_args: &'a [String],
    /// The repositories that mappings take files of.
    pub remotes: &'a [RemoteRequest],
}

/// Returns a warning for each.
pub(super) fn warnings(build: &Unheeded<'_>) -> Vec<Diagnostic> {
    let Unheeded { request, plan, .. } = build;
    let unknown = request.resources.unknown_to(build.daemon);
    let ignored = request.ignored.iter().cloned().chain(unknown);
    let ignored = ignored.map(|option| {
        Diagnostic::warning(
            &rule::OPTION_IGNORED,
            format!("`{option}` is not supported yet and has no effect"),
        )
    });
    let contexts = named_context::all(request).filter(|context| !is_used(build, *context));
    let contexts = contexts.map(|context| {
        let name = context.name;
        Diagnostic::warning(
            &rule::BUILD_CONTEXT_UNUSED,
            format!("`--build-context {name}` is the name of nothing that the build uses"),
        )
    });
    let unused = request
        .build_args
        .keys()
        .filter(|name| !build.used_build_args.contains(name));
    let unused = unused.map(|name| {
        Diagnostic::warning(
            &rule::BUILD_ARG_UNUSED,
            format!("build argument `{name}` is not used"),
        )
    });
    let unmatched = unmatched_filters(request, plan).into_iter().map(|name| {
        Diagnostic::warning(
            &rule::NO_CACHE_MATCHES_NOTHING,
            format!("`--no-cache-filter {name}` names no image and no stage of the build"),
        )
    });
    let all = ignored.chain(contexts).chain(unused).chain(unmatched);
    all.collect()
}

/// Whether the build has a use for `context`: as what an image starts or imports from, as an image of the file, as a mount, or
/// as a repository. The frontend's own image may be one, too, which BuildKit heeds.
fn is_used(build: &Unheeded<'_>, context: NamedContext<'_>) -> bool {
    let Unheeded {
        request, needed, ..
    } = build;
    let images: Vec<&ImagePlan> = needed.iter().filter_map(|image| image.image()).collect();
    let frontend = request.frontend_image.as_deref();
    // An image of the file that is given is not needed, but something that is needed is made of it.
    let mut made_of = needed.iter().flat_map(|image| image.needs());
    needed.iter().any(|image| image.uses_context(context.name))
        || bases::uses_context(context, &images)
        || made_of.any(|image| context.is_image(image.as_str()))
        || frontend.is_some_and(|image| context.is_image(image))
        || remote::uses_context(context, build.remotes)
        || context.is_git_directory()
}

/// Returns the names of `--no-cache-filter` that nothing of the file has. Any name may be that of a stage in a Dockerfile.
fn unmatched_filters<'a>(request: &'a Request, plan: &Plan) -> Vec<&'a str> {
    let stages: Vec<(String, &str)> = plan
        .images
        .iter()
        .flat_map(|image| {
            let kinds = image.stages.iter().map(|stage| stage.kind.name());
            kinds.map(|kind| (image.name.to_string(), kind))
        })
        .collect();
    let mut unmatched = request.no_cache.unmatched(&stages);
    if !plan.dockerfiles.is_empty() {
        unmatched.clear();
    }
    unmatched
}
