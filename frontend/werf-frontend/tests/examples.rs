//! What the example projects and a few telling configurations become: the plan as JSON, the graph as text, the
//! image configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use buildkit_llb::{Network, Platform};
use diagnostic::SourceText;
use werf_config::giterminism::Giterminism;
use werf_config::template::TextFiles;
use werf_config::template::{self, CommitData, Inputs};
use werf_config::{self, Config, ImageName};
use werf_frontend::lower::{self, Attempts, BaseFiles, BaseImage, Bases, Settings, StoreMount};
use werf_plan::ImageSources;
use werf_plan::file::{Plan, SourceFile};
use werf_plan::stage::StageKind;

const BASE_CONFIG: &str = r#"{
    "architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z", "x-unknown": 1,
    "config": {"Env": ["PATH=/bin", "LANG=de_DE.UTF-8"], "Cmd": ["sh"], "Labels": {"base": "yes"}, "OnBuild": ["x"]},
    "history": [{"created_by": "base"}], "rootfs": {"type": "layers", "diff_ids": ["sha256:0"]}
}"#;

/// Returns the text of an example, rendered with the files beside it if it is a template.
fn rendered(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    if !template::is_template(text.as_bytes()) {
        return text;
    }
    let root = path.parent().unwrap();
    let mut files = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let inputs = Inputs {
        files: Arc::new(TextFiles(files)),
        commit: CommitData::default(),
        variables: BTreeMap::new(),
        giterminism: Giterminism::without_file("werf-giterminism.yaml"),
    };
    let source = SourceText::new("werf.yaml", text).unwrap();
    let rendered = template::render(source, Vec::new(), &inputs).result;
    rendered.unwrap().text().to_owned()
}

/// Plans a `werf.yaml`, which must be right.
fn plan(text: &str) -> (Plan, Vec<SourceFile>) {
    let source = SourceText::new("werf.yaml", text.as_bytes().to_vec()).expect("UTF-8");
    let loaded = werf_config::load(&source).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let sources = vec![SourceFile {
        name: "werf.yaml".into(),
        text: text.into(),
    }];
    (
        werf_plan::plan(
            &loaded.config,
            "0123456789abcdef",
            &sources_of(&loaded.config),
        ),
        sources,
    )
}

/// Returns made-up sources for every image with git mappings.
fn sources_of(config: &Config) -> BTreeMap<ImageName, ImageSources> {
    let images = config.images.iter().filter(|image| !image.git.is_empty());
    images
        .map(|image| {
            let dependencies = image.git.iter().map(|mapping| {
                let stages = mapping.stage_dependencies.keys();
                stages.map(|stage| (*stage, "c".repeat(64))).collect()
            });
            let sources = ImageSources {
                manifest: "a".repeat(64),
                dependencies: dependencies.collect(),
                changed_mebibytes: 0,
            };
            (image.name.clone(), sources)
        })
        .collect()
}

/// Returns the digests of the stages of the first image.
fn digests(text: &str) -> Vec<(StageKind, String)> {
    plan(text).0.images[0]
        .stages
        .iter()
        .map(|stage| (stage.kind, stage.digest.hex()))
        .collect()
}

fn lowered(text: &str, settings: &Settings) -> String {
    let (plan, sources) = plan(text);
    let base = |name: &str| {
        let base = BaseImage {
            files: BaseFiles::Image {
                reference: format!("docker.io/library/{name}@sha256:00"),
                resolve_mode: "default".into(),
            },
            config: BASE_CONFIG.into(),
        };
        (format!("docker.io/library/{name}"), base)
    };
    let bases = Bases::from(["debian:bookworm-slim", "busybox:latest"].map(base));
    let target = &plan
        .images
        .iter()
        .rfind(|image| image.is_final)
        .unwrap()
        .name;
    let lowered = lower::lower(&plan, target, &bases, settings, &sources)
        .unwrap_or_else(|errors| panic!("{errors:#?}"));
    let config: serde_json::Value = serde_json::from_slice(&lowered.config.to_json()).unwrap();
    let graph = lowered.graph.text(lowered.root.expect("a root"));
    format!(
        "{graph}\n{}\n",
        serde_json::to_string_pretty(&config).unwrap()
    )
}

#[test]
fn every_example_has_a_plan() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    insta::glob!(examples, "*/werf.yaml", |path| {
        let text = rendered(path);
        insta::assert_json_snapshot!(plan(&text).0);
    });
}

#[test]
fn every_example_has_a_graph() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    insta::glob!(examples, "*/werf.yaml", |path| {
        let text = rendered(path);
        insta::assert_snapshot!(lowered(&text, &Settings::default()));
    });
}

#[test]
fn what_a_terminal_would_obey_is_escaped_in_steps_and_history() {
    let text = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nshell: {install: \"echo \\e]0;x\\a; true\"}\n";
    let (mut plan, sources) = plan(text);
    // No configuration can have such a name; what is shown does not rely on that.
    let name = ImageName::new("a\u{1b}[2J\u{202e}b");
    plan.images[0].name = name.clone();
    let lowered =
        lower::lower(&plan, &name, &Bases::new(), &Settings::default(), &sources).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&lowered.config.to_json()).unwrap();
    let history = config["history"][0]["created_by"].as_str().unwrap();
    let expected = r"[a\u{1b}[2J\u{202e}b 2/2 install] echo \u{1b}]0;x\u{7}; true";
    assert_eq!(history, expected);
    let graph = lowered.graph.text(lowered.root.unwrap());
    assert!(graph.contains(expected), "{graph}");
}

#[test]
fn what_the_client_asks_for_is_in_the_graph() {
    let settings = Settings {
        platform: Platform::parse("linux/arm64").unwrap(),
        network: Network::None,
        extra_hosts: vec![("db".into(), "10.0.0.1".into())],
        shm_size: Some(1 << 20),
        ulimits: vec![("nofile".into(), 1, 2)],
        cgroup_parent: Some("/x".into()),
        hostname: Some("builder".into()),
        proxy: [("http".to_owned(), "http://proxy".to_owned())].into(),
        labels: [("a".to_owned(), "b".to_owned())].into(),
        no_cache: [(ImageName::new("app"), StageKind::Install)].into(),
        source_date_epoch: Some(1_700_000_000),
        attempts: Attempts {
            misses: [(ImageName::new("app"), vec![StageKind::Setup])].into(),
            ..Attempts::default()
        },
        store: StoreMount {
            generation: 3,
            ..StoreMount::default()
        },
        ..Settings::default()
    };
    insta::assert_snapshot!(lowered(
        &simple("  install: make\n  setup: [one, two]\n"),
        &settings
    ));
}

#[test]
fn what_containers_have_besides_the_image_is_in_the_graph() {
    let text = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: debian:bookworm-slim\nnetwork: none\nasLayers: true\n\
        secrets: [{env: TOKEN}, {src: ~/.netrc, id: netrc}]\n\
        mount:\n- {from: tmp_dir, to: /tmp}\n- {from: build_dir, to: /var/cache}\n- {fromPath: ~/.m2, to: /root/.m2}\n\
        git: [{add: /, to: /app, stageDependencies: {install: pom.xml}}]\n\
        shell: {install: [one, two]}\n";
    let settings = Settings {
        session: "session".into(),
        contexts: [("mount-m2".to_owned(), "local:mount-m2".to_owned())].into(),
        ..Settings::default()
    };
    insta::assert_snapshot!(lowered(text, &settings));
}

#[test]
fn directories_that_the_client_has_not_given_are_asked_for() {
    let text = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nmount:\n- {fromPath: ~/.m2, to: /m2}\n- {fromPath: cache, to: /c}\n";
    let (plan, sources) = plan(text);
    let settings = Settings {
        contexts: [("mount-cache".to_owned(), "docker-image://x".to_owned())].into(),
        ..Settings::default()
    };
    let name = &plan.images[0].name;
    let Err(errors) = lower::lower(&plan, name, &Bases::new(), &settings, &sources) else {
        panic!("it is lowered");
    };
    let seen: Vec<String> = errors
        .iter()
        .map(|error| diagnostic::render(error, Some(text)))
        .collect();
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn the_definition_never_varies() {
    let text =
        simple("  install: make\n  setup: [one, two]\n").replace("debian:bookworm-slim", "scratch");
    let (plan, sources) = plan(&text);
    let bytes = || {
        use prost::Message as _;
        let name = &plan.images[0].name;
        let lowered =
            lower::lower(&plan, name, &Bases::new(), &Settings::default(), &sources).unwrap();
        lowered
            .graph
            .definition(lowered.root.unwrap())
            .encode_to_vec()
    };
    let first = bytes();
    for _ in 0..25 {
        assert_eq!(bytes(), first);
    }
}

fn simple(shell: &str) -> String {
    format!(
        "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: debian:bookworm-slim\nshell:\n{shell}"
    )
}

/// The digests of one stage of each kind. Changing a literal rebuilds the stages of every user: it is a
/// decision, and a line in the changelog.
#[test]
fn digests_are_a_contract() {
    let text = simple(
        "  beforeInstall: a\n  install: b\n  beforeSetup: c\n  setup: d\ndocker:\n  USER: e\n",
    );
    insta::assert_debug_snapshot!("digests_are_a_contract", digests(&text));
    let git = "git:\n- add: /src\n  to: /app\n  owner: o\n  includePaths: i\n  excludePaths: e\n  stageDependencies: {install: d}\n";
    insta::assert_debug_snapshot!(
        "digests_with_git_are_a_contract",
        digests(&text.replace("shell:", &format!("{git}shell:")))
    );
    let commit = format!("  commit: {}\n", "0f".repeat(20));
    for (name, reference) in [
        ("tag", "  tag: v1\n"),
        ("branch", "  branch: v1\n"),
        ("commit", &commit),
        ("default", ""),
    ] {
        let git = format!("{git}  url: https://host/team/lib.git\n{reference}");
        insta::assert_debug_snapshot!(
            format!("digests_with_a_remote_{name}_are_a_contract"),
            digests(&text.replace("shell:", &format!("{git}shell:")))
        );
    }
}

#[test]
fn the_digest_of_image_spec_is_a_contract() {
    let spec = "imageSpec:\n  author: a\n  clearHistory: true\n  config:\n    removeLabels: [l, k]\n    labels: {'%image%': x}\n    env: {E: $E}\n    expose: []\n    cmd: [c]\n    healthcheck: {test: [NONE]}\n";
    let text = format!("{}{spec}", simple("  install: a\n"));
    insta::assert_debug_snapshot!(digests(&text));
    for (change, expected) in [
        (("[l, k]", "[k, l]"), &[][..]),
        (("image: app", "image: other"), &[]),
        (("expose: []", "expose: ~"), &["imageSpec"]),
        (("[c]", "[c, d]"), &["imageSpec"]),
    ] {
        let changed = text.replacen(change.0, change.1, 1);
        assert_eq!(renamed(&text, &changed), expected, "{change:?}");
    }
}

/// Ansible stages have a contract of their own: the tasks in canonical form, and in the graph the files beside the
/// playbook.
#[test]
fn ansible_digests_and_graphs_are_a_contract() {
    let text = simple("  install: x\n").replace(
        "shell:\n  install: x\n",
        "ansible:\n  beforeInstall:\n  - debug: msg=a\n  install:\n  - name: B\n    copy: {dest: /b, content: b, mode: 0644}\n    tags: b\n",
    );
    insta::assert_debug_snapshot!("digests_with_ansible_are_a_contract", digests(&text));
    let settings = Settings {
        toolchain: "0123".into(),
        ..Settings::default()
    };
    insta::assert_snapshot!("a_graph_with_ansible", lowered(&text, &settings));
}

#[test]
fn tasks_rename_their_stage_but_comments_and_the_order_of_keys_do_not() {
    let text = |tasks: &str| {
        simple("").replace(
            "shell:\n",
            &format!("ansible:\n  install:\n{tasks}  setup:\n  - raw: z\n"),
        )
    };
    let base = text("  - raw: a\n    name: A\n    environment: {x: 1, y: 2}\n");
    let same = text("  # a comment\n  - environment: {y: 2, x: 0x1}\n    name: 'A'\n    raw: a\n");
    assert_eq!(renamed(&base, &same), [""; 0]);
    for other in [
        text("  - raw: a\n    name: B\n    environment: {x: 1, y: 2}\n"),
        text("  - raw: a\n    name: A\n    environment: {x: 1, y: 2}\n  - raw: b\n"),
        base.replace("setup:", "installCacheVersion: 1\n  setup:"),
        base.clone() + "  beforeSetupCacheVersion: 1\n",
    ] {
        let renamed = renamed(&base, &other);
        assert!(renamed.contains(&"setup"), "{other}");
        assert!(!renamed.contains(&"from"), "{other}");
    }
}

/// Which stages get a new name when `change` is made to the configuration.
fn renamed(before: &str, after: &str) -> Vec<&'static str> {
    let before = digests(before);
    digests(after)
        .into_iter()
        .filter(|stage| !before.contains(stage))
        .map(|(kind, _)| kind.name())
        .collect()
}

#[test]
fn a_change_renames_its_stage_and_what_follows() {
    let base = "  beforeInstall: a\n  install: [b, c]\n  setup: d\n";
    let all = ["from", "beforeInstall", "install", "setup"];
    for (change, expected) in [
        (
            simple("  beforeInstall: a\n  install: [b, c]\n  setup: e\n"),
            &all[3..],
        ),
        (
            simple("  beforeInstall: a\n  install: [c, b]\n  setup: d\n"),
            &all[2..],
        ),
        (
            simple("  beforeInstall: a\n  install: b c\n  setup: d\n"),
            &all[2..],
        ),
        (
            simple(
                "  beforeInstall: a\n  install: [b, c, ''] # an empty command counts\n  setup: d\n",
            ),
            &all[2..],
        ),
        (
            simple(&format!("{base}  setupCacheVersion: 1\n")),
            &all[3..],
        ),
        (
            simple(&format!("{base}  installCacheVersion: 1\n")),
            &all[2..],
        ),
        (simple(&format!("{base}cacheVersion: 1\n")), &all[..]),
        (simple(&format!("{base}fromCacheVersion: 1\n")), &all[..]),
        (
            simple(base).replace(
                "configVersion: 1",
                "configVersion: 1\nbuild: {cacheVersion: 1}",
            ),
            &all[..],
        ),
        (simple(base).replace("bookworm", "trixie"), &all[..]),
        (simple(base).replace("image: app", "image: other"), &[]),
        (simple(base).replace("project: p", "project: q"), &[]),
        (
            simple(base).replace("  setup: d", "  # a comment\n  setup:\n  - d"),
            &[],
        ),
        (simple(&format!("{base}final: false\n")), &[]),
        (
            simple(&format!("{base}mount: [{{from: tmp_dir, to: /x}}]\n")),
            &all[..],
        ),
        (
            simple(&format!("{base}secrets: [{{env: X}}]\nnetwork: none\n")),
            &[],
        ),
    ] {
        assert_eq!(renamed(&simple(base), &change), expected, "{change}");
    }
}

#[test]
fn mounts_are_told_apart_in_the_digest_of_from() {
    let from = |mount: &str| {
        let text = simple(&format!("  install: a\nmount: [{{{mount}}}]\n"));
        digests(&text)[0].1.clone()
    };
    let all = [
        from("to: /x, from: tmp_dir"),
        from("to: /y, from: tmp_dir"),
        from("to: /x, from: build_dir"),
        from("to: /x, fromPath: a"),
        from("to: /x, fromPath: b"),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(!all[..index].contains(one), "{index}");
    }
    // Changing this literal rebuilds every image with a mount: say so in the changelog.
    assert_eq!(
        all[2],
        "4af5294ef821f64ca23e130a1d70647566b468b66eb82644fe76445e417e7ebc"
    );
}

#[test]
fn under_as_layers_a_change_renames_its_command_and_what_follows() {
    let section = |commands: &str| {
        simple(&format!(
            "  install: {commands}\n  setup: d\nasLayers: true\n"
        ))
    };
    let before = section("[a, b, c]");
    assert_eq!(
        digests(&before)
            .iter()
            .map(|(kind, _)| kind.name())
            .collect::<Vec<_>>(),
        ["from", "install", "install", "install", "setup"]
    );
    for (commands, expected) in [
        ("[a, b, x]", &["install", "setup"][..]),
        ("[a, x, c]", &["install", "install", "setup"]),
        ("[a, b]", &["setup"]),
        ("[a, b, c, x]", &["install", "setup"]),
        ("[b, a, c]", &["install", "install", "install", "setup"]),
    ] {
        assert_eq!(renamed(&before, &section(commands)), expected, "{commands}");
    }
    let off = |text: &str| text.replace("asLayers: true", "asLayers: false");
    assert_eq!(
        renamed(
            &off(&before),
            &off(&before).replace("asLayers: false\n", "")
        ),
        [""; 0]
    );
    assert_eq!(
        renamed(&section("a"), &off(&section("a"))),
        [""; 0],
        "a single command is the same with and without"
    );
}

#[test]
fn under_as_layers_files_come_with_the_first_command() {
    use werf_plan::file::Sources;
    let git = "git:\n- {add: /, to: /app, stageDependencies: {install: x}}\nasLayers: true\n";
    let (plan, _) = plan(&simple("  install: [a, b]\n").replace("shell:", &format!("{git}shell:")));
    let stages = &plan.images[0].stages;
    let sources: Vec<_> = stages
        .iter()
        .filter_map(|stage| stage.sources.clone())
        .collect();
    assert_eq!(sources[..2], [Sources::Archive, Sources::Update]);
    let depends = |index: usize| {
        let fields = &stages[index].fields;
        fields.iter().any(|field| field.name == "dependencies")
    };
    assert_eq!((depends(2), depends(3)), (true, false));
}

#[test]
fn an_own_cache_version_hides_that_of_the_project() {
    let own = |project: &str| {
        simple("  install: a\ncacheVersion: own\n").replace(
            "configVersion: 1",
            &format!("configVersion: 1\nbuild: {{cacheVersion: {project}}}"),
        )
    };
    assert_eq!(renamed(&own("1"), &own("2")), [""; 0]);
}

#[test]
fn a_cache_version_makes_stages_that_run_nothing() {
    let kinds = |shell: &str| {
        digests(&simple(shell))
            .into_iter()
            .map(|(kind, _)| kind.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds("  install: a\n"), ["from", "install"]);
    assert_eq!(
        kinds("  install: a\n  setupCacheVersion: 1\n"),
        ["from", "install", "setup"]
    );
    assert_eq!(
        kinds("  install: a\n  cacheVersion: 1\n"),
        ["from", "beforeInstall", "install", "beforeSetup", "setup"],
        "the general version makes all four (a trap of werf's, kept)"
    );
    let (plan, _) = plan(&simple("  install: a\n  setupCacheVersion: 1\n"));
    assert!(
        plan.images[0].stages[2].script.is_none(),
        "nothing to run, so no layer either"
    );
}

/// Three images: one of a registry at the bottom, one that is no result, and what is made of both.
const FAMILY: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: base\ngit:\n- {add: /src, to: /app}\nshell: {install: make, setup: [one]}\ndocker: {ENV: {A: \"${B}c\"}, CMD: [run]}\n---\nimage: base\nfinal: false\nfrom: debian:bookworm-slim\ngit:\n- {add: /base, to: /base}\nshell: {install: tools}\ndocker: {ENV: {B: b}, LABEL: {of: base}}\n---\nartifact: old\nfrom: base\ngit:\n- {add: /old, to: /old}\nshell: {setup: old}\n---\nimage: other\nfrom: old\nfinal: false\n";

#[test]
fn an_image_on_an_image_is_one_graph() {
    insta::assert_snapshot!(lowered(FAMILY, &Settings::default()));
}

#[test]
fn a_plan_with_images_on_images() {
    insta::assert_json_snapshot!(plan(FAMILY).0);
}

/// The digest of every stage by `image/stage`.
fn all_digests(text: &str, manifests: &[(&str, &str)]) -> Vec<(String, String)> {
    let source = SourceText::new("werf.yaml", text.as_bytes().to_vec()).expect("UTF-8");
    let config = werf_config::load(&source).unwrap().config;
    let mut sources = sources_of(&config);
    for (image, manifest) in manifests {
        sources.get_mut(&ImageName::new(*image)).unwrap().manifest = (*manifest).to_owned();
    }
    let plan = werf_plan::plan(&config, "c", &sources);
    let stages = plan.images.iter().flat_map(|image| {
        let stages = image.stages.iter();
        stages.map(|stage| (format!("{}/{}", image.name, stage.kind), stage.digest.hex()))
    });
    stages.collect()
}

#[test]
fn a_base_renames_what_is_based_on_it_by_its_last_stage() {
    let before = all_digests(FAMILY, &[]);
    // Of each image, the first stage that has another name.
    let renamed = |text: &str, manifests: &[(&str, &str)]| {
        let mut names: Vec<String> = all_digests(text, manifests)
            .into_iter()
            .filter(|stage| !before.contains(stage))
            .map(|(name, _)| name)
            .collect();
        names.dedup_by_key(|name| name.split('/').next().unwrap().to_owned());
        names
    };
    let above = |first: &str| ["app/from", first, "old/from", "other/from"].map(str::to_owned);
    // Its docker section is a stage, and so are the files of the commit.
    assert_eq!(
        renamed(&FAMILY.replace("of: base", "of: x"), &[]),
        above("base/dockerInstructions")
    );
    assert_eq!(
        renamed(FAMILY, &[("base", "b")]),
        above("base/gitLatestPatch")
    );
    // An artifact is not brought to the commit, so its files rename nothing.
    assert_eq!(renamed(FAMILY, &[("old", "b")]), [""; 0]);
    assert_eq!(renamed(FAMILY, &[("app", "b")]), ["app/gitLatestPatch"]);
    // The name of the base does not matter.
    let other_name = FAMILY
        .replace("image: base", "image: ground")
        .replace("from: base", "from: ground");
    assert_eq!(
        renamed(&other_name, &[]),
        ["ground/from"],
        "the same digests under another name"
    );
}

/// One import at every place, of an image of the file, of a stage of one, and of a registry's.
const IMPORTS: &str = "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: debian:bookworm-slim\ngit:\n- {add: /src, to: /app}\nimport:\n- {image: tools, stage: install, add: /out, to: /app/tools, before: install, includePaths: [bin, '*.{a,b}'], owner: app}\n- {image: tools, add: /, to: /, after: install, includePaths: etc, excludePaths: ['etc/**/x']}\n- {from: \"debian:bookworm-slim\", add: /etc/hosts, before: setup}\n- {image: tools, add: /one, to: /two, after: setup, group: \"5\"}\nshell: {beforeInstall: a, install: b, beforeSetup: c, setup: d}\n---\nimage: tools\nfinal: false\nfrom: scratch\nshell: {install: one, setup: two}\n";

#[test]
fn imports_are_copies_between_the_stages() {
    insta::assert_snapshot!(lowered(IMPORTS, &Settings::default()));
}

#[test]
fn imports_are_stages_with_digests_of_their_own() {
    insta::assert_json_snapshot!(plan(IMPORTS).0);
}

#[test]
fn the_source_of_an_import_renames_nothing() {
    let before = all_digests(IMPORTS, &[]);
    for (from, to) in [
        ("install: one", "install: other"),
        ("image: tools", "image: other"),
        ("stage: install, ", ""),
    ] {
        let after = all_digests(&IMPORTS.replace(from, to), &[]);
        let app = |stages: &[(String, String)]| -> Vec<(String, String)> {
            let stages = stages.iter().filter(|(name, _)| name.starts_with("app/"));
            stages.cloned().collect()
        };
        assert_eq!(app(&before), app(&after), "{from}");
    }
}
