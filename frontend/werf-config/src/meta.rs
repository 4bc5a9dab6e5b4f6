//! The meta section as meant.

use diagnostic::{Diagnostic, Report, SourceText, Span, Spanned};
use yaml_v2::read;

use super::directives::ignored;
use super::document::Document;
use super::fields::{Fields, Required};
use super::image_spec::{self, ImageSpec};
use super::schema::Section;
use super::schema::Shape::{Bool, Integer, Map, Text, Texts};

/// The keys of the meta section.
pub static KEYS: Section = Section {
    keys: &[
        ("configVersion", Integer),
        ("project", Text),
        ("build", Map(&BUILD)),
        ("deploy", Map(&ignored::DEPLOY)),
        ("cleanup", Map(&ignored::CLEANUP)),
        ("gitWorktree", Map(&ignored::GIT_WORKTREE)),
    ],
};

/// The keys of `build`.
pub static BUILD: Section = Section {
    keys: &[
        ("cacheVersion", Text),
        ("platform", Texts),
        ("staged", Bool),
        ("imageSpec", Map(&image_spec::BUILD_KEYS)),
    ],
};

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

/// Returns where the section is: the key `configVersion`.
pub(crate) fn place(document: &Document) -> Span {
    let Some(root) = document.tree.root() else {
        return document.part;
    };
    let fields = Fields::of(root);
    let key = fields.field("configVersion");
    key.map_or(root.span(), |field| field.key.span)
}

/// Reads the meta section.
pub(crate) fn read(document: &Document, report: &mut Report<'_>) -> Meta {
    let Some(root) = document.tree.root() else {
        return Meta::default();
    };
    let fields = Fields::of(root);
    let at = place(document);
    match fields.required("configVersion", read::integer) {
        Required::Given(version) if version.value == 1 => {}
        Required::Wrong => {}
        Required::Given(version) => {
            let message = format!("`configVersion` must be 1, not {}", version.value);
            report
                .error(version.span, message)
                .hint("there are no other versions");
        }
        Required::Missing => {
            report
                .error(at, "`configVersion` must be 1")
                .hint("write `configVersion: 1`");
        }
    }
    let project = match fields.required_text("project") {
        Required::Given(project) => {
            if let Some((problem, hint)) = project_problem(&project.value) {
                report
                    .error(project.span, format!("`project` {problem}"))
                    .hint(hint);
            }
            project.value
        }
        Required::Wrong => String::new(),
        Required::Missing => {
            report
                .error(at, "`project` is missing in the meta section")
                .hint("add `project: NAME`, such as the name of the repository");
            String::new()
        }
    };
    let Some(build) = fields.get("build").map(Fields::of) else {
        return Meta {
            project,
            ..Meta::default()
        };
    };
    let mut report = report.on("the meta section");
    Meta {
        project,
        platform: build.text_or_list("platform"),
        cache_version: build.plain("cacheVersion"),
        image_spec: build
            .section("imageSpec")
            .map(|spec| ImageSpec::read("build.imageSpec", &spec, &mut report)),
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
pub(crate) fn missing(source: &SourceText) -> Diagnostic {
    let first = source.text().lines().next().map_or(0, str::len);
    Diagnostic::error("there is no meta section")
        .at(source.location(Span::new(0, first)))
        .hint("begin the file with `configVersion: 1` and `project: NAME`, and a line `---` below")
}

/// Returns the complaint that there is a second meta section.
pub(crate) fn duplicate(first: &Document, second: &Document, source: &SourceText) -> Diagnostic {
    Diagnostic::error("there is a second meta section")
        .at(source.location(place(second)))
        .hint("put everything into one")
        .note(format!(
            "the first one is in line {}",
            source.line(place(first).start)
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
