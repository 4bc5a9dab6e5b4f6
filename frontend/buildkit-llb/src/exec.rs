//! A process and its file systems.

use buildkit_proto::pb;

use crate::graph::{Graph, Inputs, Node};
use crate::metadata::{Metadata, metadata_methods};
use crate::mount::Mount;
use crate::platform::Platform;

/// An exec operation (`solver/pb/ops.proto` ExecOp).
///
/// In its cache key are: arguments, environment in order, directory, user, host names, limits, network,
/// mounts (their destinations, kinds and modes) with the keys of what is mounted, and the platform.
/// Not in the key are: the content of cache mounts, secrets, host addresses, proxies, the name.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    meta: pb::Meta,
    root: Option<Mount>,
    mounts: Vec<Mount>,
    network: Network,
    secret_env: Vec<pb::SecretEnv>,
    platform: Option<Platform>,
    metadata: Metadata,
}

/// The network of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// The daemon's default, with access to the outside.
    #[default]
    Sandbox,
    /// The host's own; the client must allow it.
    Host,
    /// Only the loopback interface.
    None,
}

/// The outputs of an exec.
#[derive(Clone, Debug)]
pub struct Outputs {
    op: usize,
    destinations: Vec<String>,
}

impl Outputs {
    pub(crate) fn new(op: usize, destinations: Vec<String>) -> Outputs {
        Outputs { op, destinations }
    }

    /// Returns the root file system as the process left it.
    pub fn root(&self) -> Node {
        self.output("/")
            .expect("every exec has a root, and it is an output")
    }

    /// Returns what the process left at the output mounted at `destination`, if there is one.
    pub fn output(&self, destination: &str) -> Option<Node> {
        let output = self
            .destinations
            .iter()
            .position(|present| present == destination)?;
        Some(Node {
            op: self.op,
            output,
        })
    }
}

impl Exec {
    /// A process by its arguments, the program first.
    pub fn new<S: Into<String>>(args: impl IntoIterator<Item = S>) -> Exec {
        let meta = pb::Meta {
            args: args.into_iter().map(Into::into).collect(),
            cwd: "/".to_owned(),
            // Directories that only carried mounts would be left behind otherwise.
            remove_mount_stubs_recursive: true,
            ..pb::Meta::default()
        };
        Exec {
            meta,
            ..Exec::default()
        }
    }

    /// The root file system (`None`: an empty one), which is an output.
    pub fn root(mut self, node: Option<Node>) -> Exec {
        self.root = Some(Mount::root(node));
        self
    }

    /// Adds a mount. Their order has no meaning; they are sorted by destination.
    pub fn mount(mut self, mount: Mount) -> Exec {
        self.mounts.push(mount);
        self
    }

    /// Adds a variable; their order is in the key.
    pub fn env(mut self, name: &str, value: impl AsRef<str>) -> Exec {
        self.meta.env.push(format!("{name}={}", value.as_ref()));
        self
    }

    /// Sets a variable to a secret of the client.
    pub fn secret_env(mut self, name: &str, id: &str, optional: bool) -> Exec {
        self.secret_env.push(pb::SecretEnv {
            id: id.to_owned(),
            name: name.to_owned(),
            optional,
        });
        self
    }

    /// The working directory, which should exist: it is made otherwise and stays.
    pub fn cwd(mut self, path: &str) -> Exec {
        path.clone_into(&mut self.meta.cwd);
        self
    }

    /// The user, as `user[:group]`, names or numbers.
    pub fn user(mut self, user: &str) -> Exec {
        user.clone_into(&mut self.meta.user);
        self
    }

    /// The network.
    pub fn network(mut self, network: Network) -> Exec {
        self.network = network;
        self
    }

    /// Adds a line to `/etc/hosts`; the address is not in the key.
    pub fn extra_host(mut self, name: &str, address: &str) -> Exec {
        self.meta.extra_hosts.push(pb::HostIp {
            host: name.to_owned(),
            ip: address.to_owned(),
        });
        self
    }

    /// Sets a resource limit.
    pub fn ulimit(mut self, name: &str, soft: i64, hard: i64) -> Exec {
        self.meta.ulimit.push(pb::Ulimit {
            name: name.to_owned(),
            soft,
            hard,
        });
        self
    }

    /// The control group that the process is put below.
    pub fn cgroup_parent(mut self, path: &str) -> Exec {
        path.clone_into(&mut self.meta.cgroup_parent);
        self
    }

    /// The name of the host.
    pub fn hostname(mut self, name: &str) -> Exec {
        name.clone_into(&mut self.meta.hostname);
        self
    }

    /// Sets a proxy by its kind (`http`, `https`, `ftp`, `no` or `all`). Not in the key; another kind is
    /// ignored.
    pub fn proxy(mut self, kind: &str, value: &str) -> Exec {
        let proxy = self.meta.proxy_env.get_or_insert_default();
        let field = match kind {
            "http" => &mut proxy.http_proxy,
            "https" => &mut proxy.https_proxy,
            "ftp" => &mut proxy.ftp_proxy,
            "no" => &mut proxy.no_proxy,
            "all" => &mut proxy.all_proxy,
            _ => return self,
        };
        value.clone_into(field);
        self
    }

    /// The platform to run on.
    pub fn platform(mut self, platform: Platform) -> Exec {
        self.platform = Some(platform);
        self
    }

    metadata_methods!();

    /// Returns the operation, the operations it depends on, its metadata, and the destinations of its
    /// outputs in their order.
    pub(crate) fn into_op(mut self, graph: &Graph) -> (pb::Op, Vec<usize>, Metadata, Vec<String>) {
        // As in Go's client (client/llb/exec.go): the root is a mount like the others, all sorted by
        // destination, outputs numbered in that order.
        let mut mounts = self.mounts;
        mounts.push(self.root.unwrap_or_else(|| Mount::root(None)));
        mounts.sort_by(|a, b| a.destination.cmp(&b.destination));
        let mut inputs = Inputs::default();
        let mut destinations = Vec::new();
        let mut messages = Vec::new();
        for mount in &mounts {
            let output = if mount.is_output() {
                destinations.push(mount.destination.clone());
                destinations.len() as i64 - 1
            } else {
                -1
            };
            messages.push(mount.to_proto(&mut inputs, output));
            self.metadata.caps.extend(mount.caps());
        }
        self.metadata.caps.push("exec.meta.base");
        for (is_used, cap) in [
            (self.network != Network::Sandbox, "exec.meta.network"),
            (self.meta.proxy_env.is_some(), "exec.meta.proxyenv"),
            (!self.meta.ulimit.is_empty(), "exec.meta.ulimit"),
            (
                !self.meta.cgroup_parent.is_empty(),
                "exec.meta.cgroup.parent",
            ),
            (!self.secret_env.is_empty(), "exec.secretenv"),
        ] {
            if is_used {
                self.metadata.caps.push(cap);
            }
        }
        let network = match self.network {
            Network::Sandbox => pb::NetMode::Unset,
            Network::Host => pb::NetMode::Host,
            Network::None => pb::NetMode::None,
        };
        let exec = pb::ExecOp {
            meta: Some(self.meta),
            mounts: messages,
            network: network as i32,
            secretenv: self.secret_env,
            ..pb::ExecOp::default()
        };
        let platform = self.platform.map(|platform| platform.to_proto());
        let (op, inputs) = inputs.finish(graph, pb::op::Op::Exec(exec), platform);
        (op, inputs, self.metadata, destinations)
    }
}
