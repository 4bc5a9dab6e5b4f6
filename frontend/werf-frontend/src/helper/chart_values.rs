//! `values`: what charts for werf read of images, for plain Helm: `.Values.werf.image.NAME` and what is beside it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use diagnostic::Diagnostic;
use serde_json::{Map, Value, json};
use werf_config::{Config, ImageFact, ImageName};

use super::bake;
use super::bake_metadata::Metadata;
use super::commit::commit_facts;
use super::dev;
use super::plan::PlanRequest;
use super::render::Rendering;
use super::template::{self, Remarks};

/// How Go calls UTC, as werf writes the time of a commit.
const UTC: &str = "+0000";

/// Reads the configuration and what bake has written, and returns the values as JSON, which is YAML, too. `repo` is the
/// repository of the images, if that is one.
pub fn chart_values(request: &PlanRequest, metadata: &[PathBuf], repo: Option<&str>) -> Rendering {
    let mut remarks = Remarks::default();
    let result = text(request, metadata, repo, &mut remarks);
    Rendering::new(result, &remarks)
}

fn text(
    request: &PlanRequest,
    paths: &[PathBuf],
    repo: Option<&str>,
    remarks: &mut Remarks,
) -> Result<String, Vec<Diagnostic>> {
    let metadata = Metadata::read(paths).map_err(|error| vec![error])?;
    let opened = dev::open(request)?;
    let configuration = template::read(&opened, request, remarks)?;
    let loaded = werf_config::load(&configuration.text)?;
    remarks.warnings.extend(loaded.warnings);
    let config = &loaded.config;
    let images = images(config, &metadata)?;
    let commit = commit_facts(&opened, UTC).map_err(|error| vec![error.into()])?;
    let mut werf = Map::new();
    werf.insert("name".to_owned(), json!(config.project));
    if let Some(repo) = repo {
        werf.insert("repo".to_owned(), json!(repo));
    }
    let date = json!({ "human": commit.time_human, "unix": commit.time_unix });
    let commit = json!({ "hash": commit.hash, "date": date });
    werf.insert("commit".to_owned(), commit);
    let mut global = Map::new();
    if let Some(env) = request.build_args.get("WERF_ENV") {
        werf.insert("env".to_owned(), json!(env));
        global.insert("env".to_owned(), json!(env));
    }
    let of = |value: &dyn Fn(&Built) -> Value| -> Value {
        let pairs = images
            .iter()
            .map(|(name, built)| (name.to_string(), value(built)));
        Value::Object(pairs.collect())
    };
    let mut global_werf = werf.clone();
    global_werf.insert("images".to_owned(), of(&|it| it.details()));
    global.insert("werf".to_owned(), Value::Object(global_werf));
    werf.insert("image".to_owned(), of(&|it| json!(it.reference())));
    werf.insert("tag".to_owned(), of(&|it| json!(it.tag)));
    let values = json!({ "global": global, "werf": werf });
    Ok(format!("{values:#}\n"))
}

/// An image in a registry.
struct Built {
    /// Its repository, with the registry.
    repo: String,
    tag: String,
    digest: String,
}

/// Returns the images of the configuration that have been built, by their names.
fn images<'a>(
    config: &'a Config,
    metadata: &Metadata,
) -> Result<BTreeMap<&'a ImageName, Built>, Vec<Diagnostic>> {
    let mut images = BTreeMap::new();
    let mut wrong = Vec::new();
    for (image, target) in bake::target_names(config) {
        match built(&target, metadata) {
            Ok(Some(built)) => drop(images.insert(image, built)),
            Ok(None) if bake::is_final(config, image) => {
                let message = format!("the metadata has nothing of image `{image}`");
                wrong.push(Diagnostic::error(message).hint(format!(
                    "build its target `{target}`, too, or give the file of that step with another `--metadata-file`"
                )));
            }
            Ok(None) => {}
            Err(mistake) => wrong.push(mistake),
        }
    }
    if wrong.is_empty() {
        Ok(images)
    } else {
        Err(wrong)
    }
}

fn built(target: &str, metadata: &Metadata) -> Result<Option<Built>, Diagnostic> {
    let Some(digest) = metadata.value(target, ImageFact::ImageDigest)? else {
        return Ok(None);
    };
    let name = metadata.value(target, ImageFact::ImageName)?;
    let repo = metadata.value(target, ImageFact::ImageRepo)?;
    let (name, repo) = (name.unwrap_or_default(), repo.unwrap_or_default());
    let tag = name.strip_prefix(&format!("{repo}:"));
    Ok(Some(Built {
        // As Docker understands a name without one.
        tag: tag.unwrap_or("latest").to_owned(),
        repo,
        digest,
    }))
}

impl Built {
    /// Returns the name with the digest, which Kubernetes pulls by.
    fn reference(&self) -> String {
        let Built { repo, tag, digest } = self;
        format!("{repo}:{tag}@{digest}")
    }

    /// Returns the parts of the name as werf calls them.
    fn details(&self) -> Value {
        let Built { repo, tag, digest } = self;
        // The first component is a registry if it could not be a directory of Docker Hub.
        let is_registry = |part: &str| part.contains(['.', ':']) || part == "localhost";
        let (registry, repository) = match repo.split_once('/') {
            Some((registry, rest)) if is_registry(registry) => (registry, rest.to_owned()),
            Some(_) => ("index.docker.io", repo.clone()),
            None => ("index.docker.io", format!("library/{repo}")),
        };
        let (namespace, name) = repository.rsplit_once('/').unwrap_or((".", &repository));
        json!({
            "registry": registry,
            "namespace": namespace,
            "name": name,
            "tag": tag,
            "digest": digest,
            "tag_digest": format!("{tag}@{digest}"),
            "image": repo,
            "repository": repository,
            "ref": self.reference(),
            "ref_tag": format!("{repo}:{tag}"),
            "repository_ref": format!("{repository}:{tag}@{digest}"),
            "repository_tag": format!("{repository}:{tag}"),
            "name_ref": format!("{name}:{tag}@{digest}"),
            "name_tag": format!("{name}:{tag}"),
        })
    }
}
