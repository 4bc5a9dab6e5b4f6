//! `import`: files of other images.

use diagnostic::{Located, Location, Report, Span, Spanned, rule};
use masks::overlap::Destination;
use serde::{Deserialize, Serialize};

use super::base::unknown_image;
use super::digest::DigestFields;
use super::fields::Fields;
use super::image::Names;
use super::image_name::ImageName;
use super::instructions::UserStage;
use super::paths;
use super::reference;
use super::schema::Section;
use super::schema::Shape::{Text, TextOrList};

/// The keys of an entry of `import`.
pub static KEYS: Section = Section {
    keys: &[
        ("image", Text),
        ("from", Text),
        ("artifact", Text),
        ("stage", Text),
        ("before", Text),
        ("after", Text),
        ("add", Text),
        ("to", Text),
        ("includePaths", TextOrList),
        ("excludePaths", TextOrList),
        ("owner", Text),
        ("group", Text),
    ],
};

/// Files of another image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Where they come from.
    pub from: ImportFrom,
    /// The path there: absolute, cleaned.
    pub add: String,
    /// The path here: absolute, cleaned.
    pub to: String,
    /// Masks of what is taken; none means everything.
    pub include_paths: Vec<String>,
    /// Masks of what is left out, with those that make room for others.
    pub exclude_paths: Vec<String>,
    /// A name or a number, or nothing.
    pub owner: String,
    /// A name or a number, or nothing.
    pub group: String,
    /// Where the other image is named.
    pub at: Location,
}

/// Where imported files come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImportFrom {
    /// Another image of the configuration.
    Sibling {
        /// Its name.
        image: ImageName,
        /// The stage that counts; the last one if there is none.
        stage: Option<UserStage>,
    },
    /// An image of a registry, by its reference as written.
    Image {
        /// The reference text.
        reference: String,
    },
}

/// When files or variables come, by the stage that is next to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placement {
    /// `before: install`, and before the sources.
    BeforeInstall,
    /// `after: install`
    AfterInstall,
    /// `before: setup`
    BeforeSetup,
    /// `after: setup`
    AfterSetup,
}

impl Placement {
    /// Returns the place that is written as `key: stage`.
    pub(crate) fn of(key: &str, stage: &str) -> Option<Placement> {
        match (key, stage) {
            ("before", "install") => Some(Placement::BeforeInstall),
            ("after", "install") => Some(Placement::AfterInstall),
            ("before", "setup") => Some(Placement::BeforeSetup),
            ("after", "setup") => Some(Placement::AfterSetup),
            _ => None,
        }
    }
}

impl Import {
    /// Returns what it adds to the digest of its stage: what is asked for, and not of whom. What is got is in BuildKit's
    /// key.
    pub fn digest_fields(&self) -> DigestFields {
        DigestFields::new()
            .field("import", &self.to)
            .field("add", &self.add)
            .fields("include", &self.include_paths)
            .fields("exclude", &self.exclude_paths)
            .optional("owner", &self.owner)
            .optional("group", &self.group)
    }
}

/// An import that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub import: Import,
    pub placement: Placement,
    /// Where the files go, and where that is written.
    pub to: Located<String>,
    /// Where `stage` is written.
    pub stage: Option<Span>,
}

impl Entry {
    /// Returns what other mappings have to make room for.
    pub fn destination(&self) -> Destination {
        Destination {
            to: self.import.to.clone(),
            include_paths: self.import.include_paths.clone(),
            exclude_paths: self.import.exclude_paths.clone(),
        }
    }
}

/// Reads the entries of one image, and says what is wrong with each.
pub(crate) fn read_all(
    entries: &[Fields<'_>],
    names: &Names,
    report: &mut Report<'_>,
) -> Vec<Entry> {
    entries
        .iter()
        .filter_map(|entry| read(entry, names, report))
        .collect()
}

/// Everything is looked at before one is given up.
fn read(entry: &Fields<'_>, names: &Names, report: &mut Report<'_>) -> Option<Entry> {
    let from = from(entry, names, report);
    let stage = stage(entry, from.as_ref(), report);
    let placement = placement(entry, report);
    let add = match entry.text("add") {
        Some(add) => Some(paths::absolute("add", &add, report)),
        None => {
            let message = format!("an entry of `import` of {} has no `add`", report.called());
            report.error(entry.at(), message).hint("add `add: /PATH`");
            None
        }
    };
    let to = entry.text("to");
    let to = to.map(|to| paths::absolute("to", &to, report));
    let include_paths = entry.text_or_list("includePaths");
    if let Some(add) = add.as_ref().filter(|add| add.value == "/")
        && include_paths.is_empty()
    {
        report
            .error(add.span, "`add: /` would import a whole image")
            .hint("say what of it with `includePaths`");
    }
    let include_paths = paths::plain(paths::masks("includePaths", include_paths, report));
    let excluded = entry.text_or_list("excludePaths");
    let exclude_paths = paths::plain(paths::masks("excludePaths", excluded, report));
    let (owner, group) = (entry.plain("owner"), entry.plain("group"));
    let from = from?;
    let add = add?;
    let to = report.locate(to.unwrap_or_else(|| add.clone()));
    let import = Import {
        from: match from.value {
            Other::Image(image) => ImportFrom::Sibling {
                image,
                stage: stage.as_ref().map(|stage| stage.value),
            },
            Other::Reference(reference) => ImportFrom::Image { reference },
        },
        add: add.value,
        to: to.value.clone(),
        include_paths,
        exclude_paths,
        owner,
        group,
        at: report.location(from.span),
    };
    Some(Entry {
        import,
        placement: placement?,
        to,
        stage: stage.map(|stage| stage.span),
    })
}

/// The image that files come from.
enum Other {
    Image(ImageName),
    Reference(String),
}

fn from(entry: &Fields<'_>, names: &Names, report: &mut Report<'_>) -> Option<Spanned<Other>> {
    let mut given = ["image", "from", "artifact"]
        .into_iter()
        .filter_map(|key| Some((key, entry.text(key)?)));
    let Some((key, name)) = given.next() else {
        let message = format!("an entry of `import` of {} has no source", report.called());
        report.error(entry.at(), message).hint("add `image: NAME`");
        return None;
    };
    if let Some((other, value)) = given.next() {
        let message = format!("an entry of `import` has both `{key}` and `{other}`");
        report
            .error(value.span.max(name.span), message)
            .hint("keep one of the two");
        return None;
    }
    if key == "artifact" {
        let message = "`artifact` of `import` is deprecated";
        report
            .warning(&rule::DEPRECATED, name.span, message)
            .hint(format!("write `image: {}`", name.value));
    }
    if names.contains_key(&name.value) {
        let image = Other::Image(ImageName::new(&name.value));
        return Some(Spanned::new(image, name.span));
    }
    // As in werf, what has no tag and no digest can only be meant to be an image of the file.
    let behind_domain = name.value.rsplit('/').next().unwrap_or_default();
    if key == "artifact" || !behind_domain.contains([':', '@']) {
        let at = report.location(name.span);
        report.push(
            unknown_image(&name.value, names)
                .at(at)
                .note("an image of a registry needs a tag or a digest here"),
        );
        return None;
    }
    if let Err(bad) = reference::check(&name.value) {
        let message = format!(
            "`{}` is not an image reference: {}",
            name.value, bad.problem
        );
        let hint = bad.hint.unwrap_or_else(|| "write `NAME:TAG`".to_owned());
        report.error(name.span, message).hint(hint);
        return None;
    }
    Some(Spanned::new(Other::Reference(name.value), name.span))
}

fn stage(
    entry: &Fields<'_>,
    from: Option<&Spanned<Other>>,
    report: &mut Report<'_>,
) -> Option<Spanned<UserStage>> {
    let written = entry.text("stage")?;
    let stage = UserStage::ORDER
        .into_iter()
        .find(|stage| stage.name() == written.value);
    let Some(stage) = stage else {
        let message = format!("`stage: {}` is no stage", written.value);
        report
            .error(written.span, message)
            .hint("stages are `beforeInstall`, `install`, `beforeSetup` and `setup`");
        return None;
    };
    if let Some(Other::Reference(reference)) = from.map(|from| &from.value) {
        let message = format!("`stage` has no effect: `{reference}` is an image of a registry");
        report
            .warning(&rule::IMPORT_STAGE_IGNORED, written.span, message)
            .hint("remove it");
        return None;
    }
    Some(Spanned::new(stage, written.span))
}

fn placement(entry: &Fields<'_>, report: &mut Report<'_>) -> Option<Placement> {
    let hint = "write `before` or `after` with `install` or `setup`";
    let (key, written) = match (entry.text("before"), entry.text("after")) {
        (Some(before), None) => ("before", before),
        (None, Some(after)) => ("after", after),
        (None, None) => {
            report
                .error(entry.at(), "an entry of `import` does not say when")
                .hint(hint);
            return None;
        }
        (Some(before), Some(after)) => {
            let message = "an entry of `import` has both `before` and `after`";
            report
                .error(before.span.max(after.span), message)
                .hint("keep one of the two");
            return None;
        }
    };
    let placement = Placement::of(key, &written.value);
    if placement.is_none() {
        let message = format!("`{key}: {}` is no place for an import", written.value);
        report.error(written.span, message).hint(hint);
    }
    placement
}
