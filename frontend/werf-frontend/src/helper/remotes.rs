//! The repositories of mappings with `url`: which are needed, and which were given.
//!
//! PLAN has no network. What it needs it asks the gateway for, which starts it again with every repository mounted;
//! on the command line a person can give clones.

use diagnostic::Diagnostic;
use werf_config::giterminism::{Giterminism, Rule};
use werf_config::{Config, GitMapping, Reference};
use werf_plan::file::RemoteRequest;
use werf_plan::remote::{GivenRemote, mappings, requests};

use crate::git::repo::{Repo, RepoError, git_dir_in};

/// The opened repositories of a configuration, in the order in which it names them.
#[derive(Default)]
pub struct Remotes(Vec<(RemoteRequest, Repo)>);

/// Why the repositories could not be opened.
#[derive(Debug)]
pub enum Unopened {
    /// They have not been given.
    NotGiven(Vec<RemoteRequest>),
    /// Something is wrong with those that have.
    Broken(Vec<Diagnostic>),
}

impl Remotes {
    /// Opens the repositories that `config` needs; each URL with the same reference is one.
    ///
    /// # Errors
    /// Those that are not among `given`, and those that cannot be read.
    pub fn open(config: &Config, given: &[GivenRemote]) -> Result<Remotes, Unopened> {
        let requests = requests(config);
        let mut opened = Vec::new();
        let mut broken = Vec::new();
        for request in &requests {
            let is_it = |given: &&GivenRemote| {
                given.url == request.url && given.reference == request.reference
            };
            let Some(given) = given.iter().find(is_it) else {
                return Err(Unopened::NotGiven(requests));
            };
            match open(given, request) {
                Ok(repo) => opened.push((request.clone(), repo)),
                Err(error) => broken.push(error),
            }
        }
        if broken.is_empty() {
            Ok(Remotes(opened))
        } else {
            Err(Unopened::Broken(broken))
        }
    }

    /// Returns the repository of `mapping`, and its number; `None` for the project's own.
    pub fn of(&self, mapping: &GitMapping) -> Option<(usize, &Repo)> {
        let remote = mapping.remote.as_ref()?;
        let index = self
            .0
            .iter()
            .position(|(request, _)| request.is_for(remote))?;
        Some((index, &self.0[index].1))
    }
}

fn open(given: &GivenRemote, request: &RemoteRequest) -> Result<Repo, Diagnostic> {
    let refuse = |error: RepoError| {
        let problem = if error.is_no_repository {
            format!("`{}` is no git directory", given.git_dir.display())
        } else {
            error.message
        };
        let message = format!("repository `{}`: {problem}", request.url);
        let mut diagnostic = Diagnostic::error(message).at(request.at.clone());
        diagnostic.hint = error.hint.filter(|_| !error.is_no_repository);
        diagnostic
    };
    let repo = Repo::open_remote(&git_dir_in(&given.git_dir)).map_err(refuse)?;
    let is_id = !request.reference.starts_with("refs/") && request.reference != "HEAD";
    if is_id && repo.commit() != request.reference {
        return Err(Diagnostic::error(format!(
            "repository `{}` was given at commit {}, and not at {}",
            request.url,
            repo.commit(),
            request.reference
        ))
        .at(request.at.clone()));
    }
    Ok(repo)
}

/// Returns a mistake for every branch that `rules` do not allow.
pub fn forbidden(config: &Config, rules: &Giterminism) -> Vec<Diagnostic> {
    if rules.allows(Rule::Branch, "") {
        return Vec::new();
    }
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    for remote in mappings(config).filter(|remote| remote.reference.value.moves()) {
        let what = match &remote.reference.value {
            Reference::Branch(name) => format!("`branch: {name}`"),
            _ => "the default branch of the other repository".to_owned(),
        };
        let mistake =
            Diagnostic::error(format!("{what} moves without a commit of this repository"))
                .at(remote.reference.at.clone())
                .hint("pin them with `tag` or `commit`, or allow branches")
                .note(rules.advice(Rule::Branch, ""));
        if !mistakes.contains(&mistake) {
            mistakes.push(mistake);
        }
    }
    mistakes
}

#[cfg(test)]
mod tests;
