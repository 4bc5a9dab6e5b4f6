//! The rules by which something may be allowed, and the paths of their keys.

/// A rule that something may be allowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Variables that templates read.
    TemplateEnv,
    /// `fromLatest`.
    FromLatest,
    /// Files of the client in the context of a Dockerfile.
    ContextAddFile,
    /// Files of a branch of another repository.
    Branch,
    /// `mount` with `from: build_dir`.
    BuildDir,
    /// `mount` with `fromPath`.
    FromPath,
    /// Secrets from variables.
    SecretEnv,
    /// Secrets from files.
    SecretFile,
    /// Secrets whose values are in the configuration, by their ids.
    SecretValue,
}

impl Rule {
    /// Returns the path of its key.
    pub fn path(self) -> &'static str {
        match self {
            Rule::TemplateEnv => "config.goTemplateRendering.allowEnvVariables",
            Rule::FromLatest => "config.stapel.allowFromLatest",
            Rule::ContextAddFile => "config.dockerfile.allowContextAddFiles",
            Rule::Branch => "config.stapel.git.allowBranch",
            Rule::BuildDir => "config.stapel.mount.allowBuildDir",
            Rule::FromPath => "config.stapel.mount.allowFromPaths",
            Rule::SecretEnv => "config.secrets.allowEnvVariables",
            Rule::SecretFile => "config.secrets.allowFiles",
            Rule::SecretValue => "config.secrets.allowValueIds",
        }
    }

    /// Whether it is on or off, and not a list.
    pub(super) fn is_flag(self) -> bool {
        matches!(self, Rule::FromLatest | Rule::Branch | Rule::BuildDir)
    }
}
