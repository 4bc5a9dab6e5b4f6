//! Every key that a `werf.yaml` can have: what each kind of document is made of. A directive's own file has its keys, its
//! reader, what it means and what it adds to a digest.

use super::schema::Section;

pub use super::dockerfile::KEYS as DOCKERFILE_IMAGE;
pub use super::image::KEYS as IMAGE;
pub use super::meta::KEYS as META;

/// Keys that have a meaning for werf alone: their types are checked, and nobody here reads them.
#[cfg(test)]
pub static NOT_READ: &[&str] = &["deploy", "cleanup", "gitWorktree", "staged"];

/// What werf reads and a build does not.
pub mod ignored {
    use super::Section;
    use crate::schema::Shape::{Bool, Integer, List, Map, Text};

    /// The keys of `deploy`.
    pub static DEPLOY: Section = Section {
        keys: &[
            ("helmChartDir", Text),
            ("helmChartConfig", Map(&HELM_CHART_CONFIG)),
            ("helmRelease", Text),
            ("helmReleaseSlug", Bool),
            ("namespace", Text),
            ("namespaceSlug", Bool),
        ],
    };

    static HELM_CHART_CONFIG: Section = Section {
        keys: &[("appVersion", Text)],
    };

    /// The keys of `cleanup`.
    pub static CLEANUP: Section = Section {
        keys: &[
            ("disable", Bool),
            ("disableKubernetesBasedPolicy", Bool),
            ("disableGitHistoryBasedPolicy", Bool),
            ("disableBuiltWithinLastNHoursPolicy", Bool),
            ("keepImagesBuiltWithinLastNHours", Integer),
            ("keepPolicies", List(&KEEP_POLICY)),
        ],
    };

    static KEEP_POLICY: Section = Section {
        keys: &[
            ("references", Map(&REFERENCES)),
            ("imagesPerReference", Map(&LIMIT)),
        ],
    };

    static REFERENCES: Section = Section {
        keys: &[("branch", Text), ("tag", Text), ("limit", Map(&LIMIT))],
    };

    static LIMIT: Section = Section {
        keys: &[("last", Integer), ("in", Text), ("operator", Text)],
    };

    /// The keys of `gitWorktree`.
    pub static GIT_WORKTREE: Section = Section {
        keys: &[
            ("forceShallowClone", Bool),
            ("allowUnshallow", Bool),
            ("allowFetchOriginBranchesAndTags", Bool),
        ],
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the words between backticks in the first column of the first table of the documentation.
    fn documented() -> Vec<String> {
        first_column("# What of werf.yaml works")
    }

    /// Returns the words between backticks in the first column of the first table below a heading.
    fn first_column(heading: &str) -> Vec<String> {
        let text = include_str!("../../../docs/werf-yaml.md");
        let rows = text
            .lines()
            .skip_while(|line| *line != heading)
            .skip_while(|line| !line.starts_with("| ---"))
            .skip(1)
            .take_while(|line| line.starts_with('|'));
        rows.flat_map(|row| {
            let column = row.split('|').nth(1).unwrap_or_default();
            column.split('`').skip(1).step_by(2).map(str::to_owned)
        })
        .collect()
    }

    #[test]
    fn the_table_of_the_documentation_has_every_directive() {
        let documented = documented();
        let names = |section: &Section, prefix: &str| -> Vec<String> {
            let names = section.keys.iter().map(|(name, _)| *name);
            names.map(|name| format!("{prefix}{name}")).collect()
        };
        let mut wanted = names(&META, "");
        wanted.retain(|name| name != "build");
        wanted.extend(names(&crate::meta::BUILD, "build."));
        wanted.extend(names(&IMAGE, ""));
        wanted.extend(names(&crate::git::KEYS, ""));
        wanted.push("dockerfile:".to_owned());
        let missing: Vec<&String> = wanted
            .iter()
            .filter(|name| !documented.contains(name))
            .collect();
        assert!(missing.is_empty(), "not in the table: {missing:?}");
        let of_templates = ["{{ … }}", "scratch", "~"];
        let unknown: Vec<&String> = documented
            .iter()
            .filter(|name| !wanted.contains(name) && !of_templates.contains(&name.as_str()))
            .collect();
        assert!(unknown.is_empty(), "no such directives: {unknown:?}");
    }

    #[test]
    fn the_table_of_dockerfile_images_has_every_directive_of_their_own() {
        let documented = first_column("## Images from Dockerfiles");
        let names = DOCKERFILE_IMAGE.keys.iter().map(|(name, _)| *name);
        // What they have in common with other images need not be said again, nor the old name of a key.
        let shared = ["image", "final", "platform", "contextAddFile"];
        let (wanted, common): (Vec<&str>, Vec<&str>) =
            names.partition(|name| !shared.contains(name));
        assert_eq!(common.len(), shared.len(), "{common:?}");
        let mut documented: Vec<&str> = documented.iter().map(String::as_str).collect();
        let mut wanted = wanted;
        documented.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(documented, wanted);
    }
}
