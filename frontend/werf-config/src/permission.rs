//! What a configuration takes from outside of the commit and only may with a rule in `werf-giterminism.yaml`.

use diagnostic::{Diagnostic, Location, rule};

use super::giterminism::{Giterminism, Rule};
use super::mount::MountSource;
use super::secret::{Secret, SecretSource};
use super::{Config, DockerfileImage, Image, ImageName};

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
        let mut diagnostic = Diagnostic::error(message)
            .at(wish.at)
            .hint(giterminism.advice(wish.rule, &wish.value));
        if wish.rule == Rule::SecretValue {
            let id = &wish.value;
            let rule = giterminism.advice(Rule::SecretEnv, id);
            diagnostic = diagnostic.note(format!(
                "if it is a secret indeed, write `env: {id}` in its place and build with `--secret id={id},env={id}`; {rule}"
            ));
        }
        // The images of a section with several names wish the same.
        if !denied
            .iter()
            .any(|known| (&known.at, &known.hint) == (&diagnostic.at, &diagnostic.hint))
        {
            denied.push(diagnostic);
        }
    }
    denied
}

/// Returns a warning for the first secret whose value is in the configuration: who can read the records of a build can
/// read the file or the build arguments that it comes from.
pub fn value_in_records(config: &Config) -> Option<Diagnostic> {
    let secrets = config.images.iter().flat_map(|image| &image.secrets);
    let mut values = secrets.filter_map(|secret| match &secret.from {
        SecretSource::Value(value) => Some((&secret.id, value)),
        SecretSource::Env(_) | SecretSource::File(_) => None,
    });
    let (id, value) = values.next()?;
    let message = format!(
        "the value of `{id}` is hidden from commands' caches, but not from who can read this file, or the build's records if \
         it is a build argument"
    );
    let warning = Diagnostic::warning(&rule::SECRET_VALUE, message).at(value.at.clone());
    Some(warning.hint(format!(
        "for what must not be known write `env: NAME`, and build with `--secret id={id},env=NAME`"
    )))
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
        .chain(
            image
                .secrets
                .iter()
                .map(|it| wish_of_secret(it, &image.name)),
        )
        .collect()
}

fn wish_of_secret(secret: &Secret, image: &ImageName) -> Wish {
    let of_image = if image.is_nameless() {
        String::new()
    } else {
        format!(" of image `{image}`")
    };
    match &secret.from {
        SecretSource::Env(name) => Wish {
            rule: Rule::SecretEnv,
            value: name.value.clone(),
            what: format!("the variable `{}` as a secret{of_image}", name.value),
            at: name.at.clone(),
        },
        SecretSource::File(path) => Wish {
            rule: Rule::SecretFile,
            value: path.value.clone(),
            what: format!("the file `{}` as a secret{of_image}", path.value),
            at: path.at.clone(),
        },
        SecretSource::Value(value) => Wish {
            rule: Rule::SecretValue,
            value: secret.id.clone(),
            what: format!("the value of the secret `{}`{of_image}", secret.id),
            at: value.at.clone(),
        },
    }
}

fn wishes(image: &Image) -> Vec<Wish> {
    let secrets = image
        .secrets
        .iter()
        .map(|it| wish_of_secret(it, &image.name));
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
