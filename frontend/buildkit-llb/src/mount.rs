//! What an exec finds in its file system.

use buildkit_proto::pb;

use crate::graph::{Inputs, Node};

/// One mount of an exec (`solver/pb/ops.proto` Mount).
#[derive(Clone, Debug)]
pub struct Mount {
    pub(crate) destination: String,
    kind: Kind,
    selector: String,
    readonly: bool,
    is_output: bool,
    content_cache: ContentCache,
}

#[derive(Clone, Debug)]
enum Kind {
    Bind(Option<Node>),
    Cache {
        id: String,
        sharing: CacheSharing,
    },
    Tmpfs {
        size: i64,
    },
    Secret {
        id: String,
        uid: u32,
        gid: u32,
        mode: u32,
        optional: bool,
    },
    Ssh {
        id: String,
        uid: u32,
        gid: u32,
        mode: u32,
        optional: bool,
    },
}

/// Whether builds may use a cache mount at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheSharing {
    /// All of them.
    #[default]
    Shared,
    /// Each gets one of its own.
    Private,
    /// One waits for the other.
    Locked,
}

/// Whether an input counts by its content or by how it came to be (`solver/llbsolver/ops/exec.go`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentCache {
    /// By content where that is safe: read-only, or without an output.
    #[default]
    Default,
    /// By content.
    On,
    /// By definition.
    Off,
}

impl Mount {
    fn new(destination: impl Into<String>, kind: Kind) -> Mount {
        Mount {
            destination: destination.into(),
            kind,
            selector: String::new(),
            readonly: false,
            is_output: false,
            content_cache: ContentCache::Default,
        }
    }

    /// The file system `node`. What is written to it is discarded.
    pub fn bind(destination: impl Into<String>, node: Node) -> Mount {
        Mount::new(destination, Kind::Bind(Some(node)))
    }

    /// An empty directory that becomes an output of the exec.
    pub fn scratch(destination: impl Into<String>) -> Mount {
        Mount {
            is_output: true,
            ..Mount::new(destination, Kind::Bind(None))
        }
    }

    /// The root file system (`None` is an empty one), which is always an output: without one BuildKit mounts
    /// it read-only (seen in 0.13).
    pub(crate) fn root(node: Option<Node>) -> Mount {
        Mount {
            is_output: true,
            ..Mount::new("/", Kind::Bind(node))
        }
    }

    /// A directory that outlives the build, by the daemon's name for it. Its content is in no key.
    pub fn cache(destination: impl Into<String>, id: impl Into<String>) -> Mount {
        Mount::new(
            destination,
            Kind::Cache {
                id: id.into(),
                sharing: CacheSharing::Shared,
            },
        )
    }

    /// A file system in memory.
    pub fn tmpfs(destination: impl Into<String>) -> Mount {
        Mount::new(destination, Kind::Tmpfs { size: 0 })
    }

    /// A secret of the client as a file of mode 0400.
    pub fn secret(destination: impl Into<String>, id: impl Into<String>) -> Mount {
        Mount::new(
            destination,
            Kind::Secret {
                id: id.into(),
                uid: 0,
                gid: 0,
                mode: 0o400,
                optional: false,
            },
        )
    }

    /// The client's SSH agent as a socket of mode 0600.
    pub fn ssh(destination: impl Into<String>, id: impl Into<String>) -> Mount {
        Mount::new(
            destination,
            Kind::Ssh {
                id: id.into(),
                uid: 0,
                gid: 0,
                mode: 0o600,
                optional: false,
            },
        )
    }

    /// Mounts only this path of the source.
    pub fn selector(mut self, path: impl Into<String>) -> Mount {
        self.selector = path.into();
        self
    }

    /// Mounts it read-only.
    pub fn readonly(mut self) -> Mount {
        self.readonly = true;
        self
    }

    /// Makes what the exec leaves there an output.
    pub fn output(mut self) -> Mount {
        self.is_output = true;
        self
    }

    /// For bind mounts: what counts in the key.
    pub fn content_cache(mut self, content_cache: ContentCache) -> Mount {
        self.content_cache = content_cache;
        self
    }

    /// For cache mounts: who may use it at the same time.
    pub fn sharing(mut self, mode: CacheSharing) -> Mount {
        if let Kind::Cache { sharing, .. } = &mut self.kind {
            *sharing = mode;
        }
        self
    }

    /// For file systems in memory: the limit in bytes.
    pub fn size(mut self, bytes: u64) -> Mount {
        if let Kind::Tmpfs { size } = &mut self.kind {
            *size = i64::try_from(bytes).unwrap_or(i64::MAX);
        }
        self
    }

    /// For secrets and agents: does without if the client has none.
    pub fn optional(mut self) -> Mount {
        if let Kind::Secret { optional, .. } | Kind::Ssh { optional, .. } = &mut self.kind {
            *optional = true;
        }
        self
    }

    /// For secrets and agents: who may read it.
    pub fn owner(mut self, user: u32, group: u32, bits: u32) -> Mount {
        if let Kind::Secret { uid, gid, mode, .. } | Kind::Ssh { uid, gid, mode, .. } =
            &mut self.kind
        {
            (*uid, *gid, *mode) = (user, group, bits);
        }
        self
    }

    /// Whether the mount is an output of the exec.
    pub(crate) fn is_output(&self) -> bool {
        self.is_output
    }

    /// The capabilities that the daemon must have for it.
    pub(crate) fn caps(&self) -> Vec<&'static str> {
        let mut caps = match &self.kind {
            Kind::Bind(_) => vec!["exec.mount.bind"],
            Kind::Cache { .. } => vec!["exec.mount.cache", "exec.mount.cache.sharing"],
            Kind::Tmpfs { size: 0 } => vec!["exec.mount.tmpfs"],
            Kind::Tmpfs { .. } => vec!["exec.mount.tmpfs", "exec.mount.tmpfs.size"],
            Kind::Secret { .. } => vec!["exec.mount.secret"],
            Kind::Ssh { .. } => vec!["exec.mount.ssh"],
        };
        if !self.selector.is_empty() {
            caps.push("exec.mount.selector");
        }
        if matches!(self.kind, Kind::Bind(_)) && !self.readonly && !self.is_output {
            caps.push("exec.mount.bind.readwrite-nooutput");
        }
        if self.content_cache != ContentCache::Default {
            caps.push("exec.mount.cache.content");
        }
        caps
    }

    /// Returns BuildKit's message; `output` is its number among the outputs, or -1.
    ///
    /// What is no bind mount has the input -1 and not the default 0, which would be a dependency on the
    /// first input.
    pub(crate) fn to_proto(&self, inputs: &mut Inputs, output: i64) -> pb::Mount {
        let mut mount = pb::Mount {
            input: -1,
            selector: self.selector.clone(),
            dest: self.destination.clone(),
            output,
            readonly: self.readonly,
            content_cache: match self.content_cache {
                ContentCache::Default => pb::MountContentCache::Default,
                ContentCache::On => pb::MountContentCache::On,
                ContentCache::Off => pb::MountContentCache::Off,
            } as i32,
            ..pb::Mount::default()
        };
        let kind = match &self.kind {
            Kind::Bind(node) => {
                mount.input = node.map_or(-1, |node| inputs.index(node));
                pb::MountType::Bind
            }
            Kind::Cache { id, sharing } => {
                let sharing = match sharing {
                    CacheSharing::Shared => pb::CacheSharingOpt::Shared,
                    CacheSharing::Private => pb::CacheSharingOpt::Private,
                    CacheSharing::Locked => pb::CacheSharingOpt::Locked,
                } as i32;
                mount.cache_opt = Some(pb::CacheOpt {
                    id: id.clone(),
                    sharing,
                });
                pb::MountType::Cache
            }
            Kind::Tmpfs { size } => {
                mount.tmpfs_opt = Some(pb::TmpfsOpt { size: *size });
                pb::MountType::Tmpfs
            }
            Kind::Secret {
                id,
                uid,
                gid,
                mode,
                optional,
            } => {
                let (id, uid, gid, mode, optional) = (id.clone(), *uid, *gid, *mode, *optional);
                mount.secret_opt = Some(pb::SecretOpt {
                    id,
                    uid,
                    gid,
                    mode,
                    optional,
                });
                pb::MountType::Secret
            }
            Kind::Ssh {
                id,
                uid,
                gid,
                mode,
                optional,
            } => {
                let (id, uid, gid, mode, optional) = (id.clone(), *uid, *gid, *mode, *optional);
                mount.ssh_opt = Some(pb::SshOpt {
                    id,
                    uid,
                    gid,
                    mode,
                    optional,
                });
                pb::MountType::Ssh
            }
        };
        mount.mount_type = kind as i32;
        mount
    }
}
