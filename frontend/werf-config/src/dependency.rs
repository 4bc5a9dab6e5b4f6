//! `dependencies`: what an image is told of other images of the file (spec 1.13 and 7.6).
//!
//! In werf a variable gets the name, tag or digest under which the other image is stored. A build by BuildKit does not know
//! where its result goes: the client gives the name (`--tag`) to the daemon alone, and the digest exists when everything
//! is built. So all that can be done here is to check an entry as werf does, and to say what to write instead.

use std::collections::{HashMap, HashSet};

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned, closest};
use yaml_v2::NodeRef;

use super::raw::Fields;

/// One entry of `dependencies` as written.
#[derive(Debug, Default)]
pub struct RawDependency {
    /// The first key of the entry.
    pub at: Span,
    image: Option<Spanned<String>>,
    before: Option<Spanned<String>>,
    after: Option<Spanned<String>>,
    imports: Vec<RawImport>,
}

#[derive(Debug, Default)]
struct RawImport {
    at: Span,
    kind: Option<Spanned<String>>,
    target_env: Option<Spanned<String>>,
    target_build_arg: Option<Spanned<String>>,
}

impl RawDependency {
    /// Reads an entry.
    pub fn read(entry: NodeRef<'_>) -> RawDependency {
        let fields = Fields::of(entry);
        RawDependency {
            at: fields.first_key().unwrap_or(entry.span()),
            image: fields.text("image"),
            before: fields.text("before"),
            after: fields.text("after"),
            imports: fields
                .entries("imports")
                .into_iter()
                .map(RawImport::read)
                .collect(),
        }
    }
}

impl RawImport {
    fn read(entry: NodeRef<'_>) -> RawImport {
        let fields = Fields::of(entry);
        RawImport {
            at: fields.first_key().unwrap_or(entry.span()),
            kind: fields.text("type"),
            target_env: fields.text("targetEnv"),
            target_build_arg: fields.text("targetBuildArg"),
        }
    }
}

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

/// Says what is wrong with the entries of one image, and of those that are right why they cannot be honoured.
/// `called` is what messages call the image, `own` are its names, `names` those of all images.
pub fn refuse_all(
    raws: Vec<RawDependency>,
    called: &str,
    own: &[Spanned<String>],
    names: &HashMap<String, Span>,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) {
    let mut checker = Checker {
        called,
        own,
        names,
        source,
        diagnostics,
        targets: HashSet::new(),
    };
    for raw in raws {
        checker.entry(raw);
    }
}

struct Checker<'a> {
    called: &'a str,
    own: &'a [Spanned<String>],
    names: &'a HashMap<String, Span>,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
    targets: HashSet<String>,
}

impl Checker<'_> {
    fn wrong(&mut self, message: String, at: Span, hint: impl Into<String>) {
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    fn entry(&mut self, raw: RawDependency) {
        self.image(&raw);
        self.place(&raw);
        if raw.imports.is_empty() {
            let message = format!("a dependency of {} sets nothing", self.called);
            self.wrong(
                message,
                raw.at,
                "add `imports` with a `type` and a `targetEnv`",
            );
        }
        for import in &raw.imports {
            self.import(import);
        }
    }

    fn image(&mut self, raw: &RawDependency) {
        let Some(image) = &raw.image else {
            let message = format!("a dependency of {} has no `image`", self.called);
            self.wrong(message, raw.at, "add `image: NAME`");
            return;
        };
        if self.own.iter().any(|own| own.value == image.value) {
            let message = format!("{} depends on itself", self.called);
            self.wrong(message, image.span, "name another image of this file");
        } else if !self.names.contains_key(&image.value) {
            let mut names: Vec<&str> = self.names.keys().map(String::as_str).collect();
            names.sort_unstable();
            let near = closest(&image.value, names);
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name an image of this file".to_owned(),
            };
            let message = format!("there is no image `{}`", image.value);
            self.wrong(message, image.span, hint);
        }
    }

    fn place(&mut self, raw: &RawDependency) {
        let (before, after) = (&raw.before, &raw.after);
        match (before, after) {
            (Some(before), Some(after)) => {
                let message = format!(
                    "a dependency of {} has both `before` and `after`",
                    self.called
                );
                self.wrong(message, before.span.max(after.span), "keep one of the two");
            }
            (None, None) => {
                let message = format!("a dependency of {} is at no stage", self.called);
                self.wrong(
                    message,
                    raw.at,
                    "add `before` or `after` with `install` or `setup`",
                );
            }
            (Some(stage), None) | (None, Some(stage)) => {
                if !matches!(stage.value.as_str(), "install" | "setup") {
                    let message = format!("a dependency cannot be at `{}`", stage.value);
                    self.wrong(message, stage.span, "there are `install` and `setup`");
                }
            }
        }
    }

    fn import(&mut self, import: &RawImport) {
        if let Some(target) = &import.target_build_arg {
            let message = "`targetBuildArg` is for images with a `dockerfile`".to_owned();
            self.wrong(message, target.span, "write `targetEnv: NAME`");
        } else if let Some(target) = &import.target_env {
            if !self.targets.insert(target.value.clone()) {
                let message = format!("{} sets `{}` twice", self.called, target.value);
                self.wrong(message, target.span, "give each a variable of its own");
            }
        } else {
            let message = "an import of a dependency has no `targetEnv`".to_owned();
            self.wrong(message, import.at, "add `targetEnv: NAME`");
        }
        let kinds = || KINDS.iter().map(|(kind, _)| *kind);
        let Some(kind) = &import.kind else {
            let message = "an import of a dependency has no `type`".to_owned();
            let hint = format!("add `type` with one of {}", list(kinds()));
            return self.wrong(message, import.at, hint);
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
        let name = import
            .target_env
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
