//! From HEAD to the commit that it names, and the tree of that.

use gix::objs::Kind;

use crate::git::path::printable;

use super::{RepoError, chain, forged, verify};

/// As many tags may name one another before there is a commit.
const MOST_TAGS: usize = 16;

/// Returns the ids of the HEAD commit and its tree.
pub(super) fn head_of(repo: &gix::Repository) -> Result<(gix::ObjectId, gix::ObjectId), RepoError> {
    let head = repo
        .head()
        .map_err(|error| RepoError::new(format!("read `.git/HEAD`: {}", chain(&error))))?;
    if head.is_unborn() {
        let branch = head
            .referent_name()
            .map_or_else(String::new, |name| format!(" `{}`", name.shorten()));
        return Err(RepoError::new(format!(
            "branch{branch} has no commit yet, and images are built from commits"
        ))
        .hint("commit `werf.yaml` and the sources first"));
    }
    let commit = peeled(repo, head)?;
    Ok((commit, tree_of(repo, commit)?))
}

/// Returns the ids of the commit that git calls `name` and of its tree.
pub(super) fn commit_named(
    repo: &gix::Repository,
    name: &str,
) -> Result<(gix::ObjectId, gix::ObjectId), RepoError> {
    let shown = printable(name.as_bytes());
    let id = repo
        .rev_parse_single(format!("{name}^{{commit}}").as_str())
        .map_err(|_| {
            RepoError::new(format!("`{shown}` is no commit of this repository")).hint(
                if repo.is_shallow().unwrap_or(false) {
                    "the clone is shallow: fetch more of its history with `git fetch --unshallow`"
                } else {
                    "name a commit by its id, a branch, a tag, or as in `HEAD~2`"
                },
            )
        })?
        .detach();
    Ok((id, tree_of(repo, id)?))
}

/// Returns the commit that HEAD names, perhaps by tags.
fn peeled(repo: &gix::Repository, head: gix::Head<'_>) -> Result<gix::ObjectId, RepoError> {
    let refuse = |error: String| RepoError::new(format!("read the HEAD commit: {error}"));
    let mut id = match head.id() {
        Some(id) => id.detach(),
        None => followed(head).map_err(|error| refuse(chain(&error)))?,
    };
    for _ in 0..MOST_TAGS {
        let object = repo
            .find_object(id)
            .map_err(|error| refuse(chain(&error)))?;
        verify(&id, object.kind, &object.data)
            .map_err(|why| forged(&format!("read object {}", id.to_hex_with_len(8)), &why))?;
        match object.kind {
            Kind::Commit => return Ok(id),
            Kind::Tag => {
                let tag = object
                    .try_into_tag()
                    .map_err(|error| refuse(chain(&error)))?;
                let target = tag.target_id().map_err(|error| refuse(chain(&error)))?;
                id = target.detach();
            }
            kind => return Err(refuse(format!("{id} is a {kind}, and not a commit"))),
        }
    }
    Err(refuse(format!("it is behind more than {MOST_TAGS} tags")))
}

/// Returns the id at the end of the references that HEAD leads to, if its own one leads to another.
fn followed(head: gix::Head<'_>) -> Result<gix::ObjectId, gix::Error> {
    let Some(mut reference) = head.try_into_referent() else {
        return Err(gix::Error::from_error(std::io::Error::other(
            "it names no reference",
        )));
    };
    Ok(reference.follow_to_object()?.detach())
}

/// Returns the root tree of `commit`.
pub(super) fn tree_of(
    repo: &gix::Repository,
    commit: gix::ObjectId,
) -> Result<gix::ObjectId, RepoError> {
    let what = || format!("read the tree of commit {commit}");
    let refuse = |cause| RepoError::new(format!("{}: {cause}", what()));
    let found = repo
        .find_commit(commit)
        .map_err(|error| refuse(chain(&error)))?;
    verify(&commit, Kind::Commit, &found.data).map_err(|why| forged(&what(), &why))?;
    let tree = found.tree_id().map_err(|error| refuse(chain(&error)))?;
    Ok(tree.detach())
}
