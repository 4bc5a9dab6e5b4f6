//! What is said about an operation without being part of it.

use buildkit_proto::pb;

use crate::location::Place;

/// The description key whose value is the name of the step that people see.
pub(crate) const CUSTOM_NAME: &str = "llb.customname";

/// Metadata of one operation: of our own, as collected by a builder, or of the daemon's.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Metadata {
    pub message: pb::OpMetadata,
    pub places: Vec<Place>,
}

/// Operations that are shown as one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressGroup {
    id: String,
    name: String,
    weak: bool,
}

impl ProgressGroup {
    /// A group by its id, which must differ from those of other groups on the daemon, and the name that is shown.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> ProgressGroup {
        ProgressGroup {
            id: id.into(),
            name: name.into(),
            weak: false,
        }
    }

    /// Has an operation that is also in another group shown in that one.
    pub fn weak(mut self) -> ProgressGroup {
        self.weak = true;
        self
    }
}

impl Metadata {
    /// Metadata of an operation that needs the capability `cap`.
    pub fn with_cap(cap: &str) -> Metadata {
        let mut metadata = Metadata::default();
        metadata.cap(cap);
        metadata
    }

    /// Says that the daemon must have the capability `cap`, a name of BuildKit's `solver/pb/caps.go`.
    pub fn cap(&mut self, cap: &str) {
        self.message.caps.insert(cap.to_owned(), true);
    }

    pub fn name(&mut self, name: String) {
        self.message
            .description
            .insert(CUSTOM_NAME.to_owned(), name);
    }

    pub fn progress_group(&mut self, group: ProgressGroup) {
        let ProgressGroup { id, name, weak } = group;
        self.message.progress_group = Some(pb::ProgressGroup { id, name, weak });
    }

    /// Adds what a second mention of the same operation says. The rule is told at [`crate::Graph`].
    pub fn merge(&mut self, other: Metadata) {
        let Metadata { message, places } = other;
        self.message.ignore_cache |= message.ignore_cache;
        for (name, value) in message.description {
            self.message.description.entry(name).or_insert(value);
        }
        for (cap, needed) in message.caps {
            *self.message.caps.entry(cap).or_default() |= needed;
        }
        self.message.export_cache = self.message.export_cache.or(message.export_cache);
        self.message.progress_group = self
            .message
            .progress_group
            .take()
            .or(message.progress_group);
        self.message.linux_resources = self
            .message
            .linux_resources
            .take()
            .or(message.linux_resources);
        for place in places {
            if !self.places.contains(&place) {
                self.places.push(place);
            }
        }
    }
}

/// Gives a builder the methods for metadata; the argument is the path to its [`Metadata`].
macro_rules! metadata_methods {
    ($($metadata:ident).+) => {
        /// Names the step, as people see it. Not in the cache key.
        pub fn name(mut self, name: impl Into<String>) -> Self {
            self.$($metadata).+.name(name.into());
            self
        }

        /// Has the operation run even if its result is cached; the new result is stored under the same key.
        ///
        /// Never on an exec with a cache mount that must keep its content: BuildKit empties the mount when it
        /// loads the definition (`detectPrunedCacheID` in `solver/llbsolver/vertex.go`).
        pub fn ignore_cache(mut self) -> Self {
            self.$($metadata).+.message.ignore_cache = true;
            self
        }

        /// Has the operation shown as part of a group. Not in the cache key.
        pub fn progress_group(mut self, group: $crate::ProgressGroup) -> Self {
            self.$($metadata).+.progress_group(group);
            self
        }

        /// Says which lines the operation comes from: if it fails, the client shows them. Not in the cache key.
        pub fn at(mut self, ranges: impl IntoIterator<Item = $crate::SourceRange>) -> Self {
            self.$($metadata).+.places.extend(ranges.into_iter().map(Into::into));
            self
        }
    };
}
pub(crate) use metadata_methods;
