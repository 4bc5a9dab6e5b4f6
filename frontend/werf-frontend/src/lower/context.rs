//! The inputs of BuildKit's Dockerfile frontend: the context, which is files of the commit, and the Dockerfile.
//!
//! The context comes out of STORE by an exec whose arguments name its files. Whoever takes files of it is cached by
//! their contents, so a commit that changes others reruns nothing but that exec.

use buildkit_llb::{CopyFiles, Exec, File, Graph, Mount, Network, Node, Source};
use diagnostic::printable;
use werf_plan::agreed::{CONTEXT_DIRECTORY, STORE_DIRECTORY, TOOLS};
use werf_plan::dockerfile::{Dockerfile, DockerfilePlan};

use super::store::{SYNC, StoreMount, with_store};
use super::{FILE_TIME, of_attempt};

/// The client's files, of which a context may have some.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The name of the local source.
    pub name: &'a str,
    /// The session that serves it.
    pub session: &'a str,
}

/// A context as a graph.
pub struct LoweredContext {
    /// The operations.
    pub graph: Graph,
    /// The files.
    pub root: Node,
    /// The exec that takes them out of STORE.
    pub exec: Node,
}

/// Lowers the context of one image; `attempt` counts how often it has been taken out of STORE, from 1.
pub fn context(
    plan: &DockerfilePlan,
    client: Client<'_>,
    store: StoreMount,
    attempt: u32,
) -> LoweredContext {
    let mut graph = Graph::new();
    let arguments = [
        SYNC,
        "context",
        "--store",
        STORE_DIRECTORY,
        "--slot",
        &plan.context.slot.hex(),
        "--tree",
        &plan.context.manifest,
    ];
    let exec = Exec::new(arguments)
        // Kept, not discarded: without an output the root is read-only, and mount points cannot be made.
        .root(None)
        .cwd("/")
        .user("0:0")
        .network(Network::None);
    let mut exec = with_store(exec, TOOLS, store)
        .mount(Mount::scratch(CONTEXT_DIRECTORY))
        .name(step_name(plan, "context from the commit"));
    exec = of_attempt(exec, attempt);
    let outputs = graph.exec(exec);
    let exec = outputs
        .output(CONTEXT_DIRECTORY)
        .expect("a scratch mount is an output");
    let root = with_added_files(&mut graph, exec, plan, client);
    LoweredContext { graph, root, exec }
}

/// Puts the files of the client over those of the commit.
fn with_added_files(
    graph: &mut Graph,
    context: Node,
    plan: &DockerfilePlan,
    client: Client<'_>,
) -> Node {
    if plan.added_files.is_empty() {
        return context;
    }
    let local = graph.source(
        Source::local(client.name)
            .session(client.session)
            .follow_paths(plan.added_files.iter().map(|file| &file.from))
            .shared_key_hint("werf-context-add-files")
            .name(step_name(plan, "load contextAddFiles")),
    );
    let mut file = File::new(FILE_TIME).name(step_name(plan, "add contextAddFiles"));
    for added in &plan.added_files {
        // A link stays one, as in werf and in the context of `docker build`.
        let copy = CopyFiles::new(local, format!("/{}", added.from), format!("/{}", added.to));
        file = file.action(copy.directory_contents().create_destination());
    }
    graph.file(Some(context), file)
}

/// Returns a file system with the Dockerfile at its path, and nothing else.
pub fn dockerfile(dockerfile: &Dockerfile) -> (Graph, Node) {
    let mut graph = Graph::new();
    let mut file = File::new(FILE_TIME);
    if let Some((directory, _)) = dockerfile.path.rsplit_once('/') {
        file = file.mkdir(&format!("/{directory}"), 0o755);
    }
    let file = file
        .mkfile(
            &format!("/{}", dockerfile.path),
            0o644,
            dockerfile.text.as_bytes(),
        )
        .name(format!(
            "[internal] load build definition from {}",
            dockerfile.path
        ));
    let node = graph.file(None, file);
    (graph, node)
}

/// Returns `[app] what`, or `[internal] what` for the nameless image.
fn step_name(plan: &DockerfilePlan, what: &str) -> String {
    let label = match plan.name.as_str() {
        "" => "internal",
        name => name,
    };
    format!("[{}] {what}", printable::line(label))
}

#[cfg(test)]
mod tests {
    use werf_plan::dockerfile::AddedFile;

    use super::*;

    const CLIENT: Client<'_> = Client {
        name: "context",
        session: "s",
    };

    #[test]
    fn the_graph_of_a_context_is_a_contract() {
        let mut plan = crate::lower::sample::dockerfile("app");
        plan.added_files.push(AddedFile {
            from: "app/dist".into(),
            to: "dist".into(),
        });
        let lowered = context(&plan, CLIENT, StoreMount::default(), 1);
        let text = buildkit_llb::definition_text(&lowered.graph.definition(lowered.root));
        insta::assert_snapshot!(text);
        let (graph, node) = dockerfile(&plan.dockerfile);
        insta::assert_snapshot!(buildkit_llb::definition_text(&graph.definition(node)));
    }

    #[test]
    fn the_second_try_has_another_key() {
        let digest = |attempt, generation| {
            let plan = crate::lower::sample::dockerfile("app");
            let store = StoreMount {
                generation,
                ..StoreMount::default()
            };
            let lowered = context(&plan, CLIENT, store, attempt);
            assert_eq!(lowered.root, lowered.exec, "nothing is added");
            lowered.graph.digest(lowered.exec)
        };
        assert_eq!(digest(1, 0), digest(1, 0));
        assert_ne!(digest(1, 0), digest(2, 0));
        assert_ne!(digest(1, 0), digest(1, 1));
    }
}
