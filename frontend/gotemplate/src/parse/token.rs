//! Tokens, as the lexer hands them to the parser.

use crate::fmt::quote;
use crate::utf8;

/// The kind of a [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// The text is not a token; the message says why.
    Error,
    Assign,
    Bool,
    Char,
    CharConstant,
    Complex,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Define,
    Dot,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl TokenKind {
    /// Returns the kind of a word that is more than an identifier.
    pub(super) fn of_keyword(word: &str) -> Option<TokenKind> {
        Some(match word {
            "block" => TokenKind::Block,
            "break" => TokenKind::Break,
            "continue" => TokenKind::Continue,
            "define" => TokenKind::Define,
            "else" => TokenKind::Else,
            "end" => TokenKind::End,
            "if" => TokenKind::If,
            "nil" => TokenKind::Nil,
            "range" => TokenKind::Range,
            "template" => TokenKind::Template,
            "with" => TokenKind::With,
            _ => return None,
        })
    }

    fn is_keyword(self) -> bool {
        matches!(
            self,
            TokenKind::Block
                | TokenKind::Break
                | TokenKind::Continue
                | TokenKind::Define
                | TokenKind::Dot
                | TokenKind::Else
                | TokenKind::End
                | TokenKind::If
                | TokenKind::Nil
                | TokenKind::Range
                | TokenKind::Template
                | TokenKind::With
        )
    }

    /// Reports whether an operand of a command can start with this token.
    pub(super) fn starts_operand(self) -> bool {
        matches!(
            self,
            TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParen
        )
    }
}

/// A piece of the template's text.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Where it starts and ends in the text.
    pub(super) pos: usize,
    pub(super) end: usize,
    /// The line it starts on.
    pub(super) line: usize,
    /// Why an [`TokenKind::Error`] is one.
    pub(super) message: String,
}

impl Token {
    /// What a parser holds before it has read a token.
    pub(super) fn none() -> Token {
        Token {
            kind: TokenKind::Eof,
            pos: 0,
            end: 0,
            line: 0,
            message: String::new(),
        }
    }

    /// Describes the token for an error message; `text` is what it was read from.
    pub(super) fn describe(&self, text: &[u8]) -> String {
        const SHOWN: usize = 10;
        let value = &text[self.pos..self.end];
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Error => self.message.clone(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(value)),
            _ if value.len() > SHOWN => {
                let end = utf8::chars(value)
                    .nth(SHOWN)
                    .map_or(value.len(), |(at, ..)| at);
                format!("{}...", quote::quoted(&value[..end]))
            }
            _ => quote::quoted(value),
        }
    }
}
