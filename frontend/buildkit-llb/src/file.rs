//! Changes to a file system that need no process.

mod action;
mod owner;

use buildkit_proto::pb;

use crate::graph::{Built, Graph, Inputs, Node};
use crate::metadata::{Metadata, metadata_methods};

pub use action::{CopyFiles, FileAction, MkDir, MkFile, Rm, Symlink};
pub use owner::{Owner, User};

/// A chain of file actions (`solver/pb/ops.proto` FileOp), each on top of the one before it.
///
/// Everything about them is in the key: the data, modes, owners and times. So the time of what is made is
/// asked for at the beginning, and is never "now".
#[derive(Clone, Debug)]
pub struct File {
    time: i64,
    actions: Vec<FileAction>,
    workers: Vec<String>,
    metadata: Metadata,
}

impl File {
    /// Starts a chain. What it makes or copies has this time, in nanoseconds since 1970; an earlier one is taken
    /// as that, since BuildKit's word for "now" is -1.
    pub fn new(time: i64) -> File {
        File {
            time: time.max(0),
            actions: Vec::new(),
            workers: Vec::new(),
            metadata: Metadata::with_cap("file.base"),
        }
    }

    /// Adds an action.
    pub fn action(mut self, action: impl Into<FileAction>) -> File {
        self.actions.push(action.into());
        self
    }

    /// Writes a file of root's; its directory must exist. See [`MkFile`].
    pub fn mkfile(self, path: &str, mode: u32, data: impl Into<Vec<u8>>) -> File {
        self.action(MkFile::new(path, mode, data))
    }

    /// Makes a directory of root's, and those above it. See [`MkDir`].
    pub fn mkdir(self, path: &str, mode: u32) -> File {
        self.action(MkDir::new(path, mode))
    }

    /// Removes a path; it need not exist. See [`Rm`].
    pub fn rm(self, path: &str) -> File {
        self.action(Rm::new(path))
    }

    /// Makes a symbolic link at `path` to `target` (since 0.19). See [`Symlink`].
    pub fn symlink(self, target: &str, path: &str) -> File {
        self.action(Symlink::new(target, path))
    }

    /// Copies `source` of another file system to `destination`, of a directory its content, as `COPY` of a Dockerfile
    /// does. Modes and owners are kept, and directories on the way are made. See [`CopyFiles`] for other ways.
    pub fn copy(self, from: Node, source: &str, destination: &str) -> File {
        let copy = CopyFiles::new(from, source, destination);
        self.action(
            copy.follow_symlink()
                .directory_contents()
                .create_destination(),
        )
    }

    /// Restricts the workers that may run it, by a filter in containerd's syntax (`id==abc`). No daemon so far looks at it.
    ///
    /// It is in the digest of the operation and of all that is made on top of it, but in no cache key. So a filter that
    /// excludes nobody keeps operations apart that are to share results by their keys only.
    pub fn worker(mut self, filter: impl Into<String>) -> File {
        self.workers.push(filter.into());
        self
    }

    /// Returns the file systems that are copied from.
    pub fn copies_from(&self) -> impl Iterator<Item = Node> {
        self.actions.iter().filter_map(FileAction::from)
    }

    metadata_methods!(metadata);

    /// Returns the operation on top of `base`.
    pub(crate) fn build(mut self, graph: &Graph, base: Option<Node>) -> Built {
        let mut inputs = Inputs::default();
        let base = base.map_or(-1, |base| inputs.share(base));
        // The results of actions are numbered after all inputs, so these are collected first.
        let sources: Vec<i64> = self
            .actions
            .iter()
            .map(|action| action.from().map_or(-1, |from| inputs.share(from)))
            .collect();
        let last = self.actions.len().saturating_sub(1);
        let mut below = base;
        let mut actions = Vec::new();
        for (index, (action, secondary_input)) in self.actions.into_iter().zip(sources).enumerate()
        {
            for cap in action.caps() {
                self.metadata.cap(cap);
            }
            actions.push(pb::FileAction {
                input: below,
                secondary_input,
                output: if index == last { 0 } else { -1 },
                action: Some(action.into_proto(self.time, base)),
            });
            below = inputs.len() + index as i64;
        }
        let op = pb::op::Op::File(pb::FileOp { actions });
        let mut built = inputs.build(graph, op, None, self.metadata);
        let filter = self.workers;
        built.op.constraints = Some(pb::WorkerConstraints { filter });
        built
    }
}
