//! Images as meant, and what must hold among them (spec 1.7).

use std::collections::HashMap;
use std::fmt;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned};
use serde::{Deserialize, Serialize};

use super::ansible::Ansible;
use super::base::Bases;
use super::dependency;
use super::docker::Docker;
use super::git::{self, GitMapping};
use super::image_spec::ImageSpec;
use super::import::{self, Import, ImportSource};
use super::meta::Meta;
use super::mount::{self, ImageMount};
use super::network::NetworkMode;
use super::order::{self, Need};
use super::platform;
use super::raw::RawImage;
use super::secret::{self, Secret};
use super::shell::Shell;

/// The name of an image; empty for the nameless one, which is shown as `~`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ImageName(String);

impl ImageName {
    /// Returns the name that is written as `name`.
    pub fn new(name: impl Into<String>) -> ImageName {
        ImageName(name.into())
    }

    /// Returns the text, which is empty for the nameless image.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the nameless image.
    pub fn is_nameless(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_nameless() { "~" } else { &self.0 })
    }
}

/// One image to build. A section with a list of names is one image for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name.
    pub name: ImageName,
    /// Its `image` key, or its item in the list of names.
    pub at: Span,
    /// What it starts from.
    pub from: From,
    /// Its own cache version, else that of the build, else nothing.
    pub cache_version: String,
    /// `fromCacheVersion`, or nothing.
    pub from_cache_version: String,
    /// `fromLatest`: whether the registry is asked for the base even if there is a local image of its name.
    pub from_latest: Option<Span>,
    /// Whether it is built for its own sake.
    pub is_final: bool,
    /// Whether the files of the commit are put over what the stages have left (not `disableGitAfterPatch`); without
    /// that there is no `docker` section either.
    pub has_after_patch: bool,
    /// The files that it takes from repositories.
    pub git: Vec<GitMapping>,
    /// The files that it takes from other images.
    pub imports: Vec<Import>,
    /// The commands of its user stages.
    pub shell: Option<Shell>,
    /// The tasks of its user stages; not together with [`Image::shell`].
    pub ansible: Option<Ansible>,
    /// Changes to its configuration.
    pub docker: Option<Docker>,
    /// Further changes to its configuration, with those that the project makes to final images.
    pub image_spec: Option<ImageSpec>,
    /// Directories that stages see and that are no part of it.
    pub mounts: Vec<ImageMount>,
    /// Files of the client that its commands see.
    pub secrets: Vec<Secret>,
    /// What its commands can reach, if it says so.
    pub network: Option<Spanned<NetworkMode>>,
    /// The platforms that it is for, as written; none means whatever is asked for.
    pub platforms: Vec<Spanned<String>>,
    /// Whether every command is a layer of its own.
    pub as_layers: bool,
}

/// What an image starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Nothing.
    Scratch,
    /// An image of a registry.
    Reference(Spanned<String>),
    /// Another image of the file.
    Image(Spanned<ImageName>),
}

impl Image {
    /// Returns the images of the file that must be built before this one.
    pub fn needs(&self) -> Vec<Need> {
        let mut needs = Vec::new();
        if let From::Image(base) = &self.from {
            needs.push(Need {
                image: base.value.clone(),
                verb: "is based on",
                at: base.span,
            });
        }
        for import in &self.imports {
            if let ImportSource::Image(image) = &import.from {
                needs.push(Need {
                    image: image.clone(),
                    verb: "imports from",
                    at: import.from_at,
                });
            }
        }
        needs
    }
}

/// Turns image sections into images, and says what is wrong with each and with all of them together.
/// `others` are names of images of other kinds.
pub fn resolve_all(
    raws: Vec<RawImage>,
    others: &[Spanned<String>],
    meta: &Meta,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<Image> {
    let mut names: HashMap<String, Span> = HashMap::new();
    for name in raws.iter().flat_map(RawImage::all_names).chain(others) {
        if let Some(first) = names.get(&name.value) {
            let shown = ImageName::new(&name.value);
            let diagnostic =
                Diagnostic::error(format!("there are two images with the name `{shown}`"))
                    .at(source.location(name.span))
                    .note(format!(
                        "the first one is in line {}",
                        source.line(first.start)
                    ));
            diagnostics.push(diagnostic.hint("names must differ"));
        } else {
            names.insert(name.value.clone(), name.span);
        }
    }
    let mut resolver = Resolver {
        names: &names,
        meta,
        source,
        diagnostics,
    };
    let images: Vec<Image> = raws
        .into_iter()
        .flat_map(|raw| resolver.images(raw))
        .collect();
    let finals = images.iter().filter(|image| image.is_final).count();
    for image in images
        .iter()
        .filter(|image| image.name.is_nameless() && finals > 1)
    {
        let diagnostic =
            Diagnostic::error("an image needs a name when the file has several final ones");
        diagnostics.push(
            diagnostic
                .at(source.location(image.at))
                .hint("write `image: NAME`"),
        );
    }
    warn_of_missing_stages(&images, source, diagnostics);
    if let Err(cycle) = order::build_order(&images, source) {
        diagnostics.push(*cycle);
    }
    images
}

/// Warns of imports from a stage that the other image does not have: werf takes the last one without a word.
fn warn_of_missing_stages(images: &[Image], source: &SourceText, diagnostics: &mut Diagnostics) {
    let by_name: HashMap<&ImageName, &Image> =
        images.iter().map(|image| (&image.name, image)).collect();
    for import in images.iter().flat_map(|image| &image.imports) {
        if let (ImportSource::Image(name), Some(stage)) = (&import.from, &import.stage)
            && let Some(image) = by_name.get(name)
            && !image
                .shell
                .as_ref()
                .is_some_and(|shell| shell.has_stage(stage.value))
        {
            let message = format!(
                "image `{name}` has no stage `{}`, so its last one is taken",
                stage.value.name()
            );
            let warning = Diagnostic::warning("ImportStageMissing", message)
                .at(source.location(stage.span))
                .hint("remove `stage`, or name another one");
            diagnostics.push(warning);
        }
    }
}

/// Returns how messages call an image.
pub fn describe(raw: &RawImage) -> String {
    match (raw.names.as_deref().unwrap_or_default(), &raw.artifact) {
        ([], Some(artifact)) => format!("artifact `{}`", artifact.value),
        ([], None) => "this image".to_owned(),
        ([name], _) => format!("image `{}`", ImageName::new(&name.value)),
        ([first, ..], _) => format!("images `{}`, …", ImageName::new(&first.value)),
    }
}

/// A section is repeated for each of its names. This is how long all of that may be, in bytes.
pub(super) const MOST_REPEATED: usize = 64 << 20;

struct Resolver<'a> {
    /// The names of all images of the file, and where they are given.
    names: &'a HashMap<String, Span>,
    meta: &'a Meta,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
}

impl Resolver<'_> {
    fn wrong(&mut self, message: String, at: Span, hint: &str) {
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(at))
                .hint(hint),
        );
    }

    fn images(&mut self, raw: RawImage) -> Vec<Image> {
        let called = describe(&raw);
        let count = raw.all_names().count();
        if count.saturating_mul(raw.length) > MOST_REPEATED {
            let message = format!("a section of this length cannot have {count} names");
            self.wrong(message, raw.at, "use fewer names");
            return Vec::new();
        }
        self.check_section(&raw, &called);
        let mut bases = Bases {
            names: self.names,
            source: self.source,
            diagnostics: self.diagnostics,
        };
        bases.check_section(&raw, &called);
        let froms: Vec<(Spanned<String>, From)> = raw
            .all_names()
            .map(|name| (name.clone(), bases.resolve(&name.value, &raw)))
            .collect();
        let is_artifact = raw.artifact.is_some();
        let own_names: Vec<Spanned<String>> = raw.all_names().cloned().collect();
        self.warn_of_no_effect(&raw, &froms, &called);
        let mut imports = import::resolve_all(
            raw.imports,
            &called,
            self.names,
            self.source,
            self.diagnostics,
        );
        let git = git::resolve_all(
            raw.git,
            &mut imports,
            &called,
            self.source,
            self.diagnostics,
        );
        let shell = raw.shell.map(super::raw::RawShell::resolve);
        let ansible = raw
            .ansible
            .map(|ansible| ansible.resolve(&called, self.source, self.diagnostics));
        let docker = raw
            .docker
            .map(|docker| docker.resolve(&called, self.source, self.diagnostics));
        let image_spec = raw
            .image_spec
            .map(|spec| spec.resolve("imageSpec", &called, self.source, self.diagnostics));
        dependency::refuse_all(
            raw.dependencies,
            &called,
            &own_names,
            self.names,
            self.source,
            self.diagnostics,
        );
        let mounts = mount::resolve_all(raw.mounts, &called, self.source, self.diagnostics);
        mount::check_sources(&mounts, &git, &called, self.source, self.diagnostics);
        let secrets = secret::resolve_all(raw.secrets, &called, self.source, self.diagnostics);
        let network = raw.network.and_then(|word| self.network(&word));
        let general = &self.meta.platform;
        let platforms = platform::resolve(raw.platform, general, self.source, self.diagnostics);
        let as_layers = self.as_layers(raw.as_layers, &called);
        let is_final = !is_artifact && raw.is_final.as_ref().is_none_or(|is_final| is_final.value);
        let image_spec = if is_final {
            ImageSpec::merged(self.meta.image_spec.as_ref(), image_spec)
        } else {
            image_spec
        };
        let text =
            |value: Option<Spanned<String>>| value.map_or_else(String::new, |value| value.value);
        let cache_version = raw
            .cache_version
            .map_or_else(|| self.meta.cache_version.clone(), |version| version.value);
        let from_cache_version = text(raw.from_cache_version);
        let is_true = |value: &Option<Spanned<bool>>| value.as_ref().is_some_and(|it| it.value);
        let has_after_patch = !is_artifact && !is_true(&raw.disable_git_after_patch);
        let from_latest = raw.from_latest.filter(|it| it.value).map(|it| it.span);
        let images = froms.into_iter().map(|(name, from)| Image {
            name: ImageName::new(name.value),
            at: name.span,
            from,
            cache_version: cache_version.clone(),
            from_cache_version: from_cache_version.clone(),
            from_latest,
            is_final,
            has_after_patch,
            git: git.clone(),
            imports: imports.clone(),
            shell: shell.clone(),
            ansible: ansible.clone(),
            docker: docker.clone(),
            image_spec: image_spec.clone(),
            mounts: mounts.clone(),
            secrets: secrets.clone(),
            network: network.clone(),
            platforms: platforms.clone(),
            as_layers,
        });
        images.collect()
    }

    /// Checks what does not depend on the name of the image.
    fn check_section(&mut self, raw: &RawImage, called: &str) {
        if raw.names.as_ref().is_some_and(Vec::is_empty) {
            self.wrong(
                "`image` must be a name or a list of names".to_owned(),
                raw.at,
                "write `image: NAME`",
            );
        }
        if raw.names.is_some() && raw.artifact.is_some() {
            self.wrong(
                "a section is either an `image` or an `artifact`".to_owned(),
                raw.at,
                "keep one of the two",
            );
        }
        self.check_artifact(raw, called);
        if let (Some(shell), Some(ansible)) = (&raw.shell, &raw.ansible) {
            let message = format!("{called} has both `shell` and `ansible`");
            self.wrong(
                message,
                ansible.at.max(shell.at),
                "an image is built by one of the two",
            );
        }
        if let (Some(docker), Some(image_spec)) = (&raw.docker, &raw.image_spec) {
            let message = format!("{called} has both `docker` and `imageSpec`");
            self.wrong(
                message,
                image_spec.at.max(docker.at),
                "`docker` is deprecated and cannot be mixed with `imageSpec`",
            );
        }
    }

    fn network(&mut self, word: &Spanned<String>) -> Option<Spanned<NetworkMode>> {
        match NetworkMode::parse(&word.value) {
            Ok(mode) => Some(Spanned::new(mode, word.span)),
            Err(hint) => {
                let message = format!("`network: {}` is not a network of BuildKit", word.value);
                self.wrong(message, word.span, &hint);
                None
            }
        }
    }

    /// Whether every command is a layer; a person who leaves that on pays for it in every build.
    fn as_layers(&mut self, written: Option<Spanned<bool>>, called: &str) -> bool {
        let Some(on) = written.filter(|written| written.value) else {
            return false;
        };
        let message =
            format!("every command of {called} is a layer and a shell of its own (`asLayers`)");
        self.diagnostics.push(
            Diagnostic::warning("AsLayers", message)
                .at(self.source.location(on.span))
                .hint("it is for finding mistakes in commands: remove it when they are found"),
        );
        true
    }

    /// Warns of directives that werf passes over in silence.
    fn warn_of_no_effect(
        &mut self,
        raw: &RawImage,
        froms: &[(Spanned<String>, From)],
        called: &str,
    ) {
        let is_reference = |from: &From| matches!(from, From::Reference(_));
        if let Some(latest) = raw.from_latest.as_ref().filter(|latest| latest.value)
            && !froms.is_empty()
            && !froms.iter().any(|(_, from)| is_reference(from))
        {
            let message = format!("`fromLatest` of {called} has no effect");
            let warning = Diagnostic::warning("FromLatestIgnored", message)
                .at(self.source.location(latest.span))
                .hint("it is for bases of a registry: remove it");
            self.diagnostics.push(warning);
        }
        if let (Some(disabled), Some(docker)) = (&raw.disable_git_after_patch, &raw.docker)
            && disabled.value
            && raw.artifact.is_none()
        {
            let message =
                format!("`docker` of {called} has no effect because of `disableGitAfterPatch`");
            let warning = Diagnostic::warning("DockerIgnored", message)
                .at(self.source.location(docker.at))
                .hint("werf leaves it out, too: remove one of the two");
            self.diagnostics.push(warning);
        }
    }

    /// An artifact is an image that is never final, and on which nothing is put after its stages.
    fn check_artifact(&mut self, raw: &RawImage, called: &str) {
        if !raw.has_image && raw.artifact.is_none() {
            let message = "a section needs the name of its image".to_owned();
            self.wrong(message, raw.at, "write `image: NAME`");
        }
        let Some(artifact) = &raw.artifact else {
            return;
        };
        let given = [
            ("docker", raw.docker.as_ref().map(|docker| docker.at)),
            ("final", raw.is_final.as_ref().map(|value| value.span)),
            (
                "disableGitAfterPatch",
                raw.disable_git_after_patch.as_ref().map(|value| value.span),
            ),
            ("dependencies", raw.dependencies.first().map(|one| one.at)),
        ];
        for (key, at) in given {
            if let Some(at) = at {
                let message = format!("`{key}` is not possible in {called}");
                let hint = "write `image` with `final: false` instead of `artifact`";
                self.wrong(message, at, hint);
            }
        }
        let warning = Diagnostic::warning("Deprecated", "`artifact` is deprecated")
            .at(self.source.location(artifact.span))
            .hint(format!(
                "write `image: {}` and `final: false`",
                artifact.value
            ));
        self.diagnostics.push(warning);
    }
}
