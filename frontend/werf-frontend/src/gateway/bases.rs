//! Asks the registries for the base images of a build: all at once, and each once.

use std::collections::BTreeMap;

use buildkit_llb::{Platform, normalise_reference};
use diagnostic::{Diagnostic, Location, rule};
use werf_config::{Base, ImportFrom};
use werf_plan::file::{ImagePlan, Plan};

use crate::lower::{BaseImage, Bases, Settings};

use super::bridge::{Bridge, CallError, ResolvedImage};
use super::failure::Failure;
use super::report;
use super::request::Request;

/// What makes BuildKit ask the registry though there is a local image.
const PULL: &str = "pull";

/// What a named context begins with that is an image.
const IMAGE_CONTEXT: &str = "docker-image://";
/// What is between the name of a context and the platform that it is for.
const PLATFORM_MARK: &str = "::";

/// One question to a registry.
struct Lookup<'a> {
    /// As it is written where it is asked for first.
    reference: &'a str,
    at: &'a Location,
    resolve_mode: String,
}

/// Resolves the registries' images that `images` start or import from.
pub(super) async fn resolve(
    bridge: &Bridge,
    images: &[&ImagePlan],
    request: &Request,
    settings: &Settings,
) -> Result<Bases, Failure> {
    let lookups = lookups(images, &request.resolve_mode);
    let asked: Vec<_> = lookups
        .iter()
        .map(|(normalised, lookup)| {
            let mut bridge = bridge.clone();
            let normalised = of_context(request, normalised, &settings.platform)
                .unwrap_or_else(|| normalised.clone());
            let platform = settings.platform.to_proto();
            let internal = settings.bracketed("internal");
            let mode = lookup.resolve_mode.clone();
            tokio::spawn(async move {
                let log_name = format!("{internal} load metadata for {normalised}");
                let answer = bridge
                    .resolve_image(&normalised, &platform, &mode, &log_name)
                    .await;
                (normalised, answer)
            })
        })
        .collect();
    let mut bases = Bases::new();
    for ((normalised, lookup), answer) in lookups.into_iter().zip(asked) {
        let (found, answer) = match answer.await {
            Ok(answer) => answer,
            // It was neither cancelled nor is there a reason for it to panic.
            Err(error) => (
                normalised.clone(),
                Err(CallError::Transport(error.to_string())),
            ),
        };
        let is_replaced = found != normalised;
        let answer = answer.map_err(|error| {
            let instead = is_replaced.then_some(found.as_str());
            explain(error, &lookup, instead)
        });
        let ResolvedImage { digest, config } = answer?;
        let reference = if digest.is_empty() || found.contains('@') {
            found
        } else {
            format!("{found}@{digest}")
        };
        let base = BaseImage {
            reference,
            resolve_mode: lookup.resolve_mode,
            config,
        };
        bases.insert(normalised, base);
    }
    Ok(bases)
}

/// Returns the image that the client gives in place of `normalised` (`--build-context alpine=docker-image://…`), by its
/// normalised reference: that for the platform, else that for all (`frontend/dockerui/namedcontext.go`).
fn of_context(request: &Request, normalised: &str, platform: &Platform) -> Option<String> {
    let given = request.contexts.iter().filter_map(|(name, value)| {
        let image = value.strip_prefix(IMAGE_CONTEXT)?;
        let (name, of) = match name.split_once(PLATFORM_MARK) {
            Some((name, of)) => (name, Some(Platform::parse(of)?)),
            None => (name.as_str(), None),
        };
        let fits = of.as_ref().is_none_or(|of| of == platform);
        (fits && normalise_reference(name) == normalised).then_some((of.is_some(), image))
    });
    let (_, image) = given.max_by_key(|(is_for_platform, _)| *is_for_platform)?;
    Some(normalise_reference(image))
}

/// Whether the named context `name` stands for an image of a registry that one of `images` starts or imports from.
pub(super) fn uses_context(request: &Request, name: &str, images: &[&ImagePlan]) -> bool {
    let is_image = |value: &String| value.starts_with(IMAGE_CONTEXT);
    let base = name.split(PLATFORM_MARK).next().unwrap_or(name);
    request.contexts.get(name).is_some_and(is_image)
        && lookups(images, "").contains_key(&normalise_reference(base))
}

/// Returns a warning for each of the registries' images that is for another platform than the build, as BuildKit's Dockerfile
/// frontend gives it: where there is but one platform in a registry, it is what BuildKit takes for any.
pub(super) fn of_another_platform(
    images: &[&ImagePlan],
    bases: &Bases,
    platform: &Platform,
) -> Vec<Diagnostic> {
    #[derive(serde::Deserialize)]
    struct Config {
        #[serde(default)]
        os: String,
        #[serde(default)]
        architecture: String,
    }
    let mut warnings = Vec::new();
    for (normalised, lookup) in lookups(images, "") {
        let Some(config) = bases
            .get(&normalised)
            .and_then(|base| serde_json::from_slice::<Config>(&base.config).ok())
        else {
            continue;
        };
        let differs = |of_image: &str, of_build: &str| !of_image.is_empty() && of_image != of_build;
        if differs(&config.os, &platform.os)
            || differs(&config.architecture, &platform.architecture)
        {
            let message = format!(
                "image `{}` is for `{}/{}`, and the build for `{platform}`",
                lookup.reference, config.os, config.architecture
            );
            warnings.push(
                Diagnostic::warning(&rule::INVALID_BASE_IMAGE_PLATFORM, message)
                    .at(lookup.at.clone())
                    .hint("name an image that has the platform, or build for another one by `--platform`"),
            );
        }
    }
    warnings
}

/// Returns what is to be asked for, by normalised references. If one image wants the latest, all others that start from
/// the same one get it, too.
fn lookups<'a>(images: &[&'a ImagePlan], resolve_mode: &str) -> BTreeMap<String, Lookup<'a>> {
    let mut all: BTreeMap<String, Lookup<'a>> = BTreeMap::new();
    for image in images {
        let mut want = |reference: &'a str, at: &'a Location, latest: bool| {
            let lookup = all
                .entry(normalise_reference(reference))
                .or_insert_with(|| Lookup {
                    reference,
                    at,
                    resolve_mode: resolve_mode.to_owned(),
                });
            if latest {
                lookup.resolve_mode = PULL.to_owned();
            }
        };
        if let Base::Image {
            reference,
            latest,
            at,
        } = &image.base
        {
            want(reference, at, *latest);
        }
        for import in image.stages.iter().flat_map(|stage| &stage.imports) {
            if let ImportFrom::Image { reference } = &import.from {
                want(reference, &import.at, false);
            }
        }
    }
    all
}

fn explain(error: CallError, lookup: &Lookup<'_>, instead: Option<&str>) -> Failure {
    let CallError::Status(mut status) = error else {
        return error.into();
    };
    let (reference, at) = (lookup.reference, lookup.at);
    let instead = instead.map_or_else(String::new, |image| {
        format!(", for which `--build-context` gives `{image}`")
    });
    status.message = format!(
        "{}:{}: base image `{reference}`{instead}: {}",
        at.file, at.start.line, status.message
    );
    status.code = report::CODE_UNKNOWN;
    Failure::StatusAt(status, at.clone())
}

/// Returns the registry's image at the bottom of `image`.
pub(super) fn of<'a>(plan: &Plan, image: &ImagePlan, bases: &'a Bases) -> Option<&'a BaseImage> {
    let mut base = &image.base;
    // Images that are based on each other are no plan, but nothing may go round for ever.
    for _ in 0..=plan.images.len() {
        match base {
            Base::Scratch => return None,
            Base::Image { reference, .. } => return bases.get(&normalise_reference(reference)),
            Base::Sibling { image, .. } => base = &plan.image(image)?.base,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use diagnostic::SourceText;
    use werf_config::load;

    use super::*;

    #[test]
    fn a_named_context_stands_for_the_image_of_its_name() {
        let given = [
            ("context:alpine", "docker-image://mirror/alpine:3"),
            ("context:alpine::linux/arm64", "docker-image://arm/alpine"),
            ("context:busybox:1", "docker-image://busybox@sha256:0"),
            ("context:debian", "local:debian"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let request = Request::from_options(given.into()).expect("options");
        for (written, platform, expected) in [
            ("alpine", "linux/amd64", Some("docker.io/mirror/alpine:3")),
            (
                "docker.io/library/alpine:latest",
                "linux/amd64",
                Some("docker.io/mirror/alpine:3"),
            ),
            ("alpine", "linux/arm64", Some("docker.io/arm/alpine:latest")),
            ("alpine:3", "linux/amd64", None),
            (
                "busybox:1",
                "linux/amd64",
                Some("docker.io/library/busybox@sha256:0"),
            ),
            ("debian", "linux/amd64", None),
        ] {
            let platform = Platform::parse(platform).expect("a platform");
            let image = of_context(&request, &normalise_reference(written), &platform);
            assert_eq!(image.as_deref(), expected, "{written} {platform}");
        }
    }

    #[test]
    fn each_reference_is_asked_for_once_and_the_latest_wins() {
        let text = "project: p\nconfigVersion: 1\n---\nimage: a\nfrom: alpine\n---\nimage: b\nfrom: docker.io/library/alpine:latest\nfromLatest: true\n---\nimage: c\nfrom: b\n";
        let config_text = SourceText::new("werf.yaml", text).expect("text");
        let config = load(&config_text).expect("right").config;
        let plan = werf_plan::plan(&config, "c", &BTreeMap::new());
        let images: Vec<&ImagePlan> = plan.images.iter().collect();
        let all = lookups(&images, "default");
        assert_eq!(all.len(), 1);
        let (normalised, lookup) = all.first_key_value().expect("one");
        assert_eq!(normalised, "docker.io/library/alpine:latest");
        assert_eq!((lookup.reference, &*lookup.resolve_mode), ("alpine", PULL));
        let base = BaseImage {
            reference: "x".into(),
            resolve_mode: PULL.into(),
            config: Vec::new(),
        };
        let bases = Bases::from([(normalised.clone(), base)]);
        assert!(of(&plan, images[2], &bases).is_some_and(|base| base.reference == "x"));
    }

    #[test]
    fn a_base_of_another_platform_is_warned_of_where_it_is_written() {
        let text = "project: p\nconfigVersion: 1\n---\nimage: a\nfrom: alpine\nimport: [{from: \"busybox:latest\", add: /x, to: /x, after: setup}]\n";
        let config_text = SourceText::new("werf.yaml", text).expect("text");
        let config = load(&config_text).expect("right").config;
        let plan = werf_plan::plan(&config, "a", &BTreeMap::new());
        let images: Vec<&ImagePlan> = plan.images.iter().collect();
        let base = |name: &str, config: &str| {
            let base = BaseImage {
                reference: name.to_owned(),
                resolve_mode: "default".into(),
                config: config.into(),
            };
            (format!("docker.io/library/{name}:latest"), base)
        };
        let bases = Bases::from([
            base("alpine", r#"{"os": "linux", "architecture": "amd64"}"#),
            base(
                "busybox",
                r#"{"os": "linux", "architecture": "arm64", "variant": "v8"}"#,
            ),
        ]);
        let warnings = |platform: &str| {
            let platform = Platform::parse(platform).expect("a platform");
            let warnings = of_another_platform(&images, &bases, &platform);
            let shown = warnings.iter().map(|it| diagnostic::render(it, Some(text)));
            shown.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(warnings("linux/arm64"));
        assert_eq!(
            warnings("linux/amd64")
                .matches("busybox:latest` is for")
                .count(),
            1
        );
        let nothing = Bases::from([base("alpine", "{}"), base("busybox", "{}")]);
        let platform = Platform::parse("linux/s390x").expect("a platform");
        assert!(of_another_platform(&images, &nothing, &platform).is_empty());
    }
}
