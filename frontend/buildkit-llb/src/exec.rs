//! A process and its file systems.

use buildkit_proto::pb;

use crate::graph::{Built, Graph, Inputs, Node};
use crate::metadata::{Metadata, metadata_methods};
use crate::mount::{BindMount, Kind, Mount, ROOT};
use crate::platform::Platform;

/// An exec operation (`solver/pb/ops.proto` ExecOp).
///
/// In its cache key are: arguments, environment in order, directory, user, host names, limits, network,
/// mounts (their destinations, kinds and modes) with the keys of what is mounted, and the platform.
/// Not in the key are: the content of cache mounts, secrets, host addresses, proxies, the name.
///
/// `removeMountStubsRecursive` is always set, or directories that only carried mounts would be left behind.
#[derive(Clone, Debug)]
pub struct Exec {
    meta: pb::Meta,
    mounts: Vec<Mount>,
    network: Network,
    security: Security,
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

/// What a process may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// What is usual in containers.
    #[default]
    Sandbox,
    /// Everything; the client must allow it.
    Insecure,
}

/// A secret of the client as a variable (since 0.10).
#[derive(Clone, Debug)]
pub struct SecretEnv {
    secret: pb::SecretEnv,
}

impl SecretEnv {
    /// The variable `name` with the secret `id`.
    pub fn new(name: impl Into<String>, id: impl Into<String>) -> SecretEnv {
        SecretEnv {
            secret: pb::SecretEnv {
                id: id.into(),
                name: name.into(),
                optional: false,
            },
        }
    }

    /// Makes the variable empty if the client has no such secret.
    pub fn optional(mut self) -> SecretEnv {
        self.secret.optional = true;
        self
    }
}

/// What an exec leaves behind.
#[derive(Clone, Debug)]
pub struct Outputs {
    op: usize,
    /// The destinations of the outputs, in the order of their numbers.
    destinations: Vec<String>,
    /// The root that is no output: it is read-only, and the same after the exec.
    readonly_root: Option<Node>,
}

impl Outputs {
    /// Returns the root file system as the process left it.
    pub fn root(&self) -> Node {
        self.readonly_root
            .or_else(|| self.output(ROOT))
            .unwrap_or(Node {
                op: self.op,
                output: 0,
            })
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

    /// The same outputs, now that the operation is known.
    pub(crate) fn of(self, op: usize) -> Outputs {
        Outputs { op, ..self }
    }
}

impl Exec {
    /// A process by its arguments, the program first. BuildKit refuses it without.
    ///
    /// It runs in `/`, as root, on an empty root file system unless told otherwise.
    pub fn new<S: Into<String>>(args: impl IntoIterator<Item = S>) -> Exec {
        Exec {
            meta: pb::Meta {
                args: args.into_iter().map(Into::into).collect(),
                cwd: ROOT.to_owned(),
                remove_mount_stubs_recursive: true,
                ..pb::Meta::default()
            },
            mounts: vec![BindMount::new(ROOT, None, true).into()],
            network: Network::default(),
            security: Security::default(),
            secret_env: Vec::new(),
            platform: None,
            metadata: Metadata::with_cap("exec.meta.base"),
        }
    }

    /// Adds arguments to those that are there.
    pub fn arguments<S: Into<String>>(mut self, more: impl IntoIterator<Item = S>) -> Exec {
        self.meta.args.extend(more.into_iter().map(Into::into));
        self
    }

    /// The root file system (`None`: an empty one), which is an output.
    pub fn root(self, node: Option<Node>) -> Exec {
        self.mount(BindMount::new(ROOT, node, true))
    }

    /// The root file system, which the process cannot write to.
    pub fn readonly_root(self, node: Node) -> Exec {
        self.mount(Mount::bind(ROOT, node).readonly())
    }

    /// Adds a mount. Their order has no meaning; they are sorted by destination.
    ///
    /// A bind mount at `/` takes the place of the root file system; other kinds cannot be there.
    pub fn mount(mut self, mount: impl Into<Mount>) -> Exec {
        let mount = mount.into();
        if mount.destination == ROOT {
            self.mounts.retain(|present| present.destination != ROOT);
        }
        self.mounts.push(mount);
        self
    }

    /// Sets a variable. The order of variables is in the key; one that is set again goes to the end, as in Go's
    /// client.
    pub fn env(mut self, name: &str, value: impl AsRef<str>) -> Exec {
        self.meta.env.retain(|present| {
            present
                .split_once('=')
                .is_none_or(|(present, _)| present != name)
        });
        self.meta.env.push(format!("{name}={}", value.as_ref()));
        self
    }

    /// Sets a variable to a secret of the client.
    pub fn secret_env(mut self, variable: SecretEnv) -> Exec {
        self.secret_env.push(variable.secret);
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

    /// What the process may do.
    pub fn security(mut self, security: Security) -> Exec {
        self.security = security;
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

    /// Sets a resource limit (since 0.10).
    pub fn ulimit(mut self, name: &str, soft: i64, hard: i64) -> Exec {
        self.meta.ulimit.push(pb::Ulimit {
            name: name.to_owned(),
            soft,
            hard,
        });
        self
    }

    /// The control group that the process is put below (since 0.10).
    pub fn cgroup_parent(mut self, path: &str) -> Exec {
        path.clone_into(&mut self.meta.cgroup_parent);
        self
    }

    /// What the process may use of memory and processors (since 0.31). Not in the cache key.
    pub fn linux_resources(mut self, resources: pb::LinuxResources) -> Exec {
        self.metadata.message.linux_resources = Some(resources);
        self.metadata.cap("exec.meta.linux.resources");
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
        let mut proxy = self.meta.proxy_env.take().unwrap_or_default();
        let field = match kind {
            "http" => Some(&mut proxy.http_proxy),
            "https" => Some(&mut proxy.https_proxy),
            "ftp" => Some(&mut proxy.ftp_proxy),
            "no" => Some(&mut proxy.no_proxy),
            "all" => Some(&mut proxy.all_proxy),
            _ => None,
        };
        if let Some(field) = field {
            value.clone_into(field);
        }
        self.meta.proxy_env = Some(proxy).filter(|proxy| *proxy != pb::ProxyEnv::default());
        self
    }

    /// The exit codes that are no failure, if 0 is not the only one (since 0.17). They are in the key.
    pub fn valid_exit_codes(mut self, codes: impl IntoIterator<Item = i32>) -> Exec {
        self.meta.valid_exit_codes = codes.into_iter().collect();
        self
    }

    /// The platform to run on, which must fit the root file system; the daemon's own otherwise.
    pub fn platform(mut self, platform: Platform) -> Exec {
        self.platform = Some(platform);
        self
    }

    metadata_methods!(metadata);

    /// Returns the operation, and its outputs once the operation is known.
    pub(crate) fn build(mut self, graph: &Graph) -> (Built, Outputs) {
        self.add_caps();
        // As in Go's client (client/llb/exec.go), the root is a mount like the others: all are sorted by
        // destination, and outputs are numbered in that order.
        let mut mounts = self.mounts;
        mounts.sort_by(|a, b| a.destination.cmp(&b.destination));
        let mut inputs = Inputs::default();
        let mut outputs = Outputs {
            op: 0,
            destinations: Vec::new(),
            readonly_root: None,
        };
        let mut messages = Vec::new();
        for mount in &mounts {
            let mut output = -1;
            if mount.is_output() {
                output = outputs.destinations.len() as i64;
                outputs.destinations.push(mount.destination.clone());
            } else if let Kind::Bind(bind) = &mount.kind
                && mount.destination == ROOT
            {
                outputs.readonly_root = bind.node;
            }
            messages.push(mount.to_proto(&mut inputs, output));
        }
        let network = match self.network {
            Network::Sandbox => pb::NetMode::Unset,
            Network::Host => pb::NetMode::Host,
            Network::None => pb::NetMode::None,
        };
        let security = match self.security {
            Security::Sandbox => pb::SecurityMode::Sandbox,
            Security::Insecure => pb::SecurityMode::Insecure,
        };
        let exec = pb::ExecOp {
            meta: Some(self.meta),
            mounts: messages,
            network: network.into(),
            security: security.into(),
            secretenv: self.secret_env,
            ..pb::ExecOp::default()
        };
        let platform = self.platform.map(|platform| platform.to_proto());
        (
            inputs.build(graph, pb::op::Op::Exec(exec), platform, self.metadata),
            outputs,
        )
    }

    /// Notes what the daemon must know for what is used (`client/llb/exec.go`).
    fn add_caps(&mut self) {
        let has_path = self
            .meta
            .env
            .iter()
            .any(|variable| variable.starts_with("PATH="));
        for (is_used, cap) in [
            (!has_path, "exec.meta.setsdefaultpath"),
            (self.network != Network::default(), "exec.meta.network"),
            (self.security != Security::default(), "exec.meta.security"),
            (self.meta.proxy_env.is_some(), "exec.meta.proxyenv"),
            (!self.meta.ulimit.is_empty(), "exec.meta.ulimit"),
            (
                !self.meta.cgroup_parent.is_empty(),
                "exec.meta.cgroup.parent",
            ),
            (!self.meta.valid_exit_codes.is_empty(), "exec.validexitcode"),
            (!self.secret_env.is_empty(), "exec.secretenv"),
        ] {
            if is_used {
                self.metadata.cap(cap);
            }
        }
        for cap in self.mounts.iter().flat_map(Mount::caps) {
            self.metadata.cap(cap);
        }
    }
}
