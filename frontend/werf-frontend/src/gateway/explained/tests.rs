use std::collections::BTreeMap;

use diagnostic::SourceText;
use serde_json::json;
use werf_plan::ImageSources;

use crate::lower::{BaseFiles, BaseImage};

use super::*;

const TEXT: &str = "project: shop\nconfigVersion: 1\n---\nimage: tools\nfinal: false\nfrom: scratch\nshell: {install: make}\n---\nimage: base\nfinal: false\nfrom: debian\nshell: {install: [one, two]}\n---\nimage: app\nfrom: base\nasLayers: true\ngit: [{to: /app, stageDependencies: {install: [a]}}]\nimport: [{image: tools, add: /t, to: /t, before: setup}]\nshell: {install: [three, four], setup: five, cacheVersion: 1}\ndocker: {USER: me}\n";

fn planned(text: &str, manifest: char, dependencies: char) -> Plan {
    let source = SourceText::new("werf.yaml", text).expect("text");
    let config = werf_config::load(&source).expect("right").config;
    let install = werf_config::UserStage::Install;
    let sources = ImageSources {
        manifest: manifest.to_string().repeat(64),
        dependencies: vec![BTreeMap::from([(
            install,
            dependencies.to_string().repeat(64),
        )])],
        changed_mebibytes: 0,
    };
    let name = werf_config::ImageName::new("app");
    werf_plan::plan(&config, "c", &BTreeMap::from([(name, sources)]))
}

/// Returns the configuration of the image `name` of `plan`, on a base with one layer.
fn built(plan: &Plan, name: &str) -> Value {
    let image = plan
        .image(&werf_config::ImageName::new(name))
        .expect("there");
    json!({ "config": { "Labels": image.service_labels }, "rootfs": { "diff_ids": ["base", "more"] } })
}

fn said(plan: &Plan, built: &Value) -> String {
    said_with(plan, built, &Settings::default())
}

fn said_with(plan: &Plan, built: &Value, settings: &Settings) -> String {
    let base = BaseImage {
        files: BaseFiles::Empty,
        config: json!({ "rootfs": { "diff_ids": ["base"] } })
            .to_string()
            .into_bytes(),
    };
    let bases = Bases::from([("docker.io/library/debian:latest".to_owned(), base)]);
    let planned = Planned {
        plan,
        target: plan.choose(None).expect("one"),
        settings,
        bases: &bases,
        vertex: "",
    };
    match explain(&planned, built.to_string().as_bytes()) {
        Ok(text) => format!("since `app:1` {text}\n"),
        Err(why) => format!("nothing is compared with `app:1`: {why}\n"),
    }
}

#[test]
fn stages_and_reasons_are_named() {
    let before = planned(TEXT, 'a', 'b');
    let built = built(&before, "app");
    let mut all = said(&before, &built);
    for (text, manifest, dependencies) in [
        (TEXT.to_owned(), 'c', 'b'),
        (TEXT.to_owned(), 'c', 'd'),
        (TEXT.replace("four", "other"), 'a', 'b'),
        (TEXT.replace("two", "other"), 'a', 'b'),
        (
            TEXT.replace("cacheVersion: 1}", "cacheVersion: 2}"),
            'a',
            'b',
        ),
        (TEXT.replace(", setup: five", ""), 'a', 'b'),
        (
            TEXT.replace("{install: [three", "{beforeInstall: zero, install: [three"),
            'a',
            'b',
        ),
        (TEXT.replace("USER: me", "USER: you"), 'a', 'b'),
        (
            TEXT.replace("asLayers: true", "network: none\nasLayers: true"),
            'a',
            'b',
        ),
        (TEXT.replace("asLayers: true\n", ""), 'a', 'b'),
        (TEXT.replace("from: debian", "from: alpine"), 'a', 'b'),
        (
            TEXT.replace("image: tools\nfinal", "image: tools\nnetwork: none\nfinal"),
            'a',
            'b',
        ),
    ] {
        all += "\n";
        all += &said(&planned(&text, manifest, dependencies), &built);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_in_no_digest_is_named_too() {
    let plan = planned(TEXT, 'a', 'b');
    let mut built = built(&plan, "app");
    let name = werf_config::ImageName::new("app");
    let settings = Settings {
        no_cache: [(name, StageKind::Setup)].into(),
        ..Settings::default()
    };
    let mut all = said_with(&plan, &built, &settings);
    built["rootfs"]["diff_ids"][0] = json!("another base");
    built["config"]["Labels"][REVISION] = json!("0123abcd");
    all += "\n";
    all += &said(&plan, &built);
    insta::assert_snapshot!(all);
}

#[test]
fn an_image_that_says_nothing_is_no_failure() {
    let plan = planned(TEXT, 'a', 'b');
    let label = |name: &str, value: &str| {
        let mut built = built(&plan, "app");
        built["config"]["Labels"][name] = json!(value);
        said(&plan, &built)
    };
    let mut without = built(&plan, "app");
    without["config"]["Labels"][STAGES].take();
    let all = [
        said(&plan, &json!({})),
        said(&plan, &without),
        said(&plan, &built(&plan, "base")),
        label(PROJECT, "other"),
        label(STAGES, "{"),
        label(STAGES, "{\"version\": 7}"),
        label(
            STAGES,
            "{\"version\": 1, \"detail\": \"values\", \"images\": [{\"name\": \"app\", \"stages\": [\"x\"]}]}",
        ),
    ];
    insta::assert_snapshot!(all.concat());
}
