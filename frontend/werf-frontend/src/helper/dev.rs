//! Development mode: the working directory in place of the HEAD commit.

use std::path::{Path, PathBuf};

use diagnostic::Diagnostic;
use werf_plan::agreed::DEV_ARGUMENT;
use werf_plan::file::{FilesOf, FilesRequest, Plan};
use werf_plan::service_labels;

use crate::git::path::printable;
use crate::git::repo::{Repo, RepoError};
use crate::git::work_tree::{self, Disk, GitCopy, METADATA, Metadata, WorkTree};

use super::plan::PlanRequest;
use super::template::Unread;
use super::uncommitted::{ClientFiles, escaped};

/// The client's working directory as a build has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentWorkTree {
    /// What was sent first: what the client's file system says of every file, or, where the daemon takes nothing but
    /// contents, the lists of what is ignored; the index in any case.
    pub first: PathBuf,
    /// The contents that were asked for then.
    pub contents: Option<PathBuf>,
}

impl SentWorkTree {
    /// Returns what the client's file system says of its files, if that was sent.
    ///
    /// # Errors
    /// What was sent cannot be read.
    pub(super) fn metadata(&self, git_dir: &Path) -> Result<Option<Metadata>, RepoError> {
        if !self.first.join(METADATA).exists() {
            return Ok(None);
        }
        Metadata::read(&self.first, git_dir, self.contents.as_deref()).map(Some)
    }
}

/// More files are not asked for one by one: every file of the client is compared with each name.
const MOST_NAMED: usize = 200;

/// Whether development mode is asked for.
pub fn is_on(request: &PlanRequest) -> bool {
    let value = request.build_args.get(DEV_ARGUMENT);
    value.is_some_and(|value| werf_plan::agreed::is_on(value))
}

/// Opens the repository: at HEAD, at another commit, or as the working directory is.
///
/// # Errors
/// A repository or a working directory that cannot be read; contents that have not been sent.
pub fn open(request: &PlanRequest) -> Result<Repo, Unread> {
    let mut repo =
        Repo::open_project(&request.git_dir, request.named_git.as_deref()).map_err(refused)?;
    if let Some(commit) = &request.commit {
        repo = repo.at(commit).map_err(refused)?;
    }
    if !is_on(request) {
        return Ok(repo);
    }
    if let ClientFiles::None(why) = &request.client_files {
        let mistake = Diagnostic::error(format!(
            "development mode builds the working directory, and there is none: {why}"
        ))
        .hint(format!("leave `{DEV_ARGUMENT}` out, or build in a clone"));
        return Err(Unread::Mistakes(vec![mistake]));
    }
    let tree = read(&repo, request)?;
    tree.over(&repo).map_err(refused)
}

/// Reads the working directory of `repo`.
///
/// # Errors
/// What cannot be read; contents that have not been sent.
fn read(repo: &Repo, request: &PlanRequest) -> Result<WorkTree, Unread> {
    let asked = |include, exclude| {
        Unread::NeedsFiles(FilesRequest {
            of: FilesOf::WorkTree,
            include,
            exclude,
        })
    };
    let Some(sent) = &request.work_tree else {
        return match &request.client_files {
            ClientFiles::Checkout(root) => WorkTree::read(repo, &Disk::new(root)).map_err(refused),
            _ => Err(asked(Vec::new(), Vec::new())),
        };
    };
    let copy = GitCopy {
        of: request.git_dir.clone(),
        at: sent.first.join(".git"),
    };
    let Some(metadata) = sent.metadata(&request.git_dir).map_err(refused)? else {
        return match &sent.contents {
            Some(contents) => WorkTree::read(repo, &Disk::copied(contents, copy)).map_err(refused),
            None => {
                let unsent = work_tree::unsent(repo, &sent.first, copy).map_err(refused)?;
                Err(asked(Vec::new(), unsent))
            }
        };
    };
    let tree = WorkTree::read(repo, &metadata).map_err(refused)?;
    let lacking: Vec<String> = tree
        .lacking()
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect();
    match lacking.as_slice() {
        [] => Ok(tree),
        [first, ..] if sent.contents.is_some() => {
            let message = format!(
                "`{}` was changed while it was read",
                printable(first.as_bytes())
            );
            let hint = "build again when nobody writes to the working directory";
            Err(Unread::Mistakes(vec![
                Diagnostic::error(message).hint(hint),
            ]))
        }
        named if named.len() <= MOST_NAMED => Err(asked(
            named.iter().map(|path| escaped(path)).collect(),
            Vec::new(),
        )),
        _ => Err(asked(
            Vec::new(),
            tree.ignored(MOST_NAMED)
                .map(|path| escaped(&path))
                .collect(),
        )),
    }
}

/// Says what `mistakes` call the commit.
pub fn explain(mistakes: &mut [Diagnostic]) {
    for mistake in mistakes
        .iter_mut()
        .filter(|it| it.message.contains("commit"))
    {
        let note = "in development mode the working directory takes the place of the commit, without what is ignored";
        mistake.add_notes([note.to_owned()]);
    }
}

/// Marks the images of `plan`, so that people can tell what was never committed.
pub fn mark(plan: &mut Plan) {
    let dockerfiles = plan
        .dockerfiles
        .iter_mut()
        .map(|image| &mut image.service_labels);
    let images = plan
        .images
        .iter_mut()
        .map(|image| &mut image.service_labels);
    for labels in dockerfiles.chain(images) {
        labels.insert(service_labels::DEV.to_owned(), "true".to_owned());
    }
}

fn refused(error: RepoError) -> Unread {
    Unread::Mistakes(vec![error.into()])
}

#[cfg(test)]
mod tests;
