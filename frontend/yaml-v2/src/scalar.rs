//! Scalars: plain, quoted and block text, and how their lines are folded.

use super::cursor::{Mark, is_blank, is_break, is_gap, is_line_end};
use super::scanner::Scanner;
use super::token::SyntaxError;

/// White space between two words of a scalar. A line break counts as a space, further ones as
/// themselves, and the blanks around them as nothing.
#[derive(Debug, Default)]
struct Gap {
    blanks: String,
    broken: bool,
    first: Option<char>,
    more: String,
}

impl Gap {
    fn add_blank(&mut self, c: char) {
        if !self.broken {
            self.blanks.push(c);
        }
    }

    fn add_break(&mut self, c: char) {
        if self.broken {
            self.more.push(c);
        } else {
            self.broken = true;
            self.first = Some(c);
        }
    }

    /// Adds a line break that counts as nothing.
    fn add_escaped_break(&mut self) {
        self.broken = true;
    }

    /// Adds what the gap stands for to `text` and begins a new one.
    fn close(&mut self, text: &mut String) {
        match self.first {
            _ if !self.broken => text.push_str(&self.blanks),
            Some('\n') if self.more.is_empty() => text.push(' '),
            Some('\n') | None => {}
            Some(separator) => text.push(separator),
        }
        text.push_str(&self.more);
        *self = Gap::default();
    }
}

impl<'a> Scanner<'a> {
    /// Reads a plain scalar and returns its text and the offset behind it.
    pub(super) fn scan_plain(&mut self) -> Result<(String, usize), SyntaxError> {
        let start = self.cursor.mark();
        let mut text = String::new();
        let mut end = start.offset;
        let mut gap = Gap::default();
        while !self.cursor.at_document_marker() && self.cursor.peek() != '#' {
            let word = self.take_plain_word();
            if !word.is_empty() {
                gap.close(&mut text);
                text.push_str(word);
                end = self.cursor.mark().offset;
            }
            if !(is_blank(self.cursor.peek()) || is_break(self.cursor.peek())) {
                break;
            }
            self.skip_plain_gap(&mut gap, start)?;
            if !self.in_flow() && (self.cursor.column() as isize) <= self.indent() {
                break;
            }
        }
        if gap.broken {
            self.key_allowed = true;
        }
        Ok((text, end))
    }

    /// Takes the part of a plain scalar up to the next gap or the indicator that ends it.
    fn take_plain_word(&mut self) -> &'a str {
        let flow = self.in_flow();
        let rest = self.cursor.rest();
        let mut characters = rest.char_indices().peekable();
        let mut length = rest.len();
        while let Some((at, c)) = characters.next() {
            let ends = match c {
                ':' => characters.peek().is_none_or(|&(_, next)| is_gap(next)),
                ',' | '?' | '[' | ']' | '{' | '}' => flow,
                c => is_gap(c),
            };
            if ends {
                length = at;
                break;
            }
        }
        let count = rest[..length].chars().count();
        self.cursor.bump_times(count);
        &rest[..length]
    }

    fn skip_plain_gap(&mut self, gap: &mut Gap, start: Mark) -> Result<(), SyntaxError> {
        loop {
            let c = self.cursor.peek();
            if is_blank(c) {
                if c == '\t' && gap.broken && (self.cursor.column() as isize) <= self.indent() {
                    let error = SyntaxError::scanner(
                        "found a tab character that violates indentation",
                        self.cursor.mark(),
                    );
                    return Err(error.within("while scanning a plain scalar", start));
                }
                gap.add_blank(self.cursor.bump());
            } else if let Some(separator) = self.cursor.take_break() {
                gap.add_break(separator);
            } else {
                return Ok(());
            }
        }
    }

    /// Reads a scalar in single or double quotes and returns its text.
    pub(super) fn scan_quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.cursor.mark();
        let within = |problem: &str, at: Mark| {
            Err(SyntaxError::scanner(problem, at).within("while scanning a quoted scalar", start))
        };
        let quote = self.cursor.bump();
        let mut text = String::new();
        loop {
            if self.cursor.at_document_marker() {
                return within("found unexpected document indicator", self.cursor.mark());
            }
            if self.cursor.rest().is_empty() {
                return within("found unexpected end of stream", self.cursor.mark());
            }
            let mut gap = Gap::default();
            while !is_gap(self.cursor.peek()) {
                match self.cursor.peek() {
                    '\'' if quote == '\'' && self.cursor.peek_second() == '\'' => {
                        text.push('\'');
                        self.cursor.bump_times(2);
                    }
                    c if c == quote => break,
                    '\\' if quote == '"' && is_break(self.cursor.peek_second()) => {
                        self.cursor.bump();
                        self.cursor.take_break();
                        gap.add_escaped_break();
                        break;
                    }
                    '\\' if quote == '"' => text.push(self.scan_escape(start)?),
                    _ => text.push(self.cursor.bump()),
                }
            }
            if self.cursor.peek() == quote {
                break;
            }
            loop {
                if is_blank(self.cursor.peek()) {
                    gap.add_blank(self.cursor.bump());
                } else if let Some(separator) = self.cursor.take_break() {
                    gap.add_break(separator);
                } else {
                    break;
                }
            }
            gap.close(&mut text);
        }
        self.cursor.bump();
        Ok(text)
    }

    /// Reads an escape such as `\n` or `\u263A`. `\/` is not one: that came with YAML 1.2.
    fn scan_escape(&mut self, start: Mark) -> Result<char, SyntaxError> {
        let within = |problem: &str, at: Mark| {
            Err(SyntaxError::scanner(problem, at).within("while parsing a quoted scalar", start))
        };
        let simple = match self.cursor.peek_second() {
            '0' if self.cursor.rest().len() > 1 => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            c @ (' ' | '"' | '\'' | '\\') => c,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            c @ ('x' | 'u' | 'U') => {
                let length = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                self.cursor.bump_times(2);
                let digits = self.cursor.rest().get(..length).unwrap_or("");
                if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return within(
                        "did not find expected hexadecimal number",
                        self.cursor.mark(),
                    );
                }
                let Some(c) = u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32)
                else {
                    return within(
                        "found invalid Unicode character escape code",
                        self.cursor.mark(),
                    );
                };
                self.cursor.bump_times(length);
                return Ok(c);
            }
            _ => return within("found unknown escape character", self.cursor.mark()),
        };
        self.cursor.bump_times(2);
        Ok(simple)
    }

    /// Reads a block scalar and returns its text and the offset behind it.
    pub(super) fn scan_block_scalar(&mut self) -> Result<(String, usize), SyntaxError> {
        let start = self.cursor.mark();
        let literal = self.cursor.bump() == '|';
        let header = self.scan_block_header(start)?;
        let mut block = Block {
            indent: header
                .indent
                .map(|more| more + usize::try_from(self.indent()).unwrap_or(0)),
            breaks: String::new(),
            end: self.cursor.mark().offset,
        };
        let mut text = String::new();
        let mut first_break = None;
        let mut after_indented = false;
        self.scan_block_breaks(&mut block, start)?;
        while Some(self.cursor.column()) == block.indent && !self.cursor.rest().is_empty() {
            let indented = is_blank(self.cursor.peek());
            match first_break {
                // Lines that are indented further are kept as they are even in a folded block.
                Some('\n')
                    if !literal && !indented && !after_indented && block.breaks.is_empty() =>
                {
                    text.push(' ');
                }
                Some('\n') if !literal && !indented && !after_indented => {}
                Some(separator) => text.push(separator),
                None => {}
            }
            text.push_str(&block.breaks);
            block.breaks.clear();
            after_indented = indented;
            text.push_str(self.cursor.take_while(|c| !is_line_end(c)));
            first_break = self.cursor.take_break();
            self.scan_block_breaks(&mut block, start)?;
        }
        if header.chomping != Chomping::Strip {
            text.extend(first_break);
        }
        if header.chomping == Chomping::Keep {
            text.push_str(&block.breaks);
        }
        Ok((text, block.end))
    }

    /// Reads what follows `|` or `>` in its line: the indicators and a comment.
    fn scan_block_header(&mut self, start: Mark) -> Result<BlockHeader, SyntaxError> {
        let within = |problem: &str, at: Mark| {
            Err(SyntaxError::scanner(problem, at).within("while scanning a block scalar", start))
        };
        let mut header = BlockHeader {
            chomping: Chomping::Clip,
            indent: None,
        };
        for _ in 0..2 {
            match self.cursor.peek() {
                c @ ('+' | '-') if header.chomping == Chomping::Clip => {
                    header.chomping = if c == '+' {
                        Chomping::Keep
                    } else {
                        Chomping::Strip
                    };
                }
                '0' if header.indent.is_none() => {
                    return within(
                        "found an indentation indicator equal to 0",
                        self.cursor.mark(),
                    );
                }
                c if header.indent.is_none() && c.is_ascii_digit() => {
                    header.indent = c.to_digit(10).map(|digit| digit as usize);
                }
                _ => break,
            }
            self.cursor.bump();
        }
        self.cursor.take_while(is_blank);
        self.cursor.skip_comment();
        if !is_line_end(self.cursor.peek()) {
            return within(
                "did not find expected comment or line break",
                self.cursor.mark(),
            );
        }
        self.cursor.take_break();
        Ok(header)
    }

    /// Skips indentation and empty lines of a block scalar, and settles its indentation by its first line.
    fn scan_block_breaks(&mut self, block: &mut Block, start: Mark) -> Result<(), SyntaxError> {
        block.end = self.cursor.mark().offset;
        let mut deepest = 0;
        loop {
            let limit = block.indent.unwrap_or(usize::MAX);
            while self.cursor.column() < limit && self.cursor.peek() == ' ' {
                self.cursor.bump();
            }
            deepest = deepest.max(self.cursor.column());
            if self.cursor.column() < limit && self.cursor.peek() == '\t' {
                let problem = "found a tab character where an indentation space is expected";
                let error = SyntaxError::scanner(problem, self.cursor.mark());
                return Err(error.within("while scanning a block scalar", start));
            }
            let Some(separator) = self.cursor.take_break() else {
                break;
            };
            block.breaks.push(separator);
            block.end = self.cursor.mark().offset;
        }
        let least = usize::try_from(self.indent() + 1).unwrap_or(0).max(1);
        block.indent.get_or_insert(deepest.max(least));
        Ok(())
    }
}

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

#[derive(Clone, Copy, Debug)]
struct BlockHeader {
    chomping: Chomping,
    /// How much deeper than the enclosing block the text is, if that is written.
    indent: Option<usize>,
}

#[derive(Debug)]
struct Block {
    /// The column that the text begins in, once it is known.
    indent: Option<usize>,
    /// Line breaks read since the last line that is not empty, without the first.
    breaks: String,
    /// The offset behind the last line break.
    end: usize,
}
