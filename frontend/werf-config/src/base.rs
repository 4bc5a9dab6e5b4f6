//! `from`, `fromImage`, `fromArtifact` and `fromLatest`: what an image starts from (spec 1.7).

use std::collections::HashMap;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned, closest};

use super::image::{From, ImageName};
use super::raw::{RawImage, Required};
use super::reference;

/// The name under which nothing is meant.
const SCRATCH: &str = "scratch";

/// Resolves the bases of images.
pub(super) struct Bases<'a> {
    /// The names of all images of the file, and where they are given.
    pub names: &'a HashMap<String, Span>,
    pub source: &'a SourceText,
    pub diagnostics: &'a mut Diagnostics,
}

impl Bases<'_> {
    /// Checks what does not depend on the name of the image; `called` is what messages call it.
    pub fn check_section(&mut self, raw: &RawImage, called: &str) {
        if raw.from.is_missing() && raw.from_image.is_missing() && raw.from_artifact.is_missing() {
            self.wrong(
                format!("{called} has no base"),
                raw.at,
                "add `from: IMAGE`, or `from: scratch`",
            );
        }
        for (key, base) in [("from", &raw.from), ("fromImage", &raw.from_image)] {
            if let (Some(from), Some(artifact)) = (base.given(), raw.from_artifact.given()) {
                let message = format!("{called} has both `{key}` and `fromArtifact`");
                self.wrong(message, artifact.span.max(from.span), "keep one of the two");
            }
        }
        for (key, base) in [
            ("fromImage", &raw.from_image),
            ("fromArtifact", &raw.from_artifact),
        ] {
            if let Some(base) = base.given() {
                self.warn(
                    "Deprecated",
                    format!("`{key}` of {called} is deprecated"),
                    base.span,
                    format!("write `from: {}`", base.value),
                );
            }
        }
        if let (Some(from), Some(image)) = (raw.from.given(), raw.from_image.given())
            && from.value != image.value
        {
            self.warn(
                "FromOverridden",
                format!(
                    "`from: {}` has no effect, because `fromImage` wins",
                    from.value
                ),
                from.span,
                "keep one of the two".to_owned(),
            );
        }
    }

    /// Resolves the base of the image `name`.
    pub fn resolve(&mut self, name: &str, raw: &RawImage) -> From {
        if let Some(artifact) = raw.from_artifact.given() {
            return self.artifact(name, artifact);
        }
        if let Some(image) = raw.from_image.given() {
            if image.value == name {
                self.itself(name, image.span);
                return From::Scratch;
            }
            return self.lookup(image, true);
        }
        match &raw.from {
            // werf rewrites an image that is based on its own name, so `image: alpine` and `from: alpine` work.
            Required::Given(from) if from.value == name => {
                self.lookup(&Spanned::new(format!("{name}:latest"), from.span), false)
            }
            Required::Given(from) => self.lookup(from, false),
            // The mistake is known already.
            Required::Missing | Required::Wrong => From::Scratch,
        }
    }

    fn artifact(&mut self, name: &str, artifact: &Spanned<String>) -> From {
        if artifact.value == name {
            self.itself(name, artifact.span);
            return From::Scratch;
        }
        if !self.names.contains_key(&artifact.value) {
            let diagnostic =
                unknown_image(&artifact.value, self.names).at(self.source.location(artifact.span));
            self.diagnostics.push(diagnostic);
            return From::Scratch;
        }
        From::Image(image_name(artifact))
    }

    fn itself(&mut self, name: &str, at: Span) {
        let message = format!("image `{}` is based on itself", ImageName::new(name));
        self.wrong(message, at, "name another image");
    }

    /// An image of the file, else one of a registry (spec 1.7). `is_meant` says that the directive was made for images
    /// of the file.
    fn lookup(&mut self, base: &Spanned<String>, is_meant: bool) -> From {
        if self.names.contains_key(&base.value) {
            return From::Image(image_name(base));
        }
        if base.value == SCRATCH {
            return From::Scratch;
        }
        if let Err(bad) = reference::check(&base.value) {
            let diagnostic = Diagnostic::error(format!(
                "`{}` is not an image reference: {}",
                base.value, bad.problem
            ))
            .at(self.source.location(base.span));
            self.diagnostics.push(match bad.hint {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            });
        } else {
            self.warn_of_slips(base, is_meant);
        }
        From::Reference(base.clone())
    }

    /// A mistyped name of an image of the file is a reference to an image of a registry.
    fn warn_of_slips(&mut self, base: &Spanned<String>, is_meant: bool) {
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
        self.warn("BaseFromRegistry", message, base.span, hint);
    }

    fn wrong(&mut self, message: String, at: Span, hint: &str) {
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    fn warn(&mut self, rule: &str, message: String, at: Span, hint: String) {
        self.diagnostics.push(
            Diagnostic::warning(rule, message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }
}

/// Returns the mistake of naming an image that the file does not have.
pub(super) fn unknown_image(name: &str, names: &HashMap<String, Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("there is no image `{name}` in this file"));
    match near(name, names) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint("add a section with this name, or name another image"),
    }
}

/// Where a file has more images than this, nobody looks for slips: every pair of names is compared.
const MOST_COMPARED: usize = 200;

/// Returns the name of an image that is like `name`.
fn near<'a>(name: &str, names: &'a HashMap<String, Span>) -> Option<&'a str> {
    if names.len() > MOST_COMPARED {
        return None;
    }
    let mut known: Vec<&str> = names.keys().map(String::as_str).collect();
    known.sort_unstable();
    closest(name, known).filter(|near| !near.is_empty())
}

fn image_name(name: &Spanned<String>) -> Spanned<ImageName> {
    Spanned::new(ImageName::new(&name.value), name.span)
}
