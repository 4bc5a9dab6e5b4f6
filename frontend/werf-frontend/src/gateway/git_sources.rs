//! The git repository of a build: which files of the client, or of whom it names, are asked for.

use buildkit_llb::{Graph, ImportError, LocalSource, Node, Source};
use buildkit_proto::pb;
use diagnostic::Diagnostic;

use crate::git::repo::GIT_DIR_CONTEXT;

use super::named_context::{NamedContext, RepositoryParts};
use super::remote::Abilities;
use super::request::Request;

/// The only parts of a git directory that are asked of the client: neither the index nor logs, hooks, LFS objects.
///
/// The patterns have no wildcard, so the client walks nothing else, and
/// `.dockerignore` has no say.
const GIT_PARTS: [&str; 9] = [
    "HEAD",
    "commondir",
    "config",
    "modules",
    "objects",
    "packed-refs",
    "refs",
    "reftable",
    "shallow",
];

/// What submodules' repositories may hold that is large and of no use here.
///
/// A submodule may itself be called `lfs`, so this matches no directory of a repository but the one with the contents of
/// LFS objects, which are two levels below, in directories of two digits each: git's own objects are one level below.
const MODULE_PARTS_NOT_ASKED_FOR: &str = "modules/**/lfs/objects/??/??";

/// Where the git directories of linked worktrees are, and what is of no use there. Only of a directory that the client names as the
/// repository they are asked for.
const WORKTREES: &str = "worktrees";
const WORKTREE_PARTS_NOT_ASKED_FOR: [&str; 2] = ["worktrees/*/index", "worktrees/*/logs"];

/// Returns a part of a git directory as it is below the root of a work tree.
fn in_work_tree(part: &str) -> String {
    format!(".git/{part}")
}

/// Adds the files that have the repository as `.git`, or at least say where it is.
///
/// # Errors
/// Files of the context that are no definition.
pub(super) fn of_context(
    graph: &mut Graph,
    request: &Request,
    abilities: Abilities,
) -> Result<Node, Diagnostic> {
    let is_named = request.contexts.contains_key(GIT_DIR_CONTEXT);
    Ok(match (&request.git_context, &request.context_files) {
        (Some(context), _) => graph.source(context.checkout(abilities)),
        (None, Some(files)) => imported(graph, files)?,
        (None, None) if is_named => graph.source(git_file_of_client(request)),
        (None, None) => graph.source(git_of_client(request)),
    })
}

/// Adds what the client names in the place of the project's git directory, if it does.
///
/// # Errors
/// A context that is no repository.
pub(super) fn named(
    graph: &mut Graph,
    request: &Request,
    abilities: Abilities,
) -> Result<Option<Node>, Diagnostic> {
    let context = NamedContext::named(request, GIT_DIR_CONTEXT);
    let node = context.map(|context| of_named(graph, request, context, abilities));
    node.transpose()
}

/// Adds files that another target of the client has made.
pub(super) fn imported(graph: &mut Graph, files: &pb::Definition) -> Result<Node, Diagnostic> {
    let node = graph.import_definition(files.clone());
    node.map_err(|error| Diagnostic::error(format!("read the build context: {error}")))
}

/// Adds the repository that `context` is.
pub(super) fn of_named(
    graph: &mut Graph,
    request: &Request,
    context: NamedContext<'_>,
    abilities: Abilities,
) -> Result<Node, Diagnostic> {
    // The directory is a git directory, or has one as `.git`.
    let both = |parts: &[&str]| -> Vec<String> {
        let own = parts.iter().map(|part| (*part).to_owned());
        own.chain(parts.iter().map(|part| in_work_tree(part)))
            .collect()
    };
    let not_asked_for = [
        &[MODULE_PARTS_NOT_ASKED_FOR][..],
        &WORKTREE_PARTS_NOT_ASKED_FOR,
    ];
    let parts = RepositoryParts {
        include: both(&[&GIT_PARTS[..], &[WORKTREES]].concat()),
        exclude: both(&not_asked_for.concat()),
    };
    context.repository(graph, request, parts, |git| git.checkout(abilities))
}

/// The parts of the client's `.git`.
pub(super) fn git_of_client(request: &Request) -> LocalSource {
    Source::local(&request.context_name)
        .session(request.session_of(&request.context_name))
        .include_patterns(GIT_PARTS.map(in_work_tree))
        .exclude_patterns([in_work_tree(MODULE_PARTS_NOT_ASKED_FOR)])
        .shared_key_hint("werf-git")
        .name("[internal] load git repository")
}

/// The client's `.git` alone, which is a file or a link where a build needs the named context.
fn git_file_of_client(request: &Request) -> LocalSource {
    Source::local(&request.context_name)
        .session(request.session_of(&request.context_name))
        .include_patterns([".git"])
        .exclude_patterns([".git/*"])
        .shared_key_hint("werf-git-file")
        .name("[internal] look for .git")
}

/// Returns the graph that asks for `.git` alone, to see what it is.
///
/// # Errors
/// Files of the context that are no definition.
pub(super) fn git_file_graph(request: &Request) -> Result<(Graph, Node), ImportError> {
    let mut graph = Graph::new();
    let node = match &request.context_files {
        Some(files) => graph.import_definition(files.clone())?,
        None => graph.source(git_file_of_client(request)),
    };
    Ok((graph, node))
}

#[cfg(test)]
mod tests {
    use crate::gateway::plan_graph::{OwnImage, PlanInputs, plan_graph};

    use super::*;

    fn request(options: &[(&str, &str)]) -> Request {
        let options = options.iter();
        let options = options.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let mut request = Request::from_options(options.collect()).expect("options");
        request.session = "own".to_owned();
        request
    }

    /// Returns the graph of PLAN as text.
    fn plan_of(request: &Request) -> String {
        let own = OwnImage::Reference("frontend:1");
        let plan = plan_graph(request, &own, PlanInputs::default()).expect("a graph");
        plan.graph.text(plan.out)
    }

    #[test]
    fn a_repository_that_is_named_comes_beside_the_file_that_leads_there() {
        let options = [
            ("filename", "werf.yaml"),
            ("context:git-dir", "local:git-dir"),
            ("local-sessionid:git-dir", "shared"),
        ];
        insta::assert_snapshot!(plan_of(&request(&options)));
        let of_git = plan_of(&request(&[("context:git-dir", "https://host/a.git#v1")]));
        assert!(of_git.contains("git://host/a.git#v1"), "{of_git}");
        let wrong = request(&[("context:git-dir", "docker-image://busybox")]);
        let own = OwnImage::Reference("frontend:1");
        let Err(error) = plan_graph(&wrong, &own, PlanInputs::default()) else {
            panic!("an image is no repository");
        };
        assert!(error.message.contains("is an image"), "{}", error.message);
    }

    #[test]
    fn files_of_another_target_are_the_context_and_bring_the_configuration() {
        let mut files = Graph::new();
        let node = files.source(Source::image("docker.io/library/tree:1"));
        let mut request = request(&[("filename", "sub/werf.yaml")]);
        request.context_files = Some(files.definition(node));
        let text = plan_of(&request);
        assert!(
            text.contains("docker-image://docker.io/library/tree:1"),
            "{text}"
        );
        assert!(!text.contains("local://"), "{text}");
        assert!(text.contains(r#""--sent" "/context""#), "{text}");
        // A client may send the configuration all the same, as it does for `-f -`.
        request.is_config_sent = true;
        let text = plan_of(&request);
        assert!(text.contains("local://dockerfile"), "{text}");
        assert!(text.contains(r#""--sent" "/config""#), "{text}");
        let mut config = Graph::new();
        let node = config.source(Source::image("docker.io/library/config:1"));
        request.config_files = Some(config.definition(node));
        let text = plan_of(&request);
        assert!(
            text.contains("docker-image://docker.io/library/config:1"),
            "{text}"
        );
        assert!(!text.contains("local://"), "{text}");
    }
}
