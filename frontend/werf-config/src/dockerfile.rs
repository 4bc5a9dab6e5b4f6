//! Images built from a Dockerfile, as meant (spec 1.17).

use std::collections::BTreeMap;
use std::net::IpAddr;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned};
use masks::mask::clean;

use super::image::{Image, ImageName, MOST_REPEATED};
use super::image_spec::ImageSpec;
use super::meta::Meta;
use super::network::NetworkMode;
use super::platform;
use super::raw::{RawDockerfile, Required};
use super::secret::{self, Secret};

/// One image to build from a Dockerfile. A section with a list of names is one image for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerfileImage {
    /// Its name.
    pub name: ImageName,
    /// Its `image` key, or its item in the list of names.
    pub at: Span,
    /// Whether it is built for its own sake.
    pub is_final: bool,
    /// The Dockerfile, relative to the project directory.
    pub dockerfile: Spanned<String>,
    /// The context, relative to the project directory; `.` is that itself.
    pub context: Spanned<String>,
    /// Files of the client to add to the context, relative to the project directory and as written.
    pub context_add_files: Vec<AddedFile>,
    /// The stage of the Dockerfile that is built, if not the last one.
    pub target: String,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Lines for `/etc/hosts`.
    pub extra_hosts: Vec<(String, IpAddr)>,
    /// The network of its containers, if it is not that of the build.
    pub network: Option<NetworkMode>,
    /// The platforms that it is for, as written; none means whatever is asked for.
    pub platforms: Vec<Spanned<String>>,
    /// Its own cache version, else that of the build, else nothing.
    pub cache_version: String,
    /// Secrets that the Dockerfile may ask for.
    pub secrets: Vec<Secret>,
    /// Changes to its configuration.
    pub image_spec: Option<ImageSpec>,
}

/// An entry of `contextAddFiles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedFile {
    /// Its path, relative to the context, cleaned.
    pub path: String,
    /// The same, relative to the project directory.
    pub in_project: String,
    /// Where it is written.
    pub at: Span,
}

/// Turns sections into images, and says what is wrong with each.
pub fn resolve_all(
    raws: Vec<RawDockerfile>,
    meta: &Meta,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<DockerfileImage> {
    let mut resolver = Resolver {
        meta,
        source,
        diagnostics,
    };
    raws.into_iter()
        .flat_map(|raw| resolver.images(raw))
        .collect()
}

/// Complains of nameless images where there are several final ones and the stapel images alone do not show it.
pub fn check_nameless(
    dockerfiles: &[DockerfileImage],
    images: &[Image],
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) {
    let of_dockerfiles = dockerfiles.iter().filter(|image| image.is_final).count();
    let of_stages = images.iter().filter(|image| image.is_final).count();
    if of_dockerfiles + of_stages < 2 {
        return;
    }
    let nameless = dockerfiles
        .iter()
        .filter(|image| image.name.is_nameless())
        .map(|image| image.at);
    let others = images
        .iter()
        .filter(|image| image.name.is_nameless() && of_stages < 2)
        .map(|image| image.at);
    for at in nameless.chain(others) {
        let message = "an image needs a name when the file has several final ones";
        let wrong = Diagnostic::error(message).at(source.location(at));
        diagnostics.push(wrong.hint("write `image: NAME`"));
    }
}

/// Returns how messages call an image.
pub fn describe(raw: &RawDockerfile) -> String {
    match raw.names.as_deref().unwrap_or_default() {
        [] => "this image".to_owned(),
        [name] => format!("image `{}`", ImageName::new(&name.value)),
        [first, ..] => format!("images `{}`, …", ImageName::new(&first.value)),
    }
}

struct Resolver<'a> {
    meta: &'a Meta,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
}

impl Resolver<'_> {
    fn wrong(&mut self, message: String, at: Span, hint: impl Into<String>) {
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    fn warn(&mut self, rule: &str, message: String, at: Span, hint: impl Into<String>) {
        self.diagnostics.push(
            Diagnostic::warning(rule, message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    fn images(&mut self, raw: RawDockerfile) -> Vec<DockerfileImage> {
        let called = describe(&raw);
        self.check_names(&raw);
        let count = raw.names.as_ref().map_or(0, Vec::len);
        if count.saturating_mul(raw.length) > MOST_REPEATED {
            let message = format!("a section of this length cannot have {count} names");
            self.wrong(message, raw.at, "use fewer names");
            return Vec::new();
        }
        let context = self.context(raw.context, raw.at);
        let dockerfile = self.dockerfile(raw.dockerfile, &context.value, raw.at, &called);
        if let Some(ssh) = raw.ssh {
            self.check_ssh(&ssh);
        }
        let image_spec = raw
            .image_spec
            .map(|spec| spec.resolve("imageSpec", &called, self.source, self.diagnostics));
        let is_final = raw.is_final.is_none_or(|is_final| is_final.value);
        let image_spec = if is_final {
            ImageSpec::merged(self.meta.image_spec.as_ref(), image_spec)
        } else {
            image_spec
        };
        let template = DockerfileImage {
            name: ImageName::default(),
            at: raw.at,
            is_final,
            image_spec,
            dockerfile,
            context_add_files: self.added_files(raw.context_add_files, &context.value),
            context,
            target: raw.target.map_or_else(String::new, |target| target.value),
            args: self.args(raw.args),
            extra_hosts: self.extra_hosts(raw.add_host),
            network: raw.network.and_then(|network| self.network(&network)),
            platforms: platform::resolve(
                raw.platform,
                &self.meta.platform,
                self.source,
                self.diagnostics,
            ),
            cache_version: raw
                .cache_version
                .map_or_else(|| self.meta.cache_version.clone(), |version| version.value),
            secrets: secret::resolve_all(raw.secrets, &called, self.source, self.diagnostics),
        };
        let names = raw.names.unwrap_or_default();
        let named = names.into_iter().map(|name| DockerfileImage {
            name: ImageName::new(name.value),
            at: name.span,
            ..template.clone()
        });
        named.collect()
    }

    fn check_names(&mut self, raw: &RawDockerfile) {
        if !raw.has_image {
            self.warn(
                "NoImage",
                "this section has no `image`, so nothing is built from it".to_owned(),
                raw.at,
                "add `image: NAME`",
            );
        } else if raw.names.as_ref().is_some_and(Vec::is_empty) {
            self.wrong(
                "`image` must be a name or a list of names".to_owned(),
                raw.at,
                "write `image: NAME`",
            );
        }
    }

    fn context(&mut self, written: Option<Spanned<String>>, at: Span) -> Spanned<String> {
        let Some(written) = written else {
            return Spanned::new(".".to_owned(), at);
        };
        let path = self.inside("context", &written, "");
        Spanned::new(path, written.span)
    }

    fn dockerfile(
        &mut self,
        written: Required<String>,
        context: &str,
        at: Span,
        called: &str,
    ) -> Spanned<String> {
        match written {
            Required::Given(written) => {
                let path = self.inside("dockerfile", &written, context);
                Spanned::new(path, written.span)
            }
            Required::Wrong => Spanned::new(String::new(), at),
            Required::Missing => {
                let message = format!("{called} has a `dockerfile` without a path");
                self.wrong(message, at, "write `dockerfile: Dockerfile`");
                Spanned::new(String::new(), at)
            }
        }
    }

    /// Returns `written`, which is relative to the directory `base` of the project, as a path in the project.
    fn inside(&mut self, key: &str, written: &Spanned<String>, base: &str) -> String {
        let path = &written.value;
        if path.starts_with('/') {
            let message = format!("`{key}: {path}` is an absolute path");
            let meant = clean(path.trim_start_matches('/'));
            let hint = match key {
                "context" => format!("it is relative to the project directory: `{meant}`"),
                _ => format!("it is relative to the context: `{meant}`"),
            };
            self.wrong(message, written.span, hint);
            return meant;
        }
        let joined = clean(format!("{base}/{path}").trim_start_matches('/'));
        if joined == ".." || joined.starts_with("../") {
            let message = format!("`{key}: {path}` leads out of the project");
            let hint = "only files of the repository can be used, below the directory of the configuration";
            self.wrong(message, written.span, hint);
        }
        joined
    }

    fn added_files(&mut self, written: Vec<Spanned<String>>, context: &str) -> Vec<AddedFile> {
        let mut files = Vec::new();
        for file in written {
            let path = clean(&file.value);
            if file.value.starts_with('/') || path == "." || path == ".." || path.starts_with("../")
            {
                let message = format!(
                    "`{}` in `contextAddFiles` is not in the context",
                    file.value
                );
                self.wrong(message, file.span, "write a path relative to `context`");
                continue;
            }
            files.push(AddedFile {
                in_project: clean(&format!("{context}/{path}")),
                path,
                at: file.span,
            });
        }
        files
    }

    fn args(
        &mut self,
        written: Vec<(Spanned<String>, Spanned<String>)>,
    ) -> BTreeMap<String, String> {
        for (name, _) in &written {
            if name.value.is_empty() || name.value.contains('=') {
                let message = format!("`{}` is not the name of a build argument", name.value);
                self.wrong(message, name.span, "write `NAME: value`");
            }
        }
        written
            .into_iter()
            .map(|(name, value)| (name.value, value.value))
            .collect()
    }

    fn extra_hosts(&mut self, written: Vec<Spanned<String>>) -> Vec<(String, IpAddr)> {
        let mut hosts = Vec::new();
        for host in written {
            match extra_host(&host.value) {
                Some(host) => hosts.push(host),
                None => self.wrong(
                    format!("`{}` in `addHost` is not a name and an address", host.value),
                    host.span,
                    "write `NAME:ADDRESS`, such as `db:10.0.0.1`",
                ),
            }
        }
        hosts
    }

    fn network(&mut self, written: &Spanned<String>) -> Option<NetworkMode> {
        match NetworkMode::parse(&written.value) {
            Ok(mode) => Some(mode),
            Err(hint) => {
                let message = format!("there is no network `{}`", written.value);
                self.wrong(message, written.span, hint);
                None
            }
        }
    }

    /// Keys stay with the client, which also says which they are.
    fn check_ssh(&mut self, written: &Spanned<String>) {
        if let Some((id, _)) = written.value.split_once('=') {
            self.warn(
                "SshKeyOfClient",
                format!("which keys `{id}` stands for is said by the client, and not by `ssh`"),
                written.span,
                format!(
                    "write `ssh: {id}`, and build with `--ssh {}`",
                    written.value
                ),
            );
        }
    }
}

/// Reads `name:address`, also with `=`, as `docker build --add-host` does.
fn extra_host(text: &str) -> Option<(String, IpAddr)> {
    let (name, address) = text.split_once('=').or_else(|| text.split_once(':'))?;
    let address = address
        .strip_prefix('[')
        .map_or(Some(address), |rest| rest.strip_suffix(']'))?;
    let is_name = !name.is_empty() && !name.contains([' ', '\t', ',', '"']);
    is_name.then_some((name.to_lowercase(), address.parse().ok()?))
}
