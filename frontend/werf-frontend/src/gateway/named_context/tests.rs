use super::*;

fn request(contexts: &[(&str, &str)]) -> Request {
    let options = contexts.iter();
    let options = options.map(|(name, value)| (format!("context:{name}"), (*value).to_owned()));
    Request::from_options(options.collect()).expect("options")
}

#[test]
fn a_named_context_stands_for_the_image_of_its_name() {
    let request = request(&[
        ("alpine", "docker-image://mirror/alpine:3"),
        ("alpine::linux/arm64", "docker-image://arm/alpine"),
        ("busybox:1", "docker-image://busybox@sha256:0"),
        ("debian", "local:debian"),
        ("empty", "docker-image://scratch"),
        ("layout", "oci-layout://store:latest@sha256:1"),
        ("made::linux/amd64", "input:made::linux/amd64"),
    ]);
    let image = |reference: &str| Some(ContextKind::Image(reference.to_owned()));
    for (written, platform, expected) in [
        ("alpine", "linux/amd64", image("docker.io/mirror/alpine:3")),
        (
            "docker.io/library/alpine:latest",
            "linux/amd64",
            image("docker.io/mirror/alpine:3"),
        ),
        (
            "alpine",
            "linux/arm64",
            image("docker.io/arm/alpine:latest"),
        ),
        ("alpine:3", "linux/amd64", None),
        (
            "busybox:1",
            "linux/amd64",
            image("docker.io/library/busybox@sha256:0"),
        ),
        (
            "debian",
            "linux/amd64",
            Some(ContextKind::Directory("debian".to_owned())),
        ),
        ("empty", "linux/amd64", Some(ContextKind::Scratch)),
        (
            "layout",
            "linux/amd64",
            Some(ContextKind::OciLayout {
                store: "store".to_owned(),
                digest: "sha256:1".to_owned(),
            }),
        ),
        (
            "made",
            "linux/amd64",
            Some(ContextKind::Input("made::linux/amd64".to_owned())),
        ),
        ("made", "linux/arm64", None),
    ] {
        let platform = Platform::parse(platform).expect("a platform");
        let found = NamedContext::of_image(&request, &normalise_reference(written), &platform);
        let kind = found.map(|context| context.kind().expect("a kind"));
        assert_eq!(kind, expected, "{written} {platform}");
    }
}

#[test]
fn a_repository_is_known_by_its_url_and_by_its_host_and_path() {
    for (name, url, expected) in [
        (
            "https://host/Team/lib.git",
            "https://host/Team/lib.git",
            true,
        ),
        ("host/team/lib.git", "https://host/Team/lib.git", true),
        ("host/team/lib", "git@host:team/lib.git", true),
        ("host:8080/lib", "http://host:8080/lib/", true),
        ("host/team/lib2", "https://host/team/lib", false),
        ("team/lib", "https://host/team/lib", false),
    ] {
        let context = NamedContext {
            name,
            value: "local:x",
        };
        assert_eq!(context.is_repository(url), expected, "{name} {url}");
    }
}

#[test]
fn what_is_nothing_is_refused_without_credentials() {
    for value in [
        "https://user:hunter2@host/x.tar",
        "oci-layout://store",
        "target:other",
        "https://host/a.git?brunch=x",
    ] {
        let context = NamedContext { name: "x", value };
        let error = context.kind().expect_err("a mistake");
        let message = error.one_line();
        assert!(message.contains("`--build-context x="), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn an_input_has_the_configuration_that_the_client_gives() {
    let config = br#"{"config":{"User":"7"}}"#;
    let metadata = json!({ CONFIG: BASE64.encode(config) }).to_string();
    let mut request = request(&[("x", "input:x"), ("y", "input:y")]);
    request.input_metadata.insert("x".to_owned(), metadata);
    let context = NamedContext::named(&request, "x").expect("a context");
    assert_eq!(context.config_of_input(&request, "x").expect("one"), config);
    let files = context.config_of_input(&request, "y").expect("one");
    assert_eq!(
        String::from_utf8_lossy(&files),
        r#"{"history":[{"created_by":"[context x] load files"}]}"#
    );
    request
        .input_metadata
        .insert("x".to_owned(), "{".to_owned());
    let context = NamedContext {
        name: "x",
        value: "input:x",
    };
    assert!(context.config_of_input(&request, "x").is_err());
    // Without a definition there is nothing to start from.
    assert!(context.input(&request, "x").is_err());
}
