//! The plans and solves of one build: usually one of each.
//!
//! There are more where PLAN does not know the baseline of a `gitCache`, which is what the last stage before it holds, and
//! where STORE was emptied between PLAN and a stage.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::Node;
use buildkit_proto::rpc;
use werf_config::Base;
use werf_config::ImageName;
use werf_plan::file::{ImagePlan, RemoteRequest};
use werf_plan::stage::StageKind;

use crate::lower::Lowered;

use super::bridge::Daemon;
use super::client_files::ClientInputs;
use super::failure::Failure;
use super::plan_graph::{self, BaselineLayer, BaselineLayers, PlanInputs};
use super::remote;

/// One plan of a build, and the solves that follow from it.
#[derive(Default)]
pub(super) struct Round {
    /// How many there were before it.
    number: usize,
    /// The images that are built for the second time, since STORE was emptied under them, and from which stage on.
    pub retried: BTreeMap<ImageName, StageKind>,
    /// The images of whose baseline PLAN has had the layer.
    seen: BTreeSet<ImageName>,
    /// The baselines that PLAN is to look at.
    pub unknown: Option<Box<UnknownBaselines>>,
    /// The repositories that PLAN asked for, or will ask for.
    pub remotes: Vec<RemoteRequest>,
    /// Whether PLAN has not asked for them yet.
    pub are_foreseen: bool,
    /// What PLAN is given of the client's working directory.
    pub client: ClientInputs,
    /// How the daemon can be asked for them.
    pub abilities: remote::Abilities,
}

/// The graph of the target, and what it takes to explain a failure in it.
pub(super) struct TargetGraph {
    pub lowered: Lowered,
    /// The commit that the plan is of; empty if it is of a working directory.
    pub commit: String,
    /// The images in the graph.
    pub images: Vec<ImagePlan>,
}

/// Stages of which PLAN does not know which files they hold. What a stage holds is the baseline of the stages after it.
pub(super) struct UnknownBaselines {
    /// The graph they are in.
    pub target_graph: TargetGraph,
    /// Of each image the last stage before `gitCache`.
    pub stages: Vec<BaselineStage>,
}

impl UnknownBaselines {
    /// Whether one of them is read from a seal.
    pub fn are_sealed(&self) -> bool {
        self.stages.iter().any(|stage| stage.seal.is_some())
    }
}

/// The last stage before `gitCache` of an image.
#[derive(Debug)]
pub(super) struct BaselineStage {
    pub image: ImageName,
    pub layer: BaselineLayer,
    /// The seal of that layer, which says the same and is small.
    pub seal: Option<Node>,
}

impl BaselineStage {
    /// Returns what PLAN looks at.
    fn looked_at(&self) -> BaselineLayer {
        BaselineLayer {
            node: self.seal.unwrap_or(self.layer.node),
            ..self.layer.clone()
        }
    }
}

/// How a solve ended, other than in a failure of its own.
pub(super) enum Solved<T> {
    /// Well.
    Well(T),
    /// In a stage that did not find in STORE what PLAN had put there.
    StoreLacks(StoreMiss),
}

impl<T> Solved<T> {
    pub fn map<U>(self, then: impl FnOnce(T) -> U) -> Solved<U> {
        match self {
            Solved::Well(value) => Solved::Well(then(value)),
            Solved::StoreLacks(miss) => Solved::StoreLacks(miss),
        }
    }
}

/// A stage that did not find in STORE what PLAN had put there, and the daemon's words for it.
pub(super) struct StoreMiss {
    pub image: ImageName,
    pub stage: StageKind,
    pub status: Box<rpc::Status>,
}

impl Round {
    /// Returns the first one, with `daemon`.
    pub fn first(daemon: &Daemon) -> Round {
        Round {
            abilities: remote::Abilities::of(daemon),
            client: ClientInputs::of(daemon),
            ..Round::default()
        }
    }

    /// Has PLAN be given the repositories that it will ask for.
    pub fn foresee(&mut self, remotes: Vec<RemoteRequest>) {
        self.are_foreseen = !remotes.is_empty();
        self.remotes = remotes;
    }

    pub fn is_first(&self) -> bool {
        self.number == 0
    }

    /// Returns the round that follows one in which a stage did not find in STORE what it needs.
    ///
    /// Each image has one retry: a daemon that empties STORE twice in one build does so every time. Stages of several images
    /// may fail at once, and BuildKit tells of one.
    ///
    /// # Errors
    /// The failure, if the image had its retry.
    pub fn after_miss(mut self, miss: StoreMiss) -> Result<Round, Failure> {
        if self.retried.contains_key(&miss.image) {
            return Err(Failure::Status(miss.status));
        }
        self.retried.insert(miss.image, miss.stage);
        Ok(Round {
            number: self.number + 1,
            retried: self.retried,
            seen: BTreeSet::new(),
            unknown: None,
            ..self
        })
    }

    /// Returns the round in which PLAN looks at the layers of baselines.
    pub fn with_baselines(mut self, unknown: Box<UnknownBaselines>) -> Round {
        let images = unknown.stages.iter().map(|stage| stage.image.clone());
        self.seen.extend(images);
        Round {
            number: self.number + 1,
            unknown: Some(unknown),
            ..self
        }
    }

    /// Has PLAN look at whole layers, since a seal could not be taken.
    pub fn leave_seals(&mut self) {
        for stage in self.unknown.iter_mut().flat_map(|it| &mut it.stages) {
            stage.seal = None;
        }
    }

    /// Returns what makes the execs of this round that run in every build others than those before.
    pub fn nonce(&self, session: &str) -> String {
        plan_graph::nonce(self.number, session)
    }

    /// Returns what makes this round's PLAN.
    pub fn plan_inputs(&self) -> PlanInputs<'_> {
        PlanInputs {
            remotes: &self.remotes,
            client: self.client.clone(),
            abilities: self.abilities,
            number: self.number,
            baselines: match &self.unknown {
                Some(unknown) => BaselineLayers {
                    graph: unknown.target_graph.lowered.graph.clone(),
                    layers: unknown
                        .stages
                        .iter()
                        .map(BaselineStage::looked_at)
                        .collect(),
                },
                None => BaselineLayers::default(),
            },
        }
    }

    /// Returns the stages whose files PLAN has to know before it can plan the stages after them: STORE does not know what
    /// they hold, or this build makes them anew because of `--no-cache`. Images that are based on such an image wait for
    /// the next round, since their stages may get other digests. `needed` has bases before what is based on them.
    pub fn unknown_baselines(
        &self,
        needed: &[&ImagePlan],
        lowered: &Lowered,
    ) -> Vec<BaselineStage> {
        let mut stages = Vec::new();
        let mut waits: BTreeSet<&ImageName> = BTreeSet::new();
        for image in needed {
            let base = match &image.base {
                Base::Sibling { image, .. } => Some(image),
                Base::Scratch | Base::Image { .. } => None,
            };
            let is_based_on = |set: &BTreeSet<&ImageName>| base.is_some_and(|it| set.contains(it));
            if is_based_on(&waits) {
                waits.insert(&image.name);
                continue;
            }
            let Some(stage) = image.baseline() else {
                continue;
            };
            if let Some(step) = lowered.step(&image.name, stage.kind) {
                let is_new = lowered.graph.ignores_cache(step.node);
                if self.seen.contains(&image.name) || !(image.baseline_is_unknown || is_new) {
                    continue;
                }
                // What is sealed is this stage, unless there is another with sources behind it.
                let link = lowered
                    .link
                    .as_ref()
                    .filter(|link| link.image() == &image.name);
                let link = link.filter(|_| !image.has(StageKind::GitCache));
                stages.push(BaselineStage {
                    image: image.name.clone(),
                    layer: BaselineLayer {
                        stage: stage.digest.clone(),
                        node: step.node,
                    },
                    seal: link.map(|link| link.seal),
                });
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
    use werf_plan::target::Target;
    use werf_plan::{ImageSources, plan};

    use crate::lower::{Bases, Settings, lower};

    use super::*;

    const TEXT: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: middle\ngit: [{to: /a}]\n---\nimage: middle\nfrom: base\n---\nimage: base\nfrom: scratch\ngit: [{to: /b}]\n";

    /// A plan that does not know the baselines of the named images.
    fn planned(unknown: &[&str]) -> Plan {
        let config_text = SourceText::new("werf.yaml", TEXT).expect("text");
        let config = load(&config_text).expect("right").config;
        let images = config.images.iter().filter(|image| !image.git.is_empty());
        let sources = images.map(|image| (image.name.clone(), ImageSources::default()));
        let mut plan = plan(&config, "c", &sources.collect());
        for image in &mut plan.images {
            image.baseline_is_unknown = unknown.contains(&image.name.as_str());
        }
        plan
    }

    fn stages(
        round: &Round,
        plan: &Plan,
        no_cache: &[(&str, StageKind)],
    ) -> (Lowered, Vec<BaselineStage>) {
        let app = ImageName::new("app");
        let no_cache = no_cache
            .iter()
            .map(|(name, kind)| (ImageName::new(*name), *kind));
        let settings = Settings {
            no_cache: no_cache.collect(),
            ..Settings::default()
        };
        let lowered = lower(plan, &app, &Bases::new(), &settings, &[])
            .unwrap_or_else(|errors| panic!("{errors:?}"));
        let needed = plan.needed(&app).into_iter();
        let needed: Vec<&ImagePlan> = needed.filter_map(Target::image).collect();
        let stages = round.unknown_baselines(&needed, &lowered);
        (lowered, stages)
    }

    fn names(stages: &[BaselineStage]) -> Vec<&str> {
        stages.iter().map(|stage| stage.image.as_str()).collect()
    }

    #[test]
    fn what_is_based_on_an_image_with_an_unknown_baseline_waits() {
        let (lowered, first) = stages(&Round::default(), &planned(&["app", "base"]), &[]);
        assert_eq!(names(&first), ["base"]);
        let unknown = UnknownBaselines {
            target_graph: TargetGraph {
                lowered,
                commit: "c".to_owned(),
                images: Vec::new(),
            },
            stages: first,
        };
        let round = Round::default().with_baselines(Box::new(unknown));
        assert!(!round.is_first());
        assert_eq!(round.plan_inputs().number, 1);
        assert_eq!(round.plan_inputs().baselines.layers.len(), 1);
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
        let miss = |image: &str| StoreMiss {
            image: ImageName::new(image),
            stage: StageKind::Install,
            status: Box::default(),
        };
        let round = Round::default()
            .after_miss(miss("a"))
            .expect("a second try");
        let round = round.after_miss(miss("b")).expect("that of another image");
        assert_eq!(round.retried.len(), 2);
        assert!(round.after_miss(miss("a")).is_err());
    }
}
