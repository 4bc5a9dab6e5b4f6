//! The last stage of an image as a patch that is made beside the image: who has the image in a registry alone need not
//! fetch it.
//!
//! ```text
//! stage ─► check ──────────────────────────────────────────┐
//!   │        ▲                                             ▼
//!   └─► seal ┴─► patch ─► Diff(gone, new) ─► Merge(check, seal, Diff) ─► image
//! ```
//!
//! The seal is a file, in a layer of its own, with all that a patch has to know of the image. It is made on the whole image, and
//! again only when a stage below it is. It is in the image, and removed by the patch, so that every kind of cache has it. A merge
//! is layers upon layers: nothing of the image has to be at hand for it.
//!
//! BuildKit finds results by how they were made, and a stage that was made twice, of different commits, is one to
//! it, while each of the two has a seal of its own. So the identity of the seal is in the arguments of all that follows: of the patch, and
//! of the check. That has the whole image, as the seal had; it fails on another than its seal's, and leaves it as it is. What
//! is merged is its result: no other operation has both the stage below it and the seal in its key.
//!
//! The seal is no layer on top of the stage, of which the difference to the stage would be read: BuildKit takes the
//! difference of neighbours for all that is below it, too, when it looks for the layers of an image that it has
//! (`computeChainMetadata` in `cache/blobs.go`; seen with 0.13, the code is the same in 2026).

use buildkit_llb::{BindMount, ContentCache, Diff, Exec, File, Graph, Merge, Mount, Network, Node};
use diagnostic::printable;
use stapel_sync::SealId;
use werf_config::ImageName;
use werf_plan::agreed::{SHELL_DIRECTORY, STORE_DIRECTORY, TOOLS};
use werf_plan::file::{ImagePlan, Sources, StagePlan};
use werf_plan::stage::StageKind;

use super::image::Lowering;
use super::store::{SYNC, with_store};
use super::{FILE_TIME, Lowered, Settings, Step};

/// What the key of a seal knows of the tool that makes it. To be raised when a patch needs to know more.
const SEAL_PROTOCOL: &str = "1";

/// Where the seal is put, and where it is found.
const SEALED: &str = "/.werf/seal";
/// Where the patch writes.
const GONE: &str = "/gone";
const NEW: &str = "/new";

/// An image up to the seal, and what follows when the seal is known.
#[derive(Clone, Debug)]
pub struct Link {
    /// The layer of the seal alone.
    pub seal: Node,
    image: ImageName,
    /// The execs that follow, but for the arguments which name the seal.
    check: Exec,
    patch: Exec,
    /// What marks operations that have to be made even if they are cached, if these have.
    mark: Option<String>,
    /// What follows, as far as it is in the graph.
    after: Vec<Node>,
}

impl Link {
    /// Returns the image that it is of.
    pub fn image(&self) -> &ImageName {
        &self.image
    }

    /// Whether the vertex with this digest is one of those that make the image from the seal on.
    pub fn has(&self, graph: &Graph, vertex: &str) -> bool {
        let mut own = self.after.iter().chain([&self.seal]);
        own.any(|node| graph.digest(*node) == vertex)
    }
}

impl Lowered {
    /// Puts the patch of the layer with this seal on the image, if it is linked.
    pub fn patch(&mut self, seal: &SealId) {
        let Some(link) = &mut self.link else {
            return;
        };
        let graph = &mut self.graph;
        let seal = ["--seal".to_owned(), seal.to_string()];
        let check = graph
            .exec(link.check.clone().arguments(seal.clone()))
            .root();
        let outputs = graph.exec(link.patch.clone().arguments(seal));
        let output = |at| outputs.output(at).expect("a scratch mount is an output");
        let (gone, new) = (output(GONE), output(NEW));
        let image = printable::line(link.image.as_str()).into_owned();
        let mut diff = Diff::new(gone, new).name(format!("[internal] patch of {image}"));
        if let Some(mark) = &link.mark {
            diff = diff.ignore_cache().worker(mark);
        }
        let diff = graph.diff(diff);
        let mut merge = Merge::new(check, link.seal).over(diff);
        merge = merge.name(format!("[internal] merge {image}"));
        if let Some(mark) = &link.mark {
            merge = merge.ignore_cache().worker(mark);
        }
        let merge = graph.merge(merge);
        link.after = vec![check, new, diff, merge];
        self.steps.extend([check, new].map(|node| Step {
            node,
            image: link.image.clone(),
            kind: StageKind::GitLatestPatch,
            has_sources: true,
            commands: Vec::new(),
            tasks: Vec::new(),
            first_task: 0,
        }));
        self.root = Some(merge);
    }
}

/// Whether the last stage of `image` is a patch beside it.
pub(super) fn is_linked(image: &ImagePlan, settings: &Settings) -> bool {
    let is_last = |stage: &StagePlan| matches!(stage.sources, Some(Sources::Finish(_)));
    settings.linked.as_ref() == Some(&image.name) && image.stages.iter().any(is_last)
}

/// How progress and history call the steps of a linked stage.
pub(super) struct Names {
    pub seal: String,
    pub check: String,
    pub patch: String,
}

impl Lowering<'_> {
    /// Seals `root`, and prepares what brings the image to `tree`.
    pub(super) fn link(
        &self,
        graph: &mut Graph,
        root: Node,
        stage: &StagePlan,
        tree: &str,
        names: &Names,
    ) -> Link {
        let image = printable::line(self.image.name.as_str()).into_owned();
        let protocol = File::new(FILE_TIME)
            .mkfile("/protocol", 0o444, SEAL_PROTOCOL)
            .name(format!("[internal] protocol of the seal of {image}"));
        let protocol = self.uncached(graph.ignores_cache(root), protocol);
        let protocol = graph.file(None, protocol);
        let on_image = |command: &str, name: &str| {
            let exec = Exec::new([SYNC, command, "--sealed", SEALED]).root(Some(root));
            let exec = exec.mount(by_definition(SHELL_DIRECTORY, protocol));
            self.mounts.add_directories(self.linked(exec, stage, name))
        };
        let seal = on_image("seal", &names.seal).mount(Mount::scratch(SEALED));
        let seal = graph.exec(seal).output(SEALED);
        let seal = seal.expect("a scratch mount is an output");
        let check = on_image("check", &names.check).mount(by_definition(SEALED, seal));
        let digest = self.shell_directory(graph, Some(seal), stage, None);
        let slot = stage.digest.hex();
        let arguments = [SYNC, "patch", "--store", STORE_DIRECTORY, "--slot", &slot];
        let patch = Exec::new(arguments)
            .arguments(["--tree", tree, "--sealed", SEALED])
            .arguments(["--gone", GONE, "--new", NEW])
            // Kept, not discarded: without an output the root is read-only, and mount points cannot be made.
            .root(None)
            .mount(by_definition(SHELL_DIRECTORY, digest))
            .mount(by_definition(SEALED, seal))
            .mount(Mount::scratch(GONE))
            .mount(Mount::scratch(NEW));
        Link {
            seal,
            image: self.image.name.clone(),
            check,
            patch: self.linked(patch, stage, &names.patch),
            mark: graph.ignores_cache(digest).then(|| self.mark()),
            after: Vec::new(),
        }
    }

    /// What all execs of a linked stage have.
    fn linked(&self, exec: Exec, stage: &StagePlan, name: &str) -> Exec {
        let exec = exec
            .cwd("/")
            .user("0:0")
            .platform(self.settings.platform.clone())
            .network(Network::None)
            .name(name)
            .at(self.ranges(&stage.at));
        let exec = with_store(exec, TOOLS, self.settings.store);
        self.of_attempt(exec, stage)
    }
}

fn by_definition(at: &str, node: Node) -> BindMount {
    Mount::bind(at, node)
        .readonly()
        .content_cache(ContentCache::Off)
}
