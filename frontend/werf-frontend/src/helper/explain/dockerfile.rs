//! What is different in an image that is built from a Dockerfile.
//!
//! Which of its instructions run again is BuildKit's to decide, when it knows what each takes.

use werf_config::ImageSpec;
use werf_plan::dockerfile::DockerfilePlan;

use super::files::{changes, of_context};
use super::stage::lines;
use super::{Comparison, Done, Reason, StageExplanation, Verdict};
use werf_plan::differing::differing;

/// Stands for all of its instructions.
const NAME: &str = "dockerfile";

/// Returns what is said of the instructions.
pub(super) fn stage(verdict: Verdict, reasons: Vec<Reason>) -> StageExplanation {
    StageExplanation {
        stage: NAME.to_owned(),
        layer: None,
        has_step: true,
        verdict,
        digest_before: None,
        digest: None,
        reasons,
        perhaps_git_cache: false,
    }
}

impl Comparison<'_> {
    pub(super) fn dockerfile(self, image: &DockerfilePlan, done: &Done) -> StageExplanation {
        let mut before = self.from.plan.dockerfiles.iter();
        let Some(was) = before.find(|it| it.name == image.name) else {
            return stage(Verdict::Reruns, vec![Reason::New]);
        };
        let mut reasons = Vec::new();
        let (old, new) = (&was.dockerfile.text, &image.dockerfile.text);
        let lines = lines(old, new, (self.from, self.to));
        if !lines.is_empty() {
            reasons.push(Reason::Text {
                field: NAME.to_owned(),
                at: None,
                lines,
            });
        }
        let (old, new) = (written(was), written(image));
        for (name, before, after) in differing(&old, &new) {
            let hidden = (&self.from.behind.hidden, &self.to.behind.hidden);
            let field = name.to_owned();
            let before = before.iter().map(|it| hidden.0.text(it).into_owned());
            let after = after.iter().map(|it| hidden.1.text(it).into_owned());
            reasons.push(Reason::Field {
                field,
                before: before.collect(),
                after: after.collect(),
            });
        }
        let contexts = (
            &self.from.behind.inventory.contexts,
            &self.to.behind.inventory.contexts,
        );
        let files = changes(
            &of_context(contexts.0.get(&image.name)),
            &of_context(contexts.1.get(&image.name)),
        );
        if !files.is_empty() {
            reasons.push(Reason::Files {
                field: "context".to_owned(),
                mapping: "context".to_owned(),
                mask: None,
                mask_is: None,
                files,
            });
        }
        for name in image.images.values() {
            let explained = done.get(name);
            if explained.is_some_and(|it| it.verdict() != Verdict::Stays) {
                reasons.push(Reason::Image {
                    image: name.clone(),
                    path: None,
                });
            }
        }
        let verdict = if reasons.is_empty() {
            Verdict::Stays
        } else {
            Verdict::Perhaps
        };
        stage(verdict, reasons)
    }
}

/// Returns what is written of an image besides its Dockerfile and its context.
fn written(image: &DockerfilePlan) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for (name, value) in [
        ("dockerfile", &image.dockerfile.path),
        ("target", &image.target),
        ("cacheVersion", &image.cache_version),
        ("cacheScope", &image.cache_scope),
    ] {
        if !value.is_empty() {
            all.push((name, value.clone()));
        }
    }
    let args = image.args.iter();
    all.extend(args.map(|(name, value)| ("args", format!("{name}={value}"))));
    let images = image.images.values();
    all.extend(images.map(|name| ("image", name.to_string())));
    let hosts = image.extra_hosts.iter();
    all.extend(hosts.map(|(name, address)| ("addHost", format!("{name}:{address}"))));
    let platforms = image.platforms.iter();
    all.extend(platforms.map(|it| ("platform", it.value.clone())));
    let network = image.network.iter();
    all.extend(network.map(|it| ("network", format!("{it:?}").to_lowercase())));
    let files = image.added_files.iter();
    all.extend(files.map(|file| ("contextAddFiles", file.from.clone())));
    let spec = image.image_spec.iter().flat_map(ImageSpec::digest_fields);
    all.extend(spec.map(|(name, value)| {
        let value = String::from_utf8_lossy(&value).into_owned();
        ("imageSpec", format!("{name} {value}"))
    }));
    all
}
