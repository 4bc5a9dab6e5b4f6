//! The script of a user stage: one file, run by the bash of the tool chain.

use serde::{Deserialize, Serialize};

/// Where the tool chain's bash is inside a stage.
pub const BASH: &str = "/.werf/stapel/embedded/bin/bash";

/// The version of what a stage may expect of its tools: bash, where it is, how the script is started.
///
/// The tools themselves are in no cache key, so that a security rebuild of bash rebuilds nobody's
/// stages. A change that must rebuild them raises this number, which is in every user stage's digest.
pub const TOOLS_PROTOCOL: &str = "1";

/// Forgets the SSH agent that the client has not given, and says which command failed, on the step's own output, and leaves everything else alone: functions and
/// subshells do not inherit it, `set +e` silences it, a trap of the user's replaces it, and the exit
/// status stays what it was. It stands on the second line, which is blank in werf's own scripts, so
/// that line numbers are the same. (A trap on EXIT would see failures inside functions too, but there
/// bash names the wrong command after a subshell.)
const REPORT_FAILURE: &str = r#"[ -S "$SSH_AUTH_SOCK" ] || unset SSH_AUTH_SOCK; trap 'case $- in *e*) echo "werf: failed with exit code $?: $BASH_COMMAND" >&2 ;; esac' ERR"#;

/// The line of the file in which the first command begins, from 1.
const FIRST_COMMAND: usize = 3;

/// How much of the commands a progress line shows, in characters.
const SUMMARY_CHARS: usize = 120;

/// How much of them the history of an image shows, in characters.
const HISTORY_CHARS: usize = 4000;

/// What understands a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ScriptKind {
    /// The bash of the tool chain.
    #[default]
    Shell,
    /// Its ansible.
    Playbook,
}

/// What a user stage runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The whole file, first line included.
    pub text: String,
    /// The commands on one line for the progress output, at most 120 characters.
    pub summary: String,
    /// The same for the history of the image, at most 4,000 characters, where that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
    /// How many lines of the file each command has, from the third line on; nothing where that is one each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<usize>,
    /// What understands it.
    #[serde(default, skip_serializing_if = "ScriptKind::is_shell")]
    pub kind: ScriptKind,
}

impl ScriptKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_shell(&self) -> bool {
        *self == ScriptKind::Shell
    }
}

impl Script {
    /// Pastes `commands` unchanged, one after another and each with a newline, below
    /// `#!/.werf/stapel/embedded/bin/bash -e`: one shell runs them all, so
    /// `cd`, `export` and functions carry over.
    pub fn new<S: AsRef<str>>(commands: impl IntoIterator<Item = S>) -> Script {
        let mut text = format!("#!{BASH} -e\n{REPORT_FAILURE}\n");
        let mut lines = Vec::new();
        let mut counts = Vec::new();
        for command in commands {
            let command = command.as_ref();
            counts.push(command.matches('\n').count() + 1);
            text.push_str(command);
            text.push('\n');
            lines.extend(
                command
                    .lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty())
                    .map(str::to_owned),
            );
        }
        if counts.iter().all(|count| *count == 1) {
            counts.clear();
        }
        Script {
            lines: counts,
            ..Script::of(ScriptKind::Shell, text, &lines.join("; "))
        }
    }

    /// Returns the commands of a shell script, each as it is in the file, with the number of its first line, from 1.
    pub fn commands(&self) -> Vec<(usize, String)> {
        if self.kind != ScriptKind::Shell {
            return Vec::new();
        }
        let mut lines = self.text.lines().skip(FIRST_COMMAND - 1);
        let mut number = FIRST_COMMAND;
        let mut commands = Vec::new();
        let all = self.text.lines().count().saturating_sub(FIRST_COMMAND - 1);
        let counts = match self.lines.as_slice() {
            [] => vec![1; all],
            counts => counts.to_vec(),
        };
        for count in counts {
            let text: Vec<&str> = lines.by_ref().take(count).collect();
            commands.push((number, text.join("\n")));
            number += count;
        }
        commands
    }

    /// Returns a file of any kind; `summary` is cut to 120 characters for progress, and to 4,000 for the history.
    pub fn of(kind: ScriptKind, text: String, summary: &str) -> Script {
        Script {
            text,
            history: (summary.chars().count() > SUMMARY_CHARS)
                .then(|| shorten(summary, HISTORY_CHARS)),
            summary: shorten(summary, SUMMARY_CHARS),
            lines: Vec::new(),
            kind,
        }
    }
}

/// Cuts `text` to at most `limit` characters, saying so with an ellipsis.
fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_pasted_unchanged_from_the_third_line_on() {
        let script = Script::new(["cd /app", "", "cat <<EOF\n  x\nEOF"]);
        let lines: Vec<&str> = script.text.lines().collect();
        assert_eq!(lines[0], "#!/.werf/stapel/embedded/bin/bash -e");
        assert_eq!(lines[2..], ["cd /app", "", "cat <<EOF", "  x", "EOF"]);
        assert!(script.text.ends_with("EOF\n"));
        assert_eq!(script.summary, "cd /app; cat <<EOF; x; EOF");
        let commands = script.commands();
        let numbers: Vec<usize> = commands.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [3, 4, 5]);
        assert_eq!(commands[2].1, "cat <<EOF\n  x\nEOF");
        assert_eq!(Script::new(["a", "b"]).commands().len(), 2);
        assert!(Script::new(["a", "b"]).lines.is_empty());
    }

    #[test]
    fn a_summary_stays_on_one_short_line() {
        let script = Script::new(["é".repeat(500)]);
        assert_eq!(script.summary.chars().count(), SUMMARY_CHARS);
        assert!(script.summary.ends_with('…'));
        assert_eq!(script.history, Some("é".repeat(500)));
        let long = Script::new(["x".repeat(9000)]).history.expect("more");
        assert_eq!(long.chars().count(), HISTORY_CHARS);
        assert_eq!(Script::new(["x"]).history, None);
    }

    /// Runs the script's body with the bash at hand, which is good enough for what is checked here.
    fn run(commands: &[&str]) -> (Option<i32>, String) {
        let script = Script::new(commands);
        let output = std::process::Command::new("bash")
            .args([
                "-e",
                "-c",
                script.text.split_once('\n').expect("a first line").1,
            ])
            .env("SSH_AUTH_SOCK", "/nowhere")
            .output()
            .expect("bash runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    #[test]
    fn the_failed_command_is_named_and_the_status_kept() {
        for (commands, code, failed) in [
            (
                &["true", "x=1", "(exit 42)", "echo never"][..],
                42,
                "( exit 42 )",
            ),
            (&["f() { return 7; }", "f"], 7, "return 7"),
            (&["nosuchprogram --flag"], 127, "nosuchprogram --flag"),
            (&["echo \"$unset\" | (exit 5)"], 5, "( exit 5 )"),
        ] {
            let (status, err) = run(commands);
            assert_eq!(status, Some(code), "{commands:?}");
            let report = format!("werf: failed with exit code {code}: {failed}\n");
            assert!(err.ends_with(&report), "{commands:?} says {err}");
        }
    }

    #[test]
    fn what_does_not_end_the_script_is_not_reported() {
        for commands in [
            &["false || true", "if false; then :; fi", "! true", "true"][..],
            &["set +e", "false", "(exit 3)", "true"],
            &["(exit 3) || true", "x=$(false) || true"],
            &["exit 0"],
            &[],
        ] {
            assert_eq!(run(commands), (Some(0), String::new()), "{commands:?}");
        }
    }

    #[test]
    fn an_agent_that_is_not_there_is_forgotten() {
        let (code, _) = run(&["test -z \"${SSH_AUTH_SOCK+set}\""]);
        assert_eq!(code, Some(0));
    }

    #[test]
    fn a_trap_of_the_user_wins() {
        let (code, err) = run(&["trap 'echo mine >&2' ERR", "false"]);
        assert_eq!((code, err.as_str()), (Some(1), "mine\n"));
    }
}
