//! What an exec finds in its file system besides its root.

use buildkit_proto::pb;

use crate::graph::{Inputs, Node};

/// Where the root file system is mounted.
pub(crate) const ROOT: &str = "/";

/// One mount of an exec, of any kind (`solver/pb/ops.proto` Mount).
///
/// A destination is absolute, or relative to the working directory.
#[derive(Clone, Debug)]
pub struct Mount {
    pub(crate) destination: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Bind(Bind),
    Cache(Cache),
    Tmpfs { size: i64 },
    Secret(pb::SecretOpt),
    Ssh(pb::SshOpt),
}

/// What [`Mount::bind`] and [`Mount::scratch`] mount; an empty file system without a node.
#[derive(Clone, Debug)]
pub(crate) struct Bind {
    pub node: Option<Node>,
    pub selector: String,
    pub readonly: bool,
    pub is_output: bool,
    pub content_cache: ContentCache,
}

#[derive(Clone, Debug)]
pub(crate) struct Cache {
    id: String,
    selector: String,
    readonly: bool,
    sharing: CacheSharing,
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

/// Whether an input counts by its content or by how it came to be (`getMountDeps` in
/// `solver/llbsolver/ops/exec.go`; anything but the default needs 0.13).
///
/// If several mounts of an exec have the same input, the last of them by destination decides for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentCache {
    /// By content where that is safe: read-only, or without an output, or the whole file system; but the root
    /// always by definition.
    #[default]
    Default,
    /// By content; BuildKit refuses it where it is not safe.
    On,
    /// By definition.
    Off,
}

impl Mount {
    /// The file system `node`. What is written to it is discarded, unless it is an [output](BindMount::output).
    pub fn bind(destination: impl Into<String>, node: Node) -> BindMount {
        BindMount::new(destination, Some(node), false)
    }

    /// An empty directory on disk that is gone when the exec ends.
    pub fn discarded(destination: impl Into<String>) -> BindMount {
        BindMount::new(destination, None, false)
    }

    /// An empty directory that becomes an output of the exec.
    pub fn scratch(destination: impl Into<String>) -> BindMount {
        BindMount::new(destination, None, true)
    }

    /// A directory that outlives the build, by the daemon's name for it. Its content is in no key.
    ///
    /// Nor are the id and the sharing, as long as the id is not the destination, nor the destination after a
    /// first `/` (`checkShouldClearCacheOpts` in `solver/llbsolver/ops/exec.go`).
    pub fn cache(destination: impl Into<String>, id: impl Into<String>) -> CacheMount {
        let cache = Cache {
            id: id.into(),
            selector: String::new(),
            readonly: false,
            sharing: CacheSharing::default(),
        };
        CacheMount {
            destination: destination.into(),
            cache,
        }
    }

    /// A file system in memory.
    pub fn tmpfs(destination: impl Into<String>) -> TmpfsMount {
        TmpfsMount {
            destination: destination.into(),
            size: 0,
        }
    }

    /// A secret of the client as a file, of root's and of mode 0400.
    pub fn secret(destination: impl Into<String>, id: impl Into<String>) -> SecretMount {
        let secret = pb::SecretOpt {
            id: id.into(),
            mode: 0o400,
            ..pb::SecretOpt::default()
        };
        SecretMount {
            destination: destination.into(),
            secret,
        }
    }

    /// The client's SSH agent as a socket, of root's and of mode 0600.
    pub fn ssh(destination: impl Into<String>, id: impl Into<String>) -> SshMount {
        let ssh = pb::SshOpt {
            id: id.into(),
            mode: 0o600,
            ..pb::SshOpt::default()
        };
        SshMount {
            destination: destination.into(),
            ssh,
        }
    }
}

/// A file system that comes from the graph, or an empty one.
#[derive(Clone, Debug)]
pub struct BindMount {
    destination: String,
    bind: Bind,
}

impl BindMount {
    pub(crate) fn new(
        destination: impl Into<String>,
        node: Option<Node>,
        is_output: bool,
    ) -> BindMount {
        let bind = Bind {
            node,
            selector: String::new(),
            readonly: false,
            is_output,
            content_cache: ContentCache::default(),
        };
        BindMount {
            destination: destination.into(),
            bind,
        }
    }

    /// Mounts only this path of the file system. It is not in the key itself, but what counts by content is.
    pub fn selector(mut self, path: impl Into<String>) -> BindMount {
        self.bind.selector = path.into();
        self
    }

    /// Mounts it read-only.
    pub fn readonly(mut self) -> BindMount {
        self.bind.readonly = true;
        self
    }

    /// Makes what the exec leaves there an output; if it is mounted read-only, that is what was mounted.
    pub fn output(mut self) -> BindMount {
        self.bind.is_output = true;
        self
    }

    /// Says what counts in the key.
    pub fn content_cache(mut self, content_cache: ContentCache) -> BindMount {
        self.bind.content_cache = content_cache;
        self
    }
}

/// A directory that outlives the build.
#[derive(Clone, Debug)]
pub struct CacheMount {
    destination: String,
    cache: Cache,
}

impl CacheMount {
    /// Mounts only this path of the directory.
    pub fn selector(mut self, path: impl Into<String>) -> CacheMount {
        self.cache.selector = path.into();
        self
    }

    /// Mounts it read-only.
    pub fn readonly(mut self) -> CacheMount {
        self.cache.readonly = true;
        self
    }

    /// Says who may use it at the same time.
    pub fn sharing(mut self, sharing: CacheSharing) -> CacheMount {
        self.cache.sharing = sharing;
        self
    }
}

/// A file system in memory.
#[derive(Clone, Debug)]
pub struct TmpfsMount {
    destination: String,
    size: i64,
}

impl TmpfsMount {
    /// Limits it to so many bytes (since 0.10); 0 is the daemon's default.
    pub fn size(mut self, bytes: u64) -> TmpfsMount {
        self.size = i64::try_from(bytes).unwrap_or(i64::MAX);
        self
    }
}

/// A secret of the client.
#[derive(Clone, Debug)]
pub struct SecretMount {
    destination: String,
    secret: pb::SecretOpt,
}

impl SecretMount {
    /// Goes without the file if the client has no such secret.
    pub fn optional(mut self) -> SecretMount {
        self.secret.optional = true;
        self
    }

    /// Gives the file to a user and a group.
    pub fn owner(mut self, uid: u32, gid: u32) -> SecretMount {
        (self.secret.uid, self.secret.gid) = (uid, gid);
        self
    }

    /// Sets the mode of the file.
    pub fn mode(mut self, mode: u32) -> SecretMount {
        self.secret.mode = mode;
        self
    }
}

/// The client's SSH agent.
#[derive(Clone, Debug)]
pub struct SshMount {
    destination: String,
    ssh: pb::SshOpt,
}

impl SshMount {
    /// Goes without the socket if the client has no such agent.
    pub fn optional(mut self) -> SshMount {
        self.ssh.optional = true;
        self
    }

    /// Gives the socket to a user and a group.
    pub fn owner(mut self, uid: u32, gid: u32) -> SshMount {
        (self.ssh.uid, self.ssh.gid) = (uid, gid);
        self
    }

    /// Sets the mode of the socket.
    pub fn mode(mut self, mode: u32) -> SshMount {
        self.ssh.mode = mode;
        self
    }
}

impl From<BindMount> for Mount {
    fn from(mount: BindMount) -> Mount {
        Mount {
            destination: mount.destination,
            kind: Kind::Bind(mount.bind),
        }
    }
}

impl From<CacheMount> for Mount {
    fn from(mount: CacheMount) -> Mount {
        Mount {
            destination: mount.destination,
            kind: Kind::Cache(mount.cache),
        }
    }
}

impl From<TmpfsMount> for Mount {
    fn from(mount: TmpfsMount) -> Mount {
        Mount {
            destination: mount.destination,
            kind: Kind::Tmpfs { size: mount.size },
        }
    }
}

impl From<SecretMount> for Mount {
    fn from(mount: SecretMount) -> Mount {
        Mount {
            destination: mount.destination,
            kind: Kind::Secret(mount.secret),
        }
    }
}

impl From<SshMount> for Mount {
    fn from(mount: SshMount) -> Mount {
        Mount {
            destination: mount.destination,
            kind: Kind::Ssh(mount.ssh),
        }
    }
}

impl Mount {
    /// Whether the mount is an output of the exec.
    ///
    /// The root is one unless it is read-only: without an output BuildKit would mount a writable root read-only
    /// as well, and could not make the directories to mount on (`PrepareMounts` in
    /// `frontend/gateway/container/container.go`; seen in 0.13).
    pub(crate) fn is_output(&self) -> bool {
        match &self.kind {
            Kind::Bind(bind) if self.destination == ROOT => !bind.readonly || bind.node.is_none(),
            Kind::Bind(bind) => bind.is_output,
            _ => false,
        }
    }

    /// The capabilities that the daemon must have for it (`client/llb/exec.go`).
    pub(crate) fn caps(&self) -> Vec<&'static str> {
        let mut caps = Vec::new();
        let selector = match &self.kind {
            Kind::Bind(bind) => {
                caps.push("exec.mount.bind");
                if !bind.readonly && !self.is_output() {
                    caps.push("exec.mount.bind.readwrite-nooutput");
                }
                if bind.content_cache != ContentCache::Default {
                    caps.push("exec.mount.cache.content");
                }
                bind.selector.as_str()
            }
            Kind::Cache(cache) => {
                caps.extend(["exec.mount.cache", "exec.mount.cache.sharing"]);
                cache.selector.as_str()
            }
            Kind::Tmpfs { size } => {
                caps.push("exec.mount.tmpfs");
                if *size > 0 {
                    caps.push("exec.mount.tmpfs.size");
                }
                ""
            }
            Kind::Secret(_) => {
                caps.push("exec.mount.secret");
                ""
            }
            Kind::Ssh(_) => {
                caps.push("exec.mount.ssh");
                ""
            }
        };
        if !selector.is_empty() {
            caps.push("exec.mount.selector");
        }
        caps
    }

    /// Returns BuildKit's message; `output` is its number among the outputs, or -1.
    ///
    /// What is no bind mount has the input -1 and not the default 0, which 0.13 takes for a dependency on the first
    /// input (`input` of `Mount` in `solver/pb/ops.proto`).
    pub(crate) fn to_proto(&self, inputs: &mut Inputs, output: i64) -> pb::Mount {
        let mut mount = pb::Mount {
            input: -1,
            dest: self.destination.clone(),
            output,
            ..pb::Mount::default()
        };
        let kind = match &self.kind {
            Kind::Bind(bind) => {
                mount.input = bind.node.map_or(-1, |node| inputs.share(node));
                mount.selector.clone_from(&bind.selector);
                mount.readonly = bind.readonly;
                mount.content_cache = match bind.content_cache {
                    ContentCache::Default => pb::MountContentCache::Default,
                    ContentCache::On => pb::MountContentCache::On,
                    ContentCache::Off => pb::MountContentCache::Off,
                }
                .into();
                pb::MountType::Bind
            }
            Kind::Cache(cache) => {
                mount.selector.clone_from(&cache.selector);
                mount.readonly = cache.readonly;
                let sharing = match cache.sharing {
                    CacheSharing::Shared => pb::CacheSharingOpt::Shared,
                    CacheSharing::Private => pb::CacheSharingOpt::Private,
                    CacheSharing::Locked => pb::CacheSharingOpt::Locked,
                };
                mount.cache_opt = Some(pb::CacheOpt {
                    id: cache.id.clone(),
                    sharing: sharing.into(),
                });
                pb::MountType::Cache
            }
            Kind::Tmpfs { size } => {
                mount.tmpfs_opt = Some(pb::TmpfsOpt { size: *size });
                pb::MountType::Tmpfs
            }
            Kind::Secret(secret) => {
                mount.secret_opt = Some(secret.clone());
                pb::MountType::Secret
            }
            Kind::Ssh(ssh) => {
                mount.ssh_opt = Some(ssh.clone());
                pb::MountType::Ssh
            }
        };
        mount.mount_type = kind.into();
        mount
    }
}
