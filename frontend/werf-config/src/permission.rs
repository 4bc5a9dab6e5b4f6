//! What a configuration takes from outside of the commit and only may with a rule in `werf-giterminism.yaml`.

use diagnostic::{Diagnostic, Location};

use super::giterminism::{Giterminism, Rule};
use super::mount::MountSource;
use super::secret::{Secret, SecretSource};
use super::{Config, DockerfileImage, Image};

fn all(config: &Config) -> impl Iterator<Item = Wish> {
    let of_stages = config.images.iter().flat_map(wishes);
    of_stages.chain(config.dockerfiles.iter().flat_map(wishes_of_dockerfile))
}

/// Returns a mistake for everything that no rule allows.
pub fn check(config: &Config, giterminism: &Giterminism) -> Vec<Diagnostic> {
    let mut denied: Vec<Diagnostic> = Vec::new();
    for wish in all(config) {
        if giterminism.allows(wish.rule, &wish.value) {
            continue;
        }
        let message = format!("{} is not allowed by giterminism", wish.what);
        let diagnostic = Diagnostic::error(message)
            .at(wish.at)
            .hint(giterminism.advice(wish.rule, &wish.value));
        // The images of a section with several names wish the same.
        if !denied.contains(&diagnostic) {
            denied.push(diagnostic);
        }
    }
    denied
}

/// Something that needs a rule.
struct Wish {
    rule: Rule,
    /// What the rule must name; nothing for a rule that is just on.
    value: String,
    what: String,
    at: Location,
}

fn wishes_of_dockerfile(image: &DockerfileImage) -> Vec<Wish> {
    let files = image.context_add_files.iter().map(|file| Wish {
        rule: Rule::ContextAddFile,
        value: file.in_project.clone(),
        what: format!("`{}` of the client in `contextAddFiles`", file.in_project),
        at: file.at.clone(),
    });
    files
        .chain(image.secrets.iter().map(wish_of_secret))
        .collect()
}

fn wish_of_secret(secret: &Secret) -> Wish {
    match &secret.from {
        SecretSource::Env(name) => Wish {
            rule: Rule::SecretEnv,
            value: name.value.clone(),
            what: format!("the variable `{}` as a secret", name.value),
            at: name.at.clone(),
        },
        SecretSource::File(path) => Wish {
            rule: Rule::SecretFile,
            value: path.value.clone(),
            what: format!("the file `{}` as a secret", path.value),
            at: path.at.clone(),
        },
    }
}

fn wishes(image: &Image) -> Vec<Wish> {
    let secrets = image.secrets.iter().map(wish_of_secret);
    let mounts = image.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::TmpDir => None,
        MountSource::BuildDir { at, .. } => Some(Wish {
            rule: Rule::BuildDir,
            value: String::new(),
            what: "`from: build_dir`".to_owned(),
            at: at.clone(),
        }),
        MountSource::FromPath { path, at, .. } => Some(Wish {
            rule: Rule::FromPath,
            value: path.clone(),
            what: format!("`fromPath: {path}`"),
            at: at.clone(),
        }),
    });
    let latest = image.from_latest.clone().map(|at| Wish {
        rule: Rule::FromLatest,
        value: String::new(),
        what: "`fromLatest`".to_owned(),
        at,
    });
    latest.into_iter().chain(secrets).chain(mounts).collect()
}
