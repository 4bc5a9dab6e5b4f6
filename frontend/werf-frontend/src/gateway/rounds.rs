//! The plans and solves of one build: usually one of each.
//!
//! There are more where PLAN has to look at what stages hold before it can plan those after them, and where STORE was
//! emptied between a PLAN and a stage.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::Node;
use buildkit_proto::rpc;
use werf_config::Base;
use werf_config::ImageName;
use werf_plan::digest::Digest;
use werf_plan::file::{ImagePlan, RemoteRequest};
use werf_plan::stage::StageKind;

use crate::lower::Lowered;

use super::failure::Failure;
use super::plan_graph;
use super::remote;

/// Which of several plans and solves of one build.
#[derive(Default)]
pub(super) struct Round {
    /// How many there were before it.
    number: usize,
    /// The images that are tried for the second time, since STORE was emptied under them, and from which stage on.
    pub retried: BTreeMap<ImageName, StageKind>,
    /// The images whose stages PLAN has looked at.
    measured: BTreeSet<ImageName>,
    /// The stages that PLAN is to look at.
    pub unmeasured: Option<Box<Unmeasured>>,
    /// The repositories that PLAN asked for.
    pub remotes: Vec<RemoteRequest>,
    /// How the daemon can be asked for them.
    pub abilities: remote::Abilities,
}

/// What is to be solved, and what it takes to explain a failure.
pub(super) struct Attempt {
    pub lowered: Lowered,
    /// The commit that the plan is of.
    pub commit: String,
    /// The images in the graph.
    pub images: Vec<ImagePlan>,
}

/// Stages of which PLAN could not know what they hold.
pub(super) struct Unmeasured {
    /// The graph they are in.
    pub attempt: Attempt,
    /// Of each image the last stage before `gitCache`, by its digest, and its layer.
    pub stages: Vec<(ImageName, Digest, Node)>,
}

/// How a solve ended, other than in a failure of its own.
pub(super) enum Solved<T> {
    /// Well.
    Well(T),
    /// In a stage that did not find in STORE what PLAN had put there.
    StoreLacks(Lost),
}

impl<T> Solved<T> {
    pub fn map<U>(self, then: impl FnOnce(T) -> U) -> Solved<U> {
        match self {
            Solved::Well(value) => Solved::Well(then(value)),
            Solved::StoreLacks(lost) => Solved::StoreLacks(lost),
        }
    }
}

/// A stage that did not find in STORE what PLAN had put there, and the daemon's words for it.
pub(super) struct Lost {
    pub image: ImageName,
    pub stage: StageKind,
    pub status: Box<rpc::Status>,
}

impl Round {
    /// Returns the first one, with a daemon that has these abilities.
    pub fn first(abilities: remote::Abilities) -> Round {
        Round {
            abilities,
            ..Round::default()
        }
    }

    pub fn is_first(&self) -> bool {
        self.number == 0
    }

    /// Returns the round that follows one in which a stage did not find what it needs.
    ///
    /// A second time in the same image it would be the daemon's habit. Stages of several images may have run into it at
    /// once, and only one failure is told.
    ///
    /// # Errors
    /// The failure, if the image had its second try.
    pub fn after_loss(mut self, lost: Lost) -> Result<Round, Failure> {
        if self.retried.contains_key(&lost.image) {
            return Err(Failure::Status(lost.status));
        }
        self.retried.insert(lost.image, lost.stage);
        Ok(Round {
            number: self.number + 1,
            retried: self.retried,
            measured: BTreeSet::new(),
            unmeasured: None,
            ..self
        })
    }

    /// Returns the round in which PLAN looks at stages.
    pub fn measuring(mut self, unmeasured: Box<Unmeasured>) -> Round {
        let images = unmeasured.stages.iter().map(|(image, ..)| image.clone());
        self.measured.extend(images);
        Round {
            number: self.number + 1,
            unmeasured: Some(unmeasured),
            ..self
        }
    }

    /// Returns what makes the execs of this round that run in every build others than those before.
    pub fn nonce(&self, session: &str) -> String {
        plan_graph::nonce(self.number, session)
    }

    /// Returns what makes this round's PLAN.
    pub fn plan_round(&self) -> plan_graph::Round<'_> {
        plan_graph::Round {
            remotes: &self.remotes,
            abilities: self.abilities,
            number: self.number,
            applied: self.unmeasured.as_ref().map(|unmeasured| {
                let stages = unmeasured.stages.iter();
                let stages = stages.map(|(_, digest, node)| (digest.clone(), *node));
                (unmeasured.attempt.lowered.graph.clone(), stages.collect())
            }),
        }
    }

    /// Returns the stages that PLAN has to look at before it can plan those after them: those that nobody has looked
    /// at, or that this build makes anew although they are known. What is based on such an image has to wait, since
    /// its stages may get other names. `needed` has bases before what is based on them.
    pub fn unmeasured_stages(
        &self,
        needed: &[&ImagePlan],
        lowered: &Lowered,
        no_cache: &BTreeSet<(ImageName, StageKind)>,
    ) -> Vec<(ImageName, Digest, Node)> {
        let mut stages = Vec::new();
        let mut waits: BTreeSet<&ImageName> = BTreeSet::new();
        let mut is_new: BTreeSet<&ImageName> = BTreeSet::new();
        for image in needed {
            let base = match &image.base {
                Base::Sibling { image, .. } => Some(image),
                Base::Scratch | Base::Image { .. } => None,
            };
            let is_based_on = |set: &BTreeSet<&ImageName>| base.is_some_and(|it| set.contains(it));
            let own: Vec<StageKind> = no_cache
                .iter()
                .filter(|(name, _)| *name == image.name)
                .map(|(_, kind)| *kind)
                .collect();
            let base_is_new = is_based_on(&is_new);
            if base_is_new || !own.is_empty() {
                is_new.insert(&image.name);
            }
            if is_based_on(&waits) {
                waits.insert(&image.name);
                continue;
            }
            let Some(stage) = image.baseline() else {
                continue;
            };
            let stage_is_new = base_is_new || own.iter().any(|kind| *kind <= stage.kind);
            if self.measured.contains(&image.name) || !(image.unmeasured || stage_is_new) {
                continue;
            }
            if let Some(step) = lowered.step(&image.name, stage.kind) {
                stages.push((image.name.clone(), stage.digest.clone(), step.node));
                waits.insert(&image.name);
            }
        }
        stages
    }
}

#[cfg(test)]
mod tests {
    use diagnostic::SourceText;
    use werf_config::load;
    use werf_plan::file::Plan;
    use werf_plan::{ImageSources, plan};

    use crate::lower::{Bases, Settings, lower};

    use super::*;

    const TEXT: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: middle\ngit: [{to: /a}]\n---\nimage: middle\nfrom: base\n---\nimage: base\nfrom: scratch\ngit: [{to: /b}]\n";

    /// A plan in which nobody has looked at the named images.
    fn planned(unmeasured: &[&str]) -> Plan {
        let source = SourceText::new("werf.yaml", TEXT).expect("text");
        let config = load(&source).expect("right").config;
        let images = config.images.iter().filter(|image| !image.git.is_empty());
        let sources = images.map(|image| (image.name.clone(), ImageSources::default()));
        let mut plan = plan(&config, "c", &sources.collect());
        for image in &mut plan.images {
            image.unmeasured = unmeasured.contains(&image.name.as_str());
        }
        plan
    }

    fn stages(
        round: &Round,
        plan: &Plan,
        no_cache: &[(&str, StageKind)],
    ) -> (Lowered, Vec<(ImageName, Digest, Node)>) {
        let app = ImageName::new("app");
        let lowered = lower(plan, &app, &Bases::new(), &Settings::default(), &[])
            .unwrap_or_else(|errors| panic!("{errors:?}"));
        let no_cache = no_cache
            .iter()
            .map(|(name, kind)| (ImageName::new(*name), *kind));
        let needed = plan.needed(&app);
        let stages = round.unmeasured_stages(&needed, &lowered, &no_cache.collect());
        (lowered, stages)
    }

    fn names(stages: &[(ImageName, Digest, Node)]) -> Vec<&str> {
        stages.iter().map(|(name, ..)| name.as_str()).collect()
    }

    #[test]
    fn what_is_based_on_an_unmeasured_image_waits() {
        let (lowered, first) = stages(&Round::default(), &planned(&["app", "base"]), &[]);
        assert_eq!(names(&first), ["base"]);
        let unmeasured = Unmeasured {
            attempt: Attempt {
                lowered,
                commit: "c".to_owned(),
                images: Vec::new(),
            },
            stages: first,
        };
        let round = Round::default().measuring(Box::new(unmeasured));
        assert!(!round.is_first());
        assert_eq!(round.plan_round().number, 1);
        assert_eq!(round.plan_round().applied.expect("a stage").1.len(), 1);
        // Even if nothing could be learned of the base.
        let (_, second) = stages(&round, &planned(&["app", "base"]), &[]);
        assert_eq!(names(&second), ["app"]);
    }

    #[test]
    fn what_is_made_anew_is_looked_at_again_with_what_is_based_on_it() {
        let plan = planned(&[]);
        let of = |no_cache: &[(&str, StageKind)]| {
            names(&stages(&Round::default(), &plan, no_cache).1).join(" ")
        };
        assert_eq!(of(&[]), "");
        assert_eq!(of(&[("app", StageKind::GitArchive)]), "app");
        assert_eq!(of(&[("app", StageKind::GitLatestPatch)]), "");
        assert_eq!(of(&[("base", StageKind::GitArchive)]), "base");
        assert_eq!(of(&[("base", StageKind::GitLatestPatch)]), "app");
    }

    #[test]
    fn each_image_is_tried_twice() {
        let lost = |image: &str| Lost {
            image: ImageName::new(image),
            stage: StageKind::Install,
            status: Box::default(),
        };
        let round = Round::default()
            .after_loss(lost("a"))
            .expect("a second try");
        let round = round.after_loss(lost("b")).expect("that of another image");
        assert_eq!(round.retried.len(), 2);
        assert!(round.after_loss(lost("a")).is_err());
    }
}
