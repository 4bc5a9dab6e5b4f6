//! `.dockerignore`: which files of a context the client of a Dockerfile would not send.
//!
//! BuildKit applies the file to contexts of the client only, so here it is applied to the files of the commit. The
//! rules are those of BuildKit (moby/patternmatcher and its `ignorefile`): the last pattern that matches a path or a
//! directory above it decides, `!` takes back, `**` stands for any number of directories.

use std::collections::HashMap;
use std::fmt;

use goregexp::Regexp;

use super::mask::clean;

/// The patterns of a file, in its order.
#[derive(Debug, Default)]
pub struct Dockerignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    /// Whether what matches is sent after all.
    takes_back: bool,
    how: How,
}

/// How a pattern matches; most have nothing special in them.
#[derive(Debug)]
enum How {
    /// The path is this text.
    Exact(String),
    /// The path ends so, or is this without its leading slash.
    Suffix(String),
    /// The path begins so.
    Prefix(String),
    Regexp(Regexp),
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// This is no pattern.
    NotAPattern(String),
    /// There are too many before it: every file is compared with all of them.
    TooMany,
}

impl BadLine {
    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self.problem {
            Problem::NotAPattern(_) => {
                "a bracket or a backslash must be finished, and `!` needs a path"
            }
            Problem::TooMany => "name directories instead of their files",
        }
    }
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::NotAPattern(text) => write!(f, "`{text}` is not a pattern"),
            Problem::TooMany => write!(f, "there are more than {MOST_PATTERNS} patterns"),
        }
    }
}

/// A file with more patterns is a mistake.
const MOST_PATTERNS: usize = 5000;

impl Dockerignore {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// The first line that cannot be used.
    pub fn parse(text: &str) -> Result<Dockerignore, BadLine> {
        let mut patterns = Vec::new();
        for line in lines(text) {
            let bad = || BadLine {
                line: line.number,
                problem: Problem::NotAPattern(line.written.to_owned()),
            };
            if patterns.len() == MOST_PATTERNS {
                let problem = Problem::TooMany;
                return Err(BadLine { problem, ..bad() });
            }
            if line.pattern.is_empty() {
                return Err(bad());
            }
            let how = How::of(&line.pattern).ok_or_else(bad)?;
            patterns.push(Pattern {
                takes_back: line.takes_back,
                how,
            });
        }
        Ok(Dockerignore { patterns })
    }

    /// Returns a judge of paths, which remembers what it has found out about directories.
    pub fn judge(&self) -> Judge<'_> {
        Judge {
            patterns: &self.patterns,
            directories: HashMap::new(),
        }
    }
}

/// A line with a pattern.
struct Line<'a> {
    /// Its number, from 1.
    number: usize,
    written: &'a str,
    takes_back: bool,
    /// The path as it is compared; empty if there is none.
    pattern: String,
}

/// Returns the lines of the file that are neither empty nor comments.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|(index, line)| {
        let written = line.trim();
        let (takes_back, rest) = match written.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, written),
        };
        let cleaned = if rest.is_empty() {
            String::new()
        } else {
            clean(rest)
        };
        let pattern = match cleaned.strip_prefix('/') {
            Some(relative) if !relative.is_empty() => relative.to_owned(),
            _ => cleaned,
        };
        Line {
            number: index + 1,
            written,
            takes_back,
            pattern,
        }
    })
}

/// Returns the patterns of the file with this text as a client of BuildKit takes them: it looks at them itself.
pub fn patterns(text: &str) -> Vec<String> {
    let patterns = lines(text).map(|line| {
        if line.takes_back {
            format!("!{}", line.pattern)
        } else {
            line.pattern
        }
    });
    patterns.collect()
}

/// Says of paths whether they are left out.
pub struct Judge<'a> {
    patterns: &'a [Pattern],
    /// Of directories, which patterns match them or one above.
    directories: HashMap<Vec<u8>, Vec<bool>>,
}

impl Judge<'_> {
    /// Whether the file at `path`, which is relative to the context, is left out.
    pub fn leaves_out(&mut self, path: &[u8]) -> bool {
        let mut above: Option<Vec<bool>> = None;
        for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let directory = &path[..end];
            let matched = match self.directories.get(directory) {
                Some(matched) => matched.clone(),
                None => {
                    let matched = self.matched(directory, above.as_deref()).1;
                    self.directories.insert(directory.to_vec(), matched.clone());
                    matched
                }
            };
            above = Some(matched);
        }
        self.matched(path, above.as_deref()).0
    }

    /// Returns whether `path` is left out, and which patterns match it. A pattern that could not change anything at
    /// its turn is not asked, and does not count for what is below either.
    fn matched(&self, path: &[u8], above: Option<&[bool]>) -> (bool, Vec<bool>) {
        let mut is_out = false;
        let mut all = vec![false; self.patterns.len()];
        for (index, pattern) in self.patterns.iter().enumerate() {
            let inherits = above.is_some_and(|above| above[index]);
            if !inherits && (pattern.takes_back != is_out || !pattern.how.matches(path)) {
                continue;
            }
            all[index] = true;
            is_out = !pattern.takes_back;
        }
        (is_out, all)
    }
}

impl How {
    /// Returns how a cleaned pattern matches; `None` if it is none.
    fn of(pattern: &str) -> Option<How> {
        if !pattern.contains(['*', '?', '[', ']', '\\']) {
            return Some(How::Exact(pattern.to_owned()));
        }
        let is_plain = |text: &str| !text.contains(['*', '?', '[', ']', '\\']);
        if let Some(rest) = pattern.strip_prefix("**")
            && is_plain(rest)
        {
            return Some(How::Suffix(rest.to_owned()));
        }
        if let Some(rest) = pattern.strip_suffix("**")
            && is_plain(rest)
        {
            return Some(How::Prefix(rest.to_owned()));
        }
        let text = regexp(pattern)?;
        Regexp::new(text.as_bytes()).ok().map(How::Regexp)
    }

    fn matches(&self, path: &[u8]) -> bool {
        match self {
            How::Exact(text) => path == text.as_bytes(),
            How::Suffix(text) => {
                let alone = text.strip_prefix('/');
                path.ends_with(text.as_bytes())
                    || alone.is_some_and(|alone| path == alone.as_bytes())
            }
            How::Prefix(text) => path.starts_with(text.as_bytes()),
            How::Regexp(regexp) => regexp.is_match(path),
        }
    }
}

/// Returns the regular expression of a pattern with special characters; `None` if a bracket or an escape is not
/// finished.
fn regexp(pattern: &str) -> Option<String> {
    let mut text = String::from("^");
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.next_if_eq(&'*').is_some() => {
                rest.next_if_eq(&'/');
                text.push_str(if rest.peek().is_some() {
                    "(.*/)?"
                } else {
                    ".*"
                });
            }
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '\\' => push_literal(&mut text, rest.next()?),
            '[' => class(&mut text, &mut rest)?,
            other => push_literal(&mut text, other),
        }
    }
    text.push('$');
    Some(text)
}

/// Takes over a class of characters, whose opening bracket is behind.
fn class(text: &mut String, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
    text.push('[');
    if rest.next_if_eq(&'^').is_some() {
        text.push('^');
    }
    let mut is_empty = true;
    loop {
        match rest.next()? {
            ']' if is_empty => return None,
            ']' => break,
            '-' => text.push('-'),
            '\\' => push_literal(text, rest.next()?),
            other => push_literal(text, other),
        }
        is_empty = false;
    }
    text.push(']');
    Some(())
}

fn push_literal(text: &mut String, character: char) {
    if character.is_ascii_punctuation() {
        text.push('\\');
    }
    text.push(character);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(text: &str, path: &str) -> bool {
        let ignore = Dockerignore::parse(text).expect(text);
        ignore.judge().leaves_out(path.as_bytes())
    }

    #[test]
    fn patterns_are_cleaned_for_clients() {
        let text = "\u{feff}# comment\n\n /a/ \n!/b/../c\n**/*.o\n";
        assert_eq!(patterns(text), ["a", "!c", "**/*.o"]);
    }

    #[test]
    fn a_pattern_covers_what_it_names_and_all_below() {
        for (text, path, expected) in [
            ("a", "a", true),
            ("a", "a/b/c", true),
            ("a", "b/a", false),
            ("/a/", "a/b", true),
            ("./a//b", "a/b", true),
            ("*.md", "x.md", true),
            ("*.md", "d/x.md", false),
            ("*/x.md", "d/x.md", true),
            ("**/x.md", "x.md", true),
            ("**/x.md", "d/e/x.md", true),
            ("**/*.md", "d/e/x.md", true),
            ("d/**", "d/e/x", true),
            ("d/**", "e/d/x", false),
            ("d/**/x", "d/x", true),
            ("d/**/x", "d/e/f/x", true),
            ("**", "anything/at/all", true),
            ("*", "anything/at/all", true),
            ("?.c", "a.c", true),
            ("?.c", "ab.c", false),
            ("[a-c].x", "b.x", true),
            ("[^a-c].x", "b.x", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a.b", "axb", false),
            ("# a\n\n", "a", false),
            ("\u{feff}a", "a", true),
            (" a ", "a", true),
            ("**foo", "xfoo", true),
            ("foo**", "foox/y", true),
            (".", "a", false),
            ("", "a", false),
        ] {
            assert_eq!(out(text, path), expected, "{text:?} {path}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        for (text, path, expected) in [
            ("*\n!a", "a", false),
            ("*\n!a", "a/b", false),
            ("*\n!a", "b", true),
            ("*\n! a/b", "a/b", false),
            ("*\n!a/b", "a/c", true),
            ("!a\n*", "a", true),
            ("a\n!a/b\na/b/c", "a/b/c", true),
            ("a\n!a/b\na/b/c", "a/b/d", false),
        ] {
            assert_eq!(out(text, path), expected, "{text:?} {path}");
        }
    }

    #[test]
    fn lines_that_are_no_pattern_are_named() {
        for (text, line) in [("!", 1), ("a\n[", 2), ("a\nb\n[]", 3), ("x\\", 1)] {
            let bad = Dockerignore::parse(text).expect_err(text);
            assert_eq!(bad.line, line, "{text:?}: {bad}");
        }
        let many = Dockerignore::parse(&"*a*b*\n".repeat(MOST_PATTERNS + 1)).expect_err("many");
        assert_eq!(
            (many.line, many.problem),
            (MOST_PATTERNS + 1, Problem::TooMany)
        );
    }

    #[test]
    fn no_text_makes_it_panic() {
        let parts = [
            "*", "**", "/", "?", "[", "]", "\\", "!", "#", "^", "-", "a", " ", "\n", "\u{feff}",
            "é", ".", "..", "(", "|", "$",
        ];
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..8 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                text.push_str(parts[(state >> 33) as usize % parts.len()]);
            }
            if let Ok(ignore) = Dockerignore::parse(&text) {
                ignore.judge().leaves_out(b"a/b\xff/c");
            }
        }
    }
}
