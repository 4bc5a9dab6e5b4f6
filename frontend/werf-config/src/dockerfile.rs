//! Images built from a Dockerfile, as meant.

use std::collections::BTreeMap;
use std::net::IpAddr;

use diagnostic::{Diagnostic, Diagnostics, Located, Location, Report, Span, Spanned, rule};
use masks::mask::clean;

use super::dependency::{self, Dependency, Taker};
use super::digest::DigestFields;
use super::document::Document;
use super::fields::{Fields, Pair, Required};
use super::heading::Heading;
use super::image::{Image, Names};
use super::image_name::ImageName;
use super::image_spec::{self, ImageSpec};
use super::meta::Meta;
use super::network::NetworkMode;
use super::order::Need;
use super::platform;
use super::schema::Section;
use super::schema::Shape::{Bool, List, Map, Text, TextMap, TextOrList, Texts};
use super::secret::{self, Hands, Secret};

/// The keys of an image section with `dockerfile`.
pub static KEYS: Section = Section {
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
        ("dependencies", List(&dependency::KEYS)),
        ("staged", Bool),
        ("platform", Texts),
        ("secrets", List(&secret::KEYS)),
        ("final", Bool),
        ("imageSpec", Map(&image_spec::KEYS)),
    ],
};

/// One image to build from a Dockerfile. A section with a list of names is one image for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerfileImage {
    /// Its name.
    pub name: ImageName,
    /// Its `image` key, or its item in the list of names.
    pub at: Location,
    /// Whether it is built for its own sake.
    pub is_final: bool,
    /// The Dockerfile, relative to the project directory.
    pub dockerfile: Located<String>,
    /// The context, relative to the project directory; `.` is that itself.
    pub context: Located<String>,
    /// Files of the client to add to the context, relative to the project directory and as written.
    pub context_add_files: Vec<AddedFile>,
    /// The stage of the Dockerfile that is built, if not the last one.
    pub target: String,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// What it is told of other images.
    pub dependencies: Vec<Dependency>,
    /// Lines for `/etc/hosts`.
    pub extra_hosts: Vec<(String, IpAddr)>,
    /// The network of its containers, if it is not that of the build.
    pub network: Option<NetworkMode>,
    /// The platforms that it is for, as written; none means whatever is asked for.
    pub platforms: Vec<Located<String>>,
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
    pub at: Location,
}

impl DockerfileImage {
    /// Returns what it adds to the digest of `from` of an image that is based on it: how it is made. What is made of it is
    /// in the key that BuildKit gives it.
    pub fn digest_fields(&self) -> DigestFields {
        let mut fields = DigestFields::new()
            .field("baseDockerfile", &self.dockerfile.value)
            .field("context", &self.context.value)
            .optional("target", &self.target)
            .optional("baseCacheVersion", &self.cache_version);
        for (name, value) in &self.args {
            fields = fields.field("arg", name).field("value", value);
        }
        let dependencies = self.dependencies.iter();
        dependencies.fold(fields, |fields, dependency| {
            fields.all(dependency.dockerfile_digest_fields())
        })
    }

    /// Returns the images of the file that must be there before this one.
    pub fn needs(&self) -> Vec<Need> {
        self.dependencies.iter().map(Dependency::need).collect()
    }
}

/// Complains of nameless images where there are several final ones and the stapel images alone do not show it.
pub(crate) fn check_nameless(
    dockerfiles: &[DockerfileImage],
    images: &[Image],
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
        .map(|image| &image.at);
    let others = images
        .iter()
        .filter(|image| image.name.is_nameless() && of_stages < 2)
        .map(|image| &image.at);
    for at in nameless.chain(others) {
        let message = "an image needs a name when the file has several final ones";
        let wrong = Diagnostic::error(message).at(at.clone());
        diagnostics.push(wrong.hint("write `image: NAME`"));
    }
}

/// Reads a section, which is an image for each of its names, and says what is wrong with it. `names` are those of all images.
pub(crate) fn read(
    document: &Document,
    names: &Names,
    meta: &Meta,
    report: &mut Report<'_>,
) -> Vec<DockerfileImage> {
    let heading = Heading::read(document);
    let Some(root) = document.tree.root() else {
        return Vec::new();
    };
    let mut report = report.on(heading.called());
    let mut reader = Reader {
        names,
        meta,
        report: &mut report,
    };
    reader.images(heading, &Fields::of(root))
}

struct Reader<'r, 't> {
    names: &'r Names,
    meta: &'r Meta,
    report: &'r mut Report<'t>,
}

impl Reader<'_, '_> {
    fn images(&mut self, heading: Heading, fields: &Fields<'_>) -> Vec<DockerfileImage> {
        self.check_names(&heading);
        if heading.refuse_many(self.report) {
            return Vec::new();
        }
        let context = self.context(fields.text("context"), heading.at);
        let dockerfile = self.dockerfile(
            fields.required_text("dockerfile"),
            &context.value,
            heading.at,
        );
        if let Some(ssh) = fields.text("ssh") {
            self.check_ssh(&ssh);
        }
        let image_spec = fields
            .section("imageSpec")
            .map(|spec| ImageSpec::read("imageSpec", &spec, self.report));
        let is_final = fields
            .boolean("final")
            .is_none_or(|is_final| is_final.value);
        let image_spec = if is_final {
            ImageSpec::merged(self.meta.image_spec.as_ref(), image_spec)
        } else {
            image_spec
        };
        let mut added = fields.text_or_list("contextAddFiles");
        added.extend(fields.text_or_list("contextAddFile"));
        let dependencies = dependency::read_all(
            &fields.entries("dependencies"),
            Taker::Dockerfile,
            heading.names.as_deref().unwrap_or_default(),
            self.names,
            self.report,
        );
        let general = &self.meta.platform;
        let template = DockerfileImage {
            name: ImageName::default(),
            at: self.report.location(heading.at),
            is_final,
            image_spec,
            context_add_files: self.added_files(added, &context.value),
            dockerfile: self.report.locate(dockerfile),
            context: self.report.locate(context),
            target: fields.plain("target"),
            args: self.args(fields.text_map("args")),
            dependencies: dependencies.into_iter().map(|(_, it)| it).collect(),
            extra_hosts: self.extra_hosts(fields.text_or_list("addHost")),
            network: fields
                .text("network")
                .and_then(|network| self.network(&network)),
            platforms: platform::resolve(fields.text_or_list("platform"), general, self.report),
            cache_version: fields
                .text("cacheVersion")
                .map_or_else(|| self.meta.cache_version.clone(), |version| version.value),
            secrets: secret::read_all(&fields.entries("secrets"), Hands::Client, self.report),
        };
        let names = heading.names.unwrap_or_default();
        let named = names.into_iter().map(|name| DockerfileImage {
            name: ImageName::new(name.value),
            at: self.report.location(name.span),
            ..template.clone()
        });
        named.collect()
    }

    fn check_names(&mut self, heading: &Heading) {
        if !heading.has_image {
            let message = "this section has no `image`, so nothing is built from it";
            self.report
                .warning(&rule::NO_IMAGE, heading.at, message)
                .hint("add `image: NAME`");
        } else if heading.names.as_ref().is_some_and(Vec::is_empty) {
            let message = "`image` must be a name or a list of names";
            self.report
                .error(heading.at, message)
                .hint("write `image: NAME`");
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
    ) -> Spanned<String> {
        match written {
            Required::Given(written) => {
                let path = self.inside("dockerfile", &written, context);
                Spanned::new(path, written.span)
            }
            Required::Wrong => Spanned::new(String::new(), at),
            Required::Missing => {
                let message = format!("{} has a `dockerfile` without a path", self.report.called());
                self.report
                    .error(at, message)
                    .hint("write `dockerfile: Dockerfile`");
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
            self.report.error(written.span, message).hint(hint);
            return meant;
        }
        let joined = clean(format!("{base}/{path}").trim_start_matches('/'));
        if joined == ".." || joined.starts_with("../") {
            let message = format!("`{key}: {path}` leads out of the project");
            let hint = "only files of the repository can be used, below the directory of the configuration";
            self.report.error(written.span, message).hint(hint);
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
                self.report
                    .error(file.span, message)
                    .hint("write a path relative to `context`");
                continue;
            }
            files.push(AddedFile {
                in_project: clean(&format!("{context}/{path}")),
                path,
                at: self.report.location(file.span),
            });
        }
        files
    }

    fn args(&mut self, written: Vec<Pair>) -> BTreeMap<String, String> {
        for (name, _) in &written {
            if name.value.is_empty() || name.value.contains('=') {
                let message = format!("`{}` is not the name of a build argument", name.value);
                self.report
                    .error(name.span, message)
                    .hint("write `NAME: value`");
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
                None => drop(
                    self.report
                        .error(
                            host.span,
                            format!("`{}` in `addHost` is not a name and an address", host.value),
                        )
                        .hint("write `NAME:ADDRESS`, such as `db:10.0.0.1`"),
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
                self.report.error(written.span, message).hint(hint);
                None
            }
        }
    }

    /// Keys stay with the client, which also says which they are.
    fn check_ssh(&mut self, written: &Spanned<String>) {
        if let Some((id, _)) = written.value.split_once('=') {
            let message =
                format!("which keys `{id}` stands for is said by the client, and not by `ssh`");
            self.report
                .warning(&rule::SSH_KEY_OF_CLIENT, written.span, message)
                .hint(format!(
                    "write `ssh: {id}`, and build with `--ssh {}`",
                    written.value
                ));
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
