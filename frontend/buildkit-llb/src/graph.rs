//! The graph: operations by digest, and what is said about them.

use std::collections::HashMap;

use buildkit_proto::pb;
use prost::Message as _;

use crate::encoding::{digest, encode, encode_by_numbers};
use crate::exec::{Exec, Outputs};
use crate::file::File;
use crate::merge::{Diff, Merge};
use crate::metadata::Metadata;
use crate::source::Source;

/// One output of one operation of a [`Graph`]. It means nothing in another graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    pub(crate) op: usize,
    pub(crate) output: usize,
}

/// Operations, each once, and what is said about them.
///
/// An operation that is added again, built or imported, is the same node, and what is said about it adds up: it
/// ignores the cache if any mention does, has the capabilities and places of all mentions, and keeps the first name
/// (in general the first value of each key of its description), the first progress group and the first limits.
/// So a later mention can add to an earlier one but not change it, and the order of mentions with
/// different names is the only one that shows.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) operations: Vec<Operation>,
    by_digest: HashMap<String, usize>,
    pub(crate) files: Vec<pb::SourceInfo>,
}

/// An operation as it is hashed.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub bytes: Vec<u8>,
    pub digest: String,
    /// The operations it depends on, in the order of its inputs.
    pub inputs: Vec<usize>,
    pub metadata: Metadata,
}

/// An operation as a builder makes it.
pub(crate) struct Built {
    pub op: pb::Op,
    pub inputs: Vec<usize>,
    pub metadata: Metadata,
}

impl Graph {
    /// Returns an empty graph.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Adds a source and returns its file system.
    pub fn source(&mut self, source: impl Into<Source>) -> Node {
        let built = source.into().build();
        self.add_first_output(built)
    }

    /// Adds a source in the encoding of daemons before 0.17.2, which name a vertex by the bytes that they get: to these it is the
    /// operation that they have made themselves, and is not run again.
    pub fn source_of_old_daemon(&mut self, source: impl Into<Source>) -> Node {
        let built = source.into().build();
        let bytes = encode_by_numbers(&built.op);
        Node {
            op: self.add_bytes(bytes, built.inputs, built.metadata),
            output: 0,
        }
    }

    /// Adds an exec and returns its outputs.
    pub fn exec(&mut self, exec: Exec) -> Outputs {
        let (built, outputs) = exec.build(self);
        outputs.of(self.add(built))
    }

    /// Adds file actions on top of `base` (an empty file system if there is none) and returns the result.
    ///
    /// BuildKit refuses a chain without actions.
    pub fn file(&mut self, base: Option<Node>, file: File) -> Node {
        let built = file.build(self, base);
        self.add_first_output(built)
    }

    /// Adds a merge and returns its file system.
    pub fn merge(&mut self, merge: Merge) -> Node {
        let built = merge.build(self);
        self.add_first_output(built)
    }

    /// Adds a difference and returns its file system.
    pub fn diff(&mut self, diff: Diff) -> Node {
        let built = diff.build(self);
        self.add_first_output(built)
    }

    /// Registers the text of a file that [`SourceRange`](crate::SourceRange)s refer to and returns its number.
    ///
    /// `language` is a name of GitHub's linguist, such as `YAML`. An equal file is the same number.
    pub fn source_file(&mut self, name: &str, text: &[u8], language: &str) -> usize {
        self.add_file(pb::SourceInfo {
            filename: name.to_owned(),
            data: text.to_vec(),
            language: language.to_owned(),
            definition: None,
        })
    }

    /// Returns the digest of the operation of `node`, which is BuildKit's name for the vertex, `sha256:…`.
    pub fn digest(&self, node: Node) -> String {
        self.operations[node.op].digest.clone()
    }

    /// Has the operation of `node` run although there is a result of it. What depends on it by its definition runs then, too, and the
    /// results take the place of those that are cached.
    pub fn ignore_cache(&mut self, node: Node) {
        let operation = &mut self.operations[node.op];
        operation.metadata.message.ignore_cache = true;
    }

    /// Whether `node` is what a client sends of a directory ([`Source::local`]).
    pub fn is_local(&self, node: Node) -> bool {
        let op = pb::Op::decode(&*self.operations[node.op].bytes);
        match op.ok().and_then(|op| op.op) {
            Some(pb::op::Op::Source(source)) => source.identifier.starts_with("local://"),
            _ => false,
        }
    }

    /// Whether the operation of `node`, or one that it depends on, is marked to [ignore the cache](File::ignore_cache).
    ///
    /// BuildKit since 0.32 tells what depends on an executed operation the usual keys of its result, unless that operation is
    /// itself marked (`processExecReq` in `solver/edge.go`). So whatever depends on a marked one has to be marked, or to
    /// have a marked input: otherwise it is found in the cache as what was made of the old result.
    pub fn ignores_cache(&self, node: Node) -> bool {
        let mut seen = vec![false; self.operations.len()];
        let mut left = vec![node.op];
        while let Some(op) = left.pop() {
            if std::mem::replace(&mut seen[op], true) {
                continue;
            }
            let operation = &self.operations[op];
            if operation.metadata.message.ignore_cache {
                return true;
            }
            left.extend(&operation.inputs);
        }
        false
    }

    /// Returns the operations which [`Graph::ignores_cache`] and are neither marked nor have a marked input, by their
    /// digests. BuildKit since 0.32 may find these in the cache though what they depend on is made anew.
    pub fn outlive_ignored_cache(&self) -> Vec<&str> {
        let is_marked = |op: usize| self.operations[op].metadata.message.ignore_cache;
        let is_forced = |op: &usize| {
            let inputs = &self.operations[*op].inputs;
            is_marked(*op) || inputs.iter().any(|input| is_marked(*input))
        };
        let operations = 0..self.operations.len();
        operations
            .filter(|op| self.ignores_cache(Node { op: *op, output: 0 }) && !is_forced(op))
            .map(|op| self.operations[op].digest.as_str())
            .collect()
    }

    pub(crate) fn add_file(&mut self, file: pb::SourceInfo) -> usize {
        self.files
            .iter()
            .position(|present| *present == file)
            .unwrap_or_else(|| {
                self.files.push(file);
                self.files.len() - 1
            })
    }

    /// Returns how another operation refers to `node`.
    pub(crate) fn input(&self, node: Node) -> pb::Input {
        pb::Input {
            digest: self.digest(node),
            index: node.output as i64,
        }
    }

    fn add(&mut self, built: Built) -> usize {
        self.add_bytes(encode(built.op), built.inputs, built.metadata)
    }

    fn add_first_output(&mut self, built: Built) -> Node {
        Node {
            op: self.add(built),
            output: 0,
        }
    }

    /// Adds an operation by its bytes; `inputs` are the operations that they refer to.
    pub(crate) fn add_bytes(
        &mut self,
        bytes: Vec<u8>,
        inputs: Vec<usize>,
        metadata: Metadata,
    ) -> usize {
        let digest = digest(&bytes);
        if let Some(&index) = self.by_digest.get(&digest) {
            self.operations[index].metadata.merge(metadata);
            return index;
        }
        let index = self.operations.len();
        self.by_digest.insert(digest.clone(), index);
        self.operations.push(Operation {
            bytes,
            digest,
            inputs,
            metadata,
        });
        index
    }
}

/// The inputs of an operation under construction.
#[derive(Default)]
pub(crate) struct Inputs {
    nodes: Vec<Node>,
}

impl Inputs {
    /// Returns the number of `node` among the inputs, where it is once.
    pub fn share(&mut self, node: Node) -> i64 {
        match self.nodes.iter().position(|present| *present == node) {
            Some(index) => index as i64,
            None => self.append(node),
        }
    }

    /// Adds `node` to the inputs even if it is there, and returns its number.
    pub fn append(&mut self, node: Node) -> i64 {
        self.nodes.push(node);
        self.len() - 1
    }

    /// Returns the number of inputs so far.
    pub fn len(&self) -> i64 {
        self.nodes.len() as i64
    }

    /// Makes the operation. Constraints are written though they are empty, as Go's client does.
    pub fn build(
        self,
        graph: &Graph,
        op: pb::op::Op,
        platform: Option<pb::Platform>,
        metadata: Metadata,
    ) -> Built {
        let op = pb::Op {
            inputs: self.nodes.iter().map(|node| graph.input(*node)).collect(),
            op: Some(op),
            platform,
            constraints: Some(pb::WorkerConstraints::default()),
        };
        Built {
            op,
            inputs: self.nodes.iter().map(|node| node.op).collect(),
            metadata,
        }
    }
}
