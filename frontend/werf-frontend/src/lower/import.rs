//! The stages of `import`: files of other images, copied by BuildKit's own file operation.
//!
//! The cache key of a copy is the content of what is copied, and the copy is in the key of what follows. So an image that
//! was built anew and has the same files reruns nothing, and one byte, mode or link that differs reruns what follows.
//! The digest of the stage has nothing of the image that is copied from.

use buildkit_llb::{CopyFiles, File, Graph, Node, Owner, Source, normalise_reference};
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
    /// Copies what the stage imports on top of `root`.
    pub(super) fn imports(
        &self,
        graph: &mut Graph,
        root: Option<Node>,
        stage: &StagePlan,
        name: &str,
        bases: &Bases,
        images: &Images,
    ) -> Result<Node, Vec<Diagnostic>> {
        let mut file = File::new(FILE_TIME);
        for import in &stage.imports {
            let from = self.import_from(graph, import, bases, images)?;
            file = file.action(copy(import, from));
        }
        let file = file.name(name).at(self.ranges(&stage.at));
        Ok(self.file(graph, root, Some(stage), file))
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
                let name = self.step_name(1, "import");
                let source = Source::image(&base.reference)
                    .resolve_mode(&base.resolve_mode)
                    .platform(self.settings.platform.clone())
                    .name(format!("{name} {}", base.reference))
                    .at(self.ranges(std::slice::from_ref(&import.at)));
                Ok(graph.source(source))
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

fn copy(import: &Import, from: Node) -> CopyFiles {
    let patterns = |masks: &[String]| -> Vec<String> {
        let masks = masks.iter().filter_map(|mask| Mask::new(mask).ok());
        masks.flat_map(|mask| mask.docker_patterns()).collect()
    };
    let mut copy = CopyFiles::new(from, &import.add, &import.to)
        .keep_times()
        .follow_symlink()
        .directory_contents()
        .create_destination();
    // A mask that matches everything is no restriction.
    let include = patterns(&import.include_paths);
    if !include.iter().any(|pattern| pattern == "**") {
        copy = copy.include_patterns(include);
    }
    let mut exclude = patterns(&import.exclude_paths);
    if import.add == "/" {
        exclude.extend(NEVER.map(str::to_owned));
    }
    copy = copy.exclude_patterns(exclude);
    if !(import.owner.is_empty() && import.group.is_empty()) {
        copy = copy.owner(Owner::parse(&format!("{}:{}", import.owner, import.group)));
    }
    copy
}
