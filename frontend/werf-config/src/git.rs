//! `git`: which files go where.

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, Located, Location, Report, Spanned};
use masks::mask::{Mask, PathMatcher};
use masks::overlap::{self, Destination};

use super::digest::DigestFields;
use super::fields::Fields;
use super::import::Entry as ImportEntry;
use super::instructions::UserStage;
use super::paths;
use super::remote::{self, Remote};
use super::schema::Section;
use super::schema::Shape::{Map, Text, TextOrList};

/// The keys of an entry of `git`.
pub static KEYS: Section = Section {
    keys: &[
        ("add", Text),
        ("to", Text),
        ("includePaths", TextOrList),
        ("excludePaths", TextOrList),
        ("owner", Text),
        ("group", Text),
        ("stageDependencies", Map(&STAGE_DEPENDENCIES)),
        ("url", Text),
        ("branch", Text),
        ("tag", Text),
        ("commit", Text),
        ("basicAuth", Map(&remote::BASIC_AUTH)),
    ],
};

static STAGE_DEPENDENCIES: Section = Section {
    keys: &[
        ("install", TextOrList),
        ("beforeSetup", TextOrList),
        ("setup", TextOrList),
    ],
};

/// One entry of `git`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitMapping {
    /// The first key of the entry.
    pub at: Location,
    /// The repository that the files come from; `None` is the project's own.
    pub remote: Option<Remote>,
    /// Where the files come from: an absolute path below the root of the work tree, cleaned.
    pub add: Located<String>,
    /// Where they go: an absolute path, cleaned.
    pub to: Located<String>,
    /// A name or a number, or nothing.
    pub owner: String,
    /// A name or a number, or nothing.
    pub group: String,
    /// Masks of what is taken; none means everything.
    pub include_paths: Vec<String>,
    /// Masks of what is left out, with those that make room for other mappings.
    pub exclude_paths: Vec<String>,
    /// Masks of the files that a stage depends on.
    pub stage_dependencies: BTreeMap<UserStage, Vec<Located<String>>>,
    /// The places below its own that belong to other entries, each as a path relative to `add`; only where it takes all of `add`,
    /// and not where the other entry puts the very files there that are left out.
    pub hidden: Vec<Located<String>>,
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

    /// Returns what it adds to the digest of `gitArchive`: how it is configured, and neither the commit nor any content.
    pub fn digest_fields(&self) -> DigestFields {
        let fields = DigestFields::new()
            .field("mapping", &self.to.value)
            .field("add", &self.add.value)
            .fields("include", &self.include_paths)
            .fields("exclude", &self.exclude_paths)
            .optional("owner", &self.owner)
            .optional("group", &self.group);
        match &self.remote {
            Some(remote) => fields.all(remote.digest_fields()),
            None => fields,
        }
    }
}

/// Reads the entries of one image, and says what is wrong with each and with all together. `imports` come behind them,
/// and make room and are made room for as they do.
pub(crate) fn read_all(
    entries: &[Fields<'_>],
    imports: &mut [ImportEntry],
    report: &mut Report<'_>,
) -> Vec<GitMapping> {
    let mut is_wrong = false;
    let mut mappings: Vec<GitMapping> = Vec::new();
    for entry in entries {
        let (mapping, is_good) = read(entry, report);
        is_wrong |= !is_good;
        mappings.push(mapping);
    }
    // Local mappings come before remote ones, each in the order of the file, as in werf.
    mappings.sort_by_key(|mapping| mapping.remote.is_some());
    if !is_wrong {
        make_room(&mut mappings, imports, report);
    }
    mappings
}

/// Returns the mapping of an entry, and whether nothing is wrong with it.
fn read(entry: &Fields<'_>, report: &mut Report<'_>) -> (GitMapping, bool) {
    let before = report.mistakes();
    let remote = remote::read(entry, report);
    let root = || Spanned::new("/".to_owned(), entry.at());
    let add = paths::absolute("add", &entry.text("add").unwrap_or_else(root), report);
    let to = match entry.text("to") {
        Some(to) => paths::absolute("to", &to, report),
        None => {
            let message = format!("an entry of `git` of {} has no `to`", report.called());
            report.error(entry.at(), message).hint("add `to: /PATH`");
            root()
        }
    };
    let mut stage_dependencies = BTreeMap::new();
    let dependencies = entry.get("stageDependencies").map(Fields::of);
    for stage in [UserStage::Install, UserStage::BeforeSetup, UserStage::Setup] {
        let written = dependencies.as_ref();
        let written = written.map(|fields| fields.text_or_list(stage.name()));
        let masks = paths::masks("stageDependencies", written.unwrap_or_default(), report);
        if !masks.is_empty() {
            let masks = masks.into_iter().map(|mask| report.locate(mask));
            stage_dependencies.insert(stage, masks.collect());
        }
    }
    let mut masks = |key: &str| paths::plain(paths::masks(key, entry.text_or_list(key), report));
    let include_paths = masks("includePaths");
    let exclude_paths = masks("excludePaths");
    let mapping = GitMapping {
        at: report.location(entry.at()),
        remote,
        add: report.locate(add),
        to: report.locate(to),
        owner: entry.plain("owner"),
        group: entry.plain("group"),
        include_paths,
        exclude_paths,
        stage_dependencies,
        hidden: Vec::new(),
    };
    (mapping, report.mistakes() == before)
}

/// Notes in each mapping which of the places that it leaves out, `extra`, belong to others that put something else there.
fn note_hidden(mappings: &mut [GitMapping], imports: &[ImportEntry], extra: &[Vec<String>]) {
    let join = |place: &str, path: &str| masks::mask::clean(&format!("{place}/{path}"));
    // Where each place of an entry is, what is put there, and of which repository; imports come from none.
    let of_git = mappings.iter().flat_map(|mapping| {
        let (add, to) = (&mapping.add.value, &mapping.to);
        let masks = match mapping.include_paths.as_slice() {
            [] => vec![String::new()],
            masks => masks.to_vec(),
        };
        let from = mapping.remote.as_ref().map(|it| it.url.value.clone());
        masks.into_iter().map(move |mask| {
            let what = Some((from.clone(), join(add, &mask)));
            (join(&to.value, &mask), what, to.at.clone())
        })
    });
    let of_imports = imports.iter().flat_map(|entry| {
        let destination = entry.destination();
        let masks = match destination.include_paths.as_slice() {
            [] => vec![String::new()],
            masks => masks.to_vec(),
        };
        let at = entry.to.at.clone();
        masks
            .into_iter()
            .map(move |mask| (join(&destination.to, &mask), None, at.clone()))
    });
    let places: Vec<_> = of_git.chain(of_imports).collect();
    for (mapping, extra) in mappings.iter_mut().zip(extra) {
        if !mapping.include_paths.is_empty() {
            continue;
        }
        let from = mapping.remote.as_ref().map(|it| it.url.value.clone());
        for mask in extra {
            let place = join(&mapping.to.value, mask);
            let own = Some((from.clone(), join(&mapping.add.value, mask)));
            let owner = places.iter().find(|(it, ..)| *it == place);
            if let Some((_, what, at)) = owner
                && *what != own
            {
                mapping.hidden.push(Located::new(mask.clone(), at.clone()));
            }
        }
    }
}

/// Has outer mappings leave out the places of inner ones.
fn make_room(mappings: &mut [GitMapping], imports: &mut [ImportEntry], report: &mut Report<'_>) {
    let of_git = mappings.iter().map(|mapping| Destination {
        to: mapping.to.value.clone(),
        include_paths: mapping.include_paths.clone(),
        exclude_paths: mapping.exclude_paths.clone(),
    });
    let of_imports = imports.iter().map(ImportEntry::destination);
    let destinations: Vec<Destination> = of_git.chain(of_imports).collect();
    match overlap::auto_excludes(&destinations) {
        Ok(mut extra) => {
            note_hidden(mappings, imports, &extra);
            let of_imports = extra.split_off(mappings.len());
            for (mapping, extra) in mappings.iter_mut().zip(extra) {
                mapping.exclude_paths.extend(extra);
            }
            for (entry, extra) in imports.iter_mut().zip(of_imports) {
                entry.import.exclude_paths.extend(extra);
            }
        }
        Err(conflict) => {
            let place = |index: usize| match mappings.get(index) {
                Some(mapping) => ("git", mapping.to.clone()),
                None => ("import", imports[index - mappings.len()].to.clone()),
            };
            let (first, second) = (
                place(conflict.outer.min(conflict.inner)),
                place(conflict.outer.max(conflict.inner)),
            );
            let entries = match (first.0, second.0) {
                (one, other) if one == other => format!("two entries of `{one}`"),
                _ => "an entry of `git` and one of `import`".to_owned(),
            };
            let message = format!(
                "{entries} of {} put files at `{}`",
                report.called(),
                second.1.value
            );
            let hint = "give each a place of its own with `to`, `includePaths` or `excludePaths`";
            report.push(
                Diagnostic::error(message)
                    .at(second.1.at)
                    .hint(hint)
                    .note(format!(
                        "the other one is in line {}",
                        first.1.at.start.line
                    )),
            );
        }
    }
}
