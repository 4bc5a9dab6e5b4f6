//! The rules of warnings: each has a name by which people and machines know it, and a paragraph in `docs/rules.md`.

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, such as `NearSeparator`.
    pub name: &'static str,
    /// What it says of a configuration, in a sentence.
    pub says: &'static str,
}

/// Where the documentation is read: what a release is compiled with, else the directory of the project.
const DOCS: &str = match option_env!("WERF_FRONTEND_DOCS") {
    Some(base) => base,
    None => "docs",
};

impl Rule {
    /// Returns the anchor of the rule's paragraph, as Markdown makes it of the heading.
    pub fn anchor(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// Returns where the rule is explained.
    pub fn url(&self) -> String {
        format!("{DOCS}/rules.md#{}", self.anchor())
    }

    /// Returns the rule named `name`.
    pub fn named(name: &str) -> Option<&'static Rule> {
        ALL.iter().copied().find(|rule| rule.name == name)
    }
}

macro_rules! rules {
    ($($constant:ident $name:literal $says:literal)*) => {
        $(
            #[doc = $says]
            pub static $constant: Rule = Rule { name: $name, says: $says };
        )*

        /// All rules, in the order of their names.
        pub static ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    AS_LAYERS "AsLayers"
        "`asLayers` makes every command a layer and a shell of its own."
    BASE_FROM_REGISTRY "BaseFromRegistry"
        "The base looks like the name of an image of the file, but is taken from a registry."
    BUILD_ARG_UNUSED "BuildArgUnused"
        "A build argument was given that nothing reads."
    BUILD_CONTEXT_UNUSED "BuildContextUnused"
        "A named context was given that the build does not use."
    COMMAND_NOT_JSON "CommandNotJson"
        "A command looks like a list but is none, so it is a line for the shell."
    COMMIT_IN_INSTRUCTION "CommitInInstruction"
        "An instruction or a cache version holds the commit, its time or the number of a run."
    DEPENDENCY_SETS_NOTHING "DependencySetsNothing"
        "An entry of `dependencies` has no `imports`, so it has no effect."
    DEPRECATED "Deprecated"
        "A directive has a newer spelling."
    DOCKER_IGNORED "DockerIgnored"
        "`docker` has no effect because of `disableGitAfterPatch`."
    EXPOSE_EMPTY "ExposeEmpty"
        "An item of `expose` is empty, which is no port."
    FILTERED_FILE "FilteredFile"
        "A file of a mapping is not what a checkout has: git filters it."
    FROM_LATEST_IGNORED "FromLatestIgnored"
        "`fromLatest` has no effect, because no base comes from a registry."
    FROM_OVERRIDDEN "FromOverridden"
        "`from` has no effect, because `fromImage` wins."
    FROM_WITHOUT_TAG "FromWithoutTag"
        "A base has no tag, so it is whatever the registry calls `latest`."
    GITERMINISM_NO_EFFECT "GiterminismNoEffect"
        "A rule of `werf-giterminism.yaml` allows files that are not committed, and there is no working directory to read them from."
    GITERMINISM_UNKNOWN_KEY "GiterminismUnknownKey"
        "`werf-giterminism.yaml` has a key that is not known, and that allows nothing."
    HEALTHCHECK_IGNORED "HealthcheckIgnored"
        "A health check begins with no word that Docker knows, so Docker never runs it."
    HIDDEN_DESTINATION "HiddenDestination"
        "Files of a mapping are left out, because another entry has their place."
    IGNORED_TEXT "IgnoredText"
        "Text behind the end of a document is not read."
    IMPORT_MATCHES_NOTHING "ImportMatchesNothing"
        "`includePaths` of an import matches no file of the other image."
    IMPORT_STAGE_IGNORED "ImportStageIgnored"
        "`stage` of an import has no effect on an image of a registry."
    IMPORT_STAGE_MISSING "ImportStageMissing"
        "The image that is imported from has no such stage, so its last one is taken."
    INCLUDES_IGNORED "IncludesIgnored"
        "`werf-includes.yaml` has no effect."
    INVALID_BASE_IMAGE_PLATFORM "InvalidBaseImagePlatform"
        "An image of a registry is for another platform than the build."
    MASK_MATCHES_NOTHING "MaskMatchesNothing"
        "A mask matches no file of the commit."
    MOUNT_HIDES_FILES "MountHidesFiles"
        "Files of the commit are put where a mount is, so no image will have them."
    NEAR_SEPARATOR "NearSeparator"
        "A line looks like a separator of documents and is none."
    NO_CACHE_MATCHES_NOTHING "NoCacheMatchesNothing"
        "A name of `--no-cache-filter` is that of no image and no stage."
    NO_IMAGE "NoImage"
        "A section has no `image`, so nothing is built from it."
    NO_VALUE "NoValue"
        "A template has written `<no value>`."
    OPTION_IGNORED "OptionIgnored"
        "An option of the client has no effect."
    PIPELINE_HIDES_FAILURE "PipelineHidesFailure"
        "A command may fail at the head of a pipeline, and the stage goes on."
    REMOVED_IN_WERF_3 "RemovedInWerf3"
        "A directive works, and is no longer in werf 3."
    SECRET_IN_CONFIGURATION "SecretInConfiguration"
        "An instruction or a variable has what looks like a secret."
    SECRET_VALUE "SecretValue"
        "The value of a secret is in the configuration or a build argument."
    SSH_KEY_OF_CLIENT "SshKeyOfClient"
        "`ssh` names keys, which only the client can."
    SWALLOWED_ITEM "SwallowedItem"
        "A line that looks like an item of a list belongs to the text above it."
    TAG_DROPPED "TagDropped"
        "A word with `!` before a value is a YAML tag, and no part of the value."
    TEMPLATE_DEBUG "TemplateDebug"
        "What a debug function of a template has said."
    UNCOMMITTED_CHANGES "UncommittedChanges"
        "Files that the build takes are not as in the commit, and the build has the commit's."
    UNCOMMITTED_CONFIGURATION "UncommittedConfiguration"
        "Files of the configuration are not as in the commit, and the build has the commit's."
    UNDECLARED_STAGE_DEPENDENCIES "UndeclaredStageDependencies"
        "A stage uses files of the commit and declares none of them."
    UNKNOWN_RULE "UnknownRule"
        "The line `# check=…` skips a rule that does not exist."
    UNSTABLE_FUNCTION "UnstableFunction"
        "A function of a template gives another result in every build."
    UNUSED_BASIC_AUTH "UnusedBasicAuth"
        "`basicAuth` has no effect without `url`."
    UNUSED_STAGE_DEPENDENCIES "UnusedStageDependencies"
        "`stageDependencies` names a stage that has no instructions."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_a_paragraph_for_each_rule_and_no_other() {
        let text = include_str!("../../../docs/rules.md");
        let headings: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        let names: Vec<&str> = ALL.iter().map(|rule| rule.name).collect();
        assert_eq!(headings, names);
        for rule in ALL {
            assert!(text.contains(rule.says), "{}: {}", rule.name, rule.says);
        }
    }

    #[test]
    fn a_rule_is_found_by_its_name() {
        assert_eq!(Rule::named("NearSeparator"), Some(&NEAR_SEPARATOR));
        assert_eq!(Rule::named("nearseparator"), None);
        assert!(NEAR_SEPARATOR.url().ends_with("rules.md#nearseparator"));
    }
}
