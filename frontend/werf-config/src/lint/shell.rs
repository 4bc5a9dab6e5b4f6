//! As much of the grammar of a shell as rules need: simple commands, and what stands between them.
//!
//! Quotes, escapes, comments, here-documents and nested `$(…)` are passed over. What is not understood gives fewer commands, never
//! wrong ones: rules then say nothing.

/// A simple command of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Simple<'a> {
    /// Its words as they are written.
    pub(super) text: &'a str,
    /// Whether its output goes to another command.
    pub(super) is_piped: bool,
    /// Whether another command's output comes to it.
    pub(super) takes_input: bool,
}

/// Words that may stand before a command and are none.
const PREFIXES: [&str; 11] = [
    "!", "{", "(", "if", "elif", "while", "until", "then", "else", "do", "time",
];

/// Words that run the command behind them.
const RUNNERS: [&str; 5] = ["sudo", "exec", "command", "env", "nohup"];

impl<'a> Simple<'a> {
    /// Returns the program, without variables, keywords and `sudo` before it; empty if there is none.
    pub(super) fn program(&self) -> &'a str {
        let mut words = self.words().skip_while(|word| {
            PREFIXES.contains(word) || RUNNERS.contains(word) || is_assignment(word)
        });
        words.next().unwrap_or_default()
    }

    /// Whether its exit status is looked at, as the condition of something.
    pub(super) fn is_condition(&self) -> bool {
        let first = self.words().next().unwrap_or_default();
        ["!", "if", "elif", "while", "until"].contains(&first)
    }

    fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text
            .split_whitespace()
            .map(|word| word.trim_start_matches('('))
            .filter(|word| !word.is_empty())
    }
}

fn is_assignment(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    word.contains('=')
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Splits a text into its simple commands.
pub(super) fn commands(text: &str) -> Vec<Simple<'_>> {
    let mut found = Vec::new();
    let mut splitter = Splitter {
        text,
        at: 0,
        heredocs: Vec::new(),
    };
    let mut start = 0;
    let mut takes_input = false;
    loop {
        let (end, separator) = splitter.next_separator();
        let command = text[start..end].trim();
        let is_piped = separator == Separator::Pipe;
        if !command.is_empty() {
            found.push(Simple {
                text: command,
                is_piped,
                takes_input,
            });
        }
        if separator == Separator::End {
            return found;
        }
        takes_input = is_piped;
        start = splitter.at;
    }
}

/// What ends a simple command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Pipe,
    Other,
    End,
}

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    /// The ends of the here-documents that begin in the next line.
    heredocs: Vec<&'a str>,
}

impl Splitter<'_> {
    /// Returns where the command ends that begins here, and goes behind what ends it.
    fn next_separator(&mut self) -> (usize, Separator) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        let mut is_word_start = true;
        while let Some(&byte) = bytes.get(self.at) {
            let next = bytes.get(self.at + 1).copied();
            let end = self.at;
            self.at += 1;
            let was_word_start = std::mem::replace(&mut is_word_start, byte.is_ascii_whitespace());
            match byte {
                b'\\' => self.at += 1,
                b'\'' => self.skip_to(b'\''),
                b'"' => self.skip_quoted(),
                b'`' => self.skip_to(b'`'),
                b'#' if was_word_start => self.skip_line(),
                b'$' if matches!(next, Some(b'(' | b'{')) => {
                    depth += 1;
                    self.at += 1;
                }
                b'(' | b'{' if depth > 0 => depth += 1,
                b')' | b'}' if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                b'<' if next == Some(b'<') => self.note_heredoc(),
                b'\n' => {
                    self.skip_heredocs();
                    return (end, Separator::Other);
                }
                b'|' | b'&' if next == Some(byte) => {
                    self.at += 1;
                    return (end, Separator::Other);
                }
                // `>|` writes over a file.
                b'|' if end > 0 && bytes[end - 1] == b'>' => {}
                b'|' => {
                    self.at += usize::from(next == Some(b'&'));
                    return (end, Separator::Pipe);
                }
                // `2>&1` and `&>` are redirections.
                b'&' if next == Some(b'>') || (end > 0 && bytes[end - 1] == b'>') => {}
                b';' | b'&' => return (end, Separator::Other),
                _ => {}
            }
        }
        self.at = self.text.len();
        (self.text.len(), Separator::End)
    }

    fn skip_to(&mut self, end: u8) {
        let rest = &self.text.as_bytes()[self.at.min(self.text.len())..];
        let found = rest.iter().position(|&byte| byte == end);
        self.at += found.map_or(rest.len(), |at| at + 1);
    }

    fn skip_quoted(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => return,
                _ => {}
            }
        }
    }

    /// Goes to the end of the line, which is still to be read.
    fn skip_line(&mut self) {
        let rest = &self.text[self.at.min(self.text.len())..];
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn note_heredoc(&mut self) {
        let rest = &self.text[self.at + 1..];
        // `<<<` is followed by a word, not by lines.
        if rest.starts_with('<') {
            self.at += 2;
            return;
        }
        let word = rest.trim_start_matches('-').trim_start_matches(' ');
        let word = word.trim_start_matches(['\'', '"', '\\']);
        let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '!');
        let length = word.find(|c| !is_of_word(c)).unwrap_or(word.len());
        self.heredocs.push(&word[..length]);
        self.at += 1;
    }

    /// Goes behind the here-documents whose lines begin here.
    fn skip_heredocs(&mut self) {
        for end in std::mem::take(&mut self.heredocs) {
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let line = rest.split('\n').next().unwrap_or_default();
                self.at = (self.at + line.len() + 1).min(self.text.len());
                if line.trim_start_matches('\t').trim_end() == end {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        commands(text).iter().map(|it| it.text).collect()
    }

    #[test]
    fn commands_are_told_apart() {
        for (text, expected) in [
            ("a; b && c || d", &["a", "b", "c", "d"][..]),
            ("a | b |& c", &["a", "b", "c"]),
            (
                "echo 'a | b' \"c; d\" \\; e",
                &["echo 'a | b' \"c; d\" \\; e"],
            ),
            ("x=$(a | b; c) d", &["x=$(a | b; c) d"]),
            ("echo ${a:-b | c}", &["echo ${a:-b | c}"]),
            ("a 2>&1 &>c >|d", &["a 2>&1 &>c >|d"]),
            ("a # b | c\nd", &["a # b | c", "d"]),
            (
                "cat <<EOF | sort\na | b\nEOF\nc",
                &["cat <<EOF", "sort", "c"],
            ),
            ("cat <<'E' >f\n$(x; y\nE\nc", &["cat <<'E' >f", "c"]),
            ("a <<< 'b'\nc", &["a <<< 'b'", "c"]),
            ("a \"unclosed | b", &["a \"unclosed | b"]),
            ("a $(unclosed | b", &["a $(unclosed | b"]),
            ("cat <<E\nnever ends | x", &["cat <<E"]),
            ("a\\", &["a\\"]),
            ("é | ü", &["é", "ü"]),
            ("", &[]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn the_program_is_behind_keywords_and_variables() {
        for (text, program) in [
            ("cat x", "cat"),
            ("A=1 B=2 sudo cat x", "cat"),
            ("if ! (cat x", "cat"),
            ("A=1", ""),
            ("'quoted'", "'quoted'"),
        ] {
            assert_eq!(commands(text)[0].program(), program, "{text}");
        }
    }

    #[test]
    fn what_is_piped_is_known() {
        let text = "a | b; c";
        let piped: Vec<(bool, bool)> = commands(text)
            .iter()
            .map(|it| (it.is_piped, it.takes_input))
            .collect();
        assert_eq!(piped, [(true, false), (false, true), (false, false)]);
    }
}
