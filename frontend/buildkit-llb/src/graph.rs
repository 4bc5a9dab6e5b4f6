//! The graph: operations by digest, their metadata, and the definition that BuildKit takes.

use std::collections::{BTreeMap, HashMap};

use buildkit_proto::pb;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::exec::{Exec, Outputs};
use crate::file::File;
use crate::metadata::Metadata;
use crate::source::Source;

/// One output of one operation of a [`Graph`]. It means nothing in another graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    pub(crate) op: usize,
    pub(crate) output: usize,
}

/// A part of a file that an operation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRange {
    /// What [`Graph::source_file`] returned.
    pub file: usize,
    /// The first line and column, both from 1.
    pub start: (usize, usize),
    /// The last line and column, both from 1.
    pub end: (usize, usize),
}

/// Operations, each once, and what is said about them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) operations: Vec<Operation>,
    by_digest: HashMap<String, usize>,
    files: Vec<pb::SourceInfo>,
}

/// An operation as it is hashed.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub bytes: Vec<u8>,
    pub digest: String,
    pub inputs: Vec<usize>,
    pub metadata: Said,
}

/// Metadata of our own, or of the daemon's, which is passed on untouched.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Ours(Metadata),
    Daemons(Option<pb::OpMetadata>),
}

impl Graph {
    /// Returns an empty graph.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Adds a source; an equal one is the same node.
    pub fn source(&mut self, source: Source) -> Node {
        let (op, metadata) = source.into_op();
        Node {
            op: self.add(op, Vec::new(), metadata),
            output: 0,
        }
    }

    /// Adds an exec and returns its outputs; an equal one is the same node.
    pub fn exec(&mut self, exec: Exec) -> Outputs {
        let (op, inputs, metadata, destinations) = exec.into_op(self);
        let op = self.add(op, inputs, metadata);
        Outputs::new(op, destinations)
    }

    /// Adds file actions on top of `base` (an empty file system if there is none) and returns the result.
    pub fn file(&mut self, base: Option<Node>, file: File) -> Node {
        let (op, inputs, metadata) = file.into_op(self, base);
        Node {
            op: self.add(op, inputs, metadata),
            output: 0,
        }
    }

    /// Lays file systems over each other, the last one on top.
    pub fn merge(&mut self, layers: &[Node], name: impl Into<String>) -> Node {
        let mut inputs = Inputs::default();
        let merged = layers
            .iter()
            .map(|layer| pb::MergeInput {
                input: inputs.index(*layer),
            })
            .collect();
        let op = pb::op::Op::Merge(pb::MergeOp { inputs: merged });
        let metadata = Metadata {
            name: Some(name.into()),
            caps: vec!["mergeop"],
            ..Metadata::default()
        };
        let (op, inputs) = inputs.finish(self, op, None);
        Node {
            op: self.add(op, inputs, metadata),
            output: 0,
        }
    }

    /// Returns what `upper` has and `lower` (an empty file system if there is none) has not.
    pub fn diff(&mut self, lower: Option<Node>, upper: Node, name: impl Into<String>) -> Node {
        let mut inputs = Inputs::default();
        let lower = pb::LowerDiffInput {
            input: lower.map_or(-1, |lower| inputs.index(lower)),
        };
        let upper = pb::UpperDiffInput {
            input: inputs.index(upper),
        };
        let op = pb::op::Op::Diff(pb::DiffOp {
            lower: Some(lower),
            upper: Some(upper),
        });
        let metadata = Metadata {
            name: Some(name.into()),
            caps: vec!["diffop"],
            ..Metadata::default()
        };
        let (op, inputs) = inputs.finish(self, op, None);
        Node {
            op: self.add(op, inputs, metadata),
            output: 0,
        }
    }

    /// Registers the text of a file that [`SourceRange`]s refer to and returns its number.
    pub fn source_file(&mut self, name: &str, text: &[u8], language: &str) -> usize {
        self.files.push(pb::SourceInfo {
            filename: name.to_owned(),
            data: text.to_vec(),
            language: language.to_owned(),
            definition: None,
        });
        self.files.len() - 1
    }

    /// Returns the digest of the operation of `node` as BuildKit names the vertex, `sha256:…`.
    pub fn digest(&self, node: Node) -> String {
        self.operations[node.op].digest.clone()
    }

    /// Returns what BuildKit needs to solve `node`: the operations it depends on, inputs before their users,
    /// and the terminal operation that points to it (`client/llb/state.go`).
    pub fn definition(&self, node: Node) -> pb::Definition {
        let order = self.reachable(node);
        let mut definition = pb::Definition::default();
        let mut locations = BTreeMap::new();
        for index in order {
            let operation = &self.operations[index];
            definition.def.push(operation.bytes.clone());
            match &operation.metadata {
                Said::Ours(metadata) => {
                    definition
                        .metadata
                        .insert(operation.digest.clone(), metadata.to_proto());
                    if !metadata.ranges.is_empty() {
                        locations
                            .insert(operation.digest.clone(), self.locations(&metadata.ranges));
                    }
                }
                Said::Daemons(Some(metadata)) => {
                    definition
                        .metadata
                        .insert(operation.digest.clone(), metadata.clone());
                }
                Said::Daemons(None) => {}
            }
        }
        let terminal = pb::Op {
            inputs: vec![self.input(node)],
            ..pb::Op::default()
        }
        .encode_to_vec();
        let caps = ["constraints", "platform"]
            .map(|cap| (cap.to_owned(), true))
            .into();
        definition.metadata.insert(
            digest(&terminal),
            pb::OpMetadata {
                caps,
                ..pb::OpMetadata::default()
            },
        );
        definition.def.push(terminal);
        if !locations.is_empty() {
            definition.source = Some(pb::Source {
                locations,
                infos: self.files.clone(),
            });
        }
        definition
    }

    /// Returns the operations that `node` depends on and its own, inputs before their users.
    pub(crate) fn reachable(&self, node: Node) -> Vec<usize> {
        let mut order = Vec::new();
        let mut seen = vec![false; self.operations.len()];
        // The second visit of an operation comes after its inputs.
        let mut stack = vec![(node.op, false)];
        while let Some((index, inputs_done)) = stack.pop() {
            if inputs_done {
                order.push(index);
            } else if !std::mem::replace(&mut seen[index], true) {
                stack.push((index, true));
                stack.extend(
                    self.operations[index]
                        .inputs
                        .iter()
                        .rev()
                        .map(|input| (*input, false)),
                );
            }
        }
        order
    }

    fn locations(&self, ranges: &[SourceRange]) -> pb::Locations {
        let position = |(line, column): (usize, usize)| pb::Position {
            line: i32::try_from(line).unwrap_or(i32::MAX),
            character: i32::try_from(column.saturating_sub(1)).unwrap_or(i32::MAX),
        };
        let mut by_file: BTreeMap<usize, Vec<pb::Range>> = BTreeMap::new();
        for range in ranges.iter().filter(|range| range.file < self.files.len()) {
            by_file.entry(range.file).or_default().push(pb::Range {
                start: Some(position(range.start)),
                end: Some(position(range.end)),
            });
        }
        let locations = by_file
            .into_iter()
            .map(|(file, ranges)| pb::Location {
                source_index: i32::try_from(file).unwrap_or(i32::MAX),
                ranges,
            })
            .collect();
        pb::Locations { locations }
    }

    pub(crate) fn input(&self, node: Node) -> pb::Input {
        pb::Input {
            digest: self.digest(node),
            index: node.output as i64,
        }
    }

    /// Adds an operation with metadata of our own.
    fn add(&mut self, op: pb::Op, inputs: Vec<usize>, metadata: Metadata) -> usize {
        let bytes = op.encode_to_vec();
        self.add_bytes(bytes, inputs, Said::Ours(metadata))
    }

    pub(crate) fn add_bytes(&mut self, bytes: Vec<u8>, inputs: Vec<usize>, said: Said) -> usize {
        let digest = digest(&bytes);
        if let Some(&index) = self.by_digest.get(&digest) {
            if let (Said::Ours(present), Said::Ours(more)) =
                (&mut self.operations[index].metadata, said)
            {
                present.merge(more);
            }
            return index;
        }
        let index = self.operations.len();
        self.by_digest.insert(digest.clone(), index);
        self.operations.push(Operation {
            bytes,
            digest,
            inputs,
            metadata: said,
        });
        index
    }
}

/// The inputs of an operation under construction, each output once.
#[derive(Default)]
pub(crate) struct Inputs {
    nodes: Vec<Node>,
}

impl Inputs {
    /// Returns the number of `node` among the inputs.
    pub fn index(&mut self, node: Node) -> i64 {
        let index = self
            .nodes
            .iter()
            .position(|present| *present == node)
            .unwrap_or_else(|| {
                self.nodes.push(node);
                self.nodes.len() - 1
            });
        index as i64
    }

    /// Returns the number of inputs so far.
    pub fn len(&self) -> i64 {
        self.nodes.len() as i64
    }

    /// Makes the operation. Constraints are written though they are empty, as Go's client does, so that
    /// the daemon, which decodes and encodes again, computes the same digest.
    pub fn finish(
        self,
        graph: &Graph,
        op: pb::op::Op,
        platform: Option<pb::Platform>,
    ) -> (pb::Op, Vec<usize>) {
        let op = pb::Op {
            inputs: self.nodes.iter().map(|node| graph.input(*node)).collect(),
            op: Some(op),
            platform,
            constraints: Some(pb::WorkerConstraints::default()),
        };
        (op, self.nodes.iter().map(|node| node.op).collect())
    }
}

/// Returns `sha256:` and the hexadecimal digits of the hash of `bytes`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string does not fail");
            text
        })
}
