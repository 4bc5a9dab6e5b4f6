//! Files of mappings that are not as a person expects them: git filters them, or another entry has their place.
//!
//! The commit holds something else than a checkout where `.gitattributes` has git filter a file.
//!
//! Looked at are the `.gitattributes` at the root, on the way to `add`, and among the files of the mapping: those are read
//! anyway, and a walk over all trees of a large repository would cost more than the warning is worth. Files of submodules
//! are passed over.

use std::path::{Path, PathBuf};

use diagnostic::{Diagnostic, rule};
use gix_attributes::search::{MetadataCollection, Outcome};
use gix_attributes::{Search, StateRef};
use werf_config::{GitMapping, Image};

use crate::git::repo::{Entry, Repo, RepoError};
use crate::git::tree::{FileKind, TreeEntry, TreeListing};

/// The file with attributes.
const ATTRIBUTES: &str = ".gitattributes";

/// The attribute of files of Git LFS.
const LFS: &str = "filter=lfs";

/// How pointers of Git LFS begin (its specification, "The Pointer").
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The longest pointer, in bytes.
const LONGEST_POINTER: u64 = 1024;

/// As many files are looked into, and as many names are told.
const MOST_LOOKED_INTO: usize = 1000;
const MOST_TOLD: usize = 3;

/// Where the work tree would be: patterns have to lie in some directory.
const ROOT: &str = "/work-tree";

/// The files of a listing that git filters, with the attribute that says so of each: at least one.
pub struct Filtered(Vec<(String, String)>);

impl Filtered {
    /// Looks for files that git filters in the listing of `add`.
    ///
    /// # Errors
    /// Objects that are missing or broken.
    pub fn find(
        repo: &Repo,
        add: &str,
        listing: &TreeListing,
    ) -> Result<Option<Filtered>, RepoError> {
        let add = add.trim_matches('/');
        let Some(mut attributes) = Attributes::read(repo, add, listing)? else {
            return Ok(None);
        };
        let mut filtered: Vec<(String, String)> = Vec::new();
        let own = listing.entries.iter().filter(|it| is_own_file(it));
        for entry in own {
            let path = path_of(add, entry, listing);
            let Some(filter) = attributes.filter_of(&path) else {
                continue;
            };
            let is_lfs = filter == LFS;
            if is_lfs && (filtered.len() >= MOST_LOOKED_INTO || !is_pointer(repo, entry, &path)?) {
                continue;
            }
            filtered.push((path, filter));
        }
        Ok((!filtered.is_empty()).then_some(Filtered(filtered)))
    }

    /// Returns the warning of a mapping that takes them.
    pub fn warning(&self, image: &Image, mapping: &GitMapping) -> Diagnostic {
        let names = self.0.iter().take(MOST_TOLD);
        let names: Vec<String> = names.map(|(path, _)| format!("`{path}`")).collect();
        let more = match self.0.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let what = match self.0[0].1.as_str() {
            LFS => "pointers of Git LFS, and not the contents".to_owned(),
            filter => {
                format!("as git stores them, and not as a checkout has them (`{filter}`)")
            }
        };
        let message = format!(
            "image `{}` takes files of the commit that are {what}: {}{more}",
            image.name,
            names.join(", ")
        );
        Diagnostic::warning(&rule::FILTERED_FILE, message)
            .at(mapping.add.at.clone())
            .hint("fetch them in a command, or leave them out with `excludePaths`")
    }
}

/// Returns a warning for each place below that of a mapping which belongs to another entry, though the commit has files for it.
pub fn hidden(repo: &Repo, image: &Image, mapping: &GitMapping) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for place in &mapping.hidden {
        let path = format!("{}/{}", mapping.add.value, place.value);
        let path = path.trim_matches('/');
        let Ok(Some(_)) = repo.entry(path) else {
            continue;
        };
        let message = format!(
            "`{path}` of the commit is not put at `{}` of image `{}`: the place belongs to this entry",
            masks::mask::clean(&format!("{}/{}", mapping.to.value, place.value)),
            image.name
        );
        let warning = Diagnostic::warning(&rule::HIDDEN_DESTINATION, message)
            .at(place.at.clone())
            .hint(format!(
                "give one of them another place, or say that it is meant: `excludePaths: [{}]` in the outer entry",
                place.value
            ));
        warnings.push(warning);
    }
    warnings
}

fn is_own_file(entry: &TreeEntry) -> bool {
    entry.submodule.is_none() && matches!(entry.kind, FileKind::File | FileKind::Executable)
}

/// Returns the path of an entry from the root of the work tree on.
fn path_of(add: &str, entry: &TreeEntry, listing: &TreeListing) -> String {
    match (add, listing.shape) {
        (_, crate::git::tree::Shape::File) => add.to_owned(),
        ("", _) => entry.path.to_string(),
        _ => format!("{add}/{}", entry.path),
    }
}

fn is_pointer(repo: &Repo, entry: &TreeEntry, path: &str) -> Result<bool, RepoError> {
    let is_short = repo.size(entry.id, path)? <= LONGEST_POINTER;
    Ok(is_short && repo.read(entry.id, path)?.starts_with(POINTER))
}

/// What `.gitattributes` say about filters.
struct Attributes {
    search: Search,
    names: MetadataCollection,
    /// What was found of the last file: one for all of them.
    outcome: Outcome,
}

impl Attributes {
    /// Reads the files that matter; `None` if none of them names a filter.
    fn read(
        repo: &Repo,
        add: &str,
        listing: &TreeListing,
    ) -> Result<Option<Attributes>, RepoError> {
        let mut files = Vec::new();
        let parents = add.match_indices('/').map(|(at, _)| &add[..at]);
        let mut directories: Vec<&str> = [""].into_iter().chain(parents).chain([add]).collect();
        directories.dedup();
        for directory in directories {
            let path = match directory {
                "" => ATTRIBUTES.to_owned(),
                directory => format!("{directory}/{ATTRIBUTES}"),
            };
            if let Some(Entry::File(id)) = repo.entry(&path)? {
                files.push((path, id));
            }
        }
        for entry in listing.entries.iter().filter(|it| is_own_file(it)) {
            let name = entry.path.as_bytes().rsplit(|byte| *byte == b'/').next();
            if name == Some(ATTRIBUTES.as_bytes()) {
                files.push((path_of(add, entry, listing), entry.id));
            }
        }
        // Of two, the deeper one wins, which is the later one.
        files.sort_by_key(|(path, _)| path.matches('/').count());
        files.dedup();
        let mut attributes = Attributes {
            search: Search::default(),
            names: MetadataCollection::default(),
            outcome: Outcome::default(),
        };
        let mut names_filter = false;
        for (path, id) in files {
            let text = repo.read(id, &path)?;
            let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
            names_filter |= has(b"filter") || has(b"working-tree-encoding");
            let source = PathBuf::from(ROOT).join(&path);
            let is_root = path == ATTRIBUTES;
            attributes
                .search
                .add_patterns_buffer(
                    &text,
                    source,
                    Some(Path::new(ROOT)),
                    &mut attributes.names,
                    is_root,
                )
                .ok();
        }
        let filters = ["filter", "working-tree-encoding"];
        attributes
            .outcome
            .initialize_with_selection(&attributes.names, filters);
        Ok(names_filter.then_some(attributes))
    }

    /// Returns the attribute that has git filter the file at `path`, as it is written.
    fn filter_of(&mut self, path: &str) -> Option<String> {
        self.outcome.reset();
        self.search.pattern_matching_relative_path(
            path.into(),
            gix::glob::pattern::Case::Sensitive,
            Some(false),
            &mut self.outcome,
        );
        self.outcome.iter_selected().find_map(|found| {
            let name = found.assignment.name.as_str();
            match found.assignment.state {
                StateRef::Value(value) => Some(format!("{name}={}", value.as_bstr())),
                StateRef::Set | StateRef::Unset | StateRef::Unspecified => None,
            }
        })
    }
}

#[cfg(test)]
mod tests;
