//! What the configuration of a repository says of the way in which it is stored.

use super::RepoError;

/// The extensions of repository format version 1 that change nothing for a reader of objects and refs.
/// `git` refuses a repository with any other (its `Documentation/technical/repository-version`), and so
/// do we: gix opens them.
const HARMLESS_EXTENSIONS: [&str; 6] = [
    "noop",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "relativeworktrees",
    "worktreeconfig",
];

/// Refuses a repository that `git` would not open.
pub(super) fn refuse_foreign_formats(repo: &gix::Repository) -> Result<(), RepoError> {
    let config = repo.config_snapshot();
    match config.integer("core.repositoryFormatVersion").unwrap_or(0) {
        0 => return Ok(()),
        1 => {}
        version => {
            return Err(RepoError::new(format!(
                "the repository has format version {version}, 0 and 1 are known"
            )));
        }
    }
    let is_reftable = config
        .string("extensions.refStorage")
        .is_some_and(|storage| !storage.eq_ignore_ascii_case(b"files"));
    if is_reftable {
        return Err(RepoError::new(
            "the repository keeps its references as `reftable`, which cannot be read here",
        )
        .hint("run `git refs migrate --ref-format=files` (git 2.46), or build in a clone: `git clone --ref-format=files . ../build`"));
    }
    for section in config
        .plumbing()
        .sections_by_name("extensions")
        .into_iter()
        .flatten()
    {
        for name in section.value_names() {
            let extension = name.to_ascii_lowercase();
            if !HARMLESS_EXTENSIONS.contains(&extension.as_str()) && extension != "refstorage" {
                return Err(RepoError::new(format!(
                    "the repository needs the git extension `{name}`, which is not known here"
                )));
            }
        }
    }
    Ok(())
}

/// Whether objects that are not here are to be fetched when somebody asks for them.
pub(super) fn is_partial_clone(repo: &gix::Repository) -> bool {
    let config = repo.config_snapshot();
    config.string("extensions.partialClone").is_some()
        || config
            .plumbing()
            .sections_by_name("remote")
            .into_iter()
            .flatten()
            .any(|section| {
                section
                    .value("promisor")
                    .is_some_and(|value| value.as_slice() == b"true")
            })
}
