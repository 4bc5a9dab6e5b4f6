//! The lexer: a template's text to [`Token`]s.
//!
//! Text outside actions is one token; inside, spaces are tokens too, because they separate
//! operands. Trimming (`{{- ` and ` -}}`) and comments are dealt with here; the parser never
//! sees them.

mod literal;

use super::token::{Token, TokenKind};
use crate::utf8;

const LEFT_COMMENT: &[u8] = b"/*";
const RIGHT_COMMENT: &[u8] = b"*/";
/// A trim marker and the space between it and the action.
const TRIM_MARKER_LEN: usize = 2;

/// What opens and closes an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delims {
    pub(crate) left: Vec<u8>,
    pub(crate) right: Vec<u8>,
}

impl Default for Delims {
    fn default() -> Self {
        Delims {
            left: b"{{".to_vec(),
            right: b"}}".to_vec(),
        }
    }
}

/// Reads tokens one at a time.
pub(super) struct Lexer<'a> {
    input: &'a [u8],
    delims: &'a Delims,
    /// `break` and `continue` are ordinary names where functions are called so.
    pub(super) break_is_name: bool,
    pub(super) continue_is_name: bool,
    pos: usize,
    start: usize,
    line: usize,
    start_line: usize,
    paren_depth: usize,
    inside_action: bool,
    failed: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a [u8], delims: &'a Delims) -> Lexer<'a> {
        Lexer {
            input,
            delims,
            break_is_name: false,
            continue_is_name: false,
            pos: 0,
            start: 0,
            line: 1,
            start_line: 1,
            paren_depth: 0,
            inside_action: false,
            failed: false,
        }
    }

    /// Returns the next token. After an error or the end there are only ends.
    pub(super) fn next_token(&mut self) -> Token {
        if self.failed {
            self.start = self.pos;
            return self.emit(TokenKind::Eof);
        }
        let token = if self.inside_action {
            self.action()
        } else {
            self.text()
        };
        match token {
            Ok(token) => token,
            Err(message) => {
                self.failed = true;
                let end = self.pos.max(self.start);
                let (pos, line) = (self.start, self.start_line);
                Token {
                    kind: TokenKind::Error,
                    pos,
                    end,
                    line,
                    message,
                }
            }
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.input[self.pos..]
    }

    /// Consumes one character; a byte that is not UTF-8 is U+FFFD.
    fn next(&mut self) -> Option<char> {
        if self.pos >= self.input.len() {
            return None;
        }
        let (char, len) = utf8::decode(self.rest());
        self.pos += len;
        if char == Some('\n') {
            self.line += 1;
        }
        Some(char.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn peek(&self) -> Option<char> {
        let (char, len) = utf8::decode(self.rest());
        (len > 0).then(|| char.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self
            .input
            .get(self.pos)
            .is_some_and(|byte| valid.contains(byte));
        self.pos += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn emit(&mut self, kind: TokenKind) -> Token {
        let token = Token {
            kind,
            pos: self.start,
            end: self.pos,
            line: self.start_line,
            message: String::new(),
        };
        self.start = self.pos;
        self.start_line = self.line;
        token
    }

    /// Moves forward by `count` bytes that may hold newlines.
    fn advance(&mut self, count: usize) {
        self.line += utf8::count_newlines(&self.rest()[..count]);
        self.pos += count;
    }

    /// Forgets what was read since the last token.
    fn ignore(&mut self) {
        self.start = self.pos;
        self.start_line = self.line;
    }

    /// Reads up to the next action.
    fn text(&mut self) -> Result<Token, String> {
        loop {
            let Some(len) = find(self.rest(), &self.delims.left) else {
                self.advance(self.rest().len());
                let kind = if self.pos > self.start {
                    TokenKind::Text
                } else {
                    TokenKind::Eof
                };
                return Ok(self.emit(kind));
            };
            if len > 0 {
                let after_delim = &self.rest()[len + self.delims.left.len()..];
                let trimmed = if has_left_trim_marker(after_delim) {
                    len - self.rest()[..len].trim_suffix_spaces().len()
                } else {
                    0
                };
                self.advance(len - trimmed);
                let token = (self.pos > self.start).then(|| self.emit(TokenKind::Text));
                self.advance(trimmed);
                self.ignore();
                if let Some(token) = token {
                    return Ok(token);
                }
            }
            if let Some(token) = self.left_delim()? {
                return Ok(token);
            }
        }
    }

    /// Reads the opening of an action. A comment yields nothing.
    fn left_delim(&mut self) -> Result<Option<Token>, String> {
        self.pos += self.delims.left.len();
        let trim = has_left_trim_marker(self.rest());
        let marker = if trim { TRIM_MARKER_LEN } else { 0 };
        if self.rest()[marker..].starts_with(LEFT_COMMENT) {
            self.advance(marker);
            self.ignore();
            self.comment()?;
            return Ok(None);
        }
        let token = self.emit(TokenKind::LeftDelim);
        self.inside_action = true;
        self.paren_depth = 0;
        self.advance(marker);
        self.ignore();
        Ok(Some(token))
    }

    fn comment(&mut self) -> Result<(), String> {
        let Some(len) = find(&self.rest()[LEFT_COMMENT.len()..], RIGHT_COMMENT) else {
            return Err("unclosed comment".to_owned());
        };
        self.advance(LEFT_COMMENT.len() + len + RIGHT_COMMENT.len());
        let Some(trim) = self.at_right_delim() else {
            return Err("comment ends before closing delimiter".to_owned());
        };
        self.close(trim);
        self.ignore();
        Ok(())
    }

    /// Returns whether a closing delimiter is next, and if so, whether it trims.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[TRIM_MARKER_LEN..].starts_with(&self.delims.right) {
            return Some(true);
        }
        rest.starts_with(&self.delims.right).then_some(false)
    }

    /// Moves past a closing delimiter and the spaces it trims.
    fn close(&mut self, trim: bool) {
        if trim {
            self.advance(TRIM_MARKER_LEN);
        }
        self.pos += self.delims.right.len();
        if trim {
            let spaces = self
                .rest()
                .iter()
                .take_while(|byte| is_space_byte(**byte))
                .count();
            self.advance(spaces);
        }
    }

    fn right_delim(&mut self, trim: bool) -> Token {
        if trim {
            self.advance(TRIM_MARKER_LEN);
            self.ignore();
        }
        self.pos += self.delims.right.len();
        let token = self.emit(TokenKind::RightDelim);
        if trim {
            let spaces = self
                .rest()
                .iter()
                .take_while(|byte| is_space_byte(**byte))
                .count();
            self.advance(spaces);
            self.ignore();
        }
        self.inside_action = false;
        token
    }

    /// Reads one token inside an action.
    fn action(&mut self) -> Result<Token, String> {
        if let Some(trim) = self.at_right_delim() {
            if self.paren_depth == 0 {
                return Ok(self.right_delim(trim));
            }
            return Err("unclosed left paren".to_owned());
        }
        let Some(char) = self.peek() else {
            return Err("unclosed action".to_owned());
        };
        if is_space(char) {
            return Ok(self.space());
        }
        match char {
            '+' | '-' | '0'..='9' => return self.number(),
            '.' => {
                let digit = self.rest().get(1).is_some_and(u8::is_ascii_digit);
                // A lone dot at the very end of the text is left to the number scanner, as in Go.
                if digit || self.rest().len() == 1 {
                    return self.number();
                }
            }
            char if utf8::is_alphanumeric(char) => return self.identifier(),
            _ => {}
        }
        self.next();
        match char {
            '=' => Ok(self.emit(TokenKind::Assign)),
            ':' => {
                if self.next() != Some('=') {
                    return Err("expected :=".to_owned());
                }
                Ok(self.emit(TokenKind::Declare))
            }
            '|' => Ok(self.emit(TokenKind::Pipe)),
            '"' => self.quoted('"', TokenKind::String, "unterminated quoted string"),
            '\'' => self.quoted(
                '\'',
                TokenKind::CharConstant,
                "unterminated character constant",
            ),
            '`' => self.raw_quoted(),
            '$' => self.field_or_variable(TokenKind::Variable),
            '.' => self.field_or_variable(TokenKind::Field),
            '(' => {
                self.paren_depth += 1;
                Ok(self.emit(TokenKind::LeftParen))
            }
            ')' => {
                if self.paren_depth == 0 {
                    return Err("unexpected right paren".to_owned());
                }
                self.paren_depth -= 1;
                Ok(self.emit(TokenKind::RightParen))
            }
            '!'..='~' => Ok(self.emit(TokenKind::Char)),
            _ => Err(format!(
                "unrecognized character in action: {}",
                utf8::describe(char)
            )),
        }
    }

    /// Reads a run of spaces, but leaves one to a trimming delimiter, which starts with it.
    fn space(&mut self) -> Token {
        let run = self
            .rest()
            .iter()
            .take_while(|byte| is_space_byte(**byte))
            .count();
        let after = &self.rest()[run..];
        let trims = after.first() == Some(&b'-') && after[1..].starts_with(&self.delims.right);
        if trims && run == 1 {
            return self.right_delim(true);
        }
        self.advance(run - usize::from(trims));
        self.emit(TokenKind::Space)
    }

    fn identifier(&mut self) -> Result<Token, String> {
        self.alphanumerics()?;
        let word = String::from_utf8_lossy(&self.input[self.start..self.pos]);
        let kind = match TokenKind::of_keyword(&word) {
            Some(TokenKind::Break) if self.break_is_name => TokenKind::Identifier,
            Some(TokenKind::Continue) if self.continue_is_name => TokenKind::Identifier,
            Some(keyword) => keyword,
            None if word == "true" || word == "false" => TokenKind::Bool,
            None => TokenKind::Identifier,
        };
        Ok(self.emit(kind))
    }

    /// Reads the rest of `.field` or `$variable`; the first character is already consumed.
    fn field_or_variable(&mut self, kind: TokenKind) -> Result<Token, String> {
        if self.at_terminator() {
            let alone = if kind == TokenKind::Variable {
                kind
            } else {
                TokenKind::Dot
            };
            return Ok(self.emit(alone));
        }
        self.alphanumerics()?;
        Ok(self.emit(kind))
    }

    fn alphanumerics(&mut self) -> Result<(), String> {
        while let Some(char) = self.peek() {
            if !utf8::is_alphanumeric(char) {
                break;
            }
            self.next();
        }
        if self.at_terminator() {
            return Ok(());
        }
        Err(format!(
            "bad character {}",
            utf8::describe(self.peek().unwrap_or_default())
        ))
    }

    /// Reports whether what comes next may follow a name.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(char) if is_space(char) => true,
            Some(_) => self.rest().starts_with(&self.delims.right),
        }
    }
}

trait TrimSpaces {
    fn trim_suffix_spaces(&self) -> &Self;
}

impl TrimSpaces for [u8] {
    fn trim_suffix_spaces(&self) -> &[u8] {
        let kept = self
            .iter()
            .rposition(|byte| !is_space_byte(*byte))
            .map_or(0, |last| last + 1);
        &self[..kept]
    }
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

fn is_space_byte(byte: u8) -> bool {
    is_space(char::from(byte))
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    text.len() >= TRIM_MARKER_LEN && text[0] == b'-' && is_space_byte(text[1])
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    text.len() >= TRIM_MARKER_LEN && is_space_byte(text[0]) && text[1] == b'-'
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len())
        .position(|window| window == needle)
}
