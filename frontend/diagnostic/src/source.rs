//! The text of a configuration file and places in it.
//!
//! A [`Span`] is two byte offsets; [`SourceText::location`] is the one way to turn it into the file,
//! line and column that people see. Keep spans as long as possible and ask for the location last:
//! whatever stands between a file and the text that is read, such as a template, is undone there.

use std::sync::Arc;

use gotemplate::Rendered;

use crate::{Diagnostic, Location, Position};

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

/// A text and the name under which templates call it.
#[derive(Clone, Debug)]
pub struct TemplateFile {
    /// The name of the template.
    pub name: String,
    /// The file.
    pub source: SourceText,
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
    /// Where the text comes from, if it was rendered.
    origins: Option<Arc<Origins>>,
}

/// The templates of a rendered text, and which of their lines wrote which part of it.
#[derive(Debug)]
struct Origins {
    rendered: Rendered,
    files: Vec<TemplateFile>,
    /// How many bytes at the start of what was rendered are not in the text.
    skipped: usize,
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
            origins: None,
        })
    }

    /// Takes what the template `main` has rendered with the help of the other `files`. Places in it are told as places
    /// in the templates.
    ///
    /// # Errors
    /// Output that is not UTF-8, or too large.
    pub fn rendered(
        rendered: Rendered,
        files: Vec<TemplateFile>,
        main: &str,
    ) -> Result<SourceText, Diagnostic> {
        let name = files
            .iter()
            .find(|file| file.name == main)
            .map_or(main, |file| file.source.name());
        if let Err(error) = std::str::from_utf8(rendered.bytes()) {
            let diagnostic =
                Diagnostic::error(format!("`{name}` renders to what is not UTF-8 text"));
            let origin = rendered.locate(error.valid_up_to());
            let file = origin
                .as_ref()
                .and_then(|origin| find(&files, &origin.template));
            return Err(match (origin, file) {
                (Some(origin), Some(source)) => diagnostic.at(source.whole_line(origin.line)),
                _ => diagnostic,
            });
        }
        let mut source = SourceText::new(name, rendered.bytes())?;
        let skipped = rendered.bytes().len() - source.text.len();
        source.origins = Some(Arc::new(Origins {
            rendered,
            files,
            skipped,
        }));
        Ok(source)
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
        self.template_location(start, end)
            .unwrap_or_else(|| Location {
                file: self.name.clone(),
                start: self.position(start),
                end: self.position(end),
                rendered: None,
            })
    }

    /// Returns the line of `offset`, from 1; in a rendered text that of the template.
    pub fn line(&self, offset: usize) -> usize {
        self.origin(offset)
            .map_or_else(|| self.own_line(offset), |(_, line)| line)
    }

    /// Returns the file and the line, with what is written in it, of the template that wrote what is at `offset`.
    pub fn template_line(&self, offset: usize) -> Option<(&str, usize, &str)> {
        let (file, line) = self.origin(offset)?;
        Some((&file.name, line, file.text_of_line(line)))
    }

    fn own_line(&self, offset: usize) -> usize {
        self.lines.partition_point(|&begin| begin <= offset)
    }

    /// Returns the template and the line in it that wrote what is at `offset`.
    fn origin(&self, offset: usize) -> Option<(&SourceText, usize)> {
        let origins = self.origins.as_ref()?;
        // Behind the last byte is where that byte is.
        let last = self.text.len().checked_sub(1)?;
        let origin = origins
            .rendered
            .locate(offset.min(last) + origins.skipped)?;
        Some((find(&origins.files, &origin.template)?, origin.line))
    }

    /// Returns the place in a template that wrote `start..end`: exactly where the line is there as it was
    /// rendered or has the same words, else the whole line.
    fn template_location(&self, start: usize, end: usize) -> Option<Location> {
        let (file, line) = self.origin(start)?;
        let rendered = self.text_of_line(self.own_line(start));
        let written = file.text_of_line(line);
        let mut whole = file.whole_line(line);
        let last = self.origin(end.saturating_sub(1).max(start));
        if let Some((_, last)) =
            last.filter(|(last, number)| last.name == file.name && *number > line)
        {
            whole.end = file.whole_line(last).end;
        }
        let is_one_line = whole.end.line == line;
        if rendered == written {
            let column = self.position(start).column;
            whole.start.column = column;
            if is_one_line && self.own_line(end) == self.own_line(start) {
                whole.end.column = self.position(end).column;
            }
            return Some(whole);
        }
        let words = self.text[start..end].lines().next().unwrap_or_default();
        let mut found = written.match_indices(words);
        if let (false, Some((at, _)), None) = (words.is_empty(), found.next(), found.next()) {
            whole.start.column = count_characters(&written.as_bytes()[..at]) + 1;
            if is_one_line {
                whole.end.column = whole.start.column + words.chars().count();
            }
        }
        whole.rendered = Some(rendered.to_owned());
        Some(whole)
    }

    /// Returns a line, from 1, without its end.
    pub fn text_of_line(&self, line: usize) -> &str {
        let start = self.lines.get(line.saturating_sub(1)).copied();
        self.text[start.unwrap_or(self.text.len())..]
            .lines()
            .next()
            .unwrap_or_default()
    }

    /// Returns the place of a line without the blanks around it.
    pub fn whole_line(&self, line: usize) -> Location {
        let text = self.text_of_line(line);
        let blanks = text.len() - text.trim_start().len();
        let column = |offset: usize| Position {
            line,
            column: count_characters(&text.as_bytes()[..offset]) + 1,
        };
        Location {
            file: self.name.clone(),
            start: column(blanks),
            end: column(text.trim_end().len().max(blanks)),
            rendered: None,
        }
    }

    /// Returns the place of `words` in a line, or all of the line if they are not there exactly once.
    pub fn in_line(&self, line: usize, words: &str) -> Location {
        let text = self.text_of_line(line);
        let mut place = self.whole_line(line);
        let mut found = text.match_indices(words);
        if let (false, Some((at, _)), None) = (words.is_empty(), found.next(), found.next()) {
            place.start.column = count_characters(&text.as_bytes()[..at]) + 1;
            place.end.column = place.start.column + words.chars().count();
        }
        place
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.own_line(offset);
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

fn find<'a>(files: &'a [TemplateFile], name: &str) -> Option<&'a SourceText> {
    files
        .iter()
        .find(|file| file.name == name)
        .map(|file| &file.source)
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
    let at = Location::point(name, lines.len(), column);
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
