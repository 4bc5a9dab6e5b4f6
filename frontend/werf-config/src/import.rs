//! `import`: files of other images (spec 1.11 and 7).

use std::collections::HashMap;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned};
use masks::overlap::Destination;
use yaml_v2::NodeRef;

use super::base::unknown_image;
use super::image::ImageName;
use super::paths::{self, Refusal};
use super::raw::Fields;
use super::reference;
use super::shell::UserStage;

/// One entry of `import` as written.
#[derive(Debug, Default)]
pub struct RawImport {
    /// The first key of the entry.
    pub at: Span,
    image: Option<Spanned<String>>,
    from: Option<Spanned<String>>,
    artifact: Option<Spanned<String>>,
    stage: Option<Spanned<String>>,
    before: Option<Spanned<String>>,
    after: Option<Spanned<String>>,
    add: Option<Spanned<String>>,
    to: Option<Spanned<String>>,
    owner: Option<Spanned<String>>,
    group: Option<Spanned<String>>,
    include_paths: Vec<Spanned<String>>,
    exclude_paths: Vec<Spanned<String>>,
}

impl RawImport {
    pub(super) fn read(entry: NodeRef<'_>) -> RawImport {
        let fields = Fields::of(entry);
        RawImport {
            at: fields.first().unwrap_or(entry.span()),
            image: fields.text("image"),
            from: fields.text("from"),
            artifact: fields.text("artifact"),
            stage: fields.text("stage"),
            before: fields.text("before"),
            after: fields.text("after"),
            add: fields.text("add"),
            to: fields.text("to"),
            owner: fields.text("owner"),
            group: fields.text("group"),
            include_paths: fields.text_or_list("includePaths"),
            exclude_paths: fields.text_or_list("excludePaths"),
        }
    }
}

/// One entry of `import`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The first key of the entry.
    pub at: Span,
    /// Where the files come from.
    pub from: ImportSource,
    /// Where that is written.
    pub from_at: Span,
    /// The stage of an image of the file; its last one if there is none.
    pub stage: Option<Spanned<UserStage>>,
    /// When the files come.
    pub placement: Placement,
    /// The path in the other image: absolute, cleaned.
    pub add: Spanned<String>,
    /// The path in this image: absolute, cleaned.
    pub to: Spanned<String>,
    /// A name or a number, or nothing.
    pub owner: String,
    /// A name or a number, or nothing.
    pub group: String,
    /// Masks of what is taken; none means everything.
    pub include_paths: Vec<String>,
    /// Masks of what is left out.
    pub exclude_paths: Vec<String>,
}

/// Where files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportSource {
    /// An image of the file.
    Image(ImageName),
    /// An image of a registry.
    Reference(String),
}

/// When files come, by the stage that is next to it.
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

impl Import {
    /// Returns what other mappings have to make room for.
    pub fn destination(&self) -> Destination {
        Destination {
            to: self.to.value.clone(),
            include_paths: self.include_paths.clone(),
            exclude_paths: self.exclude_paths.clone(),
        }
    }
}

/// Turns the entries of one image into imports, and says what is wrong with each. `called` is what messages call the
/// image, `names` are all images of the file.
pub(super) fn resolve_all(
    raws: Vec<RawImport>,
    called: &str,
    names: &HashMap<String, Span>,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<Import> {
    let mut resolver = Resolver {
        called,
        names,
        source,
        diagnostics,
    };
    raws.into_iter()
        .filter_map(|raw| resolver.import(raw))
        .collect()
}

struct Resolver<'a> {
    called: &'a str,
    names: &'a HashMap<String, Span>,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
}

impl Resolver<'_> {
    fn refuse(&mut self, message: String, at: Span, hint: impl Into<String>) {
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    /// Everything is looked at before one is given up.
    fn import(&mut self, raw: RawImport) -> Option<Import> {
        let from = self.from(&raw);
        let stage = self.stage(&raw, from.as_ref());
        let placement = self.placement(&raw);
        let add = match &raw.add {
            Some(add) => Some(self.absolute("add", add)),
            None => {
                let message = format!("an entry of `import` of {} has no `add`", self.called);
                self.refuse(message, raw.at, "add `add: /PATH`");
                None
            }
        };
        let to = raw.to.as_ref().map(|to| self.absolute("to", to));
        if let Some(add) = add.as_ref().filter(|add| add.value == "/")
            && raw.include_paths.is_empty()
        {
            let message = "`add: /` would import a whole image".to_owned();
            self.refuse(message, add.span, "say what of it with `includePaths`");
        }
        let include_paths = self.masks("includePaths", raw.include_paths);
        let exclude_paths = self.masks("excludePaths", raw.exclude_paths);
        let text =
            |value: Option<Spanned<String>>| value.map_or_else(String::new, |value| value.value);
        let (from, from_at) = from?;
        let add = add?;
        Some(Import {
            at: raw.at,
            from,
            from_at,
            stage,
            placement: placement?,
            to: to.unwrap_or_else(|| add.clone()),
            add,
            owner: text(raw.owner),
            group: text(raw.group),
            include_paths,
            exclude_paths,
        })
    }

    fn from(&mut self, raw: &RawImport) -> Option<(ImportSource, Span)> {
        let given = [
            ("image", &raw.image),
            ("from", &raw.from),
            ("artifact", &raw.artifact),
        ];
        let mut given = given
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let Some((key, name)) = given.next() else {
            let message = format!("an entry of `import` of {} has no source", self.called);
            self.refuse(message, raw.at, "add `image: NAME`");
            return None;
        };
        if let Some((other, value)) = given.next() {
            let message = format!("an entry of `import` has both `{key}` and `{other}`");
            self.refuse(message, value.span.max(name.span), "keep one of the two");
            return None;
        }
        if key == "artifact" {
            let warning = Diagnostic::warning("Deprecated", "`artifact` of `import` is deprecated")
                .at(self.source.location(name.span))
                .hint(format!("write `image: {}`", name.value));
            self.diagnostics.push(warning);
        }
        if self.names.contains_key(&name.value) {
            let image = ImportSource::Image(ImageName::new(&name.value));
            return Some((image, name.span));
        }
        // As in werf, what has no tag and no digest can only be meant to be an image of the file.
        let behind_domain = name.value.rsplit('/').next().unwrap_or_default();
        if key == "artifact" || !behind_domain.contains([':', '@']) {
            let mistake = unknown_image(&name.value, self.names)
                .at(self.source.location(name.span))
                .note("an image of a registry needs a tag or a digest here");
            self.diagnostics.push(mistake);
            return None;
        }
        if let Err(bad) = reference::check(&name.value) {
            let message = format!(
                "`{}` is not an image reference: {}",
                name.value, bad.problem
            );
            let hint = bad.hint.unwrap_or_else(|| "write `NAME:TAG`".to_owned());
            self.refuse(message, name.span, hint);
            return None;
        }
        Some((ImportSource::Reference(name.value.clone()), name.span))
    }

    fn stage(
        &mut self,
        raw: &RawImport,
        from: Option<&(ImportSource, Span)>,
    ) -> Option<Spanned<UserStage>> {
        let written = raw.stage.as_ref()?;
        let stage = UserStage::ORDER
            .into_iter()
            .find(|stage| stage.name() == written.value);
        let Some(stage) = stage else {
            let message = format!("`stage: {}` is no stage", written.value);
            let hint = "stages are `beforeInstall`, `install`, `beforeSetup` and `setup`";
            self.refuse(message, written.span, hint);
            return None;
        };
        if let Some((ImportSource::Reference(reference), _)) = from {
            let message = format!("`stage` has no effect: `{reference}` is an image of a registry");
            let warning = Diagnostic::warning("ImportStageIgnored", message)
                .at(self.source.location(written.span))
                .hint("remove it");
            self.diagnostics.push(warning);
            return None;
        }
        Some(Spanned::new(stage, written.span))
    }

    fn placement(&mut self, raw: &RawImport) -> Option<Placement> {
        let hint = "write `before` or `after` with `install` or `setup`";
        let (key, written) = match (&raw.before, &raw.after) {
            (Some(before), None) => ("before", before),
            (None, Some(after)) => ("after", after),
            (None, None) => {
                let message = "an entry of `import` does not say when".to_owned();
                self.refuse(message, raw.at, hint);
                return None;
            }
            (Some(before), Some(after)) => {
                let message = "an entry of `import` has both `before` and `after`".to_owned();
                self.refuse(message, before.span.max(after.span), "keep one of the two");
                return None;
            }
        };
        match (key, written.value.as_str()) {
            ("before", "install") => Some(Placement::BeforeInstall),
            ("after", "install") => Some(Placement::AfterInstall),
            ("before", "setup") => Some(Placement::BeforeSetup),
            ("after", "setup") => Some(Placement::AfterSetup),
            (key, value) => {
                let message = format!("`{key}: {value}` is no place for an import");
                self.refuse(message, written.span, hint);
                None
            }
        }
    }

    fn absolute(&mut self, key: &str, path: &Spanned<String>) -> Spanned<String> {
        let mut refusals = Vec::new();
        let path = paths::absolute(key, path, &mut refusals);
        self.refuse_all(refusals);
        path
    }

    fn masks(&mut self, key: &str, written: Vec<Spanned<String>>) -> Vec<String> {
        let mut refusals = Vec::new();
        paths::check_masks(key, &written, &mut refusals);
        self.refuse_all(refusals);
        written.into_iter().map(|mask| mask.value).collect()
    }

    fn refuse_all(&mut self, refusals: Vec<Refusal>) {
        for (message, at, hint) in refusals {
            self.refuse(message, at, hint);
        }
    }
}
