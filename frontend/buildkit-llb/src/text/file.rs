//! File actions as text.

use std::fmt::Write as _;

use buildkit_proto::pb;
use buildkit_proto::pb::file_action::Action;

use super::{SHOWN_BYTES, Text, shown};

impl Text {
    /// Adds a chain. What an action is on is only said if it is not the action before it, and which output it
    /// is if that is not usual.
    pub(super) fn file(&mut self, op: &pb::Op, file: &pb::FileOp) {
        let base = file.actions.first().map_or(-1, |action| action.input);
        let base = self.below(op, base);
        self.line(1, &format!("file on {base}"));
        let inputs = op.inputs.len() as i64;
        for (index, action) in file.actions.iter().enumerate() {
            let number = index as i64;
            let mut unusual = String::new();
            if index > 0 && action.input != inputs + number - 1 {
                let _ = write!(unusual, " on {}", self.below(op, action.input));
            }
            if action.output
                != if index + 1 == file.actions.len() {
                    0
                } else {
                    -1
                }
            {
                let _ = write!(unusual, " as output {}", action.output);
            }
            self.action(op, action, &format!("{}.{unusual}", index + 1));
        }
    }

    /// Returns an input of `op`, or an action before.
    fn below(&self, op: &pb::Op, index: i64) -> String {
        match usize::try_from(index) {
            Ok(index) if index >= op.inputs.len() => {
                format!("action {}", index - op.inputs.len() + 1)
            }
            _ => self.numbered_input(op, index),
        }
    }

    fn action(&mut self, op: &pb::Op, action: &pb::FileAction, number: &str) {
        match &action.action {
            Some(Action::Mkfile(file)) => {
                let made = self.made(op, file.owner.as_ref(), file.timestamp);
                self.line(
                    2,
                    &format!("{number} mkfile {} mode {:o}{made}", file.path, file.mode),
                );
                self.data(&file.data);
            }
            Some(Action::Mkdir(directory)) => {
                let made = self.made(op, directory.owner.as_ref(), directory.timestamp);
                let parents = if directory.make_parents {
                    " with parents"
                } else {
                    ""
                };
                let pb::FileActionMkDir { path, mode, .. } = directory;
                self.line(
                    2,
                    &format!("{number} mkdir {path}{parents} mode {mode:o}{made}"),
                );
            }
            Some(Action::Rm(rm)) => {
                let wildcard = if rm.allow_wildcard {
                    " as a pattern"
                } else {
                    ""
                };
                let missing = if rm.allow_not_found {
                    ""
                } else {
                    ", which must exist"
                };
                self.line(2, &format!("{number} rm {}{wildcard}{missing}", rm.path));
            }
            Some(Action::Symlink(link)) => {
                let made = self.made(op, link.owner.as_ref(), link.timestamp);
                self.line(
                    2,
                    &format!(
                        "{number} symlink {} to {}{made}",
                        link.newpath, link.oldpath
                    ),
                );
            }
            Some(Action::Copy(copy)) => self.copy(op, action.secondary_input, copy, number),
            None => self.line(2, &format!("{number} unknown action")),
        }
    }

    fn copy(&mut self, op: &pb::Op, from: i64, copy: &pb::FileActionCopy, number: &str) {
        let from = self.below(op, from);
        let mode = match copy.mode {
            _ if !copy.mode_str.is_empty() => format!(" mode {}", copy.mode_str),
            -1 => String::new(),
            mode => format!(" mode {mode:o}"),
        };
        let made = match copy.timestamp {
            -1 => format!("{} time of the source", self.owner(op, copy.owner.as_ref())),
            time => self.made(op, copy.owner.as_ref(), time),
        };
        self.line(
            2,
            &format!(
                "{number} copy {} of {from} to {}{mode}{made}",
                copy.src, copy.dest
            ),
        );
        for (is_set, what) in [
            (copy.follow_symlink, "follow symlink"),
            (copy.dir_copy_contents, "contents of directories"),
            (copy.attempt_unpack_docker_compatibility, "unpack archives"),
            (copy.create_dest_path, "create destination"),
            (copy.allow_wildcard, "as a pattern"),
            (copy.allow_empty_wildcard, "may match nothing"),
            (copy.always_replace_existing_dest_paths, "replace existing"),
        ] {
            if is_set {
                self.line(4, what);
            }
        }
        for (what, paths) in [
            ("include", &copy.include_patterns),
            ("exclude", &copy.exclude_patterns),
            ("require", &copy.required_paths),
        ] {
            for path in paths {
                self.line(4, &format!("{what} {path}"));
            }
        }
    }

    /// Returns ` owner USER:GROUP time TIME`.
    fn made(&self, op: &pb::Op, owner: Option<&pb::ChownOpt>, time: i64) -> String {
        let owner = self.owner(op, owner);
        if time < 0 {
            format!("{owner} time of the build")
        } else {
            format!("{owner} time {time}")
        }
    }

    /// Returns ` owner USER:GROUP`, or nothing if there is none.
    fn owner(&self, op: &pb::Op, owner: Option<&pb::ChownOpt>) -> String {
        let Some(owner) = owner else {
            return String::new();
        };
        let name = |user: Option<&pb::UserOpt>| match user.and_then(|user| user.user.as_ref()) {
            Some(pb::user_opt::User::ById(id)) => id.to_string(),
            Some(pb::user_opt::User::ByName(named)) => {
                format!(
                    "{} (of {})",
                    named.name,
                    self.numbered_input(op, named.input)
                )
            }
            None => String::new(),
        };
        format!(
            " owner {}:{}",
            name(owner.user.as_ref()),
            name(owner.group.as_ref())
        )
    }

    /// Adds the content of a file, line by line if it is short and text.
    fn data(&mut self, data: &[u8]) {
        let is_plain = |text: &&str| {
            text.len() <= SHOWN_BYTES
                && !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t')
        };
        let Some(text) = std::str::from_utf8(data).ok().filter(is_plain) else {
            return self.line(4, &shown(data));
        };
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => self.line(4, &format!("| {line}")),
                None => self.line(4, &format!("| {line} (no newline)")),
            }
        }
    }
}
