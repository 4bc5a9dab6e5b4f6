//! What enters keys, of two plans side by side: why a stage runs again.

use std::borrow::Cow;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::digest::DigestField;
use super::file::{ImagePlan, StagePlan};
use super::stage::StageKind;

/// A field and its value.
pub type Pair<'a> = (&'a str, String);

/// Returns the fields of a digest; a `value` stands with the field that it is the value of, as `NAME=VALUE`.
pub fn combined(fields: &[DigestField]) -> Vec<Pair<'_>> {
    let mut all: Vec<Pair<'_>> = Vec::new();
    for field in fields {
        match all.last_mut() {
            Some((_, name)) if field.name == "value" => {
                name.push('=');
                name.push_str(&field.value);
            }
            _ => all.push((&field.name, field.value.clone())),
        }
    }
    all
}

/// Returns the names that are different, in the order in which they come, with the values that are gone and those that are new.
pub fn differing<'a>(
    before: &[Pair<'a>],
    after: &[Pair<'a>],
) -> Vec<(&'a str, Vec<String>, Vec<String>)> {
    let mut found: Vec<(&str, Vec<String>, Vec<String>)> = Vec::new();
    let mut of = |name: &'a str| -> usize {
        let known = found.iter().position(|(it, ..)| *it == name);
        known.unwrap_or_else(|| {
            found.push((name, Vec::new(), Vec::new()));
            found.len() - 1
        })
    };
    let mut changes = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, before, after) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        for (name, value) in &before[op.old_range()] {
            changes.push((of(name), value, true));
        }
        for (name, value) in &after[op.new_range()] {
            changes.push((of(name), value, false));
        }
    }
    for (at, value, is_old) in changes {
        let (_, before, after) = &mut found[at];
        if is_old { before } else { after }.push(value.clone());
    }
    found
}

/// Returns what is in BuildKit's key of `stage`, which is one of `image`, and is in no digest: the network and the secrets of commands,
/// and platforms. A stage without a step has no key.
pub fn beside_digest(image: &ImagePlan, stage: &StagePlan) -> Vec<Pair<'static>> {
    if !stage.has_step() {
        return Vec::new();
    }
    let network = image.network.as_ref();
    let network = network.map(|it| format!("{:?}", it.value).to_lowercase());
    let secrets = image.secrets.iter().map(|it| it.id.clone());
    let platforms = image.platforms.iter().map(|it| it.value.clone());
    let network = network.map(|it| ("network", it));
    let secrets = secrets.map(|it| ("secret", it));
    let of_commands = network.into_iter().chain(secrets);
    let of_commands = of_commands.filter(|_| stage.script.is_some());
    of_commands
        .chain(platforms.map(|it| ("platform", it)))
        .collect()
}

/// Returns what the configuration calls the field `name` of the digest of a stage.
pub fn written_as(name: &str, stage: StageKind) -> Cow<'_, str> {
    match name {
        "stageCacheVersion" => Cow::Owned(format!("{stage}CacheVersion")),
        "shellCacheVersion" => Cow::Borrowed("cacheVersion of shell"),
        "ansibleCacheVersion" => Cow::Borrowed("cacheVersion of ansible"),
        "cacheScope" => Cow::Borrowed("WERF_CACHE_SCOPE"),
        name => Cow::Borrowed(name),
    }
}
