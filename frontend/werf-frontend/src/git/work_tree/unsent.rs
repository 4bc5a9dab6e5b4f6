//! What of a working directory need not be sent, for a daemon that takes files only with their contents.
//!
//! The lists of `.gitignore` become patterns of `.dockerignore` as far as that is safe: whatever is sent is judged by the
//! lists themselves, so what is left out here must be left out by them, too.

use std::path::Path;

use masks::dockerignore::Dockerignore;

use super::Index;
use super::directory::{Directory, Disk, GitCopy, StatKind};
use crate::git::repo::{Repo, RepoError};

/// So many patterns are given at most: every file is compared with each.
const MOST_PATTERNS: usize = 200;

/// Returns patterns of what need not be sent. `lists` is a directory with the lists of `.gitignore` of the working directory, and
/// `copy` has the index.
///
/// # Errors
/// Lists and an index that cannot be read.
pub fn unsent(repo: &Repo, lists: &Path, copy: GitCopy) -> Result<Vec<String>, RepoError> {
    let disk = Disk::copied(lists, copy);
    let mut patterns = Vec::new();
    let mut pending = vec![Vec::new()];
    while let Some(directory) = pending.pop() {
        for listed in disk.list(&directory)? {
            let path = super::join(&directory, &listed.name);
            match listed.stat.kind {
                StatKind::Directory if listed.name != b".git" => pending.push(path),
                StatKind::File if listed.name == b".gitignore" => {
                    let Some(list) = disk.content(&path) else {
                        continue;
                    };
                    let list = list.bytes()?;
                    let (Ok(list), Ok(directory)) =
                        (std::str::from_utf8(&list), std::str::from_utf8(&directory))
                    else {
                        return Ok(Vec::new());
                    };
                    match translated(directory, list) {
                        Some(more) => patterns.extend(more),
                        // What takes back may be anywhere, and so is what it takes back from.
                        None => return Ok(Vec::new()),
                    }
                }
                _ => {}
            }
        }
    }
    patterns.sort();
    patterns.dedup();
    patterns.truncate(MOST_PATTERNS);
    let index = Index::read(&disk.git_dir(repo.git_dir()), repo.commit_id().kind())?;
    let Ok(ignore) = Dockerignore::parse(&patterns.join("\n")) else {
        return Ok(Vec::new());
    };
    let mut judge = ignore.judge();
    // A tracked file counts, whatever the lists say.
    if index.paths().any(|path| judge.leaves_out(path)) {
        return Ok(Vec::new());
    }
    Ok(patterns)
}

/// Returns the lines of the list of `directory` whose meaning is the same in both languages; `None` if one takes back.
fn translated(directory: &str, list: &str) -> Option<Vec<String>> {
    let is_special = |c: char| matches!(c, '\\' | '[' | ']' | '?' | '!' | '^') || c.is_whitespace();
    if directory.contains(|c: char| is_special(c) || c == '*') {
        return Some(Vec::new());
    }
    let mut patterns = Vec::new();
    for line in list.lines() {
        if line.starts_with('!') {
            return None;
        }
        if line.starts_with('#') || line.is_empty() || line.contains(is_special) {
            continue;
        }
        let name = line.trim_end_matches('/');
        let is_anchored = name.contains('/');
        let name = name.trim_start_matches('/');
        if name.is_empty()
            || name
                .split('/')
                .any(|part| matches!(part, "" | "." | ".." | "*" | "**"))
        {
            continue;
        }
        let place = match directory {
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        let anywhere = if is_anchored { "" } else { "**/" };
        // What is meant for directories only leaves a file of that name alone.
        let below = if line.ends_with('/') { "/*" } else { "" };
        patterns.push(format!("{place}{anywhere}{name}{below}"));
    }
    Some(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    fn unsent_of(fixture: &Fixture) -> Vec<String> {
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let copy = GitCopy {
            of: fixture.git_dir(),
            at: fixture.git_dir(),
        };
        unsent(&repo, fixture.path(), copy).expect("patterns")
    }

    #[test]
    fn lines_that_mean_the_same_are_patterns() {
        for (list, expected) in [
            (
                "node_modules/\n/dist\n*.log\nsrc/gen\n# x\n\n",
                Some(vec!["**/node_modules/*", "dist", "**/*.log", "src/gen"]),
            ),
            ("a b\n\\#x\n[ab]\n/\n*\n**/x\n", Some(vec![])),
            ("a\n!b\n", None),
        ] {
            let expected = expected.map(|it| it.into_iter().map(str::to_owned).collect());
            assert_eq!(translated("", list), expected, "{list:?}");
        }
        assert_eq!(
            translated("web", "dist/\n/x\n"),
            Some(vec!["web/**/dist/*".to_owned(), "web/x".to_owned()])
        );
    }

    #[test]
    fn tracked_files_are_sent_whatever_the_lists_say() {
        let fixture = Fixture::with(&[
            (".gitignore", "build/\n"),
            ("web/.gitignore", "dist\n"),
            ("web/a", "1"),
        ]);
        assert_eq!(unsent_of(&fixture), ["**/build/*", "web/**/dist"]);
        fixture.write("build/kept", "1");
        fixture.git(&["add", "--force", "build/kept"]);
        assert_eq!(unsent_of(&fixture), Vec::<String>::new());
    }
}
