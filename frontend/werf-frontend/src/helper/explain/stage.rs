//! Why a stage has another digest.

use similar::{ChangeTag, TextDiff};
use werf_config::{Base, ImageName, Instructions};
use werf_plan::differing::{self, combined, differing};
use werf_plan::file::{ImagePlan, StagePlan};

use super::{Change, Comparison, Line, Reason, Side, StageExplanation, Verdict};

/// A stage at both commits.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) image: &'a ImageName,
    pub(super) was: &'a StagePlan,
    pub(super) is: &'a StagePlan,
    /// Which of its kind it is, from 1.
    pub(super) layer: usize,
}

/// Returns what is said of a stage that stays.
pub(super) fn of(stage: &StagePlan) -> StageExplanation {
    StageExplanation {
        stage: stage.kind.name().to_owned(),
        layer: None,
        has_step: stage.has_step(),
        verdict: Verdict::Stays,
        digest_before: Some(stage.digest.clone()),
        digest: Some(stage.digest.clone()),
        reasons: Vec::new(),
        perhaps_git_cache: false,
    }
}

/// Returns what is said of a stage that is no more.
pub(super) fn gone(stage: &StagePlan, layer: Option<usize>) -> StageExplanation {
    StageExplanation {
        layer,
        verdict: Verdict::Gone,
        digest: None,
        reasons: vec![Reason::Removed],
        ..of(stage)
    }
}

/// Returns what is different in BuildKit's key of `stage`, which is one of the image `is`, and is in no digest.
pub(super) fn beside_digest(was: &ImagePlan, is: &ImagePlan, stage: &StagePlan) -> Vec<Reason> {
    let (before, after) = (
        differing::beside_digest(was, stage),
        differing::beside_digest(is, stage),
    );
    let differing = differing(&before, &after).into_iter();
    let reasons = differing.map(|(name, before, after)| Reason::Field {
        field: name.to_owned(),
        before,
        after,
    });
    reasons.collect()
}

/// Returns what an image starts from, as people call it.
fn base(side: Side<'_>, pair: Pair<'_>) -> String {
    match side.plan.image(pair.image).map(|image| &image.base) {
        None | Some(Base::Scratch) => "scratch".to_owned(),
        Some(Base::Image { reference, .. }) => reference.clone(),
        Some(Base::Sibling { image, .. }) => format!("image {image}"),
    }
}

/// Returns the lines of two texts that are different, without what nobody is to see.
pub(super) fn lines(before: &str, after: &str, (from, to): (Side<'_>, Side<'_>)) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let changes = diff.iter_all_changes();
    let lines = changes.filter_map(|change| {
        let (hidden, sign) = match change.tag() {
            ChangeTag::Equal => return None,
            ChangeTag::Delete => (&from.behind.hidden, Change::Removed),
            ChangeTag::Insert => (&to.behind.hidden, Change::Added),
        };
        Some(Line {
            change: sign,
            text: hidden
                .text(change.value().trim_end_matches('\n'))
                .into_owned(),
        })
    });
    lines.collect()
}

impl Comparison<'_> {
    /// Returns why the digests of `pair` are different, but for the stage before.
    pub(super) fn fields(self, pair: Pair<'_>) -> Vec<Reason> {
        let Pair { was, is, .. } = pair;
        if was.digest == is.digest {
            return Vec::new();
        }
        let (before, after) = (combined(&was.fields), combined(&is.fields));
        let mut reasons = Vec::new();
        for (name, mut before, mut after) in differing(&before, &after) {
            let said = match name {
                "parent" => continue,
                "command" | "task" => self.commands(pair, name),
                "dependencies" => self.dependencies(pair),
                "files" => self.patch(pair),
                "base" | "baseStage" | "baseDockerfile" => {
                    let base = self.base(pair);
                    if reasons.contains(&base) {
                        continue;
                    }
                    vec![base]
                }
                _ => Vec::new(),
            };
            if said.is_empty() {
                for value in &mut before {
                    *value = self.from.behind.hidden.text(value).into_owned();
                }
                for value in &mut after {
                    *value = self.to.behind.hidden.text(value).into_owned();
                }
                reasons.push(Reason::Field {
                    field: name.to_owned(),
                    before,
                    after,
                });
            } else {
                reasons.extend(said);
            }
        }
        reasons
    }

    /// Returns that a base is another one, or that it is an image of the file that is not as it was.
    fn base(self, pair: Pair<'_>) -> Reason {
        let (before, after) = (base(self.from, pair), base(self.to, pair));
        match self.to.plan.image(pair.image).map(|image| &image.base) {
            Some(Base::Sibling { image, .. }) if before == after => Reason::Image {
                image: image.clone(),
                path: None,
            },
            _ => Reason::Field {
                field: "base".to_owned(),
                before: vec![before],
                after: vec![after],
            },
        }
    }

    /// Returns the lines of commands or tasks that are different; none if only the ends of commands are elsewhere.
    fn commands(self, pair: Pair<'_>, field: &str) -> Vec<Reason> {
        let (before, after) = (
            written(self.from, pair, pair.was),
            written(self.to, pair, pair.is),
        );
        let lines = lines(&before, &after, (self.from, self.to));
        if lines.is_empty() {
            return Vec::new();
        }
        vec![Reason::Text {
            field: field.to_owned(),
            at: pair.is.at.first().cloned(),
            lines,
        }]
    }
}

/// Returns the commands of `stage` as lines, or its tasks in canonical form.
fn written(side: Side<'_>, pair: Pair<'_>, stage: &StagePlan) -> String {
    let mut images = side.behind.config.images.iter();
    let image = images.find(|image| image.name == *pair.image);
    let instructions = image.and_then(|image| image.instructions.as_ref());
    let texts: Vec<&str> = match (instructions, stage.kind.user_stage()) {
        (Some(Instructions::Shell(shell)), Some(stage)) => {
            let commands = shell.of(stage).iter();
            commands.map(|command| command.value.as_str()).collect()
        }
        (Some(Instructions::Tasks(tasks)), Some(stage)) => {
            let tasks = tasks.of(stage).iter();
            tasks.map(|task| task.value.yaml.as_str()).collect()
        }
        _ => Vec::new(),
    };
    // Under `asLayers` each is a stage.
    let texts = if image.is_some_and(|image| image.as_layers && texts.len() > 1) {
        texts.get(pair.layer - 1..pair.layer).unwrap_or_default()
    } else {
        &texts
    };
    texts.iter().fold(String::new(), |all, text| {
        all + text.trim_end_matches('\n') + "\n"
    })
}
