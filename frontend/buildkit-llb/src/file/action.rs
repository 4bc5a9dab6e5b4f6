//! The actions of a chain.

use buildkit_proto::pb;
use buildkit_proto::pb::file_action::Action;

use super::owner::Owner;
use crate::graph::Node;

/// One action of a [`File`](super::File).
#[derive(Clone, Debug)]
pub struct FileAction {
    kind: Kind,
    owner: Option<Owner>,
}

#[derive(Clone, Debug)]
enum Kind {
    MkFile(pb::FileActionMkFile),
    MkDir(pb::FileActionMkDir),
    Rm(pb::FileActionRm),
    Symlink(pb::FileActionSymlink),
    Copy {
        from: Node,
        keeps_times: bool,
        copy: pb::FileActionCopy,
    },
}

impl FileAction {
    /// The file system that is copied from.
    pub(super) fn from(&self) -> Option<Node> {
        match &self.kind {
            Kind::Copy { from, .. } => Some(*from),
            _ => None,
        }
    }

    /// The capabilities that the daemon must have for it besides `file.base` (`client/llb/fileop.go`).
    pub(super) fn caps(&self) -> Vec<&'static str> {
        let mut caps = Vec::new();
        match &self.kind {
            Kind::Rm(rm) if rm.allow_wildcard => caps.push("file.rm.wildcard"),
            Kind::Symlink(_) => caps.push("file.symlink.create"),
            Kind::Copy { copy, .. } => {
                if !copy.include_patterns.is_empty() || !copy.exclude_patterns.is_empty() {
                    caps.push("file.copy.includeexcludepatterns");
                }
                if copy.always_replace_existing_dest_paths {
                    caps.push("file.copy.alwaysreplaceexistingdestpaths");
                }
                if !copy.required_paths.is_empty() {
                    caps.push("file.copy.requiredpaths");
                }
            }
            _ => {}
        }
        caps
    }

    /// Returns BuildKit's message with the time of the chain; names of owners are looked up in the input
    /// numbered `base`.
    pub(super) fn into_proto(self, time: i64, base: i64) -> Action {
        let owner = self.owner.map(|owner| owner.into_proto(base));
        match self.kind {
            Kind::MkFile(file) => Action::Mkfile(pb::FileActionMkFile {
                owner,
                timestamp: time,
                ..file
            }),
            Kind::MkDir(directory) => Action::Mkdir(pb::FileActionMkDir {
                owner,
                timestamp: time,
                ..directory
            }),
            Kind::Rm(rm) => Action::Rm(rm),
            Kind::Symlink(link) => Action::Symlink(pb::FileActionSymlink {
                owner,
                timestamp: time,
                ..link
            }),
            Kind::Copy {
                copy, keeps_times, ..
            } => {
                let timestamp = if keeps_times { -1 } else { time };
                Action::Copy(pb::FileActionCopy {
                    owner,
                    timestamp,
                    ..copy
                })
            }
        }
    }
}

/// Returns permissions as BuildKit has them. Of files and directories that it makes, the daemon takes the low nine
/// bits only (`solver/llbsolver/file/backend.go`).
fn mode(mode: u32) -> i32 {
    (mode & 0o7777) as i32
}

/// Writes a file. Its directory must exist; a file that is there is overwritten.
#[derive(Clone, Debug)]
pub struct MkFile {
    file: pb::FileActionMkFile,
    owner: Option<Owner>,
}

impl MkFile {
    /// The file at `path`, of root's.
    pub fn new(path: impl Into<String>, mode: u32, data: impl Into<Vec<u8>>) -> MkFile {
        let file = pb::FileActionMkFile {
            path: path.into(),
            mode: self::mode(mode),
            data: data.into(),
            ..pb::FileActionMkFile::default()
        };
        MkFile { file, owner: None }
    }

    /// Gives it to a user and a group.
    pub fn owner(mut self, owner: Owner) -> MkFile {
        self.owner = Some(owner);
        self
    }
}

/// Makes a directory.
#[derive(Clone, Debug)]
pub struct MkDir {
    directory: pb::FileActionMkDir,
    owner: Option<Owner>,
}

impl MkDir {
    /// The directory at `path`, of root's, and those above it that are missing.
    pub fn new(path: impl Into<String>, mode: u32) -> MkDir {
        let directory = pb::FileActionMkDir {
            path: path.into(),
            mode: self::mode(mode),
            make_parents: true,
            ..pb::FileActionMkDir::default()
        };
        MkDir {
            directory,
            owner: None,
        }
    }

    /// Fails if the directory above it is missing. One that is there itself stays as it is.
    pub fn alone(mut self) -> MkDir {
        self.directory.make_parents = false;
        self
    }

    /// Gives what is made to a user and a group.
    pub fn owner(mut self, owner: Owner) -> MkDir {
        self.owner = Some(owner);
        self
    }
}

/// Removes a file or a directory with all that is in it.
#[derive(Clone, Debug)]
pub struct Rm {
    rm: pb::FileActionRm,
}

impl Rm {
    /// The path, which need not exist.
    pub fn new(path: impl Into<String>) -> Rm {
        Rm {
            rm: pb::FileActionRm {
                path: path.into(),
                allow_not_found: true,
                allow_wildcard: false,
            },
        }
    }

    /// Fails if there is nothing at the path.
    pub fn must_exist(mut self) -> Rm {
        self.rm.allow_not_found = false;
        self
    }

    /// Takes the path as a pattern of Go's `filepath.Match` (since 0.7).
    pub fn wildcard(mut self) -> Rm {
        self.rm.allow_wildcard = true;
        self
    }
}

/// Makes a symbolic link (since 0.19).
#[derive(Clone, Debug)]
pub struct Symlink {
    link: pb::FileActionSymlink,
    owner: Option<Owner>,
}

impl Symlink {
    /// The link at `path` to `target`, of root's. There must be nothing at the path, and its directory must exist.
    pub fn new(target: impl Into<String>, path: impl Into<String>) -> Symlink {
        let link = pb::FileActionSymlink {
            oldpath: target.into(),
            newpath: path.into(),
            ..pb::FileActionSymlink::default()
        };
        Symlink { link, owner: None }
    }

    /// Gives it to a user and a group.
    pub fn owner(mut self, owner: Owner) -> Symlink {
        self.owner = Some(owner);
        self
    }
}

/// Copies from another file system.
///
/// A file goes to the destination, or into it if that is a directory or ends in a slash; a directory goes into
/// a destination that exists and becomes one that does not.
///
/// Of the source, only the base name of the path and the content of what is copied are in the key
/// (`solver/llbsolver/ops/file.go`).
#[derive(Clone, Debug)]
pub struct CopyFiles {
    from: Node,
    keeps_times: bool,
    copy: pb::FileActionCopy,
    owner: Option<Owner>,
}

impl CopyFiles {
    /// `source` in `from` to `destination`; modes and owners stay as they are, times become that of the chain.
    pub fn new(from: Node, source: impl Into<String>, destination: impl Into<String>) -> CopyFiles {
        let copy = pb::FileActionCopy {
            src: source.into(),
            dest: destination.into(),
            mode: -1,
            ..pb::FileActionCopy::default()
        };
        CopyFiles {
            from,
            keeps_times: false,
            copy,
            owner: None,
        }
    }

    /// Leaves times as they are in the source. Directories that are made on the way then have the time of the build:
    /// two builders make different layers.
    pub fn keep_times(mut self) -> CopyFiles {
        self.keeps_times = true;
        self
    }

    /// Gives everything to a user and a group.
    pub fn owner(mut self, owner: Owner) -> CopyFiles {
        self.owner = Some(owner);
        self
    }

    /// Sets the mode of everything, directories too.
    pub fn mode(mut self, mode: u32) -> CopyFiles {
        self.copy.mode = self::mode(mode);
        self
    }

    /// Copies what the source points to if it is a symbolic link.
    pub fn follow_symlink(mut self) -> CopyFiles {
        self.copy.follow_symlink = true;
        self
    }

    /// Of a directory, copies its content to the destination and not itself.
    pub fn directory_contents(mut self) -> CopyFiles {
        self.copy.dir_copy_contents = true;
        self
    }

    /// Makes the directories above the destination.
    pub fn create_destination(mut self) -> CopyFiles {
        self.copy.create_dest_path = true;
        self
    }

    /// Takes the source as a pattern of Go's `filepath.Match`, which must match something.
    pub fn wildcard(mut self) -> CopyFiles {
        self.copy.allow_wildcard = true;
        self
    }

    /// Takes the source as a pattern of Go's `filepath.Match`, which may match nothing.
    pub fn wildcard_or_nothing(mut self) -> CopyFiles {
        self.copy.allow_wildcard = true;
        self.copy.allow_empty_wildcard = true;
        self
    }

    /// Unpacks archives, as `ADD` of a Dockerfile does.
    pub fn unpack(mut self) -> CopyFiles {
        self.copy.attempt_unpack_docker_compatibility = true;
        self
    }

    /// Copies only these paths below the source, in the syntax of `.dockerignore` (since 0.9).
    pub fn include_patterns<S: Into<String>>(
        mut self,
        patterns: impl IntoIterator<Item = S>,
    ) -> CopyFiles {
        self.copy
            .include_patterns
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Does not copy these paths below the source, in the syntax of `.dockerignore` (since 0.9).
    pub fn exclude_patterns<S: Into<String>>(
        mut self,
        patterns: impl IntoIterator<Item = S>,
    ) -> CopyFiles {
        self.copy
            .exclude_patterns
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Fails if one of these paths below the source is missing (since 0.26).
    pub fn required_paths<S: Into<String>>(
        mut self,
        paths: impl IntoIterator<Item = S>,
    ) -> CopyFiles {
        self.copy
            .required_paths
            .extend(paths.into_iter().map(Into::into));
        self
    }

    /// Replaces what is at the destination even if it is of another kind, a directory by a file (since 0.14).
    pub fn replace_existing(mut self) -> CopyFiles {
        self.copy.always_replace_existing_dest_paths = true;
        self
    }
}

impl From<MkFile> for FileAction {
    fn from(action: MkFile) -> FileAction {
        FileAction {
            kind: Kind::MkFile(action.file),
            owner: action.owner,
        }
    }
}

impl From<MkDir> for FileAction {
    fn from(action: MkDir) -> FileAction {
        FileAction {
            kind: Kind::MkDir(action.directory),
            owner: action.owner,
        }
    }
}

impl From<Rm> for FileAction {
    fn from(action: Rm) -> FileAction {
        FileAction {
            kind: Kind::Rm(action.rm),
            owner: None,
        }
    }
}

impl From<Symlink> for FileAction {
    fn from(action: Symlink) -> FileAction {
        FileAction {
            kind: Kind::Symlink(action.link),
            owner: action.owner,
        }
    }
}

impl From<CopyFiles> for FileAction {
    fn from(action: CopyFiles) -> FileAction {
        let CopyFiles {
            from,
            keeps_times,
            copy,
            owner,
        } = action;
        FileAction {
            kind: Kind::Copy {
                from,
                keeps_times,
                copy,
            },
            owner,
        }
    }
}
