//! Files that are not committed and that `werf-giterminism.yaml` allows all the same: they are read from the client's working
//! directory. One that a rule names and that is not there is missing, whatever the commit has (`IsFileAccepted` and its
//! users in werf's `pkg/giterminism_manager/file_reader`).

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use diagnostic::Diagnostic;
use gix::objs::tree::EntryKind;
use masks::mask::Mask;
use werf_config::giterminism::{Giterminism, Uncommitted};
use werf_plan::file::{FilesOf, FilesRequest};

use crate::git::disk::{self, Wanted};
use crate::git::overlay::{Leaf, Leaves};
use crate::git::repo::{MAX_CONFIG_BYTES, Repo, RepoError};

use super::locate::Located;

/// The files of the client's working directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientFiles {
    /// They can be had, but nobody has asked for them.
    #[default]
    NotGiven,
    /// There are none, for this reason.
    None(String),
    /// The directory with those that were asked for.
    At(PathBuf),
    /// The root of the working directory itself.
    Checkout(PathBuf),
}

/// The repository as each reader sees it: with files of the client in place of those of the commit where a rule says so.
#[derive(Clone)]
pub struct Views {
    /// For the templates of the configuration.
    pub templates: Repo,
    /// For `.Files`.
    pub files: Repo,
    /// For Dockerfiles.
    pub dockerfiles: Repo,
    /// For the `.dockerignore` of contexts.
    pub dockerignores: Repo,
}

/// The rules with masks.
const WITH_MASKS: [Uncommitted; 4] = [
    Uncommitted::Templates,
    Uncommitted::Files,
    Uncommitted::Dockerfiles,
    Uncommitted::Dockerignores,
];

/// Returns what `rules` take from the client, which are those of the project in `directory`; `None` if that is nothing.
pub fn wanted(rules: &Giterminism, directory: &str) -> Option<FilesRequest> {
    let masks = WITH_MASKS.into_iter().flat_map(|it| rules.uncommitted(it));
    let patterns = masks.flat_map(Mask::docker_patterns);
    let include: Vec<String> = patterns
        .map(|pattern| below_project(directory, &pattern))
        .collect();
    if include.is_empty() {
        return None;
    }
    Some(request(FilesOf::Rules, include))
}

/// Returns the request of what `include` matches, each pattern once; of no repository its git directory.
pub(super) fn request(of: FilesOf, mut include: Vec<String>) -> FilesRequest {
    include.sort();
    include.dedup();
    FilesRequest {
        of,
        include,
        exclude: vec!["**/.git".to_owned()],
    }
}

/// Returns a pattern of files of the project in `directory` as one of the work tree.
pub(super) fn below_project(directory: &str, pattern: &str) -> String {
    match directory {
        "" => pattern.to_owned(),
        directory => format!("{}/{pattern}", escaped(directory)),
    }
}

/// Returns `path` as seen from `directory`, if it is below that.
pub(super) fn inside<'a>(path: &'a [u8], directory: &[u8]) -> Option<&'a [u8]> {
    match directory {
        [] => Some(path),
        directory => path.strip_prefix(directory)?.strip_prefix(b"/"),
    }
}

/// Returns a path as a pattern of `.dockerignore`. Blanks are trimmed at the ends, which a set is safe from.
pub(super) fn escaped(path: &str) -> String {
    let mut text = String::new();
    for c in path.chars() {
        if c.is_whitespace() {
            text.extend(['[', c, ']']);
            continue;
        }
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!' | '^' | '#') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

impl Views {
    /// Returns views of nothing but the commit.
    pub fn of_commit(repo: &Repo) -> Views {
        Views {
            templates: repo.clone(),
            files: repo.clone(),
            dockerfiles: repo.clone(),
            dockerignores: repo.clone(),
        }
    }

    /// Returns views with the files below `root` that the rules of the project in `directory` allow.
    ///
    /// # Errors
    /// Files and objects that cannot be read.
    pub fn with(
        repo: &Repo,
        root: &Path,
        directory: &str,
        rules: &Giterminism,
    ) -> Result<Views, RepoError> {
        let committed = repo.leaves()?;
        let view = |rule| with_masks(repo, &committed, root, directory, &rules.uncommitted(rule));
        Ok(Views {
            templates: view(Uncommitted::Templates)?,
            files: view(Uncommitted::Files)?,
            dockerfiles: view(Uncommitted::Dockerfiles)?,
            dockerignores: view(Uncommitted::Dockerignores)?,
        })
    }
}

/// What masks match below a directory.
struct Masked<'a> {
    directory: &'a [u8],
    masks: &'a [&'a Mask],
}

impl Masked<'_> {
    fn matches(&self, path: &[u8]) -> bool {
        inside(path, self.directory)
            .is_some_and(|path| self.masks.iter().any(|mask| mask.matches(path)))
    }
}

impl Wanted for Masked<'_> {
    fn file(&mut self, path: &[u8]) -> bool {
        self.matches(path)
    }

    fn below(&mut self, path: &[u8]) -> bool {
        let Some(inside) = inside(path, self.directory) else {
            return false;
        };
        let mut masks = self.masks.iter();
        masks.any(|mask| mask.matches(inside) || mask.may_match_below(inside))
    }
}

/// Returns `repo`, whose files are `committed`, with what `masks` match below `directory` as it is below `root`. Of a submodule
/// that no mask matches as a whole, the files of its commit are left as they are.
fn with_masks(
    repo: &Repo,
    committed: &Leaves,
    root: &Path,
    directory: &str,
    masks: &[&Mask],
) -> Result<Repo, RepoError> {
    if masks.is_empty() {
        return Ok(repo.clone());
    }
    let mut masked = Masked {
        directory: directory.as_bytes(),
        masks,
    };
    let mut leaves = committed.clone();
    leaves.retain(|path, _| !masked.matches(path));
    let is_submodule = |(_, leaf): &(&Vec<u8>, &Leaf)| leaf.kind == EntryKind::Commit;
    let submodules = leaves.iter().filter(is_submodule);
    let submodules: Vec<Vec<u8>> = submodules
        .map(|(path, _)| [path, &b"/"[..]].concat())
        .collect();
    let mut blobs = HashMap::new();
    for file in disk::files(root, directory.as_bytes(), &mut masked)? {
        if submodules
            .iter()
            .any(|submodule| file.path.starts_with(submodule))
        {
            continue;
        }
        let (leaf, content) = file.leaf(repo.commit_id().kind())?;
        leaves.insert(file.path, leaf);
        blobs.insert(leaf.id, content);
    }
    if leaves == *committed {
        return Ok(repo.clone());
    }
    repo.with_files(&leaves, blobs)
}

/// Returns the configuration at `path` as the client has it, which `config.allowUncommitted` takes in place of the commit's:
/// what it has `sent`, or what is on the disk.
///
/// # Errors
/// A file that is not there.
pub fn configuration(
    path: &str,
    sent: Option<&[u8]>,
    client: &ClientFiles,
) -> Option<Result<Located, Box<Diagnostic>>> {
    let located = |content: Vec<u8>| Located {
        path: path.to_owned(),
        content,
    };
    if let Some(sent) = sent {
        return Some(Ok(located(sent.to_vec())));
    }
    let ClientFiles::Checkout(root) = client else {
        return None;
    };
    let mut content = Vec::new();
    let read = File::open(root.join(path))
        .and_then(|file| file.take(MAX_CONFIG_BYTES + 1).read_to_end(&mut content));
    Some(match read {
        Ok(_) => Ok(located(content)),
        Err(error) => Err(Box::new(
            Diagnostic::error(format!("read `{path}` of the working directory: {error}")).hint(
                format!(
                    "`{}` takes it from there, and not from the commit",
                    Uncommitted::Config
                ),
            ),
        )),
    })
}

#[cfg(test)]
mod tests;
