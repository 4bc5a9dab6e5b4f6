//! The labels that every image has: which project and image it is, the digest of its last stage, and what its stages were made of.
//!
//! werf's own labels hold what its storage needs to find stages and commits again. BuildKit's cache does
//! that here, so only what is of use to people is left. There is no commit among them: a commit that changes
//! nothing of an image makes the same image. The names are not werf's either, so that `werf host cleanup` does not
//! take these images for its own.

use std::collections::BTreeMap;

use werf_config::ImageName;

use super::file::StagePlan;

/// The `project` of the meta section.
pub const PROJECT: &str = "werf.io/project";
/// The name of the image; a nameless one has no such label.
pub const IMAGE: &str = "werf.io/image";
/// The digest of the last stage: equal images of a project have equal ones.
pub const STAGE_DIGEST: &str = "werf.io/stage-digest";

/// What the stages were made of, for a later build that is to say why some run again: [`StagesLabel`](crate::stages_label::StagesLabel).
/// An image from a Dockerfile has no such label.
pub const STAGES: &str = "werf.io/stages";

/// `true` on an image of development mode, which is made of a working directory and not of a commit.
pub const DEV: &str = "werf.io/dev";

/// All of them.
pub const ALL: [&str; 5] = [PROJECT, IMAGE, STAGE_DIGEST, STAGES, DEV];

/// Returns the labels of the image `name` of `project` with these stages.
pub fn of(project: &str, name: &ImageName, stages: &[StagePlan]) -> BTreeMap<String, String> {
    let digest = stages.last().map(|stage| stage.digest.hex());
    [
        (PROJECT, Some(project.to_owned())),
        (IMAGE, (!name.is_nameless()).then(|| name.to_string())),
        (STAGE_DIGEST, digest),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label.to_owned(), value?)))
    .collect()
}
