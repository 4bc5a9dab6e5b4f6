//! Literals: strings, characters and numbers.

use super::Lexer;
use crate::fmt::quote;
use crate::parse::token::{Token, TokenKind};
use crate::utf8;

impl Lexer<'_> {
    pub(super) fn quoted(
        &mut self,
        end: char,
        kind: TokenKind,
        unclosed: &str,
    ) -> Result<Token, String> {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return Err(unclosed.to_owned());
                    }
                }
                None | Some('\n') => return Err(unclosed.to_owned()),
                Some(char) if char == end => return Ok(self.emit(kind)),
                Some(_) => {}
            }
        }
    }

    pub(super) fn raw_quoted(&mut self) -> Result<Token, String> {
        loop {
            match self.next() {
                None => return Err("unterminated raw quoted string".to_owned()),
                Some('`') => return Ok(self.emit(TokenKind::RawString)),
                Some(_) => {}
            }
        }
    }

    /// Reads a number; whether its digits make sense is checked when it is converted.
    pub(super) fn number(&mut self) -> Result<Token, String> {
        if !self.scan_number() {
            return Err(self.bad_number());
        }
        if !matches!(self.peek(), Some('+' | '-')) {
            return Ok(self.emit(TokenKind::Number));
        }
        // Complex: 1+2i, without spaces.
        if !self.scan_number() || self.input[self.pos - 1] != b'i' {
            return Err(self.bad_number());
        }
        Ok(self.emit(TokenKind::Complex))
    }

    fn bad_number(&self) -> String {
        format!(
            "bad number syntax: {}",
            quote::quoted(&self.input[self.start..self.pos])
        )
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEX: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = HEX;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits {
            DECIMAL => b"eE",
            HEX => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if let Some(char) = self.peek()
            && utf8::is_alphanumeric(char)
        {
            self.next();
            return false;
        }
        true
    }
}
