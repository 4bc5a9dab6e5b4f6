//! A graph as text, for people and for snapshots.
//!
//! Operations are numbered in the order in which they are marshalled, so that a digest that changes does not change
//! every line below it. Everything that is in an operation is shown, but for the values of proxies, which
//! may hold passwords; long data is shown by its digest.

mod exec;
mod file;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use buildkit_proto::pb;
use prost::Message as _;

use crate::encoding::digest;
use crate::graph::{Graph, Node};
use crate::metadata::CUSTOM_NAME;
use crate::platform::Platform;

/// Data of up to this many bytes is shown, longer data by its digest.
const SHOWN_BYTES: usize = 1000;

impl Graph {
    /// Returns the definition of `node` as text; see [`definition_text`].
    ///
    /// # Panics
    /// If the node is one of another, larger graph.
    pub fn text(&self, node: Node) -> String {
        definition_text(&self.definition(node))
    }
}

/// Returns a definition as text: the operations, numbered in their order, with everything that is in their keys
/// and what is said about them; the result; and the capabilities that the daemon must have.
///
/// What does not decode is said to be so.
pub fn definition_text(definition: &pb::Definition) -> String {
    let mut text = Text {
        lines: String::new(),
        numbers: HashMap::new(),
    };
    let mut caps = BTreeSet::new();
    for (index, bytes) in definition.def.iter().enumerate() {
        let digest = digest(bytes);
        let metadata = definition.metadata.get(&digest);
        caps.extend(
            metadata
                .iter()
                .flat_map(|metadata| &metadata.caps)
                .filter(|(_, needed)| **needed),
        );
        let op = pb::Op::decode(bytes.as_slice());
        if let Ok(pb::Op {
            inputs, op: None, ..
        }) = &op
            && index + 1 == definition.def.len()
        {
            text.result(inputs);
            break;
        }
        let name = metadata.and_then(|metadata| metadata.description.get(CUSTOM_NAME));
        let name = name
            .map(|name| format!(" {}", name.replace('\n', "\\n")))
            .unwrap_or_default();
        text.line(0, &format!("o{}{name}", index + 1));
        match &op {
            Ok(op) => text.op(op, bytes.len()),
            Err(error) => text.line(1, &format!("does not decode: {error}")),
        }
        if let Some(metadata) = metadata {
            text.metadata(metadata);
        }
        if let Some(source) = &definition.source
            && let Some(locations) = source.locations.get(&digest)
        {
            text.locations(locations, &source.infos);
        }
        text.numbers.insert(digest, index + 1);
    }
    text.line(0, "needs");
    for (cap, _) in caps {
        text.line(1, cap);
    }
    text.lines
}

/// Text under construction.
struct Text {
    lines: String,
    /// The numbers of the operations so far, by digest.
    numbers: HashMap<String, usize>,
}

impl Text {
    /// Adds a line at a depth of indentation.
    fn line(&mut self, depth: usize, line: &str) {
        let indent = 2 * depth;
        let _ = writeln!(self.lines, "{:indent$}{line}", "");
    }

    fn result(&mut self, inputs: &[pb::Input]) {
        let inputs = self.inputs(inputs);
        self.line(0, &format!("result {inputs}"));
    }

    /// Returns `o1`, or `o1 output 2`.
    fn input(&self, input: &pb::Input) -> String {
        let op = self
            .numbers
            .get(&input.digest)
            .map_or("o?".to_owned(), |number| format!("o{number}"));
        if input.index == 0 {
            op
        } else {
            format!("{op} output {}", input.index)
        }
    }

    fn inputs(&self, inputs: &[pb::Input]) -> String {
        let inputs: Vec<String> = inputs.iter().map(|input| self.input(input)).collect();
        if inputs.is_empty() {
            "nothing".to_owned()
        } else {
            inputs.join(", ")
        }
    }

    /// Returns the input of `op` with this number.
    fn numbered_input(&self, op: &pb::Op, index: i64) -> String {
        match usize::try_from(index).map(|index| op.inputs.get(index)) {
            Ok(Some(input)) => self.input(input),
            Ok(None) => format!("input {index}, which it does not have"),
            Err(_) => "scratch".to_owned(),
        }
    }

    fn op(&mut self, op: &pb::Op, bytes: usize) {
        match &op.op {
            Some(pb::op::Op::Source(source)) => self.source(source),
            Some(pb::op::Op::Exec(exec)) => self.exec(op, exec),
            Some(pb::op::Op::File(file)) => self.file(op, file),
            Some(pb::op::Op::Merge(merge)) => {
                let layers = merge
                    .inputs
                    .iter()
                    .map(|layer| self.numbered_input(op, layer.input));
                let layers: Vec<String> = layers.collect();
                self.line(1, &format!("merge {}", layers.join(", ")));
            }
            Some(pb::op::Op::Diff(diff)) => {
                let lower = self.numbered_input(op, diff.lower.map_or(-1, |lower| lower.input));
                let upper = self.numbered_input(op, diff.upper.map_or(-1, |upper| upper.input));
                self.line(1, &format!("diff from {lower} to {upper}"));
            }
            None => {
                let inputs = self.inputs(&op.inputs);
                self.line(1, &format!("unknown operation ({bytes} bytes) on {inputs}"));
            }
        }
        if let Some(platform) = &op.platform {
            self.line(1, &format!("platform {}", Platform::from_proto(platform)));
        }
        for filter in op
            .constraints
            .iter()
            .flat_map(|constraints| &constraints.filter)
        {
            self.line(1, &format!("worker {filter}"));
        }
    }

    fn source(&mut self, source: &pb::SourceOp) {
        self.line(1, &format!("source {}", source.identifier));
        for (name, value) in &source.attrs {
            let is_plain = value.len() <= SHOWN_BYTES && !value.contains(char::is_control);
            let value = if is_plain {
                value.clone()
            } else {
                shown(value.as_bytes())
            };
            self.line(2, &format!("{name} = {value}"));
        }
    }

    fn metadata(&mut self, metadata: &pb::OpMetadata) {
        if metadata.ignore_cache {
            self.line(1, "ignore cache");
        }
        if let Some(export) = metadata.export_cache {
            self.line(
                1,
                if export.value {
                    "export cache"
                } else {
                    "do not export cache"
                },
            );
        }
        if let Some(group) = &metadata.progress_group {
            let weak = if group.weak { ", weak" } else { "" };
            self.line(1, &format!("shown in {} ({}{weak})", group.name, group.id));
        }
        for (name, value) in metadata
            .description
            .iter()
            .filter(|(name, _)| *name != CUSTOM_NAME)
        {
            self.line(1, &format!("{name}: {}", shown(value.as_bytes())));
        }
    }

    fn locations(&mut self, locations: &pb::Locations, files: &[pb::SourceInfo]) {
        let position = |position: Option<pb::Position>| {
            let pb::Position { line, character } = position.unwrap_or_default();
            format!("{line}:{}", character.saturating_add(1))
        };
        for location in &locations.locations {
            let file = usize::try_from(location.source_index)
                .ok()
                .and_then(|index| files.get(index));
            let file = file.map_or("unknown file", |file| file.filename.as_str());
            for range in &location.ranges {
                let (start, end) = (position(range.start), position(range.end));
                self.line(1, &format!("at {file} {start} to {end}"));
            }
        }
    }
}

/// Returns a value in quotes, or its digest if it is long or no text.
fn shown(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if value.len() <= SHOWN_BYTES => format!("{text:?}"),
        _ => format!("{} ({} bytes)", digest(value), value.len()),
    }
}
