//! What a build does not have: files of the working directory that are not as in the commit, as far as the build takes them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use diagnostic::{Checks, Diagnostic, Rule, rule};
use masks::mask::{Mask, PathMatcher};
use werf_config::Config;
use werf_config::giterminism::{Giterminism, Uncommitted};
use werf_plan::agreed::{DEV_ARGUMENT, UNCOMMITTED_ARGUMENT};
use werf_plan::file::{FilesOf, Outcome, PlanFile};

use crate::git::disk::{self, Wanted};
use crate::git::path::printable;
use crate::git::repo::{Repo, RepoError};
use crate::git::work_tree::{Changes, Disk, How, WorkTree};

use super::contexts::Contexts;
use super::dev;
use super::plan::PlanRequest;
use super::template::{Configuration, Remarks, Unread, directory_of};
use super::uncommitted::{self, ClientFiles, below_project, escaped, inside};

/// So many are named; of the others there is the number.
const MOST_SHOWN: usize = 5;

/// The contents of more files are not asked for, to see whether they differ.
const MOST_COMPARED: usize = 100;

/// What the configuration has asked the commit for.
#[derive(Clone, Debug, Default)]
pub struct Reads(Arc<Mutex<Vec<(Uncommitted, Query)>>>);

/// One question.
#[derive(Clone, Debug)]
pub enum Query {
    /// For the file at a path of the project.
    Path(String),
    /// For all that a mask matches there.
    Mask(Mask),
}

impl Reads {
    /// Remembers a question about files that `rule` can allow to be uncommitted.
    pub(super) fn add(&self, rule: Uncommitted, query: Query) {
        let mut reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reads.push((rule, query));
    }

    fn all(&self) -> Vec<(Uncommitted, Query)> {
        let reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reads.clone()
    }

    /// Whether the file at `path` of the project was asked for, and `is_of` its rule.
    fn any(&self, path: &[u8], is_of: impl Fn(Uncommitted) -> bool) -> bool {
        let reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reads.iter().any(|(rule, query)| {
            let is_it = match query {
                Query::Path(asked) => asked.as_bytes() == path,
                Query::Mask(mask) => mask.matches(path),
            };
            is_it && is_of(*rule)
        })
    }
}

/// What a build takes of the commit.
pub struct Taken<'a> {
    /// The mappings of the own repository: what they add, and which files of that.
    mappings: Vec<(&'a [u8], PathMatcher)>,
    contexts: Option<&'a Contexts>,
}

impl<'a> Taken<'a> {
    /// Returns what the mappings of `config` and the contexts of Dockerfiles take.
    pub fn of(config: &'a Config, contexts: Option<&'a Contexts>) -> Taken<'a> {
        let mappings = config.images.iter().flat_map(|image| &image.git);
        let own = mappings.filter(|mapping| mapping.remote.is_none());
        let own = own.map(|mapping| {
            let add = mapping.add.value.trim_matches('/').as_bytes();
            (add, mapping.matcher())
        });
        Taken {
            mappings: own.collect(),
            contexts,
        }
    }

    fn has(&self, path: &[u8]) -> bool {
        let is_mapped = self.mappings.iter().any(|(add, matcher)| {
            let below = match *add {
                b"" | b"." => Some(path),
                add if add == path => Some(&b""[..]),
                add => inside(path, add),
            };
            below.is_some_and(|path| matcher.matches(path))
        });
        is_mapped || self.contexts.is_some_and(|contexts| contexts.have(path))
    }
}

/// The files of a configuration in the work tree.
struct OfConfiguration<'a> {
    found: &'a Found,
    reads: &'a Reads,
}

/// The configuration that was found, whether it could be read or not.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its path in the work tree.
    pub path: String,
    /// What it may depend on besides the commit.
    pub rules: Giterminism,
}

impl Found {
    /// Returns the directory of the project.
    fn directory(&self) -> &str {
        directory_of(&self.path)
    }
}

impl OfConfiguration<'_> {
    fn has(&self, path: &[u8]) -> bool {
        let Found { path: own, rules } = self.found;
        let is_itself = path == own.as_bytes() && !rules.allows_uncommitted(Uncommitted::Config);
        is_itself || path == rules.file().as_bytes() || self.is_read(path, false)
    }

    /// Whether the file at `path` was asked for and a rule takes it from the client, so that nothing of the commit stands for it.
    fn is_clients(&self, path: &[u8]) -> bool {
        self.is_read(path, true)
    }

    /// Whether the file at `path` was asked for, of the client by a rule or of the commit.
    fn is_read(&self, path: &[u8], of_client: bool) -> bool {
        let rules = &self.found.rules;
        inside(path, self.found.directory().as_bytes()).is_some_and(|path| {
            self.reads.any(path, |rule| {
                let masks = rules.uncommitted(rule);
                masks.iter().any(|mask| mask.matches(path)) == of_client
            })
        })
    }

    /// Returns patterns of `.dockerignore` that match all of them.
    fn patterns(&self) -> Vec<String> {
        let Found { path: own, rules } = self.found;
        let mut patterns = vec![escaped(own), escaped(rules.file())];
        for (_, query) in self.reads.all() {
            let asked = match query {
                Query::Path(path) => vec![escaped(&path)],
                Query::Mask(mask) => mask.docker_patterns(),
            };
            let directory = self.found.directory();
            patterns.extend(
                asked
                    .iter()
                    .map(|pattern| below_project(directory, pattern)),
            );
        }
        patterns
    }
}

impl Wanted for &OfConfiguration<'_> {
    fn file(&mut self, path: &[u8]) -> bool {
        self.has(path)
    }

    fn below(&mut self, _: &[u8]) -> bool {
        true
    }
}

/// Adds what a build of `configuration` does not have to the warnings of `remarks`.
///
/// # Errors
/// As [`warn`].
pub fn warn_of_all(
    repo: &Repo,
    request: &PlanRequest,
    configuration: &Configuration,
    remarks: &mut Remarks,
) -> Result<(), Unread> {
    let Configuration { text, rules, views } = configuration;
    // What is wrong with these is said by whoever needs them.
    let loaded = werf_config::load(text).ok();
    let mut quiet = Remarks {
        reads: remarks.reads.clone(),
        ..Remarks::default()
    };
    let contexts = loaded.as_ref().and_then(|loaded| {
        Contexts::take(&loaded.config, repo, (views, rules), text, &mut quiet).ok()
    });
    let taken = loaded
        .as_ref()
        .map(|loaded| Taken::of(&loaded.config, contexts.as_ref()));
    warn(repo, request, taken, remarks)
}

/// Adds to the warnings of `remarks` what of the configuration is not as in the commit, where something is wrong with it and so
/// nothing was said yet: the mistake may have been corrected on the disk.
///
/// # Errors
/// As [`warn`].
pub fn warn_of_mistaken(request: &PlanRequest, remarks: &mut Remarks) -> Result<(), Unread> {
    match Repo::open_project(&request.git_dir, request.named_git.as_deref()) {
        Ok(repo) if !remarks.is_compared => warn(&repo, request, None, remarks),
        _ => Ok(()),
    }
}

/// Adds what the build does not have to the warnings of `remarks`, where the working directory is at hand and that is not
/// what is built.
///
/// # Errors
/// Contents that have not been sent. Whatever else is wrong is not said: the build does not depend on it.
pub fn warn(
    repo: &Repo,
    request: &PlanRequest,
    taken: Option<Taken<'_>>,
    remarks: &mut Remarks,
) -> Result<(), Unread> {
    remarks.is_compared = true;
    let is_off = request
        .build_args
        .get(UNCOMMITTED_ARGUMENT)
        .is_some_and(|value| value == "ignore");
    let Some(found) = remarks
        .found
        .clone()
        .filter(|_| !is_off && !dev::is_on(request))
    else {
        return Ok(());
    };
    let reads = remarks.reads.clone();
    let of_configuration = OfConfiguration {
        found: &found,
        reads: &reads,
    };
    let asked = |include| Unread::NeedsFiles(uncommitted::request(FilesOf::WorkTree, include));
    let changes = match (&request.work_tree, &request.client_files) {
        (Some(sent), _) => match (sent.metadata(&request.git_dir), &sent.contents) {
            (Ok(Some(metadata)), _) => {
                WorkTree::read(repo, &metadata).and_then(|tree| Changes::between(repo, &tree))
            }
            (Ok(None), None) => return Err(asked(of_configuration.patterns())),
            (Ok(None), Some(contents)) => some_changes(repo, contents, &of_configuration),
            (Err(error), _) => Err(error),
        },
        (None, ClientFiles::Checkout(root)) => {
            WorkTree::read(repo, &Disk::new(root)).and_then(|tree| Changes::between(repo, &tree))
        }
        (None, _) => return Ok(()),
    };
    let Ok(changes) = changes else {
        return Ok(());
    };
    let is_taken = |path: &[u8]| taken.as_ref().is_some_and(|taken| taken.has(path));
    let has_contents = request
        .work_tree
        .as_ref()
        .is_none_or(|sent| sent.contents.is_some());
    let unknown = changes.unknown.iter();
    let unknown = unknown.filter(|path| of_configuration.has(path) || is_taken(path));
    let unknown: Vec<String> = unknown
        .map(|path| escaped(&String::from_utf8_lossy(path)))
        .collect();
    if !has_contents && (1..=MOST_COMPARED).contains(&unknown.len()) {
        return Err(asked(unknown));
    }
    let (configuration, others): (Vec<_>, Vec<_>) = changes
        .paths
        .iter()
        .partition(|(path, _)| of_configuration.has(path));
    let others: Vec<_> = others
        .into_iter()
        .filter(|(path, _)| is_taken(path) && !of_configuration.is_clients(path))
        .collect();
    let is_build = request.work_tree.is_some();
    let warnings = [
        said(
            &rule::UNCOMMITTED_CONFIGURATION,
            "of the configuration",
            repo,
            &configuration,
            is_build,
        ),
        said(
            &rule::UNCOMMITTED_CHANGES,
            "that the build takes",
            repo,
            &others,
            is_build,
        ),
    ];
    remarks.warnings.extend(warnings.into_iter().flatten());
    Ok(())
}

/// Compares the files of the configuration with those below `root`, which are all that the client has of them.
fn some_changes(
    repo: &Repo,
    root: &Path,
    mut wanted: &OfConfiguration<'_>,
) -> Result<Changes, RepoError> {
    let mut committed = repo.leaves()?;
    committed.retain(|path, _| wanted.has(path));
    let mut changes = Changes::default();
    for file in disk::files(root, b"", &mut wanted)? {
        let (leaf, _) = file.leaf(repo.commit_id().kind())?;
        let known = committed.remove(&file.path);
        changes.add(file.path, known, |known| known == leaf);
    }
    Ok(changes.with_deleted(committed))
}

fn said(
    rule: &'static Rule,
    which: &str,
    repo: &Repo,
    changes: &[&(Vec<u8>, How)],
    is_build: bool,
) -> Option<Diagnostic> {
    let names: Vec<String> = changes
        .iter()
        .take(MOST_SHOWN)
        .map(|(path, how)| {
            let how = match how {
                How::Changed => "changed",
                How::New => "new",
                How::Deleted => "deleted",
            };
            format!("`{}` ({how})", printable(path))
        })
        .collect();
    let (files, them) = match changes.len() {
        0 => return None,
        1 => ("1 file".to_owned(), "it"),
        count => (format!("{count} files"), "them"),
    };
    let is = if changes.len() == 1 { "is" } else { "are" };
    let more = match changes.len().saturating_sub(MOST_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "{files} {which} {is} not as in commit {}: {}{more}",
        &repo.commit()[..12],
        names.join(", ")
    );
    let dev = if is_build {
        format!("`--build-arg {DEV_ARGUMENT}=1`")
    } else {
        "`--dev`".to_owned()
    };
    let hint = format!(
        "the commit's are taken: commit {them}, or take the working directory with {dev}; \
         `--build-arg {UNCOMMITTED_ARGUMENT}=ignore` leaves this out"
    );
    Some(Diagnostic::warning(rule, message).hint(hint))
}

/// Returns what is written where nothing but the changes is wanted: what has to be sent, or the warnings of them; and `checks`, what
/// of them the configuration wants to hear.
pub(super) fn file(outcome: Outcome, mut warnings: Vec<Diagnostic>, checks: Checks) -> PlanFile {
    warnings.retain(|it| {
        it.is_of(&rule::UNCOMMITTED_CHANGES) || it.is_of(&rule::UNCOMMITTED_CONFIGURATION)
    });
    PlanFile {
        warnings,
        checks,
        ..PlanFile::of(match outcome {
            Outcome::NeedsFiles(wanted) => Outcome::NeedsFiles(wanted),
            _ => Outcome::Errors(Vec::new()),
        })
    }
}

#[cfg(test)]
mod tests;
