//! Building an image up to one of its stages, so that a person can look around in it: `--build-arg WERF_UNTIL=STAGE`, or
//! `before:STAGE` for what that stage starts from.
//!
//! What is built is an image of its own: the stages up to there, which are those of the whole image with the same digests, and on top
//! the files of the commit as the next stage would see them. Its configuration is that of the base: no `docker`, no `imageSpec`.

use diagnostic::{Diagnostic, closest};
use werf_config::ImageName;

use super::file::Plan;
use super::stage::StageKind;
use super::target::Target;

/// The build argument.
pub const ARGUMENT: &str = "WERF_UNTIL";

/// What stands before the name of a stage that is not to be built.
const BEFORE: &str = "before:";

/// Where to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// The image that is to be looked at.
    pub image: ImageName,
    /// The stage.
    stage: StageKind,
    /// Whether that is built.
    is_built: bool,
}

impl Until {
    /// Reads the build argument for the image that `target` names, or for the only final one of `plan`, which is that of the
    /// whole image. `None` where there is no such image, which whoever chooses it says.
    ///
    /// # Errors
    /// A stage that the image has not, and an image from a Dockerfile.
    pub fn read(
        text: &str,
        plan: &Plan,
        target: Option<&str>,
    ) -> Result<Option<Until>, Diagnostic> {
        let Ok(target) = plan.choose(target) else {
            return Ok(None);
        };
        let Target::Image(image) = target else {
            let message = format!(
                "`{ARGUMENT}` is for images that are built by stages of `werf.yaml`, and `{}` is built from a Dockerfile",
                target.name()
            );
            let hint = "name a stage of the Dockerfile in `target` of the image";
            return Err(Diagnostic::error(message)
                .at(target.at().clone())
                .hint(hint));
        };
        let (name, is_built) = match text.strip_prefix(BEFORE) {
            Some(name) => (name, false),
            None => (text, true),
        };
        let mut kinds: Vec<StageKind> = image.stages.iter().map(|stage| stage.kind).collect();
        kinds.retain(|kind| *kind < StageKind::GitCache);
        kinds.dedup();
        if let Some(stage) = kinds.iter().copied().find(|kind| kind.name() == name)
            && (is_built || stage != StageKind::From)
        {
            return Ok(Some(Until {
                image: image.name.clone(),
                stage,
                is_built,
            }));
        }
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let message = format!(
            "`{ARGUMENT}={text}`: image `{}` has nothing to stop at there",
            image.name
        );
        let hint = match closest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "its stages are `{}`; `{BEFORE}STAGE` stops before one",
                names.join("`, `")
            ),
        };
        Err(Diagnostic::error(message).at(image.at.clone()).hint(hint))
    }

    /// Whether image `name` has stage `kind` nevertheless.
    pub(super) fn keeps(&self, name: &ImageName, kind: StageKind) -> bool {
        if *name != self.image {
            return true;
        }
        match kind {
            StageKind::GitLatestPatch => {
                let last = StageKind::GitArchive;
                self.stage > last || (self.stage == last && self.is_built)
            }
            StageKind::GitCache | StageKind::DockerInstructions | StageKind::ImageSpec => false,
            _ => kind < self.stage || (kind == self.stage && self.is_built),
        }
    }

    /// Whether it is about image `name`.
    pub(super) fn is_of(&self, name: &ImageName) -> bool {
        *name == self.image
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diagnostic::SourceText;
    use werf_config::Config;

    use super::*;
    use crate::{ImageSources, plan, plan_until};

    const FILE: &str = "project: p\nconfigVersion: 1\n---\nimage: base\nfrom: alpine:3\nshell: {install: x}\n---\nimage: app\nfrom: base\ngit: [{add: /, to: /app}]\nimport: [{image: base, add: /a, after: install}]\nshell:\n  cacheVersion: 1\n  beforeInstall: a\n  install: b\n  setup: c\nimageSpec: {config: {user: me}}\n---\nimage: other\nfrom: app\nfinal: false\n---\nimage: docker\nfinal: false\ndockerfile: Dockerfile\n";

    fn config() -> Config {
        let text = SourceText::new("werf.yaml", FILE).expect("text");
        werf_config::load(&text).expect("a configuration").config
    }

    fn sources() -> BTreeMap<ImageName, ImageSources> {
        let manifest = ImageSources {
            manifest: "0".repeat(64),
            ..ImageSources::default()
        };
        [(ImageName::new("app"), manifest)].into()
    }

    fn whole() -> Plan {
        plan(&config(), "c", &sources())
    }

    fn stages<'a>(plan: &'a Plan, name: &str) -> Vec<(&'a str, String)> {
        let image = plan.image(&ImageName::new(name)).expect("the image");
        let stages = image.stages.iter();
        stages
            .map(|stage| (stage.kind.name(), stage.digest.hex()))
            .collect()
    }

    #[test]
    fn an_image_stops_before_or_after_a_stage_and_has_the_files() {
        let whole = whole();
        for (written, last) in [
            ("setup", "setup"),
            ("before:setup", "beforeSetup"),
            ("importsAfterInstall", "importsAfterInstall"),
            ("before:beforeSetup", "importsAfterInstall"),
            ("gitArchive", "gitArchive"),
            ("before:gitArchive", "beforeInstall"),
            ("beforeInstall", "beforeInstall"),
            ("before:beforeInstall", "from"),
            ("from", "from"),
        ] {
            let until = Until::read(written, &whole, Some("app")).expect(written);
            let cut = plan_until(&config(), "c", &sources(), until.as_ref());
            let mut names: Vec<&str> = stages(&cut, "app").iter().map(|it| it.0).collect();
            let has_files = ![
                "before:gitArchive",
                "beforeInstall",
                "before:beforeInstall",
                "from",
            ]
            .contains(&written);
            if has_files {
                assert_eq!(names.pop(), Some("gitLatestPatch"), "{written}");
            }
            assert_eq!(names.last(), Some(&last), "{written}");
            // What is built is what the whole image has, up to there.
            let count = names.len();
            assert_eq!(stages(&cut, "app")[..count], stages(&whole, "app")[..count]);
            assert_eq!(stages(&cut, "base"), stages(&whole, "base"));
            let image = cut.image(&ImageName::new("app")).expect("the image");
            assert!(image.image_spec.is_none() && image.docker.is_none());
        }
    }

    #[test]
    fn a_stage_that_is_not_there_is_refused() {
        let said = |written: &str, target: &str| {
            let mut whole = whole();
            whole.dockerfiles = vec![crate::dockerfile::DockerfilePlan::new(
                ImageName::new("docker"),
                whole.images[0].at.clone(),
                crate::dockerfile::Dockerfile {
                    path: "Dockerfile".to_owned(),
                    text: String::new(),
                },
                crate::dockerfile::Context::new("0".repeat(64)),
            )];
            match Until::read(written, &whole, Some(target)) {
                Ok(until) => format!("{until:?}"),
                Err(mistake) => mistake.one_line(),
            }
        };
        insta::assert_snapshot!(
            "refused",
            [
                said("setpu", "app"),
                said("zebra", "base"),
                said("before:from", "app"),
                said("gitLatestPatch", "app"),
                said("setup", "docker"),
                said("setup", "nobody"),
            ]
            .join("\n")
        );
    }
}
