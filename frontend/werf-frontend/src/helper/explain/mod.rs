//! Which stages run again between two commits, and why: two plans in, reasons out.
//!
//! A stage runs again if its digest is another one. What BuildKit has in its keys besides counts as well: the network and
//! the secrets of commands are known here; the contents of imports, of base images and what a Dockerfile takes are not before
//! there is a build, so of these it is said that a stage runs again perhaps.

mod dockerfile;
mod files;
mod stage;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use diagnostic::Location;
use serde::Serialize;
use werf_config::{Base, ImageName, ImportFrom};
use werf_plan::digest::Digest;
use werf_plan::file::{ImagePlan, Plan, StagePlan};
use werf_plan::stage::StageKind;
use werf_plan::target::Target;

use super::inventory::Behind;

use stage::Pair;

/// Where files are less in all there is no `gitCache`.
const MEBIBYTE: u64 = 1 << 20;

/// A commit that is compared: its plan, and what stands behind it.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The configuration and the files.
    pub behind: &'a Behind,
}

/// What is different between two commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The commit that is taken for built.
    pub from: String,
    /// The commit that is to be built.
    pub to: String,
    /// The images of both, in the order of the later one.
    pub images: Vec<ImageExplanation>,
}

/// What is different in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageExplanation {
    /// Its name.
    pub image: ImageName,
    /// Its stages, in build order; those that are no more after the others.
    pub stages: Vec<StageExplanation>,
}

/// What becomes of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageExplanation {
    /// Its name; `dockerfile` stands for all instructions of one.
    pub stage: String,
    /// Which of the layers of that name it is, from 1, under `asLayers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// Whether something runs for it: a stage without a step is configuration only.
    pub has_step: bool,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Its digest at the earlier commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest_before: Option<Digest>,
    /// Its digest at the later commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Why; none for one that stays.
    pub reasons: Vec<Reason>,
    /// Whether a `gitCache` may run before it: that depends on the files with which the layer of the stage before was built,
    /// which only the layer knows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub perhaps_git_cache: bool,
}

/// What becomes of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It is found in the cache of whoever has built the earlier commit.
    Stays,
    /// It runs again if what it takes of others has other content, which only a build knows.
    Perhaps,
    /// It runs again.
    Reruns,
    /// It is no more.
    Gone,
}

/// Why a stage does not stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "because")]
pub enum Reason {
    /// It was not there.
    New,
    /// It is not there any more.
    Removed,
    /// A stage before it does not stay.
    Earlier {
        /// That stage.
        stage: String,
        /// What becomes of it.
        verdict: Verdict,
    },
    /// Its commands or tasks, or the Dockerfile, are others.
    Text {
        /// The field of the digest, or `dockerfile`.
        field: String,
        /// Where they are written now.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<Location>,
        /// The lines that are different, each with its sign.
        lines: Vec<Line>,
    },
    /// Files are others.
    Files {
        /// The field of the digest, or `context`.
        field: String,
        /// The mapping, as `ADD -> TO`, or the directory of the context.
        mapping: String,
        /// The mask of `stageDependencies` that they matter through.
        #[serde(skip_serializing_if = "Option::is_none")]
        mask: Option<String>,
        /// Whether the mask is new, or gone; the files are those that it matches.
        #[serde(skip_serializing_if = "Option::is_none")]
        mask_is: Option<Change>,
        /// The files.
        files: Vec<FileChange>,
    },
    /// Something else that is written in the configuration is different.
    Field {
        /// The field of the digest, or what is in BuildKit's key besides: `network`, `secret`.
        field: String,
        /// The values that are no more.
        before: Vec<String>,
        /// The values that are new.
        after: Vec<String>,
    },
    /// Another image, which this one takes files of, does not stay as it was.
    Image {
        /// Its name.
        image: ImageName,
        /// What is taken of it: a path, or nothing for all of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
}

/// A line of a text that is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Whether it is new or gone.
    pub change: Change,
    /// The line.
    pub text: String,
}

/// A file that is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// What happened to it.
    pub change: Change,
    /// Its path from the root of its repository on; control characters are escaped.
    pub path: String,
    /// How long it is now; nothing where it is gone, or its object is not at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What happened to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// It is new.
    Added,
    /// It is another one.
    Changed,
    /// It is no more.
    Removed,
}

/// Compares two commits.
pub fn explain(from: Side<'_>, to: Side<'_>) -> Explanation {
    let mut done: BTreeMap<ImageName, ImageExplanation> = BTreeMap::new();
    for target in to.plan.targets() {
        for needed in to.plan.needed(target.name()) {
            if !done.contains_key(needed.name()) {
                let explained = Comparison { from, to }.image(needed, &done);
                done.insert(needed.name().clone(), explained);
            }
        }
    }
    let in_order = to.plan.targets().map(|target| target.name().clone());
    let mut images: Vec<_> = in_order.filter_map(|name| done.remove(&name)).collect();
    let is_gone = |target: &Target<'_>| to.plan.targets().all(|it| it.name() != target.name());
    images.extend(from.plan.targets().filter(is_gone).map(gone));
    Explanation {
        from: from.plan.commit.clone(),
        to: to.plan.commit.clone(),
        images,
    }
}

fn gone(target: Target<'_>) -> ImageExplanation {
    let stages = target.image().map_or(&[][..], |image| &image.stages);
    let mut stages: Vec<_> = stages.iter().map(|it| stage::gone(it, None)).collect();
    if target.dockerfile().is_some() {
        stages.push(dockerfile::stage(Verdict::Gone, vec![Reason::Removed]));
    }
    ImageExplanation {
        image: target.name().clone(),
        stages,
    }
}

impl ImageExplanation {
    /// Returns the worst that becomes of its file system as of the stage `last`, or the last one.
    fn verdict_of_files(&self, last: Option<StageKind>) -> Verdict {
        self.worst(last, |stage| stage.has_step)
    }

    /// Returns the worst that becomes of its stages.
    pub fn verdict(&self) -> Verdict {
        self.worst(None, |_| true)
    }

    fn worst(
        &self,
        last: Option<StageKind>,
        counts: impl Fn(&StageExplanation) -> bool,
    ) -> Verdict {
        let end = last.and_then(|last| {
            let is_last = |stage: &StageExplanation| stage.stage == last.name();
            self.stages.iter().rposition(is_last)
        });
        let stages = &self.stages[..end.map_or(self.stages.len(), |end| end + 1)];
        let counted = || stages.iter().filter(|stage| counts(stage));
        let has = |verdict| counted().any(|stage| stage.verdict == verdict);
        if has(Verdict::Reruns) || has(Verdict::Gone) {
            Verdict::Reruns
        } else if has(Verdict::Perhaps) {
            Verdict::Perhaps
        } else {
            Verdict::Stays
        }
    }
}

/// The two commits.
#[derive(Clone, Copy)]
struct Comparison<'a> {
    from: Side<'a>,
    to: Side<'a>,
}

/// What has been said of the images that one is made of.
type Done = BTreeMap<ImageName, ImageExplanation>;

impl Comparison<'_> {
    fn image(self, target: Target<'_>, done: &Done) -> ImageExplanation {
        let stages = match target {
            Target::Dockerfile(image) => vec![self.dockerfile(image, done)],
            Target::Image(image) => self.stages(image, done),
        };
        ImageExplanation {
            image: target.name().clone(),
            stages,
        }
    }

    fn stages(self, image: &ImagePlan, done: &Done) -> Vec<StageExplanation> {
        let before = self.from.plan.image(&image.name);
        let old = before.map_or(&[][..], |before| &before.stages);
        let mut explained: Vec<StageExplanation> = Vec::new();
        let lost = (0..old.len()).map(|at| (numbered(old, at), &old[at]));
        let lost = lost.filter(|(key, _)| find(&image.stages, *key).is_none());
        let lost: Vec<(Key, &StagePlan)> = lost.collect();
        for (at, stage) in image.stages.iter().enumerate() {
            let key = numbered(&image.stages, at);
            let layer = (count(&image.stages, stage.kind) > 1).then_some(key.1);
            let was = find(old, key);
            let mut reasons = match was {
                None => vec![Reason::New],
                Some(was) => {
                    let pair = Pair {
                        image: &image.name,
                        was,
                        is: stage,
                        layer: key.1,
                    };
                    let mut reasons = self.fields(pair);
                    if let Some(before) = before {
                        reasons.extend(stage::beside_digest(before, image, stage));
                    }
                    reasons
                }
            };
            let is_other = was.is_none_or(|was| was.digest != stage.digest);
            let is_other = is_other || !reasons.is_empty();
            let earlier = explained
                .iter()
                .rev()
                .find(|it| it.verdict != Verdict::Stays);
            let of_parent = earlier
                .map(|it| (it.stage.clone(), it.verdict))
                .or_else(|| {
                    let lost = lost.iter().rev().find(|(key, _)| key.0 < stage.kind);
                    lost.map(|(_, stage)| (stage.kind.name().to_owned(), Verdict::Gone))
                });
            if let Some((name, verdict)) = of_parent {
                reasons.push(Reason::Earlier {
                    stage: name,
                    verdict,
                });
            }
            let of_images = images(image, was, stage, done);
            let is_perhaps = earlier.is_some() || !of_images.is_empty();
            let unsaid = of_images.into_iter().filter(|it| !reasons.contains(it));
            let unsaid: Vec<_> = unsaid.collect();
            reasons.extend(unsaid);
            let verdict = match (is_other, is_perhaps) {
                (true, _) => Verdict::Reruns,
                (false, true) => earlier.map_or(Verdict::Perhaps, |it| match it.verdict {
                    Verdict::Reruns if it.has_step => Verdict::Reruns,
                    _ => Verdict::Perhaps,
                }),
                (false, false) => Verdict::Stays,
            };
            if was.is_none() {
                // Nothing else says more.
                reasons.truncate(1);
            }
            let runs = |it: &StageExplanation| it.has_step && it.verdict == Verdict::Reruns;
            let is_patch = stage.kind == StageKind::GitLatestPatch;
            let perhaps_git_cache = is_patch
                && verdict != Verdict::Stays
                && !explained.iter().any(runs)
                && self.to.behind.inventory.bytes(&image.name) >= MEBIBYTE;
            explained.push(StageExplanation {
                layer,
                verdict,
                reasons,
                perhaps_git_cache,
                digest_before: was.map(|was| was.digest.clone()),
                ..stage::of(stage)
            });
        }
        let several = |stage: &StagePlan| count(old, stage.kind) > 1;
        let lost = lost.into_iter();
        explained
            .extend(lost.map(|(key, stage)| stage::gone(stage, several(stage).then_some(key.1))));
        explained
    }
}

/// Returns what a stage takes of other images whose content may be another, and that its digest does not know; `was` is the
/// stage at the earlier commit.
fn images(
    image: &ImagePlan,
    was: Option<&StagePlan>,
    stage: &StagePlan,
    done: &Done,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if stage.kind == StageKind::From
        && let Base::Sibling { image: base, .. } = &image.base
        && done
            .get(base)
            .is_some_and(|it| it.verdict() != Verdict::Stays)
    {
        reasons.push(Reason::Image {
            image: base.clone(),
            path: None,
        });
    }
    let before = was.map_or(&[][..], |was| &was.imports);
    for (before, after) in before.iter().zip(&stage.imports) {
        let (before, after) = (source(&before.from), source(&after.from));
        if before != after {
            reasons.push(Reason::Field {
                field: "from".to_owned(),
                before: vec![before],
                after: vec![after],
            });
        }
    }
    for import in &stage.imports {
        let ImportFrom::Sibling { image: of, stage } = &import.from else {
            continue;
        };
        let last = stage.map(StageKind::from);
        let explained = done.get(of).map(|it| it.verdict_of_files(last));
        if explained.is_some_and(|verdict| verdict != Verdict::Stays) {
            reasons.push(Reason::Image {
                image: of.clone(),
                path: Some(import.add.clone()),
            });
        }
    }
    reasons
}

/// Returns what an import takes files of, as people call it.
fn source(from: &ImportFrom) -> String {
    match from {
        ImportFrom::Image { reference } => reference.clone(),
        ImportFrom::Sibling { image, stage: None } => format!("image {image}"),
        ImportFrom::Sibling {
            image,
            stage: Some(stage),
        } => format!("image {image} after {}", stage.name()),
    }
}

/// Which stage it is: its kind, and which of that kind, from 1.
type Key = (StageKind, usize);

fn numbered(stages: &[StagePlan], at: usize) -> Key {
    let kind = stages[at].kind;
    (kind, count(&stages[..at], kind) + 1)
}

fn count(stages: &[StagePlan], kind: StageKind) -> usize {
    stages.iter().filter(|stage| stage.kind == kind).count()
}

fn find(stages: &[StagePlan], (kind, number): Key) -> Option<&StagePlan> {
    let mut same = stages.iter().filter(|stage| stage.kind == kind);
    same.nth(number - 1)
}
