//! Asks the registries for the base images of a build: all at once, and each once.

use std::collections::BTreeMap;

use buildkit_llb::{Platform, normalise_reference};
use diagnostic::{Diagnostic, Location, rule};
use werf_config::{Base, ImportFrom};
use werf_plan::file::{ImagePlan, Plan};
use werf_plan::target::Target;

use crate::lower::{BaseFiles, BaseImage, Bases, Settings};

use super::bridge::{Bridge, CallError, ResolvedImage};
use super::failure::Failure;
use super::named_context::{ContextKind, NamedContext};
use super::report;
use super::request::Request;

/// What makes BuildKit ask the registry though there is a local image.
const PULL: &str = "pull";

/// One question to a registry.
struct Lookup<'a> {
    /// As it is written where it is asked for first.
    reference: &'a str,
    at: &'a Location,
    resolve_mode: String,
}

/// Finds the registries' images that `images` start or import from: in the registries, or where named contexts of the client
/// lead that stand for them. What stands for the images `given` of the file is among them, under their names.
pub(super) async fn resolve(
    bridge: &Bridge,
    images: &[&ImagePlan],
    given: &[Target<'_>],
    request: &Request,
    settings: &Settings,
) -> Result<Bases, Failure> {
    let mut bases = Bases::new();
    let mut asked = Vec::new();
    let mut lookups = lookups(images, &request.resolve_mode);
    for image in given {
        lookups
            .entry(normalise_reference(image.name().as_str()))
            .or_insert_with(|| Lookup {
                reference: image.name().as_str(),
                at: image.at(),
                resolve_mode: request.resolve_mode.clone(),
            });
    }
    for (normalised, lookup) in lookups {
        let platform = &settings.platform;
        let context = NamedContext::of_image(request, &normalised, platform);
        let reference = match context {
            None => normalised.clone(),
            Some(context) => match context
                .kind()
                .map_err(|error| error.at(lookup.at.clone()))?
            {
                ContextKind::Image(reference) => reference,
                kind => {
                    let base = context
                        .as_base(&mut bridge.clone(), request, &kind, platform)
                        .await
                        .map_err(|failure| explain(failure, &lookup, Some(context)))?;
                    bases.insert(normalised, base);
                    continue;
                }
            },
        };
        let mut bridge = bridge.clone();
        let platform = platform.to_proto();
        let log_name = format!(
            "{} load metadata for {reference}",
            settings.bracketed("internal")
        );
        let mode = lookup.resolve_mode.clone();
        let answer = tokio::spawn(async move {
            let answer = bridge
                .resolve_image(&reference, &platform, &mode, &log_name)
                .await;
            (reference, answer)
        });
        asked.push((normalised, lookup, context, answer));
    }
    for (normalised, lookup, context, answer) in asked {
        let (found, answer) = match answer.await {
            Ok(answer) => answer,
            // It was neither cancelled nor is there a reason for it to panic.
            Err(error) => (
                normalised.clone(),
                Err(CallError::Transport(error.to_string())),
            ),
        };
        let answer = answer.map_err(|error| explain(error.into(), &lookup, context));
        let ResolvedImage { digest, config } = answer?;
        let reference = if digest.is_empty() || found.contains('@') {
            found
        } else {
            format!("{found}@{digest}")
        };
        let files = BaseFiles::Image {
            reference,
            resolve_mode: lookup.resolve_mode,
        };
        bases.insert(normalised, BaseImage { files, config });
    }
    Ok(bases)
}

/// Whether the named context `context` stands for an image of a registry that one of `images` starts or imports from.
pub(super) fn uses_context(context: NamedContext<'_>, images: &[&ImagePlan]) -> bool {
    lookups(images, "").contains_key(&normalise_reference(context.base_name()))
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

/// Puts the line of the image before what was said of it, and the named context that stands for it.
fn explain(failure: Failure, lookup: &Lookup<'_>, context: Option<NamedContext<'_>>) -> Failure {
    let (reference, at) = (lookup.reference, lookup.at);
    let instead = context.map_or_else(String::new, |context| {
        format!(", for which there is `{}`", context.option())
    });
    match failure {
        Failure::Status(mut status) => {
            status.message = format!(
                "{}:{}: base image `{reference}`{instead}: {}",
                at.file, at.start.line, status.message
            );
            status.code = report::CODE_UNKNOWN;
            Failure::StatusAt(status, at.clone())
        }
        Failure::Mistakes(mistakes) => Failure::Mistakes(
            mistakes
                .into_iter()
                .map(|mistake| mistake.at(at.clone()))
                .collect(),
        ),
        other => other,
    }
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
            files: BaseFiles::Empty,
            config: b"x".to_vec(),
        };
        let bases = Bases::from([(normalised.clone(), base)]);
        assert!(of(&plan, images[2], &bases).is_some_and(|base| base.config == b"x"));
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
                files: BaseFiles::Empty,
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
