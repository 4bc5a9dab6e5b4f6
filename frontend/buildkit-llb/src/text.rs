//! A graph as text, for people and for snapshots.

use std::collections::HashMap;
use std::fmt::Write as _;

use buildkit_proto::pb;
use prost::Message as _;

use crate::graph::{Graph, Node, Said, digest};

/// Data of up to this many bytes is shown, longer data by its digest.
const SHOWN_BYTES: usize = 400;

impl Graph {
    /// Returns the operations that `node` depends on, numbered in the order in which they are marshalled, with
    /// everything that is in their keys and what is said about them.
    pub fn text(&self, node: Node) -> String {
        let order = self.reachable(node);
        let numbers: HashMap<&str, usize> = order
            .iter()
            .enumerate()
            .map(|(number, op)| (self.operations[*op].digest.as_str(), number + 1))
            .collect();
        let mut text = String::new();
        for (number, index) in order.iter().enumerate() {
            let operation = &self.operations[*index];
            let name = match &operation.metadata {
                Said::Ours(metadata) => metadata.name.clone(),
                Said::Daemons(_) => Some("(the daemon's)".to_owned()),
            };
            let _ = writeln!(text, "o{} {}", number + 1, name.unwrap_or_default());
            if let Said::Ours(metadata) = &operation.metadata {
                if metadata.ignore_cache {
                    text.push_str("  ignore cache\n");
                }
                for range in &metadata.ranges {
                    let _ = writeln!(
                        text,
                        "  at file {} line {}-{}",
                        range.file, range.start.0, range.end.0
                    );
                }
            }
            match pb::Op::decode(operation.bytes.as_slice()) {
                Ok(op) => describe(&mut text, &op, &numbers),
                Err(error) => {
                    let _ = writeln!(text, "  does not decode: {error}");
                }
            }
        }
        let _ = writeln!(
            text,
            "result o{} output {}",
            numbers[self.operations[node.op].digest.as_str()],
            node.output
        );
        text
    }
}

fn describe(text: &mut String, op: &pb::Op, numbers: &HashMap<&str, usize>) {
    let input = |index: i64| match usize::try_from(index)
        .ok()
        .and_then(|index| op.inputs.get(index))
    {
        Some(input) => {
            let number = numbers.get(input.digest.as_str()).copied().unwrap_or(0);
            if input.index == 0 {
                format!("o{number}")
            } else {
                format!("o{number} output {}", input.index)
            }
        }
        None => "nothing".to_owned(),
    };
    if let Some(platform) = &op.platform {
        let _ = writeln!(text, "  platform {}", crate::Platform::from_proto(platform));
    }
    match &op.op {
        Some(pb::op::Op::Source(source)) => {
            let _ = writeln!(text, "  source {}", source.identifier);
            for (name, value) in &source.attrs {
                let _ = writeln!(text, "    {name}={value}");
            }
        }
        Some(pb::op::Op::Exec(exec)) => describe_exec(text, exec, &input),
        Some(pb::op::Op::File(file)) => {
            for action in &file.actions {
                let below = usize::try_from(action.input)
                    .ok()
                    .filter(|index| *index >= op.inputs.len())
                    .map_or_else(
                        || input(action.input),
                        |index| format!("action {}", index - op.inputs.len() + 1),
                    );
                let _ = writeln!(text, "  on {below} {}", action_text(action, &input));
            }
        }
        Some(pb::op::Op::Merge(merge)) => {
            let layers: Vec<String> = merge
                .inputs
                .iter()
                .map(|layer| input(layer.input))
                .collect();
            let _ = writeln!(text, "  merge {}", layers.join(", "));
        }
        Some(pb::op::Op::Diff(diff)) => {
            let lower = input(diff.lower.map_or(-1, |lower| lower.input));
            let upper = input(diff.upper.map_or(-1, |upper| upper.input));
            let _ = writeln!(text, "  diff from {lower} to {upper}");
        }
        None => text.push_str("  unknown operation\n"),
    }
}

fn describe_exec(text: &mut String, exec: &pb::ExecOp, input: &dyn Fn(i64) -> String) {
    let meta = exec.meta.clone().unwrap_or_default();
    let _ = writeln!(
        text,
        "  exec {:?} in {} as {:?}",
        meta.args, meta.cwd, meta.user
    );
    for variable in &meta.env {
        let _ = writeln!(text, "    env {variable}");
    }
    for host in &meta.extra_hosts {
        let _ = writeln!(text, "    host {} {}", host.host, host.ip);
    }
    for limit in &meta.ulimit {
        let _ = writeln!(
            text,
            "    limit {} {}:{}",
            limit.name, limit.soft, limit.hard
        );
    }
    for (what, value) in [
        ("hostname", &meta.hostname),
        ("cgroup parent", &meta.cgroup_parent),
    ] {
        if !value.is_empty() {
            let _ = writeln!(text, "    {what} {value}");
        }
    }
    if exec.network() != pb::NetMode::Unset {
        let _ = writeln!(
            text,
            "    network {}",
            exec.network().as_str_name().to_lowercase()
        );
    }
    for secret in &exec.secretenv {
        let _ = writeln!(text, "    secret {} as {}", secret.id, secret.name);
    }
    for mount in &exec.mounts {
        let mut line = format!("    mount {} ", mount.dest);
        line.push_str(&match mount.mount_type() {
            pb::MountType::Bind => input(mount.input),
            pb::MountType::Cache => {
                let id = mount
                    .cache_opt
                    .as_ref()
                    .map(|cache| cache.id.clone())
                    .unwrap_or_default();
                format!("cache {id}")
            }
            pb::MountType::Tmpfs => {
                format!("tmpfs {}", mount.tmpfs_opt.map_or(0, |tmpfs| tmpfs.size))
            }
            pb::MountType::Secret => {
                format!(
                    "secret {}",
                    mount
                        .secret_opt
                        .as_ref()
                        .map(|secret| secret.id.clone())
                        .unwrap_or_default()
                )
            }
            pb::MountType::Ssh => {
                format!(
                    "ssh {}",
                    mount
                        .ssh_opt
                        .as_ref()
                        .map(|ssh| ssh.id.clone())
                        .unwrap_or_default()
                )
            }
        });
        if !mount.selector.is_empty() {
            let _ = write!(line, " path {}", mount.selector);
        }
        if mount.readonly {
            line.push_str(" read-only");
        }
        match mount.content_cache() {
            pb::MountContentCache::Default => {}
            pb::MountContentCache::On => line.push_str(" by content"),
            pb::MountContentCache::Off => line.push_str(" by definition"),
        }
        if mount.output >= 0 {
            let _ = write!(line, " output {}", mount.output);
        }
        let _ = writeln!(text, "{line}");
    }
}

fn action_text(action: &pb::FileAction, input: &dyn Fn(i64) -> String) -> String {
    use pb::file_action::Action;
    match &action.action {
        Some(Action::Mkfile(file)) => {
            let data = match std::str::from_utf8(&file.data) {
                Ok(data) if file.data.len() <= SHOWN_BYTES => format!("{data:?}"),
                _ => format!("{} ({} bytes)", digest(&file.data), file.data.len()),
            };
            format!(
                "mkfile {} mode {:o} time {} {data}",
                file.path, file.mode, file.timestamp
            )
        }
        Some(Action::Mkdir(dir)) => format!(
            "mkdir {} mode {:o} time {}",
            dir.path, dir.mode, dir.timestamp
        ),
        Some(Action::Rm(rm)) => format!("rm {}", rm.path),
        Some(Action::Symlink(link)) => format!("symlink {} to {}", link.newpath, link.oldpath),
        Some(Action::Copy(copy)) => {
            format!(
                "copy {} of {} to {}",
                copy.src,
                input(action.secondary_input),
                copy.dest
            )
        }
        None => "unknown action".to_owned(),
    }
}
