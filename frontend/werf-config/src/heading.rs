//! The beginning of an image section, whatever the image is built from: its names, and how messages call it.

use diagnostic::{Report, Span, Spanned, printable};
use yaml_v2::read::{self, Field};

use super::document::Document;
use super::fields::Fields;
use super::image_name::ImageName;

/// A section is repeated for each of its names. This is how long all of that may be, in bytes.
const MOST_REPEATED: usize = 64 << 20;

/// The longest name of an image, in bytes: as long as a name in a file system may be.
const LONGEST_NAME: usize = 255;

/// Says what is wrong with a name by itself: it is shown in every step and message, and is in labels and file names.
pub(crate) fn check_name(name: &Spanned<String>, report: &mut Report<'_>) {
    let length = name.value.len();
    if length > LONGEST_NAME {
        report
            .error(
                name.span,
                format!("the name of an image has {length} bytes"),
            )
            .hint(format!("a name has at most {LONGEST_NAME} bytes"));
    } else if let Some(c) = name.value.chars().find(|c| printable::is_obeyed(*c)) {
        let shown = printable::line(&name.value);
        report
            .error(
                name.span,
                format!(
                    "the image name `{shown}` holds the control character U+{:04X}",
                    u32::from(c)
                ),
            )
            .hint("terminals obey it instead of showing it; use letters, digits, `-`, `_`, `.` and `/`");
    }
}

/// The beginning of an image section.
#[derive(Debug)]
pub(crate) struct Heading {
    /// The key `image`, or the first key where there is none.
    pub at: Span,
    /// How long the section is, in bytes.
    length: usize,
    /// Whether there is a key `image`.
    pub has_image: bool,
    /// The names in `image`: a single one, a list, or the empty name for null. `None` if there is no such
    /// key, or none that makes sense.
    pub names: Option<Vec<Spanned<String>>>,
    /// The key `artifact`, which an image from a Dockerfile has not.
    pub artifact: Option<Spanned<String>>,
}

impl Heading {
    /// Reads the beginning of a section; a document of nothing has no keys.
    pub fn read(document: &Document) -> Heading {
        let Some(root) = document.tree.root() else {
            return Heading {
                at: document.part,
                length: 0,
                has_image: false,
                names: None,
                artifact: None,
            };
        };
        let fields = Fields::of(root);
        let key = fields.field("image").or(fields.first());
        Heading {
            at: key.map_or(root.span(), |field| field.key.span),
            length: root.span().end - root.span().start,
            has_image: fields.field("image").is_some(),
            names: fields.field("image").and_then(names),
            artifact: fields.text("artifact"),
        }
    }

    /// Returns the names of the images that the section makes, artifacts included.
    pub fn all_names(&self) -> impl Iterator<Item = &Spanned<String>> {
        let artifact = self.artifact.iter().filter(|_| self.names.is_none());
        self.names.iter().flatten().chain(artifact)
    }

    /// Returns how messages call the image.
    pub fn called(&self) -> String {
        match (self.names.as_deref().unwrap_or_default(), &self.artifact) {
            ([], Some(artifact)) => format!("artifact `{}`", artifact.value),
            ([], None) => "this image".to_owned(),
            ([name], _) => format!("image `{}`", ImageName::new(&name.value)),
            ([first, ..], _) => format!("images `{}`, …", ImageName::new(&first.value)),
        }
    }

    /// Says in `report` that the section is too long for so many names, and returns whether it is.
    pub fn refuse_many(&self, report: &mut Report<'_>) -> bool {
        let count = self.all_names().count();
        let are_too_many = count.saturating_mul(self.length) > MOST_REPEATED;
        if are_too_many {
            let message = format!("a section of this length cannot have {count} names");
            report.error(self.at, message).hint("use fewer names");
        }
        are_too_many
    }
}

/// Reads the names behind `image`. A list has each of its names at its own place.
fn names(field: &Field<'_>) -> Option<Vec<Spanned<String>>> {
    if read::is_null(field.value) {
        return Some(vec![Spanned::new(String::new(), field.key.span)]);
    }
    let names = read::text_or_list(field.value, &mut Vec::new());
    if read::is_list(field.value) {
        return Some(names);
    }
    names
        .into_iter()
        .next()
        .map(|name| vec![Spanned::new(name.value, field.key.span)])
}
