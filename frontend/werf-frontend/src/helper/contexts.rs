//! The Dockerfiles and the contexts of images: what of the commit each takes, and how it gets into STORE.
//!
//! A context is the files of the commit below `context`, without those that `.dockerignore` leaves out, which is also
//! the commit's.

use std::collections::{BTreeMap, HashMap};

use diagnostic::{Diagnostic, Located, SourceText};
use masks::dockerignore::Dockerignore;
use masks::mask::PathMatcher;
use stapel_sync::manifest::{Content, Listing, Manifest, Mapping};
use stapel_sync::slot::Slot;
use stapel_sync::store::Store;
use stapel_sync::{AbsPath, HashKind};
use werf_config::giterminism::{Giterminism, Uncommitted};
use werf_config::template::{FileKind, Files as _};
use werf_config::{Config, DockerfileImage, ImageName};
use werf_plan::agreed::CONTEXT_DIRECTORY;
use werf_plan::dockerfile::{self, Dockerfile, DockerfilePlan, DockerfileSources};

use crate::git::repo::Repo;
use crate::git::tree::{ListingError, Shape, TreeListing};

use super::baseline;
use super::commit::{NO_NAME, commit_facts};
use super::contents::{self, Blob, Elsewhere, FillError};
use super::manifest_of;
use super::project_files::ProjectFiles;
use super::template::Remarks;
use super::uncommitted::Views;

/// What the Dockerfile images of a configuration take from one commit.
#[derive(Default)]
pub struct Contexts {
    /// The directory of the configuration.
    directory: String,
    images: BTreeMap<ImageName, ContextSnapshot>,
}

#[derive(Clone)]
struct ContextSnapshot {
    dockerfile: Dockerfile,
    files: std::rc::Rc<ContextFiles>,
}

/// The files of a context.
struct ContextFiles {
    manifest: Manifest,
    blobs: Vec<Blob>,
    /// The directory, in the work tree.
    path: String,
    /// What is left out of it.
    ignore: Dockerignore,
}

impl Contexts {
    /// Whether the file at `path` of the work tree is, or would be, in one of the contexts.
    pub fn have(&self, path: &[u8]) -> bool {
        self.images.values().any(|image| {
            let inside = match image.files.path.as_str() {
                "" | "." => Some(path),
                context => path
                    .strip_prefix(context.as_bytes())
                    .and_then(|rest| rest.strip_prefix(b"/")),
            };
            inside.is_some_and(|inside| !image.files.ignore.judge().leaves_out(inside))
        })
    }

    /// Reads the Dockerfiles of all images, and lists the files of their contexts.
    ///
    /// # Errors
    /// Every Dockerfile and context that is not in the commit, and every line of a `.dockerignore` that is no pattern.
    pub fn take(
        config: &Config,
        repo: &Repo,
        (views, rules): (&Views, &Giterminism),
        config_text: &SourceText,
        remarks: &mut Remarks,
    ) -> Result<Contexts, Vec<Diagnostic>> {
        let directory = config_text
            .name()
            .rsplit_once('/')
            .map_or("", |(path, _)| path);
        let mut reader = Reader {
            repo,
            directory,
            rules,
            dockerfiles: ProjectFiles::new(&views.dockerfiles, directory)
                .telling(&remarks.reads, Uncommitted::Dockerfiles),
            dockerignores: ProjectFiles::new(&views.dockerignores, directory)
                .telling(&remarks.reads, Uncommitted::Dockerignores),
            seen: HashMap::new(),
            remarks,
        };
        let mut images = BTreeMap::new();
        let mut wrong: Vec<Diagnostic> = Vec::new();
        for image in &config.dockerfiles {
            match reader.image(image) {
                Ok(snapshot) => {
                    images.insert(image.name.clone(), snapshot);
                }
                // The images of one section share their mistakes, and those with one Dockerfile or one submodule, too.
                Err(diagnostic)
                    if wrong.iter().any(|known| {
                        (&known.message, &known.hint) == (&diagnostic.message, &diagnostic.hint)
                    }) => {}
                Err(diagnostic) => wrong.push(*diagnostic),
            }
        }
        if wrong.is_empty() {
            Ok(Contexts {
                directory: directory.to_owned(),
                images,
            })
        } else {
            Err(wrong)
        }
    }

    /// Returns the files of the context of `image`: as its manifest has them, and in the same order where their contents are.
    pub(super) fn files(&self, image: &ImageName) -> Option<(&Manifest, &[Blob])> {
        let files = &self.images.get(image)?.files;
        Some((&files.manifest, &files.blobs))
    }

    /// Plans the images, in the order of the configuration.
    pub fn plan(&self, config: &Config) -> Vec<DockerfilePlan> {
        let planned = config.dockerfiles.iter().filter_map(|image| {
            let snapshot = self.images.get(&image.name)?;
            let sources = DockerfileSources {
                dockerfile: snapshot.dockerfile.clone(),
                manifest: snapshot.files.manifest.id().to_string(),
            };
            let place = (config.project.as_str(), self.directory.as_str());
            Some(DockerfilePlan {
                cache_scope: config.cache_scope.clone(),
                ..dockerfile::plan(image, place, &sources)
            })
        });
        planned.collect()
    }

    /// Brings the files of the contexts of `planned` into STORE, and their slots after them.
    ///
    /// # Errors
    /// Objects that are missing or broken; STORE that cannot be written.
    pub fn fill<'a>(
        &self,
        store: &mut Store,
        repo: &Repo,
        planned: impl IntoIterator<Item = &'a DockerfilePlan>,
    ) -> Result<(), FillError> {
        let mut commit = None;
        for plan in planned {
            let Some(snapshot) = self.images.get(&plan.name) else {
                continue;
            };
            contents::fill(&snapshot.files.blobs, store, repo)?;
            let slot = Slot {
                manifest: store.write_manifest(&snapshot.files.manifest)?,
                commit: match &commit {
                    Some(known) => known,
                    None => commit.insert(commit_facts(repo, NO_NAME)?),
                }
                .clone(),
            };
            store.write_slot(baseline::stage_digest(&plan.context.slot), &slot)?;
        }
        Ok(())
    }
}

struct Reader<'a> {
    repo: &'a Repo,
    remarks: &'a mut Remarks,
    /// The project directory, and its files as Dockerfiles and `.dockerignore` are looked for.
    directory: &'a str,
    rules: &'a Giterminism,
    dockerfiles: ProjectFiles,
    dockerignores: ProjectFiles,
    /// Contexts by their path and their `.dockerignore`.
    seen: HashMap<(String, Option<String>), std::rc::Rc<ContextFiles>>,
}

impl Reader<'_> {
    fn image(&mut self, image: &DockerfileImage) -> Result<ContextSnapshot, Box<Diagnostic>> {
        let dockerfile = self.dockerfile(image)?;
        let context = &image.context;
        let ignore_file = self.ignore_file(&image.dockerfile.value, &context.value)?;
        let key = (context.value.clone(), ignore_file);
        if let Some(files) = self.seen.get(&key) {
            let files = std::rc::Rc::clone(files);
            return Ok(ContextSnapshot { dockerfile, files });
        }
        let ignore = match &key.1 {
            Some(path) => self.ignore(path)?,
            None => Dockerignore::default(),
        };
        let files = std::rc::Rc::new(self.context(context, ignore)?);
        self.seen.insert(key, std::rc::Rc::clone(&files));
        Ok(ContextSnapshot { dockerfile, files })
    }

    fn dockerfile(&self, image: &DockerfileImage) -> Result<Dockerfile, Box<Diagnostic>> {
        let written = &image.dockerfile;
        let path = self.in_work_tree(&written.value);
        let refuse = |message: String| Box::new(Diagnostic::error(message).at(written.at.clone()));
        match self.dockerfiles.kind(&written.value).map_err(refuse)? {
            Some(FileKind::File) => {}
            Some(FileKind::Directory) => {
                let wrong = refuse(format!("`{path}` is a directory, and not a Dockerfile"));
                return Err(Box::new(wrong.hint("name the file in it")));
            }
            None => {
                let commit = self.repo.commit();
                let wrong = refuse(format!("`{path}` is not in commit {}", &commit[..12]));
                let context = &image.context.value;
                let below = written.value.strip_prefix(&format!("{context}/"));
                // Who writes the path from the project's directory has it twice.
                let meant = below.filter(|path| path.starts_with(&format!("{context}/")));
                if let Some(meant) = meant
                    && self.dockerfiles.kind(meant).map_err(refuse)? == Some(FileKind::File)
                {
                    let path = &meant[context.len() + 1..];
                    let hint = format!("it is relative to `context`: write `dockerfile: {path}`");
                    return Err(Box::new(wrong.hint(hint)));
                }
                let rule = Uncommitted::Dockerfiles;
                let of_rule = self.rules.advice_for_missing(rule, &written.value);
                let hint = of_rule.unwrap_or_else(|| {
                    "commit the Dockerfile; its path is relative to `context`".to_owned()
                });
                return Err(Box::new(wrong.hint(hint)));
            }
        }
        let bytes = self.dockerfiles.read(&written.value).map_err(refuse)?;
        let text =
            String::from_utf8(bytes).map_err(|_| refuse(format!("`{path}` is not UTF-8 text")))?;
        if text.len() > MOST_BYTES {
            let message = format!("`{path}` is larger than {} KiB", MOST_BYTES >> 10);
            return Err(refuse(message));
        }
        Ok(Dockerfile { path, text })
    }

    /// Returns the file with what is left out: the one beside the Dockerfile wins, as in BuildKit.
    fn ignore_file(
        &self,
        dockerfile: &str,
        context: &str,
    ) -> Result<Option<String>, Box<Diagnostic>> {
        let own = format!("{dockerfile}.dockerignore");
        let common = match context {
            "." => ".dockerignore".to_owned(),
            context => format!("{context}/.dockerignore"),
        };
        for path in [own, common] {
            let kind = self.dockerignores.kind(&path);
            if kind.map_err(|why| Box::new(Diagnostic::error(why)))? == Some(FileKind::File) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn ignore(&mut self, path: &str) -> Result<Dockerignore, Box<Diagnostic>> {
        let bytes = self
            .dockerignores
            .read(path)
            .map_err(|why| Box::new(Diagnostic::error(why)))?;
        let name = self.in_work_tree(path);
        let text = SourceText::new(&name, bytes.clone()).map_err(Box::new)?;
        Dockerignore::parse(text.text()).map_err(|bad| {
            self.remarks.add_text(&name, &bytes);
            let at = text.whole_line(bad.line);
            Box::new(Diagnostic::error(bad.to_string()).at(at).hint(bad.hint()))
        })
    }

    fn context(
        &self,
        context: &Located<String>,
        ignore: Dockerignore,
    ) -> Result<ContextFiles, Box<Diagnostic>> {
        let path = self.in_work_tree(&context.value);
        let refuse = |message: String, hint: Option<String>| {
            let mut wrong = Diagnostic::error(message).at(context.at.clone());
            wrong.hint = hint;
            Box::new(wrong)
        };
        let everything = PathMatcher::new(Vec::new(), Vec::new());
        let listing = match TreeListing::read(self.repo, &path, &everything) {
            Ok(listing) => listing,
            Err(ListingError::NotInCommit { commit, .. }) => {
                let message = format!("`{path}` is not in commit {}", &commit[..12]);
                let hint =
                    "the context is a directory of the commit: commit it, or correct `context`";
                return Err(refuse(message, Some(hint.to_owned())));
            }
            Err(error) => return Err(refuse(error.to_string(), error.hint())),
        };
        if listing.shape == Shape::File {
            let message = format!("`{path}` is a file, and the context must be a directory");
            return Err(refuse(message, None));
        }
        let wrong = |why: String| refuse(why, None);
        filtered(listing, path, ignore).map_err(wrong)
    }

    fn in_work_tree(&self, path: &str) -> String {
        match (self.directory, path) {
            ("", path) => path.to_owned(),
            (directory, ".") => directory.to_owned(),
            (directory, path) => format!("{directory}/{path}"),
        }
    }
}

/// A Dockerfile travels in the plan and in a definition, whose size is limited.
const MOST_BYTES: usize = 512 << 10;

/// Returns the files of a context without those that are left out.
fn filtered(
    listing: TreeListing,
    path: String,
    ignore: Dockerignore,
) -> Result<ContextFiles, String> {
    let mut judge = ignore.judge();
    let TreeListing {
        mut entries,
        submodules,
        ..
    } = listing;
    entries.retain(|entry| !judge.leaves_out(entry.path.as_bytes()));
    let mut manifest = Manifest::default();
    if let Some(first) = entries.first() {
        let kind: HashKind = manifest_of::object_id(first.id).kind();
        let mut rows = Listing::new(kind);
        for entry in &entries {
            rows.push(entry.path.as_bytes(), manifest_of::leaf(entry))
                .map_err(|error| format!("`{}`: {error}", entry.path))?;
        }
        manifest.mappings.push(Mapping {
            to: AbsPath::parse(CONTEXT_DIRECTORY.as_bytes()).map_err(|error| error.to_string())?,
            owner: String::new(),
            group: String::new(),
            content: Content::Directory(rows),
        });
    }
    let blobs = entries.into_iter().map(|entry| Blob {
        id: entry.id,
        path: entry.path.to_string(),
        elsewhere: entry.submodule.map(|index| Elsewhere {
            git_dir: submodules[index].git_dir.clone(),
            commit: submodules[index].commit,
        }),
    });
    let blobs = blobs.collect();
    Ok(ContextFiles {
        manifest,
        blobs,
        path,
        ignore,
    })
}

#[cfg(test)]
mod tests;
