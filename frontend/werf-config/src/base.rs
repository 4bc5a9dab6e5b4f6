//! `from`, `fromImage`, `fromArtifact` and `fromLatest`: what an image starts from.

use diagnostic::{Diagnostic, Location, Report, Span, Spanned, closest, rule};
use serde::{Deserialize, Serialize};

use super::fields::{Fields, Required};
use super::heading::Heading;
use super::image::Names;
use super::image_name::ImageName;
use super::reference;

/// What an image starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Base {
    /// An empty file system.
    Scratch,
    /// An image of a registry, by its reference as written.
    Image {
        /// The reference text.
        reference: String,
        /// Whether the registry is asked even if there is a local image of this name (`fromLatest`).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        latest: bool,
        /// Where it was written.
        at: Location,
    },
    /// What another image of the configuration has become.
    Sibling {
        /// Its name.
        image: ImageName,
        /// Where it was written.
        at: Location,
    },
}

/// The name under which nothing is meant.
const SCRATCH: &str = "scratch";

/// The directives of one section that say what its images start from.
pub(crate) struct Bases<'n> {
    names: &'n Names,
    from: Required<String>,
    from_image: Required<String>,
    from_artifact: Required<String>,
    /// Whether there are keys that only images from Dockerfiles have.
    is_meant_for_dockerfile: bool,
    /// Where `fromLatest: true` is written.
    pub latest: Option<Span>,
}

impl<'n> Bases<'n> {
    /// Reads the directives; `names` are those of all images of the file.
    pub fn read(fields: &Fields<'_>, names: &'n Names) -> Bases<'n> {
        Bases {
            names,
            from: fields.required_text("from"),
            from_image: fields.required_text("fromImage"),
            from_artifact: fields.required_text("fromArtifact"),
            is_meant_for_dockerfile: [
                "context",
                "contextAddFiles",
                "contextAddFile",
                "args",
                "target",
            ]
            .iter()
            .any(|key| fields.given(key).is_some()),
            latest: fields.on("fromLatest"),
        }
    }

    /// Checks what does not depend on the name of the image.
    pub fn check(&self, heading: &Heading, report: &mut Report<'_>) {
        let called = report.called().to_owned();
        let has_none = self.from.is_missing()
            && self.from_image.is_missing()
            && self.from_artifact.is_missing();
        // Keys of an image from a Dockerfile are unknown here, which says more.
        if has_none && !self.is_meant_for_dockerfile {
            report
                .error(heading.at, format!("{called} has no base"))
                .hint("add `from: IMAGE`, or `from: scratch`");
        }
        for (key, base) in [("from", &self.from), ("fromImage", &self.from_image)] {
            if let (Some(from), Some(artifact)) = (base.given(), self.from_artifact.given()) {
                let message = format!("{called} has both `{key}` and `fromArtifact`");
                report
                    .error(artifact.span.max(from.span), message)
                    .hint("keep one of the two");
            }
        }
        for (key, base) in [
            ("fromImage", &self.from_image),
            ("fromArtifact", &self.from_artifact),
        ] {
            if let Some(base) = base.given() {
                let message = format!("`{key}` of {called} is deprecated");
                report
                    .warning(&rule::DEPRECATED, base.span, message)
                    .hint(format!("write `from: {}`", base.value));
            }
        }
        if let (Some(from), Some(image)) = (self.from.given(), self.from_image.given())
            && from.value != image.value
        {
            let message = format!(
                "`from: {}` has no effect, because `fromImage` wins",
                from.value
            );
            report
                .warning(&rule::FROM_OVERRIDDEN, from.span, message)
                .hint("keep one of the two");
        }
    }

    /// Returns the base of the image `name`.
    pub fn of(&self, name: &str, report: &mut Report<'_>) -> Base {
        if let Some(artifact) = self.from_artifact.given() {
            return self.artifact(name, artifact, report);
        }
        if let Some(image) = self.from_image.given() {
            if image.value == name {
                itself(name, image.span, report);
                return Base::Scratch;
            }
            return self.lookup(image, true, report);
        }
        match &self.from {
            // werf rewrites an image that is based on its own name, so `image: alpine` and `from: alpine` work.
            Required::Given(from) if from.value == name => {
                let latest = Spanned::new(format!("{name}:latest"), from.span);
                self.lookup(&latest, false, report)
            }
            Required::Given(from) => self.lookup(from, false, report),
            // The mistake is known already.
            Required::Missing | Required::Wrong => Base::Scratch,
        }
    }

    fn artifact(&self, name: &str, artifact: &Spanned<String>, report: &mut Report<'_>) -> Base {
        if artifact.value == name {
            itself(name, artifact.span, report);
            return Base::Scratch;
        }
        let at = report.location(artifact.span);
        if !self.names.contains_key(&artifact.value) {
            report.push(unknown_image(&artifact.value, self.names).at(at));
            return Base::Scratch;
        }
        Base::Sibling {
            image: ImageName::new(&artifact.value),
            at,
        }
    }

    /// An image of the file, else one of a registry. `is_meant` says that the directive was made for images of the file.
    fn lookup(&self, base: &Spanned<String>, is_meant: bool, report: &mut Report<'_>) -> Base {
        let at = report.location(base.span);
        if self.names.contains_key(&base.value) {
            return Base::Sibling {
                image: ImageName::new(&base.value),
                at,
            };
        }
        if base.value == SCRATCH {
            return Base::Scratch;
        }
        if let Err(bad) = reference::check(&base.value) {
            let diagnostic = Diagnostic::error(format!(
                "`{}` is not an image reference: {}",
                base.value, bad.problem
            ))
            .at(at.clone());
            report.push(match bad.hint {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            });
        } else {
            self.warn_of_slips(base, is_meant, report);
        }
        Base::Image {
            reference: base.value.clone(),
            latest: self.latest.is_some(),
            at,
        }
    }

    /// A mistyped name of an image of the file is a reference to an image of a registry.
    fn warn_of_slips(&self, base: &Spanned<String>, is_meant: bool, report: &mut Report<'_>) {
        // Of a name of three letters, every other one is a slip.
        let is_bare = base.value.len() > 3 && !base.value.contains([':', '@', '/']);
        let near = near(&base.value, self.names).filter(|_| is_bare);
        if near.is_none() && !is_meant {
            return;
        }
        let message = format!(
            "`{}` is no image of this file, so it is taken from a registry",
            base.value
        );
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("if that is meant, write `from: {}`", base.value),
        };
        report
            .warning(&rule::BASE_FROM_REGISTRY, base.span, message)
            .hint(hint);
    }
}

fn itself(name: &str, at: Span, report: &mut Report<'_>) {
    let message = format!("image `{}` is based on itself", ImageName::new(name));
    report.error(at, message).hint("name another image");
}

/// Returns the mistake of naming an image that the file does not have.
pub(crate) fn unknown_image(name: &str, names: &Names) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("there is no image `{name}` in this file"));
    match near(name, names) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint("add a section with this name, or name another image"),
    }
}

/// Where a file has more images than this, nobody looks for slips: every pair of names is compared.
const MOST_COMPARED: usize = 200;

/// Returns the name of an image that is like `name`.
fn near<'a>(name: &str, names: &'a Names) -> Option<&'a str> {
    if names.len() > MOST_COMPARED {
        return None;
    }
    let mut known: Vec<&str> = names.keys().map(String::as_str).collect();
    known.sort_unstable();
    closest(name, known).filter(|near| !near.is_empty())
}
