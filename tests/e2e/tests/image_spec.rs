//! `imageSpec`: what the daemon makes of the configuration, and that nothing is run for it.

use e2e::{Build, Repo};
use serde_json::json;

#[test]
fn the_image_runs_with_image_spec_applied_and_no_layer_is_added() {
    let config = |spec: &str| {
        e2e::repo::config_text(&format!(
            "image: app\nfrom: busybox:latest\nshell:\n  install: echo 'echo \"$GREETING, $1\"' > /hello.sh\n{spec}"
        ))
        .replace("configVersion: 1\n", "configVersion: 1\nbuild: {imageSpec: {config: {labels: {of: \"%project%/%image%\"}}}}\n")
    };
    let repo = Repo::new();
    repo.write("werf.yaml", config(""));
    repo.commit("without");
    let before = Build::of(&repo).ok().image;
    repo.write(
        "werf.yaml",
        config(
            r#"imageSpec:
  author: Ada
  clearHistory: true
  config:
    env: {GREETING: hello, PATH: "/x:${PATH}"}
    removeLabels: [/werf.io.*/]
    expose: [8080]
    volumes: [/data]
    user: "1000"
    workingDir: /tmp
    stopSignal: SIGINT
    entrypoint: [/bin/sh, /hello.sh]
    cmd: [reader]
    healthcheck: {test: [CMD, test, -e, /hello.sh], interval: 5, retries: 3}
"#,
        ),
    );
    repo.commit("with");
    let built = Build::of(&repo).ok();
    assert_eq!(built.cached("install]"), Some(true), "{}", built.log);
    let after = built.image;
    assert_eq!(after.run(&[]), "hello, reader\n");
    let (before, after) = (before.inspect(), after.inspect());
    assert_eq!(before["RootFS"], after["RootFS"]);
    assert_eq!(after["Author"], "Ada");
    let config = &after["Config"];
    assert_eq!(config["Labels"], json!({"of": "test/app"}));
    assert_eq!(
        before["Config"]["Labels"]["werf.io/project"], "test",
        "what every image has: {}",
        before["Config"]["Labels"]
    );
    assert_eq!(config["ExposedPorts"], json!({"8080/tcp": {}}));
    assert_eq!(config["Volumes"], json!({"/data": {}}));
    assert_eq!(
        (
            &config["User"],
            &config["WorkingDir"],
            &config["StopSignal"]
        ),
        (&json!("1000"), &json!("/tmp"), &json!("SIGINT"))
    );
    assert_eq!(config["Healthcheck"]["Interval"], 5_000_000_000_i64);
}

#[test]
fn a_cleared_history_says_nothing() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\ngit:\n- {add: /, to: /app}\nshell:\n  install: touch /secret-name\nimageSpec: {clearHistory: true}\n",
    );
    let image = Build::of(&repo).ok().image;
    let history = e2e::image::docker(&[
        "history",
        "--no-trunc",
        "--format",
        "{{json .}}",
        image.tag(),
    ]);
    let layers = image.inspect()["RootFS"]["Layers"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(history.lines().count(), layers, "{history}");
    for line in history.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&record["CreatedBy"], &record["Comment"]),
            (&json!(""), &json!("")),
            "{history}"
        );
    }
}

#[test]
fn nothing_of_the_build_is_in_the_environment() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\ngit:\n- {add: /, to: /app}\nshell:\n  install: env > /seen\n  setup: 'true'\nimageSpec: {author: me}\n",
    );
    let built = Build::of(&repo).env("COLUMNS", "99").ok();
    let seen = built.image.run(&["cat", "/seen"]);
    for name in ["WERF_COMMIT_HASH=", "LANG=C.UTF-8", "LC_ALL=C.UTF-8"] {
        assert!(seen.contains(name), "{name} is seen by commands: {seen}");
    }
    assert!(!seen.contains("COLUMNS"), "{seen}");
    let base = e2e::image::docker(&[
        "image",
        "inspect",
        "--format",
        "{{json .Config.Env}}",
        "busybox:latest",
    ]);
    let base: serde_json::Value = serde_json::from_str(&base).unwrap();
    assert_eq!(built.image.config()["Env"], base);
}
