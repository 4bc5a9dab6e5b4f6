//! The text of a configuration file and places in it.
//!
//! A [`Span`] is two byte offsets; [`SourceText::location`] is the one way to turn it into the file,
//! line and column that people see. Keep spans as long as possible and ask for the location last:
//! whatever stands between a file and the text that is read, such as a template, is undone there.

use crate::error::{Diagnostic, Location, Position};

/// Larger files are refused before anything looks at them.
const MOST_BYTES: usize = 16 << 20;

/// A range of bytes of a [`SourceText`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

impl Span {
    /// Returns the span from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }
}

/// A value and the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Returns `value` as written at `span`.
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

/// A configuration file: the name that people know it under and its text, without a byte order mark.
#[derive(Clone, Debug)]
pub struct SourceText {
    name: String,
    text: String,
    /// The offset at which each line begins.
    lines: Vec<usize>,
    /// How many characters there are before each [`STRIDE`] bytes, so that places in a very long line are
    /// found as fast as others.
    characters: Vec<usize>,
}

/// How far apart the counts of characters are, in bytes.
const STRIDE: usize = 1024;

impl SourceText {
    /// Takes the bytes of the file that was given as `name`.
    ///
    /// # Errors
    /// Bytes that are not UTF-8, and files that are too large to be a configuration.
    pub fn new(name: &str, content: impl Into<Vec<u8>>) -> Result<SourceText, Diagnostic> {
        let content = content.into();
        if content.len() > MOST_BYTES {
            let size = content.len() >> 20;
            return Err(Diagnostic::error(format!(
                "`{name}` has {size} MiB, a configuration may have 16"
            )));
        }
        let mut text = String::from_utf8(content)
            .map_err(|error| not_utf8(name, error.as_bytes(), error.utf8_error()))?;
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(offset, _)| offset + 1))
            .collect();
        let counts = text.as_bytes().chunks(STRIDE).map(count_characters);
        let sums = counts.scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        let characters = std::iter::once(0).chain(sums).collect();
        Ok(SourceText {
            name: name.to_owned(),
            text,
            lines,
            characters,
        })
    }

    /// Returns the name of the file as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the place in the file that `span` stands for.
    ///
    /// White space at the end of a span is left out, so that a block of lines does not reach into the
    /// line behind it.
    pub fn location(&self, span: Span) -> Location {
        let start = self.floor(span.start);
        let end = self.floor(span.end).max(start);
        let end = start + self.text[start..end].trim_end().len();
        Location {
            file: self.name.clone(),
            start: self.position(start),
            end: self.position(end),
        }
    }

    /// Returns the line of `offset`, from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|&begin| begin <= offset)
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let column =
            self.characters_before(offset) - self.characters_before(self.lines[line - 1]) + 1;
        Position { line, column }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let known = offset / STRIDE;
        self.characters[known] + count_characters(&self.text.as_bytes()[known * STRIDE..offset])
    }

    /// Returns the nearest offset that is a character boundary of the text.
    fn floor(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        (0..=offset)
            .rev()
            .find(|&at| self.text.is_char_boundary(at))
            .unwrap_or(0)
    }
}

/// Counts the characters that begin in a piece of UTF-8.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&byte| byte & 0xc0 != 0x80).count()
}

fn not_utf8(name: &str, bytes: &[u8], error: std::str::Utf8Error) -> Diagnostic {
    let good = &bytes[..error.valid_up_to()];
    let lines: Vec<&[u8]> = good.split(|&byte| byte == b'\n').collect();
    let column = lines
        .last()
        .map_or(0, |line| String::from_utf8_lossy(line).chars().count())
        + 1;
    let position = Position {
        line: lines.len(),
        column,
    };
    let at = Location {
        file: name.to_owned(),
        start: position,
        end: position,
    };
    let diagnostic = Diagnostic::error(format!("`{name}` is not UTF-8 text")).at(at);
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            diagnostic.hint("it looks like UTF-16: save it as UTF-8")
        }
        _ => diagnostic.hint("save it as UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, start: usize, end: usize) -> (usize, usize, usize, usize) {
        let at = SourceText::new("f", text)
            .unwrap()
            .location(Span::new(start, end));
        (at.start.line, at.start.column, at.end.line, at.end.column)
    }

    #[test]
    fn columns_count_characters_from_one() {
        assert_eq!(place("aé: b\n", 5, 6), (1, 5, 1, 6));
        assert_eq!(place("x\r\ny", 3, 4), (2, 1, 2, 2));
    }

    #[test]
    fn a_span_does_not_reach_into_the_line_behind_it() {
        assert_eq!(place("a: |\n  b\nc", 3, 9), (1, 4, 2, 4));
    }

    #[test]
    fn spans_outside_the_text_or_inside_a_character_are_moved_into_it() {
        assert_eq!(place("é", 1, 99), (1, 1, 1, 2));
        assert_eq!(place("", 5, 3), (1, 1, 1, 1));
    }

    #[test]
    fn columns_of_long_lines_are_counted_in_characters_too() {
        let text = format!("é\n{}x", "é".repeat(5000));
        let source = SourceText::new("f", text.clone()).unwrap();
        let at = source.location(Span::new(text.len() - 1, text.len()));
        assert_eq!((at.start.line, at.start.column), (2, 5001));
    }

    #[test]
    fn a_byte_order_mark_is_not_text() {
        assert_eq!(SourceText::new("f", "\u{feff}a").unwrap().text(), "a");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_with_their_place() {
        let error = SourceText::new("werf.yml", b"ok\nab\xff".to_vec()).unwrap_err();
        assert_eq!(error.at.unwrap().start, Position { line: 2, column: 3 });
    }
}
