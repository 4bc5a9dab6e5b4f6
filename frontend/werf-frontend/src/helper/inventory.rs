//! What the images of a commit are made of, down to files: for commands that show it to people.
//!
//! A plan has checksums where this has the files that they are of. Nothing of it is in a digest.

use std::collections::BTreeMap;

use diagnostic::Located;
use diagnostic::redact::Hidden;
use masks::mask::Mask;
use stapel_sync::ObjectId;
use stapel_sync::manifest::{Content, EntryKind, Leaf, Manifest};
use werf_config::{Config, GitMapping, ImageName, UserStage};
use werf_plan::file::PlanFile;

use crate::git::repo::Repo;

use super::contents::{Blob, Opened};
use super::contexts::Contexts;
use super::plan::{self, PlanRequest};
use super::sources::Snapshot;

/// A planned commit, and what it is planned from.
pub struct Survey {
    /// The plan, or what is wrong.
    pub file: PlanFile,
    /// What stands behind the plan, if there is one.
    pub behind: Option<Behind>,
}

/// What stands behind a plan.
pub struct Behind {
    /// The configuration.
    pub config: Config,
    /// The files.
    pub inventory: Inventory,
    /// What nobody is to see of the configuration.
    pub hidden: Hidden,
}

/// The files of all images.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Of an image with `git`, its mappings in their order.
    pub mappings: BTreeMap<ImageName, Vec<MappingFiles>>,
    /// Of an image from a Dockerfile, the files of its context.
    pub contexts: BTreeMap<ImageName, Vec<TakenFile>>,
}

/// The files of one git mapping.
#[derive(Clone, Debug)]
pub struct MappingFiles {
    /// Where they come from: an absolute path below the root of the work tree.
    pub add: String,
    /// Where they go.
    pub to: String,
    /// The URL of the repository, if it is another than the project's, without credentials.
    pub url: Option<String>,
    /// All of them, sorted by the bytes of their paths.
    pub files: Vec<TakenFile>,
    /// What stages depend on.
    pub dependencies: BTreeMap<UserStage, Vec<MaskFiles>>,
}

/// The files that one mask of `stageDependencies` matches.
#[derive(Clone, Debug)]
pub struct MaskFiles {
    /// The mask, where it is written.
    pub mask: Located<String>,
    /// Their places in [`MappingFiles::files`].
    pub files: Vec<usize>,
}

/// A file as an image takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenFile {
    /// Its path relative to `add` or to the context; empty if `add` is the file itself.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Its content.
    pub id: ObjectId,
    /// The length of its content; `None` where the object is not at hand.
    pub bytes: Option<u64>,
}

/// Plans a commit as [`plan::plan_commit`] does, and says what stands behind the plan.
pub fn survey(request: &PlanRequest) -> Survey {
    let mut behind = None;
    let file = plan::plan_and_show(request, &mut |config, hidden, inventory| {
        behind = Some(Behind {
            config: config.clone(),
            inventory,
            hidden: hidden.clone(),
        });
    });
    Survey { file, behind }
}

impl Inventory {
    /// Lists the files of `snapshot` and `contexts`, which are those of `config` at the commit of `repo`.
    pub(super) fn take(
        config: &Config,
        repo: &Repo,
        snapshot: &Snapshot,
        contexts: &Contexts,
    ) -> Inventory {
        let mut sizes = Sizes(Opened::new(repo));
        let mut inventory = Inventory::default();
        for image in &config.images {
            let Some((manifest, mut blobs)) = snapshot.files(&image.name) else {
                continue;
            };
            let mut mappings = Vec::new();
            for (mapping, content) in image.git.iter().zip(&manifest.mappings) {
                let leaves = leaves(&content.content);
                let (own, rest) = blobs.split_at(leaves.len());
                blobs = rest;
                let is_file = matches!(content.content, Content::File(_));
                let files = sizes.of(leaves, own);
                mappings.push(MappingFiles::new(mapping, files, is_file));
            }
            inventory.mappings.insert(image.name.clone(), mappings);
        }
        for image in &config.dockerfiles {
            if let Some((manifest, blobs)) = contexts.files(&image.name) {
                let leaves = all_leaves(manifest);
                let files = sizes.of(leaves, blobs);
                inventory.contexts.insert(image.name.clone(), files);
            }
        }
        inventory
    }
}

impl Inventory {
    /// Returns how many bytes the mappings of `image` take, as far as that is known.
    pub fn bytes(&self, image: &ImageName) -> u64 {
        let mappings = self.mappings.get(image).into_iter().flatten();
        let files = mappings.flat_map(|mapping| &mapping.files);
        files.filter_map(|file| file.bytes).sum()
    }
}

impl MappingFiles {
    fn new(mapping: &GitMapping, files: Vec<TakenFile>, is_file: bool) -> MappingFiles {
        let matched = |written: &Located<String>| {
            let mask = Mask::new(&written.value).ok();
            let matches = |file: &TakenFile| {
                let path = if is_file { &b""[..] } else { &file.path };
                mask.as_ref().is_some_and(|mask| mask.matches(path))
            };
            let numbers = files.iter().enumerate().filter(|(_, file)| matches(file));
            MaskFiles {
                mask: written.clone(),
                files: numbers.map(|(number, _)| number).collect(),
            }
        };
        let stages = mapping.stage_dependencies.iter();
        let dependencies = stages
            .map(|(stage, masks)| (*stage, masks.iter().map(matched).collect()))
            .collect();
        MappingFiles {
            add: mapping.add.value.clone(),
            to: mapping.to.value.clone(),
            url: mapping.remote.as_ref().map(|it| it.url.value.clone()),
            dependencies,
            files,
        }
    }

    /// Returns the path of `file` from the root of its repository on, as bytes of a path.
    pub fn path_of(&self, file: &TakenFile) -> Vec<u8> {
        let add = self.add.trim_start_matches('/').as_bytes();
        match (add, file.path.as_slice()) {
            (add, b"") => add.to_vec(),
            (b"", path) => path.to_vec(),
            (add, path) => [add, b"/", path].concat(),
        }
    }
}

/// Returns the files of `content`, in their order; that of a single file has no path.
fn leaves(content: &Content) -> Vec<(Vec<u8>, Leaf)> {
    match content {
        Content::File(leaf) => vec![(Vec::new(), *leaf)],
        Content::Directory(rows) => rows
            .iter()
            .map(|(path, leaf)| (path.to_vec(), leaf))
            .collect(),
    }
}

fn all_leaves(manifest: &Manifest) -> Vec<(Vec<u8>, Leaf)> {
    let mappings = manifest.mappings.iter();
    mappings.flat_map(|it| leaves(&it.content)).collect()
}

/// Finds out how long files are.
struct Sizes<'a>(Opened<'a>);

impl<'a> Sizes<'a> {
    /// `blobs` are where the contents of `leaves` are to be had, in the same order.
    fn of(&mut self, leaves: Vec<(Vec<u8>, Leaf)>, blobs: &'a [Blob]) -> Vec<TakenFile> {
        let pairs = leaves.into_iter().zip(blobs);
        pairs
            .map(|((path, leaf), blob)| TakenFile {
                path,
                kind: leaf.kind,
                id: leaf.id,
                bytes: self.size(blob),
            })
            .collect()
    }

    /// What cannot be read is said by the build that needs it: here it is a file of an unknown size.
    fn size(&mut self, blob: &'a Blob) -> Option<u64> {
        let repo = self.0.holder(blob).ok()?;
        repo.size(blob.id, &blob.path).ok()
    }
}
