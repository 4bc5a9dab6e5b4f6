//! Paths that a build container mounts or that are ours: nothing written there reaches a layer.

use std::collections::BTreeMap;

use crate::state::STATE_PATH;

/// The paths; whatever is below one is meant too.
///
/// BuildKit binds `/etc/hosts` and `/etc/resolv.conf` over the image's own, gives every container
/// the three file systems, and has the tools of a stage under `/.werf`.
const GUARDED: [&str; 7] = [
    STATE_PATH,
    "/.werf",
    "/dev",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/proc",
    "/sys",
];

/// The guarded paths that matter below one base.
pub(crate) struct Guard {
    /// Each with its path below the base; an empty one is the base with all that it holds.
    below: Vec<(&'static str, Vec<u8>)>,
}

impl Guard {
    /// Picks those for a base, whose path is without links; the root's is empty.
    pub(crate) fn of(base: &[u8]) -> Guard {
        let below = GUARDED.into_iter().filter_map(|guarded| {
            let path = guarded.as_bytes();
            let rest = strip(path, base).or_else(|| strip(base, path).map(|_| &b""[..]))?;
            Some((guarded, rest.to_vec()))
        });
        Guard {
            below: below.collect(),
        }
    }

    /// Returns the guarded path that a path below the base lies at or below.
    pub(crate) fn covers(&self, path: &[u8]) -> Option<&'static str> {
        let covering = self
            .below
            .iter()
            .find(|(_, guarded)| strip(path, guarded).is_some());
        covering.map(|&(guarded, _)| guarded)
    }
}

/// Guarded paths that a commit has something for, and how many files.
#[derive(Default)]
pub(crate) struct Skipped(BTreeMap<&'static str, usize>);

impl Skipped {
    pub(crate) fn directory(&mut self, guarded: &'static str) {
        self.0.entry(guarded).or_default();
    }

    pub(crate) fn file(&mut self, guarded: &'static str) {
        *self.0.entry(guarded).or_default() += 1;
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let warning = |(guarded, count): (&&str, &usize)| {
            let files = if *count == 1 {
                "1 file".into()
            } else {
                format!("{count} files")
            };
            format!(
                "skipped {files} at `{guarded}`: what the build container has there is not part of the image"
            )
        };
        self.0.iter().map(warning).collect()
    }
}

/// Returns what of `path` is below `outer`; empty if they are the same.
fn strip<'p>(path: &'p [u8], outer: &[u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(outer)?;
    match rest.first() {
        None => Some(rest),
        Some(b'/') => Some(&rest[1..]),
        Some(_) => outer.is_empty().then_some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_known_from_every_base() {
        for (base, path, guarded) in [
            ("", "etc/hosts", Some("/etc/hosts")),
            ("", "etc/hosts/x", Some("/etc/hosts")),
            ("", "etc/hosts.allow", None),
            ("", "etc", None),
            ("", "dev", Some("/dev")),
            ("", "dev/null", Some("/dev")),
            ("", "developer", None),
            ("", ".werf-git-state", Some(STATE_PATH)),
            ("", ".werf/stapel/bin/bash", Some("/.werf")),
            ("/etc", "resolv.conf", Some("/etc/resolv.conf")),
            ("/etc", "hostname", None),
            ("/dev/shm", "x", Some("/dev")),
            ("/dev", "", Some("/dev")),
            ("/app", "dev/x", None),
            ("/app", "", None),
        ] {
            assert_eq!(
                Guard::of(base.as_bytes()).covers(path.as_bytes()),
                guarded,
                "{base} {path}"
            );
        }
    }
}
