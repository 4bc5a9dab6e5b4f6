//! Submodules: their files are files of the mapping, as in werf, which checks them out recursively.
//!
//! The superproject's tree holds a commit where a submodule is. Its objects are in `.git/modules/NAME`, where
//! `git submodule update --init` puts them; the name is in the `.gitmodules` of the same commit. Nothing is
//! fetched, and neither the work tree nor the checked-out state of the submodule is looked at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gix::bstr::ByteSlice as _;

use super::path::{RepoPath, printable};
use super::repo::{Entry, Repo, RepoError};

/// Where the commits of submodules are listed.
const LIST: &str = ".gitmodules";

/// A submodule that files were listed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submodule {
    /// Its name in `.gitmodules`.
    pub name: String,
    /// Where it is, relative to the root of the outermost work tree.
    pub path: RepoPath,
    /// The commit that the outer repository names.
    pub commit: gix::ObjectId,
    /// Where its objects are.
    pub git_dir: PathBuf,
}

/// The names of a commit's submodules by their paths.
pub(super) type Names = BTreeMap<Vec<u8>, String>;

/// Reads `.gitmodules` of the commit of `repo`; without one there are no names.
///
/// # Errors
/// A file that cannot be read or is no git configuration.
pub(super) fn names(repo: &Repo) -> Result<Names, RepoError> {
    // git too does not follow a link here.
    let Some(Entry::File(id)) = repo.entry(LIST)? else {
        return Ok(Names::new());
    };
    read_names(&repo.read(id, LIST)?)
}

/// Reads the text of a `.gitmodules`.
///
/// # Errors
/// One that is no git configuration.
pub(super) fn read_names(text: &[u8]) -> Result<Names, RepoError> {
    let meta = gix::config::file::Metadata::api();
    let file = gix::config::File::from_bytes_no_includes(
        text,
        meta,
        gix::config::file::init::Options::default(),
    )
    .map_err(|error| RepoError::new(format!("read `{LIST}`: {error}")))?;
    let sections = file.sections_by_name("submodule").into_iter().flatten();
    Ok(sections
        .filter_map(|section| {
            let name = section.header().subsection_name()?.to_str().ok()?;
            let path = section.value("path")?;
            let path = path.trim_end_with(|c| c == '/').to_vec();
            Some((path, name.to_owned()))
        })
        .collect())
}

/// Opens the submodule at `path` of `repo`, which `names` were read from, at `commit`.
///
/// `inside` is the path within `repo`, `path` the one from the outermost root.
///
/// # Errors
/// A submodule that `.gitmodules` does not list, or whose commit is not there; any submodule of a remote repository.
pub(super) fn open(
    repo: &Repo,
    names: &Names,
    inside: &[u8],
    path: RepoPath,
    commit: gix::ObjectId,
) -> Result<(Repo, Submodule), RepoError> {
    if repo.is_remote() {
        return Err(RepoError::new(format!(
            "`{path}` is a submodule, and submodules of a repository with `url` are not fetched"
        ))
        .hint(format!(
            "leave `{path}` out with `excludePaths`, and give it an entry of `git` with a `url` of its own"
        )));
    }
    let Some(name) = names.get(inside) else {
        return Err(RepoError::new(format!(
            "`{path}` is the commit of a submodule, and `{LIST}` has none with `path = {}`",
            printable(inside)
        ))
        .hint(format!(
            "add it with `git submodule add`, or remove it with `git rm --cached {path}`, and commit"
        )));
    };
    // As strict as git, which refuses `..` here, and more: the name becomes a path below `.git/modules`.
    RepoPath::parse(name.as_bytes()).map_err(|error| {
        RepoError::new(format!(
            "submodule `{}` has a name that is no path below `.git/modules`: {error}",
            printable(name.as_bytes())
        ))
    })?;
    let git_dir = repo.git_dir().join("modules").join(name);
    match Repo::open_at(&git_dir, commit) {
        Ok(Some(opened)) => {
            let submodule = Submodule {
                name: name.clone(),
                path,
                commit,
                git_dir,
            };
            Ok((opened, submodule))
        }
        Ok(None) => Err(RepoError::new(format!(
            "commit {commit} of submodule `{name}` (`{path}`) is not in the repository"
        ))
        .hint(
            "run `git submodule update --init --recursive`; if the submodule was made by an old git, which keeps \
             `.git` inside it, run `git submodule absorbgitdirs` too",
        )),
        Err(mut error) => {
            error.message = format!("submodule `{name}` (`{path}`): {}", error.message);
            Err(error)
        }
    }
}
