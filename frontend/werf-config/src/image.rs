//! Images as meant, and what must hold among them.

use std::collections::{BTreeMap, HashMap};

use diagnostic::{
    Diagnostic, Diagnostics, Located, Location, Report, SourceText, Span, Spanned, rule,
};

use super::ansible;
use super::base::{Base, Bases};
use super::dependency::{self, Dependency, Taker};
use super::docker::{self, Docker};
use super::document::Document;
use super::fields::Fields;
use super::git::{self, GitMapping};
use super::heading::{self, Heading};
use super::image_name::ImageName;
use super::image_spec::{self, ImageSpec};
use super::import::{self, Import, ImportFrom, Placement};
use super::instructions::{Instructions, UserStage};
use super::meta::Meta;
use super::mount::{self, ImageMount};
use super::network::{self, NetworkMode};
use super::order::Need;
use super::platform;
use super::schema::Section;
use super::schema::Shape::{Bool, List, Map, Text, TextOrList, Texts};
use super::secret::{self, Hands, Secret};
use super::shell;

/// The keys of an image section that is built by stages.
pub static KEYS: Section = Section {
    keys: &[
        ("image", TextOrList),
        ("artifact", Text),
        ("final", Bool),
        ("from", Text),
        ("fromImage", Text),
        ("fromArtifact", Text),
        ("fromLatest", Bool),
        ("fromCacheVersion", Text),
        ("cacheVersion", Text),
        ("disableGitAfterPatch", Bool),
        ("git", List(&git::KEYS)),
        ("shell", Map(&shell::KEYS)),
        ("ansible", Map(&ansible::KEYS)),
        ("import", List(&import::KEYS)),
        ("mount", List(&mount::KEYS)),
        ("dependencies", List(&dependency::KEYS)),
        ("secrets", List(&secret::KEYS)),
        ("docker", Map(&docker::KEYS)),
        ("imageSpec", Map(&image_spec::KEYS)),
        ("platform", Texts),
        ("network", Text),
        // Gone since v1.0 of werf; configurations still have it.
        ("asLayers", Bool),
    ],
};

/// The names of all images of a file, and where they are given.
pub(crate) type Names = HashMap<String, Span>;

/// One image to build. A section with a list of names is one image for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name.
    pub name: ImageName,
    /// Its `image` key, or its item in the list of names.
    pub at: Location,
    /// What it starts from.
    pub base: Base,
    /// Its own cache version, else that of the build, else nothing.
    pub cache_version: String,
    /// `fromCacheVersion`, or nothing.
    pub from_cache_version: String,
    /// Where `fromLatest: true` is written.
    pub from_latest: Option<Location>,
    /// Whether it is built for its own sake.
    pub is_final: bool,
    /// Whether the files of the commit are put over what the stages have left (not `disableGitAfterPatch`); without
    /// that there is no `docker` section either.
    pub has_after_patch: bool,
    /// The files that it takes from repositories.
    pub git: Vec<GitMapping>,
    /// The files that it takes from other images, by when they come, each in the order of the configuration.
    pub imports: BTreeMap<Placement, Vec<Import>>,
    /// What it is told of other images, by when, each in the order of the configuration.
    pub dependencies: BTreeMap<Placement, Vec<Dependency>>,
    /// What its user stages do.
    pub instructions: Option<Instructions>,
    /// Changes to its configuration.
    pub docker: Option<Docker>,
    /// Further changes to its configuration, with those that the project makes to final images.
    pub image_spec: Option<ImageSpec>,
    /// Directories that stages see and that are no part of it.
    pub mounts: Vec<ImageMount>,
    /// Files of the client that its commands see.
    pub secrets: Vec<Secret>,
    /// What its commands can reach, if it says so.
    pub network: Option<Located<NetworkMode>>,
    /// The platforms that it is for, as written; none means whatever is asked for.
    pub platforms: Vec<Located<String>>,
    /// Whether every command is a layer of its own.
    pub as_layers: bool,
}

impl Image {
    /// Returns the images of the file that must be built before this one.
    pub fn needs(&self) -> Vec<Need> {
        let mut needs = Vec::new();
        if let Base::Sibling { image, at } = &self.base {
            needs.push(Need {
                image: image.clone(),
                verb: "is based on",
                at: at.clone(),
            });
        }
        for import in self.imports.values().flatten() {
            if let ImportFrom::Sibling { image, .. } = &import.from {
                needs.push(Need {
                    image: image.clone(),
                    verb: "imports from",
                    at: import.at.clone(),
                });
            }
        }
        needs.extend(self.dependencies.values().flatten().map(Dependency::need));
        needs
    }

    /// Whether a user stage exists. Without instructions none does, whatever they are.
    pub fn has_stage(&self, stage: UserStage) -> bool {
        let instructions = self.instructions.as_ref();
        instructions.is_some_and(|instructions| instructions.has_stage(stage))
    }
}

/// Returns the names of all images of a file, and where each is given first.
pub(crate) fn names_of(documents: &[Document]) -> Names {
    let mut names = Names::new();
    for document in documents {
        for name in Heading::read(document).all_names() {
            names.entry(name.value.clone()).or_insert(name.span);
        }
    }
    names
}

/// Reads image sections, each an image for each of its names, and says what is wrong with each and with all of them
/// together. `others` are names of images of other kinds.
pub(crate) fn read_all(
    documents: &[&Document],
    others: &[Spanned<String>],
    meta: &Meta,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<Image> {
    let headings: Vec<Heading> = documents.iter().map(|it| Heading::read(it)).collect();
    let mut report = Report::new(source, diagnostics);
    let mut names = Names::new();
    for name in headings.iter().flat_map(Heading::all_names).chain(others) {
        heading::check_name(name, &mut report);
        if let Some(first) = names.get(&name.value) {
            let shown = ImageName::new(&name.value);
            let note = format!("the first one is in line {}", report.line(*first));
            report
                .error(
                    name.span,
                    format!("there are two images with the name `{shown}`"),
                )
                .note(note)
                .hint("names must differ");
        } else {
            names.insert(name.value.clone(), name.span);
        }
    }
    let mut images = Vec::new();
    let mut wishes = Vec::new();
    for (document, heading) in documents.iter().zip(headings) {
        let Some(root) = document.tree.root() else {
            continue;
        };
        let mut report = report.on(heading.called());
        let mut reader = Reader {
            names: &names,
            meta,
            report: &mut report,
            wishes: &mut wishes,
        };
        images.extend(reader.images(heading, &Fields::of(root)));
    }
    let finals = images.iter().filter(|image| image.is_final).count();
    for image in images
        .iter()
        .filter(|image| image.name.is_nameless() && finals > 1)
    {
        let message = "an image needs a name when the file has several final ones";
        let mistake = Diagnostic::error(message).at(image.at.clone());
        report.push(mistake.hint("write `image: NAME`"));
    }
    warn_of_missing_stages(&images, &wishes, &mut report);
    images
}

/// A stage of another image that an import asks for, and where.
struct StageWish {
    image: ImageName,
    stage: UserStage,
    at: Span,
}

/// Warns of imports from a stage that the other image does not have: werf takes the last one without a word.
fn warn_of_missing_stages(images: &[Image], wishes: &[StageWish], report: &mut Report<'_>) {
    let by_name: HashMap<&ImageName, &Image> =
        images.iter().map(|image| (&image.name, image)).collect();
    for wish in wishes {
        if let Some(image) = by_name.get(&wish.image)
            && !image.has_stage(wish.stage)
        {
            let message = format!(
                "image `{}` has no stage `{}`, so its last one is taken",
                wish.image,
                wish.stage.name()
            );
            report
                .warning(&rule::IMPORT_STAGE_MISSING, wish.at, message)
                .hint("remove `stage`, or name another one");
        }
    }
}

/// Reads one section.
struct Reader<'r, 't> {
    names: &'r Names,
    meta: &'r Meta,
    report: &'r mut Report<'t>,
    wishes: &'r mut Vec<StageWish>,
}

impl Reader<'_, '_> {
    fn images(&mut self, heading: Heading, fields: &Fields<'_>) -> Vec<Image> {
        if heading.refuse_many(self.report) {
            return Vec::new();
        }
        self.check_section(&heading, fields);
        let bases = Bases::read(fields, self.names);
        bases.check(&heading, self.report);
        let bases_by_name: Vec<(Spanned<String>, Base)> = heading
            .all_names()
            .map(|name| (name.clone(), bases.of(&name.value, self.report)))
            .collect();
        let is_artifact = heading.artifact.is_some();
        let own_names: Vec<Spanned<String>> = heading.all_names().cloned().collect();
        let disabled = fields.on("disableGitAfterPatch");
        self.warn_of_no_effect(
            fields,
            &bases,
            &bases_by_name,
            disabled.filter(|_| !is_artifact),
        );
        let mut imports = import::read_all(&fields.entries("import"), self.names, self.report);
        let git = git::read_all(&fields.entries("git"), &mut imports, self.report);
        let imports = self.imports_by_placement(imports);
        let instructions = match (fields.section("shell"), fields.section("ansible")) {
            // That both are there is a mistake; each is looked at all the same.
            (Some(shell), Some(ansible)) => {
                ansible::read(&ansible, self.report);
                Some(shell::read(&shell, self.report))
            }
            (Some(shell), None) => Some(shell::read(&shell, self.report)),
            (None, Some(ansible)) => Some(ansible::read(&ansible, self.report)),
            (None, None) => None,
        };
        let docker = fields.section("docker");
        let docker = docker.map(|docker| Docker::read(&docker, self.report));
        let image_spec = fields.section("imageSpec");
        let image_spec = image_spec.map(|spec| ImageSpec::read("imageSpec", &spec, self.report));
        let dependencies = fields.entries("dependencies");
        let read = dependency::read_all(
            &dependencies,
            Taker::Stages,
            &own_names,
            self.names,
            self.report,
        );
        let mut dependencies: BTreeMap<Placement, Vec<Dependency>> = BTreeMap::new();
        for (placement, dependency) in read {
            if let Some(placement) = placement {
                dependencies.entry(placement).or_default().push(dependency);
            }
        }
        let mounts = fields.entries("mount");
        let mounts = mount::read_all(&mounts, &self.meta.project, self.report);
        mount::check_sources(&mounts, &git, self.report);
        let secrets = secret::read_all(&fields.entries("secrets"), Hands::Any, self.report);
        let network = network::read(fields, self.report);
        let general = &self.meta.platform;
        let platforms = platform::resolve(fields.text_or_list("platform"), general, self.report);
        let as_layers = self.as_layers(fields);
        let is_final = !is_artifact
            && fields
                .boolean("final")
                .is_none_or(|is_final| is_final.value);
        let image_spec = if is_final {
            ImageSpec::merged(self.meta.image_spec.as_ref(), image_spec)
        } else {
            image_spec
        };
        let cache_version = fields
            .text("cacheVersion")
            .map_or_else(|| self.meta.cache_version.clone(), |version| version.value);
        let template = Image {
            name: ImageName::default(),
            at: self.report.location(heading.at),
            base: Base::Scratch,
            cache_version,
            from_cache_version: fields.plain("fromCacheVersion"),
            from_latest: bases.latest.map(|at| self.report.location(at)),
            is_final,
            has_after_patch: !is_artifact && disabled.is_none(),
            git,
            imports,
            dependencies,
            instructions,
            docker,
            image_spec,
            mounts,
            secrets,
            network,
            platforms,
            as_layers,
        };
        let images = bases_by_name.into_iter().map(|(name, base)| Image {
            name: ImageName::new(name.value),
            at: self.report.location(name.span),
            base,
            ..template.clone()
        });
        images.collect()
    }

    fn imports_by_placement(
        &mut self,
        entries: Vec<import::Entry>,
    ) -> BTreeMap<Placement, Vec<Import>> {
        let mut imports: BTreeMap<Placement, Vec<Import>> = BTreeMap::new();
        for entry in entries {
            if let ImportFrom::Sibling {
                image,
                stage: Some(stage),
            } = &entry.import.from
                && let Some(at) = entry.stage
            {
                self.wishes.push(StageWish {
                    image: image.clone(),
                    stage: *stage,
                    at,
                });
            }
            imports
                .entry(entry.placement)
                .or_default()
                .push(entry.import);
        }
        imports
    }

    /// Checks what does not depend on the name of the image.
    fn check_section(&mut self, heading: &Heading, fields: &Fields<'_>) {
        if heading.names.as_ref().is_some_and(Vec::is_empty) {
            let message = "`image` must be a name or a list of names";
            self.report
                .error(heading.at, message)
                .hint("write `image: NAME`");
        }
        if heading.names.is_some() && heading.artifact.is_some() {
            let message = "a section is either an `image` or an `artifact`";
            self.report
                .error(heading.at, message)
                .hint("keep one of the two");
        }
        self.check_artifact(heading, fields);
        let both = |one: &str, other: &str| {
            let (one, other) = (fields.section(one)?, fields.section(other)?);
            Some(one.at().max(other.at()))
        };
        if let Some(at) = both("shell", "ansible") {
            let message = format!("{} has both `shell` and `ansible`", self.report.called());
            self.report
                .error(at, message)
                .hint("an image is built by one of the two");
        }
        if let Some(at) = both("docker", "imageSpec") {
            let message = format!("{} has both `docker` and `imageSpec`", self.report.called());
            let hint = "`docker` is deprecated and cannot be mixed with `imageSpec`";
            self.report.error(at, message).hint(hint);
        }
    }

    /// Whether every command is a layer; a person who leaves that on pays for it in every build.
    fn as_layers(&mut self, fields: &Fields<'_>) -> bool {
        let Some(on) = fields.on("asLayers") else {
            return false;
        };
        let message = format!(
            "every command of {} is a layer and a shell of its own (`asLayers`)",
            self.report.called()
        );
        self.report
            .warning(&rule::AS_LAYERS, on, message)
            .hint("it is for finding mistakes in commands: remove it when they are found");
        true
    }

    /// Warns of directives that werf passes over in silence. `disabled` is where `disableGitAfterPatch: true` is written.
    fn warn_of_no_effect(
        &mut self,
        fields: &Fields<'_>,
        bases: &Bases<'_>,
        bases_by_name: &[(Spanned<String>, Base)],
        disabled: Option<Span>,
    ) {
        let is_of_registry = |base: &Base| matches!(base, Base::Image { .. });
        if let Some(latest) = bases.latest
            && !bases_by_name.is_empty()
            && !bases_by_name.iter().any(|(_, base)| is_of_registry(base))
        {
            let message = format!("`fromLatest` of {} has no effect", self.report.called());
            self.report
                .warning(&rule::FROM_LATEST_IGNORED, latest, message)
                .hint("it is for bases of a registry: remove it");
        }
        if let Some(docker) = fields.section("docker").filter(|_| disabled.is_some()) {
            let message = format!(
                "`docker` of {} has no effect because of `disableGitAfterPatch`",
                self.report.called()
            );
            self.report
                .warning(&rule::DOCKER_IGNORED, docker.at(), message)
                .hint("werf leaves it out, too: remove one of the two");
        }
    }

    /// An artifact is an image that is never final, and on which nothing is put after its stages.
    fn check_artifact(&mut self, heading: &Heading, fields: &Fields<'_>) {
        if !heading.has_image && heading.artifact.is_none() {
            let message = "a section needs the name of its image";
            self.report
                .error(heading.at, message)
                .hint("write `image: NAME`");
        }
        let Some(artifact) = &heading.artifact else {
            return;
        };
        let boolean = |key: &str| fields.boolean(key).map(|value| value.span);
        let dependencies = fields.entries("dependencies");
        let given = [
            ("docker", fields.section("docker").map(|docker| docker.at())),
            ("final", boolean("final")),
            ("disableGitAfterPatch", boolean("disableGitAfterPatch")),
            ("dependencies", dependencies.first().map(Fields::at)),
        ];
        for (key, at) in given {
            if let Some(at) = at {
                let message = format!("`{key}` is not possible in {}", self.report.called());
                let hint = "write `image` with `final: false` instead of `artifact`";
                self.report.error(at, message).hint(hint);
            }
        }
        self.report
            .warning(&rule::DEPRECATED, artifact.span, "`artifact` is deprecated")
            .hint(format!(
                "write `image: {}` and `final: false`",
                artifact.value
            ));
    }
}
