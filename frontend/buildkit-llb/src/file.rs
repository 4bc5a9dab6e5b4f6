//! Changes to a file system that need no process.

use buildkit_proto::pb;

use crate::graph::{Graph, Inputs, Node};
use crate::metadata::{Metadata, metadata_methods};

/// A chain of file actions (`solver/pb/ops.proto` FileOp), each on top of the one before it.
///
/// Everything about them is in the key: the data, modes, owners and times. So the time of what is made is
/// asked for at the beginning, and is never "now".
#[derive(Clone, Debug)]
pub struct File {
    time: i64,
    actions: Vec<Action>,
    metadata: Metadata,
}

#[derive(Clone, Debug)]
enum Action {
    Make(pb::file_action::Action),
    Copy(Node, pb::FileActionCopy),
}

impl File {
    /// Starts a chain. What it makes has this time, in nanoseconds since 1970.
    pub fn new(time: i64) -> File {
        let metadata = Metadata {
            caps: vec!["file.base"],
            ..Metadata::default()
        };
        File {
            time,
            actions: Vec::new(),
            metadata,
        }
    }

    /// Writes a file of root's; its directory must exist.
    pub fn mkfile(self, path: &str, mode: i32, data: impl Into<Vec<u8>>) -> File {
        let timestamp = self.time;
        self.make(pb::file_action::Action::Mkfile(pb::FileActionMkFile {
            path: path.to_owned(),
            mode,
            data: data.into(),
            owner: None,
            timestamp,
        }))
    }

    /// Makes a directory of root's, and those above it.
    pub fn mkdir(self, path: &str, mode: i32) -> File {
        let timestamp = self.time;
        self.make(pb::file_action::Action::Mkdir(pb::FileActionMkDir {
            path: path.to_owned(),
            mode,
            make_parents: true,
            owner: None,
            timestamp,
        }))
    }

    /// Removes a path; it need not exist.
    pub fn rm(self, path: &str) -> File {
        self.make(pb::file_action::Action::Rm(pb::FileActionRm {
            path: path.to_owned(),
            allow_not_found: true,
            allow_wildcard: false,
        }))
    }

    /// Makes a symbolic link. Needs BuildKit 0.19.
    pub fn symlink(mut self, target: &str, path: &str) -> File {
        self.metadata.caps.push("file.symlink.create");
        let timestamp = self.time;
        self.make(pb::file_action::Action::Symlink(pb::FileActionSymlink {
            oldpath: target.to_owned(),
            newpath: path.to_owned(),
            owner: None,
            timestamp,
        }))
    }

    /// Copies `source` of another file system to `destination`; of a directory its content. Modes, owners
    /// and times are kept, and directories on the way are made.
    pub fn copy(mut self, from: Node, source: &str, destination: &str) -> File {
        self.actions.push(Action::Copy(
            from,
            pb::FileActionCopy {
                src: source.to_owned(),
                dest: destination.to_owned(),
                mode: -1,
                follow_symlink: true,
                dir_copy_contents: true,
                create_dest_path: true,
                timestamp: -1,
                ..pb::FileActionCopy::default()
            },
        ));
        self
    }

    metadata_methods!();

    fn make(mut self, action: pb::file_action::Action) -> File {
        self.actions.push(Action::Make(action));
        self
    }

    /// Returns the operation on top of `base`, the operations it depends on, and its metadata.
    pub(crate) fn into_op(
        self,
        graph: &Graph,
        base: Option<Node>,
    ) -> (pb::Op, Vec<usize>, Metadata) {
        let mut inputs = Inputs::default();
        let mut below = base.map_or(-1, |base| inputs.index(base));
        // Numbers of action results come after those of all inputs, so these are collected first.
        let sources: Vec<i64> = self
            .actions
            .iter()
            .map(|action| match action {
                Action::Copy(from, _) => inputs.index(*from),
                Action::Make(_) => -1,
            })
            .collect();
        let count = self.actions.len();
        let mut actions = Vec::new();
        for (index, (action, secondary_input)) in self.actions.into_iter().zip(sources).enumerate()
        {
            let action = match action {
                Action::Make(action) => action,
                Action::Copy(_, copy) => pb::file_action::Action::Copy(copy),
            };
            let output = if index + 1 == count { 0 } else { -1 };
            actions.push(pb::FileAction {
                input: below,
                secondary_input,
                output,
                action: Some(action),
            });
            below = inputs.len() + index as i64;
        }
        let (op, inputs) = inputs.finish(graph, pb::op::Op::File(pb::FileOp { actions }), None);
        (op, inputs, self.metadata)
    }
}
