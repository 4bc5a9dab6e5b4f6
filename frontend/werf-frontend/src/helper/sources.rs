//! The files of git mappings: what of the commit each image takes, and how it gets into STORE.
//!
//! [`Snapshot::take`] only reads trees: it says which files there are and what the stages depend on, so that the
//! digests can be computed. [`Snapshot::fill`] then writes the contents that STORE lacks, [`Snapshot::compare`] says
//! how far the commit is from what stages hold, and [`Snapshot::write_slots`] tells each stage which files and which commit it is to have.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diagnostic::{Diagnostic, Location, Rule, rule};
use masks::mask::Mask;
use stapel_sync::ObjectId;
use stapel_sync::manifest::Manifest;
use stapel_sync::slot::Slot;
use stapel_sync::store::Store;
use werf_config::{Config, GitMapping, Image, ImageName, UserStage};
use werf_plan::ImageSources;
use werf_plan::digest::{Digest, hex};
use werf_plan::file::{ImagePlan, Plan};

use crate::git::repo::Repo;
use crate::git::submodule::Submodule;
use crate::git::tree::{ListingError, Shape, TreeListing};

use super::baseline::{self, Distance};
use super::commit::{NO_NAME, commit_facts};
use super::contents::{self, Blob, Elsewhere, FillError, Lacking};
use super::filtered::{self, Filtered};
use super::manifest_of::{content, object_id};
use super::remotes::Remotes;

/// How far the commit is from the baseline of each image.
pub type Distances = BTreeMap<ImageName, BaselineDistance>;

/// How far the commit is from what one stage holds.
#[derive(Clone, Debug)]
pub struct BaselineDistance {
    /// The last stage before `gitCache`, if there is one.
    stage: Option<Digest>,
    /// The distance.
    pub distance: Distance,
}

/// What the mappings of all images take from one commit.
#[derive(Default)]
pub struct Snapshot {
    images: BTreeMap<ImageName, ImageSnapshot>,
}

/// What the mappings of one image take.
struct ImageSnapshot {
    manifest: Manifest,
    sources: ImageSources,
    /// The files of all mappings, where their contents are to be had.
    blobs: Vec<Blob>,
}

impl Snapshot {
    /// Lists the files of all mappings, and warns of dependencies that mean nothing.
    ///
    /// # Errors
    /// Every mapping that takes nothing, with its line.
    pub fn take(
        config: &Config,
        repo: &Repo,
        remotes: &Remotes,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Snapshot, Vec<Diagnostic>> {
        let mut reader = Reader {
            repo,
            remotes,
            warnings,
            wrong: Vec::new(),
            seen: HashMap::new(),
        };
        let mut images = BTreeMap::new();
        for image in config.images.iter().filter(|image| !image.git.is_empty()) {
            images.insert(image.name.clone(), reader.image(image));
        }
        if reader.wrong.is_empty() {
            Ok(Snapshot { images })
        } else {
            Err(reader.wrong)
        }
    }

    /// Returns what the plan needs to know.
    pub fn sources(&self) -> BTreeMap<ImageName, ImageSources> {
        self.images
            .iter()
            .map(|(name, image)| (name.clone(), image.sources.clone()))
            .collect()
    }

    /// Returns the files of the mappings of `image`: as its manifest has them, and in the same order where their contents are.
    pub(super) fn files(&self, image: &ImageName) -> Option<(&Manifest, &[Blob])> {
        let image = self.images.get(image)?;
        Some((&image.manifest, &image.blobs))
    }

    /// Writes the contents of files of the `needed` images that STORE lacks.
    ///
    /// # Errors
    /// Objects that are missing or broken; STORE that cannot be written.
    pub fn fill(
        &self,
        store: &mut Store,
        repo: &Repo,
        needed: &BTreeSet<ImageName>,
    ) -> Result<(), FillError> {
        for image in needed.iter().filter_map(|name| self.images.get(name)) {
            contents::fill(&image.blobs, store, repo)?;
        }
        Ok(())
    }

    /// Returns how much STORE lacks of the `needed` images.
    ///
    /// # Errors
    /// Objects that are missing or broken; STORE that cannot be read.
    pub(super) fn lacking(
        &self,
        store: &mut Store,
        repo: &Repo,
        needed: &BTreeSet<ImageName>,
    ) -> Result<Lacking, FillError> {
        let images = needed.iter().filter_map(|name| self.images.get(name));
        let blobs: Vec<&Blob> = images.flat_map(|image| &image.blobs).collect();
        contents::lacking(&blobs, store, repo)
    }

    /// Writes the contents that STORE lacks of those files of the `needed` images which differ from what is known of their
    /// baselines: what a patch of a cached stage takes.
    ///
    /// # Errors
    /// As [`Snapshot::fill`].
    pub fn fill_changes(
        &self,
        store: &mut Store,
        repo: &Repo,
        plan: &Plan,
        needed: &BTreeSet<ImageName>,
    ) -> Result<(), FillError> {
        for planned in needed_of(plan, needed) {
            let (Some(image), Some(stage)) = (self.images.get(&planned.name), planned.baseline())
            else {
                continue;
            };
            if let Some(before) = store.read_baseline(baseline::stage_digest(&stage.digest)) {
                let written: HashSet<ObjectId> =
                    stapel_sync::baseline::written_between(&before, &image.manifest)
                        .into_iter()
                        .collect();
                let blobs = image.blobs.iter();
                let blobs = blobs.filter(|blob| written.contains(&object_id(blob.id)));
                contents::fill(blobs, store, repo)?;
            }
        }
        Ok(())
    }

    /// Finds out how far the commit is from the baselines of the `needed` images, where `distances` does not have it yet.
    /// `plan` says which stages these are, and `is_full` that STORE has the contents of all files.
    ///
    /// # Errors
    /// STORE that cannot be read.
    pub fn compare(
        &self,
        store: &Store,
        is_full: bool,
        plan: &Plan,
        needed: &BTreeSet<ImageName>,
        distances: &mut Distances,
    ) -> Result<(), FillError> {
        for planned in needed_of(plan, needed) {
            let Some(image) = self.images.get(&planned.name) else {
                continue;
            };
            let stage = planned.baseline().map(|stage| &stage.digest);
            let known = distances.get(&planned.name);
            if known.is_none_or(|known| known.stage.as_ref() != stage) {
                let known = BaselineDistance {
                    stage: stage.cloned(),
                    distance: baseline::distance(store, is_full, stage, &image.manifest)?,
                };
                distances.insert(planned.name.clone(), known);
            }
        }
        Ok(())
    }

    /// Tells the stages of the `needed` images their files and their commit: first manifests, then slots, since whoever finds
    /// a slot expects all that it names.
    ///
    /// # Errors
    /// A broken commit; STORE that cannot be written.
    pub fn write_slots(
        &self,
        store: &Store,
        repo: &Repo,
        plan: &Plan,
        needed: &BTreeSet<ImageName>,
    ) -> Result<(), FillError> {
        let commit = commit_facts(repo, NO_NAME)?;
        let none = Manifest::default();
        for planned in needed_of(plan, needed) {
            let image = self.images.get(&planned.name);
            let slot = Slot {
                manifest: store.write_manifest(image.map_or(&none, |image| &image.manifest))?,
                commit: commit.clone(),
            };
            for stage in planned.stages.iter().filter(|stage| stage.has_slot()) {
                store.write_slot(baseline::stage_digest(&stage.digest), &slot)?;
            }
        }
        Ok(())
    }
}

fn needed_of<'a>(
    plan: &'a Plan,
    needed: &'a BTreeSet<ImageName>,
) -> impl Iterator<Item = &'a ImagePlan> {
    let images = plan.images.iter();
    images.filter(|image| needed.contains(&image.name))
}

/// Reads the mappings of a configuration.
struct Reader<'a> {
    repo: &'a Repo,
    remotes: &'a Remotes,
    warnings: &'a mut Vec<Diagnostic>,
    wrong: Vec<Diagnostic>,
    /// Listings by what they are of: images of one section share them.
    seen: HashMap<ListingKey, Seen>,
}

/// What a listing is of.
#[derive(PartialEq, Eq, Hash)]
struct ListingKey {
    /// The number of the repository, for a mapping with `url`.
    remote: Option<usize>,
    add: String,
    include_paths: Vec<String>,
    exclude_paths: Vec<String>,
}

/// A listing, and which of its files git filters.
struct Seen {
    listing: TreeListing,
    filtered: Option<Filtered>,
}

impl Seen {
    fn read(repo: &Repo, mapping: &GitMapping) -> Result<Seen, ListingError> {
        let add = &mapping.add.value;
        let listing = TreeListing::read(repo, add, &mapping.matcher())?;
        // What cannot be read is said by whoever needs it.
        let filtered = Filtered::find(repo, add, &listing).ok().flatten();
        Ok(Seen { listing, filtered })
    }
}

impl Reader<'_> {
    fn image(&mut self, image: &Image) -> ImageSnapshot {
        let mut manifest = Manifest::default();
        let mut blobs = Vec::new();
        let mut dependencies = Vec::new();
        for mapping in &image.git {
            let (remote, repo) = match self.remotes.of(mapping) {
                Some((number, repo)) => (Some(number), repo),
                None => (None, self.repo),
            };
            let key = ListingKey {
                remote,
                add: mapping.add.value.clone(),
                include_paths: mapping.include_paths.clone(),
                exclude_paths: mapping.exclude_paths.clone(),
            };
            let seen = match self.seen.get(&key) {
                Some(seen) => seen,
                None => match Seen::read(repo, mapping) {
                    Ok(seen) => self.seen.entry(key).or_insert(seen),
                    Err(error) => {
                        self.refuse(&error, mapping);
                        continue;
                    }
                },
            };
            let listing = seen.listing.clone();
            let filtered = seen.filtered.as_ref();
            let filtered = filtered.map(|filtered| filtered.warning(image, mapping));
            dependencies.push(self.dependencies(image, mapping, &listing));
            self.warn_of_files(filtered, filtered::hidden(repo, image, mapping));
            match content(&listing, mapping) {
                Ok(mapping) => manifest.mappings.push(mapping),
                Err(message) => {
                    let at = mapping.to.at.clone();
                    self.wrong.push(Diagnostic::error(message).at(at));
                }
            }
            blobs.extend(listing.entries.into_iter().map(|entry| {
                let submodule = entry.submodule.map(|index| &listing.submodules[index]);
                Blob {
                    id: entry.id,
                    path: entry.path.to_string(),
                    elsewhere: Elsewhere::of(submodule, repo),
                }
            }));
        }
        let sources = ImageSources {
            manifest: manifest.id().to_string(),
            dependencies,
            changed_mebibytes: 0,
        };
        ImageSnapshot {
            manifest,
            sources,
            blobs,
        }
    }

    /// Warns of files that are others than a checkout has, and of those that are left out.
    fn warn_of_files(&mut self, filtered: Option<Diagnostic>, hidden: Vec<Diagnostic>) {
        for warning in filtered.into_iter().chain(hidden) {
            let is_said = |known: &Diagnostic| known.rule == warning.rule && known.at == warning.at;
            if !self.warnings.iter().any(is_said) {
                self.warnings.push(warning);
            }
        }
    }

    fn refuse(&mut self, error: &ListingError, mapping: &GitMapping) {
        let mut diagnostic = Diagnostic::error(error.to_string()).at(mapping.add.at.clone());
        diagnostic.hint = error.hint();
        if let ListingError::NoMatch {
            shape: Shape::Directory,
            ..
        } = error
            && let Some(hint) = mapping
                .include_paths
                .iter()
                .find_map(|mask| hint_of_set(mask))
        {
            diagnostic.hint = Some(hint);
        }
        if let Some(remote) = &mapping.remote {
            let what = &remote.reference.value;
            let note = format!("the repository is `{}` ({what})", remote.url.value);
            diagnostic.add_notes([note]);
            if matches!(error, ListingError::NotInCommit { nearest: None, .. }) {
                let hint = "correct the path, which starts at the root of that repository";
                diagnostic.hint = Some(hint.to_owned());
            }
        }
        // What is wrong with a repository, such as a submodule that was not fetched, is said once and not of each mapping.
        let is_of_repo = matches!(error, ListingError::Repo(_));
        let is_known = self.wrong.iter().any(|known| {
            *known == diagnostic
                || (is_of_repo
                    && (&known.message, &known.hint) == (&diagnostic.message, &diagnostic.hint))
        });
        if !is_known {
            self.wrong.push(diagnostic);
        }
    }

    /// Returns the checksums of what the stages depend on.
    fn dependencies(
        &mut self,
        image: &Image,
        mapping: &GitMapping,
        listing: &TreeListing,
    ) -> BTreeMap<UserStage, String> {
        let mut checksums = BTreeMap::new();
        for (stage, masks) in &mapping.stage_dependencies {
            let instructions = image.instructions.as_ref();
            if instructions.is_none_or(|instructions| instructions.count(*stage) == 0) {
                let message = format!(
                    "`{}` of image `{}` has no instructions, so what it depends on has no effect",
                    stage.name(),
                    image.name
                );
                self.warn(&rule::UNUSED_STAGE_DEPENDENCIES, message, &masks[0].at);
            }
            let mut text = String::new();
            for written in masks {
                let Ok(mask) = Mask::new(&written.value) else {
                    continue;
                };
                let checksum = &listing.checksums(std::slice::from_ref(&mask))[0];
                if checksum.files == 0 {
                    let message = format!(
                        "`{}` in `stageDependencies` matches no file of the mapping",
                        written.value
                    );
                    let mut warning = Diagnostic::warning(&rule::MASK_MATCHES_NOTHING, message)
                        .at(written.at.clone());
                    warning.hint = match listing.shape {
                        Shape::File => {
                            Some("`add` is a single file, which `**` matches".to_owned())
                        }
                        Shape::Directory => hint_of_set(&written.value),
                    };
                    self.add(warning);
                } else {
                    text.push_str(&hex(&checksum.sha256));
                }
            }
            checksums.insert(*stage, text);
        }
        checksums
    }

    fn warn(&mut self, rule: &'static Rule, message: String, at: &Location) {
        self.add(Diagnostic::warning(rule, message).at(at.clone()));
    }

    fn add(&mut self, warning: Diagnostic) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

impl Elsewhere {
    /// Returns where a file of `repo` or of its submodule is; `None` if that is the project's own repository.
    fn of(submodule: Option<&Submodule>, repo: &Repo) -> Option<Elsewhere> {
        match submodule {
            Some(submodule) => Some(Elsewhere {
                git_dir: submodule.git_dir.clone(),
                commit: submodule.commit,
            }),
            None => repo.is_remote().then(|| Elsewhere {
                git_dir: repo.git_dir().to_owned(),
                commit: repo.commit_id(),
            }),
        }
    }
}

/// Returns the hint for a mask that has a set of characters and matches nothing: directories are named `[id]` where the
/// routes of a web application are.
fn hint_of_set(mask: &str) -> Option<String> {
    let is_set = mask.contains('[') && mask.contains(']') && !mask.contains('\\');
    is_set.then(|| {
        let escaped = mask.replace('[', "\\[").replace(']', "\\]");
        format!("`[…]` is one of the characters in it: for a name with brackets write `{escaped}`")
    })
}
