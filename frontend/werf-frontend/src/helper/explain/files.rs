//! Which files are different, and through what a stage depends on them.

use std::collections::{BTreeMap, BTreeSet};

use stapel_sync::ObjectId;
use stapel_sync::manifest::EntryKind;

use crate::git::path::printable;
use crate::helper::inventory::{MappingFiles, MaskFiles, TakenFile};

use super::stage::Pair;
use super::{Change, Comparison, FileChange, Reason, Side};

/// Files by their paths.
type Files<'a> = BTreeMap<Vec<u8>, &'a TakenFile>;

/// Returns what is different between files.
pub(super) fn changes(before: &Files<'_>, after: &Files<'_>) -> Vec<FileChange> {
    let content = |file: &TakenFile| -> (EntryKind, ObjectId) { (file.kind, file.id) };
    let paths: BTreeSet<&Vec<u8>> = before.keys().chain(after.keys()).collect();
    let changes = paths.into_iter().filter_map(|path| {
        let (change, bytes) = match (before.get(path), after.get(path)) {
            (None, Some(new)) => (Change::Added, new.bytes),
            (Some(old), Some(new)) if content(old) != content(new) => (Change::Changed, new.bytes),
            (Some(_), None) => (Change::Removed, None),
            _ => return None,
        };
        Some(FileChange {
            change,
            path: printable(path),
            bytes,
        })
    });
    changes.collect()
}

/// Returns the files of a context by their paths, which begin with its own.
pub(super) fn of_context(files: Option<&Vec<TakenFile>>) -> Files<'_> {
    let files = files.into_iter().flatten();
    files.map(|file| (file.path.clone(), file)).collect()
}

/// A mapping at both commits.
struct MappingPair<'a> {
    was: Option<&'a MappingFiles>,
    is: Option<&'a MappingFiles>,
}

impl<'a> MappingPair<'a> {
    /// Mappings are known by where their files go, and by their order among those.
    fn all(was: &'a [MappingFiles], is: &'a [MappingFiles]) -> Vec<MappingPair<'a>> {
        let mut rest: Vec<&MappingFiles> = was.iter().collect();
        let mut pairs: Vec<MappingPair<'_>> = Vec::new();
        for is in is {
            let at = rest.iter().position(|was| was.to == is.to);
            pairs.push(MappingPair {
                was: at.map(|at| rest.remove(at)),
                is: Some(is),
            });
        }
        pairs.extend(rest.into_iter().map(|was| MappingPair {
            was: Some(was),
            is: None,
        }));
        pairs
    }

    fn name(&self) -> String {
        let arrow = |it: &MappingFiles| match &it.url {
            Some(url) => format!("{} of {url} -> {}", it.add, it.to),
            None => format!("{} -> {}", it.add, it.to),
        };
        self.is.or(self.was).map(arrow).unwrap_or_default()
    }
}

fn all_of(mapping: Option<&MappingFiles>) -> Files<'_> {
    let files = mapping.into_iter().flat_map(|mapping| {
        let files = mapping.files.iter();
        files.map(|file| (mapping.path_of(file), file))
    });
    files.collect()
}

fn matched<'a>(mapping: Option<&'a MappingFiles>, mask: Option<&MaskFiles>) -> Files<'a> {
    let files = mapping.zip(mask).into_iter().flat_map(|(mapping, mask)| {
        let files = mask.files.iter().map(|&number| &mapping.files[number]);
        files.map(|file| (mapping.path_of(file), file))
    });
    files.collect()
}

impl Comparison<'_> {
    /// Returns which files that a user stage depends on are different, of each mask.
    pub(super) fn dependencies(self, pair: Pair<'_>) -> Vec<Reason> {
        let Some(stage) = pair.is.kind.user_stage() else {
            return Vec::new();
        };
        let mut reasons = Vec::new();
        for mapping in MappingPair::all(mappings(self.from, pair), mappings(self.to, pair)) {
            let masks = |mapping: Option<&MappingFiles>| -> Vec<MaskFiles> {
                let masks = mapping.and_then(|mapping| mapping.dependencies.get(&stage));
                masks.cloned().unwrap_or_default()
            };
            let (was, is) = (masks(mapping.was), masks(mapping.is));
            let texts = was.iter().chain(&is).map(|mask| mask.mask.value.as_str());
            let mut seen = BTreeSet::new();
            for text in texts.filter(|text| seen.insert(*text)) {
                let find = |masks: &[MaskFiles]| {
                    let mut masks = masks.iter();
                    masks.find(|mask| mask.mask.value == text).cloned()
                };
                let (old, new) = (find(&was), find(&is));
                let before = matched(mapping.was, old.as_ref());
                let after = matched(mapping.is, new.as_ref());
                let files = changes(&before, &after);
                if !files.is_empty() {
                    reasons.push(Reason::Files {
                        field: "dependencies".to_owned(),
                        mapping: mapping.name(),
                        mask: Some(text.to_owned()),
                        mask_is: match (old, new) {
                            (None, _) => Some(Change::Added),
                            (_, None) => Some(Change::Removed),
                            _ => None,
                        },
                        files,
                    });
                }
            }
        }
        reasons
    }

    /// Returns which files of the mappings are different at all.
    pub(super) fn patch(self, pair: Pair<'_>) -> Vec<Reason> {
        let pairs = MappingPair::all(mappings(self.from, pair), mappings(self.to, pair));
        let reasons = pairs.iter().filter_map(|mapping| {
            let files = changes(&all_of(mapping.was), &all_of(mapping.is));
            (!files.is_empty()).then(|| Reason::Files {
                field: "files".to_owned(),
                mapping: mapping.name(),
                mask: None,
                mask_is: None,
                files,
            })
        });
        reasons.collect()
    }
}

fn mappings<'a>(side: Side<'a>, pair: Pair<'_>) -> &'a [MappingFiles] {
    let mappings = side.behind.inventory.mappings.get(pair.image);
    mappings.map_or(&[], Vec::as_slice)
}
