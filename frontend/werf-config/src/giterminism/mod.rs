//! `werf-giterminism.yaml`: what a configuration may depend on besides the commit.
//!
//! Every rule is read with its type, so that no slip stays unseen; those that mean something here are [`Rule`]s, and those
//! for files that are not committed [`Uncommitted`].

mod advice;
pub(super) mod key;
mod path;
mod read;
mod rule;
#[cfg(test)]
mod tests;
mod uncommitted;

use std::collections::BTreeMap;
use std::sync::Arc;

use diagnostic::{Diagnostic, Location};

use path::{CleanPath, PathMask};
pub use rule::Rule;
pub use uncommitted::Uncommitted;

/// The name of the file in the project directory.
pub const FILE_NAME: &str = "werf-giterminism.yaml";

/// What is allowed.
#[derive(Clone, Debug, Default)]
pub struct Giterminism {
    file: String,
    /// Whether there is the file.
    is_written: bool,
    /// The paths of the keys in it, in the order of the file.
    keys: Vec<String>,
    /// What is allowed, by the path of the key.
    allowed: BTreeMap<String, Vec<Allowed>>,
    /// Where the rules for files that are not committed are written, by the paths of their keys.
    places: BTreeMap<String, Location>,
    is_loose: bool,
    /// Why there are no files of a client, if there are none.
    without_client: Option<String>,
}

/// A file of rules without mistakes.
#[derive(Debug)]
pub struct Loaded {
    /// What it allows.
    pub rules: Giterminism,
    /// What a person should know all the same.
    pub warnings: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
enum Allowed {
    /// Whatever it is.
    All,
    Name(String),
    Mask(PathMask),
    /// Written between slashes; it must match the whole name.
    Pattern(Arc<goregexp::Regexp>),
}

impl Giterminism {
    /// Returns the rules of a project without the file, whose path would be `file`.
    pub fn without_file(file: &str) -> Giterminism {
        Giterminism {
            file: file.to_owned(),
            ..Giterminism::default()
        }
    }

    /// Lifts all prohibitions, or not.
    pub fn loose(mut self, is_loose: bool) -> Giterminism {
        self.is_loose = is_loose;
        self
    }

    /// Whether all prohibitions are lifted.
    pub fn is_loose(&self) -> bool {
        self.is_loose
    }

    /// Returns the path of the file, whether it is there or not.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether templates may read the variable `name`.
    pub fn allows_env(&self, name: &str) -> bool {
        self.allows(Rule::TemplateEnv, name)
    }

    /// Whether `rule` allows `value`. Paths are cleaned before they are compared.
    pub fn allows(&self, rule: Rule, value: &str) -> bool {
        let of_rule = self.allowed.get(rule.path());
        let is_path = matches!(
            rule,
            Rule::ContextAddFile | Rule::FromPath | Rule::SecretFile
        );
        let path = CleanPath::new(value);
        let cleaned = if is_path {
            path.text()
        } else {
            value.to_owned()
        };
        let allows = |allowed: &Allowed| match allowed {
            Allowed::All => true,
            Allowed::Name(name) => name == value,
            Allowed::Mask(mask) => {
                mask.matches(&path) || (rule == Rule::FromPath && mask.is_universal())
            }
            Allowed::Pattern(pattern) => pattern.is_match(cleaned.as_bytes()),
        };
        self.is_loose || of_rule.is_some_and(|of_rule| of_rule.iter().any(allows))
    }
}
