//! What a client allows the containers of a build to use: `--memory`, `--cpu-shares` and the like, which came with BuildKit 0.31.
//! None of it is in a cache key.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use super::bridge::Daemon;
use super::request::BadOption;

/// What a daemon has that knows them.
const CAPABILITY: &str = "exec.meta.linux.resources";

/// The options, as they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    given: BTreeMap<String, String>,
    limits: pb::LinuxResources,
}

impl Resources {
    /// Takes the option `key` (`frontend/dockerui/attr.go`). Returns whether it is one of these.
    ///
    /// # Errors
    /// A value that is no number where one is needed.
    pub(super) fn take(&mut self, key: &str, value: &str) -> Result<bool, BadOption> {
        let wrong = || BadOption(format!("`--{key}` is a number, not `{value}`"));
        let limits = &mut self.limits;
        match key {
            "memory" => limits.memory = value.parse().map_err(|_| wrong())?,
            "memswap" => limits.memory_swap = value.parse().map_err(|_| wrong())?,
            "cpushares" => limits.cpu_shares = value.parse().map_err(|_| wrong())?,
            "cpuperiod" => limits.cpu_period = value.parse().map_err(|_| wrong())?,
            "cpuquota" => limits.cpu_quota = value.parse().map_err(|_| wrong())?,
            "cpusetcpus" => value.clone_into(&mut limits.cpuset_cpus),
            "cpusetmems" => value.clone_into(&mut limits.cpuset_mems),
            _ => return Ok(false),
        }
        self.given.insert(key.to_owned(), value.to_owned());
        Ok(true)
    }

    /// Returns the options by their keys, for another frontend.
    pub(super) fn options(&self) -> impl Iterator<Item = (&String, &String)> {
        self.given.iter()
    }

    /// Returns the options as people give them, if `daemon` does not know them.
    pub(super) fn unknown_to<'a>(
        &'a self,
        daemon: &Daemon,
    ) -> impl Iterator<Item = String> + use<'a> {
        let is_known = daemon.can(CAPABILITY);
        let given = self.given.iter().filter(move |_| !is_known);
        given.map(|(key, value)| format!("--{key} {value}"))
    }

    /// Returns the limits, if there are some and `daemon` knows them.
    pub(super) fn limits(&self, daemon: &Daemon) -> Option<pb::LinuxResources> {
        let are_given = !self.given.is_empty();
        (are_given && daemon.can(CAPABILITY)).then(|| self.limits.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_for_daemons_that_know_them() {
        let mut resources = Resources::default();
        for (key, value) in [
            ("memory", "1073741824"),
            ("memswap", "-1"),
            ("cpushares", "512"),
            ("cpusetcpus", "0-1"),
        ] {
            assert_eq!(resources.take(key, value), Ok(true), "{key}");
        }
        assert_eq!(resources.take("shm-size", "1"), Ok(false));
        let old = Daemon::default();
        assert_eq!(resources.limits(&old), None);
        let unknown: Vec<String> = resources.unknown_to(&old).collect();
        assert_eq!(unknown.len(), 4);
        assert!(
            unknown.contains(&"--memory 1073741824".to_owned()),
            "{unknown:?}"
        );
        let new = Daemon {
            capabilities: vec![CAPABILITY.to_owned()],
            ..Daemon::default()
        };
        assert_eq!(resources.unknown_to(&new).count(), 0);
        let limits = resources.limits(&new).expect("limits");
        assert_eq!((limits.memory, limits.memory_swap), (1 << 30, -1));
        assert_eq!(
            (limits.cpu_shares, limits.cpuset_cpus.as_str()),
            (512, "0-1")
        );
        assert_eq!(Resources::default().limits(&new), None);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let error = Resources::default()
            .take("memory", "much")
            .expect_err("a mistake");
        assert_eq!(error.0, "`--memory` is a number, not `much`");
    }
}
