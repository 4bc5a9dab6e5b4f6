//! Finds the configuration file of a build in the commit.
//!
//! The client sends the file that `-f` names, but only by its last component and its content: which
//! file of the commit that is must be found out, and it must be the same file.

use diagnostic::{Diagnostic, Location};
use werf_plan::agreed::{DEFAULT_NAMES, DEV_ARGUMENT};

use crate::git::files::{CommitFiles, PathKind};
use crate::git::repo::{Entry, Repo, RepoError};

/// What is known of the file before the commit is opened.
#[derive(Clone, Debug, Default)]
pub struct ConfigQuery {
    /// The path in the work tree, if the user gave it (`--build-arg WERF_CONFIG=…`, or `-f` on the
    /// command line).
    pub path: Option<String>,
    /// The last component of the path given with `-f`.
    pub name: Option<String>,
    /// The directory of the file in the work tree, if the client found it out.
    pub directory: Option<String>,
    /// The content that the client sent.
    pub content: Option<Vec<u8>>,
}

/// The configuration file of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its path in the work tree, with slashes.
    pub path: String,
    /// Its content in the commit.
    pub content: Vec<u8>,
}

/// Finds the file in the commit.
///
/// # Errors
/// One diagnostic: the file is not committed, differs from what the client sent, or cannot be told
/// apart from another one.
pub fn locate(repo: &Repo, query: &ConfigQuery) -> Result<Located, Box<Diagnostic>> {
    let candidates = candidates(repo, query).map_err(refused)?;
    let mut differing = None;
    let mut equal: Vec<Located> = Vec::new();
    for path in candidates.paths {
        let id = match repo.entry(&path).map_err(refused)? {
            Some(Entry::File(id)) => Content::Object(id),
            // A link to a file of the commit is as good as the file; the project's directory is that of the link.
            Some(Entry::Link) if candidates.preferred.contains(&path) => {
                let files = CommitFiles::new(repo, "");
                if files.kind(&path).map_err(refused)? != Some(PathKind::File) {
                    return Err(Box::new(is_link(repo, &path)));
                }
                Content::Linked(files.read(&path).map_err(refused)?)
            }
            _ => continue,
        };
        let content = match id {
            Content::Object(id) => repo.read(id, &path).map_err(refused)?,
            Content::Linked(content) => content,
        };
        let located = Located { path, content };
        match &query.content {
            Some(sent) if !same_text(sent, &located.content) => {
                differing = differing.or(Some(located));
            }
            _ if candidates.preferred.contains(&located.path) => return Ok(located),
            _ => equal.push(located),
        }
    }
    match (equal.len(), differing) {
        (1, _) => Ok(equal.remove(0)),
        (0, Some(located)) => Err(Box::new(differs(
            repo,
            &located,
            query.content.as_deref().unwrap_or_default(),
        ))),
        (0, None) => Err(Box::new(not_committed(repo, query))),
        _ => Err(Box::new(ambiguous(&equal))),
    }
}

/// Returns the path that the file has if it is in the working directory alone, or differs there from the commit.
///
/// # Errors
/// A repository that cannot be read.
pub fn likely_path(repo: &Repo, query: &ConfigQuery) -> Result<Option<String>, RepoError> {
    let Candidates { paths, preferred } = candidates(repo, query)?;
    for path in &paths {
        if matches!(repo.entry(path)?, Some(Entry::File(_) | Entry::Link)) {
            return Ok(Some(path.clone()));
        }
    }
    Ok(preferred.into_iter().next())
}

/// Where the content of a candidate is.
enum Content {
    Object(gix::ObjectId),
    Linked(Vec<u8>),
}

struct Candidates {
    /// All paths to look at, the preferred ones first.
    paths: Vec<String>,
    /// Those that are taken as soon as they fit; of the others exactly one must fit.
    preferred: Vec<String>,
}

fn candidates(repo: &Repo, query: &ConfigQuery) -> Result<Candidates, RepoError> {
    if let Some(path) = &query.path {
        let path = clean(path);
        return Ok(Candidates {
            paths: vec![path.clone()],
            preferred: vec![path],
        });
    }
    let Some(name) = &query.name else {
        let directory = query.directory.as_deref().unwrap_or_default();
        let names: Vec<String> = DEFAULT_NAMES
            .map(|name| clean(&format!("{directory}/{name}")))
            .to_vec();
        return Ok(Candidates {
            paths: names.clone(),
            preferred: names,
        });
    };
    // A client that knows the directory leaves nothing to guess.
    if let Some(directory) = &query.directory {
        let path = clean(&format!("{directory}/{name}"));
        return Ok(Candidates {
            paths: vec![path.clone()],
            preferred: vec![path],
        });
    }
    let mut paths = vec![name.clone()];
    paths.extend(
        repo.files_named(name)?
            .into_iter()
            .filter(|path| path != name),
    );
    Ok(Candidates {
        paths,
        preferred: vec![name.clone()],
    })
}

/// Removes `.` components, empty ones and leading slashes; `..` is left alone and matches nothing.
fn clean(path: &str) -> String {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect::<Vec<_>>()
        .join("/")
}

/// Whether the client's file is the commit's: byte for byte, or but for the line ends that a checkout
/// with `core.autocrlf` makes.
fn same_text(sent: &[u8], committed: &[u8]) -> bool {
    if sent == committed {
        return true;
    }
    let mut unix = Vec::with_capacity(sent.len());
    for (index, &byte) in sent.iter().enumerate() {
        if byte != b'\r' || sent.get(index + 1) != Some(&b'\n') {
            unix.push(byte);
        }
    }
    unix == committed
}

fn refused(error: RepoError) -> Box<Diagnostic> {
    Box::new(error.into())
}

fn not_committed(repo: &Repo, query: &ConfigQuery) -> Diagnostic {
    let name = query
        .path
        .as_deref()
        .or(query.name.as_deref())
        .unwrap_or(DEFAULT_NAMES[0]);
    Diagnostic::error(format!(
        "`{name}` is not in commit {}",
        &repo.commit()[..12]
    ))
    .hint(format!(
        "images are built from the HEAD commit: `git add {name} && git commit`"
    ))
}

fn is_link(repo: &Repo, path: &str) -> Diagnostic {
    Diagnostic::error(format!(
        "`{path}` is a symbolic link in commit {}, and leads to no file of it",
        &repo.commit()[..12]
    ))
    .hint("commit the file that it leads to")
}

fn differs(repo: &Repo, located: &Located, sent: &[u8]) -> Diagnostic {
    let line = 1 + sent
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .zip(located.content.split(|&byte| byte == b'\n'))
        .take_while(|(sent, committed)| sent == committed)
        .count();
    Diagnostic::error(format!(
        "`{}` differs between the working directory and commit {}, first in line {line}",
        located.path,
        &repo.commit()[..12]
    ))
    .at(Location::point(&located.path, line, 1))
    .hint(format!(
        "the build uses the committed file: commit the change, take it back with `git stash`, or build the working \
         directory with `--build-arg {DEV_ARGUMENT}=1`"
    ))
}

fn ambiguous(equal: &[Located]) -> Diagnostic {
    let paths: Vec<String> = equal
        .iter()
        .map(|located| format!("`{}`", located.path))
        .collect();
    Diagnostic::error(format!(
        "the file given with `-f` has the same content as {}",
        paths.join(" and ")
    ))
    .hint(format!(
        "say which one is meant: `--build-arg WERF_CONFIG={}`",
        equal[0].path
    ))
}

#[cfg(test)]
mod tests {
    use crate::git::fixture::Fixture;

    use super::*;

    fn query(name: &str, content: &str) -> ConfigQuery {
        ConfigQuery {
            name: Some(name.to_owned()),
            content: Some(content.into()),
            ..ConfigQuery::default()
        }
    }

    fn found(fixture: &Fixture, query: &ConfigQuery) -> Result<String, String> {
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        locate(&repo, query)
            .map(|located| located.path)
            .map_err(|error| error.message)
    }

    #[test]
    fn the_file_at_the_root_is_taken_before_its_twins() {
        let fixture = Fixture::with(&[("werf.yaml", "a"), ("sub/werf.yaml", "a")]);
        assert_eq!(
            found(&fixture, &query("werf.yaml", "a")),
            Ok("werf.yaml".to_owned())
        );
    }

    #[test]
    fn a_file_below_the_root_is_found_by_its_content() {
        let fixture = Fixture::with(&[
            ("werf.yaml", "a"),
            ("sub/werf.yaml", "b"),
            ("x/y/werf.yaml", "c"),
        ]);
        assert_eq!(
            found(&fixture, &query("werf.yaml", "c")),
            Ok("x/y/werf.yaml".to_owned())
        );
    }

    #[test]
    fn twins_below_the_root_must_be_told_apart() {
        let fixture = Fixture::with(&[("a/werf.yaml", "x"), ("b/werf.yaml", "x")]);
        let error = found(&fixture, &query("werf.yaml", "x")).unwrap_err();
        assert!(error.contains("`a/werf.yaml` and `b/werf.yaml`"), "{error}");
        let chosen = ConfigQuery {
            path: Some("./b//werf.yaml".to_owned()),
            ..query("werf.yaml", "x")
        };
        assert_eq!(found(&fixture, &chosen), Ok("b/werf.yaml".to_owned()));
        let known = ConfigQuery {
            directory: Some("b".to_owned()),
            ..query("werf.yaml", "x")
        };
        assert_eq!(found(&fixture, &known), Ok("b/werf.yaml".to_owned()));
    }

    #[test]
    fn a_known_directory_leaves_nothing_to_guess() {
        let fixture = Fixture::with(&[("werf.yaml", "a"), ("sub/werf.yaml", "b")]);
        let edited = ConfigQuery {
            directory: Some("sub".to_owned()),
            ..query("werf.yaml", "a")
        };
        let error = found(&fixture, &edited).unwrap_err();
        assert!(error.contains("`sub/werf.yaml` differs"), "{error}");
    }

    #[test]
    fn the_first_differing_line_is_named() {
        let fixture = Fixture::with(&[("werf.yaml", "one\ntwo\nthree\n")]);
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        for (sent, line) in [
            ("one\nTWO\nthree\n", 2),
            ("one\n", 2),
            ("one\ntwo\nthree\nfour\n", 4),
            ("", 1),
        ] {
            let error = locate(&repo, &query("werf.yaml", sent)).unwrap_err();
            assert_eq!(error.at.expect("a place").start.line, line, "{sent:?}");
        }
    }

    #[test]
    fn line_ends_of_a_windows_checkout_make_no_difference() {
        let fixture = Fixture::with(&[("werf.yaml", "one\ntwo\n")]);
        assert_eq!(
            found(&fixture, &query("werf.yaml", "one\r\ntwo\r\n")),
            Ok("werf.yaml".to_owned())
        );
        assert!(found(&fixture, &query("werf.yaml", "one\rtwo\n")).is_err());
    }

    #[test]
    fn without_a_name_the_usual_ones_are_tried() {
        let fixture = Fixture::with(&[("werf.yml", "a")]);
        assert_eq!(
            found(&fixture, &ConfigQuery::default()),
            Ok("werf.yml".to_owned())
        );
        let fixture = Fixture::with(&[("werf.yml", "a"), ("werf.yaml", "b")]);
        assert_eq!(
            found(&fixture, &ConfigQuery::default()),
            Ok("werf.yaml".to_owned())
        );
        let fixture = Fixture::with(&[("werf.yaml", "a"), ("x/y/werf.yml", "b")]);
        let below = ConfigQuery {
            directory: Some("x/y".to_owned()),
            ..ConfigQuery::default()
        };
        assert_eq!(found(&fixture, &below), Ok("x/y/werf.yml".to_owned()));
        let fixture = Fixture::with(&[("README.md", "a")]);
        let error = found(&fixture, &ConfigQuery::default()).unwrap_err();
        assert!(error.contains("`werf.yaml` is not in commit"), "{error}");
    }

    #[test]
    fn a_link_to_a_file_of_the_commit_is_as_good_as_the_file() {
        let fixture = Fixture::with(&[("conf/real.yaml", "a")]);
        fixture.link("conf/real.yaml", "other.yaml");
        fixture.link("other.yaml", "werf.yaml");
        fixture.link("conf", "werf.yml");
        fixture.link("nowhere", "dangling.yaml");
        fixture.commit();
        let query = |name: &str, content: &str| ConfigQuery {
            directory: Some(String::new()),
            ..query(name, content)
        };
        assert_eq!(
            found(&fixture, &query("werf.yaml", "a")),
            Ok("werf.yaml".to_owned())
        );
        let differs = found(&fixture, &query("werf.yaml", "b")).unwrap_err();
        assert!(differs.contains("differs between"), "{differs}");
        for name in ["werf.yml", "dangling.yaml"] {
            let error = found(&fixture, &query(name, "a")).unwrap_err();
            let wanted = "is a symbolic link in commit";
            assert!(
                error.contains(wanted) && error.contains("leads to no file of it"),
                "{error}"
            );
        }
    }
}
