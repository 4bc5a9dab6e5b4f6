//! A position in a YAML text, and the classes of characters that YAML 1.1 knows.

/// A position: the byte, and the line and column that indentation is measured in, both from 0.
///
/// Lines end where YAML 1.1 says so, which includes a lone carriage return and three Unicode breaks;
/// lines for people come from [`SourceText`](diagnostic::SourceText) instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Bytes before it.
    pub offset: usize,
    /// Line breaks before it.
    pub line: usize,
    /// Characters before it in its line.
    pub column: usize,
}

/// What stands for "no more text"; control characters are refused before anything is scanned.
pub const END: char = '\0';

/// Whether `c` ends a line.
pub fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether `c` is a space or a tab.
pub fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Whether a word ends before `c`: blank, end of line or end of text.
pub fn is_gap(c: char) -> bool {
    is_blank(c) || is_line_end(c)
}

/// Whether a line ends before `c`.
pub fn is_line_end(c: char) -> bool {
    is_break(c) || c == END
}

/// Whether `c` may stand in the name of an anchor or a tag handle.
pub fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Walks through a text, keeping count of lines and columns.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    mark: Mark,
}

impl<'a> Cursor<'a> {
    /// Stands before the first character of `text`.
    pub fn new(text: &'a str) -> Cursor<'a> {
        Cursor {
            text,
            mark: Mark::default(),
        }
    }

    /// Returns where it stands.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Returns the column it stands in.
    pub fn column(&self) -> usize {
        self.mark.column
    }

    /// Returns the text that is left.
    pub fn rest(&self) -> &'a str {
        &self.text[self.mark.offset..]
    }

    /// Returns the next character, or [`END`].
    pub fn peek(&self) -> char {
        self.rest().chars().next().unwrap_or(END)
    }

    /// Returns the character behind the next one, or [`END`].
    pub fn peek_second(&self) -> char {
        self.rest().chars().nth(1).unwrap_or(END)
    }

    /// Steps over one character that does not end a line, and returns it.
    pub fn bump(&mut self) -> char {
        let c = self.peek();
        if c != END {
            self.mark.offset += c.len_utf8();
            self.mark.column += 1;
        }
        c
    }

    /// Steps over `count` characters of one line.
    pub fn bump_times(&mut self, count: usize) {
        for _ in 0..count {
            self.bump();
        }
    }

    /// Steps over characters while `wanted` holds, and returns them. Must not hold for line breaks.
    pub fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        let taken = &rest[..length];
        self.mark.offset += length;
        self.mark.column += taken.chars().count();
        taken
    }

    /// Steps over a line break, if there is one, and returns the character that it counts as: a line
    /// feed, or itself for the two Unicode separators.
    pub fn take_break(&mut self) -> Option<char> {
        let c = self.peek();
        if !is_break(c) {
            return None;
        }
        self.mark.offset += if self.rest().starts_with("\r\n") {
            2
        } else {
            c.len_utf8()
        };
        self.mark.line += 1;
        self.mark.column = 0;
        Some(if matches!(c, '\u{2028}' | '\u{2029}') {
            c
        } else {
            '\n'
        })
    }

    /// Steps over a comment, up to the end of its line.
    pub fn skip_comment(&mut self) {
        if self.peek() == '#' {
            self.take_while(|c| !is_line_end(c));
        }
    }

    /// Whether `---` or `...` stands here on a line of its own or before a blank.
    pub fn at_document_marker(&self) -> bool {
        self.at_marker("---") || self.at_marker("...")
    }

    /// Whether the three characters `marker` stand here, at the beginning of a line and before a gap.
    pub fn at_marker(&self, marker: &str) -> bool {
        self.mark.column == 0
            && self
                .rest()
                .strip_prefix(marker)
                .is_some_and(|rest| rest.chars().next().is_none_or(is_gap))
    }

    /// Makes the end of the text the beginning of a line, whatever its last line is.
    pub fn finish_line(&mut self) {
        if self.mark.column != 0 {
            self.mark.line += 1;
            self.mark.column = 0;
        }
    }
}
