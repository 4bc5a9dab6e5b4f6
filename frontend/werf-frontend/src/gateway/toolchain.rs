//! The ansible tool chain on its way into STORE.
//!
//! It is an image of its own, which is only asked for when the image that is built has ansible stages. Copying is an exec of
//! our own image, before any stage runs: a stage that had the tool chain as an input would have it in its key.

use buildkit_llb::{CacheSharing, Graph, ImportError, Mount, Node, Platform, Source};
use diagnostic::Diagnostic;
use werf_plan::agreed::put_toolchain as flag;
use werf_plan::agreed::{TOOLCHAIN_ARGUMENT, store_id};
use werf_plan::file::ImagePlan;
use werf_plan::script::ScriptKind;
use werf_plan::stage::StageKind;

use super::bridge::{Bridge, CallError, ResolvedImage};
use super::failure::Failure;
use super::own_program;
use super::plan_graph::{
    OUT, OWN_TOOLS, OwnImage, PROGRAM, STORE, input, output_of, own_exec, unreadable,
};
use super::report;
use super::request::Request;
use super::rounds::Round;

/// Where the image of the tool chain is mounted.
const FROM: &str = "/toolchain";

/// A tool chain by its digest.
struct Pinned {
    /// The reference of its image, with the digest.
    reference: String,
    /// Its name in STORE.
    name: String,
}

/// Returns the name of the tool chain in STORE, if its reference has a digest.
fn pinned_name(request: &Request) -> Option<&str> {
    let (_, digest) = request.toolchain.as_deref()?.split_once("@sha256:")?;
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then_some(digest)
}

/// Brings the tool chain into STORE if one of `images` needs it, and returns its name, which is empty if none is needed. What
/// is there is compared with the image, since another frontend on the builder may have written it.
pub(super) async fn ensure(
    bridge: &mut Bridge,
    request: &Request,
    own: &OwnImage<'_>,
    images: &[&ImagePlan],
    round: &Round,
) -> Result<String, Failure> {
    let Some(image) = images.iter().find(|image| image.uses_ansible()) else {
        return Ok(String::new());
    };
    let Some(reference) = &request.toolchain else {
        return Err(none_named(image).into());
    };
    let pinned = match pinned_name(request) {
        Some(name) => Pinned {
            reference: buildkit_llb::normalise_reference(reference),
            name: name.to_owned(),
        },
        None => pin(bridge, request, reference).await?,
    };
    let (graph, node) = graph(request, own, &pinned, round).map_err(|error| unreadable(&error))?;
    let solved = bridge.solve(graph.definition(node)).await;
    let copying = |error| own_program::explain(error, "copying it", &graph.digest(node));
    match solved.map_err(copying) {
        Ok(_) => Ok(pinned.name),
        Err(CallError::Status(mut status)) => {
            status.message = format!(
                "ansible tool chain `{}`: {}",
                pinned.reference, status.message
            );
            status.code = report::CODE_UNKNOWN;
            Err(Failure::Status(status))
        }
        Err(error) => Err(error.into()),
    }
}

fn none_named(image: &ImagePlan) -> Diagnostic {
    let is_playbook = |kind: StageKind| {
        let mut stages = image.stages.iter();
        stages.find(|stage| {
            let script = stage.script.as_ref();
            stage.kind == kind && script.is_some_and(|script| script.kind == ScriptKind::Playbook)
        })
    };
    let first = StageKind::ORDER.into_iter().find_map(is_playbook);
    let message = format!(
        "image `{}` has tasks, but this frontend names no ansible tool chain",
        image.name
    );
    let diagnostic = Diagnostic::error(message).hint(format!(
        "give its image: `--build-arg {TOOLCHAIN_ARGUMENT}=IMAGE` (docs/ansible.md says how it is built)"
    ));
    match first.and_then(|stage| stage.at.first()) {
        Some(at) => diagnostic.at(at.clone()),
        None => diagnostic,
    }
}

/// Asks which image a tag means at the moment.
async fn pin(bridge: &mut Bridge, request: &Request, reference: &str) -> Result<Pinned, Failure> {
    let normalised = buildkit_llb::normalise_reference(reference);
    let log_name = format!("[internal] load metadata for {normalised}");
    let resolved = bridge
        .resolve_image(
            &normalised,
            &Platform::default().to_proto(),
            &request.resolve_mode,
            &log_name,
        )
        .await;
    match resolved {
        Ok(ResolvedImage { digest, .. }) => match digest.strip_prefix("sha256:") {
            Some(name) => Ok(Pinned {
                reference: format!("{normalised}@{digest}"),
                name: name.to_owned(),
            }),
            None => Err(Diagnostic::error(format!(
                "the ansible tool chain `{reference}` has no digest"
            ))
            .hint("name it with one: `IMAGE@sha256:…`")
            .into()),
        },
        Err(CallError::Status(mut status)) => {
            status.message = format!("ansible tool chain `{reference}`: {}", status.message);
            status.code = report::CODE_UNKNOWN;
            Err(Failure::Status(status))
        }
        Err(error) => Err(error.into()),
    }
}

/// The graph that copies a tool chain into STORE.
fn graph(
    request: &Request,
    own: &OwnImage<'_>,
    toolchain: &Pinned,
    round: &Round,
) -> Result<(Graph, Node), ImportError> {
    let mut graph = Graph::new();
    let image = own.node(&mut graph)?;
    let files = graph.source(
        Source::image(&toolchain.reference)
            .resolve_mode(&request.resolve_mode)
            .name(format!(
                "[internal] load ansible tool chain {}",
                toolchain.reference
            )),
    );
    let mut arguments = vec![PROGRAM.to_owned(), flag::COMMAND.to_owned()];
    for (name, value) in [
        (flag::FROM, FROM),
        (flag::STORE, STORE),
        (flag::NAME, toolchain.name.as_str()),
        (flag::TOOLS, OWN_TOOLS),
    ] {
        arguments.extend([format!("--{name}"), value.to_owned()]);
    }
    let exec = own_exec(image, arguments)
        // STORE may have been emptied while the result is still cached.
        .env("WERF_PLAN_NONCE", round.nonce(&request.session))
        .mount(input(&graph, FROM, files, false))
        .mount(Mount::cache(STORE, store_id(round.generation)).sharing(CacheSharing::Shared))
        .mount(Mount::scratch(OUT))
        .name("[internal] put the ansible tool chain in place");
    let node = output_of(&mut graph, exec);
    Ok((graph, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_digest_names_a_tool_chain() {
        let digest = "0123456789abcdef".repeat(4);
        for (reference, name) in [
            (format!("r/a@sha256:{digest}"), Some(digest.as_str())),
            (format!("r/a:1@sha256:{digest}"), Some(digest.as_str())),
            ("r/a:1".to_owned(), None),
            ("r/a@sha256:../..".to_owned(), None),
        ] {
            let request = Request {
                toolchain: Some(reference),
                ..Request::default()
            };
            assert_eq!(pinned_name(&request), name);
        }
    }
}
