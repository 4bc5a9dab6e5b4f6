//! What the client asked for: the options that BuildKit hands over, typed and checked.
//!
//! BuildKit passes one environment variable per option, `BUILDKIT_FRONTEND_OPT_<n>=key=value` with an
//! arbitrary `<n>` (`frontend/gateway/gateway.go`). What each key means is in `frontend/dockerui/config.go`.

use std::collections::BTreeMap;

use buildkit_llb::{Network, Platform};
use buildkit_proto::pb;
use diagnostic::{Diagnostic, checks, redact};
use werf_plan::agreed::{CONFIG_ARGUMENT, EXPLAIN_ARGUMENT, TOOLCHAIN_ARGUMENT};

use super::git_context::GitContext;
use super::resources::Resources;
use value::{
    cache_imports, comma_list, extra_hosts, network, no_cache, number, resolve_mode, ulimits,
};

pub(super) use value::boolean;
pub use value::{BadOption, CacheImport, NoCache};

mod value;

/// Everything the client asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The session of the client, which serves local files and secrets.
    pub session: String,
    /// The reference of the frontend's own image.
    pub frontend_image: Option<String>,
    /// The last component of `-f`.
    pub filename: Option<String>,
    /// The directory of that file below the root of the work tree, where the client found it out.
    pub config_directory: Option<String>,
    /// The directory of the build context below the root of the work tree, likewise.
    pub context_directory: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--platform`, each as `os/arch[/variant]`.
    pub platforms: Vec<String>,
    /// `--build-arg BUILDKIT_MULTI_PLATFORM`: whether the image is an index, which is otherwise so for several platforms.
    pub multi_platform: Option<bool>,
    /// `--build-arg`, without those that mean something to BuildKit or to us.
    pub build_args: BTreeMap<String, String>,
    /// `--build-arg WERF_CONFIG`: the configuration file's path in the work tree.
    pub config_path: Option<String>,
    /// `--build-arg WERF_STAPEL_ANSIBLE`, else what the frontend's own image says: the image of the ansible tool chain.
    pub toolchain: Option<String>,
    /// `--build-arg WERF_EXPLAIN`: the image that the build is compared with.
    pub explain: Option<String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--no-cache` and `--no-cache-filter`.
    pub no_cache: NoCache,
    /// `--cache-from`.
    pub cache_imports: Vec<CacheImport>,
    /// `--pull`: how image references are resolved.
    pub resolve_mode: String,
    /// `--network`.
    pub network: Network,
    /// `--add-host`, as name and address.
    pub extra_hosts: Vec<(String, String)>,
    /// `--shm-size` in bytes.
    pub shm_size: Option<u64>,
    /// `--ulimit` as name, soft and hard limit.
    pub ulimits: Vec<(String, i64, i64)>,
    /// `--cgroup-parent`.
    pub cgroup_parent: Option<String>,
    /// `--memory`, `--cpu-shares` and the like.
    pub resources: Resources,
    /// The host name inside of stages.
    pub hostname: Option<String>,
    /// Proxy settings for stages, by their lower-case name without `_proxy`.
    pub proxy: BTreeMap<String, String>,
    /// `SOURCE_DATE_EPOCH` in seconds.
    pub source_date_epoch: Option<i64>,
    /// The context, if it is a git repository.
    pub git_context: Option<GitContext>,
    /// The context, if it is neither that nor a local directory.
    pub other_context: Option<String>,
    /// `--build-arg BUILDKIT_DOCKERFILE_CHECK`: which rules are heard of, whatever the configuration says.
    pub checks: Option<String>,
    /// `--call` and `--check`.
    pub subrequest: Option<String>,
    /// Names of the local sources for context and configuration.
    pub context_name: String,
    /// See `context_name`.
    pub config_name: String,
    /// Whether the client says that it sends the configuration, as it does for a git context with an absolute `-f` or with `-f -`.
    pub is_config_sent: bool,
    /// `--build-context`: names, and where they lead (`local:NAME`, `docker-image://…`).
    pub contexts: BTreeMap<String, String>,
    /// The definitions that the client gives as inputs, by their names (`target:` of `docker buildx bake`).
    pub inputs: BTreeMap<String, pb::Definition>,
    /// What is said of inputs, by their names: JSON with the configuration of an image.
    pub input_metadata: BTreeMap<String, String>,
    /// The files of the context, if they are neither a local directory's nor a git repository's.
    pub context_files: Option<pb::Definition>,
    /// The files that the configuration is among, if they are not the client's either.
    pub config_files: Option<pb::Definition>,
    /// The sessions that serve local sources in the place of `session`, by the names of the sources.
    pub local_sessions: BTreeMap<String, String>,
    /// Options that were given but are not honoured, as the user would write them.
    pub ignored: Vec<String>,
}

/// Options that are somebody else's business: the daemon's, the client's or the provenance's.
const SILENT: [&str; 12] = [
    "cmdline",
    "frontend.caps",
    "gateway-devel",
    "context",
    "contextkey",
    "dockerfilekey",
    "cache-from",
    "no-cache-filter",
    "attest:provenance",
    "attest:sbom",
    "build-arg:BUILDKIT_SYNTAX",
    "build-arg:BUILDKIT_INLINE_CACHE",
];

/// Build arguments that the client library or the daemon acts on.
const SILENT_ARGS: [&str; 4] = [
    "BUILDKIT_SYNTAX",
    "BUILDKIT_INLINE_CACHE",
    "BUILDKIT_BUILD_NAME",
    "BUILDKIT_CONTEXT_KEEP_GIT_DIR",
];

/// Proxy settings, which never reach a cache key or the image.
const PROXIES: [&str; 5] = ["http", "https", "ftp", "no", "all"];

impl Request {
    /// Reads the options from the variables of the environment.
    ///
    /// # Errors
    /// The first option whose value makes no sense.
    pub fn from_env(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Request, BadOption> {
        let mut options = BTreeMap::new();
        let mut session = String::new();
        let mut own_toolchain = None;
        for (name, value) in variables {
            if name.starts_with("BUILDKIT_FRONTEND_OPT_") {
                if let Some((key, value)) = value.split_once('=') {
                    options.insert(key.to_owned(), value.to_owned());
                }
            } else if name == "BUILDKIT_SESSION_ID" {
                session = value;
            } else if name == TOOLCHAIN_ARGUMENT && !value.is_empty() {
                own_toolchain = Some(value);
            }
        }
        let mut request = Request::from_options(options)?;
        request.session = session;
        request.toolchain = request.toolchain.or(own_toolchain);
        Ok(request)
    }

    /// Reads the options from a map of keys to values.
    ///
    /// # Errors
    /// The first option whose value makes no sense.
    pub fn from_options(options: BTreeMap<String, String>) -> Result<Request, BadOption> {
        let mut request = Request {
            context_name: "context".to_owned(),
            config_name: "dockerfile".to_owned(),
            ..Request::default()
        };
        for (key, value) in options {
            request.take(&key, value)?;
        }
        Ok(request)
    }

    /// Returns the platforms that the client asks for.
    ///
    /// # Errors
    /// A platform of another form.
    pub fn check(&self) -> Result<Vec<Platform>, Diagnostic> {
        let parse = |name: &String| {
            Platform::parse(name).ok_or_else(|| {
                Diagnostic::error(format!(
                    "`--platform {name}` is not of the form `os/architecture[/variant]`"
                ))
            })
        };
        self.platforms.iter().map(parse).collect()
    }

    /// Returns the session that serves the local source `name`: builds of one `docker buildx bake` share some.
    pub fn session_of(&self, name: &str) -> &str {
        self.local_sessions.get(name).unwrap_or(&self.session)
    }

    /// Returns what the context is where that is no directory of the client, in words.
    pub fn context_elsewhere(&self) -> Option<String> {
        match (&self.git_context, &self.other_context) {
            (Some(context), _) => Some(format!("the repository `{}`", context.shown())),
            (None, Some(url)) => Some(format!("the archive `{}`", redact::credentials(url))),
            (None, None) => {
                self.context_files.as_ref()?;
                Some("what another target gives".to_owned())
            }
        }
    }

    /// Returns the repository that the configuration comes out of, if the client does not send it.
    pub fn config_in_git(&self) -> Option<&GitContext> {
        self.git_context.as_ref().filter(|_| !self.is_config_sent)
    }

    /// Whether the configuration is among the files of the context, and no file of the client.
    pub fn config_is_in_context(&self) -> bool {
        self.context_files.is_some() && self.config_files.is_none() && !self.is_config_sent
    }

    fn take(&mut self, key: &str, value: String) -> Result<(), BadOption> {
        let given = !value.is_empty();
        match key {
            "source" => self.frontend_image = given.then_some(value),
            "filename" => self.filename = given.then_some(value),
            "target" => self.target = given.then_some(value),
            "platform" => self.platforms = comma_list(&value),
            "multi-platform" if given => self.multi_platform = Some(boolean(key, &value)?),
            "no-cache" => self.no_cache = no_cache(&value),
            "cache-imports" => self.cache_imports.extend(cache_imports(&value)?),
            // What clients before `cache-imports` send.
            "cache-from" => self
                .cache_imports
                .extend(comma_list(&value).into_iter().map(|reference| CacheImport {
                    kind: "registry".to_owned(),
                    attrs: BTreeMap::from([("ref".to_owned(), reference)]),
                })),
            "image-resolve-mode" => self.resolve_mode = resolve_mode(value)?,
            "force-network-mode" => self.network = network(&value)?,
            "add-hosts" => self.extra_hosts = extra_hosts(&value)?,
            "shm-size" if given => self.shm_size = Some(number(key, &value)?),
            "ulimit" => self.ulimits = ulimits(&value)?,
            "cgroup-parent" => self.cgroup_parent = given.then_some(value),
            "hostname" => self.hostname = self.hostname.take().or(given.then_some(value)),
            "context" if given => {
                self.git_context = GitContext::parse(&value)?;
                self.other_context = self.git_context.is_none().then_some(value);
            }
            "contextkey" if given => self.context_name = value,
            "dockerfilekey" if given => {
                self.config_name = value;
                self.is_config_sent = true;
            }
            "requestid" => self.subrequest = given.then_some(value),
            "vcs:localdir:context" => self.context_directory = Some(value),
            "vcs:localdir:dockerfile" => self.config_directory = Some(value),
            _ => {
                if let Some(name) = key.strip_prefix("build-arg:") {
                    self.take_build_arg(name, value)?;
                } else if let Some(name) = key.strip_prefix("label:") {
                    self.labels.insert(name.to_owned(), value);
                } else if let Some(name) = key.strip_prefix("context:") {
                    self.contexts.insert(name.to_owned(), value);
                } else if let Some(name) = key.strip_prefix("input-metadata:") {
                    self.input_metadata.insert(name.to_owned(), value);
                } else if let Some(name) = key.strip_prefix("local-sessionid:") {
                    self.local_sessions.insert(name.to_owned(), value);
                } else if given && self.resources.take(key, &value)? {
                    // It is taken.
                } else if !self.is_silent(key) && given {
                    self.ignored.push(format!("{key}={value}"));
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "reads as a question about the request")]
    fn is_silent(&self, key: &str) -> bool {
        SILENT.contains(&key)
            || ["vcs:", "attest:", "sharedkey:"]
                .iter()
                .any(|prefix| key.starts_with(prefix))
    }

    fn take_build_arg(&mut self, name: &str, value: String) -> Result<(), BadOption> {
        let lower = name.to_ascii_lowercase();
        let proxy = lower
            .strip_suffix("_proxy")
            .filter(|kind| PROXIES.contains(kind));
        match name {
            _ if proxy.is_some() => {
                self.proxy
                    .insert(proxy.unwrap_or_default().to_owned(), value);
            }
            "SOURCE_DATE_EPOCH" if value.is_empty() => {}
            "SOURCE_DATE_EPOCH" => {
                self.source_date_epoch = Some(value.parse().map_err(|_| {
                    BadOption(format!(
                        "`SOURCE_DATE_EPOCH` is a number of seconds since 1970, not `{value}`"
                    ))
                })?);
            }
            "BUILDKIT_MULTI_PLATFORM" => {
                self.multi_platform = Some(boolean(name, &value)?);
            }
            checks::ARGUMENT => self.checks = Some(value).filter(|value| !value.is_empty()),
            CONFIG_ARGUMENT => self.config_path = Some(value),
            TOOLCHAIN_ARGUMENT => self.toolchain = Some(value).filter(|value| !value.is_empty()),
            EXPLAIN_ARGUMENT => self.explain = Some(value).filter(|value| !value.is_empty()),
            "BUILDKIT_SANDBOX_HOSTNAME" => self.hostname = Some(value),
            _ if SILENT_ARGS.contains(&name) => {}
            _ => {
                self.build_args.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
