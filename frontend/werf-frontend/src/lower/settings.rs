//! What the client asked for that concerns the graph.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Exec, Mount, Network, Platform};
use buildkit_proto::pb;
use stapel_sync::for_commit;
use werf_config::ImageName;
use werf_plan::stage::StageKind;

use super::store::StoreMount;

/// What the client asked for that concerns the graph and the image.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The platform to build for.
    pub platform: Platform,
    /// Whether the same build is for other platforms, too, so that the names of steps have to say it.
    pub is_one_of_several: bool,
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
    /// `--memory`, `--cpu-shares` and the like, if the daemon knows them.
    pub resources: Option<pb::LinuxResources>,
    /// The host name inside of stages.
    pub hostname: Option<String>,
    /// Proxy settings by their lower-case name without `_proxy`; not in any key.
    pub proxy: BTreeMap<String, String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// The stages that must run even if they are cached.
    pub no_cache: BTreeSet<(ImageName, StageKind)>,
    /// `SOURCE_DATE_EPOCH` in seconds.
    pub source_date_epoch: Option<i64>,
    /// Which stages are built once more, or have been.
    pub attempts: Attempts,
    /// The session of the client, which has its directories.
    pub session: String,
    /// `--build-context`: names, and where they lead.
    pub contexts: BTreeMap<String, String>,
    /// Which STORE stages mount, and how.
    pub store: StoreMount,
    /// The image whose last stage is made beside it, where the daemon can do that.
    pub linked: Option<ImageName>,
    /// The name of the ansible tool chain in STORE; empty if nothing needs one. It is in no key.
    pub toolchain: String,
    /// The commit whose files a stage must get, where STORE may have those of another: that of a plan from the cache. Empty if PLAN has run in
    /// this build. It is in no key.
    pub for_commit: String,
}

/// How often stages were built because STORE lacked something.
///
/// BuildKit remembers failures for as long as a build takes, by their keys. So another attempt has another key, by a variable in its
/// environment; builds that come later have to give the same to find what was made then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// The failures in this build.
    pub misses: BTreeMap<ImageName, Vec<StageKind>>,
    /// Stages by their digests, of which an earlier build has made so many attempts.
    pub earlier: BTreeMap<String, u32>,
}

impl Attempts {
    /// Returns the same for a platform that nothing has failed for.
    pub fn without_misses(&self) -> Attempts {
        Attempts {
            misses: BTreeMap::new(),
            earlier: self.earlier.clone(),
        }
    }

    /// Returns which attempt the stage with this digest is built in; the first is 1.
    pub fn of(&self, image: &ImageName, kind: StageKind, digest: &str) -> u32 {
        let earlier = self.earlier.get(digest).copied().unwrap_or(1);
        let misses = self.misses.get(image).into_iter().flatten();
        earlier + misses.filter(|missed| **missed == kind).count() as u32
    }
}

impl Settings {
    /// Returns `[step]`, or `[linux/amd64 step]` if the build is for several platforms.
    pub fn bracketed(&self, step: &str) -> String {
        if self.is_one_of_several {
            format!("[{} {step}]", self.platform)
        } else {
            format!("[{step}]")
        }
    }

    /// Applies what the client asked for all containers of the build.
    pub(super) fn apply(&self, mut exec: Exec) -> Exec {
        for (name, address) in &self.extra_hosts {
            exec = exec.extra_host(name, address);
        }
        for (name, soft, hard) in &self.ulimits {
            exec = exec.ulimit(name, *soft, *hard);
        }
        if let Some(parent) = &self.cgroup_parent {
            exec = exec.cgroup_parent(parent);
        }
        if let Some(resources) = &self.resources {
            exec = exec.linux_resources(resources.clone());
        }
        if let Some(hostname) = &self.hostname {
            exec = exec.hostname(hostname);
        }
        if let Some(bytes) = self.shm_size {
            exec = exec.mount(Mount::tmpfs("/dev/shm").size(bytes));
        }
        for (kind, value) in &self.proxy {
            exec = exec.proxy(kind, value);
        }
        exec
    }

    /// Has the exec of a stage miss what STORE has of another commit than the one that is built.
    pub(super) fn of_commit(&self, exec: Exec) -> Exec {
        if self.for_commit.is_empty() {
            return exec;
        }
        let own = self.proxy.get("ftp").map_or("", String::as_str);
        exec.proxy("ftp", &for_commit(&self.for_commit, own))
    }
}
