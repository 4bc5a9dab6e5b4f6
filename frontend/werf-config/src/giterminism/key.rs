//! The keys of `werf-giterminism.yaml`, as `pkg/giterminism_manager/config` of werf has them.

use diagnostic::closest;

/// A key and what may be its value.
pub(crate) struct Key(pub(crate) &'static str, pub(crate) Kind);

/// The kinds of values.
pub(crate) enum Kind {
    Version,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of masks of files.
    Masks,
    /// A list of names, or patterns between slashes.
    Names,
    /// A list of masks, or patterns between slashes.
    Files,
    Section(&'static [Key]),
}

use Kind::{Files, Flag, Masks, Names, Section, Texts};

/// All keys.
pub(crate) const KEYS: &[Key] = &[
    Key("giterminismConfigVersion", Kind::Version),
    Key("cli", Section(&[Key("allowCustomTags", Flag)])),
    Key(
        "config",
        Section(&[
            Key("allowUncommitted", Flag),
            Key("allowUncommittedTemplates", Masks),
            Key(
                "goTemplateRendering",
                Section(&[
                    Key("allowEnvVariables", Names),
                    Key("allowUncommittedFiles", Masks),
                ]),
            ),
            Key(
                "stapel",
                Section(&[
                    Key("allowFromLatest", Flag),
                    Key("git", Section(&[Key("allowBranch", Flag)])),
                    Key(
                        "mount",
                        Section(&[Key("allowBuildDir", Flag), Key("allowFromPaths", Masks)]),
                    ),
                ]),
            ),
            Key(
                "dockerfile",
                Section(&[
                    Key("allowUncommitted", Masks),
                    Key("allowUncommittedDockerignoreFiles", Masks),
                    Key("allowContextAddFiles", Masks),
                ]),
            ),
            Key(
                "secrets",
                Section(&[
                    Key("allowEnvVariables", Names),
                    Key("allowFiles", Files),
                    Key("allowValueIds", Texts),
                ]),
            ),
        ]),
    ),
    Key("helm", Section(&[Key("allowUncommittedFiles", Masks)])),
    Key("includes", Section(&[Key("allowIncludesUpdate", Flag)])),
];

/// Returns what may be meant by a key that the section at `path` does not have: the same key of sections below, or
/// of others, a similar one of the section, or a similar one of others.
pub(super) fn meant(name: &str, keys: &[Key], path: &str) -> Option<String> {
    let mut all = Vec::new();
    list(KEYS, "", &mut all);
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let named = |name: &str| -> Vec<String> {
        let same: Vec<String> = all.iter().filter(|it| last(it) == name).cloned().collect();
        let below = same.iter().filter(|it| it.starts_with(&format!("{path}.")));
        let below: Vec<String> = below.cloned().collect();
        if below.is_empty() { same } else { below }
    };
    let mut meant = named(name);
    if meant.is_empty()
        && let Some(near) = closest(name, keys.iter().map(|key| key.0))
    {
        meant = vec![near.to_owned()];
    }
    if meant.is_empty() {
        let names: Vec<String> = all.iter().map(|it| last(it)).collect();
        meant = named(closest(name, names.iter().map(String::as_str))?);
    }
    Some(format!("did you mean `{}`?", meant.join("` or `")))
}

fn list(keys: &[Key], path: &str, all: &mut Vec<String>) {
    for Key(name, kind) in keys {
        let path = join(path, name);
        if let Section(below) = kind {
            list(below, &path, all);
        }
        all.push(path);
    }
}

/// Returns the path of the key `name` of the section at `path`.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
