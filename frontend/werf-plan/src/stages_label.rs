//! What an image says of its own stages, so that a later build can tell which of them run again, and why.
//!
//! It is the value of a label. It has the stages of the image and of those of the file that it starts from, each with the beginning of its digest
//! and a few digits for every value that entered it or is in BuildKit's key besides. Whoever changes one of these builds another image, so equal images still have
//! equal labels; for the same reason nothing is here of images that files are imported from. Digests are cut short, since whole ones open what STORE has for a
//! stage (`docs/store.md`), and values cannot be read off it.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use werf_config::{Base, ImageName};

use super::differing::{self, combined, differing};
use super::digest::hex;
use super::file::{ImagePlan, Plan, StagePlan};
use super::service_labels::STAGES;
use super::stage::StageKind;

/// The version of the format.
const VERSION: u32 = 1;

/// containerd takes no label whose name and value are longer, and its older versions start no container of an image that has one.
const MOST_BYTES: usize = 4096;

/// Fields that every digest has, of which nothing is to be said.
const OF_EVERY_DIGEST: [&str; 3] = ["format", "stage", "parent"];

/// The stages of an image, as its label has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagesLabel {
    version: u32,
    detail: Detail,
    /// The image, then what it starts from.
    images: Vec<LabelledImage>,
}

/// How much is said of what entered digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Detail {
    /// Every value.
    Values,
    /// All values of one name together.
    Names,
    /// Nothing.
    Digests,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LabelledImage {
    name: String,
    /// `install 3cb217a5f74b command=8f3a11c0 dependencies=1b2c3d4e`
    stages: Vec<String>,
}

/// A label that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLabel {
    /// Its text makes no sense.
    Unreadable,
    /// It is of a later version of the frontend.
    Later(u32),
}

/// What becomes of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rerun {
    /// The image.
    pub image: ImageName,
    /// The stage.
    pub stage: StageKind,
    /// Which of the layers of that name it is, from 1, under `asLayers`.
    pub layer: Option<usize>,
    /// Whether something runs for it.
    pub has_step: bool,
    /// Why; none for one that is found in the cache.
    pub because: Vec<Because>,
}

/// Why a stage is not found in the cache of whoever has built the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// It was not there.
    New,
    /// The label knows no more than that.
    OtherDigest,
    /// A field of its digest, or what else is in its key.
    Field(String),
    /// The image that it starts from is another one.
    Base(ImageName),
    /// A stage before it runs again.
    Earlier(StageKind),
    /// A stage before it is no more.
    Gone(StageKind),
    /// What the caller knows.
    Known(String),
}

/// A stage of a label.
struct Entry<'a> {
    kind: &'a str,
    digest: &'a str,
    fields: Vec<(&'a str, String)>,
}

/// Returns the value of the label of an image with `stages`, which starts from the images `below`, the nearest first.
pub(super) fn of(image: &ImagePlan, below: &[&ImagePlan]) -> String {
    let text = |detail| {
        let images = [image].into_iter().chain(below.iter().copied());
        let label = StagesLabel {
            version: VERSION,
            detail,
            images: images.map(|image| labelled(image, detail)).collect(),
        };
        serde_json::to_string(&label).expect("it holds only strings, numbers and lists")
    };
    let fits = |text: &String| STAGES.len() + text.len() <= MOST_BYTES;
    let texts = [Detail::Values, Detail::Names].into_iter().map(text);
    texts
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| text(Detail::Digests))
}

fn labelled(image: &ImagePlan, detail: Detail) -> LabelledImage {
    let stages = image.stages.iter().map(|stage| {
        let head = format!("{} {}", stage.kind, stage.digest.short());
        let fields = fields(image, stage, detail).into_iter();
        fields.fold(head, |text, (name, value)| format!("{text} {name}={value}"))
    });
    LabelledImage {
        name: image.name.as_str().to_owned(),
        stages: stages.collect(),
    }
}

/// Returns what entered the key of a stage: names, and a few digits for each value.
fn fields<'a>(image: &ImagePlan, stage: &'a StagePlan, detail: Detail) -> Vec<(&'a str, String)> {
    let all = combined(&stage.fields).into_iter();
    let all = all.filter(|(name, _)| !OF_EVERY_DIGEST.contains(name));
    let all = all.chain(differing::beside_digest(image, stage));
    let values: Vec<(&str, String)> = all.map(|(name, value)| (name, digits(&value))).collect();
    match detail {
        Detail::Values => values,
        Detail::Digests => Vec::new(),
        Detail::Names => {
            let mut names: Vec<(&str, String)> = Vec::new();
            for (name, value) in values {
                match names.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, all)) => all.push_str(&value),
                    None => names.push((name, value)),
                }
            }
            let names = names.into_iter();
            names.map(|(name, all)| (name, digits(&all))).collect()
        }
    }
}

fn digits(value: &str) -> String {
    hex(&Sha256::digest(value.as_bytes())[..4])
}

impl StagesLabel {
    /// Reads the value of a label.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(text: &str) -> Result<StagesLabel, BadLabel> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head = serde_json::from_str(text).map_err(|_| BadLabel::Unreadable)?;
        if head.version > VERSION {
            return Err(BadLabel::Later(head.version));
        }
        let label: StagesLabel = serde_json::from_str(text).map_err(|_| BadLabel::Unreadable)?;
        let mut stages = label.images.iter().flat_map(|image| &image.stages);
        if label.images.is_empty() || !stages.all(|stage| entry(stage).is_some()) {
            return Err(BadLabel::Unreadable);
        }
        Ok(label)
    }

    /// Returns the name of the image that it is the label of; a nameless one has an empty name.
    pub fn image(&self) -> &str {
        self.images.first().map_or("", |image| &image.name)
    }

    /// Compares it with what is to be built of the image `target` of `plan`, and of those that it starts from. Returns all stages in the order
    /// in which they are built. `known` says why a stage runs again whatever its digest is, if the caller knows of a reason.
    pub fn compare(
        &self,
        plan: &Plan,
        target: &ImagePlan,
        known: impl Fn(&ImagePlan, &StagePlan) -> Option<String>,
    ) -> Vec<Rerun> {
        let mut chain = vec![target];
        chain.extend(below(target, |name| plan.image(name)));
        let mut all: Vec<Rerun> = Vec::new();
        for image in chain.into_iter().rev() {
            let before = self.images.iter().find(|it| it.name == image.name.as_str());
            let old: Vec<Entry<'_>> = before
                .into_iter()
                .flat_map(|image| image.stages.iter().filter_map(|stage| entry(stage)))
                .collect();
            let runs = |rerun: &&Rerun| !rerun.because.is_empty();
            let base_runs = all.iter().rev().find(runs).map(|rerun| rerun.image.clone());
            let mut earlier: Option<StageKind> = None;
            for (at, stage) in image.stages.iter().enumerate() {
                let same_kind = |stages: &[StagePlan]| {
                    let kinds = stages.iter().filter(|it| it.kind == stage.kind);
                    kinds.count()
                };
                let number = same_kind(&image.stages[..=at]);
                let mut because = self.because(image, stage, number, &old);
                let says_base = |it: &Because| matches!(it, Because::Base(_));
                if at == 0
                    && let Some(base) = &base_runs
                    && !because.iter().any(says_base)
                {
                    because.push(Because::Base(base.clone()));
                }
                because.extend(known(image, stage).map(Because::Known));
                let lost = || {
                    let is_lost = |kind: &StageKind| {
                        let is_there =
                            |kinds: &[StagePlan]| kinds.iter().any(|it| it.kind == *kind);
                        *kind < stage.kind
                            && old.iter().any(|it| it.kind == kind.name())
                            && !is_there(&image.stages)
                    };
                    let changed = !because.is_empty();
                    StageKind::ORDER
                        .into_iter()
                        .rev()
                        .find(|kind| changed && is_lost(kind))
                };
                let of_parent = match earlier {
                    Some(kind) => Some(Because::Earlier(kind)),
                    None => lost().map(Because::Gone),
                };
                if let Some(reason) = of_parent {
                    because.retain(|it| *it != Because::OtherDigest);
                    because.push(reason);
                }
                if !because.is_empty() {
                    earlier = Some(stage.kind);
                }
                all.push(Rerun {
                    image: image.name.clone(),
                    stage: stage.kind,
                    layer: (same_kind(&image.stages) > 1).then_some(number),
                    has_step: stage.has_step(),
                    because,
                });
            }
        }
        all
    }

    /// Returns why the digest of `stage`, or what else is in its key, is another one than that of the `number`th of its kind among `old`.
    fn because(
        &self,
        image: &ImagePlan,
        stage: &StagePlan,
        number: usize,
        old: &[Entry<'_>],
    ) -> Vec<Because> {
        let mut of_kind = old.iter().filter(|it| it.kind == stage.kind.name());
        let Some(was) = of_kind.nth(number - 1) else {
            return vec![Because::New];
        };
        let now = fields(image, stage, self.detail);
        let mut because = Vec::new();
        for (name, ..) in differing(&was.fields, &now) {
            let reason = match (name, &image.base) {
                ("baseStage" | "baseDockerfile", Base::Sibling { image, .. }) => {
                    Because::Base(image.clone())
                }
                _ => Because::Field(name.to_owned()),
            };
            if !because.contains(&reason) {
                because.push(reason);
            }
        }
        if because.is_empty() && was.digest != stage.digest.short() {
            because.push(Because::OtherDigest);
        }
        because
    }
}

/// Returns the images of the file that `image` starts from, the nearest first.
pub(super) fn below<'a>(
    image: &'a ImagePlan,
    find: impl Fn(&ImageName) -> Option<&'a ImagePlan>,
) -> Vec<&'a ImagePlan> {
    let mut below: Vec<&ImagePlan> = Vec::new();
    let mut base = &image.base;
    while let Base::Sibling { image: name, .. } = base
        && let Some(next) = find(name)
        // Images that are based on each other are no plan, but nothing may go round for ever.
        && !below.iter().any(|known| known.name == next.name)
    {
        below.push(next);
        base = &next.base;
    }
    below
}

/// Reads what a label says of a stage.
fn entry(text: &str) -> Option<Entry<'_>> {
    let mut words = text.split(' ');
    let (kind, digest) = (words.next()?, words.next()?);
    let fields = words.map(|word| word.split_once('='));
    let fields: Option<Vec<_>> = fields
        .map(|field| field.map(|(name, value)| (name, value.to_owned())))
        .collect();
    Some(Entry {
        kind,
        digest,
        fields: fields?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diagnostic::SourceText;

    use super::*;

    fn label(commands: usize) -> String {
        let commands: Vec<String> = (0..commands).map(|it| format!("'run {it}'")).collect();
        let commands = commands.join(", ");
        let text = format!(
            "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nshell: {{beforeInstall: [{commands}], install: [a, a]}}\ndocker: {{ENV: {{A: b}}, LABEL: {{C: d}}}}\n"
        );
        let source = SourceText::new("werf.yaml", text).expect("text");
        let config = werf_config::load(&source).expect("right").config;
        let plan = crate::plan(&config, "c", &BTreeMap::new());
        plan.images[0].service_labels[STAGES].clone()
    }

    /// Images that were built before this changed are still compared.
    #[test]
    fn the_label_is_a_contract() {
        insta::assert_snapshot!(label(1));
    }

    #[test]
    fn a_long_label_says_less() {
        let details = [1, 60, 400].map(|commands| {
            let text = label(commands);
            assert!(text.len() + STAGES.len() <= MOST_BYTES, "{}", text.len());
            StagesLabel::read(&text).expect("a label").detail
        });
        assert_eq!(details, [Detail::Values, Detail::Values, Detail::Names]);
    }
}
