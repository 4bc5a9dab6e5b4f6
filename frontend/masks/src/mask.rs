//! What `includePaths`, `excludePaths` and `stageDependencies` mean, as in werf's `pkg/path_matcher`.
//!
//! A mask is a pattern of [`super::glob`] with three rules on top:
//!
//! - it is cleaned as a path first: `./x` is `x`, `a/../b` is `b`, `dir/` is `dir`;
//! - trailing segments of nothing but asterisks say nothing: `dir/**/*` is `dir`;
//! - what matches a directory matches everything below it.
//!
//! So an empty mask, `*` and `**/*` match everything. A path counts if there are no includes or one of them
//! matches, and no exclude matches. Paths are relative to `add`; if `add` is a file, its path is the empty one,
//! which only such universal masks match. Whether a path is a file is never asked.

use std::fmt;

use super::glob::{BadPattern, Glob, contains};

/// One mask.
#[derive(Clone, Debug)]
pub struct Mask {
    text: String,
    /// The mask itself, the mask without trailing asterisks, and everything below that.
    globs: Vec<Glob>,
    /// What every matching path starts with.
    prefix: Vec<u8>,
    /// What every matching path holds.
    needle: Vec<u8>,
    /// Whether a match of a directory is one of all below it. `{a/**/,b}` matches `a`, as doublestar has it, but
    /// with `/**/*` behind it, it matches nothing below `a`.
    is_inherited: bool,
}

/// A mask that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMask {
    /// The mask as it was written.
    pub mask: String,
    /// What is wrong with it.
    pub problem: BadPattern,
}

/// Which paths of a mapping count.
#[derive(Clone, Debug, Default)]
pub struct PathMatcher {
    include: Vec<Mask>,
    exclude: Vec<Mask>,
}

/// What a [`PathMatcher`] says about the paths below one directory: the masks that still matter there.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// `None`: everything is included.
    include: Option<Vec<&'a Mask>>,
    exclude: Vec<&'a Mask>,
}

impl Mask {
    /// Reads a mask.
    ///
    /// # Errors
    /// A malformed pattern. werf finds it when the first path does not match, and ends; here it is always found.
    pub fn new(raw: &str) -> Result<Mask, BadMask> {
        let bad = |problem| BadMask {
            mask: raw.to_owned(),
            problem,
        };
        let text = match clean(raw) {
            cleaned if cleaned == "." => String::new(),
            cleaned => cleaned,
        };
        let bare = without_trailing_asterisks(&text);
        let below = clean(&format!("{bare}/**/*"));
        let below = if bare.is_empty() { "**/*" } else { &below };
        let mut globs = vec![
            Glob::new(bare).map_err(bad)?,
            Glob::new(below).map_err(bad)?,
        ];
        if text != bare {
            globs.push(Glob::new(&text).map_err(bad)?);
        }
        let mut prefix = globs[0].literal_prefix();
        for glob in &globs[1..] {
            let other = glob.literal_prefix();
            let length = prefix.iter().zip(&other).take_while(|(a, b)| a == b);
            prefix.truncate(length.count());
        }
        let needle = globs[0].needle();
        let is_in_all = globs.iter().all(|glob| contains(glob.needle(), needle));
        Ok(Mask {
            text,
            needle: if is_in_all {
                needle.to_vec()
            } else {
                Vec::new()
            },
            is_inherited: !globs[0].ends_in_slash(),
            globs,
            prefix,
        })
    }

    /// Returns the mask after cleaning; empty if it is universal by being empty.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns patterns in the syntax of `.dockerignore` that match where the mask does, if a match of a directory is one
    /// of all below it; `**` for a universal mask.
    pub fn docker_patterns(&self) -> Vec<String> {
        match without_trailing_asterisks(&self.text) {
            "" => vec!["**".to_owned()],
            _ => self.globs[0].docker_patterns(),
        }
    }

    /// Tells whether the mask matches `path`, or a directory above it.
    pub fn matches(&self, path: &[u8]) -> bool {
        path.starts_with(&self.prefix)
            && contains(path, &self.needle)
            && self.globs.iter().any(|glob| glob.is_match(path))
    }

    /// Tells whether the mask may match a path below the directory `dir`; if not, it matches none.
    pub fn may_match_below(&self, dir: &[u8]) -> bool {
        let mut start = dir.iter().chain(b"/");
        self.prefix
            .iter()
            .all(|byte| start.next().is_none_or(|other| byte == other))
            && self.globs.iter().any(|glob| glob.may_match_below(dir))
    }

    /// Tells whether the mask matches everything below `dir` because it matches `dir`.
    fn covers(&self, dir: &[u8]) -> bool {
        self.is_inherited && self.matches(dir)
    }

    /// Returns the bytes that every matching path starts with.
    pub fn literal_prefix(&self) -> &[u8] {
        &self.prefix
    }
}

impl PathMatcher {
    /// Returns the matcher of a mapping's masks.
    pub fn new(include: Vec<Mask>, exclude: Vec<Mask>) -> PathMatcher {
        PathMatcher { include, exclude }
    }

    /// Tells whether `path` counts: no includes or one of them matches, and no exclude does.
    pub fn matches(&self, path: &[u8]) -> bool {
        (self.include.is_empty() || self.include.iter().any(|mask| mask.matches(path)))
            && !self.exclude.iter().any(|mask| mask.matches(path))
    }

    /// Tells whether a path below the directory `dir` may count; if not, none does.
    pub fn may_match_below(&self, dir: &[u8]) -> bool {
        self.scope().enter(dir).is_some()
    }

    /// Returns what the matcher says about all paths.
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            include: (!self.include.is_empty()).then(|| self.include.iter().collect()),
            exclude: self.exclude.iter().collect(),
        }
    }
}

impl<'a> Scope<'a> {
    /// Returns what is to be said about the paths below `dir`, a directory in this scope, or `None` if no such
    /// path counts.
    pub fn enter(&self, dir: &[u8]) -> Option<Scope<'a>> {
        if self.exclude.iter().any(|mask| mask.covers(dir)) {
            return None;
        }
        let below = |masks: &[&'a Mask]| -> Vec<&'a Mask> {
            let masks = masks.iter().filter(|mask| mask.may_match_below(dir));
            masks.copied().collect()
        };
        let include = match &self.include {
            Some(masks) if !masks.iter().any(|mask| mask.covers(dir)) => {
                let masks = below(masks);
                if masks.is_empty() {
                    return None;
                }
                Some(masks)
            }
            _ => None,
        };
        Some(Scope {
            include,
            exclude: below(&self.exclude),
        })
    }

    /// Tells whether `path`, which lies in this scope, counts.
    pub fn matches(&self, path: &[u8]) -> bool {
        let is_included = match &self.include {
            Some(masks) => masks.iter().any(|mask| mask.matches(path)),
            None => true,
        };
        is_included && !self.exclude.iter().any(|mask| mask.matches(path))
    }
}

/// Returns `path` as Go's `path.Clean` has it: without empty components and `.`, and with `..` resolved by its
/// text alone. The empty path is `.`.
pub fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => {
                parts.pop();
            }
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    match (is_absolute, parts.join("/")) {
        (true, joined) => format!("/{joined}"),
        (false, joined) if joined.is_empty() => ".".to_owned(),
        (false, joined) => joined,
    }
}

fn without_trailing_asterisks(mask: &str) -> &str {
    let mut bare = mask;
    loop {
        let (before, last) = bare.rsplit_once('/').unwrap_or(("", bare));
        if bare.is_empty() || last.bytes().any(|byte| byte != b'*') {
            return bare;
        }
        bare = before;
    }
}

impl fmt::Display for BadMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a mask: {}", self.mask, self.problem)
    }
}

impl std::error::Error for BadMask {}

#[cfg(any(test, feature = "oracle"))]
pub mod reference;
#[cfg(test)]
mod tests;
