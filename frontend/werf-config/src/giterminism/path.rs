//! Paths in rules and directives, cleaned before they are compared, as Go's `filepath.Clean` does.

use masks::mask::{BadMask, Mask, clean};

/// Where a path begins. A rule for one beginning says nothing of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    /// The root of the client's file system.
    Root,
    /// The home directory of whoever builds.
    Home,
    /// The directory of the project, or so many directories above.
    Project(usize),
}

/// A cleaned path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CleanPath {
    beginning: Beginning,
    /// What follows the beginning; empty for the beginning itself.
    rest: String,
}

impl CleanPath {
    pub(super) fn new(written: &str) -> CleanPath {
        let home = match written {
            "~" => Some(""),
            _ => written.strip_prefix("~/"),
        };
        if let Some(rest) = home {
            let (above, rest) = upwards(&clean(rest));
            // Whose home is beside which other directory is not known, so such a path is like no other.
            return match above {
                0 => CleanPath {
                    beginning: Beginning::Home,
                    rest,
                },
                _ => CleanPath {
                    beginning: Beginning::Home,
                    rest: format!("{}{rest}", "../".repeat(above)),
                },
            };
        }
        let cleaned = clean(written);
        if let Some(rest) = cleaned.strip_prefix('/') {
            return CleanPath {
                beginning: Beginning::Root,
                rest: rest.to_owned(),
            };
        }
        let (above, rest) = upwards(&cleaned);
        CleanPath {
            beginning: Beginning::Project(above),
            rest,
        }
    }

    /// Returns it as a text that begins with `/`, `~/`, `../` or a name.
    pub(super) fn text(&self) -> String {
        match self.beginning {
            Beginning::Root => format!("/{}", self.rest),
            Beginning::Home => format!("~/{}", self.rest),
            Beginning::Project(above) => format!("{}{}", "../".repeat(above), self.rest),
        }
    }
}

/// Splits `../../a` into the number of the directories that it goes up, and the rest; `.` is nothing.
fn upwards(cleaned: &str) -> (usize, String) {
    let mut rest = cleaned;
    let mut above = 0;
    loop {
        if rest == ".." {
            return (above + 1, String::new());
        }
        match rest.strip_prefix("../") {
            Some(below) => (above, rest) = (above + 1, below),
            None => break,
        }
    }
    (above, if rest == "." { "" } else { rest }.to_owned())
}

/// A mask in a rule.
#[derive(Clone, Debug)]
pub(super) struct PathMask {
    beginning: Beginning,
    mask: Mask,
    /// Whether it is `**` or the like, by which werf allows each path wherever it begins.
    is_universal: bool,
}

impl PathMask {
    pub(super) fn new(written: &str) -> Result<PathMask, BadMask> {
        let path = CleanPath::new(written);
        let is_universal = path.beginning == Beginning::Project(0)
            && !path.rest.is_empty()
            && path.rest.split('/').all(|part| matches!(part, "*" | "**"));
        Ok(PathMask {
            beginning: path.beginning,
            mask: Mask::new(&path.rest)?,
            is_universal,
        })
    }

    /// Whether the mask matches `path` or a directory above it, and nothing that the path only seems to be below.
    pub(super) fn matches(&self, path: &CleanPath) -> bool {
        self.beginning == path.beginning
            && (path.rest.starts_with("..") == self.mask.as_str().starts_with(".."))
            && self.mask.matches(path.rest.as_bytes())
    }

    /// Returns the mask if it is one of paths in the project.
    pub(super) fn in_project(&self) -> Option<&Mask> {
        (self.beginning == Beginning::Project(0)).then_some(&self.mask)
    }

    pub(super) fn is_universal(&self) -> bool {
        self.is_universal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_as_what_they_lead_to() {
        for (rule, path, allowed) in [
            ("./token.txt", "./token.txt", true),
            ("token.txt", "./token.txt", true),
            ("./token.txt", "token.txt", true),
            ("wheels/", "wheels/", true),
            ("a/b", "a//b", true),
            ("~/f", "~/x/../f", true),
            ("~/.cache", "~/.cache/", true),
            ("c", "./c", true),
            ("/a/c", "/a/c/", true),
            ("/a/./c/", "/a/c/d", true),
            ("srv/token", "/srv/token", false),
            ("/srv/token", "srv/token", false),
            ("/srv/cache/**", "/srv/cache/../keys", false),
            ("/srv/cache/**", "/srv/cache/a/../b", true),
            ("~/.ssh", "/root/.ssh", false),
            ("~/..", "~/../other", true),
            ("~/a/**", "~/a/../../b", false),
            ("**", "../above", false),
            ("**", "/etc/passwd", false),
            ("../above", "../above/x", true),
            ("../above", "above", false),
            ("../above", "../../above", false),
            ("..", "../anything", true),
            ("~", "~/.netrc", true),
            ("~", "~/../x", false),
        ] {
            let mask = PathMask::new(rule).expect("a mask");
            let path = CleanPath::new(path);
            assert_eq!(mask.matches(&path), allowed, "{rule} {path:?}");
        }
    }
}
