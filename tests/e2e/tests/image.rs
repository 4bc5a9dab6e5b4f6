//! What the resulting image is: files, configuration, history, and that it runs.

use e2e::{Build, Repo};
use serde_json::{Value, json};

#[test]
fn an_image_without_any_shell_is_built_and_left_clean() {
    let repo = Repo::with_config(
        "image: app\nfrom: scratch\nshell:\n  install:\n  - echo \"$BASH_VERSION\" > /version\n  - echo ${LANG} ${LC_ALL} $PWD $UID > /facts\n",
    );
    let built = Build::of(&repo).ok();
    assert!(built.image.file("/version").unwrap().starts_with("5."));
    assert_eq!(built.image.file("/facts").unwrap(), "C.UTF-8 C.UTF-8 / 0\n");
    assert_eq!(
        built.image.paths(),
        ["facts", "version"],
        "nothing of /.werf"
    );
    let env = built.image.config()["Env"].clone();
    assert!(
        !env.to_string().contains("LANG") && !env.to_string().contains("WERF"),
        "{env}"
    );
}

#[test]
fn the_image_runs_with_the_docker_section_applied() {
    let repo = Repo::with_config(
        r#"image: app
from: busybox:latest
shell:
  install: mkdir /data && echo 'echo "$GREETING, $1"' > /hello.sh
docker:
  ENV: {GREETING: "hello world", PATH: "/app/bin:$PATH"}
  LABEL: {maintainer: "Ada \"the first\" Lovelace", empty: ""}
  EXPOSE: ["80", "7000-7001/udp"]
  VOLUME: /data
  WORKDIR: /data
  USER: "1000:1000"
  ENTRYPOINT: ["/bin/sh", "/hello.sh"]
  CMD: ["dear \"reader\" \\o/"]
  HEALTHCHECK: --interval=5s --retries=3 CMD test -e /hello.sh
"#,
    );
    let built = Build::of(&repo).ok();
    assert_eq!(built.image.run(&[]), "hello world, dear \"reader\" \\o/\n");
    let config = built.image.config();
    assert_eq!(
        config["ExposedPorts"],
        json!({"80/tcp": {}, "7000/udp": {}, "7001/udp": {}})
    );
    assert_eq!(config["Volumes"], json!({"/data": {}}));
    assert_eq!(config["WorkingDir"], "/data");
    assert_eq!(config["User"], "1000:1000");
    let labels = &config["Labels"];
    assert_eq!(labels["maintainer"], "Ada \"the first\" Lovelace");
    assert_eq!(labels["empty"], "");
    assert_eq!(
        config["Healthcheck"]["Test"],
        json!(["CMD-SHELL", "test -e /hello.sh"])
    );
    assert_eq!(config["Healthcheck"]["Interval"], 5_000_000_000_i64);
    let path = config["Env"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|pair| pair.as_str()?.strip_prefix("PATH="))
        .unwrap();
    assert!(path.starts_with("/app/bin:/"), "{path}");
}

#[test]
fn one_shell_runs_all_commands_of_a_stage() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nshell:\n  install:\n  - cd /tmp\n  - export COLOUR=blue\n  - paint() { echo $COLOUR > paint; }\n  - |\n    paint\n    cat > here <<EOF\n      indented $COLOUR\n    EOF\n  setup: echo ${COLOUR:-none} in $PWD > /tmp/setup\n",
    );
    let image = Build::of(&repo).ok().image;
    assert_eq!(
        image.run(&["cat", "/tmp/paint", "/tmp/here", "/tmp/setup"]),
        "blue\n  indented blue\nnone in /\n"
    );
}

#[test]
fn a_script_of_two_mebibytes_runs() {
    let mut commands =
        String::from("image: app\nfrom: busybox:latest\nshell:\n  install:\n  - |\n    set -e\n");
    for line in 0..32_768 {
        commands.push_str(&format!(
            "    : {line:07} 0123456789012345678901234567890123456789012345678\n"
        ));
    }
    commands.push_str("    echo done > /done\n");
    assert!(commands.len() > 2 << 20);
    let repo = Repo::with_config(&commands);
    assert_eq!(Build::of(&repo).ok().image.run(&["cat", "/done"]), "done\n");
}

#[test]
fn the_history_has_an_entry_for_each_stage() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nshell:\n  install: touch /one\n  setup: touch /two\ndocker:\n  WORKDIR: /tmp\n",
    );
    let image = Build::of(&repo).ok().image;
    let history = e2e::image::docker(&[
        "history",
        "--no-trunc",
        "--format",
        "{{.CreatedBy}}|{{.Comment}}",
        image.tag(),
    ]);
    let ours: Vec<&str> = history
        .lines()
        .filter(|line| line.ends_with("|werf.frontend.v0"))
        .collect();
    assert_eq!(
        ours,
        [
            "[app dockerInstructions]|werf.frontend.v0",
            "[app 3/3 setup] touch /two|werf.frontend.v0",
            "[app 2/3 install] touch /one|werf.frontend.v0",
        ]
    );
}

#[test]
fn labels_of_the_client_win_and_the_epoch_is_the_time_of_creation() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nshell:\n  install: touch /one\ndocker:\n  LABEL: {who: config, what: config}\n",
    );
    let image = Build::of(&repo)
        .args(["--label", "who=client"])
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .ok()
        .image;
    let inspect = image.inspect();
    let labels = &inspect["Config"]["Labels"];
    assert_eq!(
        (&labels["who"], &labels["what"]),
        (&json!("client"), &json!("config"))
    );
    assert!(
        inspect["Created"]
            .as_str()
            .unwrap()
            .starts_with("2023-11-14T22:13:20"),
        "{}",
        inspect["Created"]
    );
}

#[test]
fn an_image_that_only_has_a_base_is_the_base() {
    let repo = Repo::with_config("image: app\nfrom: busybox:latest\n");
    let image = Build::of(&repo).ok().image;
    let layers = |value: Value| value["RootFS"]["Layers"].clone();
    let base: Vec<Value> =
        serde_json::from_str(&e2e::image::docker(&["image", "inspect", "busybox:latest"])).unwrap();
    assert_eq!(layers(image.inspect()), layers(base[0].clone()));
}
