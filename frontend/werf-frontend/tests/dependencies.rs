//! `dependencies`: what becomes of variables with and without values, in plans, graphs and on the command line.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, SourceText};
use werf_config::{Config, ImageName};
use werf_frontend::lower::{self, Bases, Settings};
use werf_plan::file::{ImagePlan, Plan};
use werf_plan::stage::StageKind;

use crate::program;

const META: &str = "project: shop\nconfigVersion: 1\n---\n";

/// An image that is told of `api` at all four places.
const TOLD: &str = "image: list
from: scratch
import: [{image: api, add: /a, before: setup}]
dependencies:
- {image: api, before: install, imports: [{type: ImageName, targetEnv: A}]}
- {image: api, after: install, imports: [{type: ImageTag, targetEnv: B}]}
- image: api
  before: setup
  imports:
  - {type: ImageDigest, targetEnv: C}
  - {type: ImageRepo, targetEnv: D}
- {image: api, after: setup, imports: [{type: ImageID, targetEnv: E}]}
shell: {beforeInstall: one, install: two, beforeSetup: three, setup: four}
---
image: api
final: false
from: scratch
shell: {install: make}
";

fn load(text: &str) -> Config {
    let source = SourceText::new("werf.yaml", format!("{META}{text}")).unwrap();
    let loaded = werf_config::load(&source).unwrap_or_else(|errors| panic!("{errors:#?}"));
    loaded.config
}

fn values(digit: &str) -> BTreeMap<String, String> {
    let digest = format!("sha256:{}", digit.repeat(64));
    let values = [
        ("A", "r.io/shop/api:1"),
        ("B", "1"),
        ("C", digest.as_str()),
        ("D", "r.io/shop/api"),
        ("E", &digest),
    ];
    values
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn plan(text: &str, given: &BTreeMap<String, String>) -> Plan {
    let mut config = load(text);
    config
        .give_values(given)
        .unwrap_or_else(|errors| panic!("{errors:#?}"));
    werf_plan::plan(&config, "c", &BTreeMap::new())
}

fn stages(image: &ImagePlan) -> Vec<(StageKind, String)> {
    let stages = image.stages.iter();
    stages
        .map(|stage| (stage.kind, stage.digest.hex()))
        .collect()
}

#[test]
fn their_digests_are_a_contract() {
    let plan = plan(TOLD, &values("0"));
    let list: Vec<String> = plan.images[0]
        .stages
        .iter()
        .map(|stage| {
            let fields = stage.fields.iter().skip(3);
            let fields = fields.map(|field| format!(" {}={}", field.name, field.value));
            format!(
                "{} {}{}\n",
                stage.digest,
                stage.kind,
                fields.collect::<String>()
            )
        })
        .collect();
    insta::assert_snapshot!(list.concat());
}

#[test]
fn a_value_renames_its_stage_and_what_follows_and_nothing_else_counts() {
    let before = plan(TOLD, &values("0"));
    let mut given = values("0");
    given.insert("D".into(), "r.io/other".into());
    let after = plan(TOLD, &given);
    let pairs = stages(&before.images[0]).into_iter();
    let mut renamed = pairs
        .zip(stages(&after.images[0]))
        .filter(|(before, after)| before != after)
        .map(|(_, (kind, _))| kind);
    assert_eq!(renamed.next(), Some(StageKind::DependenciesBeforeSetup));
    assert_eq!(
        renamed.collect::<Vec<_>>(),
        [StageKind::Setup, StageKind::DependenciesAfterSetup]
    );
    // What the other image is made of is in what is given of it.
    let other = plan(
        &TOLD.replace("install: make", "install: ninja"),
        &values("0"),
    );
    assert_eq!(stages(&before.images[0]), stages(&other.images[0]));
}

#[test]
fn an_entry_that_sets_nothing_changes_no_digest() {
    let told = "image: list\nfrom: scratch\nshell: {setup: a}\ndependencies: [{image: api, before: install}]\n---\nimage: api\nfrom: scratch\n";
    let source = SourceText::new("werf.yaml", format!("{META}{told}")).unwrap();
    let warnings = werf_config::load(&source).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        warnings[0].headline(),
        "DependencySetsNothing: a dependency of image `list` sets nothing, so it has no effect"
    );
    let without = told.replace("dependencies: [{image: api, before: install}]\n", "");
    let none = BTreeMap::new();
    assert_eq!(
        stages(&plan(told, &none).images[0]),
        stages(&plan(&without, &none).images[0])
    );
}

#[test]
fn a_variable_is_in_the_environment_from_its_place_on_and_in_the_image() {
    let text = TOLD.replace("import: [{image: api, add: /a, before: setup}]\n", "");
    let plan = plan(&text, &values("0"));
    let list = ImageName::new("list");
    let lowered = lower::lower(&plan, &list, &Bases::new(), &Settings::default(), &[]);
    let lowered = lowered.unwrap_or_else(|errors| panic!("{errors:#?}"));
    let graph = lowered.graph.text(lowered.root.unwrap());
    insta::assert_snapshot!(format!(
        "{graph}\n{}",
        String::from_utf8(lowered.config.to_json()).unwrap()
    ));
}

#[test]
fn a_value_of_another_form_is_refused_and_not_shown() {
    let mut config = load(TOLD);
    let given = BTreeMap::from([
        ("C".to_owned(), "canary".to_owned()),
        ("A".to_owned(), "canary canary".to_owned()),
        ("B".to_owned(), String::new()),
    ]);
    let errors = config.give_values(&given).unwrap_err();
    let said: Vec<String> = errors.iter().map(Diagnostic::one_line).collect();
    assert_eq!(
        said,
        [
            "werf.yaml:8:72: the build argument `A` is not the `ImageName` of an image; give `REPO:TAG`",
            "werf.yaml:13:36: the build argument `C` is not the `ImageDigest` of an image; give `sha256:` and 64 hexadecimal digits",
        ]
    );
}

#[test]
fn images_of_both_kinds_that_need_each_other_are_refused() {
    let text = format!(
        "{META}image: app\ndockerfile: Dockerfile\ndependencies: [{{image: base, imports: [{{type: ImageName, targetBuildArg: B}}]}}]\n---\nimage: base\nfrom: app\n"
    );
    let source = SourceText::new("werf.yaml", text).unwrap();
    let errors = werf_config::load(&source).unwrap_err();
    insta::assert_snapshot!(errors[0].one_line());
}

/// Commits a configuration and a Dockerfile, and returns what a command says of them.
fn told(config: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write("werf.yaml", &format!("{META}{config}"));
    write("Dockerfile", "ARG BASE\nFROM $BASE\n");
    program::git(directory.path(), &["init", "--quiet"]);
    program::git_all(directory.path());
    program::told(directory.path(), arguments)
}

#[test]
fn images_that_lack_values_are_planned_and_say_what_they_lack() {
    let (code, out, err) = told(TOLD, &["plan", "--format", "json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    let missing = plan["images"][0]["missing"].as_array().unwrap();
    let missing: Vec<&str> = missing
        .iter()
        .filter_map(|it| it["target"].as_str())
        .collect();
    assert_eq!(missing, ["A", "B", "C", "D", "E"]);
    let (_, out, _) = told(TOLD, &["plan", "--format", "json", "--build-arg", "B=2"]);
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(plan["images"][0]["missing"].as_array().unwrap().len(), 4);
}

#[test]
fn a_name_in_a_dockerfile_is_that_of_an_image_of_the_file_or_what_is_given() {
    let config = "image: [base, Base/Two]\nfrom: scratch\n---\nimage: app\ndockerfile: Dockerfile\ndependencies:\n- {image: base, imports: [{type: ImageName, targetBuildArg: BASE}, {type: ImageTag, targetBuildArg: TAG}]}\n- {image: Base/Two, imports: [{type: ImageName, targetBuildArg: TWO}]}\n";
    let app = |arguments: &[&str]| {
        let (code, out, err) = told(config, &[&["plan", "--format", "json"], arguments].concat());
        assert_eq!(code, Some(0), "{err}");
        let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
        plan["dockerfiles"][0].clone()
    };
    let plain = app(&[]);
    let two = "werf.invalid/shop/xasewo--41e2a1c8d033";
    assert_eq!(plain["args"]["BASE"], "werf.invalid/shop/base");
    assert_eq!(plain["args"]["TWO"], two);
    assert_eq!(plain["images"]["werf.invalid/shop/base"], "base");
    assert_eq!(plain["images"][two], "Base/Two");
    assert_eq!(plain["missing"][0]["target"], "TAG");
    let given = app(&["--build-arg", "BASE=r.io/base:1", "--build-arg", "TAG=1"]);
    assert_eq!(given["args"]["BASE"], "r.io/base:1");
    assert_eq!(given["args"]["TAG"], "1");
    assert_eq!(given["images"].as_object().unwrap().len(), 1);
    assert!(given["missing"].is_null());
}
