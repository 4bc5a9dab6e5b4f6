//! `mount`: directories that commands see and that are not part of the image (spec 1.12 and 8.1).

use std::collections::HashMap;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned, closest};
use yaml_v2::NodeRef;

use super::git::GitMapping;
use super::paths;
use super::raw::Fields;

/// One entry of `mount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageMount {
    /// Where it is in the image: an absolute path, cleaned.
    pub to: Spanned<String>,
    /// What is mounted.
    pub from: MountSource,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// An empty directory.
    TmpDir,
    /// A directory that the project's builds share.
    BuildDir(Span),
    /// A directory of the client, as written.
    Path(Spanned<String>),
}

/// One entry of `mount` as written.
#[derive(Debug, Default)]
pub struct RawMount {
    /// The first key of the entry.
    at: Span,
    to: Option<Spanned<String>>,
    from: Option<Spanned<String>>,
    from_path: Option<Spanned<String>>,
}

impl RawMount {
    /// Reads an entry.
    pub fn read(entry: NodeRef<'_>) -> RawMount {
        let fields = Fields::of(entry);
        RawMount {
            at: fields.first_key().unwrap_or(entry.span()),
            to: fields.text("to"),
            from: fields.text("from"),
            from_path: fields.text("fromPath"),
        }
    }
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

/// Turns the entries of one image into mounts, and says what is wrong with each and with all together.
/// `called` is what messages call the image.
pub fn resolve_all(
    raws: Vec<RawMount>,
    called: &str,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<ImageMount> {
    let mut resolver = Resolver {
        called,
        source,
        diagnostics,
    };
    let mut first: HashMap<String, Span> = HashMap::new();
    let mut mounts = Vec::new();
    for raw in raws {
        let Some(mount) = resolver.mount(raw) else {
            continue;
        };
        if let Some(before) = first.insert(mount.to.value.clone(), mount.to.span) {
            let message = format!("{called} has two mounts at `{}`", mount.to.value);
            let line = source.line(before.start);
            resolver.diagnostics.push(
                Diagnostic::error(message)
                    .at(source.location(mount.to.span))
                    .hint("keep one of the two")
                    .note(format!("the first one is in line {line}")),
            );
        }
        mounts.push(mount);
    }
    mounts
}

/// Warns of files of the commit that no image will have, because their place is a mount.
pub fn check_sources(
    mounts: &[ImageMount],
    mappings: &[GitMapping],
    called: &str,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) {
    for mapping in mappings {
        let to = &mapping.to;
        let hides = |mount: &&ImageMount| {
            to.value == mount.to.value || is_below(&to.value, &mount.to.value)
        };
        if let Some(mount) = mounts.iter().find(hides) {
            let message = format!(
                "the files at `{}` will not be in {called}, because `{}` is a mount",
                to.value, mount.to.value
            );
            diagnostics.push(
                Diagnostic::warning("MountHidesFiles", message)
                    .at(source.location(to.span))
                    .hint("give the files or the mount another place"),
            );
        }
    }
}

struct Resolver<'a> {
    called: &'a str,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
}

impl Resolver<'_> {
    fn refuse(&mut self, message: String, at: Span, hint: impl Into<String>) {
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    fn mount(&mut self, raw: RawMount) -> Option<ImageMount> {
        let from = self.from(&raw);
        let Some(to) = raw.to else {
            let message = format!("a mount of {} has no `to`", self.called);
            self.refuse(message, raw.at, "add `to: /PATH`");
            return None;
        };
        let mut refusals = Vec::new();
        let to = paths::absolute("to", &to, &mut refusals);
        if let Some((message, at, hint)) = refusals.pop() {
            self.refuse(message, at, hint);
            return None;
        }
        let path = to.value;
        let is_reserved = |reserved: &&str| path == *reserved || is_below(&path, reserved);
        if path == "/" || RESERVED.iter().any(is_reserved) {
            let message = format!("nothing can be mounted at `{path}`");
            self.refuse(
                message,
                to.span,
                "mount it at a directory of the image's own",
            );
            return None;
        }
        Some(ImageMount {
            to: Spanned::new(path, to.span),
            from: from?,
        })
    }

    fn from(&mut self, raw: &RawMount) -> Option<MountSource> {
        match (&raw.from, &raw.from_path) {
            (Some(from), Some(path)) => {
                let message = format!("a mount of {} has both `from` and `fromPath`", self.called);
                self.refuse(message, from.span.max(path.span), "keep one of the two");
                None
            }
            (None, None) => {
                let message = format!("a mount of {} comes from nowhere", self.called);
                let hint = "add `from: tmp_dir`, `from: build_dir` or `fromPath: PATH`";
                self.refuse(message, raw.at, hint);
                None
            }
            (None, Some(path)) => Some(MountSource::Path(path.clone())),
            (Some(from), None) => match from.value.as_str() {
                "tmp_dir" => Some(MountSource::TmpDir),
                "build_dir" => Some(MountSource::BuildDir(from.span)),
                other => {
                    let hint = match closest(other, ["tmp_dir", "build_dir"]) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "there are `tmp_dir` and `build_dir`; a directory of your machine is `fromPath: PATH`".to_owned(),
                    };
                    let message = format!("`from: {other}` is not something to mount");
                    self.refuse(message, from.span, hint);
                    None
                }
            },
        }
    }
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
}
