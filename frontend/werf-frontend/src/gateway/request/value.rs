//! The values of the client's options, each read as BuildKit's Dockerfile frontend reads it (`frontend/dockerui/config.go`).

use std::collections::BTreeMap;

use buildkit_llb::Network;
use diagnostic::checks;

/// Which stages must not come from the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NoCache {
    /// All may.
    #[default]
    Off,
    /// None may (`--no-cache`).
    All,
    /// Those named by `--no-cache-filter`, lower-cased: a stage, an image, or `image/stage`.
    Named(Vec<String>),
}

impl NoCache {
    /// Whether stage `stage` of image `image` must run even if it is cached.
    pub fn covers(&self, image: &str, stage: &str) -> bool {
        match self {
            NoCache::Off => false,
            NoCache::All => true,
            NoCache::Named(names) => {
                let (image, stage) = (image.to_lowercase(), stage.to_lowercase());
                names.iter().any(|name| {
                    *name == image || *name == stage || *name == format!("{image}/{stage}")
                })
            }
        }
    }

    /// Returns the names of `--no-cache-filter` that none of these stages has, each as an image and its stage.
    pub fn unmatched(&self, stages: &[(String, &str)]) -> Vec<&str> {
        let NoCache::Named(names) = self else {
            return Vec::new();
        };
        let is_unmatched = |name: &&String| {
            let one = NoCache::Named(vec![(*name).clone()]);
            !stages.iter().any(|(image, stage)| one.covers(image, stage))
        };
        names
            .iter()
            .filter(is_unmatched)
            .map(String::as_str)
            .collect()
    }
}

/// One `--cache-from`, as it is handed to every solve.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct CacheImport {
    /// For example `registry`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// For example `ref`.
    #[serde(rename = "Attrs", default)]
    pub attrs: BTreeMap<String, String>,
}

/// An option whose value makes no sense, in words for the person who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOption(pub String);

pub(super) fn comma_list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn no_cache(value: &str) -> NoCache {
    let names: Vec<String> = comma_list(value)
        .iter()
        .map(|name| name.to_lowercase())
        .collect();
    if names.is_empty() {
        NoCache::All
    } else {
        NoCache::Named(names)
    }
}

pub(super) fn cache_imports(value: &str) -> Result<Vec<CacheImport>, BadOption> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(value)
        .map_err(|error| BadOption(format!("read the option `cache-imports`: {error}")))
}

pub(super) fn resolve_mode(value: String) -> Result<String, BadOption> {
    match value.as_str() {
        "" | "default" => Ok("default".to_owned()),
        "pull" => Ok(value),
        "local" | "preferlocal" => Ok("local".to_owned()),
        _ => Err(BadOption(format!(
            "`image-resolve-mode` is `default`, `pull` or `local`, not `{value}`"
        ))),
    }
}

pub(super) fn network(value: &str) -> Result<Network, BadOption> {
    match value {
        "" | "default" | "sandbox" => Ok(Network::Sandbox),
        "host" => Ok(Network::Host),
        "none" => Ok(Network::None),
        _ => Err(BadOption(format!(
            "`--network` is `default`, `none` or `host`, not `{value}`"
        ))),
    }
}

pub(super) fn extra_hosts(value: &str) -> Result<Vec<(String, String)>, BadOption> {
    comma_list(value)
        .into_iter()
        .map(
            |item| match item.split_once('=').or_else(|| item.split_once(':')) {
                Some((name, address))
                    if address
                        .trim_matches(['[', ']'])
                        .parse::<std::net::IpAddr>()
                        .is_ok() =>
                {
                    Ok((
                        name.to_lowercase(),
                        address.trim_matches(['[', ']']).to_owned(),
                    ))
                }
                _ => Err(BadOption(format!(
                    "`--add-host` takes `name=address`, not `{item}`"
                ))),
            },
        )
        .collect()
}

pub(super) fn ulimits(value: &str) -> Result<Vec<(String, i64, i64)>, BadOption> {
    comma_list(value)
        .into_iter()
        .map(|item| {
            let wrong = || BadOption(format!("`--ulimit` takes `name=soft[:hard]`, not `{item}`"));
            let (name, limits) = item.split_once('=').ok_or_else(wrong)?;
            let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
            let limit = |text: &str| text.parse::<i64>().map_err(|_| wrong());
            Ok((name.to_owned(), limit(soft)?, limit(hard)?))
        })
        .collect()
}

/// Reads a truth value as Go's `strconv.ParseBool` does.
pub(in crate::gateway) fn boolean(key: &str, value: &str) -> Result<bool, BadOption> {
    checks::boolean(value)
        .ok_or_else(|| BadOption(format!("`{key}` is true or false, not `{value}`")))
}

pub(super) fn number(key: &str, value: &str) -> Result<u64, BadOption> {
    value
        .parse()
        .map_err(|_| BadOption(format!("`--{key}` is a number of bytes, not `{value}`")))
}
