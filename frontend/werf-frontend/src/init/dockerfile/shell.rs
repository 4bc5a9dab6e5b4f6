//! Commands of `RUN` in a stage: `/bin/sh -c` there, bash with `errexit` here.

/// Returns the command of `RUN` as one line, without the ends of continued lines and comments between them.
///
/// # Errors
/// Why a stage would not do the same.
pub fn one_line(written: &str) -> Result<String, String> {
    let mut command = String::new();
    for line in written.lines() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let piece = line.trim_end();
        let piece = piece.strip_suffix('\\').unwrap_or(piece);
        if !command.is_empty() {
            if Scan::of(&command).is_in_quotes {
                return Err("a text in quotes goes on in the next line".to_owned());
            }
            command.truncate(command.trim_end().len());
            command.push(' ');
        }
        command.push_str(if command.is_empty() {
            piece.trim()
        } else {
            piece.trim_start()
        });
    }
    let command = command.trim().to_owned();
    match Scan::of(&command).trouble {
        Some(trouble) => Err(trouble.to_owned()),
        None => Ok(command),
    }
}

/// Returns a command of its own: what it does to the shell is over with it, and its failure is one of the stage.
pub fn apart(command: &str) -> String {
    let first = command.split_whitespace().next().unwrap_or_default();
    let changes_shell = [
        "cd", "export", "set", "umask", "exec", "exit", ".", "source", "unset",
    ];
    let is_simple = !Scan::of(command).is_compound && !changes_shell.contains(&first);
    if is_simple {
        command.to_owned()
    } else {
        format!("({command})")
    }
}

/// What there is in a command outside of quotes.
#[derive(Default)]
struct Scan {
    is_in_quotes: bool,
    is_compound: bool,
    trouble: Option<&'static str>,
}

impl Scan {
    fn of(command: &str) -> Scan {
        let mut scan = Scan::default();
        // With it, a list ends at the first failure in a stage, too.
        let stops = command
            .strip_prefix("set -")
            .and_then(|rest| rest.split([' ', ';', '&']).next())
            .is_some_and(|options| options.contains('e'));
        let mut quote = None;
        let mut characters = command.chars().peekable();
        let mut before = ' ';
        while let Some(c) = characters.next() {
            let next = characters.peek().copied();
            match (quote, c) {
                (Some('"') | None, '\\') => {
                    characters.next();
                }
                (Some(open), _) if c == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '&') if next == Some('&') => {
                    characters.next();
                    scan.is_compound = true;
                }
                (None, '|') if next == Some('|') => {
                    characters.next();
                    scan.is_compound = true;
                }
                (None, '&') if before == '>' || next == Some('>') => {}
                (None, '&') => scan.note("it leaves a program running in the background"),
                (None, '|') if before != '>' => {
                    scan.note("in a pipeline a failure goes unseen, which a stage warns of");
                }
                (None, ';') => {
                    scan.is_compound = true;
                    if !stops {
                        scan.note(
                            "after `;` it goes on where a command has failed, and a stage does not",
                        );
                    }
                }
                (None, '<') if next == Some('<') => scan.note("it has lines of its own (`<<`)"),
                _ => {}
            }
            before = c;
        }
        scan.is_in_quotes = quote.is_some();
        let words: Vec<&str> = command.split_whitespace().collect();
        if words.contains(&"echo") && command.contains('\\') {
            scan.note("`echo` of its shell may read backslashes, and that of a stage does not");
        }
        scan
    }

    fn note(&mut self, trouble: &'static str) {
        self.trouble.get_or_insert(trouble);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_as_docker_joins_them() {
        let written = "apt-get update \\\n # why\n && apt-get install -y \\\n      curl";
        assert_eq!(
            one_line(written).unwrap(),
            "apt-get update && apt-get install -y curl"
        );
    }

    #[test]
    fn what_would_be_something_else_is_told() {
        for command in [
            "make; make install",
            "curl x | tar x",
            "server &",
            "echo 'a\\nb' > c",
            "cat <<E",
            "echo 'a \\\n b'",
        ] {
            assert!(one_line(command).is_err(), "{command}");
        }
        for command in [
            "make && make install || exit 3",
            "set -eux; make; make install",
            "echo 'a; b | c & d' > e 2>&1",
            "find . -exec touch {} \\;",
        ] {
            assert_eq!(one_line(command).as_deref(), Ok(command));
        }
    }

    #[test]
    fn a_command_leaves_the_shell_alone() {
        assert_eq!(apart("npm ci"), "npm ci");
        assert_eq!(apart("a && b"), "(a && b)");
        assert_eq!(apart("cd x"), "(cd x)");
    }
}
