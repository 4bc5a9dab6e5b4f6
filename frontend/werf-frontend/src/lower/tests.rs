//! What options of the client do to the graph.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;

use buildkit_llb::{File, Graph, Network, Source};
use diagnostic::SourceText;
use werf_config::load;
use werf_config::secret::SecretSource;
use werf_plan::ImageSources;

use super::*;

/// Every kind of operation, and every way in which one image follows another.
const TEXT: &str = "project: p
configVersion: 1
---
image: tools
from: scratch
final: false
shell: {install: [make tools]}
---
image: base
from: scratch
git: [{to: /a}]
disableGitAfterPatch: true
shell: {beforeInstall: [one], install: [two], setup: [three]}
---
image: app
from: base
mount: [{from: tmp_dir, to: /tmp}]
git: [{to: /b}]
import:
- {image: tools, add: /t, to: /t, before: install}
- {image: tools, stage: install, add: /u, to: /u, after: setup}
- {image: docker, add: /v, to: /v, after: setup}
shell: {install: [four], beforeSetup: [five]}
---
image: top
from: app
mount: [{from: build_dir, to: /cache}]
ansible: {setup: [{command: six}]}
---
image: on-docker
from: docker
mount: [{from: tmp_dir, to: /tmp}]
shell: {setup: [seven]}
---
image: all
from: on-docker
import: [{image: top, add: /x, to: /x, before: setup}]
---
image: docker
dockerfile: Dockerfile
";

type Stages = BTreeSet<(ImageName, StageKind)>;

fn planned() -> Plan {
    let config_text = SourceText::new("werf.yaml", TEXT).unwrap();
    let config = load(&config_text).expect("right").config;
    let images = config.images.iter().filter(|image| !image.git.is_empty());
    let sources = images.map(|image| (image.name.clone(), ImageSources::default()));
    werf_plan::plan(&config, "c", &sources.collect())
}

/// What BuildKit's Dockerfile frontend makes of an image.
fn dockerfile(ignores_cache: bool) -> DockerfileBase {
    let mut graph = Graph::new();
    let base = graph.source(Source::image("docker.io/library/busybox:latest"));
    let mut copied = File::new(0).mkfile("/v", 0o644, "v");
    if ignores_cache {
        copied = copied.ignore_cache();
    }
    let root = graph.file(Some(base), copied);
    DockerfileBase {
        name: ImageName::new("docker"),
        definition: Some(graph.definition(root)),
        context: graph.definition(base),
        config: br#"{"architecture": "amd64", "os": "linux"}"#.to_vec(),
    }
}

fn graph(plan: &Plan, no_cache: Stages, docker: bool) -> Lowered {
    let settings = Settings {
        no_cache,
        session: "s".to_owned(),
        ..Settings::default()
    };
    let (target, bases) = (ImageName::new("all"), Bases::new());
    let mut lowerer = Lowerer::new(&bases, &settings, &[]);
    // The plan has no contexts here, so the image from a Dockerfile is none of it.
    lowerer
        .dockerfile(&dockerfile(docker))
        .expect("it is right");
    for image in plan.needed(&target).into_iter().filter_map(Target::image) {
        lowerer
            .image(image)
            .unwrap_or_else(|errors| panic!("{errors:#?}"));
    }
    lowerer
        .finish(&target)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// Returns the graph as text, without what marks an operation.
fn unmarked(lowered: &Lowered) -> String {
    let text = lowered.graph.text(lowered.root.unwrap());
    let lines = text.lines().filter(|line| {
        !matches!(
            line.trim(),
            "ignore cache" | "worker id!=no-cache-s" | "meta.ignorecache"
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the steps that are made though they are cached.
fn forced(lowered: &Lowered) -> Vec<String> {
    let steps = lowered.steps.iter();
    let forced = steps.filter(|step| lowered.graph.ignores_cache(step.node));
    forced
        .map(|step| format!("{} {}", step.image, step.kind))
        .collect()
}

#[test]
fn what_follows_a_stage_that_has_to_run_has_to_run() {
    let plan = planned();
    let all: Vec<(ImageName, StageKind)> = plan
        .images
        .iter()
        .flat_map(|image| {
            let stages = image.stages.iter().filter(|stage| has_step(stage));
            stages.map(|stage| (image.name.clone(), stage.kind))
        })
        .collect();
    let each = all.iter().map(|stage| Stages::from([stage.clone()]));
    let usual = unmarked(&graph(&plan, Stages::new(), false));
    for no_cache in each.chain([Stages::from_iter(all.clone())]) {
        let lowered = graph(&plan, no_cache.clone(), false);
        assert_eq!(
            lowered.graph.outlive_ignored_cache(),
            [""; 0],
            "{no_cache:?}:\n{}",
            lowered.graph.text(lowered.root.unwrap())
        );
        for step in &lowered.steps {
            let named = no_cache.contains(&(step.image.clone(), step.kind));
            let node = step.node;
            assert!(!named || lowered.graph.ignores_cache(node), "{no_cache:?}");
        }
        assert!(lowered.graph.ignores_cache(lowered.root.unwrap()));
        assert_eq!(unmarked(&lowered), usual, "the keys are the usual ones");
    }
    assert!(all.len() > 10, "{all:?}");
}

#[test]
fn what_does_not_follow_may_come_from_the_cache() {
    let plan = planned();
    let named = |image: &str, kind| Stages::from([(ImageName::new(image), kind)]);
    assert_eq!(
        forced(&graph(&plan, Stages::new(), false)),
        Vec::<String>::new()
    );
    assert_eq!(
        forced(&graph(&plan, named("top", StageKind::Setup), false)),
        ["top setup", "all importsBeforeSetup"]
    );
    assert_eq!(
        forced(&graph(&plan, named("app", StageKind::BeforeSetup), false)),
        [
            "app beforeSetup",
            "app importsAfterSetup",
            "app gitLatestPatch",
            "top setup",
            "all importsBeforeSetup"
        ]
    );
}

#[test]
fn what_follows_a_dockerfile_that_is_built_anew_has_to_run() {
    let plan = planned();
    let lowered = graph(&plan, Stages::new(), true);
    assert_eq!(lowered.graph.outlive_ignored_cache(), [""; 0]);
    assert_eq!(
        forced(&lowered),
        [
            "app importsAfterSetup",
            "app gitLatestPatch",
            "top setup",
            "on-docker setup",
            "all importsBeforeSetup"
        ]
    );
    assert_eq!(
        unmarked(&lowered),
        unmarked(&graph(&plan, Stages::new(), false))
    );
}

#[test]
fn the_network_of_the_client_wins_over_that_of_the_image() {
    let network = |image: &str, client| {
        let text = format!(
            "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\n{image}shell: {{install: [one]}}\n"
        );
        let config_text = SourceText::new("werf.yaml", text).unwrap();
        let config = load(&config_text).expect("right").config;
        let plan = werf_plan::plan(&config, "c", &BTreeMap::new());
        let settings = Settings {
            network: client,
            ..Settings::default()
        };
        let app = ImageName::new("app");
        let lowered = lower(&plan, &app, &Bases::new(), &settings, &[])
            .unwrap_or_else(|errors| panic!("{errors:#?}"));
        let text = lowered.graph.text(lowered.root.unwrap());
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("network "));
        line.map(str::to_owned)
    };
    let said = |name: &str| Some(name.to_owned());
    assert_eq!(network("network: none\n", Network::Sandbox), said("none"));
    let of_the_host = said("of the host");
    assert_eq!(network("network: none\n", Network::Host), of_the_host);
    assert_eq!(network("network: default\n", Network::None), said("none"));
    assert_eq!(network("", Network::None), said("none"));
    assert_eq!(network("network: default\n", Network::Sandbox), None);
}

/// On Docker's classic image store one read-only use makes a cache mount read-only for PLAN of other builds.
#[test]
fn what_plan_fills_is_mounted_as_store_is() {
    let text = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nsecrets: [{id: word, value: xyz}]\ngit: [{to: /a}]\nshell: {install: [one]}\n";
    let config_text = SourceText::new("werf.yaml", text).unwrap();
    let config = load(&config_text).expect("right").config;
    let sources = BTreeMap::from([(ImageName::new("app"), ImageSources::default())]);
    let mut plan = werf_plan::plan(&config, "c", &sources);
    for secret in &mut plan.images[0].secrets {
        if let SecretSource::Value(value) = &mut secret.from {
            value.file = Some("drawn".to_owned());
        }
    }
    let caches = |access| {
        let settings = Settings {
            store: StoreMount {
                access,
                ..StoreMount::default()
            },
            ..Settings::default()
        };
        let app = ImageName::new("app");
        let lowered = lower(&plan, &app, &Bases::new(), &settings, &[])
            .unwrap_or_else(|errors| panic!("{errors:#?}"));
        let text = lowered.graph.text(lowered.root.unwrap());
        let lines = text.lines().filter(|line| line.contains(" = cache "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let is_readonly = |line: &String| line.ends_with(", read-only");
    let (readonly, writable) = (caches(StoreAccess::Readonly), caches(StoreAccess::Writable));
    assert!(readonly.iter().all(is_readonly), "{readonly:#?}");
    assert!(!writable.iter().any(is_readonly), "{writable:#?}");
    let values = |line: &&String| line.contains("/run/secrets/word");
    assert_eq!(writable.iter().filter(values).count(), 1, "{writable:#?}");
}

#[test]
fn limits_of_the_client_are_at_every_step_and_in_no_key() {
    let text = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nshell: {install: [one], setup: [two]}\n";
    let config_text = SourceText::new("werf.yaml", text).unwrap();
    let config = load(&config_text).expect("right").config;
    let plan = werf_plan::plan(&config, "c", &BTreeMap::new());
    let lowered = |resources| {
        let settings = Settings {
            resources,
            ..Settings::default()
        };
        let app = ImageName::new("app");
        lower(&plan, &app, &Bases::new(), &settings, &[])
            .unwrap_or_else(|errors| panic!("{errors:#?}"))
    };
    let limits = pb::LinuxResources {
        memory: 1 << 30,
        ..pb::LinuxResources::default()
    };
    let (with, without) = (lowered(Some(limits.clone())), lowered(None));
    let of = |lowered: &Lowered, number: usize| lowered.graph.digest(lowered.steps[number].node);
    assert_eq!(with.steps.len(), 2);
    let definition = with.graph.definition(with.root.unwrap());
    for number in 0..2 {
        let digest = of(&with, number);
        assert_eq!(digest, of(&without, number));
        let said = &definition.metadata[&digest].linux_resources;
        assert_eq!(said.as_ref(), Some(&limits));
    }
}

#[test]
fn an_image_that_is_given_counts_as_done() {
    let plan = planned();
    let settings = Settings::default();
    let (given, bases) = (ImageName::new("base"), Bases::new());
    let mut files = Graph::new();
    let node = files.source(Source::image("docker.io/library/given:1"));
    let base = BaseImage {
        files: BaseFiles::Given(files.definition(node)),
        config: br#"{"config": {"Env": ["GIVEN=1"]}}"#.to_vec(),
    };
    let mut lowerer = Lowerer::new(&bases, &settings, &[]);
    lowerer.given(&given, &base).expect("it is right");
    lowerer.dockerfile(&dockerfile(false)).expect("it is right");
    let target = ImageName::new("app");
    let needed = plan.needed_without(&target, &[&given].into());
    let names: Vec<&str> = needed.iter().map(|image| image.name().as_str()).collect();
    assert_eq!(names, ["tools", "app"]);
    for image in needed.into_iter().filter_map(Target::image) {
        lowerer
            .image(image)
            .unwrap_or_else(|errors| panic!("{errors:#?}"));
    }
    let lowered = lowerer
        .finish(&target)
        .unwrap_or_else(|errors| panic!("{errors:#?}"));
    let text = lowered.graph.text(lowered.root.unwrap());
    assert!(
        text.contains("docker-image://docker.io/library/given:1"),
        "{text}"
    );
    assert!(lowered.steps.iter().all(|step| step.image != given));
    assert!(
        lowered
            .config
            .env()
            .contains(&("GIVEN".to_owned(), "1".to_owned()))
    );
}

/// An image whose last stage is made beside it, patched by some seal.
fn linked(no_cache: Stages, is_patched: bool) -> Lowered {
    const TEXT: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\ngit: [{to: /app}]\n\
        mount: [{from: tmp_dir, to: /tmp}]\nshell: {install: [one], setup: [two]}\n";
    let config_text = SourceText::new("werf.yaml", TEXT).unwrap();
    let config = load(&config_text).expect("right").config;
    let app = ImageName::new("app");
    let plan = werf_plan::plan(
        &config,
        "c",
        &[(app.clone(), ImageSources::default())].into(),
    );
    let settings = Settings {
        no_cache,
        session: "s".to_owned(),
        linked: Some(app.clone()),
        ..Settings::default()
    };
    let mut lowered = lower(&plan, &app, &Bases::new(), &settings, &[])
        .unwrap_or_else(|errors| panic!("{errors:#?}"));
    if is_patched {
        lowered.patch(&stapel_sync::SealId::from_bytes([0xab; 32]));
    }
    lowered
}

#[test]
fn the_graph_of_a_linked_image_is_a_contract() {
    let lowered = linked(Stages::new(), true);
    insta::assert_snapshot!(lowered.graph.text(lowered.root.unwrap()));
}

/// The seal must not have the commit in its key, or it would be taken of the whole image for each.
#[test]
fn what_comes_before_the_patch_does_not_know_the_commit() {
    let lowered = linked(Stages::new(), false);
    let link = lowered.link.as_ref().unwrap();
    let text = lowered.graph.text(link.seal);
    let digest = lowered
        .step(&ImageName::new("app"), StageKind::GitLatestPatch)
        .map(|step| lowered.graph.digest(step.node));
    assert_eq!(digest, Some(lowered.graph.digest(link.seal)));
    assert!(text.contains("\"seal\""), "{text}");
    assert!(
        !text.contains("--slot\" \"") || !text.contains("--tree"),
        "{text}"
    );
    assert!(!text.contains("gitLatestPatch]"), "{text}");
}

#[test]
fn a_linked_image_has_to_be_made_where_a_stage_of_it_has_to_run() {
    let usual = unmarked(&linked(Stages::new(), true));
    let kinds = [
        StageKind::GitArchive,
        StageKind::Install,
        StageKind::Setup,
        StageKind::GitLatestPatch,
    ];
    for kind in kinds {
        let no_cache = Stages::from([(ImageName::new("app"), kind)]);
        let lowered = linked(no_cache, true);
        let root = lowered.root.unwrap();
        let text = lowered.graph.text(root);
        assert!(lowered.graph.ignores_cache(root), "{kind}:\n{text}");
        assert_eq!(
            lowered.graph.outlive_ignored_cache(),
            [""; 0],
            "{kind}:\n{text}"
        );
        assert_eq!(unmarked(&lowered), usual, "the keys are the usual ones");
    }
}
