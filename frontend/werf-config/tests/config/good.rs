//! Files that are understood, and what is understood.

use diagnostic::{Diagnostic, SourceText};
use werf_config::{
    self, Base, CommandLine, Image, ImageName, Instructions, Loaded, Placement, Stages, UserStage,
};

const SMALL: &str = "configVersion: 1
project: shop
---
image: app
from: alpine:3.20
";

const FULL: &str = r#"# A comment.
project: shop
configVersion: 1
build:
  cacheVersion: "2024-01"
  platform: []
deploy:
  helmChartDir: .helm
  helmChartConfig: {appVersion: 1.0}
  namespaceSlug: off
cleanup:
  keepImagesBuiltWithinLastNHours: 2
  keepPolicies:
  - references: {branch: /.*/, limit: {last: 10, in: 168h, operator: And}}
    imagesPerReference: {last: 2}
gitWorktree:
  forceShallowClone: true
--- # the images
image: [backend, frontend]
from: registry.example.com:5000/base/node:20@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
fromCacheVersion: 3
final: no
git: ~
shell:
  cacheVersion: 1.10
  beforeInstall: apt-get update
  install:
  - npm ci
  - |
    cat > x <<END
      kept as it is
    END
  setupCacheVersion: yes
docker:
  VOLUME: [/data, "/a '/b c'"]
  EXPOSE: [80/tcp, 7000-7002/udp]
  ENV: {A: 1, B: yes, C: ~, PATH: "/app:$PATH"}
  LABEL:
    team: "a b"
  ENTRYPOINT: ["/bin/tool", "a \"b\""]
  WORKDIR: /app
  USER: 1000
  HEALTHCHECK: --interval=5s CMD true
---
image: ~
from: scratch
cacheVersion: own
docker:
  exactValues: true
  CMD: '["a", "b"]'
"#;

/// Every key that there is.
const EVERY_KEY: &str = include_str!("../every-key.yaml");

/// The texts above, for those who break them.
pub const TEXTS: [&str; 3] = [SMALL, FULL, EVERY_KEY];

fn load(text: &str) -> Loaded {
    werf_config::load(&SourceText::new("werf.yaml", text).unwrap())
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn images(rest: &str) -> Vec<Image> {
    load(&format!("configVersion: 1\nproject: p\n---\n{rest}"))
        .config
        .images
}

fn reference(image: &Image) -> &str {
    match &image.base {
        Base::Scratch => "scratch",
        Base::Image { reference, .. } => reference,
        Base::Sibling { image, .. } => image.as_str(),
    }
}

fn shell(image: &Image) -> Option<&Stages<String>> {
    match image.instructions.as_ref()? {
        Instructions::Shell(shell) => Some(shell),
        Instructions::Tasks(_) => None,
    }
}

#[test]
fn all_supported_directives_are_understood() {
    let config = load(FULL).config;
    assert_eq!(
        (config.project.as_str(), config.cache_version.as_str()),
        ("shop", "2024-01")
    );
    let names: Vec<String> = config
        .images
        .iter()
        .map(|image| image.name.to_string())
        .collect();
    assert_eq!(names, ["backend", "frontend", "~"]);

    let backend = &config.images[0];
    assert!(!backend.is_final);
    assert_eq!(
        (
            backend.cache_version.as_str(),
            backend.from_cache_version.as_str()
        ),
        ("2024-01", "3")
    );
    let shell = shell(backend).unwrap();
    assert_eq!(shell.cache_version, "1.10");
    let stages: Vec<UserStage> = shell.stages.keys().copied().collect();
    assert_eq!(
        stages,
        [
            UserStage::BeforeInstall,
            UserStage::Install,
            UserStage::Setup
        ]
    );
    assert_eq!(
        shell.of(UserStage::Install)[1].value,
        "cat > x <<END\n  kept as it is\nEND\n"
    );
    assert_eq!(shell.version(UserStage::Setup), "yes");
    assert!(shell.of(UserStage::Setup).is_empty());

    let docker = backend.docker.as_ref().unwrap();
    let volumes: Vec<&str> = docker
        .volume
        .iter()
        .map(|volume| volume.value.as_str())
        .collect();
    assert_eq!(volumes, ["/data", "/a", "'/b c'"]);
    let env: Vec<(&str, &str)> = docker
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), value.value.as_str()))
        .collect();
    assert_eq!(
        env,
        [("A", "1"), ("B", "yes"), ("C", ""), ("PATH", "/app:$PATH")]
    );
    assert_eq!(
        docker.entrypoint,
        Some(CommandLine::Exec(vec![
            "/bin/tool".to_owned(),
            "a \"b\"".to_owned()
        ]))
    );
    // An entry point alone empties the command.
    assert_eq!(docker.cmd, Some(CommandLine::Exec(Vec::new())));
    assert_eq!(docker.user.as_ref().unwrap().value, "1000");

    let nameless = &config.images[2];
    assert_eq!(
        (nameless.base.clone(), nameless.cache_version.as_str()),
        (Base::Scratch, "own")
    );
    assert_eq!(
        nameless.docker.as_ref().unwrap().cmd,
        Some(CommandLine::Exec(vec!["a".to_owned(), "b".to_owned()]))
    );
    assert!(nameless.docker.as_ref().unwrap().exact_values);
}

#[test]
fn places_are_those_of_the_file() {
    let source = SourceText::new("werf.yaml", SMALL).unwrap();
    let image = &werf_config::load(&source).unwrap().config.images[0];
    let at = &image.at;
    assert_eq!((at.start.line, at.start.column, at.end.column), (4, 1, 6));
    let Base::Image { at, .. } = &image.base else {
        panic!("{image:?}")
    };
    assert_eq!(at.start.column, 7);
}

#[test]
fn line_ends_and_byte_order_marks_of_windows_do_not_matter() {
    let windows = format!("\u{feff}{}", FULL.replace('\n', "\r\n"));
    let (unix, windows) = (load(FULL).config, load(&windows).config);
    let shells = |config: &werf_config::Config| -> Vec<Vec<String>> {
        let stages = config
            .images
            .iter()
            .filter_map(shell)
            .flat_map(|shell| shell.stages.values());
        stages
            .map(|stage| {
                stage
                    .instructions
                    .iter()
                    .map(|command| command.value.clone())
                    .collect()
            })
            .collect()
    };
    assert_eq!(shells(&unix), shells(&windows));
}

#[test]
fn an_image_based_on_its_own_name_gets_the_latest() {
    let images = images("image: alpine\nfrom: alpine\n");
    assert_eq!(reference(&images[0]), "alpine:latest");
}

#[test]
fn anchors_work_inside_a_document() {
    let images = images(
        "image: a\nfrom: &base alpine\ndocker:\n  LABEL: &labels {x: *base}\n  ENV:\n    <<: *labels\n    Y: 1\n",
    );
    let env = &images[0].docker.as_ref().unwrap().env;
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.value.as_str()))
        .collect();
    assert_eq!(env, [("Y", "1"), ("x", "alpine")]);
}

#[test]
fn directives_that_are_not_supported_may_be_off() {
    images(
        "image: a\nfrom: alpine\ngit: []\nimport: ~\nfromLatest: false\ndisableGitAfterPatch: no\nnetwork: ''\nimageSpec: {}\n",
    );
}

#[test]
fn a_nameless_image_may_have_company_that_is_not_final() {
    let images = images("image: ~\nfrom: a\n---\nimage: b\nfinal: false\nfrom: c\n");
    assert!(images[0].name == ImageName::default() && images[0].name.is_nameless());
}

#[test]
fn a_file_may_have_no_images() {
    assert!(images("# nothing\n").is_empty());
}

#[test]
fn what_werf_would_silently_ignore_is_a_warning() {
    let warnings = |rest: &str| -> Vec<String> {
        let loaded = load(&format!("configVersion: 1\nproject: p\n{rest}"));
        let place = |at: &diagnostic::Location| (at.start.line, at.start.column);
        let shown = loaded.warnings.iter().map(|warning| {
            format!(
                "{:?} {}: {}",
                warning.at.as_ref().map(place).unwrap(),
                warning.rule.as_ref().unwrap(),
                warning.message
            )
        });
        shown.collect()
    };
    assert_eq!(
        warnings("--- # my-app\nimage: a\nfrom: b\n"),
        [
            "(3, 1) NearSeparator: `--- # my-app` does not separate documents in werf: it and what follows up to line 5 is ignored"
        ]
    );
    assert_eq!(
        warnings("--- foo\nimage: a\n---\nimage: b\nfrom: c\n"),
        [
            "(3, 1) NearSeparator: `--- foo` does not separate documents in werf: it and what follows up to line 4 is ignored"
        ]
    );
    assert_eq!(
        warnings("---\nimage: a\nfrom: b\ncacheVersion: 1\n ---\n"),
        ["(7, 2) NearSeparator: an indented `---` does not separate documents: it belongs to the text that begins in line 6";
            1]
    );
    assert_eq!(
        warnings("...\nimage: a\n"),
        ["(4, 1) IgnoredText: the document ends above, so everything up to line 4 is ignored"]
    );
    assert_eq!(
        warnings("---\nimage: a\nfrom: b\ndocker: {CMD: \"['x']\"}\n"),
        [
            "(6, 15) CommandNotJson: `docker.CMD` of image `a` looks like a list but is not JSON, so it is a line for `/bin/sh -c`"
        ]
    );
    let list = "---\nimage: a\nfrom: b\nshell:\n  setup:\n  - make\n";
    assert_eq!(
        warnings(&format!("{list}   - make install\n")),
        [
            "(9, 4) SwallowedItem: this is no item of the list: it is indented deeper, and belongs to the text that begins in line 8"
        ]
    );
    assert_eq!(
        warnings(&format!("{list}  - ! test -f x\n")),
        ["(9, 5) TagDropped: `!` is a YAML tag and is dropped: the value is `test -f x`"]
    );
    assert_eq!(
        warnings(&format!("{list}  - !test -f x\n")),
        ["(9, 5) TagDropped: `!test` is a YAML tag and is dropped: the value is `-f x`"]
    );
    for quiet in [
        "  - '! test -f x'\n",
        "  - if ! test -f x; then\n    echo y; fi\n",
        "  - !!str 1\n",
        "  - |\n    x\n    - y\n",
    ] {
        assert!(warnings(&format!("{list}{quiet}")).is_empty(), "{quiet}");
    }
    assert!(warnings("---\n--- # a-b\nimage: a\nfrom: b\n").is_empty());
}

#[test]
fn what_costs_or_hides_something_is_a_warning() {
    let rules = |rest: &str| -> Vec<String> {
        let loaded = load(&format!(
            "configVersion: 1\nproject: p\n---\nimage: a\nfrom: b\n{rest}"
        ));
        let shown = loaded.warnings.iter().map(|warning| {
            let line = warning.at.as_ref().unwrap().start.line;
            format!("{line} {}", warning.rule.as_ref().unwrap())
        });
        shown.collect()
    };
    assert_eq!(rules("asLayers: true\n"), ["6 AsLayers"]);
    assert_eq!(rules("asLayers: no\n"), [""; 0]);
    let mount = |to: &str| {
        rules(&format!(
            "mount: [{{from: tmp_dir, to: /app/tmp}}]\ngit: [{{add: /, to: {to}}}]\n"
        ))
    };
    assert_eq!(mount("/app/tmp"), ["7 MountHidesFiles"]);
    assert_eq!(mount("/app/tmp/x"), ["7 MountHidesFiles"]);
    assert_eq!(mount("/app"), [""; 0]);
}

#[test]
fn secrets_mounts_and_the_network_are_understood() {
    use werf_config::NetworkMode;
    let images = images(
        "image: a\nfrom: b\nnetwork: host\nsecrets: [{env: T}, {src: ~/.netrc}, {src: /x/y, id: z}, {value: v, id: w}]\nmount: [{from: build_dir, to: /c//d/}, {fromPath: ../m, to: /m}]\n",
    );
    let options: Vec<String> = images[0]
        .secrets
        .iter()
        .filter_map(werf_config::Secret::option)
        .collect();
    assert_eq!(
        options,
        [
            "--secret id=T,env=T",
            "--secret id=.netrc,src=$HOME/.netrc",
            "--secret id=z,src=/x/y"
        ]
    );
    let value = &images[0].secrets[3];
    assert_eq!(value.id, "w");
    let record = serde_json::to_string(value).expect("JSON");
    assert!(
        !record.contains(r#""v""#) && !format!("{value:?}").contains(r#""v""#),
        "{record}"
    );
    let rules = |text: &str| {
        let text = format!("giterminismConfigVersion: 1\nconfig: {{secrets: {{{text}}}}}\n");
        let text = SourceText::new("g", text).expect("text");
        werf_config::giterminism::Giterminism::read(&text)
            .expect("rules")
            .rules
    };
    let config = werf_config::Config {
        project: String::new(),
        cache_version: String::new(),
        cache_scope: String::new(),
        dockerfiles: Vec::new(),
        images: vec![Image {
            mounts: Vec::new(),
            ..images[0].clone()
        }],
    };
    let denied = |text: &str| werf_config::permission::check(&config, &rules(text));
    let others = "allowEnvVariables: [T], allowFiles: [~/.netrc, /x/y]";
    assert_eq!(denied(&format!("{others}, allowValueIds: [w]")), []);
    let [denied] = denied(others).try_into().expect("one mistake");
    assert_eq!(
        denied.one_line(),
        "werf.yaml:7:66: the value of the secret `w` of image `a` is not allowed by giterminism; `g`: add these lines below `config.secrets`:\n        allowValueIds:\n        - w\n  note: if it is a secret indeed, write `env: w` in its place and build with `--secret id=w,env=w`; `g`: add this line to `config.secrets.allowEnvVariables`:\n        - w"
    );
    assert!(werf_config::permission::value_in_records(&config).is_some());
    let places: Vec<&str> = images[0]
        .mounts
        .iter()
        .map(|mount| mount.to.as_str())
        .collect();
    assert_eq!(places, ["/c/d", "/m"]);
    let network = images[0].network.as_ref().map(|network| network.value);
    assert_eq!(network, Some(NetworkMode::Host));
}

#[test]
fn remote_mappings_come_behind_local_ones() {
    let text = format!(
        "{SMALL}git:\n- {{url: git@host:team/a.git, branch: main, to: /a}}\n- {{to: /own, basicAuth: {{username: x}}}}\n- {{url: \"https://host/team/b\", commit: {commit}, to: /b, basicAuth: {{username: ada, password: {{src: ./token}}}}}}\n- {{url: \"https://host/team/c\", tag: 1.10, to: /c}}\n- {{url: \"https://host/team/d\", branch: ~, to: /d, basicAuth: ~}}\n",
        commit = "0A".repeat(20),
    );
    let source = SourceText::new("werf.yaml", text).unwrap();
    let loaded = werf_config::load(&source).unwrap();
    let mappings = &loaded.config.images[0].git;
    let places: Vec<&str> = mappings.iter().map(|one| one.to.value.as_str()).collect();
    assert_eq!(places, ["/own", "/a", "/b", "/c", "/d"]);
    let references: Vec<String> = mappings
        .iter()
        .filter_map(|one| Some(one.remote.as_ref()?.reference.value.full_name()))
        .collect();
    let commit = "0a".repeat(20);
    assert_eq!(
        references,
        ["refs/heads/main", &commit, "refs/tags/1.10", "HEAD"]
    );
    let rules: Vec<_> = loaded
        .warnings
        .iter()
        .filter_map(|one| one.rule.as_deref())
        .collect();
    assert_eq!(rules, ["UnusedBasicAuth"], "{:?}", loaded.warnings);
}

/// Returns the rule, the message and the hint of each warning.
fn warnings(rest: &str) -> Vec<String> {
    let loaded = load(&format!("configVersion: 1\nproject: p\n---\n{rest}"));
    let line = |warning: &Diagnostic| {
        let rule = warning.rule.clone().unwrap_or_default();
        let hint = warning.hint.clone().unwrap_or_default();
        format!("{rule}: {}; {hint}", warning.message)
    };
    loaded.warnings.iter().map(line).collect()
}

#[test]
fn a_base_is_an_image_of_the_file_before_it_is_one_of_a_registry() {
    let images = images(
        "image: [a, b]\nfrom: base\n---\nimage: base\nfrom: alpine\n---\nimage: alpine\nfrom: alpine\n---\nimage: old\nfromArtifact: tools\n---\nartifact: tools\nfromImage: base\n",
    );
    let bases: Vec<(String, &str, bool)> = images
        .iter()
        .map(|image| {
            let is_own = matches!(image.base, Base::Sibling { .. });
            (image.name.to_string(), reference(image), is_own)
        })
        .collect();
    let expected = [
        ("a", "base", true),
        ("b", "base", true),
        ("base", "alpine", true),
        ("alpine", "alpine:latest", false),
        ("old", "tools", true),
        ("tools", "base", true),
    ];
    assert_eq!(
        bases,
        expected.map(|(name, base, own)| (name.to_owned(), base, own))
    );
    assert!(
        !images[5].is_final && !images[5].has_after_patch,
        "artifact"
    );
    assert!(images[4].is_final && images[4].has_after_patch);
}

#[test]
fn what_werf_passes_over_in_silence_is_a_warning() {
    for (rest, expected) in [
        (
            "image: app\nfrom: bakend\n---\nimage: backend\nfrom: alpine:3.20\n",
            &[
                "BaseFromRegistry: `bakend` is no image of this file, so it is taken from a registry; did you mean `backend`?",
            ][..],
        ),
        (
            "image: app\nfrom: node\n---\nimage: backend\nfrom: backend:1\n",
            &[],
        ),
        (
            "image: app\nfromImage: node:22\n",
            &[
                "Deprecated: `fromImage` of image `app` is deprecated; write `from: node:22`",
                "BaseFromRegistry: `node:22` is no image of this file, so it is taken from a registry; if that is meant, write `from: node:22`",
            ],
        ),
        (
            "image: app\nfrom: node:20\nfromImage: base\n---\nimage: base\nfrom: scratch\nfromLatest: true\n",
            &[
                "FromOverridden: `from: node:20` has no effect, because `fromImage` wins; keep one of the two",
                "Deprecated: `fromImage` of image `app` is deprecated; write `from: base`",
                "FromLatestIgnored: `fromLatest` of image `base` has no effect; it is for bases of a registry: remove it",
            ],
        ),
        (
            "image: app\nfrom: scratch\nimport:\n- {image: tools, stage: setup, add: /a, before: setup}\n- {artifact: tools, add: /b, after: setup}\n- {from: \"a:1\", stage: setup, add: /c, after: install}\n---\nimage: tools\nfrom: scratch\nshell: {install: x}\n",
            &[
                "ImportStageMissing: image `tools` has no stage `setup`, so its last one is taken; remove `stage`, or name another one",
                "Deprecated: `artifact` of `import` is deprecated; write `image: tools`",
                "ImportStageIgnored: `stage` has no effect: `a:1` is an image of a registry; remove it",
            ],
        ),
        (
            "image: app\nfrom: scratch\nimport:\n- {image: tools, stage: setup, add: /a, before: setup}\n- {image: tools, stage: install, add: /b, after: setup}\n---\nimage: tools\nfrom: scratch\nansible: {setup: [{raw: x}], installCacheVersion: 1}\n",
            &[],
        ),
        (
            "image: app\nfrom: scratch\nimport: [{image: tools, stage: install, add: /a, before: setup}]\n---\nimage: tools\nfrom: scratch\nansible: {setup: [{raw: x}]}\n",
            &[
                "ImportStageMissing: image `tools` has no stage `install`, so its last one is taken; remove `stage`, or name another one",
            ],
        ),
        (
            "artifact: tools\nfrom: scratch\n",
            &["Deprecated: `artifact` is deprecated; write `image: tools` and `final: false`"],
        ),
        (
            "image: app\nfrom: scratch\ndisableGitAfterPatch: true\ndocker: {USER: me}\n",
            &[
                "DockerIgnored: `docker` of image `app` has no effect because of `disableGitAfterPatch`; werf leaves it out, too: remove one of the two",
            ],
        ),
    ] {
        assert_eq!(warnings(rest), expected, "{rest}");
    }
}

#[test]
fn mappings_make_room_for_imports_and_imports_for_each_other() {
    let image = &images(
        "image: app\nfrom: scratch\ngit: [{to: /app}]\nimport:\n- {image: tools, add: /out, to: /app/vendor, before: setup}\n- {image: tools, add: /x, to: /app/vendor/y, before: setup}\n---\nimage: tools\nfrom: scratch\n",
    )[0];
    assert_eq!(image.git[0].exclude_paths, ["vendor", "vendor/y"]);
    let import = &image.imports[&Placement::BeforeSetup][0];
    assert_eq!(import.exclude_paths, ["y"]);
    assert_eq!(import.to, "/app/vendor");
}
