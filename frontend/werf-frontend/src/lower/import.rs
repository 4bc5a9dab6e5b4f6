//! The stages of `import`: files of other images, copied by BuildKit's own file operation.
//!
//! The cache key of a copy is the content of what is copied, and the copy is in the key of what follows. So an image that
//! was built anew and has the same files reruns nothing, and one byte, mode or link that differs reruns what follows.
//! The digest of the stage has nothing of the image that is copied from.

use buildkit_llb::{CopyFiles, File, Graph, Node, Owner, normalise_reference};
use diagnostic::Diagnostic;
use masks::mask::Mask;
use werf_config::{Import, ImportFrom};
use werf_plan::file::StagePlan;
use werf_plan::stage::StageKind;

use super::image::{DoneImage, Images, Lowering};
use super::{Bases, FILE_TIME};

/// What is never imported from the root of an image, as in werf, and the file that remembers the sources there.
const NEVER: [&str; 6] = ["proc", "sys", "dev", "run", ".werf", ".werf-git-state"];

impl Lowering<'_> {
    /// Copies what the stage imports on top of `root`. Returns the result, and what had to be made for it first.
    pub(super) fn imports(
        &self,
        graph: &mut Graph,
        root: Option<Node>,
        stage: &StagePlan,
        name: &str,
        bases: &Bases,
        images: &Images,
    ) -> Result<(Node, Vec<Node>), Vec<Diagnostic>> {
        let mut file = File::new(FILE_TIME);
        let mut first = Vec::new();
        for import in &stage.imports {
            let from = self.import_from(graph, import, bases, images)?;
            let all = self.without_masks(graph, import, from);
            first.extend(all);
            file = file.action(copy(import, all.unwrap_or(from)));
        }
        let file = file.name(name).at(self.ranges(&stage.at));
        Ok((self.file(graph, root, Some(stage), file), first))
    }

    /// Copies all of `add` to the same name in a file system of its own, for an import with masks, and returns that.
    ///
    /// A copy with masks must not follow links: BuildKit up to 0.25 keys it by what all links in it lead to and not by the
    /// links, and fails where one leads nowhere (moby/buildkit#4946; `Checksum` in `cache/contenthash/checksum.go`). But
    /// `add` itself may be a link to a directory, and whether it is one cannot be asked without having all layers of the image
    /// that it is in, which a build whose imports are cached never needs. A copy without masks may follow: it
    /// follows `add` alone, and links in it count as links. The root of an image is no link.
    fn without_masks(&self, graph: &mut Graph, import: &Import, from: Node) -> Option<Node> {
        let masks = Masks::of(import);
        if import.add == "/" || masks.is_empty() {
            return None;
        }
        let all = CopyFiles::new(from, &import.add, place_of(import))
            .keep_times()
            .follow_symlink()
            .directory_contents()
            .create_destination();
        let name = self.settings.bracketed("internal");
        let file = File::new(FILE_TIME)
            .action(all)
            .name(format!("{name} all of {} for an import", import.add))
            .at(self.ranges(std::slice::from_ref(&import.at)));
        Some(self.file(graph, None, None, file))
    }

    fn import_from(
        &self,
        graph: &mut Graph,
        import: &Import,
        bases: &Bases,
        images: &Images,
    ) -> Result<Node, Vec<Diagnostic>> {
        let refuse = |message: String| vec![Diagnostic::error(message).at(import.at.clone())];
        match &import.from {
            ImportFrom::Sibling { image, stage } => {
                let done = images.done.get(image);
                let done = done.ok_or_else(|| refuse(format!("image `{image}` is not known")))?;
                let root = stage.map_or(done.root, |stage| done.after(stage.into()));
                root.ok_or_else(|| {
                    let message = format!("image `{image}` has no files: `{}`", import.add);
                    refuse(message)
                })
            }
            ImportFrom::Image { reference } => {
                let base = bases.get(&normalise_reference(reference));
                let base = base.ok_or_else(|| refuse(format!("`{reference}` is not known")))?;
                let step = self.step_name(1, "import");
                let ranges = self.ranges(std::slice::from_ref(&import.at));
                let node = base
                    .add(graph, &self.settings.platform, &step, ranges)
                    .map_err(|error| refuse(format!("`{reference}`: {error}")))?;
                node.ok_or_else(|| refuse(format!("`{reference}` has no files: `{}`", import.add)))
            }
        }
    }
}

impl DoneImage {
    /// Returns the file system that the stage `kind` has left. As in werf it is the last one if there is no such stage.
    fn after(&self, kind: StageKind) -> Option<Node> {
        let mut stages = self.stages.iter();
        let stage = stages.rfind(|(stage, _)| *stage == kind);
        stage.map_or(self.root, |(_, node)| *node)
    }
}

/// What of `add` is imported, as patterns of `.dockerignore`.
struct Masks {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Masks {
    fn of(import: &Import) -> Masks {
        let patterns = |masks: &[String]| -> Vec<String> {
            let masks = masks.iter().filter_map(|mask| Mask::new(mask).ok());
            masks.flat_map(|mask| mask.docker_patterns()).collect()
        };
        let mut include = patterns(&import.include_paths);
        // A mask that matches everything is no restriction.
        if include.iter().any(|pattern| pattern == "**") {
            include.clear();
        }
        let mut exclude = patterns(&import.exclude_paths);
        if import.add == "/" {
            exclude.extend(NEVER.map(str::to_owned));
        }
        Masks { include, exclude }
    }

    fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

/// Returns where [`Lowering::without_masks`] puts `add`. A file keeps its name, which counts where it is imported into a
/// directory.
fn place_of(import: &Import) -> String {
    let name = import.add.trim_end_matches('/').rsplit('/').next();
    format!("/{}", name.unwrap_or_default())
}

fn copy(import: &Import, from: Node) -> CopyFiles {
    let masks = Masks::of(import);
    let mut copy = if masks.is_empty() {
        CopyFiles::new(from, &import.add, &import.to).follow_symlink()
    } else if import.add == "/" {
        CopyFiles::new(from, &import.add, &import.to)
    } else {
        CopyFiles::new(from, place_of(import), &import.to)
    };
    copy = copy
        .keep_times()
        .directory_contents()
        .create_destination()
        .include_patterns(masks.include)
        .exclude_patterns(masks.exclude);
    if !(import.owner.is_empty() && import.group.is_empty()) {
        copy = copy.owner(Owner::parse(&format!("{}:{}", import.owner, import.group)));
    }
    copy
}
