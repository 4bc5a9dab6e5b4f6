//! Execs as text.

use buildkit_proto::pb;

use super::{Text, shown};

impl Text {
    pub(super) fn exec(&mut self, op: &pb::Op, exec: &pb::ExecOp) {
        self.meta(&exec.meta.clone().unwrap_or_default());
        for secret in &exec.secretenv {
            let optional = optional(secret.optional);
            self.line(
                2,
                &format!("env {} = secret {}{optional}", secret.name, secret.id),
            );
        }
        match pb::NetMode::try_from(exec.network) {
            Ok(pb::NetMode::Unset) => {}
            Ok(pb::NetMode::Host) => self.line(2, "network of the host"),
            Ok(pb::NetMode::None) => self.line(2, "network none"),
            Err(_) => self.line(2, &format!("network {}", exec.network)),
        }
        match pb::SecurityMode::try_from(exec.security) {
            Ok(pb::SecurityMode::Sandbox) => {}
            Ok(pb::SecurityMode::Insecure) => self.line(2, "security insecure"),
            Err(_) => self.line(2, &format!("security {}", exec.security)),
        }
        for device in &exec.cdi_devices {
            self.line(
                2,
                &format!("device {}{}", device.name, optional(device.optional)),
            );
        }
        for mount in &exec.mounts {
            self.mount(op, mount);
        }
    }

    fn meta(&mut self, meta: &pb::Meta) {
        let args: Vec<String> = meta.args.iter().map(|arg| shown(arg.as_bytes())).collect();
        self.line(1, &format!("exec {}", args.join(" ")));
        for (what, value) in [
            ("in", &meta.cwd),
            ("as", &meta.user),
            ("hostname", &meta.hostname),
            ("cgroup below", &meta.cgroup_parent),
        ] {
            if !value.is_empty() {
                self.line(2, &format!("{what} {value}"));
            }
        }
        for variable in &meta.env {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            self.line(2, &format!("env {name} = {}", shown(value.as_bytes())));
        }
        for host in &meta.extra_hosts {
            self.line(2, &format!("host {} is {}", host.host, host.ip));
        }
        for limit in &meta.ulimit {
            self.line(
                2,
                &format!("limit {} {}:{}", limit.name, limit.soft, limit.hard),
            );
        }
        if let Some(proxy) = &meta.proxy_env {
            self.line(2, &format!("proxy for {}", proxies(proxy)));
        }
        if !meta.valid_exit_codes.is_empty() {
            self.line(2, &format!("exit codes {:?}", meta.valid_exit_codes));
        }
        if !meta.remove_mount_stubs_recursive {
            self.line(2, "leaves directories that carried mounts");
        }
    }

    fn mount(&mut self, op: &pb::Op, mount: &pb::Mount) {
        let mut words = vec![self.mounted(op, mount)];
        if !mount.selector.is_empty() {
            words.push(format!("path {}", mount.selector));
        }
        if mount.readonly {
            words.push("read-only".to_owned());
        }
        match mount.content_cache() {
            pb::MountContentCache::Default => {}
            pb::MountContentCache::On => words.push("by content".to_owned()),
            pb::MountContentCache::Off => words.push("by definition".to_owned()),
        }
        if !mount.result_id.is_empty() {
            words.push(format!("result {}", mount.result_id));
        }
        if mount.output >= 0 {
            words.push(format!("output {}", mount.output));
        }
        self.line(2, &format!("mount {} = {}", mount.dest, words.join(", ")));
    }

    fn mounted(&self, op: &pb::Op, mount: &pb::Mount) -> String {
        match pb::MountType::try_from(mount.mount_type) {
            Ok(pb::MountType::Bind) => self.numbered_input(op, mount.input),
            Ok(pb::MountType::Cache) => {
                let cache = mount.cache_opt.clone().unwrap_or_default();
                let sharing = cache.sharing().as_str_name().to_lowercase();
                let below = match mount.input {
                    ..0 => String::new(),
                    input => format!(" on {}", self.numbered_input(op, input)),
                };
                format!("cache {}{below}, {sharing}", cache.id)
            }
            Ok(pb::MountType::Tmpfs) => match mount.tmpfs_opt.unwrap_or_default().size {
                0 => "tmpfs".to_owned(),
                size => format!("tmpfs of {size} bytes"),
            },
            Ok(pb::MountType::Secret) => {
                let secret = mount.secret_opt.clone().unwrap_or_default();
                let pb::SecretOpt {
                    id, uid, gid, mode, ..
                } = &secret;
                format!(
                    "secret {id}, owner {uid}:{gid}, mode {mode:o}{}",
                    optional(secret.optional)
                )
            }
            Ok(pb::MountType::Ssh) => {
                let ssh = mount.ssh_opt.clone().unwrap_or_default();
                let pb::SshOpt {
                    id, uid, gid, mode, ..
                } = &ssh;
                format!(
                    "ssh {id}, owner {uid}:{gid}, mode {mode:o}{}",
                    optional(ssh.optional)
                )
            }
            Err(_) => format!("unknown kind {}", mount.mount_type),
        }
    }
}

fn optional(is_optional: bool) -> &'static str {
    if is_optional { ", optional" } else { "" }
}

/// Returns the kinds of proxies that are set.
fn proxies(proxy: &pb::ProxyEnv) -> String {
    let kinds = [
        ("http", &proxy.http_proxy),
        ("https", &proxy.https_proxy),
        ("ftp", &proxy.ftp_proxy),
        ("no", &proxy.no_proxy),
        ("all", &proxy.all_proxy),
    ];
    let set: Vec<&str> = kinds
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(kind, _)| kind)
        .collect();
    set.join(", ")
}
