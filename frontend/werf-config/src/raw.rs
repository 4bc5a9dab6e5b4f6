//! Directives as written: optional, with their places, unchecked.
//!
//! What has the wrong type is left out here, because [`super::schema`] has complained about it.

mod dockerfile;

pub use dockerfile::RawDockerfile;

use diagnostic::{Span, Spanned};
use yaml_v2::NodeRef;
use yaml_v2::Problem;
use yaml_v2::read::{self, Field};

use super::ansible::{self, Mistake, Task};
use super::dependency::RawDependency;
use super::document::Document;
use super::image_spec::RawImageSpec;
use super::import::RawImport;
use super::mount::RawMount;
use super::secret::RawSecret;

/// A directive that must be there.
#[derive(Clone, Debug, Default)]
pub enum Required<T> {
    /// Nothing is written, or a word for nothing.
    #[default]
    Missing,
    /// Something of the wrong type, which has been complained about.
    Wrong,
    /// A value.
    Given(Spanned<T>),
}

/// The meta section.
#[derive(Debug, Default)]
pub struct RawMeta {
    /// The key `configVersion`.
    pub at: Span,
    pub config_version: Required<i64>,
    pub project: Required<String>,
    /// `build.cacheVersion`
    pub cache_version: Option<Spanned<String>>,
    /// `build.platform`
    pub platform: Vec<Spanned<String>>,
    /// `build.imageSpec`
    pub image_spec: Option<RawImageSpec>,
}

/// An image section.
#[derive(Debug, Default)]
pub struct RawImage {
    /// The key `image`, or the first key where there is none.
    pub at: Span,
    /// How long the section is, in bytes.
    pub length: usize,
    /// Whether there is a key `image`.
    pub has_image: bool,
    /// The names in `image`: a single one, a list, or the empty name for null. `None` if there is no such
    /// key, or none that makes sense.
    pub names: Option<Vec<Spanned<String>>>,
    pub artifact: Option<Spanned<String>>,
    pub is_final: Option<Spanned<bool>>,
    pub from: Required<String>,
    pub from_image: Required<String>,
    pub from_artifact: Required<String>,
    pub from_latest: Option<Spanned<bool>>,
    pub from_cache_version: Option<Spanned<String>>,
    pub cache_version: Option<Spanned<String>>,
    pub disable_git_after_patch: Option<Spanned<bool>>,
    pub git: Vec<RawGit>,
    pub imports: Vec<RawImport>,
    pub shell: Option<RawShell>,
    pub ansible: Option<RawAnsible>,
    pub docker: Option<RawDocker>,
    pub image_spec: Option<RawImageSpec>,
    pub mounts: Vec<RawMount>,
    pub secrets: Vec<RawSecret>,
    pub dependencies: Vec<RawDependency>,
    pub network: Option<Spanned<String>>,
    pub platform: Vec<Spanned<String>>,
    pub as_layers: Option<Spanned<bool>>,
}

/// One entry of `git`.
#[derive(Debug, Default)]
pub struct RawGit {
    /// The first key of the entry.
    pub at: Span,
    pub add: Option<Spanned<String>>,
    pub to: Option<Spanned<String>>,
    pub owner: Option<Spanned<String>>,
    pub group: Option<Spanned<String>>,
    pub include_paths: Vec<Spanned<String>>,
    pub exclude_paths: Vec<Spanned<String>>,
    /// `stageDependencies` of `install`, `beforeSetup` and `setup`.
    pub stage_dependencies: [Vec<Spanned<String>>; 3],
    pub url: Option<Spanned<String>>,
    pub branch: Option<Spanned<String>>,
    pub tag: Option<Spanned<String>>,
    pub commit: Option<Spanned<String>>,
    pub basic_auth: Option<RawBasicAuth>,
}

/// `basicAuth` of an entry of `git`.
#[derive(Debug, Default)]
pub struct RawBasicAuth {
    /// The key `basicAuth`.
    pub at: Span,
    pub username: Option<Spanned<String>>,
    /// `password.env`
    pub env: Option<Spanned<String>>,
    /// `password.src`
    pub src: Option<Spanned<String>>,
    /// `password.value`
    pub value: Option<Spanned<String>>,
    /// Whether it or `password` has the wrong type.
    pub is_wrong: bool,
}

/// `shell`: commands and cache versions of the four user stages, in build order.
#[derive(Debug, Default)]
pub struct RawShell {
    /// The key `shell`.
    pub at: Span,
    pub commands: [Vec<Spanned<String>>; 4],
    pub versions: [Option<Spanned<String>>; 4],
    pub cache_version: Option<Spanned<String>>,
}

/// `ansible`: tasks and cache versions of the four user stages, in build order.
#[derive(Debug, Default)]
pub struct RawAnsible {
    /// The key `ansible`.
    pub at: Span,
    pub tasks: [Vec<Spanned<Task>>; 4],
    pub versions: [Option<Spanned<String>>; 4],
    pub cache_version: Option<Spanned<String>>,
    /// What is wrong with the tasks.
    pub mistakes: Vec<Mistake>,
}

/// `docker`.
#[derive(Debug, Default)]
pub struct RawDocker {
    /// The key `docker`.
    pub at: Span,
    pub volume: Vec<Spanned<String>>,
    pub expose: Vec<Spanned<String>>,
    pub env: Vec<(Spanned<String>, Spanned<String>)>,
    pub label: Vec<(Spanned<String>, Spanned<String>)>,
    pub cmd: Option<RawCommand>,
    pub entrypoint: Option<RawCommand>,
    pub workdir: Option<Spanned<String>>,
    pub user: Option<Spanned<String>>,
    pub healthcheck: Option<Spanned<String>>,
    pub exact_values: Option<Spanned<bool>>,
}

/// `CMD` or `ENTRYPOINT`.
#[derive(Debug)]
pub enum RawCommand {
    /// A list.
    List(Vec<Spanned<String>>),
    /// A string.
    Text(Spanned<String>),
}

/// The keys and values of one mapping.
pub struct Fields<'a>(Vec<Field<'a>>);

impl<'a> Fields<'a> {
    /// Returns where the first key is.
    pub fn first(&self) -> Option<Span> {
        self.0.first().map(|field| field.key.span)
    }

    pub fn of(node: NodeRef<'a>) -> Fields<'a> {
        Fields(read::fields(node, &mut Vec::new()))
    }

    /// Returns the place of the first key.
    pub fn first_key(&self) -> Option<Span> {
        self.0.first().map(|field| field.key.span)
    }

    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.0.iter().find(|field| field.key.value == name)
    }

    pub fn get(&self, name: &str) -> Option<NodeRef<'a>> {
        self.field(name).map(|field| field.value)
    }

    /// Returns the key `name` if something stands behind it.
    pub fn given(&self, name: &str) -> Option<&Field<'a>> {
        self.field(name).filter(|field| !read::is_null(field.value))
    }

    /// Returns the text behind `name`; an empty one is as good as none.
    pub fn text(&self, name: &str) -> Option<Spanned<String>> {
        read::text(self.get(name)?)
            .ok()?
            .filter(|text| !text.value.is_empty())
    }

    /// Returns the value behind `name` as `read` understands it.
    pub fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(NodeRef<'a>) -> Result<Option<Spanned<T>>, Problem>,
    ) -> Required<T> {
        match self.get(name).map(read) {
            None | Some(Ok(None)) => Required::Missing,
            Some(Err(_)) => Required::Wrong,
            Some(Ok(Some(value))) => Required::Given(value),
        }
    }

    pub fn required_text(&self, name: &str) -> Required<String> {
        self.required(name, |node| {
            Ok(read::text(node)?.filter(|text| !text.value.is_empty()))
        })
    }

    pub fn boolean(&self, name: &str) -> Option<Spanned<bool>> {
        read::boolean(self.get(name)?).ok()?
    }

    pub fn text_or_list(&self, name: &str) -> Vec<Spanned<String>> {
        self.get(name)
            .map_or_else(Vec::new, |node| read::text_or_list(node, &mut Vec::new()))
    }

    pub fn text_map(&self, name: &str) -> Vec<(Spanned<String>, Spanned<String>)> {
        self.get(name)
            .map_or_else(Vec::new, |node| read::text_map(node, &mut Vec::new()))
    }

    /// Returns the mappings in the list behind `name`.
    pub fn entries(&self, name: &str) -> Vec<NodeRef<'a>> {
        self.get(name).map_or_else(Vec::new, |node| {
            read::items(node, "a list", &mut Vec::new())
        })
    }

    pub fn command(&self, name: &str) -> Option<RawCommand> {
        let node = self.given(name)?.value;
        let mut words = read::text_or_list(node, &mut Vec::new());
        if read::is_list(node) {
            return Some(RawCommand::List(words));
        }
        words
            .pop()
            .filter(|text| !text.value.is_empty())
            .map(RawCommand::Text)
    }
}

impl RawMeta {
    /// Reads the meta section.
    pub fn read(document: &Document) -> RawMeta {
        let Some(root) = document.tree.root() else {
            return RawMeta::default();
        };
        let fields = Fields::of(root);
        let build = fields.get("build").map(Fields::of);
        RawMeta {
            at: fields
                .field("configVersion")
                .map_or(root.span(), |field| field.key.span),
            config_version: fields.required("configVersion", read::integer),
            project: fields.required_text("project"),
            cache_version: build.as_ref().and_then(|build| build.text("cacheVersion")),
            platform: build
                .as_ref()
                .map(|build| build.text_or_list("platform"))
                .unwrap_or_default(),
            image_spec: build.and_then(|build| build.given("imageSpec").map(RawImageSpec::read)),
        }
    }
}

impl RawImage {
    /// Reads an image section.
    pub fn read(document: &Document) -> RawImage {
        let Some(root) = document.tree.root() else {
            return RawImage::default();
        };
        let fields = Fields::of(root);
        let key = fields.field("image").or(fields.0.first());
        RawImage {
            at: key.map_or(root.span(), |field| field.key.span),
            length: root.span().end - root.span().start,
            has_image: fields.field("image").is_some(),
            names: fields.field("image").and_then(names),
            artifact: fields.text("artifact"),
            is_final: fields.boolean("final"),
            from: fields.required_text("from"),
            from_image: fields.required_text("fromImage"),
            from_artifact: fields.required_text("fromArtifact"),
            from_latest: fields.boolean("fromLatest"),
            from_cache_version: fields.text("fromCacheVersion"),
            cache_version: fields.text("cacheVersion"),
            disable_git_after_patch: fields.boolean("disableGitAfterPatch"),
            git: fields
                .entries("git")
                .into_iter()
                .map(RawGit::read)
                .collect(),
            imports: fields
                .entries("import")
                .into_iter()
                .map(RawImport::read)
                .collect(),
            shell: fields.given("shell").map(RawShell::read),
            ansible: fields.given("ansible").map(RawAnsible::read),
            docker: fields.given("docker").map(RawDocker::read),
            image_spec: fields.given("imageSpec").map(RawImageSpec::read),
            mounts: fields
                .entries("mount")
                .into_iter()
                .map(RawMount::read)
                .collect(),
            secrets: fields
                .entries("secrets")
                .into_iter()
                .map(RawSecret::read)
                .collect(),
            dependencies: fields
                .entries("dependencies")
                .into_iter()
                .map(RawDependency::read)
                .collect(),
            network: fields.text("network"),
            platform: fields.text_or_list("platform"),
            as_layers: fields.boolean("asLayers"),
        }
    }

    /// Returns the names of the images that the section makes, artifacts included.
    pub fn all_names(&self) -> impl Iterator<Item = &Spanned<String>> {
        let artifact = self.artifact.iter().filter(|_| self.names.is_none());
        self.names.iter().flatten().chain(artifact)
    }
}

impl<T> Required<T> {
    /// Returns the value, if there is one.
    pub fn given(&self) -> Option<&Spanned<T>> {
        match self {
            Required::Given(value) => Some(value),
            Required::Missing | Required::Wrong => None,
        }
    }

    /// Whether nothing is written.
    pub fn is_missing(&self) -> bool {
        matches!(self, Required::Missing)
    }
}

/// Reads the names behind `image`. A list has each of its names at its own place.
fn names(field: &Field<'_>) -> Option<Vec<Spanned<String>>> {
    if read::is_null(field.value) {
        return Some(vec![Spanned::new(String::new(), field.key.span)]);
    }
    let names = read::text_or_list(field.value, &mut Vec::new());
    if read::is_list(field.value) {
        return Some(names);
    }
    names
        .into_iter()
        .next()
        .map(|name| vec![Spanned::new(name.value, field.key.span)])
}

impl RawGit {
    fn read(entry: NodeRef<'_>) -> RawGit {
        let fields = Fields::of(entry);
        let dependencies = fields.get("stageDependencies").map(Fields::of);
        let stages = ["install", "beforeSetup", "setup"];
        RawGit {
            at: fields
                .0
                .first()
                .map_or(entry.span(), |field| field.key.span),
            add: fields.text("add"),
            to: fields.text("to"),
            owner: fields.text("owner"),
            group: fields.text("group"),
            include_paths: fields.text_or_list("includePaths"),
            exclude_paths: fields.text_or_list("excludePaths"),
            stage_dependencies: stages.map(|stage| {
                dependencies
                    .as_ref()
                    .map_or_else(Vec::new, |fields| fields.text_or_list(stage))
            }),
            url: fields.text("url"),
            branch: fields.text("branch"),
            tag: fields.text("tag"),
            commit: fields.text("commit"),
            basic_auth: fields.given("basicAuth").map(RawBasicAuth::read),
        }
    }
}

impl RawBasicAuth {
    fn read(field: &Field<'_>) -> RawBasicAuth {
        let mut problems = Vec::new();
        let fields = Fields(read::fields(field.value, &mut problems));
        let password = fields
            .get("password")
            .map(|node| Fields(read::fields(node, &mut problems)));
        let source = |name: &str| password.as_ref().and_then(|password| password.text(name));
        RawBasicAuth {
            at: field.key.span,
            username: fields.text("username"),
            env: source("env"),
            src: source("src"),
            value: source("value"),
            is_wrong: !problems.is_empty(),
        }
    }
}

impl RawShell {
    fn read(field: &Field<'_>) -> RawShell {
        let fields = Fields::of(field.value);
        let stages = ["beforeInstall", "install", "beforeSetup", "setup"];
        RawShell {
            at: field.key.span,
            commands: stages.map(|stage| fields.text_or_list(stage)),
            versions: stages.map(|stage| fields.text(&format!("{stage}CacheVersion"))),
            cache_version: fields.text("cacheVersion"),
        }
    }
}

impl RawAnsible {
    fn read(field: &Field<'_>) -> RawAnsible {
        let fields = Fields::of(field.value);
        let stages = ["beforeInstall", "install", "beforeSetup", "setup"];
        let mut mistakes = Vec::new();
        let mut tasks = |stage| {
            let node = fields.get(stage);
            node.map_or_else(Vec::new, |node| ansible::tasks(node, &mut mistakes))
        };
        RawAnsible {
            at: field.key.span,
            tasks: stages.map(&mut tasks),
            versions: stages.map(|stage| fields.text(&format!("{stage}CacheVersion"))),
            cache_version: fields.text("cacheVersion"),
            mistakes,
        }
    }
}

impl RawDocker {
    fn read(field: &Field<'_>) -> RawDocker {
        let fields = Fields::of(field.value);
        RawDocker {
            at: field.key.span,
            volume: fields.text_or_list("VOLUME"),
            expose: fields.text_or_list("EXPOSE"),
            env: fields.text_map("ENV"),
            label: fields.text_map("LABEL"),
            cmd: fields.command("CMD"),
            entrypoint: fields.command("ENTRYPOINT"),
            workdir: fields.text("WORKDIR"),
            user: fields.text("USER"),
            healthcheck: fields.text("HEALTHCHECK"),
            exact_values: fields.boolean("exactValues"),
        }
    }
}
