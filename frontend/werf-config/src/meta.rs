//! The meta section as meant (spec 1.6).

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned};

use super::image_spec::ImageSpec;
use super::raw::{RawMeta, Required};

/// What the meta section says about builds; what it says about deployment and cleanup is for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The name of the project.
    pub project: String,
    /// `build.cacheVersion`, or nothing.
    pub cache_version: String,
    /// `build.platform`.
    pub platform: Vec<Spanned<String>>,
    /// `build.imageSpec`.
    pub image_spec: Option<ImageSpec>,
}

/// The longest project name.
const LONGEST_PROJECT: usize = 50;

impl RawMeta {
    /// Turns what was written into what is meant.
    pub fn resolve(self, source: &SourceText, diagnostics: &mut Diagnostics) -> Meta {
        let mut wrong = |message: &str, at: Span, hint: &str| {
            diagnostics.push(
                Diagnostic::error(message)
                    .at(source.location(at))
                    .hint(hint),
            );
        };
        match self.config_version {
            Required::Given(version) if version.value == 1 => {}
            Required::Wrong => {}
            Required::Given(version) => {
                let message = format!("`configVersion` must be 1, not {}", version.value);
                wrong(&message, version.span, "there are no other versions");
            }
            Required::Missing => wrong(
                "`configVersion` must be 1",
                self.at,
                "write `configVersion: 1`",
            ),
        }
        let project = match self.project {
            Required::Given(project) => {
                if let Some((problem, hint)) = project_problem(&project.value) {
                    wrong(&format!("`project` {problem}"), project.span, &hint);
                }
                project.value
            }
            Required::Wrong => String::new(),
            Required::Missing => {
                let hint = "add `project: NAME`, such as the name of the repository";
                wrong("`project` is missing in the meta section", self.at, hint);
                String::new()
            }
        };

        Meta {
            project,
            platform: self.platform,
            cache_version: self
                .cache_version
                .map_or_else(String::new, |version| version.value),
            image_spec: self.image_spec.map(|spec| {
                spec.resolve("build.imageSpec", "the meta section", source, diagnostics)
            }),
        }
    }
}

/// Returns what is wrong with the name of a project, which must match
/// `^(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$`, and what to do about it.
fn project_problem(name: &str) -> Option<(String, String)> {
    if name.chars().count() > LONGEST_PROJECT {
        return Some((
            format!("is longer than {LONGEST_PROJECT} characters"),
            "shorten it".to_owned(),
        ));
    }
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let problem = match name.chars().find(|&c| !is_name(c) && c != '-') {
        Some(c) => format!("must not contain `{c}`"),
        None if name.starts_with('-') || name.ends_with('-') => {
            "must not begin or end with `-`".to_owned()
        }
        None => return None,
    };
    let lower = name.to_lowercase();
    let parts: Vec<&str> = lower
        .split(|c| !is_name(c))
        .filter(|part| !part.is_empty())
        .collect();
    let hint = match parts.join("-") {
        slug if slug.is_empty() => "use lower-case letters, digits and `-` between them".to_owned(),
        slug => format!("did you mean `{slug}`?"),
    };
    Some((problem, hint))
}

/// Returns the complaint that there is no meta section.
pub fn missing(source: &SourceText) -> Diagnostic {
    let first = source.text().lines().next().map_or(0, str::len);
    Diagnostic::error("there is no meta section")
        .at(source.location(Span::new(0, first)))
        .hint("begin the file with `configVersion: 1` and `project: NAME`, and a line `---` below")
}

/// Returns the complaint that there is a second meta section.
pub fn duplicate(first: &RawMeta, second: &RawMeta, source: &SourceText) -> Diagnostic {
    Diagnostic::error("there is a second meta section")
        .at(source.location(second.at))
        .hint("put everything into one")
        .note(format!(
            "the first one is in line {}",
            source.line(first.at.start)
        ))
}

#[cfg(test)]
mod tests {
    use super::project_problem;

    #[test]
    fn project_names_are_slugs() {
        for name in ["a", "0", "my-app", "a--b", &"x".repeat(50)] {
            assert_eq!(project_problem(name), None, "{name}");
        }
        for name in ["My", "a_b", "-a", "a-", "a b", "é", &"x".repeat(51)] {
            assert!(project_problem(name).is_some(), "{name}");
        }
    }
}
