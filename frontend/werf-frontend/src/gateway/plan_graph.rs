//! The graph whose one exec is PLAN: our own image run on the commit, with STORE beside it.

use buildkit_llb::{
    BindMount, CacheSharing, ContentCache, Differ, Exec, Graph, ImportError, LocalSource, Mount,
    Network, Node, Source,
};
use diagnostic::Diagnostic;
use werf_plan::agreed::plan_in_build as flag;
use werf_plan::agreed::{DEFAULT_NAMES, store_id, values_id};
use werf_plan::digest::Digest;
use werf_plan::file::RemoteRequest;
use werf_plan::remote::GivenRemote;

use crate::git::repo::GIT_DIR_CONTEXT;

use super::anew::Anew;
use super::client_files::{self, ClientInputs};
use super::git_sources;
use super::remote;
use super::request::Request;

/// Where BuildKit puts a definition of our own image (since 0.10).
pub const OWN_DEFINITION: &str = "/run/config/buildkit/metadata/frontend.bin";

/// Our own program in our own image.
pub(super) const PROGRAM: &str = "/werf-frontend";
/// The tools for stages there.
pub(super) const OWN_TOOLS: &str = "/stapel";

/// Names in PLAN's container.
pub(super) const CONTEXT: &str = "/context";
pub(super) const CONFIG: &str = "/config";
pub(super) const OUT: &str = "/out";
pub(super) const STORE: &str = "/store";
pub(super) const VALUES: &str = "/values";
const BASELINES: &str = "/baselines";
const REMOTES: &str = "/remotes";
const NAMED_GIT: &str = "/git";

/// The file in the output directory.
pub const PLAN_FILE: &str = "plan.json";

/// The graph of PLAN.
pub struct PlanGraph {
    /// The operations.
    pub graph: Graph,
    /// The directory that PLAN writes [`PLAN_FILE`] to.
    pub out: Node,
    /// The checkouts of the remote repositories, in their order.
    pub remotes: Vec<Node>,
    /// Our own image.
    pub image: Node,
    /// PLAN's program and its arguments.
    pub arguments: Vec<String>,
    /// What it reads, and in which directories.
    pub mounts: Vec<(String, Node)>,
}

/// Where our own image comes from.
pub enum OwnImage<'a> {
    /// The bytes of [`OWN_DEFINITION`].
    Definition(&'a [u8]),
    /// The reference of the syntax line.
    Reference(&'a str),
}

impl<'a> OwnImage<'a> {
    /// Returns where it comes from; `definition` is the content of [`OWN_DEFINITION`].
    ///
    /// # Errors
    /// Neither a definition nor a reference.
    pub fn find(
        definition: Option<&'a [u8]>,
        request: &'a Request,
    ) -> Result<OwnImage<'a>, Diagnostic> {
        match (definition, &request.frontend_image) {
            (Some(bytes), _) => Ok(OwnImage::Definition(bytes)),
            (None, Some(reference)) => Ok(OwnImage::Reference(reference)),
            (None, None) => Err(Diagnostic::error(
                "BuildKit does not say which image the frontend is from",
            )),
        }
    }

    /// Adds the image to a graph.
    ///
    /// # Errors
    /// A definition that is not one.
    pub fn node(&self, graph: &mut Graph) -> Result<Node, ImportError> {
        Ok(match self {
            OwnImage::Definition(bytes) => graph.import(bytes)?,
            OwnImage::Reference(reference) => graph.source(
                Source::image(reference)
                    .name(format!("[internal] load frontend image {reference}")),
            ),
        })
    }
}

/// Says that the bytes of [`OWN_DEFINITION`] are no definition.
pub(super) fn unreadable(error: &ImportError) -> Diagnostic {
    Diagnostic::error(format!("read the frontend's own definition: {error}"))
}

/// Returns an exec of our own program in `image`, with its arguments and no network.
pub(super) fn own_exec(image: Node, arguments: Vec<String>) -> Exec {
    Exec::new(arguments)
        // Kept, not discarded: without an output the root is read-only, and mount points cannot be made.
        .root(Some(image))
        .cwd("/")
        .network(Network::None)
}

/// Adds such an exec, and returns what it has written to [`OUT`], a scratch mount.
pub(super) fn output_of(graph: &mut Graph, exec: Exec) -> Node {
    let outputs = graph.exec(exec);
    outputs.output(OUT).expect("a scratch mount is an output")
}

/// A layer that PLAN is to look at: what its stage holds is the baseline of the stages after it.
#[derive(Clone, Debug)]
pub struct BaselineLayer {
    /// The stage.
    pub stage: Digest,
    /// Its file system.
    pub node: Node,
}

/// Such layers, and the graph that they are in.
#[derive(Clone, Debug, Default)]
pub struct BaselineLayers {
    /// The operations that make them.
    pub graph: Graph,
    /// The layers.
    pub layers: Vec<BaselineLayer>,
}

/// What one of several PLANs of a build is given.
#[derive(Clone, Debug, Default)]
pub struct PlanInputs<'a> {
    /// Whether it runs in any case.
    pub anew: Anew,
    /// How many there were before it.
    pub number: usize,
    /// Whether there are several because a stage missed something.
    pub is_after_miss: bool,
    /// The generation of STORE that is filled.
    pub generation: u32,
    /// Whether a filler can stand by.
    pub may_put_off: bool,
    /// The layers that it is to look at.
    pub baselines: BaselineLayers,
    /// The repositories that it asked for.
    pub remotes: &'a [RemoteRequest],
    /// What it is given of the client's working directory.
    pub client: ClientInputs,
    /// How the daemon can be asked for them.
    pub abilities: remote::Abilities,
}

/// Returns what an exec reads of `node`.
///
/// Where its result may be found `again`, files of the client count by their contents, which BuildKit hashes while it receives them.
/// What else there is counts by the operations that make it: a layer or a checkout would have to be read as a whole.
pub(super) fn input(
    graph: &Graph,
    directory: impl Into<String>,
    node: Node,
    again: bool,
) -> BindMount {
    let mount = Mount::bind(directory, node).readonly();
    if again && graph.is_local(node) {
        mount
    } else {
        mount.content_cache(ContentCache::Off)
    }
}

/// Returns what makes a PLAN another than the `number` before it in the same build, and than one in another generation of STORE, whose id
/// is in no key; `session` makes it another than those of all other builds.
pub fn nonce(number: usize, generation: u32, session: Option<&str>) -> String {
    let mut words = Vec::from_iter(session.map(str::to_owned));
    if number > 0 {
        words.push(format!("again {number}"));
    }
    if generation > 0 {
        words.push(format!("in {generation}"));
    }
    words.join(" ")
}

/// Builds the graph of PLAN for `request`.
///
/// # Errors
/// A definition of our own image that is not one, or a context that cannot be used.
pub fn plan_graph(
    request: &Request,
    own: &OwnImage<'_>,
    inputs: PlanInputs<'_>,
) -> Result<PlanGraph, Diagnostic> {
    let BaselineLayers { mut graph, layers } = inputs.baselines;
    let image = own
        .node(&mut graph)
        .map_err(|error| Diagnostic::error(format!("read {OWN_DEFINITION}: {error}")))?;
    if inputs.anew == Anew::Instead {
        // Not the exec: BuildKit would empty its cache mounts.
        graph.ignore_cache(image);
    }
    let named_git = git_sources::named(&mut graph, request, inputs.abilities)?;
    let git = git_sources::of_context(&mut graph, request, inputs.abilities)?;
    let config = match &request.config_files {
        _ if request.config_in_git().is_some() || request.config_is_in_context() => None,
        Some(files) => Some(git_sources::imported(&mut graph, files)?),
        None => Some(graph.source(config_of_client(request))),
    };
    let mut checkouts = Vec::new();
    for remote in inputs.remotes {
        checkouts.push(match remote::context(request, remote) {
            Some(context) => git_sources::of_named(&mut graph, request, context, inputs.abilities)?,
            None => graph.source(remote::checkout(remote, inputs.abilities)),
        });
    }
    let client = inputs.client.mounted(request);
    let mut program = arguments(request, &layers, inputs.remotes);
    let of_client = client.iter().map(|it| (it.flag, it.directory.to_owned()));
    for (name, value) in of_client.chain(client_files::without_client(request)) {
        program.extend([format!("--{name}"), value]);
    }
    if inputs.may_put_off {
        program.push(format!("--{}", flag::PUT_OFF));
    }
    let again = inputs.anew != Anew::Once;
    let session = (!again).then_some(&*request.session);
    let mut exec = own_exec(image, program.clone())
        .env(
            "WERF_PLAN_NONCE",
            nonce(inputs.number, inputs.generation, session),
        )
        // It writes down which build has run it: that is in no key.
        .proxy("ftp", &request.session)
        .mount(input(&graph, CONTEXT, git, again))
        .mount(Mount::cache(STORE, store_id(inputs.generation)).sharing(CacheSharing::Shared))
        .mount(Mount::cache(VALUES, values_id(inputs.generation)).sharing(CacheSharing::Shared))
        .mount(Mount::scratch(OUT))
        .name(match (layers.is_empty(), client_files::is_dev(request)) {
            (true, _) if inputs.is_after_miss => {
                "[internal] plan stages again: one did not find in STORE what it needs"
            }
            (true, false) => "[internal] plan stages",
            (true, true) => "[internal] development mode: plan stages of the working directory",
            (false, _) => "[internal] plan stages, compared with what is built",
        });
    let configs = config.map(|config| (CONFIG.to_owned(), config));
    let baselines = layers
        .iter()
        .enumerate()
        .map(|(number, layer)| (baseline_mount(number), layer.node));
    let repositories = checkouts
        .iter()
        .enumerate()
        .map(|(number, &node)| (remote_mount(number), node));
    let of_client = client.into_iter();
    let of_client: Vec<(String, Node)> = of_client
        .map(|it| (it.directory.to_owned(), graph.source(it.source)))
        .collect();
    let named_git = named_git.map(|node| (NAMED_GIT.to_owned(), node));
    let context = [(CONTEXT.to_owned(), git)].into_iter();
    let mounts = context.chain(configs).chain(named_git);
    let mounts: Vec<(String, Node)> = mounts
        .chain(baselines)
        .chain(repositories)
        .chain(of_client)
        .collect();
    for (directory, node) in &mounts[1..] {
        exec = exec.mount(input(&graph, directory, *node, again));
    }
    let out = output_of(&mut graph, exec);
    Ok(PlanGraph {
        graph,
        out,
        remotes: checkouts,
        image,
        arguments: program,
        mounts,
    })
}

/// The configuration file as the client has it.
///
/// It is the same operation as the one by which BuildKit read the syntax line: it is not sent again.
pub(super) fn config_of_client(request: &Request) -> LocalSource {
    let names: Vec<String> = match &request.filename {
        Some(name) => vec![name.clone(), format!("{name}.dockerignore")],
        None => DEFAULT_NAMES.map(str::to_owned).to_vec(),
    };
    Source::local(&request.config_name)
        .session(request.session_of(&request.config_name))
        .follow_paths(names)
        .shared_key_hint(&request.config_name)
        .differ(Differ::None)
        .name("[internal] load werf configuration")
}

/// Returns PLAN's program and its arguments, which [`plan_in_build`](flag) names.
pub fn arguments(
    request: &Request,
    layers: &[BaselineLayer],
    remotes: &[RemoteRequest],
) -> Vec<String> {
    let mut arguments = vec![PROGRAM.to_owned(), flag::COMMAND.to_owned()];
    let mut give = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
    give(flag::GIT_DIR, format!("{CONTEXT}/.git"));
    if request.contexts.contains_key(GIT_DIR_CONTEXT) {
        give(flag::NAMED_GIT, NAMED_GIT.to_owned());
    }
    give(flag::STORE, STORE.to_owned());
    give(flag::VALUES, VALUES.to_owned());
    give(flag::TOOLS, OWN_TOOLS.to_owned());
    give(flag::OUT, format!("{OUT}/{PLAN_FILE}"));
    let config_in_git = request.config_in_git();
    if config_in_git.is_none() {
        let sent = if request.config_is_in_context() {
            CONTEXT
        } else {
            CONFIG
        };
        give(flag::SENT, sent.to_owned());
    }
    if let Some(name) = &request.filename {
        give(flag::NAME, name.clone());
    }
    let directory = match config_in_git {
        Some(context) => Some(&context.directory),
        None => request.config_directory.as_ref(),
    };
    if let Some(directory) = directory {
        give(flag::DIRECTORY, directory.clone());
    }
    if let Some(path) = &request.config_path {
        give(flag::FILE, path.clone());
    }
    if let Some(target) = &request.target {
        give(flag::TARGET, target.clone());
    }
    for (name, value) in &request.build_args {
        give(flag::BUILD_ARG, format!("{name}={value}"));
    }
    for (number, layer) in layers.iter().enumerate() {
        give(
            flag::BASELINE,
            format!("{}={}", layer.stage, baseline_mount(number)),
        );
    }
    for (number, remote) in remotes.iter().enumerate() {
        // A directory that is given by name may be the git directory itself.
        let git_dir = match remote::context(request, remote) {
            Some(_) => remote_mount(number),
            None => format!("{}/.git", remote_mount(number)),
        };
        give(flag::REMOTE, GivenRemote::flag(&git_dir, remote));
    }
    arguments
}

fn baseline_mount(number: usize) -> String {
    format!("{BASELINES}/{number}")
}

fn remote_mount(number: usize) -> String {
    format!("{REMOTES}/{number}")
}

#[cfg(test)]
mod tests;
