//! Which stages PLAN has to know before it can plan on.

use diagnostic::SourceText;
use werf_config::load;
use werf_plan::file::Plan;
use werf_plan::target::Target;
use werf_plan::{ImageSources, plan};

use crate::gateway::failure::blame;
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
            vertices: Vertices::new(),
            commit: "c".to_owned(),
            images: Vec::new(),
        },
        stages: first,
    };
    let round = Round::default().with_baselines(Box::new(unknown), &Request::default());
    assert!(!round.is_first());
    assert_eq!(round.plan_inputs().number, 1);
    assert_eq!(round.plan_inputs().baselines.layers.len(), 1);
    // Even if nothing could be learned of the base.
    let (_, second) = stages(&round, &planned(&["app", "base"]), &[]);
    assert_eq!(names(&second), ["app"]);
}

#[test]
fn a_failure_that_the_daemon_remembers_is_that_of_the_same_stage() {
    let (lowered, _) = stages(&Round::default(), &planned(&[]), &[]);
    let kind = lowered.steps[0].kind;
    let old = "sha256:of another generation";
    let target_graph = TargetGraph {
        vertices: [(old.to_owned(), (lowered.steps[0].image.clone(), kind))].into(),
        lowered,
        commit: "c".to_owned(),
        images: Vec::new(),
    };
    let detail = |name: &str, value: &str| prost_types::Any {
        type_url: format!("github.com/moby/buildkit/{name}"),
        value: value.as_bytes().to_vec(),
    };
    let status = |vertex: &str| rpc::Status {
        code: 2,
        message: "exit code: 93".to_owned(),
        details: vec![
            detail(
                "errdefs.Vertex+json",
                &format!("{{\"digest\":\"{vertex}\"}}"),
            ),
            detail("gatewayapi.ExitMessage+json", "{\"Code\":93}"),
        ],
    };
    let miss = blame(status(old), &target_graph, None).expect("STORE is to blame");
    assert_eq!(miss.stage, kind);
    assert!(blame(status("sha256:other"), &target_graph, None).is_err());
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
fn each_image_has_its_tries_and_each_try_another_generation() {
    let miss = |image: &str| StoreMiss {
        image: ImageName::new(image),
        stage: StageKind::Install,
        status: Box::default(),
    };
    let mut round = Round::default();
    let mut seen = Vec::new();
    for attempt in 1..=4 {
        let of = |image: &str, kind| round.attempts.of(&ImageName::new(image), kind, "d");
        assert_eq!(of("a", StageKind::Install), attempt);
        assert_eq!(of("a", StageKind::Setup), 1);
        assert!(!seen.contains(&round.generation));
        assert_eq!(round.generation >= OWN_GENERATIONS, attempt > 2);
        seen.push(round.generation);
        round = round.next(miss("a"), "session").expect("another try");
    }
    let round = round
        .next(miss("b"), "session")
        .expect("that of another image");
    assert_eq!(seen[..2], [0, 1]);
    assert!(!seen.contains(&round.plan_inputs().generation));
    let Err(Failure::Status(status)) = round.next(miss("a"), "session") else {
        panic!("too often");
    };
    assert!(status.message.contains("build again"), "{}", status.message);
}
