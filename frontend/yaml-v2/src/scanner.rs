//! Text to tokens: indentation, indicators and the search for simple keys.
//!
//! Whether `word` begins a mapping is only known once its `:` is seen. So the scanner remembers where a
//! key could begin, one place for each level of flow brackets, holds back the tokens from there on, and
//! slips the missing [`TokenKind::Key`] (and, in a block, [`TokenKind::BlockMapping`]) in front of them
//! when the colon comes. A key is on one line and at most 1,024 characters long.
//!
//! yaml.v2 2.4.0 descends from libyaml, which reads YAML 1.1; this follows what it accepts and refuses
//! rather than what the specification says. Scalars are in [`super::scalar`], anchors, tags and
//! directives in [`super::property`].

use std::collections::VecDeque;

use super::cursor::{Cursor, END, Mark, is_blank, is_gap};
use super::simple_key::Level;
use super::token::{Style, SyntaxError, Token, TokenKind};

/// Turns a text into tokens, on demand.
#[derive(Debug)]
pub struct Scanner<'a> {
    pub(super) cursor: Cursor<'a>,
    queue: VecDeque<Token>,
    /// How many tokens have been handed out.
    pub(super) taken: usize,
    /// The column of the block that is open, or -1.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) levels: Vec<Level>,
    /// Whether a simple key may begin at the next token.
    pub(super) key_allowed: bool,
    ended: bool,
}

/// What a piece of the text was found to be.
pub(super) type Scanned<T> = Result<T, SyntaxError>;

impl<'a> Scanner<'a> {
    /// Stands before the first token of `text`.
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner {
            cursor: Cursor::new(text),
            queue: VecDeque::new(),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            levels: vec![Level::default()],
            key_allowed: true,
            ended: false,
        }
    }

    /// Returns the next token without taking it; behind the last one, the last one again.
    pub fn peek(&mut self) -> Scanned<&Token> {
        self.fill()?;
        Ok(&self.queue[0])
    }

    /// Takes the next token.
    pub fn next(&mut self) -> Scanned<Token> {
        self.fill()?;
        let token = self.queue.pop_front().expect("`fill` leaves a token");
        if token.kind == TokenKind::StreamEnd {
            self.queue.push_front(token.clone());
        } else {
            self.taken += 1;
        }
        Ok(token)
    }

    /// Whether flow brackets are open.
    pub(super) fn in_flow(&self) -> bool {
        self.levels.len() > 1
    }

    /// Returns the column of the block that is open, or -1.
    pub(super) fn indent(&self) -> isize {
        self.indent
    }

    /// Reads on until the first token of the queue cannot become a key any more.
    fn fill(&mut self) -> Scanned<()> {
        while self.queue.is_empty() || self.head_may_be_key()? {
            if self.ended {
                break;
            }
            self.fetch()?;
        }
        Ok(())
    }

    /// Returns the number of the token that is pushed next.
    pub(super) fn next_number(&self) -> usize {
        self.taken + self.queue.len()
    }

    fn fetch(&mut self) -> Scanned<()> {
        self.skip_to_token();
        self.close_blocks(self.cursor.column() as isize);
        let here = self.cursor.mark();
        if self.cursor.rest().is_empty() {
            return self.fetch_end();
        }
        if here.column == 0 {
            if self.cursor.peek() == '%' {
                self.leave_block()?;
                let kind = self.scan_directive()?;
                self.push(kind, here);
                return Ok(());
            }
            for (marker, kind) in [
                ("---", TokenKind::DocumentStart),
                ("...", TokenKind::DocumentEnd),
            ] {
                if self.cursor.at_marker(marker) {
                    self.leave_block()?;
                    self.cursor.bump_times(3);
                    self.push(kind, here);
                    return Ok(());
                }
            }
        }
        self.fetch_indicator_or_scalar()
    }

    fn fetch_indicator_or_scalar(&mut self) -> Scanned<()> {
        let here = self.cursor.mark();
        let before_gap = is_gap(self.cursor.peek_second());
        let flow = self.in_flow();
        match self.cursor.peek() {
            '[' => self.open_flow(TokenKind::FlowSequence),
            '{' => self.open_flow(TokenKind::FlowMapping),
            ']' => self.close_flow(TokenKind::FlowSequenceEnd),
            '}' => self.close_flow(TokenKind::FlowMappingEnd),
            ',' => self.indicator(TokenKind::FlowEntry, true),
            '-' if before_gap => {
                if !flow {
                    self.begin_block(TokenKind::BlockSequence, "block sequence entries")?;
                }
                self.indicator(TokenKind::BlockEntry, true)
            }
            '?' if flow || before_gap => {
                if !flow {
                    self.begin_block(TokenKind::BlockMapping, "mapping keys")?;
                }
                self.indicator(TokenKind::Key, !flow)
            }
            ':' if flow || before_gap => self.fetch_value(),
            '*' | '&' => {
                self.save_key()?;
                self.key_allowed = false;
                let kind = self.scan_anchor()?;
                self.push(kind, here);
                Ok(())
            }
            '!' => {
                self.save_key()?;
                self.key_allowed = false;
                let kind = self.scan_tag()?;
                self.push(kind, here);
                Ok(())
            }
            '|' | '>' if !flow => {
                self.drop_current_key()?;
                self.key_allowed = true;
                let (text, end) = self.scan_block_scalar()?;
                self.push_scalar(text, Style::Block, here, end);
                Ok(())
            }
            '\'' | '"' => {
                self.save_key()?;
                self.key_allowed = false;
                let text = self.scan_quoted()?;
                self.push(
                    TokenKind::Scalar {
                        text,
                        style: Style::Quoted,
                    },
                    here,
                );
                Ok(())
            }
            '#' | '%' | '@' | '`' | '|' | '>' | '\t' | END => Err(cannot_start(here)),
            _ => {
                self.save_key()?;
                self.key_allowed = false;
                let (text, end) = self.scan_plain()?;
                self.push_scalar(text, Style::Plain, here, end);
                Ok(())
            }
        }
    }

    /// Skips blanks, comments and line breaks. A tab separates words, but does not indent.
    fn skip_to_token(&mut self) {
        loop {
            let tabs = self.in_flow() || !self.key_allowed;
            self.cursor
                .take_while(|c| c == ' ' || (tabs && is_blank(c)));
            self.cursor.skip_comment();
            if self.cursor.take_break().is_none() {
                return;
            }
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    fn fetch_end(&mut self) -> Scanned<()> {
        self.cursor.finish_line();
        self.leave_block()?;
        self.push(TokenKind::StreamEnd, self.cursor.mark());
        self.ended = true;
        Ok(())
    }

    /// Closes all blocks, before something that stands outside every block.
    fn leave_block(&mut self) -> Scanned<()> {
        self.close_blocks(-1);
        self.drop_current_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn close_blocks(&mut self, column: isize) {
        while !self.in_flow() && self.indent > column {
            self.push(TokenKind::BlockEnd, self.cursor.mark());
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Opens a block at the cursor, unless one is open there; `what` may not stand just anywhere.
    fn begin_block(&mut self, kind: TokenKind, what: &str) -> Scanned<()> {
        let here = self.cursor.mark();
        if !self.key_allowed {
            return Err(SyntaxError::scanner(
                &format!("{what} are not allowed in this context"),
                here,
            ));
        }
        self.open_block(kind, here, None);
        Ok(())
    }

    /// Opens a block at `mark` if that is deeper than the open one; its token goes before token number
    /// `before`, or to the end.
    fn open_block(&mut self, kind: TokenKind, mark: Mark, before: Option<usize>) {
        if self.in_flow() || self.indent >= mark.column as isize {
            return;
        }
        self.indents.push(self.indent);
        self.indent = mark.column as isize;
        self.insert(kind, mark, before);
    }

    fn open_flow(&mut self, kind: TokenKind) -> Scanned<()> {
        self.save_key()?;
        self.levels.push(Level {
            key: None,
            last: self.next_number(),
        });
        self.indicator_token(kind, true);
        Ok(())
    }

    fn close_flow(&mut self, kind: TokenKind) -> Scanned<()> {
        self.drop_current_key()?;
        if self.in_flow()
            && let Some(closed) = self.levels.pop()
        {
            // A quirk of yaml.v2 2.4.0: brackets in which no key could begin, such as `[]`, are not
            // held back as a key themselves.
            for key in self
                .levels
                .iter_mut()
                .filter_map(|level| level.key.as_mut())
            {
                key.holds &= key.token != closed.last;
            }
        }
        self.indicator_token(kind, false);
        Ok(())
    }

    fn indicator(&mut self, kind: TokenKind, key_allowed: bool) -> Scanned<()> {
        self.drop_current_key()?;
        self.indicator_token(kind, key_allowed);
        Ok(())
    }

    fn indicator_token(&mut self, kind: TokenKind, key_allowed: bool) {
        self.key_allowed = key_allowed;
        let here = self.cursor.mark();
        self.cursor.bump();
        self.push(kind, here);
    }

    fn fetch_value(&mut self) -> Scanned<()> {
        let flow = self.in_flow();
        let level = self.levels.len() - 1;
        if let Some(key) = self.live_key(level)? {
            self.insert(TokenKind::Key, key.mark, Some(key.token));
            self.open_block(TokenKind::BlockMapping, key.mark, Some(key.token));
            self.levels[level].key = None;
            self.indicator_token(TokenKind::Value, false);
            return Ok(());
        }
        if !flow {
            self.begin_block(TokenKind::BlockMapping, "mapping values")?;
        }
        self.indicator_token(TokenKind::Value, !flow);
        Ok(())
    }

    /// Adds a token that goes from `start` to the cursor.
    fn push(&mut self, kind: TokenKind, start: Mark) {
        self.queue.push_back(Token {
            kind,
            start,
            end: self.cursor.mark().offset,
        });
    }

    fn push_scalar(&mut self, text: String, style: Style, start: Mark, end: usize) {
        self.queue.push_back(Token {
            kind: TokenKind::Scalar { text, style },
            start,
            end,
        });
    }

    /// Adds an empty token before token number `before`, or at the end if that one has been taken.
    fn insert(&mut self, kind: TokenKind, at: Mark, before: Option<usize>) {
        let place = before
            .and_then(|number| number.checked_sub(self.taken))
            .unwrap_or(self.queue.len());
        self.queue.insert(
            place.min(self.queue.len()),
            Token {
                kind,
                start: at,
                end: at.offset,
            },
        );
    }
}

fn cannot_start(here: Mark) -> SyntaxError {
    SyntaxError::scanner("found character that cannot start any token", here)
        .within("while scanning for the next token", here)
}
