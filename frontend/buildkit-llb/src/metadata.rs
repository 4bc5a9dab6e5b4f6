//! What is said about an operation without being part of it.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use crate::graph::SourceRange;

/// The description key whose value is the name of the step (`llb.customname`).
const CUSTOM_NAME: &str = "llb.customname";

/// Metadata of one operation, as collected by a builder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub name: Option<String>,
    pub ignore_cache: bool,
    pub ranges: Vec<SourceRange>,
    /// Capabilities that the daemon must have for the operation.
    pub caps: Vec<&'static str>,
}

impl Metadata {
    /// Returns BuildKit's form of it, without the ranges, which have a place of their own.
    pub fn to_proto(&self) -> pb::OpMetadata {
        let mut caps: BTreeMap<String, bool> = self
            .caps
            .iter()
            .map(|cap| ((*cap).to_owned(), true))
            .collect();
        let mut description = BTreeMap::new();
        if let Some(name) = &self.name {
            description.insert(CUSTOM_NAME.to_owned(), name.clone());
            caps.insert("meta.description".to_owned(), true);
        }
        if self.ignore_cache {
            caps.insert("meta.ignorecache".to_owned(), true);
        }
        pb::OpMetadata {
            ignore_cache: self.ignore_cache,
            description,
            caps,
            ..pb::OpMetadata::default()
        }
    }

    /// Adds what a second mention of the same operation says: the first name stays, what must not come
    /// from the cache stays so, and all places are kept.
    pub fn merge(&mut self, other: Metadata) {
        self.name = self.name.take().or(other.name);
        self.ignore_cache |= other.ignore_cache;
        for range in other.ranges {
            if !self.ranges.contains(&range) {
                self.ranges.push(range);
            }
        }
        for cap in other.caps {
            if !self.caps.contains(&cap) {
                self.caps.push(cap);
            }
        }
    }
}

/// Gives a builder the methods for metadata.
macro_rules! metadata_methods {
    () => {
        /// Names the step, as people see it. Not in the cache key.
        pub fn name(mut self, name: impl Into<String>) -> Self {
            self.metadata.name = Some(name.into());
            self
        }

        /// Has the operation run even if its result is cached; the new result is stored under the same key.
        ///
        /// Never on an exec with a cache mount: BuildKit empties the mount then.
        pub fn ignore_cache(mut self) -> Self {
            self.metadata.ignore_cache = true;
            self
        }

        /// Says which lines the operation comes from: if it fails, the client shows them.
        pub fn at(mut self, ranges: impl IntoIterator<Item = $crate::SourceRange>) -> Self {
            self.metadata.ranges.extend(ranges);
            self
        }
    };
}
pub(crate) use metadata_methods;
