//! `dependencies`: what an image is told of other images of the file (spec 1.13 and 7.6).
//!
//! In werf a variable gets the name, tag or digest under which the other image is stored. A build by BuildKit does not know
//! where its result goes: the client gives the name (`--tag`) to the daemon alone, and the digest exists when everything
//! is built. So all that can be done here is to check an entry as werf does, and to say what to write instead.

use std::collections::HashSet;

use diagnostic::{Report, Span, Spanned, closest};

use super::fields::Fields;
use super::image::Names;
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

/// What can be asked about an image, and why a build cannot answer.
const KINDS: [(&str, &str); 5] = [
    ("ImageName", NAME_UNKNOWN),
    ("ImageTag", NAME_UNKNOWN),
    ("ImageRepo", NAME_UNKNOWN),
    ("ImageID", DIGEST_UNKNOWN),
    ("ImageDigest", DIGEST_UNKNOWN),
];

const NAME_UNKNOWN: &str =
    "the name under which an image is stored is known to the client alone (`--tag`)";
const DIGEST_UNKNOWN: &str = "an image has no digest before all of it is built and stored";

/// Says what is wrong with the entries of one image, and of those that are right why they cannot be honoured. `own` are
/// the names of the image, `names` those of all images.
pub(crate) fn refuse_all(
    entries: &[Fields<'_>],
    own: &[Spanned<String>],
    names: &Names,
    report: &mut Report<'_>,
) {
    let mut checker = Checker {
        own,
        names,
        report,
        targets: HashSet::new(),
    };
    for entry in entries {
        checker.entry(entry);
    }
}

struct Checker<'r, 't> {
    own: &'r [Spanned<String>],
    names: &'r Names,
    report: &'r mut Report<'t>,
    targets: HashSet<String>,
}

impl Checker<'_, '_> {
    fn wrong(&mut self, message: impl Into<String>, at: Span, hint: impl Into<String>) {
        self.report.error(at, message).hint(hint);
    }

    fn entry(&mut self, entry: &Fields<'_>) {
        self.image(entry);
        self.place(entry);
        let imports = entry.entries("imports");
        if imports.is_empty() {
            let message = format!("a dependency of {} sets nothing", self.report.called());
            let hint = "add `imports` with a `type` and a `targetEnv`";
            self.wrong(message, entry.at(), hint);
        }
        for import in &imports {
            self.import(import);
        }
    }

    fn image(&mut self, entry: &Fields<'_>) {
        let Some(image) = entry.text("image") else {
            let message = format!("a dependency of {} has no `image`", self.report.called());
            self.wrong(message, entry.at(), "add `image: NAME`");
            return;
        };
        if self.own.iter().any(|own| own.value == image.value) {
            let message = format!("{} depends on itself", self.report.called());
            self.wrong(message, image.span, "name another image of this file");
        } else if !self.names.contains_key(&image.value) {
            let mut names: Vec<&str> = self.names.keys().map(String::as_str).collect();
            names.sort_unstable();
            let hint = match closest(&image.value, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name an image of this file".to_owned(),
            };
            let message = format!("there is no image `{}`", image.value);
            self.wrong(message, image.span, hint);
        }
    }

    fn place(&mut self, entry: &Fields<'_>) {
        match (entry.text("before"), entry.text("after")) {
            (Some(before), Some(after)) => {
                let message = format!(
                    "a dependency of {} has both `before` and `after`",
                    self.report.called()
                );
                self.wrong(message, before.span.max(after.span), "keep one of the two");
            }
            (None, None) => {
                let message = format!("a dependency of {} is at no stage", self.report.called());
                let hint = "add `before` or `after` with `install` or `setup`";
                self.wrong(message, entry.at(), hint);
            }
            (Some(stage), None) | (None, Some(stage)) => {
                if !matches!(stage.value.as_str(), "install" | "setup") {
                    let message = format!("a dependency cannot be at `{}`", stage.value);
                    self.wrong(message, stage.span, "there are `install` and `setup`");
                }
            }
        }
    }

    fn import(&mut self, import: &Fields<'_>) {
        let target_env = import.text("targetEnv");
        if let Some(target) = import.text("targetBuildArg") {
            let message = "`targetBuildArg` is for images with a `dockerfile`";
            self.wrong(message, target.span, "write `targetEnv: NAME`");
        } else if let Some(target) = &target_env {
            if !self.targets.insert(target.value.clone()) {
                let message = format!("{} sets `{}` twice", self.report.called(), target.value);
                self.wrong(message, target.span, "give each a variable of its own");
            }
        } else {
            let message = "an import of a dependency has no `targetEnv`";
            self.wrong(message, import.at(), "add `targetEnv: NAME`");
        }
        let kinds = || KINDS.iter().map(|(kind, _)| *kind);
        let Some(kind) = import.text("type") else {
            let message = "an import of a dependency has no `type`";
            let hint = format!("add `type` with one of {}", list(kinds()));
            return self.wrong(message, import.at(), hint);
        };
        let Some((_, why)) = KINDS.iter().find(|(known, _)| *known == kind.value) else {
            let hint = match closest(&kind.value, kinds()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", list(kinds())),
            };
            let message = format!("`{}` is nothing that an image can be asked for", kind.value);
            return self.wrong(message, kind.span, hint);
        };
        let message = format!("`type: {}` is not known during a build: {why}", kind.value);
        let name = target_env
            .as_ref()
            .map_or("NAME", |target| target.value.as_str());
        let hint = format!(
            "give it to the build: `--build-arg {name}=…`, and write `{name}: {{{{ env \"{name}\" }}}}` in `imageSpec.config.env`"
        );
        self.wrong(message, kind.span, hint);
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
