//! The playbook of an ansible stage, and the files beside it.
//!
//! All of this is mounted by definition and so is part of the stage's key: a change of a byte here reruns the
//! stages of every user, and is a line in the changelog.

use super::script::{Script, ScriptKind};

/// Where these files are inside a stage.
pub const DIRECTORY: &str = "/.werf/ansible-workdir";

/// Where ansible and its modules keep what they need while they run; nothing of it stays.
pub const SCRATCH: &str = "/.werf/ansible-tmpdir";

/// The program that plays it.
pub const PROGRAM: &str = "/.werf/stapel/embedded/bin/ansible-playbook";

/// Where the tool chain's programs are. They are found after those of the image.
pub const PATH: &str = "/.werf/stapel/embedded/sbin:/.werf/stapel/embedded/bin";

/// The version of what an ansible stage may expect of its tools, which are in no key themselves.
pub const PROTOCOL: &str = "1";

/// The exit code of a stage whose first task failed; the task at index N gives a code that is N larger.
pub const FIRST_TASK_FAILED: i64 = 100;

/// How many tasks have an exit code of their own.
pub const TOLD_APART: i64 = 150;

/// The inventory: the container itself.
pub const HOSTS: &str = "localhost ansible_connection=local \
    ansible_python_interpreter=/.werf/stapel/embedded/bin/python3\n";

/// How ansible is set up. Roles that do not exist here, such as ssh, keep their defaults.
pub const CONFIG: &str = "\
[defaults]
inventory = /.werf/ansible-workdir/hosts
home = /.werf/ansible-tmpdir/home
local_tmp = /.werf/ansible-tmpdir/local
remote_tmp = /.werf/ansible-tmpdir/remote
executable = /.werf/stapel/embedded/bin/bash
callback_plugins = /.werf/stapel/embedded/share/ansible/callback
stdout_callback = werf
module_compression = ZIP_STORED
retry_files_enabled = False
forks = 1
gathering = explicit
nocolor = True
nocows = True
deprecation_warnings = False
localhost_warning = False

[inventory]
enable_plugins = ini

[privilege_escalation]
become = True
become_method = sudo
become_exe = /.werf/stapel/embedded/bin/sudo
become_flags = -E -H

[connection]
pipelining = True
";

/// Returns what a stage with `tasks` runs; each is the YAML and the summary of a task.
pub fn script<'a>(tasks: impl IntoIterator<Item = (&'a str, &'a str)>) -> Script {
    let mut text = "- hosts: all\n  gather_facts: 'no'\n  tasks:\n".to_owned();
    let mut summaries = Vec::new();
    for (yaml, summary) in tasks {
        for (number, line) in yaml.lines().enumerate() {
            // An empty line belongs to a text and stays empty.
            if !line.is_empty() {
                text.push_str(if number == 0 { "  - " } else { "    " });
                text.push_str(line);
            }
            text.push('\n');
        }
        summaries.push(summary);
    }
    Script::of(ScriptKind::Playbook, text, &summaries.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_playbook_is_as_documented() {
        let script = script([
            ("debug: msg='Start install'\ntags:\n- task_0\n", "debug"),
            (
                "copy:\n  content: |\n    a\n\n    b\n  dest: /x\ntags:\n- task_1\n",
                "copy: X",
            ),
        ]);
        assert_eq!(
            script.text,
            "- hosts: all\n  gather_facts: 'no'\n  tasks:\n  - debug: msg='Start install'\n    tags:\n    - task_0\n\
             \x20 - copy:\n      content: |\n        a\n\n        b\n      dest: /x\n    tags:\n    - task_1\n"
        );
        assert_eq!(script.summary, "debug; copy: X");
    }

    #[test]
    fn what_is_beside_the_playbook_is_a_contract() {
        use sha2::{Digest as _, Sha256};
        let hash = |text: &str| crate::digest::hex(&Sha256::digest(text));
        // These are in every ansible stage's key: a change is a line in the changelog.
        insta::assert_snapshot!(format!("{} {}", hash(CONFIG), hash(HOSTS)));
    }
}
