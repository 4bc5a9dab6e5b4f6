//! What `imageSpec` and `build.imageSpec` make of an image's configuration (werf's `pkg/build/stage/image_spec.go`).

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, SourceText};
use serde_json::{Value, json};
use werf_config::{self};
use werf_frontend::lower::{self, BaseFiles, BaseImage, Bases, Settings};

/// A base that werf itself has built.
const BASE: &str = r#"{
    "architecture": "amd64", "os": "linux", "author": "base", "rootfs": {"type": "layers", "diff_ids": ["sha256:0", "sha256:1"]},
    "config": {
        "Env": ["PATH=/bin", "A=a", "B=b", "WERF_COMMIT_HASH=0", "SSH_AUTH_SOCK=/.werf/tmp/ssh-auth-sock"],
        "Cmd": ["sh"], "Entrypoint": ["/init"], "User": "base", "WorkingDir": "/base", "StopSignal": "SIGINT",
        "Labels": {"base": "yes", "base.two": "yes", "werf.io/image": "base"},
        "Volumes": {"/v": {}, "/w": {}}, "ExposedPorts": {"1/tcp": {}}
    },
    "history": [{"created_by": "one"}, {"created_by": "two"}, {"created_by": "three", "empty_layer": true}]
}"#;

fn lowered(meta: &str, section: &str) -> Result<Value, Vec<Diagnostic>> {
    let text = format!(
        "project: shop\nconfigVersion: 1\n{meta}---\nimage: app\nfrom: debian\nshell: {{install: make}}\n{section}"
    );
    let source = SourceText::new("werf.yaml", text).unwrap();
    let loaded = werf_config::load(&source)?;
    let plan = werf_plan::plan(&loaded.config, "0", &BTreeMap::new());
    let base = BaseImage {
        files: BaseFiles::Image {
            reference: "docker.io/library/debian:latest@sha256:00".into(),
            resolve_mode: "default".into(),
        },
        config: BASE.into(),
    };
    let bases = Bases::from([("docker.io/library/debian:latest".to_owned(), base)]);
    let lowered = lower::lower(
        &plan,
        &plan.images[0].name,
        &bases,
        &Settings::default(),
        &[],
    )?;
    Ok(serde_json::from_slice(&lowered.config.to_json()).unwrap())
}

fn config(section: &str) -> Value {
    lowered("", section).unwrap()["config"].take()
}

fn spec(config: &str) -> Value {
    self::config(&format!("imageSpec:\n  config: {config}\n"))
}

#[test]
fn labels_are_removed_by_name_or_expression_and_then_set() {
    let spec = spec(
        r#"{removeLabels: [base, /werf\.io.image/, /ase/], labels: {"%project%.image": "%image%", base: again}}"#,
    );
    let labels = spec["Labels"].as_object().unwrap();
    let names: Vec<&String> = labels.keys().collect();
    assert_eq!(
        names,
        [
            "base",
            "base.two",
            "shop.image",
            "werf.io/project",
            "werf.io/stage-digest",
            "werf.io/stages"
        ]
    );
    assert_eq!(
        (&labels["base"], &labels["shop.image"]),
        (&json!("again"), &json!("app"))
    );
}

#[test]
fn the_labels_of_every_image_can_be_kept_or_dropped() {
    let names = |config: &str| -> Vec<String> {
        let labels = spec(config)["Labels"].take();
        labels
            .as_object()
            .into_iter()
            .flat_map(|labels| labels.keys().cloned())
            .collect()
    };
    let ours = [
        "werf.io/image",
        "werf.io/project",
        "werf.io/stage-digest",
        "werf.io/stages",
    ];
    assert_eq!(
        names("{removeLabels: [/.*/], keepEssentialWerfLabels: true}"),
        ours
    );
    assert_eq!(names("{removeLabels: [/.*/]}"), [""; 0]);
    assert_eq!(names("{clearWerfLabels: true}"), ["base", "base.two"]);
    assert_eq!(names("{removeLabels: [/base.*/]}"), ours);
    let labels = config("docker: {LABEL: {werf.io/project: mine}}\n")["Labels"].take();
    assert_eq!(
        (&labels["werf.io/image"], &labels["werf.io/project"]),
        (&json!("app"), &json!("mine"))
    );
}

#[test]
fn variables_see_the_environment_as_it_was() {
    let env = spec(
        r#"{removeEnv: [A, /X.*/], env: {PATH: "/x:${PATH}", C: "$A-$B-$D", B: "c$C", Q: "'$A'"}}"#,
    )["Env"]
        .take();
    assert_eq!(
        env,
        json!(["PATH=/x:/bin", "B=c", "C=a-b-", "Q=$A"]),
        "and those of werf's own builds are gone"
    );
    let wrong = lowered(
        "",
        "imageSpec:\n  config:\n    env:\n      X: ${NO:?must be set}\n",
    )
    .unwrap_err();
    assert_eq!(
        (
            wrong[0].message.as_str(),
            wrong[0].at.as_ref().unwrap().start.line
        ),
        ("`imageSpec.config.env.X`: `NO` is not set: must be set", 10)
    );
}

#[test]
fn volumes_are_added_and_ports_replaced() {
    let both = spec("{removeVolumes: [/v, /none], volumes: [/x], expose: [80, 90-91/udp]}");
    assert_eq!(both["Volumes"], json!({"/w": {}, "/x": {}}));
    assert_eq!(
        both["ExposedPorts"],
        json!({"80/tcp": {}, "90/udp": {}, "91/udp": {}})
    );
    let none = spec("{removeVolumes: [/v, /w], expose: []}");
    assert_eq!(
        (&none["Volumes"], &none["ExposedPorts"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(spec("{user: x}")["ExposedPorts"], json!({"1/tcp": {}}));
}

#[test]
fn an_entry_point_empties_the_command_and_what_is_given_wins_over_clearing() {
    let command = |config: &str| {
        let spec = spec(config);
        (spec["Entrypoint"].clone(), spec["Cmd"].clone())
    };
    for (config, entrypoint, cmd) in [
        ("{}", json!(["/init"]), json!(["sh"])),
        ("{entrypoint: [e]}", json!(["e"]), Value::Null),
        ("{cmd: [c]}", json!(["/init"]), json!(["c"])),
        (
            "{entrypoint: [e], cmd: [c, 1]}",
            json!(["e"]),
            json!(["c", "1"]),
        ),
        ("{clearCmd: true}", json!(["/init"]), Value::Null),
        ("{clearEntrypoint: true}", Value::Null, json!(["sh"])),
        ("{clearCmd: true, cmd: [c]}", json!(["/init"]), json!(["c"])),
        (
            "{clearEntrypoint: true, entrypoint: [e]}",
            json!(["e"]),
            Value::Null,
        ),
        ("{cmd: []}", json!(["/init"]), json!([])),
    ] {
        assert_eq!(command(config), (entrypoint, cmd), "{config}");
    }
}

#[test]
fn single_values_are_replaced_or_cleared() {
    let set = spec(
        "{user: '1:1', workingDir: /app, stopSignal: SIGTERM, healthcheck: {test: [CMD, x], interval: 5, timeout: 0, startperiod: 2, retries: 3}}",
    );
    assert_eq!(
        (&set["User"], &set["WorkingDir"], &set["StopSignal"]),
        (&json!("1:1"), &json!("/app"), &json!("SIGTERM"))
    );
    assert_eq!(
        set["Healthcheck"],
        json!({"Test": ["CMD", "x"], "Interval": 5_000_000_000_u64, "StartPeriod": 2_000_000_000_u64, "Retries": 3})
    );
    let cleared = spec("{clearUser: true, clearWorkingDir: true}");
    assert_eq!(
        (&cleared["User"], &cleared["WorkingDir"]),
        (&Value::Null, &Value::Null)
    );
    let both = spec("{clearUser: true, user: me, clearWorkingDir: true, workingDir: /me}");
    assert_eq!(
        (&both["User"], &both["WorkingDir"]),
        (&json!("me"), &json!("/me"))
    );
}

#[test]
fn the_history_keeps_one_empty_record_for_each_layer() {
    let image = lowered("", "imageSpec: {author: me, clearHistory: true}\n").unwrap();
    assert_eq!(image["author"], "me");
    assert_eq!(
        image["history"],
        json!([{}, {}, {}]),
        "two of the base and one of `install`"
    );
    let kept = lowered("", "imageSpec: {author: me}\n").unwrap();
    let last = kept["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["created_by"], "[app imageSpec]");
}

#[test]
fn the_section_of_the_project_is_for_final_images() {
    let meta = "build:\n  imageSpec: {author: project, config: {labels: {who: project}, removeLabels: [base]}}\n";
    let image = lowered(
        meta,
        "imageSpec: {author: image, config: {labels: {who: image, what: image}}}\n",
    )
    .unwrap();
    let labels = &image["config"]["Labels"];
    assert_eq!(
        (
            &image["author"],
            &labels["who"],
            &labels["what"],
            &labels["base"]
        ),
        (
            &json!("project"),
            &json!("project"),
            &json!("image"),
            &Value::Null
        )
    );
    let alone = lowered(meta, "").unwrap();
    assert_eq!(alone["config"]["Labels"]["who"], "project");
    let other = lowered(meta, "final: false\n").unwrap();
    assert_eq!(
        (&other["author"], &other["config"]["Labels"]["base"]),
        (&json!("base"), &json!("yes"))
    );
    let with_docker = lowered(meta, "docker: {LABEL: {who: docker}}\n").unwrap();
    assert_eq!(
        with_docker["config"]["Labels"]["who"], "project",
        "it is applied last"
    );
}

#[test]
fn the_labels_of_the_client_win() {
    let text = "project: shop\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nimageSpec: {config: {labels: {who: image}}}\n";
    let source = SourceText::new("werf.yaml", text).unwrap();
    let config = werf_config::load(&source).unwrap().config;
    let plan = werf_plan::plan(&config, "0", &BTreeMap::new());
    let settings = Settings {
        labels: [("who".to_owned(), "client".to_owned())].into(),
        ..Settings::default()
    };
    let lowered = lower::lower(&plan, &plan.images[0].name, &Bases::new(), &settings, &[]).unwrap();
    let image: Value = serde_json::from_slice(&lowered.config.to_json()).unwrap();
    assert_eq!(image["config"]["Labels"]["who"], "client");
}
