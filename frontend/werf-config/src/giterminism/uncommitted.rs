//! Rules for files that are not committed: the working directory's are read in place of the commit's, as
//! `pkg/giterminism_manager/file_reader` of werf does. A file that is not in the working directory is then missing.

use std::fmt;

use diagnostic::{Diagnostic, rule};
use masks::mask::Mask;

use super::path::CleanPath;
use super::{Allowed, Giterminism};

/// A rule for files that are not committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncommitted {
    /// The configuration itself.
    Config,
    /// Its templates.
    Templates,
    /// What templates read by `.Files`.
    Files,
    /// Dockerfiles.
    Dockerfiles,
    /// The `.dockerignore` of contexts.
    Dockerignores,
}

impl Uncommitted {
    /// All of them.
    pub const ALL: [Uncommitted; 5] = [
        Uncommitted::Config,
        Uncommitted::Templates,
        Uncommitted::Files,
        Uncommitted::Dockerfiles,
        Uncommitted::Dockerignores,
    ];

    /// Returns the path of its key.
    pub fn path(self) -> &'static str {
        match self {
            Uncommitted::Config => "config.allowUncommitted",
            Uncommitted::Templates => "config.allowUncommittedTemplates",
            Uncommitted::Files => "config.goTemplateRendering.allowUncommittedFiles",
            Uncommitted::Dockerfiles => "config.dockerfile.allowUncommitted",
            Uncommitted::Dockerignores => "config.dockerfile.allowUncommittedDockerignoreFiles",
        }
    }

    /// Returns the one whose key is at `path`.
    pub(super) fn at(path: &str) -> Option<Uncommitted> {
        Self::ALL.into_iter().find(|rule| rule.path() == path)
    }
}

impl fmt::Display for Uncommitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

impl Giterminism {
    /// Whether `rule` allows anything.
    pub fn allows_uncommitted(&self, rule: Uncommitted) -> bool {
        self.allowed.contains_key(rule.path())
    }

    /// Returns the masks of `rule`, which are relative to the project directory; none of what is outside of it.
    pub fn uncommitted(&self, rule: Uncommitted) -> Vec<&Mask> {
        let allowed = self.allowed.get(rule.path()).into_iter().flatten();
        let masks = allowed.filter_map(|allowed| match allowed {
            Allowed::Mask(mask) => mask.in_project(),
            _ => None,
        });
        masks.collect()
    }

    /// Says that there are no files of a client, because of `why`, so that nothing but the commit's are read.
    pub fn without_client(mut self, why: impl Into<String>) -> Giterminism {
        self.without_client = Some(why.into());
        self
    }

    /// Returns a warning for each of `rules` that is written, if there are no files of a client.
    pub fn without_effect(&self, rules: &[Uncommitted]) -> Vec<Diagnostic> {
        let Some(why) = &self.without_client else {
            return Vec::new();
        };
        let rules = rules.iter();
        let written = rules.filter_map(|&rule| Some((rule, self.places.get(rule.path())?)));
        let written = written.filter(|(rule, _)| self.allows_uncommitted(*rule));
        let warnings = written.map(|(rule, at)| {
            Diagnostic::warning(
                &rule::GITERMINISM_NO_EFFECT,
                format!("`{rule}` has no effect: {why}"),
            )
            .at(at.clone())
            .hint("commit the files that it allows, or build in a clone: `docker buildx build -f werf.yaml .`")
        });
        warnings.collect()
    }

    /// Returns what to do about a file that is missing at `path`, if `rule` allows it to be uncommitted.
    pub fn advice_for_missing(&self, rule: Uncommitted, path: &str) -> Option<String> {
        let cleaned = CleanPath::new(path.trim_start_matches('/')).text();
        let masks = self.uncommitted(rule);
        if !masks.iter().any(|mask| mask.matches(cleaned.as_bytes())) {
            return None;
        }
        let file = self.file();
        Some(match &self.without_client {
            Some(why) => format!("commit it: `{rule}` in `{file}` has no effect, {why}"),
            None => format!(
                "`{rule}` in `{file}` takes it from the working directory, and it is not there (what a link leads to must be allowed, too): make it, or correct the path"
            ),
        })
    }
}
