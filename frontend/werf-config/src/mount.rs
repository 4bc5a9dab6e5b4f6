//! `mount`: directories that commands see and that are not part of the image.

use std::collections::HashMap;

use diagnostic::{Diagnostic, Location, Report, Span, closest, rule};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::digest::DigestFields;
use super::fields::Fields;
use super::git::GitMapping;
use super::paths;
use super::schema::Section;
use super::schema::Shape::Text;

/// The keys of an entry of `mount`.
pub static KEYS: Section = Section {
    keys: &[("to", Text), ("from", Text), ("fromPath", Text)],
};

/// One entry of `mount`: a directory that stages see and that is no part of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMount {
    /// Where it is in the image: an absolute path, cleaned.
    pub to: String,
    /// What is mounted.
    pub source: MountSource,
    /// Where `to` is written.
    pub at: Location,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MountSource {
    /// A directory that is empty at the beginning of every stage and gone at its end.
    TmpDir,
    /// A directory that outlives builds, shared by all of a project's with the same `to`.
    BuildDir {
        /// The daemon's name for it. It has no slash, so no Dockerfile can name it: BuildKit's Dockerfile frontend puts
        /// a name and a slash before its ids.
        id: String,
        /// Where `from` is written.
        at: Location,
    },
    /// A directory of the client; what is written to it is discarded.
    FromPath {
        /// As written.
        path: String,
        /// The named context by which the client gives it.
        context: String,
        /// Where `fromPath` is written.
        at: Location,
    },
}

impl ImageMount {
    /// Whether it is the named context `name` of the client.
    pub fn is_context(&self, name: &str) -> bool {
        matches!(&self.source, MountSource::FromPath { context, .. } if context == name)
    }

    /// Returns what it adds to the digest of `from`, in whose stage its place is emptied.
    pub fn digest_fields(&self) -> DigestFields {
        let source = match &self.source {
            MountSource::TmpDir => "tmp_dir",
            MountSource::BuildDir { .. } => "build_dir",
            MountSource::FromPath { .. } => "fromPath",
        };
        let fields = DigestFields::new()
            .field("mount", &self.to)
            .field("source", source);
        match &self.source {
            MountSource::FromPath { path, .. } => fields.field("path", path),
            MountSource::TmpDir | MountSource::BuildDir { .. } => fields,
        }
    }
}

/// Returns the daemon's name for the directory that builds of `project` share at `to`.
fn build_dir_id(project: &str, to: &str) -> String {
    let digest = Sha256::digest(to.as_bytes());
    let digits = base16ct::lower::encode_string(&digest[..8]);
    format!("werf-build-dir-v1-{project}-{digits}")
}

/// Directories that belong to the runtime or to the build itself.
const RESERVED: [&str; 6] = [
    "/.werf",
    "/proc",
    "/sys",
    "/dev",
    "/run/secrets",
    "/etc/hosts",
];

/// Reads the entries of one image of `project`, and says what is wrong with each and with all together.
pub(crate) fn read_all(
    entries: &[Fields<'_>],
    project: &str,
    report: &mut Report<'_>,
) -> Vec<ImageMount> {
    let mut first: HashMap<String, Span> = HashMap::new();
    let mut mounts = Vec::new();
    for entry in entries {
        let Some((mount, to)) = read(entry, project, report) else {
            continue;
        };
        if let Some(before) = first.insert(mount.to.clone(), to) {
            let message = format!("{} has two mounts at `{}`", report.called(), mount.to);
            let note = format!("the first one is in line {}", report.line(before));
            report
                .error(to, message)
                .hint("keep one of the two")
                .note(note);
        }
        mounts.push(mount);
    }
    mounts
}

/// Warns of files of the commit that no image will have, because their place is a mount.
pub(crate) fn check_sources(
    mounts: &[ImageMount],
    mappings: &[GitMapping],
    report: &mut Report<'_>,
) {
    for mapping in mappings {
        let to = &mapping.to;
        let hides = |mount: &&ImageMount| to.value == mount.to || is_below(&to.value, &mount.to);
        if let Some(mount) = mounts.iter().find(hides) {
            let message = format!(
                "the files at `{}` will not be in {}, because `{}` is a mount",
                to.value,
                report.called(),
                mount.to
            );
            report.push(
                Diagnostic::warning(&rule::MOUNT_HIDES_FILES, message)
                    .at(to.at.clone())
                    .hint("give the files or the mount another place"),
            );
        }
    }
}

/// Returns the mount of an entry, and where its `to` is.
fn read(entry: &Fields<'_>, project: &str, report: &mut Report<'_>) -> Option<(ImageMount, Span)> {
    let (from, from_path) = (entry.text("from"), entry.text("fromPath"));
    let from = match (from, from_path) {
        (Some(from), Some(path)) => {
            let message = format!(
                "a mount of {} has both `from` and `fromPath`",
                report.called()
            );
            report
                .error(from.span.max(path.span), message)
                .hint("keep one of the two");
            None
        }
        (None, None) => {
            let message = format!("a mount of {} comes from nowhere", report.called());
            report
                .error(entry.at(), message)
                .hint("add `from: tmp_dir`, `from: build_dir` or `fromPath: PATH`");
            None
        }
        (None, Some(path)) => Some(MountSource::FromPath {
            context: context_name(&path.value),
            at: report.location(path.span),
            path: path.value,
        }),
        (Some(from), None) => match from.value.as_str() {
            "tmp_dir" => Some(MountSource::TmpDir),
            "build_dir" => Some(MountSource::BuildDir {
                id: String::new(),
                at: report.location(from.span),
            }),
            other => {
                let hint = match closest(other, ["tmp_dir", "build_dir"]) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "there are `tmp_dir` and `build_dir`; a directory of your machine is `fromPath: PATH`".to_owned(),
                };
                let message = format!("`from: {other}` is not something to mount");
                report.error(from.span, message).hint(hint);
                None
            }
        },
    };
    let Some(to) = entry.text("to") else {
        let message = format!("a mount of {} has no `to`", report.called());
        report.error(entry.at(), message).hint("add `to: /PATH`");
        return None;
    };
    if !to.value.starts_with('/') {
        paths::absolute("to", &to, report);
        return None;
    }
    let to = paths::absolute("to", &to, report);
    let path = to.value;
    let is_reserved = |reserved: &&str| path == *reserved || is_below(&path, reserved);
    if path == "/" || RESERVED.iter().any(is_reserved) {
        let message = format!("nothing can be mounted at `{path}`");
        report
            .error(to.span, message)
            .hint("mount it at a directory of the image's own");
        return None;
    }
    let source = match from? {
        MountSource::BuildDir { at, .. } => MountSource::BuildDir {
            id: build_dir_id(project, &path),
            at,
        },
        other => other,
    };
    let mount = ImageMount {
        to: path,
        source,
        at: report.location(to.span),
    };
    Some((mount, to.span))
}

/// Whether `path` lies below `directory`.
pub fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the name under which the client gives the directory `path` to a build, as a named context:
/// lower-case letters, digits and hyphens, since it must be a name of an image in the eyes of the client.
pub fn context_name(path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.fold("mount".to_owned(), |name, word| {
        format!("{name}-{}", word.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_have_names_that_clients_take() {
        for (path, name) in [
            ("~/.m2/Repository", "mount-m2-repository"),
            ("/var/cache/apt", "mount-var-cache-apt"),
            ("../x_y", "mount-x-y"),
            ("~", "mount"),
        ] {
            assert_eq!(context_name(path), name, "{path}");
        }
    }

    #[test]
    fn only_what_is_inside_is_below() {
        assert!(is_below("/a/b", "/a") && !is_below("/ab", "/a") && !is_below("/a", "/a"));
    }

    #[test]
    fn the_id_of_a_build_dir_is_a_contract() {
        // Another id is an empty directory for everybody.
        assert_eq!(
            build_dir_id("shop", "/var/cache/apt"),
            "werf-build-dir-v1-shop-e0f0d92cbaf657b6"
        );
    }
}
