//! File systems over and without each other.

use buildkit_proto::pb;

use crate::graph::{Built, Graph, Inputs, Node};
use crate::metadata::{Metadata, metadata_methods};

/// File systems laid over each other (`solver/pb/ops.proto` MergeOp, since 0.10).
///
/// Nothing is copied: the layers of all of them become the layers of the result.
#[derive(Clone, Debug)]
pub struct Merge {
    layers: Vec<Node>,
    workers: Vec<String>,
    metadata: Metadata,
}

impl Merge {
    /// `upper` over `lower`: there must be two at least, as in Go's client.
    pub fn new(lower: Node, upper: Node) -> Merge {
        Merge {
            layers: vec![lower, upper],
            workers: Vec::new(),
            metadata: Metadata::with_cap("mergeop"),
        }
    }

    /// Lays `upper` over what is there.
    pub fn over(mut self, upper: Node) -> Merge {
        self.layers.push(upper);
        self
    }

    /// Restricts the workers that may make it, as [`File::worker`](crate::File::worker) does.
    pub fn worker(mut self, filter: impl Into<String>) -> Merge {
        self.workers.push(filter.into());
        self
    }

    metadata_methods!(metadata);

    pub(crate) fn build(self, graph: &Graph) -> Built {
        // The daemon takes the inputs as they come and does not look at their numbers
        // (`solver/llbsolver/ops/merge.go`), so a layer that is there twice must be an input twice.
        let mut inputs = Inputs::default();
        let layers = self.layers.into_iter().map(|layer| pb::MergeInput {
            input: inputs.append(layer),
        });
        let op = pb::op::Op::Merge(pb::MergeOp {
            inputs: layers.collect(),
        });
        let mut built = inputs.build(graph, op, None, self.metadata);
        built.op.constraints = Some(pb::WorkerConstraints {
            filter: self.workers,
        });
        built
    }
}

/// What one file system has and another has not (`solver/pb/ops.proto` DiffOp, since 0.10).
///
/// What was removed is part of it: merged over a file system, it removes the same there.
#[derive(Clone, Debug)]
pub struct Diff {
    lower: Node,
    upper: Node,
    workers: Vec<String>,
    metadata: Metadata,
}

impl Diff {
    /// The way from `lower` to `upper`. From an empty file system that would be `upper` itself.
    pub fn new(lower: Node, upper: Node) -> Diff {
        Diff {
            lower,
            upper,
            workers: Vec::new(),
            metadata: Metadata::with_cap("diffop"),
        }
    }

    /// Restricts the workers that may make it, as [`File::worker`](crate::File::worker) does.
    pub fn worker(mut self, filter: impl Into<String>) -> Diff {
        self.workers.push(filter.into());
        self
    }

    metadata_methods!(metadata);

    pub(crate) fn build(self, graph: &Graph) -> Built {
        // As for merges, the daemon counts inputs and does not look at their numbers.
        let mut inputs = Inputs::default();
        let lower = pb::LowerDiffInput {
            input: inputs.append(self.lower),
        };
        let upper = pb::UpperDiffInput {
            input: inputs.append(self.upper),
        };
        let op = pb::op::Op::Diff(pb::DiffOp {
            lower: Some(lower),
            upper: Some(upper),
        });
        let mut built = inputs.build(graph, op, None, self.metadata);
        built.op.constraints = Some(pb::WorkerConstraints {
            filter: self.workers,
        });
        built
    }
}
