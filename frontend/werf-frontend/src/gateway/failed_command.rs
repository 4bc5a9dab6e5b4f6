//! Which command of a shell stage failed, or why its files could not be brought up to date.
//!
//! All commands of a stage are one process for the daemon, which says nothing but its exit code. The shell leaves the command in a
//! file of the file system that it fails in, and a sync its message (`stapel-sync`: `on_exit`). That is no layer of anything, but a container beside the build can
//! see it: our own program prints the file. Whatever goes wrong with that costs the detail and nothing else.

use buildkit_llb::Graph;
use buildkit_proto::rpc::Status;
use diagnostic::{Location, printable};
use stapel_sync::FAILURE_PATH;
use werf_plan::agreed::{SYNC_EXIT_CODE, print_failure};

use crate::lower::{Command, Step};

use super::bridge::{Bridge, Ref};
use super::container::FAILED;
use super::failed_stage::{is_without_words, its_commands_failed};
use super::plan_graph::{OwnImage, PROGRAM};
use super::report;

/// What a process has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// The command, as a shell prints it; of a sync its message.
    said: String,
    /// The line of the script from which functions were called, if it was in one.
    called_in: Option<usize>,
}

/// The part of a text that is shown in one line.
const SHOWN: usize = 120;

impl Left {
    /// Asks what the shell of `step` has left behind, if that is what has failed. `own` is our own image.
    pub(super) async fn read(
        bridge: &mut Bridge,
        own: &OwnImage<'_>,
        status: &Status,
        step: &Step,
    ) -> Option<Left> {
        let code = report::exit_code(status);
        // A script may end with a code by which a sync says what it leaves no words of.
        let is_of_script = its_commands_failed(code) || is_without_words(code);
        let is_shell = !step.commands.is_empty() && is_of_script;
        if !is_shell && code != Some(SYNC_EXIT_CODE) {
            return None;
        }
        // The root is the first mount of an exec.
        let root = report::failed_mounts(status).into_iter().next()?;
        let arguments = vec![
            PROGRAM.to_owned(),
            print_failure::COMMAND.to_owned(),
            format!("{FAILED}{FAILURE_PATH}"),
        ];
        let image = own_reference(bridge, own).await?;
        let said = bridge.look(&image, &root, arguments).await.ok()?;
        Left::parse(&String::from_utf8_lossy(&said), code?)
    }

    /// Reads the file: exit status, line, and all the rest the command. `None` if it is of another failure.
    pub(super) fn parse(text: &str, code: i64) -> Option<Left> {
        let mut lines = text.splitn(3, '\n');
        if lines.next()?.parse() != Ok(code) {
            return None;
        }
        let called_in = lines.next()?.parse().ok().filter(|line| *line > 0);
        let said = lines.next()?.trim_end().to_owned();
        Some(Left { said, called_in })
    }

    /// Returns the command or message in one line, without what terminals obey.
    pub(super) fn line(&self) -> String {
        printable::line(&self.said.lines().collect::<Vec<_>>().join(" ")).into_owned()
    }

    /// Returns where in the configuration the command is, among those of its step: by the line, where it was a function's, else
    /// by its text, where no other command has that.
    fn find<'a>(&self, commands: &'a [Command]) -> Option<&'a Command> {
        if let Some(line) = self.called_in {
            return commands.iter().rfind(|command| command.line <= line);
        }
        // A shell prints words as they are written, and what is between them in its own way.
        let bare = |text: &str| -> String {
            let is_between = |c: char| c.is_whitespace() || c == ';';
            text.chars().filter(|c| !is_between(*c)).collect()
        };
        let wanted = bare(&self.said);
        let mut found = commands
            .iter()
            .filter(|command| !wanted.is_empty() && bare(&command.text).contains(&wanted));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Leaves only the lines of the command in the frames of `status`, and returns its place and the command for the message.
    pub(super) fn tell(&self, status: &mut Status, step: &Step) -> Option<(Location, String)> {
        let command = self.find(&step.commands)?;
        report::keep_range(status, command.at.start.line);
        let mut shown = self.line();
        if shown.chars().count() > SHOWN {
            shown = shown.chars().take(SHOWN - 1).collect();
            shown.push('…');
        }
        Some((command.at.clone(), shown))
    }
}

/// Returns our own image, which the daemon has made for PLAN already.
async fn own_reference(bridge: &mut Bridge, own: &OwnImage<'_>) -> Option<Ref> {
    let mut graph = Graph::new();
    let node = own.node(&mut graph).ok()?;
    bridge.solve(graph.definition(node)).await.ok()
}

#[cfg(test)]
mod tests {
    use diagnostic::Position;

    use super::*;

    fn commands(texts: &[&str]) -> Vec<Command> {
        let mut line = 3;
        let numbered = texts.iter().enumerate().map(|(index, text)| {
            let position = Position {
                line: 10 + index,
                column: 5,
            };
            let command = Command {
                text: (*text).to_owned(),
                line,
                at: Location {
                    file: "werf.yaml".to_owned(),
                    start: position,
                    end: position,
                    rendered: None,
                },
            };
            line += text.lines().count();
            command
        });
        numbered.collect()
    }

    #[test]
    fn a_command_is_found_by_its_text_or_by_its_line() {
        let texts = [
            "f() {\n  false\n}",
            "cat a|sort >b",
            "(true\nexit 3)",
            "f",
            "echo same",
            "echo same",
        ];
        for (left, expected) in [
            ("1\n\ncat a | sort > b\n", Some(11)),
            ("1\n\nsort > b\n", Some(11)),
            ("1\n\n( true; exit 3 )\n", Some(12)),
            ("1\n9\nfalse\n", Some(13)),
            ("1\n\nfalse\n", Some(10)),
            // Nobody knows which of two.
            ("1\n\necho same\n", None),
            ("1\n\nnothing like it\n", None),
            ("1\n\n\n", None),
            ("2\n\nfalse\n", None),
            ("", None),
            ("1", None),
        ] {
            let commands = commands(&texts);
            let left_behind = Left::parse(left, 1);
            let found = left_behind.and_then(|it| it.find(&commands).map(|it| it.at.start.line));
            assert_eq!(found, expected, "{left:?}");
        }
    }
}
