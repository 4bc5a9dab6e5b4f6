//! `dependencies`: what an image is told of other images of the file (spec 1.13 and 7.6).
//!
//! In werf a variable or a build argument gets the name, tag or digest under which the other image is stored. A build by
//! BuildKit does not know where its result goes: the client gives the name (`--tag`) to the daemon alone, and the digest
//! exists when everything is built. So such a value is a build argument of the client ([`Config::give_values`]), with the
//! name of the variable. Only the name of an image in a Dockerfile needs none: there it is a named context, which BuildKit
//! resolves to what the image of the file is in the same build.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diagnostic::{Diagnostic, Location, Report, Span, Spanned, closest, rule};
use serde::{Deserialize, Serialize};

use super::Config;
use super::base::unknown_image;
use super::digest::DigestFields;
use super::fields::Fields;
use super::image::Names;
use super::image_name::ImageName;
use super::import::Placement;
use super::order::Need;
use super::reference;
use super::schema::Section;
use super::schema::Shape::{List, Text};

/// The keys of an entry of `dependencies`.
pub static KEYS: Section = Section {
    keys: &[
        ("image", Text),
        ("before", Text),
        ("after", Text),
        ("imports", List(&IMPORT)),
    ],
};

static IMPORT: Section = Section {
    keys: &[
        ("type", Text),
        ("targetEnv", Text),
        ("targetBuildArg", Text),
    ],
};

/// What an image is told of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The other image.
    pub image: ImageName,
    /// What it is told; nothing is possible, as in werf.
    pub imports: Vec<DependencyImport>,
    /// Where the other image is named.
    pub at: Location,
}

/// One thing that an image is told of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyImport {
    /// What.
    pub fact: ImageFact,
    /// The variable (`targetEnv`) or build argument (`targetBuildArg`) that gets it.
    pub target: String,
    /// What the client has given for it.
    pub value: Option<String>,
    /// Where the variable or argument is named.
    pub at: Location,
}

/// What can be asked about an image (`type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ImageFact {
    /// The name with the tag, under which it is stored.
    ImageName,
    /// The tag.
    ImageTag,
    /// The name without the tag.
    ImageRepo,
    /// The digest of its configuration.
    ImageID,
    /// The digest of its manifest.
    ImageDigest,
}

impl ImageFact {
    /// All of them, in the order of messages.
    pub const ALL: [ImageFact; 5] = [
        ImageFact::ImageName,
        ImageFact::ImageTag,
        ImageFact::ImageRepo,
        ImageFact::ImageID,
        ImageFact::ImageDigest,
    ];

    /// Returns the name as it is written.
    pub fn name(self) -> &'static str {
        match self {
            ImageFact::ImageName => "ImageName",
            ImageFact::ImageTag => "ImageTag",
            ImageFact::ImageRepo => "ImageRepo",
            ImageFact::ImageID => "ImageID",
            ImageFact::ImageDigest => "ImageDigest",
        }
    }

    /// Returns what a value of this kind looks like, if `value` does not look so.
    fn expected_instead_of(self, value: &str) -> Option<&'static str> {
        let (is_right, form) = match self {
            ImageFact::ImageName => (reference::check(value).is_ok(), "`REPO:TAG`"),
            ImageFact::ImageTag => (reference::is_tag(value), "a tag alone, such as `1.0`"),
            ImageFact::ImageRepo => (
                reference::check(&format!("{value}:0")).is_ok(),
                "a name without a tag, such as `registry.example.com/shop/app`",
            ),
            ImageFact::ImageID | ImageFact::ImageDigest => (
                reference::is_digest(value),
                "`sha256:` and 64 hexadecimal digits",
            ),
        };
        (!is_right).then_some(form)
    }
}

/// What takes dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taker {
    /// An image built by stages: a variable, from a stage on.
    Stages,
    /// An image from a Dockerfile: a build argument.
    Dockerfile,
}

impl Taker {
    /// Returns the key of what gets a value, and the one that is for the other kind.
    fn keys(self) -> (&'static str, &'static str) {
        match self {
            Taker::Stages => ("targetEnv", "targetBuildArg"),
            Taker::Dockerfile => ("targetBuildArg", "targetEnv"),
        }
    }
}

impl Dependency {
    /// Returns that the other image must be there first.
    pub(crate) fn need(&self) -> Need {
        Need {
            image: self.image.clone(),
            verb: "depends on",
            at: self.at.clone(),
        }
    }

    /// Returns what it adds to the digest of its stage: the variables and what they say, and not of which image. Without a
    /// value nothing is built, so that has a digest only for those who read plans.
    pub fn digest_fields(&self) -> DigestFields {
        let fields = DigestFields::new();
        self.imports.iter().fold(fields, |fields, import| {
            let fields = fields.field("dependency", &import.target);
            fields.optional("value", import.value.as_deref().unwrap_or_default())
        })
    }

    /// Returns what it adds to the description of an image from a Dockerfile ([`super::DockerfileImage::digest_fields`]).
    pub(crate) fn dockerfile_digest_fields(&self) -> DigestFields {
        let fields = DigestFields::new();
        self.imports.iter().fold(fields, |fields, import| {
            let fields = fields.field("dependency", &import.target);
            match &import.value {
                Some(value) => fields.field("value", value),
                None => fields.field("image", self.image.as_str()),
            }
        })
    }
}

impl Config {
    fn dependencies_mut(&mut self) -> impl Iterator<Item = &mut Dependency> {
        let of_images = self.images.iter_mut();
        let of_images = of_images.flat_map(|image| image.dependencies.values_mut().flatten());
        let of_dockerfiles = self.dockerfiles.iter_mut();
        of_images.chain(of_dockerfiles.flat_map(|image| &mut image.dependencies))
    }

    /// Takes from `given`, the build arguments of the client, what they say of other images, and returns the names that
    /// were looked for. An empty value is none.
    ///
    /// # Errors
    /// A mistake for each value that is not of the form of what is asked for. It is not shown.
    pub fn give_values(
        &mut self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeSet<String>, Vec<Diagnostic>> {
        let mut names = BTreeSet::new();
        let mut wrong = Vec::new();
        for dependency in self.dependencies_mut() {
            for import in &mut dependency.imports {
                names.insert(import.target.clone());
                let value = given.get(&import.target).filter(|value| !value.is_empty());
                let Some(value) = value else { continue };
                if let Some(form) = import.fact.expected_instead_of(value) {
                    let (target, kind) = (&import.target, import.fact.name());
                    let message =
                        format!("the build argument `{target}` is not the `{kind}` of an image");
                    let mistake = Diagnostic::error(message).at(import.at.clone());
                    let mistake = mistake.hint(format!("give {form}"));
                    // The images of a section with several names are told the same.
                    if !wrong.contains(&mistake) {
                        wrong.push(mistake);
                    }
                }
                import.value = Some(value.clone());
            }
        }
        if wrong.is_empty() {
            Ok(names)
        } else {
            Err(wrong)
        }
    }
}

/// Reads the entries of one image, and says what is wrong with each. `own` are the names of the image, `names` those of all
/// images. Only those of an image that is built by stages have a place.
pub(crate) fn read_all(
    entries: &[Fields<'_>],
    taker: Taker,
    own: &[Spanned<String>],
    names: &Names,
    report: &mut Report<'_>,
) -> Vec<(Option<Placement>, Dependency)> {
    let mut reader = Reader {
        taker,
        own,
        names,
        report,
        targets: HashSet::new(),
    };
    let entries = entries.iter();
    entries.filter_map(|entry| reader.entry(entry)).collect()
}

struct Reader<'r, 't> {
    taker: Taker,
    own: &'r [Spanned<String>],
    names: &'r Names,
    report: &'r mut Report<'t>,
    targets: HashSet<String>,
}

impl Reader<'_, '_> {
    fn wrong(&mut self, message: impl Into<String>, at: Span, hint: impl Into<String>) {
        self.report.error(at, message).hint(hint);
    }

    /// Everything is looked at before one is given up.
    fn entry(&mut self, entry: &Fields<'_>) -> Option<(Option<Placement>, Dependency)> {
        let image = self.image(entry);
        let placement = match self.taker {
            Taker::Stages => Some(self.placement(entry)),
            Taker::Dockerfile => {
                self.no_placement(entry);
                None
            }
        };
        let written = entry.entries("imports");
        if written.is_empty() {
            let message = format!(
                "a dependency of {} sets nothing, so it has no effect",
                self.report.called()
            );
            let (key, _) = self.taker.keys();
            self.report
                .warning(&rule::DEPENDENCY_SETS_NOTHING, entry.at(), message)
                .hint(format!("add `imports` with a `type` and a `{key}`"));
        }
        let imports: Vec<Option<DependencyImport>> =
            written.iter().map(|import| self.import(import)).collect();
        let image = image?;
        let dependency = Dependency {
            at: self.report.location(image.span),
            image: ImageName::new(image.value),
            imports: imports.into_iter().collect::<Option<Vec<_>>>()?,
        };
        match placement {
            None => Some((None, dependency)),
            Some(placement) => Some((Some(placement?), dependency)),
        }
    }

    fn image(&mut self, entry: &Fields<'_>) -> Option<Spanned<String>> {
        let Some(image) = entry.text("image") else {
            let message = format!("a dependency of {} has no `image`", self.report.called());
            self.wrong(message, entry.at(), "add `image: NAME`");
            return None;
        };
        if self.own.iter().any(|own| own.value == image.value) {
            let message = format!("{} depends on itself", self.report.called());
            self.wrong(message, image.span, "name another image of this file");
            return None;
        }
        if !self.names.contains_key(&image.value) {
            let at = self.report.location(image.span);
            let mistake = unknown_image(&image.value, self.names).at(at);
            let called = self.report.called().to_owned();
            self.report
                .push(mistake.note(format!("{called} depends on it")));
            return None;
        }
        Some(image)
    }

    fn placement(&mut self, entry: &Fields<'_>) -> Option<Placement> {
        let (key, stage) = match (entry.text("before"), entry.text("after")) {
            (Some(before), Some(after)) => {
                let message = format!(
                    "a dependency of {} has both `before` and `after`",
                    self.report.called()
                );
                self.wrong(message, before.span.max(after.span), "keep one of the two");
                return None;
            }
            (None, None) => {
                let message = format!("a dependency of {} is at no stage", self.report.called());
                let hint = "add `before` or `after` with `install` or `setup`";
                self.wrong(message, entry.at(), hint);
                return None;
            }
            (Some(stage), None) => ("before", stage),
            (None, Some(stage)) => ("after", stage),
        };
        let placement = Placement::of(key, &stage.value);
        if placement.is_none() {
            let message = format!(
                "a dependency of {} cannot be at `{}`",
                self.report.called(),
                stage.value
            );
            self.wrong(message, stage.span, "there are `install` and `setup`");
        }
        placement
    }

    fn no_placement(&mut self, entry: &Fields<'_>) {
        for key in ["before", "after"] {
            if let Some(stage) = entry.text(key) {
                let message = format!(
                    "a dependency of {} has `{key}`, but a Dockerfile has no such stages",
                    self.report.called()
                );
                self.wrong(message, stage.span, "remove it");
            }
        }
    }

    fn import(&mut self, import: &Fields<'_>) -> Option<DependencyImport> {
        let target = self.target(import);
        let Some(kind) = import.text("type") else {
            let message = format!(
                "an import of a dependency of {} has no `type`",
                self.report.called()
            );
            let hint = format!("add `type` with one of {}", list());
            self.wrong(message, import.at(), hint);
            return None;
        };
        let known = ImageFact::ALL.into_iter();
        let Some(fact) = known.clone().find(|fact| fact.name() == kind.value) else {
            let hint = match closest(&kind.value, known.map(ImageFact::name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", list()),
            };
            let message = format!(
                "a dependency of {} asks for `{}`, which no image has",
                self.report.called(),
                kind.value
            );
            self.wrong(message, kind.span, hint);
            return None;
        };
        let target = target?;
        Some(DependencyImport {
            fact,
            at: self.report.location(target.span),
            target: target.value,
            value: None,
        })
    }

    fn target(&mut self, import: &Fields<'_>) -> Option<Spanned<String>> {
        let (key, other) = self.taker.keys();
        let target = import.text(key);
        if let Some(wrong) = import.text(other) {
            let (what_it_is_for, hint) = match self.taker {
                Taker::Stages => ("images with a `dockerfile`", "write `targetEnv: NAME`"),
                Taker::Dockerfile => (
                    "images that are built by stages",
                    "write `targetBuildArg: NAME`, and `ARG NAME` in the Dockerfile",
                ),
            };
            let message = format!(
                "a dependency of {} has `{other}`, which is for {what_it_is_for}",
                self.report.called()
            );
            self.wrong(message, wrong.span, hint);
            return None;
        }
        let Some(target) = target else {
            let message = format!(
                "an import of a dependency of {} has no `{key}`",
                self.report.called()
            );
            self.wrong(message, import.at(), format!("add `{key}: NAME`"));
            return None;
        };
        if target.value.contains(['=', '\0']) {
            let message = format!(
                "`{}` in a dependency of {} is not the name of a variable",
                target.value,
                self.report.called()
            );
            self.wrong(message, target.span, "leave out `=`");
            return None;
        }
        if !self.targets.insert(target.value.clone()) {
            let message = format!("{} sets `{}` twice", self.report.called(), target.value);
            self.wrong(message, target.span, "give each a name of its own");
            return None;
        }
        Some(target)
    }
}

fn list() -> String {
    let names = ImageFact::ALL.map(|fact| format!("`{}`", fact.name()));
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_looks_like_what_it_is() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (fact, right, wrong) in [
            (ImageFact::ImageName, "r.io/a:1", "r.io/a:"),
            (ImageFact::ImageTag, "1.0", "a:1"),
            (ImageFact::ImageRepo, "localhost:5000/a", "r.io/a:1"),
            (ImageFact::ImageID, &digest, "0a"),
            (ImageFact::ImageDigest, &digest, "r.io/a"),
        ] {
            assert_eq!(fact.expected_instead_of(right), None, "{right}");
            assert!(fact.expected_instead_of(wrong).is_some(), "{wrong}");
        }
    }
}
