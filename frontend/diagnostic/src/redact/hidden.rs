//! Values that a person gave to a build, and that nothing shows: messages, notes, warnings.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Diagnostic;

/// What stands in the place of a value.
const MASK: &str = "***";

/// Shorter texts are everywhere; hiding them would hide the messages.
const SHORTEST: usize = 4;

/// Values that must not be shown, what was made of them, and the lines that they went into.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden {
    texts: BTreeSet<String>,
    /// Values of fewer characters, which are hidden where they stand alone in a rendered line.
    short: BTreeSet<String>,
    /// Whether there are others that are not known, so that nothing that is quoted is shown.
    are_more: bool,
    /// What is written in the lines of files from which a value was rendered.
    lines: BTreeMap<(String, usize), Line>,
}

/// A line of a file from which lines with values were rendered.
#[derive(Clone, Default, PartialEq, Eq)]
struct Line {
    written: String,
    rendered: BTreeSet<String>,
}

/// Tells how many there are; whoever prints it must not print them.
impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hidden({})", self.texts.len() + self.short.len())
    }
}

/// So many different lines that one line of a template was rendered to are kept.
const MOST_RENDERED: usize = 16;

impl Hidden {
    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.short.is_empty() && !self.are_more
    }

    /// Says that there are more values than are known: nothing that is quoted is shown.
    pub fn add_unknown(&mut self) {
        self.are_more = true;
    }

    /// Adds a value: it as a whole, each of its lines, and how they look in quotes.
    pub fn add(&mut self, value: &str) {
        for text in std::iter::once(value).chain(value.lines()) {
            let text = text.trim();
            match text.chars().count() {
                0 => {}
                1..SHORTEST => drop(self.short.insert(text.to_owned())),
                _ => {
                    let quoted = format!("{text:?}");
                    self.texts.insert(quoted[1..quoted.len() - 1].to_owned());
                    self.texts.insert(text.replace('\'', "''"));
                    self.texts.insert(text.to_owned());
                }
            }
        }
    }

    /// Adds everything that `other` hides.
    pub fn extend(&mut self, other: Hidden) {
        self.texts.extend(other.texts);
        self.short.extend(other.short);
        self.are_more |= other.are_more;
        self.lines.extend(other.lines);
    }

    /// Says that a value went into line `line` of `file`, in which `written` stands, when it became `rendered`.
    pub fn add_line(&mut self, file: &str, line: usize, written: &str, rendered: &str) {
        let place = (file.to_owned(), line);
        let line = self.lines.entry(place).or_default();
        written.clone_into(&mut line.written);
        if line.rendered.len() < MOST_RENDERED {
            line.rendered.insert(rendered.to_owned());
        }
    }

    /// Whether `text` shows a value.
    pub fn is_in(&self, text: &str) -> bool {
        self.texts.iter().any(|hidden| text.contains(hidden))
    }

    /// Returns where in `text` values begin, those that stand alone among the short ones, too.
    pub fn offsets_in(&self, text: &str) -> Vec<usize> {
        let long = self.texts.iter().filter_map(|it| text.find(it.as_str()));
        let short = self.short.iter().filter_map(|it| find_alone(text, it, 0));
        long.chain(short).collect()
    }

    /// Returns `text` without any value.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.replaced(text, |_| true)
    }

    /// Returns `text`, which may have been cut to some length, without any value and without the beginning of one at its
    /// end.
    pub fn cut_text(&self, text: &str) -> String {
        let shown = self.text(text).into_owned();
        let Some(body) = shown.strip_suffix('…') else {
            return shown;
        };
        let beginnings = self.texts.iter().filter_map(|hidden| {
            let ends = hidden.char_indices().map(|(at, _)| at).skip(1);
            ends.filter(|&end| body.ends_with(&hidden[..end])).max()
        });
        match beginnings.max() {
            Some(length) => format!("{}{MASK}…", &body[..body.len() - length]),
            None => shown,
        }
    }

    /// Returns a message that is not made here without any value.
    pub fn in_message(&self, message: &str) -> String {
        self.hide(message, &[])
    }

    /// Returns what of `text` is around and between the values in it.
    pub fn pieces<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut pieces = Vec::new();
        let mut end = 0;
        for (from, to) in self.ranges(text, |_| true) {
            pieces.push(&text[end..from]);
            end = to;
        }
        pieces.push(&text[end..]);
        pieces
    }

    /// Returns where the values are for which `counts` holds, those side by side as one.
    fn ranges(&self, text: &str, counts: impl Fn(Found<'_>) -> bool) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for hidden in &self.texts {
            let all = text.match_indices(hidden.as_str());
            let all = all.filter(|&(at, hidden)| counts(Found { text, at, hidden }));
            found.extend(all.map(|(at, hidden)| (at, at + hidden.len())));
        }
        found.sort_unstable();
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for (from, to) in found {
            match ranges.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => ranges.push((from, to)),
            }
        }
        ranges
    }

    /// Returns `text` without the values for which `counts` holds.
    fn replaced<'a>(&self, text: &'a str, counts: impl Fn(Found<'_>) -> bool) -> Cow<'a, str> {
        let ranges = self.ranges(text, counts);
        if ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::new();
        let mut end = 0;
        for (from, to) in ranges {
            shown.push_str(&text[end..from]);
            shown.push_str(MASK);
            end = to;
        }
        shown.push_str(&text[end..]);
        Cow::Owned(shown)
    }

    /// Hides the values in everything that `diagnostic` says.
    ///
    /// A value that is a plain word, such as `main`, is only hidden in quotes: messages have words of their own. In a
    /// message on a line that a value went into, what is quoted is hidden, too, if it is a part of a value or one in
    /// another spelling, unless it is written in that line.
    pub fn in_diagnostic(&self, diagnostic: &mut Diagnostic) {
        if self.is_empty() {
            return;
        }
        let lines: Vec<&Line> = diagnostic.at.iter().fold(Vec::new(), |mut lines, at| {
            let numbers = at.start.line..=at.end.line;
            lines.extend(numbers.filter_map(|line| self.lines.get(&(at.file.clone(), line))));
            lines
        });
        let hide = |text: &mut String| *text = self.hide(text, &lines);
        hide(&mut diagnostic.message);
        diagnostic.hint.iter_mut().for_each(hide);
        diagnostic.notes.iter_mut().for_each(hide);
    }

    fn hide(&self, text: &str, lines: &[&Line]) -> String {
        let is_rendered = text.starts_with(RENDERED);
        let shown = self.replaced(text, |found| {
            is_rendered || !is_word(found.hidden) || found.is_quoted()
        });
        if lines.is_empty() && !self.are_more {
            return shown.into_owned();
        }
        let shown = self.hide_quoted(&shown, '`', is_rendered, lines);
        // Templates' own messages have the quotes of Go.
        self.hide_quoted(&shown, '"', is_rendered, lines)
    }

    fn hide_quoted(&self, text: &str, quote: char, is_rendered: bool, lines: &[&Line]) -> String {
        let is_written = |piece: &str| lines.iter().any(|line| line.written.contains(piece.trim()));
        let pieces = text.split(quote).enumerate().map(|(index, piece)| {
            let is_quoted = index % 2 == 1;
            match is_quoted {
                true if self.are_more => MASK.to_owned(),
                true if is_rendered && quote == '`' => self.without_short(piece),
                true if is_rendered => piece.to_owned(),
                true if !is_written(piece) && self.is_like(piece, lines) => MASK.to_owned(),
                _ => piece.to_owned(),
            }
        });
        pieces.collect::<Vec<_>>().join(&quote.to_string())
    }

    /// Whether `piece` is a part of a value, or one in another spelling, or a part of a rendered line that reaches into one.
    fn is_like(&self, piece: &str, lines: &[&Line]) -> bool {
        let piece = letters(piece.trim_end_matches('…'));
        if piece.len() < SHORTEST {
            return false;
        }
        let hidden: Vec<String> = self.texts.iter().map(|hidden| letters(hidden)).collect();
        let rendered = || lines.iter().flat_map(|line| &line.rendered);
        hidden
            .iter()
            .filter(|hidden| hidden.len() >= SHORTEST)
            .any(|hidden| {
                let reaches_in = |line: &String| {
                    let line = letters(line);
                    line.match_indices(&piece).any(|(at, _)| {
                        let meets =
                            |(start, _)| start < at + piece.len() && at < start + hidden.len();
                        line.match_indices(hidden.as_str()).any(meets)
                    })
                };
                hidden.contains(&piece) || piece.contains(hidden) || rendered().any(reaches_in)
            })
    }

    /// Returns a rendered line without short values that stand alone.
    fn without_short(&self, line: &str) -> String {
        let mut shown = line.to_owned();
        for short in &self.short {
            let mut from = 0;
            while let Some(start) = find_alone(&shown, short, from) {
                shown.replace_range(start..start + short.len(), MASK);
                from = start + MASK.len();
            }
        }
        shown
    }
}

/// What the note about a rendered line begins with.
pub(crate) const RENDERED: &str = "this line is rendered as ";

/// A value in a text.
#[derive(Clone, Copy)]
struct Found<'a> {
    text: &'a str,
    at: usize,
    hidden: &'a str,
}

impl Found<'_> {
    fn is_quoted(self) -> bool {
        let before = &self.text[..self.at];
        ['`', '"'].iter().any(|&quote| {
            before.matches(quote).count() % 2 == 1
                && self.text[self.at + self.hidden.len()..].contains(quote)
        })
    }
}

/// Returns where `short` stands in `text` at or behind `from`, without letters or digits around it.
fn find_alone(text: &str, short: &str, from: usize) -> Option<usize> {
    let mut found = text[from..].match_indices(short);
    let at = found.find(|(at, _)| {
        let (start, end) = (from + at, from + at + short.len());
        !text[..start].ends_with(char::is_alphanumeric)
            && !text[end..].starts_with(char::is_alphanumeric)
    });
    at.map(|(at, _)| from + at)
}

/// Whether it could be a word of a message.
fn is_word(text: &str) -> bool {
    text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Returns the letters and digits of a text, all small.
fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Location, Position};

    fn hidden(values: &[&str]) -> Hidden {
        let mut hidden = Hidden::default();
        for value in values {
            hidden.add(value);
        }
        hidden
    }

    #[test]
    fn values_are_hidden_wherever_they_stand() {
        let hidden = hidden(&["s3cr3t", "two\nlines here", "a\"b c", "main", "x1"]);
        for (text, shown) in [
            (
                "`from: s3cr3t-x` is not a name",
                "`from: ***-x` is not a name",
            ),
            ("xs3cr3ts3cr3tx", "x***x"),
            ("lines here", "***"),
            (r#"cannot parse "a\"b c""#, r#"cannot parse "***""#),
            (
                "the main thing is `main` and \"main\"",
                "the main thing is `***` and \"***\"",
            ),
            ("x1 is short", "x1 is short"),
        ] {
            tally::right(1);
            let mut diagnostic = Diagnostic::error(text).hint(text).note(text);
            hidden.in_diagnostic(&mut diagnostic);
            assert_eq!(diagnostic.message, shown);
            assert_eq!(diagnostic.hint.as_deref(), Some(shown));
            assert_eq!(diagnostic.notes, [shown]);
        }
    }

    #[test]
    fn parts_and_other_spellings_are_hidden_in_messages_on_their_lines() {
        let mut hidden = hidden(&["user: Pass//word", "42"]);
        hidden.add_line(
            "werf.yaml",
            2,
            "from: {{ env \"X\" }}",
            "from: user: Pass//word-x",
        );
        let place = Position { line: 2, column: 1 };
        let at = |rendered: Option<&str>| Location {
            file: "werf.yaml".to_owned(),
            start: place,
            end: place,
            rendered: rendered.map(str::to_owned),
        };
        for (text, shown) in [
            (
                "unknown key `user` in image `app`",
                "unknown key `***` in image `app`",
            ),
            ("`/pass/word` is no path", "`***` is no path"),
            ("`User: Pass…` is long", "`***` is long"),
            ("`from` is wrong", "`from` is wrong"),
            ("`word-x` is no word", "`***` is no word"),
        ] {
            let mut diagnostic = Diagnostic::error(text).at(at(None));
            hidden.in_diagnostic(&mut diagnostic);
            assert_eq!(diagnostic.message, shown);
            let mut elsewhere = Diagnostic::error("unknown key `user`");
            hidden.in_diagnostic(&mut elsewhere);
            assert_eq!(elsewhere.message, "unknown key `user`");
        }
        let mut rendered = Diagnostic::error("no").at(at(Some("from: x-42 421")));
        hidden.in_diagnostic(&mut rendered);
        assert_eq!(
            rendered.notes,
            ["this line is rendered as `from: x-*** 421`"]
        );
    }

    #[test]
    fn the_beginning_of_a_value_at_a_cut_is_hidden() {
        let hidden = hidden(&["s3cr3t-of-mine"]);
        for (text, shown) in [
            ("login s3cr3t-of-mine; ls", "login ***; ls"),
            ("login s3cr3t-o…", "login ***…"),
            ("login s…", "login ***…"),
            ("login …", "login …"),
            ("login s3cr3t-o", "login s3cr3t-o"),
        ] {
            assert_eq!(hidden.cut_text(text), shown);
        }
    }

    #[test]
    fn nothing_quoted_is_shown_where_values_may_be_unknown() {
        let mut hidden = Hidden::default();
        hidden.add_unknown();
        let mut diagnostic = Diagnostic::error("`a` is not `b`");
        hidden.in_diagnostic(&mut diagnostic);
        assert_eq!(diagnostic.message, "`***` is not `***`");
    }

    #[test]
    fn what_is_hidden_is_not_printed_for_programmers_either() {
        assert!(!format!("{:?}", hidden(&["s3cr3t"])).contains("s3cr3t"));
    }
}
