//! What each directive is for, in a sentence, for the one who points at it.

/// Directives with a newer spelling, or that werf 3 has no more.
pub(super) static DEPRECATED: &[&str] = &[
    "image.artifact",
    "image.fromImage",
    "image.fromArtifact",
    "image.import.artifact",
    "image.docker",
    "image.ansible",
    "image.asLayers",
    "dockerfile.contextAddFile",
];

/// Returns the sentence for the directive at `path`; what images from Dockerfiles and the meta section have in common with other
/// images is said there.
pub(super) fn description(path: &str) -> &'static str {
    let find = |path: &str| {
        let index = DESCRIPTIONS.binary_search_by_key(&path, |(name, _)| name);
        index.ok().map(|index| DESCRIPTIONS[index].1)
    };
    let general = || {
        let below = path
            .strip_prefix("dockerfile.")
            .or_else(|| path.strip_prefix("meta.build."))?;
        find(&format!("image.{below}"))
    };
    find(path).or_else(general).unwrap_or_default()
}

/// Sorted by path.
pub(super) static DESCRIPTIONS: &[(&str, &str)] = &[
    (
        "dockerfile.addHost",
        "Names and addresses for /etc/hosts while it is built, as NAME:ADDRESS.",
    ),
    ("dockerfile.args", "Build arguments of the Dockerfile."),
    (
        "dockerfile.cacheVersion",
        "A new value runs every RUN again.",
    ),
    (
        "dockerfile.context",
        "The directory of the commit that COPY and ADD take files from, relative to werf.yaml.",
    ),
    (
        "dockerfile.contextAddFile",
        "The old name of contextAddFiles.",
    ),
    (
        "dockerfile.contextAddFiles",
        "Files of the client that are added to the context without being committed, as far as werf-giterminism.yaml allows them.",
    ),
    (
        "dockerfile.dockerfile",
        "The Dockerfile, relative to context.",
    ),
    (
        "dockerfile.image",
        "The name of the image, or a list of names.",
    ),
    (
        "dockerfile.ssh",
        "The SSH agent or keys that RUN --mount=type=ssh finds; the client gives them with --ssh.",
    ),
    (
        "dockerfile.staged",
        "Only for werf: whether the stages of the Dockerfile are werf's stages.",
    ),
    (
        "dockerfile.target",
        "The stage of the Dockerfile that is built; the last one without it.",
    ),
    ("giterminism.cli", "Rules for werf's command line."),
    (
        "giterminism.cli.allowCustomTags",
        "Only for werf: --add-custom-tag and --use-custom-tag.",
    ),
    (
        "giterminism.config",
        "Rules for werf.yaml and what it reads.",
    ),
    (
        "giterminism.config.allowUncommitted",
        "Whether werf.yaml may be one that is not committed.",
    ),
    (
        "giterminism.config.allowUncommittedTemplates",
        "Masks of templates in .werf that may be uncommitted.",
    ),
    (
        "giterminism.config.dockerfile",
        "Rules for images from Dockerfiles.",
    ),
    (
        "giterminism.config.dockerfile.allowContextAddFiles",
        "Masks of files that contextAddFiles may name.",
    ),
    (
        "giterminism.config.dockerfile.allowUncommitted",
        "Masks of Dockerfiles that may be uncommitted.",
    ),
    (
        "giterminism.config.dockerfile.allowUncommittedDockerignoreFiles",
        "Masks of .dockerignore files that may be uncommitted.",
    ),
    (
        "giterminism.config.goTemplateRendering",
        "Rules for templates.",
    ),
    (
        "giterminism.config.goTemplateRendering.allowEnvVariables",
        "Names of variables that env may read, or patterns between slashes.",
    ),
    (
        "giterminism.config.goTemplateRendering.allowUncommittedFiles",
        "Masks of files that .Files may read without being committed.",
    ),
    ("giterminism.config.secrets", "Rules for secrets."),
    (
        "giterminism.config.secrets.allowEnvVariables",
        "Names of variables that may be secrets, or patterns between slashes.",
    ),
    (
        "giterminism.config.secrets.allowFiles",
        "Files that may be secrets: masks, or patterns between slashes.",
    ),
    (
        "giterminism.config.secrets.allowValueIds",
        "Ids of secrets whose value may be in werf.yaml.",
    ),
    (
        "giterminism.config.stapel",
        "Rules for images that are built by stages.",
    ),
    (
        "giterminism.config.stapel.allowFromLatest",
        "Whether fromLatest may be used.",
    ),
    ("giterminism.config.stapel.git", "Rules for git mappings."),
    (
        "giterminism.config.stapel.git.allowBranch",
        "Whether a mapping with url may follow a branch.",
    ),
    ("giterminism.config.stapel.mount", "Rules for mounts."),
    (
        "giterminism.config.stapel.mount.allowBuildDir",
        "Whether mounts may be build_dir.",
    ),
    (
        "giterminism.config.stapel.mount.allowFromPaths",
        "Masks of what fromPath may name.",
    ),
    (
        "giterminism.giterminismConfigVersion",
        "The version of this file: 1.",
    ),
    ("giterminism.helm", "Only for werf: rules for charts."),
    (
        "giterminism.helm.allowUncommittedFiles",
        "Only for werf: masks of files of charts that may be uncommitted.",
    ),
    (
        "giterminism.includes",
        "Only for werf: rules for included repositories.",
    ),
    (
        "giterminism.includes.allowIncludesUpdate",
        "Only for werf: whether included repositories may be updated.",
    ),
    (
        "image.ansible",
        "Tasks of ansible in place of shell commands.",
    ),
    (
        "image.ansible.beforeInstall",
        "Tasks before the sources are there.",
    ),
    (
        "image.ansible.beforeInstallCacheVersion",
        "A new value runs beforeInstall and all that follows again.",
    ),
    ("image.ansible.beforeSetup", "Tasks after install."),
    (
        "image.ansible.beforeSetupCacheVersion",
        "A new value runs beforeSetup and all that follows again.",
    ),
    (
        "image.ansible.cacheVersion",
        "A new value runs all four stages again.",
    ),
    ("image.ansible.install", "Tasks with the sources at hand."),
    (
        "image.ansible.installCacheVersion",
        "A new value runs install and all that follows again.",
    ),
    ("image.ansible.setup", "Tasks of the last stage."),
    (
        "image.ansible.setupCacheVersion",
        "A new value runs setup again.",
    ),
    (
        "image.artifact",
        "The old way of writing an image with final: false.",
    ),
    (
        "image.asLayers",
        "Every command a layer and a shell of its own, to find the one that goes wrong.",
    ),
    ("image.cacheVersion", "A new value builds the image anew."),
    (
        "image.dependencies",
        "What the image is told of other images.",
    ),
    (
        "image.dependencies.after",
        "The stage after which the variables are there: install or setup.",
    ),
    (
        "image.dependencies.before",
        "The stage before which the variables are there: install or setup.",
    ),
    ("image.dependencies.image", "The other image of the file."),
    (
        "image.dependencies.imports",
        "The variables or build arguments, and what they are told.",
    ),
    (
        "image.dependencies.imports.targetBuildArg",
        "The build argument of a Dockerfile that gets the value.",
    ),
    (
        "image.dependencies.imports.targetEnv",
        "The variable that gets the value.",
    ),
    (
        "image.dependencies.imports.type",
        "What it is told: ImageName, ImageTag, ImageRepo, ImageID or ImageDigest.",
    ),
    (
        "image.disableGitAfterPatch",
        "Leaves out what comes after the stages: the files of the newest commit, and docker.",
    ),
    (
        "image.docker",
        "Changes to the configuration of the image; imageSpec is its successor.",
    ),
    (
        "image.docker.CMD",
        "The command: a list, or a line for the shell.",
    ),
    (
        "image.docker.ENTRYPOINT",
        "The entry point: a list, or a line for the shell.",
    ),
    ("image.docker.ENV", "Variables."),
    ("image.docker.EXPOSE", "Ports."),
    ("image.docker.HEALTHCHECK", "The check, as in a Dockerfile."),
    ("image.docker.LABEL", "Labels."),
    ("image.docker.USER", "The user."),
    ("image.docker.VOLUME", "Volumes."),
    ("image.docker.WORKDIR", "The working directory."),
    (
        "image.docker.exactValues",
        "Takes values as they are, without the words of a Dockerfile.",
    ),
    (
        "image.final",
        "Whether the image is built for its own sake; false for what others are made of.",
    ),
    (
        "image.from",
        "What it starts from: an image of the file by its name, one of a registry, or scratch.",
    ),
    (
        "image.fromArtifact",
        "An image of the file that it starts from; write from.",
    ),
    (
        "image.fromCacheVersion",
        "A new value builds the image anew from its base on.",
    ),
    (
        "image.fromImage",
        "An image of the file that it starts from; write from.",
    ),
    (
        "image.fromLatest",
        "Asks the registry for the newest image of that name in every build.",
    ),
    (
        "image.git",
        "Files of the commit, or of other repositories, and where they go.",
    ),
    (
        "image.git.add",
        "The file or directory of the repository, from its root on.",
    ),
    ("image.git.basicAuth", "The user and the password for url."),
    (
        "image.git.basicAuth.password",
        "Where the password is to be had.",
    ),
    (
        "image.git.basicAuth.password.env",
        "The variable of the client with the password.",
    ),
    (
        "image.git.basicAuth.password.src",
        "The file of the client with the password.",
    ),
    ("image.git.basicAuth.password.value", "The password itself."),
    ("image.git.basicAuth.username", "The user."),
    ("image.git.branch", "The branch of the repository at url."),
    ("image.git.commit", "The commit of the repository at url."),
    (
        "image.git.excludePaths",
        "Masks of what is left out, relative to add.",
    ),
    (
        "image.git.group",
        "The group of the files: a name or a number.",
    ),
    (
        "image.git.includePaths",
        "Masks of what is taken, relative to add; everything without it.",
    ),
    (
        "image.git.owner",
        "The owner of the files: a name or a number.",
    ),
    (
        "image.git.stageDependencies",
        "Masks of the files that a stage depends on: it runs again when they change.",
    ),
    (
        "image.git.stageDependencies.beforeSetup",
        "What beforeSetup reads.",
    ),
    ("image.git.stageDependencies.install", "What install reads."),
    ("image.git.stageDependencies.setup", "What setup reads."),
    ("image.git.tag", "The tag of the repository at url."),
    ("image.git.to", "Where the files go: an absolute path."),
    (
        "image.git.url",
        "Another repository than the project's own.",
    ),
    ("image.image", "The name of the image, or a list of names."),
    (
        "image.imageSpec",
        "Changes to the configuration of the image; they rerun no stage.",
    ),
    ("image.imageSpec.author", "Who made it."),
    ("image.imageSpec.clearHistory", "Leaves out the history."),
    ("image.imageSpec.config", "The configuration."),
    ("image.imageSpec.config.clearCmd", "Removes the command."),
    (
        "image.imageSpec.config.clearEntrypoint",
        "Removes the entry point.",
    ),
    ("image.imageSpec.config.clearUser", "Removes the user."),
    (
        "image.imageSpec.config.clearWerfLabels",
        "Removes the labels of werf.",
    ),
    (
        "image.imageSpec.config.clearWorkingDir",
        "Removes the working directory.",
    ),
    ("image.imageSpec.config.cmd", "The command, a list."),
    (
        "image.imageSpec.config.entrypoint",
        "The entry point, a list.",
    ),
    ("image.imageSpec.config.env", "Variables."),
    ("image.imageSpec.config.expose", "Ports."),
    ("image.imageSpec.config.healthcheck", "The check."),
    (
        "image.imageSpec.config.healthcheck.interval",
        "Seconds between two checks.",
    ),
    (
        "image.imageSpec.config.healthcheck.retries",
        "How many checks have to fail.",
    ),
    (
        "image.imageSpec.config.healthcheck.startperiod",
        "Seconds before failures count.",
    ),
    (
        "image.imageSpec.config.healthcheck.test",
        "The check: CMD, CMD-SHELL or NONE, and its words.",
    ),
    (
        "image.imageSpec.config.healthcheck.timeout",
        "Seconds that a check may take.",
    ),
    (
        "image.imageSpec.config.keepEssentialWerfLabels",
        "Keeps the labels that werf needs, whatever is removed.",
    ),
    ("image.imageSpec.config.labels", "Labels."),
    (
        "image.imageSpec.config.removeEnv",
        "Variables that are removed: names, or patterns between slashes.",
    ),
    (
        "image.imageSpec.config.removeLabels",
        "Labels that are removed: names, or patterns between slashes.",
    ),
    (
        "image.imageSpec.config.removeVolumes",
        "Volumes that are removed.",
    ),
    (
        "image.imageSpec.config.stopSignal",
        "The signal that stops it.",
    ),
    ("image.imageSpec.config.user", "The user."),
    ("image.imageSpec.config.volumes", "Volumes."),
    (
        "image.imageSpec.config.workingDir",
        "The working directory.",
    ),
    ("image.import", "Files of other images."),
    (
        "image.import.add",
        "The file or directory of the other image: an absolute path.",
    ),
    (
        "image.import.after",
        "The stage after which they come: install or setup.",
    ),
    (
        "image.import.artifact",
        "The artifact they come from; write image.",
    ),
    (
        "image.import.before",
        "The stage before which they come: install or setup.",
    ),
    (
        "image.import.excludePaths",
        "Masks of what is left out, relative to add.",
    ),
    (
        "image.import.from",
        "The image of a registry that they come from.",
    ),
    (
        "image.import.group",
        "The group of the files: a name or a number.",
    ),
    (
        "image.import.image",
        "The image of the file that they come from.",
    ),
    (
        "image.import.includePaths",
        "Masks of what is taken, relative to add; everything without it.",
    ),
    (
        "image.import.owner",
        "The owner of the files: a name or a number.",
    ),
    (
        "image.import.stage",
        "The stage of the other image after which they are taken; its last one without it.",
    ),
    (
        "image.import.to",
        "Where they go; the same path without it.",
    ),
    (
        "image.mount",
        "Directories that commands see and that are no part of the image.",
    ),
    (
        "image.mount.from",
        "tmp_dir, empty in every stage, or build_dir, kept between builds.",
    ),
    (
        "image.mount.fromPath",
        "A directory of the client, which gives it with --build-context.",
    ),
    ("image.mount.to", "Where it is in the image."),
    (
        "image.network",
        "What commands reach: default, none or host.",
    ),
    (
        "image.platform",
        "The platforms that it is for, as os/architecture.",
    ),
    (
        "image.secrets",
        "Secrets of the client, which commands see at /run/secrets/ID.",
    ),
    (
        "image.secrets.env",
        "The variable of the client with the secret.",
    ),
    ("image.secrets.id", "The name of the file in /run/secrets."),
    (
        "image.secrets.src",
        "The file of the client with the secret.",
    ),
    (
        "image.secrets.value",
        "The value itself, for what is passed on like a secret and is none.",
    ),
    (
        "image.shell",
        "The commands of the stages; all of a stage run in one bash.",
    ),
    (
        "image.shell.beforeInstall",
        "Commands before the sources are there: packages of the system.",
    ),
    (
        "image.shell.beforeInstallCacheVersion",
        "A new value runs beforeInstall and all that follows again.",
    ),
    ("image.shell.beforeSetup", "Commands after install."),
    (
        "image.shell.beforeSetupCacheVersion",
        "A new value runs beforeSetup and all that follows again.",
    ),
    (
        "image.shell.cacheVersion",
        "A new value runs all four stages again.",
    ),
    (
        "image.shell.install",
        "Commands with the sources at hand: dependencies of the application.",
    ),
    (
        "image.shell.installCacheVersion",
        "A new value runs install and all that follows again.",
    ),
    (
        "image.shell.setup",
        "Commands of the last stage: building the application.",
    ),
    (
        "image.shell.setupCacheVersion",
        "A new value runs setup again.",
    ),
    ("meta.build", "What holds for all images."),
    (
        "meta.build.cacheVersion",
        "A new value builds all images anew.",
    ),
    (
        "meta.build.imageSpec",
        "Changes to the configuration of all final images.",
    ),
    (
        "meta.build.staged",
        "Only for werf: whether stages of Dockerfiles are werf's stages.",
    ),
    (
        "meta.cleanup",
        "Only for werf: what is kept in the registry.",
    ),
    ("meta.configVersion", "The version of the file: 1."),
    ("meta.deploy", "Only for werf: how charts are deployed."),
    ("meta.gitWorktree", "Only for werf: how clones are treated."),
    (
        "meta.project",
        "The name of the project; it is in labels and in cache keys.",
    ),
];
