//! The platforms of one build, which are built side by side: what each has come to, and what the build goes on with.

use buildkit_llb::Platform;

use crate::lower::Attempts;

use super::answer::Answer;
use super::building::Built;
use super::rounds::{Round, Solved, StoreMiss, UnknownBaselines};

/// What the platforms of a build have come to, in all rounds so far.
#[derive(Default)]
pub(super) struct SoFar {
    /// The images that are made, in the order of the platforms.
    pub done: Vec<(Platform, Answer)>,
    /// The platforms for which a stage did not find in STORE what it needs.
    missed: Vec<Platform>,
    /// The platform whose layers PLAN is to look at next.
    looked_at: Option<Platform>,
}

impl SoFar {
    /// Whether the image for `platform` is made.
    pub fn is_done(&self, platform: &Platform) -> bool {
        self.done.iter().any(|(done, _)| done == platform)
    }

    /// Returns the stages that are built once more for `platform`. Where nothing was missed, no
    /// failure is remembered, and what is cached stays so.
    pub fn attempts(&self, platform: &Platform, round: &Round) -> Attempts {
        if self.missed.contains(platform) {
            round.attempts.clone()
        } else {
            round.attempts.without_misses()
        }
    }

    /// Notes that one of the stages whose layers PLAN was to look at did not find in STORE what it needs.
    pub fn has_missed_before_plan(&mut self) {
        if let Some(platform) = self.looked_at.take() {
            self.has_missed(platform);
        }
    }

    fn has_missed(&mut self, platform: Platform) {
        if !self.missed.contains(&platform) {
            self.missed.push(platform);
        }
    }

    /// Adds what a round has come to for each platform that was not done before; `platforms` are all, in their order. Returns what the
    /// first of those that are not done now waits for.
    pub fn take(
        &mut self,
        built: Vec<(Platform, Solved<Built>)>,
        platforms: &[Platform],
    ) -> Solved<Option<Box<UnknownBaselines>>> {
        let mut first: Option<Solved<Box<UnknownBaselines>>> = None;
        self.looked_at = None;
        for (platform, built) in built {
            match built {
                Solved::Well(Built::Image(answer)) => self.done.push((platform, answer)),
                Solved::Well(Built::NeedsBaselines(unknown)) => {
                    if first.is_none() {
                        self.looked_at = Some(platform);
                        first = Some(Solved::Well(unknown));
                    }
                }
                Solved::StoreLacks(miss) => {
                    self.has_missed(platform);
                    match &mut first {
                        Some(Solved::StoreLacks(known)) => merge(known, miss),
                        Some(Solved::Well(_)) => {}
                        None => first = Some(Solved::StoreLacks(miss)),
                    }
                }
            }
        }
        let place = |platform: &Platform| platforms.iter().position(|it| it == platform);
        self.done.sort_by_key(|(platform, _)| place(platform));
        match first {
            Some(waits) => waits.map(Some),
            None => Solved::Well(None),
        }
    }
}

/// Makes `known` the retry of `other`, too, if that is of the same image: what follows the first stage has another key then. One of another image is told again
/// in the next round, since BuildKit remembers the failure.
fn merge(known: &mut StoreMiss, other: StoreMiss) {
    if known.image == other.image && other.stage < known.stage {
        *known = other;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use werf_config::ImageName;
    use werf_plan::stage::StageKind;

    use crate::gateway::answer::Refs;

    use super::*;

    fn platform(name: &str) -> Platform {
        Platform::parse(name).expect("a platform")
    }

    fn image() -> Solved<Built> {
        Solved::Well(Built::Image(Answer {
            refs: Refs::None,
            metadata: BTreeMap::new(),
        }))
    }

    fn missed(image: &str, stage: StageKind) -> Solved<Built> {
        Solved::StoreLacks(StoreMiss {
            image: ImageName::new(image),
            stage,
            status: Box::default(),
        })
    }

    #[test]
    fn what_is_made_is_not_made_again_and_what_missed_something_is_tried_under_another_key() {
        let all = ["linux/amd64", "linux/arm64", "linux/s390x"].map(platform);
        let [amd, arm, s390] = all.clone();
        let mut so_far = SoFar::default();
        let built = vec![
            (amd.clone(), missed("app", StageKind::Setup)),
            (arm.clone(), image()),
            (s390.clone(), missed("app", StageKind::Install)),
        ];
        let Solved::StoreLacks(miss) = so_far.take(built, &all) else {
            panic!("a stage missed something");
        };
        // The first of the stages: those after it have another key by that.
        assert_eq!(miss.stage, StageKind::Install);
        assert!(so_far.is_done(&arm) && !so_far.is_done(&amd) && !so_far.is_done(&s390));
        let round = Round::default()
            .next(miss, "session")
            .expect("a second try");
        assert_eq!(so_far.attempts(&amd, &round).misses.len(), 1);
        assert_eq!(so_far.attempts(&s390, &round).misses.len(), 1);
        assert!(so_far.attempts(&arm, &round).misses.is_empty());
        let built = vec![(amd, image()), (s390, image())];
        assert!(matches!(so_far.take(built, &all), Solved::Well(None)));
        let order: Vec<&Platform> = so_far.done.iter().map(|(platform, _)| platform).collect();
        assert_eq!(order, all.iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_another_image_misses_is_left_to_the_next_round() {
        let all = ["linux/amd64", "linux/arm64"].map(platform);
        let built = vec![
            (all[0].clone(), missed("app", StageKind::Setup)),
            (all[1].clone(), missed("base", StageKind::Install)),
        ];
        let Solved::StoreLacks(miss) = SoFar::default().take(built, &all) else {
            panic!("a stage missed something");
        };
        assert_eq!(miss.image, ImageName::new("app"));
    }
}
