//! Where an operation comes from in the user's files.

use buildkit_proto::pb;

/// A part of a file that an operation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRange {
    /// What [`Graph::source_file`](crate::Graph::source_file) returned.
    pub file: usize,
    /// The first line and column, both from 1.
    pub start: (usize, usize),
    /// The last line and column, both from 1.
    pub end: (usize, usize),
}

/// The same in BuildKit's terms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// The number of the file in the graph.
    pub file: usize,
    /// Lines from 1, characters from 0.
    pub range: pb::Range,
}

impl From<SourceRange> for Place {
    fn from(range: SourceRange) -> Place {
        let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let position = |(line, column): (usize, usize)| pb::Position {
            line: number(line),
            character: number(column.saturating_sub(1)),
        };
        let SourceRange { file, start, end } = range;
        let range = pb::Range {
            start: Some(position(start)),
            end: Some(position(end)),
        };
        Place { file, range }
    }
}

/// Collects the places of the operations of one definition (`client/llb/sourcemap.go`).
pub(crate) struct SourceMap<'a> {
    files: &'a [pb::SourceInfo],
    /// The numbers, in the graph, of the files that are referred to.
    used: Vec<usize>,
    source: pb::Source,
}

impl<'a> SourceMap<'a> {
    /// Starts with no place in any of `files`.
    pub fn new(files: &'a [pb::SourceInfo]) -> SourceMap<'a> {
        SourceMap {
            files,
            used: Vec::new(),
            source: pb::Source::default(),
        }
    }

    /// Adds the places of the operation with `digest`; those in files that the graph does not have are left
    /// out, since the daemon refuses them.
    pub fn add(&mut self, digest: &str, places: &[Place]) {
        let mut locations: Vec<pb::Location> = Vec::new();
        for place in places {
            let Some(info) = self.files.get(place.file) else {
                continue;
            };
            let index = self
                .used
                .iter()
                .position(|used| *used == place.file)
                .unwrap_or_else(|| {
                    self.used.push(place.file);
                    self.source.infos.push(info.clone());
                    self.used.len() - 1
                });
            let source_index = i32::try_from(index).unwrap_or(i32::MAX);
            match locations
                .iter_mut()
                .find(|location| location.source_index == source_index)
            {
                Some(location) => location.ranges.push(place.range),
                None => locations.push(pb::Location {
                    source_index,
                    ranges: vec![place.range],
                }),
            }
        }
        if !locations.is_empty() {
            self.source
                .locations
                .insert(digest.to_owned(), pb::Locations { locations });
        }
    }

    /// Returns BuildKit's message, if there is any place.
    pub fn finish(self) -> Option<pb::Source> {
        (!self.source.locations.is_empty()).then_some(self.source)
    }
}
