//! The plans and solves of one build: usually one of each.
//!
//! There are more where PLAN does not know the baseline of a `gitCache`, which is what the last stage before it holds, and
//! where STORE was emptied between PLAN and a stage.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use buildkit_llb::Node;
use buildkit_proto::rpc;
use diagnostic::printable;
use sha2::{Digest as _, Sha256};
use werf_config::Base;
use werf_config::ImageName;
use werf_plan::file::{ImagePlan, Plan, PlanFile, RemoteRequest};
use werf_plan::stage::StageKind;

use crate::lower::{Attempts, Lowered};

use super::anew::Anew;
use super::bridge::{Bridge, Daemon};
use super::building::Build;
use super::client_files::{self, ClientInputs};
use super::dockerfile::CONTEXT_STAGE;
use super::failure::Failure;
use super::filler;
use super::generation::Note;
use super::plan_graph::{self, BaselineLayer, BaselineLayers, PlanInputs};
use super::remote;
use super::request::{NoCache, Request};

/// How often stages of an image may miss something in one build. Who splits or empties STORE more often than that does so all the time.
const MOST_MISSES: usize = 4;

/// From here on generations of STORE are of one build alone: of one that has missed something in two that it shared with others.
/// Only its own stages that run at once can split such a one.
const OWN_GENERATIONS: u32 = 1 << 31;

/// One plan of a build, and the solves that follow from it.
#[derive(Default)]
pub(super) struct Round {
    /// How many there were before it.
    number: usize,
    /// Whether PLAN runs in any case.
    anew: Anew,
    /// Whether the plan comes from the cache: then nobody knows what is in STORE.
    plan_is_cached: bool,
    /// The generation of STORE.
    pub generation: u32,
    /// The stages that are built once more, since STORE lacked something.
    pub attempts: Attempts,
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
    /// Whether PLAN may put off to fill STORE: a filler can stand by.
    may_put_off: bool,
}

/// Which stage of which image a vertex is, by its digest.
pub(super) type Vertices = BTreeMap<String, (ImageName, StageKind)>;

/// The graph of the target, and what it takes to explain a failure in it.
pub(super) struct TargetGraph {
    pub lowered: Lowered,
    /// The stages of this graph and of those of earlier rounds. The same stage is another vertex in another generation of STORE, with the same
    /// key: where it has failed before in this build, BuildKit remembers that, and names the vertex of then.
    pub vertices: Vertices,
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
    /// Returns the first one of what `request` asks of `daemon`.
    pub fn first(daemon: &Daemon, request: &Request) -> Round {
        Round {
            anew: Anew::at_first(request),
            abilities: remote::Abilities::of(daemon),
            client: ClientInputs::of(daemon),
            may_put_off: filler::may_stand_by(daemon, request),
            ..Round::default()
        }
    }

    /// Returns the one that leaves to later builds what PLAN says after this one, the last of a build; `None` if what is
    /// cached is right.
    pub fn for_later_builds(&self, build: &Build<'_>) -> Option<Round> {
        let request = build.request;
        let is_other = request.no_cache != NoCache::Off && !self.seen.is_empty();
        let is_for_others = self.generation < OWN_GENERATIONS && !client_files::is_dev(request);
        (is_other && is_for_others).then(|| Round {
            anew: Anew::Instead,
            generation: self.generation,
            ..Round::first(build.daemon, request)
        })
    }

    /// Heeds what PLAN has written in this round, at the time `now`. Returns whether it has to run after all.
    pub fn has_planned(&mut self, file: &PlanFile, session: &str, now: SystemTime) -> bool {
        self.plan_is_cached = self.anew == Anew::No && file.session != session;
        if self.plan_is_cached {
            self.anew = Anew::after(file, now);
        }
        self.plan_is_cached && self.anew != Anew::No
    }

    /// Has PLAN fill STORE itself, since no filler can stand by.
    pub fn leave_filler(&mut self) {
        self.may_put_off = false;
    }

    /// Returns whether the plan comes from the cache.
    pub fn plan_is_cached(&self) -> bool {
        self.plan_is_cached
    }

    /// Has PLAN be given the repositories that it will ask for.
    pub fn foresee(&mut self, remotes: Vec<RemoteRequest>) {
        self.are_foreseen = !remotes.is_empty();
        self.remotes = remotes;
    }

    pub fn is_first(&self) -> bool {
        self.number == 0
    }

    /// Goes by what earlier builds have noted. Returns whether PLAN has to run in another generation of STORE.
    pub fn heed(&mut self, note: Note) -> bool {
        self.attempts.earlier = note.attempts.into_iter().collect();
        let has_moved = note.generation != self.generation;
        self.generation = note.generation;
        has_moved
    }

    /// Returns the round that follows one in which a stage did not find in STORE what it needs. It has the next generation of
    /// STORE, which later builds begin with, too.
    ///
    /// # Errors
    /// The failure, if stages of the image failed too often; a daemon that is gone.
    pub async fn after_miss(
        self,
        bridge: &mut Bridge,
        build: &Build<'_>,
        miss: StoreMiss,
    ) -> Result<Round, Failure> {
        if self.plan_is_cached {
            // STORE need not have split: nobody has filled it.
            let generation = self.generation;
            let next = self.next(miss, &build.request.session)?;
            return Ok(Round { generation, ..next });
        }
        let split = self.generation;
        let mut next = self.next(miss, &build.request.session)?;
        if split >= OWN_GENERATIONS {
            return Ok(next);
        }
        let (own, nonce) = (&build.own, next.nonce(&build.request.session));
        let note = Note::update(bridge, own, &nonce, |note| {
            let is_new = note.generation <= split;
            note.generation = note.generation.max(split + 1);
            is_new
        });
        let note = note.await?;
        // Another build may have met the same split, and have moved on.
        if next.generation < OWN_GENERATIONS && note.generation > split {
            next.generation = note.generation;
        }
        Ok(next)
    }

    /// Returns the same, where no other build has moved on.
    ///
    /// Stages of several images may fail at once, and BuildKit tells of one. So the tries are counted for each image.
    pub fn next(mut self, mut miss: StoreMiss, session: &str) -> Result<Round, Failure> {
        let misses = self.attempts.misses.entry(miss.image.clone()).or_default();
        misses.push(miss.stage);
        if misses.len() > MOST_MISSES {
            miss.status.message.push_str(&format!(
                "\n  hint: that was so {} times with stages of image `{}`, since cache mounts of this builder are pruned or split by builds \
                 with `--no-cache` all the time (docs/store.md, \"When STORE splits\"): build again",
                misses.len(),
                printable::line(&miss.image.to_string()),
            ));
            return Err(Failure::Status(miss.status));
        }
        let number = self.number + 1;
        let generation = match self.attempts.misses.values().map(Vec::len).sum() {
            1 => self.generation.saturating_add(1),
            _ => own_generation(session, number),
        };
        Ok(Round {
            number,
            generation,
            anew: Anew::Once,
            seen: BTreeSet::new(),
            unknown: None,
            ..self
        })
    }

    /// Writes down which stages of `plan` were built by another attempt than the first, so that the next build finds them.
    ///
    /// # Errors
    /// A daemon that is gone.
    pub async fn tell_later_builds(
        &self,
        bridge: &mut Bridge,
        build: &Build<'_>,
        plan: &Plan,
    ) -> Result<(), Failure> {
        if self.attempts.misses.is_empty() {
            return Ok(());
        }
        let nonce = format!("{} done", self.nonce(&build.request.session));
        let stages = plan.images.iter().flat_map(|image| {
            let stages = image.stages.iter();
            stages.map(|stage| (&image.name, stage.kind, stage.digest.hex()))
        });
        let contexts = plan.dockerfiles.iter();
        let contexts = contexts.map(|it| (&it.name, CONTEXT_STAGE, it.context.slot.hex()));
        let attempts: Vec<(String, u32)> = stages
            .chain(contexts)
            .filter(|(image, ..)| self.attempts.misses.contains_key(image))
            .map(|(image, kind, digest)| {
                let attempt = self.attempts.of(image, kind, &digest);
                (digest, attempt)
            })
            .filter(|(_, attempt)| *attempt > 1)
            .collect();
        let update = Note::update(bridge, &build.own, &nonce, |note| {
            let mut is_new = false;
            for (digest, attempt) in &attempts {
                is_new |= !note.attempts.contains(&(digest.clone(), *attempt));
                note.add(digest.clone(), *attempt);
            }
            is_new
        });
        update.await.map(|_| ())
    }

    /// Returns the round in which PLAN looks at the layers of baselines.
    ///
    /// What is in the layers comes from where `request` says that caches are. Who can write there is not to say what is built.
    pub fn with_baselines(mut self, unknown: Box<UnknownBaselines>, request: &Request) -> Round {
        let images = unknown.stages.iter().map(|stage| stage.image.clone());
        self.seen.extend(images);
        Round {
            number: self.number + 1,
            unknown: Some(unknown),
            anew: match self.anew {
                Anew::No if !request.cache_imports.is_empty() => Anew::Once,
                anew => anew,
            },
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
        plan_graph::nonce(self.number, self.generation, Some(session))
    }

    /// Returns what makes this round's PLAN.
    pub fn plan_inputs(&self) -> PlanInputs<'_> {
        PlanInputs {
            anew: self.anew,
            remotes: &self.remotes,
            client: self.client.clone(),
            abilities: self.abilities,
            // What misses something now has not waited for a filler.
            may_put_off: self.may_put_off && self.attempts.misses.is_empty(),
            number: self.number,
            is_after_miss: !self.attempts.misses.is_empty(),
            generation: self.generation,
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

/// Returns a generation that no other build has, by chance at least.
fn own_generation(session: &str, number: usize) -> u32 {
    let digest = Sha256::digest(format!("{session} {number}"));
    let random = digest
        .first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes));
    random | OWN_GENERATIONS
}

#[cfg(test)]
mod tests;
