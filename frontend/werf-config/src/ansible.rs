//! `ansible`: the tasks of the user stages.
//!
//! Tasks are handed to ansible as they are written, apart from a tag that says which one failed. Scalars mean what
//! they mean to werf, so `mode: 0644` is the number 420 and reaches ansible as such.

mod modules;

use diagnostic::{Report, Span, Spanned};
use yaml_v2::Value;
use yaml_v2::read::{self, Field};
use yaml_v2::untyped::{self, Keys};
use yaml_v2::{NodeKind, NodeRef};

use super::fields::Fields;
use super::instructions::{Instructions, Stages, UserStage};
use super::schema::Section;
use super::schema::Shape::{Anything, Text};
use super::template::{from_yaml, to_yaml};
use modules::{KEYWORDS, MODULES, advice};

/// The keys that make a block of a task.
const BLOCK: [&str; 3] = ["block", "rescue", "always"];

/// Blocks in blocks, at most.
const DEEPEST: usize = 32;

/// How much of a task a progress line shows, in characters.
const SUMMARY_CHARS: usize = 40;

/// The keys of `ansible`.
pub static KEYS: Section = Section {
    keys: &[
        ("beforeInstall", Anything),
        ("install", Anything),
        ("beforeSetup", Anything),
        ("setup", Anything),
        ("cacheVersion", Text),
        ("beforeInstallCacheVersion", Text),
        ("installCacheVersion", Text),
        ("beforeSetupCacheVersion", Text),
        ("setupCacheVersion", Text),
    ],
};

/// A task or a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The task as YAML in canonical form: sorted keys, no comments, and the tag `task_N` for its place in the stage.
    pub yaml: String,
    /// Its name or module, for progress.
    pub summary: String,
}

/// Reads `ansible`.
pub(crate) fn read(fields: &Fields<'_>, report: &mut Report<'_>) -> Instructions {
    let tasks = |fields: &Fields<'_>, stage: UserStage, report: &mut Report<'_>| {
        fields
            .get(stage.name())
            .map_or_else(Vec::new, |node| tasks(node, report))
    };
    Instructions::Tasks(Stages::read(fields, report, tasks))
}

/// Reads the tasks of a stage.
fn tasks(node: NodeRef<'_>, report: &mut Report<'_>) -> Vec<Spanned<Task>> {
    let mut reader = Reader {
        report,
        mistakes: 0,
    };
    let mut tasks = Vec::new();
    for (index, item) in reader.list(node, "a list of tasks").into_iter().enumerate() {
        if let Some(task) = reader.outermost(item, index) {
            tasks.push(Spanned::new(task, item.span()));
        }
    }
    tasks
}

struct Reader<'r, 't> {
    report: &'r mut Report<'t>,
    /// How many there are so far.
    mistakes: usize,
}

impl Reader<'_, '_> {
    fn wrong(&mut self, message: impl Into<String>, at: Span, hint: impl Into<String>) {
        self.mistakes += 1;
        let message = format!(
            "{} in `ansible` of {}",
            message.into(),
            self.report.called()
        );
        self.report.error(at, message).hint(hint);
    }

    fn list<'a>(&mut self, node: NodeRef<'a>, wanted: &'static str) -> Vec<NodeRef<'a>> {
        let mut problems = Vec::new();
        let items = read::items(node, wanted, &mut problems);
        if !problems.is_empty() {
            let message = format!("this is not {wanted}");
            self.wrong(message, node.span(), "write one task behind each `-`");
        }
        items
    }

    /// Reads the task at `index` of a stage, which gets a tag of its own.
    fn outermost(&mut self, node: NodeRef<'_>, index: usize) -> Option<Task> {
        let before = self.mistakes;
        let name = self.check(node, 0)?;
        let (Value::Map(mut pairs), _) = untyped::read(node, Keys::Any) else {
            return None;
        };
        let tags = Value::String("tags".to_owned());
        let written = pairs.iter().position(|(key, _)| *key == tags);
        let mut list = match written.map(|at| pairs.remove(at).1) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(list)) => list,
            Some(Value::String(tag)) => vec![Value::String(tag)],
            Some(_) => {
                self.wrong(
                    "`tags` is neither a string nor a list",
                    node.span(),
                    "write `tags: NAME`",
                );
                return None;
            }
        };
        list.push(Value::String(format!("task_{index}")));
        pairs.push((tags, Value::List(list)));
        let written = from_yaml::convert(Value::Map(pairs), &mut |_| Ok(()))
            .ok()
            .and_then(|value| to_yaml::write(&value, |_| Ok(())).ok())
            .filter(|yaml| !yaml.is_empty());
        let Some(yaml) = written else {
            self.wrong(
                "this task is nested too deeply",
                node.span(),
                "make it flatter",
            );
            return None;
        };
        (self.mistakes == before).then_some(Task {
            yaml,
            summary: name,
        })
    }

    /// Checks a task or a block, and returns what progress calls it.
    fn check(&mut self, node: NodeRef<'_>, depth: usize) -> Option<String> {
        if !matches!(node.target().node().kind, NodeKind::Mapping(_)) {
            self.wrong(
                "a task is not a mapping",
                node.span(),
                "write `- MODULE: ARGUMENTS`",
            );
            return None;
        }
        let fields = read::fields(node, &mut Vec::new());
        let given: Vec<&Field<'_>> = fields
            .iter()
            .filter(|field| !read::is_null(field.value))
            .collect();
        let named = given
            .iter()
            .find(|field| field.key.value == "name")
            .and_then(|field| read::text(field.value).ok().flatten())
            .map(|name| shorten(&name.value));
        let is_block = |field: &&&Field<'_>| BLOCK.contains(&field.key.value.as_str());
        let blocks: Vec<&Field<'_>> = given.iter().filter(is_block).copied().collect();
        if !blocks.is_empty() {
            if depth == DEEPEST {
                self.wrong(
                    "blocks are nested too deeply",
                    node.span(),
                    "make them flatter",
                );
                return None;
            }
            for field in blocks {
                for task in self.list(field.value, "a list of tasks") {
                    self.check(task, depth + 1);
                }
            }
            return Some(named.unwrap_or_else(|| "block".to_owned()));
        }
        let is_module = |field: &&&Field<'_>| MODULES.contains(&field.key.value.as_str());
        let modules: Vec<&Field<'_>> = given.iter().filter(is_module).copied().collect();
        match modules.as_slice() {
            [one] => {
                return Some(named.map_or_else(
                    || one.key.value.clone(),
                    |name| format!("{}: {name}", one.key.value),
                ));
            }
            [] => self.no_module(node, &fields),
            [first, second, ..] => self.wrong(
                format!(
                    "a task has two modules, `{}` and `{}`,",
                    first.key.value, second.key.value
                ),
                second.key.span,
                "make it two tasks",
            ),
        }
        None
    }

    /// Says which module may have been meant.
    fn no_module(&mut self, node: NodeRef<'_>, fields: &[Field<'_>]) {
        let empty = fields
            .iter()
            .find(|field| MODULES.contains(&field.key.value.as_str()));
        if let Some(field) = empty {
            let name = &field.key.value;
            let message = format!("module `{name}` has no arguments");
            self.wrong(
                message,
                field.key.span,
                format!("write `{name}: ARGUMENTS`, or `{name}: {{}}`"),
            );
            return;
        }
        let is_other = |field: &&Field<'_>| {
            let key = field.key.value.as_str();
            !KEYWORDS.contains(&key) && !key.starts_with("with_")
        };
        let Some(field) = fields.iter().find(is_other) else {
            self.wrong(
                "a task has no module",
                node.span(),
                "write `MODULE: ARGUMENTS`",
            );
            return;
        };
        let key = read::shorten(&field.key.value);
        let message = format!("`{key}` is not a module that a task may use");
        self.wrong(message, field.key.span, advice(&field.key.value));
    }
}

fn shorten(name: &str) -> String {
    let line = name.lines().next().unwrap_or_default();
    match line.char_indices().nth(SUMMARY_CHARS) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use diagnostic::{Diagnostics, SourceText};
    use yaml_v2::Parser;

    use super::*;

    fn read_tasks(text: &str) -> (Vec<Task>, Vec<String>) {
        let tree = Parser::new(text, 0)
            .next_document()
            .expect("it is YAML")
            .expect("it has a node");
        let source = SourceText::new("werf.yaml", text).expect("it is UTF-8");
        let mut diagnostics = Diagnostics::new();
        let mut report = Report::new(&source, &mut diagnostics);
        let tasks = tasks(tree.root().expect("a root"), &mut report);
        let said = diagnostics.finish().err().unwrap_or_default();
        let said = said.into_iter().map(|mistake| {
            let message = mistake.message.strip_suffix(" in `ansible` of ");
            format!(
                "{}; {}",
                message.unwrap_or_default(),
                mistake.hint.unwrap_or_default()
            )
        });
        (
            tasks.into_iter().map(|task| task.value).collect(),
            said.collect(),
        )
    }

    #[test]
    fn a_task_is_canonical_and_has_a_tag() {
        let one = "- copy: {dest: /a, content: x, mode: 0644}\n  name: Copy # a comment\n- debug: msg='x'\n  tags: [a]\n";
        let other = "- name: \"Copy\"\n  copy:\n    mode: 0644\n    content: 'x'\n    dest: /a\n- tags: [a]\n  debug: msg='x'\n";
        let (tasks, mistakes) = read_tasks(one);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(tasks, read_tasks(other).0);
        assert_eq!(
            tasks[0].yaml,
            "copy:\n  content: x\n  dest: /a\n  mode: 420\nname: Copy\ntags:\n- task_0\n"
        );
        assert_eq!(tasks[1].yaml, "debug: msg='x'\ntags:\n- a\n- task_1\n");
        assert_eq!(
            (tasks[0].summary.as_str(), tasks[1].summary.as_str()),
            ("copy: Copy", "debug")
        );
    }

    #[test]
    fn scalars_mean_what_they_mean_to_werf() {
        let (tasks, _) = read_tasks(
            "- set_fact: {a: 1_000, b: 012, c: yes, d: 1:30, e: '0644', f: 2020-01-01}\n",
        );
        assert_eq!(
            tasks[0].yaml,
            "set_fact:\n  a: 1000\n  b: 10\n  c: true\n  d: \"1:30\"\n  e: \"0644\"\n  f: \"2020-01-01\"\ntags:\n- task_0\n"
        );
    }

    #[test]
    fn blocks_are_checked_all_the_way_down() {
        let (tasks, mistakes) = read_tasks(
            "- block:\n  - raw: a\n  - block:\n    - raw: b\n  rescue:\n  - raw: c\n  name: All\n",
        );
        assert_eq!((tasks.len(), mistakes), (1, Vec::new()));
        assert_eq!(tasks[0].summary, "All");
        let (_, mistakes) = read_tasks("- always:\n  - block:\n    - templat: b\n");
        assert_eq!(mistakes.len(), 1);
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (text, said) in [
            (
                "- lineinfil: x\n",
                "`lineinfil` is not a module that a task may use; did you mean `lineinfile`?",
            ),
            (
                "- ansible.builtin.copy: {}\n",
                "`ansible.builtin.copy` is not a module that a task may use; did you mean `copy`?",
            ),
            (
                "- name: x\n  template: {}\n",
                "`template` is not a module that a task may use; use `copy` with `content`, and render it in the Go template",
            ),
            (
                "- debug:\n",
                "module `debug` has no arguments; write `debug: ARGUMENTS`, or `debug: {}`",
            ),
            (
                "- raw: a\n  shell: b\n",
                "a task has two modules, `raw` and `shell`,; make it two tasks",
            ),
            (
                "- name: x\n",
                "a task has no module; write `MODULE: ARGUMENTS`",
            ),
            (
                "- apt-get update\n",
                "a task is not a mapping; write `- MODULE: ARGUMENTS`",
            ),
            (
                "raw: a\n",
                "this is not a list of tasks; write one task behind each `-`",
            ),
            (
                "- raw: a\n  tags: {}\n",
                "`tags` is neither a string nor a list; write `tags: NAME`",
            ),
            (
                "- block: x\n",
                "this is not a list of tasks; write one task behind each `-`",
            ),
        ] {
            assert_eq!(read_tasks(text).1, [said], "{text}");
        }
        assert_eq!(
            read_tasks("- raw: a\n  shell:\n").1,
            [""; 0],
            "null does not count"
        );
    }

    #[test]
    fn nothing_is_too_deep_to_be_refused() {
        let deep = format!(
            "- {}{{raw: x}}{}\n",
            "{block: [".repeat(40),
            "]}".repeat(40)
        );
        assert_eq!(
            read_tasks(&deep).1,
            ["blocks are nested too deeply; make them flatter"]
        );
    }
}
