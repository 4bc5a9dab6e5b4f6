//! The directory that is to be built: what is in it, and what its files say.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::section::Mapping;

/// The longest name of a project that `werf.yaml` may have.
const LONGEST_NAME: usize = 50;

/// Larger files are not what a person writes about a project.
const LARGEST_FILE: u64 = 8 << 20;

/// Files beside the sources that no command reads, so that a change of them reruns nothing and they are in no image. A README is none of them: packages
/// of Python and Rust are made with it.
const BESIDE: [&str; 8] = [
    ".dockerignore",
    ".editorconfig",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".gitlab-ci.yml",
    ".vscode",
    "Dockerfile",
];

/// What is written for the build itself.
pub const OUR_OWN: &str = "werf*.{yaml,json}";

/// A directory with a project.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    names: BTreeSet<String>,
    /// The root of the git repository that it is in.
    repository: Option<PathBuf>,
}

impl Project {
    /// Looks at a directory.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn open(root: &Path) -> io::Result<Project> {
        let root = root.canonicalize()?;
        let mut names = BTreeSet::new();
        for entry in std::fs::read_dir(&root)? {
            // A name that is no text is none that a template looks for.
            names.extend(entry?.file_name().into_string());
        }
        let mut above = root.ancestors();
        let repository = above.find(|it| it.join(".git").exists());
        Ok(Project {
            names,
            repository: repository.map(Path::to_owned),
            root,
        })
    }

    /// Returns the path from the root of the repository; empty for the root.
    fn prefix(&self) -> &Path {
        let repository = self.repository.as_deref().unwrap_or(&self.root);
        self.root.strip_prefix(repository).unwrap_or(Path::new(""))
    }

    /// Whether it is in a git repository.
    pub fn is_in_repository(&self) -> bool {
        self.repository.is_some()
    }

    /// Whether something was added to that repository, as far as one can see.
    pub fn is_tracked(&self) -> bool {
        let git = self.repository.as_ref().map(|it| it.join(".git"));
        git.is_some_and(|git| git.is_file() || git.join("index").exists())
    }

    /// Returns the root of its repository as one would type it at the project: `.`, or `..` so many times.
    pub fn repository(&self) -> String {
        let levels = self.prefix().components().count();
        match levels {
            0 => ".".to_owned(),
            levels => vec![".."; levels].join("/"),
        }
    }

    /// Returns the directory, for messages.
    pub fn place(&self) -> String {
        self.root.display().to_string()
    }

    /// Returns a name for the project: that of the directory, as far as `project` allows it.
    pub fn name(&self) -> String {
        let name = self.root.file_name().unwrap_or_default().to_string_lossy();
        let folded = name.to_lowercase();
        let words: Vec<&str> = folded
            .split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit()))
            .filter(|word| !word.is_empty())
            .collect();
        let mut slug = words.join("-");
        slug.truncate(LONGEST_NAME);
        match slug.trim_end_matches('-') {
            "" => "app".to_owned(),
            slug => slug.to_owned(),
        }
    }

    /// Whether there is a file or directory at `path`.
    pub fn has(&self, path: &str) -> bool {
        match path.split_once('/') {
            None => self.names.contains(path),
            Some(_) => self.root.join(path).exists(),
        }
    }

    /// Whether there is a directory at `path`.
    pub fn is_directory(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }

    /// Returns those of `paths` that are there.
    pub fn present(&self, paths: &[&str]) -> Vec<String> {
        let there = paths.iter().filter(|path| self.has(path));
        there.map(|path| (*path).to_owned()).collect()
    }

    /// Returns the names in the directory, or in one of its directories, in order.
    pub fn names_in(&self, directory: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.root.join(directory)) else {
            return Vec::new();
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// Returns the text of a file; `None` if there is no such file, or it is no text.
    pub fn text(&self, path: &str) -> Option<String> {
        let file = self.root.join(path);
        let length = file.metadata().ok()?.len();
        if length > LARGEST_FILE {
            return None;
        }
        let text = std::fs::read_to_string(file).ok()?;
        Some(text.trim_start_matches('\u{feff}').to_owned())
    }

    /// Returns the first word of a file that has nothing else, such as `.nvmrc`.
    pub fn word(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let lines = text.lines().map(str::trim);
        let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let word = lines.next()?.split_whitespace().next()?;
        Some(word.to_owned())
    }

    /// Returns what a JSON file holds.
    pub fn json(&self, path: &str) -> Option<serde_json::Value> {
        serde_json::from_str(&self.text(path)?).ok()
    }

    /// Returns what a TOML file holds.
    pub fn toml(&self, path: &str) -> Option<toml::Table> {
        self.text(path)?.parse().ok()
    }

    /// Whether a plain line of `.gitignore` leaves `path` out, or a directory that it is in.
    pub fn ignores(&self, path: &str) -> bool {
        let text = self.text(".gitignore").unwrap_or_default();
        let ignored: Vec<&str> = text
            .lines()
            .map(|line| line.trim().trim_matches('/'))
            .collect();
        let parts = Path::new(path).components();
        let mut above = PathBuf::new();
        parts
            .filter(|part| matches!(part, Component::Normal(_)))
            .any(|part| {
                above.push(part);
                let name = part.as_os_str().to_string_lossy();
                let whole = above.to_string_lossy();
                ignored.contains(&&*name) || ignored.contains(&&*whole)
            })
    }

    /// Returns `path` of the project as `add` names it, from the root of the repository.
    pub fn in_repository(&self, path: &str) -> String {
        let prefix = self.prefix().to_string_lossy();
        let parts = [&*prefix, path.trim_matches('/')];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("/{}", parts.join("/"))
    }

    /// Returns the mapping of the whole project to `to`, without what is beside the sources.
    pub fn sources(&self, to: &str) -> Mapping {
        let mut exclude = self.present(&BESIDE);
        exclude.push(OUR_OWN.to_owned());
        Mapping {
            add: self.in_repository(""),
            to: to.to_owned(),
            exclude,
            ..Mapping::default()
        }
    }
}
