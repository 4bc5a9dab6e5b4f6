use werf_config::ImageSpec;

use super::*;

fn request(given: &[(&str, &str)]) -> Request {
    let given = given
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Request::from_options(given.collect()).expect("options")
}

fn shown(plan: &DockerfilePlan, request: &Request) -> String {
    let platform = Platform::parse("linux/amd64").expect("a platform");
    let options = options(plan, request, &platform).into_iter();
    let lines = options.map(|(key, value)| format!("{key}={value}\n"));
    lines.collect()
}

#[test]
fn nothing_is_told_that_nobody_asked_for() {
    let request = request(&[("build-arg:X", "for templates"), ("target", "app")]);
    insta::assert_snapshot!(shown(&crate::lower::sample::dockerfile("App"), &request), @r"
    filename=app/Dockerfile
    image-resolve-mode=
    platform=linux/amd64
    ");
}

#[test]
fn every_cache_scope_and_version_is_another_name_in_the_hosts() {
    let hosts = |version: &str, scope: &str| {
        let plan = DockerfilePlan {
            cache_version: version.into(),
            cache_scope: scope.into(),
            ..crate::lower::sample::dockerfile("App")
        };
        extra_hosts(&plan, &request(&[]))
    };
    assert_eq!(hosts("", ""), None);
    let all =
        [("", "a"), ("", "b"), ("a", ""), ("a", "a")].map(|(version, scope)| hosts(version, scope));
    let different: std::collections::BTreeSet<_> = all.iter().flatten().collect();
    assert_eq!(different.len(), all.len(), "{all:?}");
}

#[test]
fn everything_that_is_asked_for_is_handed_on() {
    let plan = DockerfilePlan {
        target: "run".into(),
        args: BTreeMap::from([("A".into(), "1=2".into())]),
        extra_hosts: vec![("db".into(), "::1".into())],
        network: Some(NetworkMode::Default),
        cache_version: "2".into(),
        service_labels: BTreeMap::from([("werf.io/project".into(), "p".into())]),
        ..crate::lower::sample::dockerfile("App")
    };
    let request = request(&[
        ("label:a", "b"),
        ("context:base", "docker-image://x"),
        ("no-cache", ""),
        ("add-hosts", "x=1.2.3.4"),
        ("force-network-mode", "host"),
        ("shm-size", "1000"),
        ("ulimit", "nofile=1:2"),
        ("cgroup-parent", "c"),
        ("hostname", "h"),
        ("image-resolve-mode", "pull"),
        ("build-arg:http_proxy", "p"),
        ("build-arg:SOURCE_DATE_EPOCH", "7"),
        (
            "cache-imports",
            r#"[{"Type":"registry","Attrs":{"ref":"r"}}]"#,
        ),
    ]);
    insta::assert_snapshot!(shown(&plan, &request), @r#"
    add-hosts=x=1.2.3.4,db=::1,cache-version-3ec710250964.werf.invalid=0.0.0.0
    build-arg:A=1=2
    build-arg:HTTP_PROXY=p
    build-arg:SOURCE_DATE_EPOCH=7
    cache-imports=[{"Attrs":{"ref":"r"},"Type":"registry"}]
    cgroup-parent=c
    context:base=docker-image://x
    filename=app/Dockerfile
    force-network-mode=host
    hostname=h
    image-resolve-mode=pull
    label:a=b
    label:werf.io/project=p
    no-cache=
    platform=linux/amd64
    shm-size=1000
    target=run
    ulimit=nofile=1:2
    "#);
}

#[test]
fn image_spec_is_applied_and_labels_of_the_client_win() {
    let config = r#"{"os":"linux","created":"2020-01-01T00:00:00Z","config":{"Labels":{"a":"dockerfile","b":"x"}},
        "history":[{"created_by":"COPY"},{"created_by":"ENV","empty_layer":true},{"created_by":"RUN"}]}"#;
    let mut made = Made::default();
    made.metadata.insert(CONFIG.to_owned(), config.into());
    let spec = ImageSpec {
        author: Some("Ada".into()),
        clear: vec![Clear::History],
        remove_labels: vec!["a".into(), "b".into()],
        ..ImageSpec::default()
    };
    let plan = DockerfilePlan {
        image_spec: Some(spec),
        ..crate::lower::sample::dockerfile("App")
    };
    specify(&mut made, &plan, &request(&[("label:a", "client")])).expect("it is right");
    let config: serde_json::Value = serde_json::from_slice(&made.metadata[CONFIG]).expect("JSON");
    assert_eq!(config["author"], "Ada");
    assert_eq!(config["config"]["Labels"], json!({ "a": "client" }));
    assert_eq!(
        config["history"],
        json!([{}, {}]),
        "a record for each layer"
    );
}

#[test]
fn no_cache_names_an_image_or_stages_of_a_dockerfile() {
    for (given, expected) in [
        (None, None),
        (Some(""), Some("")),
        (Some("app"), Some("")),
        (Some("other/build,app/run"), Some("run")),
        (Some("build,app/run"), Some("build,run")),
        (Some("other/build"), None),
    ] {
        let options: Vec<(&str, &str)> =
            given.map(|value| ("no-cache", value)).into_iter().collect();
        let value = no_cache(
            &crate::lower::sample::dockerfile("App"),
            &request(&options).no_cache,
        );
        assert_eq!(value.as_deref(), expected, "{given:?}");
    }
}

#[test]
fn the_network_of_the_client_wins() {
    for (image, build, expected) in [
        (None, Network::default(), None),
        (None, Network::Host, Some("host")),
        (Some(NetworkMode::None), Network::Sandbox, Some("none")),
        (
            Some(NetworkMode::Default),
            Network::Sandbox,
            Some("sandbox"),
        ),
        (Some(NetworkMode::None), Network::Host, Some("host")),
        (Some(NetworkMode::Host), Network::None, Some("none")),
        (Some(NetworkMode::Default), Network::None, Some("none")),
    ] {
        assert_eq!(network(image, build), expected, "{image:?} {build:?}");
    }
}
