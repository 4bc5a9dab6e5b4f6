//! Pipelines: declarations, commands and operands.

use std::sync::Arc;

use super::Parser;
use super::node::{NodeId, NodeKind};
use super::number::Number;
use super::spell::spell;
use super::token::{Token, TokenKind};
use super::unquote::{unquote, unquote_rune};
use crate::error::Error;
use crate::fmt::quote;
use crate::str::Str;

/// Parentheses inside each other, in one pipeline.
const MAX_PARENTHESES: usize = 10_000;

/// A pipeline that is not complete yet.
struct OpenPipe<'c> {
    /// Where it stands, for messages.
    context: &'c str,
    /// What ends it.
    end: TokenKind,
    pos: usize,
    assign: bool,
    variables: Vec<Arc<str>>,
    commands: Vec<NodeId>,
    /// The command being read.
    command: Option<OpenCommand>,
}

struct OpenCommand {
    pos: usize,
    operands: Vec<NodeId>,
}

/// What an operand starts with.
enum Term {
    Node(NodeId),
    Parenthesis,
    /// No operand at all.
    None,
}

impl Parser<'_> {
    /// Reads a pipeline up to and with its `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: TokenKind) -> Result<NodeId, Error> {
        let mut outer: Vec<OpenPipe<'_>> = Vec::new();
        let mut pipe = self.open_pipe(context, end)?;
        loop {
            if pipe.command.is_none() {
                let token = self.next_non_space();
                if token.kind == pipe.end {
                    let node = self.close_pipe(&mut pipe)?;
                    let Some(parent) = outer.pop() else {
                        return Ok(node);
                    };
                    pipe = parent;
                    self.operand(&mut pipe, node)?;
                } else if token.kind.starts_operand() {
                    self.back_up();
                    let pos = self.peek_non_space().pos;
                    pipe.command = Some(OpenCommand {
                        pos,
                        operands: Vec::new(),
                    });
                } else {
                    return Err(self.unexpected(&token, pipe.context));
                }
                continue;
            }
            self.peek_non_space();
            match self.term()? {
                Term::Node(node) => self.operand(&mut pipe, node)?,
                Term::None => self.after_operand(&mut pipe)?,
                Term::Parenthesis => {
                    if outer.len() >= MAX_PARENTHESES {
                        return Err(self.error("max expression depth exceeded"));
                    }
                    let inner = self.open_pipe("parenthesized pipeline", TokenKind::RightParen)?;
                    outer.push(std::mem::replace(&mut pipe, inner));
                }
            }
        }
    }

    /// Reads the variables in front of a pipeline.
    fn open_pipe<'c>(&mut self, context: &'c str, end: TokenKind) -> Result<OpenPipe<'c>, Error> {
        let mut pipe = OpenPipe {
            context,
            end,
            pos: self.peek_non_space().pos,
            assign: false,
            variables: Vec::new(),
            commands: Vec::new(),
            command: None,
        };
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                return Ok(pipe);
            }
            self.next();
            let after = self.peek();
            let next = self.peek_non_space();
            let comma = next.kind == TokenKind::Char && self.text_of(&next) == b",";
            if !comma && !matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
                // An argument after all: the space after it separates it from the next.
                if after.kind == TokenKind::Space {
                    self.back_up_three(variable, after);
                } else {
                    self.back_up_two(variable);
                }
                return Ok(pipe);
            }
            self.next_non_space();
            let name: Arc<str> = Arc::from(self.str_of(&variable));
            self.scope.declare(Arc::clone(&name));
            pipe.variables.push(name);
            if !comma {
                pipe.assign = next.kind == TokenKind::Assign;
                return Ok(pipe);
            }
            if context != "range" || pipe.variables.len() >= 2 {
                return Err(self.error(format!("too many declarations in {context}")));
            }
            if !matches!(
                self.peek_non_space().kind,
                TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen
            ) {
                return Err(self.error("range can only initialize variables"));
            }
        }
    }

    fn close_pipe(&mut self, pipe: &mut OpenPipe<'_>) -> Result<NodeId, Error> {
        if pipe.commands.is_empty() {
            return Err(self.error(format!("missing value for {}", pipe.context)));
        }
        // Only the first command may be a plain value.
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            let NodeKind::Command(operands) = self.kind(*command) else {
                continue;
            };
            if self.is_literal(operands[0]) {
                let stage = index + 1;
                let pos = self.nodes[command.0 as usize].pos;
                let message = format!("non executable command in pipeline stage {stage}");
                return Err(self.error_at(pos, message));
            }
        }
        let kind = NodeKind::Pipe {
            assign: pipe.assign,
            variables: std::mem::take(&mut pipe.variables),
            commands: std::mem::take(&mut pipe.commands),
        };
        Ok(self.add(pipe.pos, kind))
    }

    fn is_literal(&self, id: NodeId) -> bool {
        matches!(
            self.kind(id),
            NodeKind::Bool(_)
                | NodeKind::Dot
                | NodeKind::Nil
                | NodeKind::Number { .. }
                | NodeKind::String { .. }
        )
    }

    /// Adds an operand, with the fields that follow it, to the current command.
    fn operand(&mut self, pipe: &mut OpenPipe<'_>, term: NodeId) -> Result<(), Error> {
        let node = self.with_fields(term)?;
        if let Some(command) = &mut pipe.command {
            command.operands.push(node);
        }
        self.after_operand(pipe)
    }

    /// Reads what separates operands, and ends the command where it ends.
    fn after_operand(&mut self, pipe: &mut OpenPipe<'_>) -> Result<(), Error> {
        let token = self.next();
        match token.kind {
            TokenKind::Space => return Ok(()),
            TokenKind::RightDelim | TokenKind::RightParen => self.back_up(),
            TokenKind::Pipe => {}
            _ => return Err(self.unexpected(&token, "operand")),
        }
        let Some(command) = pipe.command.take() else {
            return Ok(());
        };
        if command.operands.is_empty() {
            return Err(self.error("empty command"));
        }
        let node = self.add(command.pos, NodeKind::Command(command.operands));
        pipe.commands.push(node);
        Ok(())
    }

    /// Reads the fields after an operand: `.a.b` in `(f x).a.b`.
    fn with_fields(&mut self, term: NodeId) -> Result<NodeId, Error> {
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(term);
        }
        if self.is_literal(term) {
            let text = spell(&self.nodes, self.text, term);
            let text = quote::quoted(text.as_bytes());
            while self.peek().kind == TokenKind::Field {
                self.next();
            }
            return Err(self.error(format!("unexpected . after term {text}")));
        }
        let mut more: Vec<Arc<str>> = Vec::new();
        while self.peek().kind == TokenKind::Field {
            let field = self.next();
            more.push(self.field_name(&field));
        }
        // Fields of a field or of a variable are one node with it. As in Go, the position of
        // the whole is then that of its second field.
        let kind = match self.kind(term) {
            NodeKind::Field(fields) => NodeKind::Field([fields.clone(), more].concat()),
            NodeKind::Variable { name, .. } => NodeKind::Variable {
                name: Arc::clone(name),
                fields: more,
            },
            _ => NodeKind::Chain {
                operand: term,
                fields: more,
            },
        };
        Ok(self.add(first.pos, kind))
    }

    fn field_name(&self, token: &Token) -> Arc<str> {
        Arc::from(&self.str_of(token)[1..])
    }

    fn term(&mut self) -> Result<Term, Error> {
        let token = self.next_non_space();
        let kind = match token.kind {
            TokenKind::Identifier => {
                let name = self.str_of(&token);
                if !(self.has_function)(&name) {
                    let name = quote::quoted(name.as_bytes());
                    return Err(self.error_at(token.pos, format!("function {name} not defined")));
                }
                NodeKind::Identifier(Arc::from(name))
            }
            TokenKind::Dot => NodeKind::Dot,
            TokenKind::Nil => NodeKind::Nil,
            TokenKind::Variable => {
                let name = self.str_of(&token);
                if !self.scope.is_declared(&name) {
                    let name = quote::quoted(name.as_bytes());
                    return Err(self.error_at(token.pos, format!("undefined variable {name}")));
                }
                NodeKind::Variable {
                    name: Arc::from(name),
                    fields: Vec::new(),
                }
            }
            TokenKind::Field => NodeKind::Field(vec![self.field_name(&token)]),
            TokenKind::Bool => NodeKind::Bool(self.text_of(&token) == b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                let text = self.str_of(&token);
                let number = match token.kind {
                    TokenKind::CharConstant => unquote_rune(self.text_of(&token)).map(Number::rune),
                    TokenKind::Complex => Number::parse_complex(&text),
                    _ => Number::parse(&text),
                };
                let number = number.map_err(|error| self.error_at(token.pos, error))?;
                NodeKind::Number {
                    number,
                    text: Arc::from(text),
                }
            }
            TokenKind::LeftParen => return Ok(Term::Parenthesis),
            TokenKind::String | TokenKind::RawString => {
                let value = unquote(self.text_of(&token));
                let value = Str::from(value.map_err(|error| self.error_at(token.pos, error))?);
                NodeKind::String {
                    value,
                    quoted: token.pos..token.end,
                }
            }
            _ => {
                self.back_up();
                return Ok(Term::None);
            }
        };
        Ok(Term::Node(self.add(token.pos, kind)))
    }
}
