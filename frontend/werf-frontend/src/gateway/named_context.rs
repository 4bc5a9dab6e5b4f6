//! Named contexts (`--build-context NAME=…`, `contexts` of `docker buildx bake`): what each is, and what it gives in the place
//! of an image.
//!
//! What their values mean is what BuildKit's Dockerfile frontend makes of them (`frontend/dockerui/namedcontext.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use buildkit_llb::{
    CopyFiles, Differ, File, GitSource, Graph, Node, Platform, Source, normalise_reference,
};
use buildkit_proto::pb;
use diagnostic::{Diagnostic, redact};
use masks::dockerignore;
use serde_json::{Map, Value, json};

use crate::git::repo::GIT_DIR_CONTEXT;
use crate::lower::{BaseFiles, BaseImage, FILE_TIME};

use super::answer::CONFIG;
use super::bridge::{Bridge, CallError};
use super::failure::Failure;
use super::git_context::GitContext;
use super::request::Request;

/// What is between the name of a context and the platform that it is for.
const PLATFORM_MARK: &str = "::";
/// The image that is none: no files.
const SCRATCH: &str = "scratch";
/// What is not sent of a directory, listed there.
const IGNORE_FILE: &str = ".dockerignore";

/// A named context of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamedContext<'a> {
    /// Its name as the client has it, with the platform if it is for one.
    pub name: &'a str,
    /// Where it leads, as the client has it.
    pub value: &'a str,
}

/// What a named context is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ContextKind {
    /// An image of a registry, by its normalised reference.
    Image(String),
    /// No files.
    Scratch,
    /// An image of an OCI layout of the client.
    OciLayout { store: String, digest: String },
    /// A directory of the client, by the name of the local source.
    Directory(String),
    /// A git repository.
    Git(GitContext),
    /// The result of another target.
    Input(String),
}

impl<'a> NamedContext<'a> {
    /// Returns what the client gives in the place of `normalised`, an image by its normalised reference: that for the platform,
    /// else that for all.
    pub fn of_image(
        request: &'a Request,
        normalised: &str,
        platform: &Platform,
    ) -> Option<NamedContext<'a>> {
        let given = all(request).filter_map(|context| {
            let of = match context.platform() {
                Some(of) => Some(Platform::parse(of)?),
                None => None,
            };
            let fits = of.as_ref().is_none_or(|of| of == platform);
            let is_it = fits && normalise_reference(context.base_name()) == normalised;
            is_it.then_some((of.is_some(), context))
        });
        let (_, context) = given.max_by_key(|(is_for_platform, _)| *is_for_platform)?;
        Some(context)
    }

    /// Returns the one of this name, for whatever platform.
    pub fn named(request: &'a Request, name: &str) -> Option<NamedContext<'a>> {
        let (name, value) = request.contexts.get_key_value(name)?;
        Some(NamedContext { name, value })
    }

    /// Its name without the platform.
    pub fn base_name(&self) -> &'a str {
        self.name.split(PLATFORM_MARK).next().unwrap_or(self.name)
    }

    fn platform(&self) -> Option<&'a str> {
        Some(self.name.split_once(PLATFORM_MARK)?.1)
    }

    /// The option by which people give it.
    pub fn option(&self) -> String {
        // A name of a layout looks like credentials.
        let value = if self.value.starts_with("oci-layout:") {
            self.value.into()
        } else {
            redact::credentials(self.value)
        };
        format!("--build-context {}={value}", self.base_name())
    }

    /// Whether it is called as the image `reference`, in whatever way that is written.
    pub fn is_image(&self, reference: &str) -> bool {
        normalise_reference(self.base_name()) == normalise_reference(reference)
    }

    /// Whether it stands for the repository with this URL, by the URL itself or by its host and path with or without `.git`. Names
    /// of the command line are those of images, and have neither a scheme nor upper case.
    pub fn is_repository(&self, url: &str) -> bool {
        let without_end = |text: &str| {
            let text = text.trim_end_matches('/').to_lowercase();
            text.strip_suffix(".git").unwrap_or(&text).to_owned()
        };
        self.name == url || without_end(self.name) == without_end(&GitSource::location_of(url))
    }

    /// Whether it stands for the git directory of the project.
    pub fn is_git_directory(&self) -> bool {
        self.name == GIT_DIR_CONTEXT
    }

    /// Returns what it is.
    ///
    /// # Errors
    /// A value that is nothing that a build can take files from.
    pub fn kind(&self) -> Result<ContextKind, Diagnostic> {
        let refuse = |why: &str| {
            Diagnostic::error(format!("`{}` {why}", self.option())).hint(
                "give a directory, `docker-image://IMAGE`, `oci-layout://DIRECTORY`, the URL of a git repository or, in \
                 `docker buildx bake`, `target:NAME`",
            )
        };
        if let Some(image) = self.value.strip_prefix("docker-image://") {
            return Ok(match image {
                SCRATCH => ContextKind::Scratch,
                image => ContextKind::Image(normalise_reference(image)),
            });
        }
        if let Some(layout) = self.value.strip_prefix("oci-layout://") {
            let (store, digest) = layout
                .split_once('@')
                .ok_or_else(|| refuse("names no digest of an image"))?;
            return Ok(ContextKind::OciLayout {
                store: store.split(':').next().unwrap_or(store).to_owned(),
                digest: digest.to_owned(),
            });
        }
        if let Some(name) = self.value.strip_prefix("local:") {
            return Ok(ContextKind::Directory(name.to_owned()));
        }
        if let Some(name) = self.value.strip_prefix("input:") {
            return Ok(ContextKind::Input(name.to_owned()));
        }
        if self.value.starts_with("target:") {
            return Err(Diagnostic::error(format!(
                "`{}` was not handed over by the client",
                self.option()
            ))
            .hint(
                "`docker buildx bake` hands a target over under one name of a build: give the second name to a target that inherits \
                 the first",
            ));
        }
        match GitContext::parse(self.value) {
            Ok(Some(context)) => Ok(ContextKind::Git(context)),
            Ok(None) if is_taken_for_url(self.value) => Err(Diagnostic::error(format!(
                "`{}` is no directory for this client, which takes what ends in `.git` for a URL",
                self.option()
            ))
            .hint(format!("write a slash behind it: `{}/`", self.option()))),
            Ok(None) => Err(refuse("is nothing that a build can take files from")),
            Err(error) => Err(Diagnostic::error(format!(
                "`{}`: {}",
                self.option(),
                error.0
            ))),
        }
    }

    /// Returns what it gives in the place of an image for `platform`, unless it is an image of a registry itself.
    ///
    /// # Errors
    /// A failure of the daemon, or an input that the client has not given.
    pub async fn as_base(
        &self,
        bridge: &mut Bridge,
        request: &Request,
        kind: &ContextKind,
        platform: &Platform,
    ) -> Result<BaseImage, Failure> {
        let mut graph = Graph::new();
        let step = format!("[context {}]", self.name);
        let (node, config) = match kind {
            ContextKind::Image(_) | ContextKind::Scratch => {
                return Ok(BaseImage {
                    files: BaseFiles::Empty,
                    config: b"{}".to_vec(),
                });
            }
            ContextKind::Input(name) => {
                let input = self.input(request, name)?;
                let files = if input.def.is_empty() {
                    BaseFiles::Empty
                } else {
                    BaseFiles::Given(input.clone())
                };
                let config = self.config_of_input(request, name)?;
                return Ok(BaseImage { files, config });
            }
            ContextKind::OciLayout { store, digest } => {
                // The name only shows; the store and the digest say what is taken.
                let name = normalise_reference(self.base_name());
                let name = name.split('@').next().unwrap_or_default();
                let config = bridge
                    .resolve_oci_layout(name, store, digest, platform, &request.session)
                    .await?;
                let source = Source::oci_layout(name, digest)
                    .store(&request.session, store)
                    .platform(platform.clone())
                    .name(format!("{step} OCI load from client"));
                (graph.source(source), config)
            }
            ContextKind::Directory(name) => {
                let ignored = self.ignored(bridge, request, name).await?;
                let source = Source::local(name)
                    .session(request.session_of(name))
                    .exclude_patterns(ignored)
                    .shared_key_hint(&format!("context:{}", self.name))
                    .name(format!("{step} load from client"));
                let source = graph.source(source);
                // An exec has no key by the content of its root, and the client's directory has none else: a copy has.
                let copy = CopyFiles::new(source, "/", "/")
                    .keep_times()
                    .directory_contents();
                let file = File::new(FILE_TIME)
                    .action(copy)
                    .name(format!("{step} files"));
                (graph.file(None, file), of_files(&step))
            }
            ContextKind::Git(context) => (graph.source(context.tree()), of_files(&step)),
        };
        Ok(BaseImage {
            files: BaseFiles::Given(graph.definition(node)),
            config,
        })
    }

    /// Returns the input that the client has given under this name.
    fn input<'r>(
        &self,
        request: &'r Request,
        name: &str,
    ) -> Result<&'r pb::Definition, Diagnostic> {
        request.inputs.get(name).ok_or_else(|| {
            Diagnostic::error(format!(
                "`{}` names an input that the client has not given",
                self.option()
            ))
        })
    }

    /// Returns the configuration of the image that an input is; that of one that is but files says nothing.
    fn config_of_input(&self, request: &Request, name: &str) -> Result<Vec<u8>, Diagnostic> {
        let Some(metadata) = request.input_metadata.get(name) else {
            return Ok(of_files(&format!("[context {}]", self.name)));
        };
        let refuse = |why: String| {
            Diagnostic::error(format!(
                "read what the client says of the input `{name}`: {why}"
            ))
        };
        let metadata: Map<String, Value> =
            serde_json::from_str(metadata).map_err(|error| refuse(error.to_string()))?;
        match metadata.get(CONFIG).and_then(Value::as_str) {
            Some(config) => BASE64
                .decode(config)
                .map_err(|error| refuse(error.to_string())),
            None => Ok(of_files(&format!("[context {}]", self.name))),
        }
    }

    /// Returns the patterns of the directory's `.dockerignore`.
    async fn ignored(
        &self,
        bridge: &mut Bridge,
        request: &Request,
        name: &str,
    ) -> Result<Vec<String>, Failure> {
        let mut graph = Graph::new();
        let node = graph.source(
            Source::local(name)
                .session(request.session_of(name))
                .follow_paths([IGNORE_FILE])
                .shared_key_hint(&format!("context:{}-{IGNORE_FILE}", self.name))
                .differ(Differ::None)
                .name(format!("[context {}] load {IGNORE_FILE}", self.name)),
        );
        let reference = bridge.solve(graph.definition(node)).await?;
        let text = match bridge.read_file(&reference, IGNORE_FILE).await {
            Ok(text) => text,
            Err(CallError::Status(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let text = String::from_utf8_lossy(&text);
        Ok(dockerignore::patterns(&text))
    }

    /// Adds the context as a git repository to `graph`: a directory with a `.git`, or which is one.
    ///
    /// # Errors
    /// A context that is an image, or that cannot be used.
    pub fn repository(
        &self,
        graph: &mut Graph,
        request: &Request,
        parts: RepositoryParts,
        git: impl FnOnce(&GitContext) -> GitSource,
    ) -> Result<Node, Diagnostic> {
        match self.kind()? {
            ContextKind::Directory(name) => Ok(graph.source(
                Source::local(&name)
                    .session(request.session_of(&name))
                    .include_patterns(parts.include)
                    .exclude_patterns(parts.exclude)
                    .shared_key_hint(&format!("werf-git-{}", self.name))
                    .name(format!("[context {}] load git repository", self.name)),
            )),
            ContextKind::Git(context) => Ok(graph.source(git(&context))),
            ContextKind::Input(name) => {
                let input = self.input(request, &name)?.clone();
                let imported = graph.import_definition(input);
                imported.map_err(|error| Diagnostic::error(format!("`{}`: {error}", self.option())))
            }
            ContextKind::Image(_) | ContextKind::Scratch | ContextKind::OciLayout { .. } => {
                Err(Diagnostic::error(format!(
                    "`{}` is an image, and stands for a git repository",
                    self.option()
                ))
                .hint("give a directory with a `.git`, or the URL of a git repository"))
            }
        }
    }
}

/// Which parts of a directory are asked of the client to have the git repository there.
#[derive(Clone, Debug)]
pub(super) struct RepositoryParts {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

/// Whether `value` is a path that old clients take for the URL of a repository.
fn is_taken_for_url(value: &str) -> bool {
    value.strip_suffix(".git").is_some() && !value.contains("://")
}

/// Returns all named contexts of the client.
pub(super) fn all(request: &Request) -> impl Iterator<Item = NamedContext<'_>> {
    let contexts = request.contexts.iter();
    contexts.map(|(name, value)| NamedContext { name, value })
}

/// Returns the configuration of an image that is one layer of files from `step`.
fn of_files(step: &str) -> Vec<u8> {
    json!({ "history": [{ "created_by": format!("{step} load files") }] })
        .to_string()
        .into_bytes()
}

#[cfg(test)]
mod tests;
