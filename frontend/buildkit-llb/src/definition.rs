//! What BuildKit takes: the operations below a node in order, and the terminal one (`client/llb/state.go`).

use buildkit_proto::pb;

use crate::encoding::{digest, encode};
use crate::graph::{Graph, Node};
use crate::location::SourceMap;

impl Graph {
    /// Returns what BuildKit needs to solve `node`: the operations it depends on, each once, inputs before
    /// their users; the terminal operation, which points to the node; what is said about them; and the files that they
    /// come from.
    ///
    /// # Panics
    /// If the node is one of another, larger graph.
    pub fn definition(&self, node: Node) -> pb::Definition {
        let mut definition = pb::Definition::default();
        let mut source = SourceMap::new(&self.files);
        let mut caps = vec!["constraints", "platform"];
        for index in self.reachable(node) {
            let operation = &self.operations[index];
            let message = &operation.metadata.message;
            definition.def.push(operation.bytes.clone());
            definition
                .metadata
                .insert(operation.digest.clone(), message.clone());
            source.add(&operation.digest, &operation.metadata.places);
            for (is_used, cap) in [
                (message.ignore_cache, "meta.ignorecache"),
                (!message.description.is_empty(), "meta.description"),
                (message.export_cache.is_some(), "meta.exportcache"),
            ] {
                if is_used {
                    caps.push(cap);
                }
            }
        }
        let terminal = encode(pb::Op {
            inputs: vec![self.input(node)],
            ..pb::Op::default()
        });
        let metadata = pb::OpMetadata {
            caps: caps.into_iter().map(|cap| (cap.to_owned(), true)).collect(),
            ..pb::OpMetadata::default()
        };
        definition.metadata.insert(digest(&terminal), metadata);
        definition.def.push(terminal);
        definition.source = source.finish();
        definition
    }

    /// Returns the operations that `node` depends on and its own, depth first, inputs before their users.
    fn reachable(&self, node: Node) -> Vec<usize> {
        let mut order = Vec::new();
        let mut seen = vec![false; self.operations.len()];
        // Not recursive, since an imported graph may be deep. The second visit of an operation comes after
        // those of its inputs.
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
}
