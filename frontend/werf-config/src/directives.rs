//! Every key that a `werf.yaml` can have, whether it is supported yet or not (spec 1.6 to 1.17).

use super::schema::Section;
use super::schema::Shape::{Anything, Bool, Integer, List, Map, Text, TextMap, TextOrList, Texts};

/// The meta section (spec 1.6).
pub static META: Section = Section {
    keys: &[
        ("configVersion", Integer),
        ("project", Text),
        ("build", Map(&BUILD)),
        ("deploy", Map(&DEPLOY)),
        ("cleanup", Map(&CLEANUP)),
        ("gitWorktree", Map(&GIT_WORKTREE)),
    ],
};

static BUILD: Section = Section {
    keys: &[
        ("cacheVersion", Text),
        ("platform", Texts),
        ("staged", Bool),
        ("imageSpec", Map(&BUILD_IMAGE_SPEC)),
    ],
};

static BUILD_IMAGE_SPEC: Section = Section {
    keys: &[
        ("author", Text),
        ("clearHistory", Bool),
        ("config", Map(&BUILD_IMAGE_SPEC_CONFIG)),
    ],
};

static BUILD_IMAGE_SPEC_CONFIG: Section = Section {
    keys: &[
        ("keepEssentialWerfLabels", Bool),
        ("clearWerfLabels", Bool),
        ("removeLabels", Texts),
        ("labels", TextMap),
    ],
};

static DEPLOY: Section = Section {
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

static CLEANUP: Section = Section {
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

static GIT_WORKTREE: Section = Section {
    keys: &[
        ("forceShallowClone", Bool),
        ("allowUnshallow", Bool),
        ("allowFetchOriginBranchesAndTags", Bool),
    ],
};

/// An image built by stages (spec 1.7).
pub static IMAGE: Section = Section {
    keys: &[
        ("image", TextOrList),
        ("artifact", Text),
        ("final", Bool),
        ("from", Text),
        ("fromImage", Text),
        ("fromArtifact", Text),
        ("fromLatest", Bool),
        ("fromCacheVersion", Text),
        ("cacheVersion", Text),
        ("disableGitAfterPatch", Bool),
        ("git", List(&GIT)),
        ("shell", Map(&SHELL)),
        ("ansible", Map(&ANSIBLE)),
        ("import", List(&IMPORT)),
        ("mount", List(&MOUNT)),
        ("dependencies", List(&DEPENDENCY)),
        ("secrets", List(&SECRET)),
        ("docker", Map(&DOCKER)),
        ("imageSpec", Map(&IMAGE_SPEC)),
        ("platform", Texts),
        ("network", Text),
        // Gone since v1.0 of werf; configurations still have it.
        ("asLayers", Bool),
    ],
};

static GIT: Section = Section {
    keys: &[
        ("add", Text),
        ("to", Text),
        ("includePaths", TextOrList),
        ("excludePaths", TextOrList),
        ("owner", Text),
        ("group", Text),
        ("stageDependencies", Map(&STAGE_DEPENDENCIES)),
        ("url", Text),
        ("branch", Text),
        ("tag", Text),
        ("commit", Text),
        ("basicAuth", Map(&BASIC_AUTH)),
    ],
};

static STAGE_DEPENDENCIES: Section = Section {
    keys: &[
        ("install", TextOrList),
        ("beforeSetup", TextOrList),
        ("setup", TextOrList),
    ],
};

static BASIC_AUTH: Section = Section {
    keys: &[("username", Text), ("password", Map(&PASSWORD))],
};

static PASSWORD: Section = Section {
    keys: &[("env", Text), ("src", Text), ("value", Text)],
};

static SHELL: Section = Section {
    keys: &[
        ("beforeInstall", TextOrList),
        ("install", TextOrList),
        ("beforeSetup", TextOrList),
        ("setup", TextOrList),
        ("cacheVersion", Text),
        ("beforeInstallCacheVersion", Text),
        ("installCacheVersion", Text),
        ("beforeSetupCacheVersion", Text),
        ("setupCacheVersion", Text),
    ],
};

static ANSIBLE: Section = Section {
    keys: &[
        ("beforeInstall", Anything),
        ("install", Anything),
        ("beforeSetup", Anything),
        ("setup", Anything),
        ("cacheVersion", Text),
        ("beforeInstallCacheVersion", Text),
        ("installCacheVersion", Text),
        ("beforeSetupCacheVersion", Text),
        ("setupCacheVersion", Text),
    ],
};

static IMPORT: Section = Section {
    keys: &[
        ("image", Text),
        ("from", Text),
        ("artifact", Text),
        ("stage", Text),
        ("before", Text),
        ("after", Text),
        ("add", Text),
        ("to", Text),
        ("includePaths", TextOrList),
        ("excludePaths", TextOrList),
        ("owner", Text),
        ("group", Text),
    ],
};

static MOUNT: Section = Section {
    keys: &[("to", Text), ("from", Text), ("fromPath", Text)],
};

static DEPENDENCY: Section = Section {
    keys: &[
        ("image", Text),
        ("before", Text),
        ("after", Text),
        ("imports", List(&DEPENDENCY_IMPORT)),
    ],
};

static DEPENDENCY_IMPORT: Section = Section {
    keys: &[
        ("type", Text),
        ("targetEnv", Text),
        ("targetBuildArg", Text),
    ],
};

static SECRET: Section = Section {
    keys: &[("id", Text), ("env", Text), ("src", Text), ("value", Text)],
};

static DOCKER: Section = Section {
    keys: &[
        ("VOLUME", TextOrList),
        ("EXPOSE", TextOrList),
        ("ENV", TextMap),
        ("LABEL", TextMap),
        ("CMD", TextOrList),
        ("ENTRYPOINT", TextOrList),
        ("WORKDIR", Text),
        ("USER", Text),
        ("HEALTHCHECK", Text),
        ("exactValues", Bool),
    ],
};

static IMAGE_SPEC: Section = Section {
    keys: &[
        ("author", Text),
        ("clearHistory", Bool),
        ("config", Map(&IMAGE_SPEC_CONFIG)),
    ],
};

static IMAGE_SPEC_CONFIG: Section = Section {
    keys: &[
        ("removeLabels", Texts),
        ("removeEnv", Texts),
        ("removeVolumes", Texts),
        ("labels", TextMap),
        ("env", TextMap),
        ("volumes", Texts),
        ("expose", Texts),
        ("user", Text),
        ("workingDir", Text),
        ("stopSignal", Text),
        ("cmd", Texts),
        ("entrypoint", Texts),
        ("clearCmd", Bool),
        ("clearEntrypoint", Bool),
        ("clearUser", Bool),
        ("clearWorkingDir", Bool),
        ("healthcheck", Map(&IMAGE_SPEC_HEALTHCHECK)),
        ("keepEssentialWerfLabels", Bool),
        ("clearWerfLabels", Bool),
    ],
};

static IMAGE_SPEC_HEALTHCHECK: Section = Section {
    keys: &[
        ("test", Texts),
        ("interval", Integer),
        ("timeout", Integer),
        ("startperiod", Integer),
        ("retries", Integer),
    ],
};

/// An image built from a Dockerfile (spec 1.17).
pub static DOCKERFILE_IMAGE: Section = Section {
    keys: &[
        ("image", TextOrList),
        ("dockerfile", Text),
        ("context", Text),
        ("contextAddFiles", TextOrList),
        ("contextAddFile", TextOrList),
        ("target", Text),
        ("network", Text),
        ("ssh", Text),
        ("cacheVersion", Text),
        ("args", TextMap),
        ("addHost", TextOrList),
        ("dependencies", List(&DEPENDENCY)),
        ("staged", Bool),
        ("platform", Texts),
        ("secrets", List(&SECRET)),
        ("final", Bool),
        ("imageSpec", Map(&IMAGE_SPEC)),
    ],
};

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
        wanted.extend(names(&BUILD, "build."));
        wanted.extend(names(&IMAGE, ""));
        wanted.extend(names(&GIT, ""));
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
        let shared = [
            "image",
            "final",
            "dependencies",
            "platform",
            "contextAddFile",
        ];
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
