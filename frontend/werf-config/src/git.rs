//! `git`: which files go where (spec 1.8 and 4.9).

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned};
use masks::mask::{Mask, PathMatcher};
use masks::overlap::{self, Destination};

use super::import::Import;
use super::paths::{self, Refusal};
use super::raw::RawGit;
use super::remote::{self, Remote};
use super::shell::UserStage;

/// One entry of `git`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitMapping {
    /// The first key of the entry.
    pub at: Span,
    /// The repository that the files come from; `None` is the project's own.
    pub remote: Option<Remote>,
    /// Where the files come from: an absolute path below the root of the work tree, cleaned.
    pub add: Spanned<String>,
    /// Where they go: an absolute path, cleaned.
    pub to: Spanned<String>,
    /// A name or a number, or nothing.
    pub owner: String,
    /// A name or a number, or nothing.
    pub group: String,
    /// Masks of what is taken; none means everything.
    pub include_paths: Vec<String>,
    /// Masks of what is left out, with those that make room for other mappings.
    pub exclude_paths: Vec<String>,
    /// Masks of the files that a stage depends on.
    pub stage_dependencies: BTreeMap<UserStage, Vec<Spanned<String>>>,
}

impl GitMapping {
    /// Returns the matcher of `include_paths` and `exclude_paths`.
    pub fn matcher(&self) -> PathMatcher {
        let masks = |texts: &[String]| {
            texts
                .iter()
                .filter_map(|text| Mask::new(text).ok())
                .collect()
        };
        PathMatcher::new(masks(&self.include_paths), masks(&self.exclude_paths))
    }
}

/// Turns the entries of one image into mappings, and says what is wrong with each and with all together.
/// `imports` come behind them, and make room and are made room for as they do. `called` is what messages call the image.
pub fn resolve_all(
    raws: Vec<RawGit>,
    imports: &mut [Import],
    called: &str,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<GitMapping> {
    let mut resolver = Resolver {
        called,
        source,
        diagnostics,
        wrong: false,
    };
    let mut mappings: Vec<GitMapping> = raws.into_iter().map(|raw| resolver.mapping(raw)).collect();
    // Local mappings come before remote ones, each in the order of the file (spec 4).
    mappings.sort_by_key(|mapping| mapping.remote.is_some());
    if !resolver.wrong {
        resolver.make_room(&mut mappings, imports);
    }
    mappings
}

struct Resolver<'a> {
    called: &'a str,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
    wrong: bool,
}

impl Resolver<'_> {
    fn refuse(&mut self, message: String, at: Span, hint: impl Into<String>) {
        self.wrong = true;
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    fn mapping(&mut self, raw: RawGit) -> GitMapping {
        let remote = self.remote(&raw);
        let add = raw
            .add
            .unwrap_or_else(|| Spanned::new("/".to_owned(), raw.at));
        let add = self.absolute("add", &add);
        let to = match raw.to {
            Some(to) => self.absolute("to", &to),
            None => {
                self.refuse(
                    format!("an entry of `git` of {} has no `to`", self.called),
                    raw.at,
                    "add `to: /PATH`",
                );
                Spanned::new("/".to_owned(), raw.at)
            }
        };
        let text =
            |value: Option<Spanned<String>>| value.map_or_else(String::new, |value| value.value);
        let plain =
            |masks: Vec<Spanned<String>>| masks.into_iter().map(|mask| mask.value).collect();
        let mut stage_dependencies = BTreeMap::new();
        let stages = [UserStage::Install, UserStage::BeforeSetup, UserStage::Setup];
        for (stage, written) in stages.into_iter().zip(raw.stage_dependencies) {
            let masks = self.masks("stageDependencies", written);
            if !masks.is_empty() {
                stage_dependencies.insert(stage, masks);
            }
        }
        GitMapping {
            at: raw.at,
            remote,
            add,
            to,
            owner: text(raw.owner),
            group: text(raw.group),
            include_paths: plain(self.masks("includePaths", raw.include_paths)),
            exclude_paths: plain(self.masks("excludePaths", raw.exclude_paths)),
            stage_dependencies,
        }
    }

    /// Reads `url` and what belongs to it.
    fn remote(&mut self, raw: &RawGit) -> Option<Remote> {
        let (mut refusals, mut remarks) = (Vec::new(), Vec::new());
        let remote = remote::resolve(raw, &mut refusals, &mut remarks);
        self.refuse_all(refusals);
        for (remark, at) in remarks {
            self.diagnostics.push(remark.at(self.source.location(at)));
        }
        remote
    }

    /// Checks and cleans an absolute path.
    fn absolute(&mut self, key: &str, path: &Spanned<String>) -> Spanned<String> {
        let mut refusals = Vec::new();
        let path = paths::absolute(key, path, &mut refusals);
        self.refuse_all(refusals);
        path
    }

    /// Checks masks; they stay as written.
    fn masks(&mut self, key: &str, written: Vec<Spanned<String>>) -> Vec<Spanned<String>> {
        let mut refusals = Vec::new();
        paths::check_masks(key, &written, &mut refusals);
        self.refuse_all(refusals);
        written
    }

    fn refuse_all(&mut self, refusals: Vec<Refusal>) {
        for (message, at, hint) in refusals {
            self.refuse(message, at, hint);
        }
    }

    /// Has outer mappings leave out the places of inner ones.
    fn make_room(&mut self, mappings: &mut [GitMapping], imports: &mut [Import]) {
        let of_git = mappings.iter().map(|mapping| Destination {
            to: mapping.to.value.clone(),
            include_paths: mapping.include_paths.clone(),
            exclude_paths: mapping.exclude_paths.clone(),
        });
        let destinations: Vec<Destination> = of_git
            .chain(imports.iter().map(Import::destination))
            .collect();
        match overlap::auto_excludes(&destinations) {
            Ok(mut extra) => {
                let of_imports = extra.split_off(mappings.len());
                for (mapping, extra) in mappings.iter_mut().zip(extra) {
                    mapping.exclude_paths.extend(extra);
                }
                for (import, extra) in imports.iter_mut().zip(of_imports) {
                    import.exclude_paths.extend(extra);
                }
            }
            Err(conflict) => {
                let place = |index: usize| match mappings.get(index) {
                    Some(mapping) => ("git", &mapping.to),
                    None => ("import", &imports[index - mappings.len()].to),
                };
                let (first, second) = (
                    place(conflict.outer.min(conflict.inner)),
                    place(conflict.outer.max(conflict.inner)),
                );
                let entries = match (first.0, second.0) {
                    (one, other) if one == other => format!("two entries of `{one}`"),
                    _ => "an entry of `git` and one of `import`".to_owned(),
                };
                let (first_line, at) = (self.source.line(first.1.span.start), second.1.span);
                let message = format!(
                    "{entries} of {} put files at `{}`",
                    self.called, second.1.value
                );
                self.wrong = true;
                self.diagnostics.push(
                    Diagnostic::error(message)
                        .at(self.source.location(at))
                        .hint("give each a place of its own with `to`, `includePaths` or `excludePaths`")
                        .note(format!("the other one is in line {first_line}")),
                );
            }
        }
    }
}
