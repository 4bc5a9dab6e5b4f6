//! The parser: a template's text in, a [`Source`] with its nodes and the templates in it out.
//!
//! Mirrors Go's `text/template/parse`, message for message. Nested blocks and parentheses are
//! kept on lists, not on the stack.

mod blocks;
mod lex;
mod node;
mod number;
mod pipeline;
mod spell;
mod token;
mod unquote;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(crate) use lex::Delims;
pub(crate) use node::{Control, NodeId, NodeKind, Source};
pub(crate) use number::Number;
pub use number::{parse_float, parse_int, parse_uint};

use crate::error::{Error, ErrorKind, Frame, Location, Step};
use crate::output::Lines;
use crate::utf8;
use lex::Lexer;
use node::Node;
use token::{Token, TokenKind};

/// What a text is parsed with.
pub(crate) struct Request<'a> {
    /// The name of the template that the text as a whole is.
    pub(crate) name: &'a str,
    pub(crate) text: &'a [u8],
    pub(crate) delims: &'a Delims,
    /// Reports whether there is a function of that name.
    pub(crate) has_function: &'a dyn Fn(&str) -> bool,
    /// See [`Source::dynamic`].
    pub(crate) dynamic: bool,
    /// See [`Source::lines`].
    pub(crate) lines: Option<Lines>,
}

/// The templates found in one text.
pub(crate) struct Parsed {
    pub(crate) source: Arc<Source>,
    /// Every template with its root, the text as a whole included.
    pub(crate) roots: BTreeMap<Arc<str>, NodeId>,
}

/// Parses a text.
pub(crate) fn parse(request: &Request<'_>) -> Result<Parsed, Error> {
    let mut parser = Parser::new(request);
    parser.parse_all()?;
    let Parser {
        name, nodes, roots, ..
    } = parser;
    let source = Arc::new(Source::new(
        name,
        request.text.to_vec(),
        request.dynamic,
        request.lines.clone(),
        nodes,
    ));
    Ok(Parsed { source, roots })
}

/// What belongs to one template of a text: `define` and `block` start afresh and come back.
struct Scope {
    /// The template's name.
    name: Arc<str>,
    /// The last token read and up to two before it.
    tokens: [Token; 3],
    /// How many of them are to be read again.
    peeked: usize,
    /// The variables declared and not yet out of scope.
    variables: Vec<Arc<str>>,
    /// How often each name is among them.
    declared: HashMap<Arc<str>, usize>,
    /// The loops around the current position.
    range_depth: usize,
    /// The line of the action being read, or zero.
    action_line: usize,
}

impl Scope {
    fn new(name: Arc<str>) -> Scope {
        let mut scope = Scope {
            name,
            tokens: [Token::none(), Token::none(), Token::none()],
            peeked: 0,
            variables: Vec::new(),
            declared: HashMap::new(),
            range_depth: 0,
            action_line: 0,
        };
        scope.declare(Arc::from("$"));
        scope
    }

    fn declare(&mut self, name: Arc<str>) {
        *self.declared.entry(Arc::clone(&name)).or_default() += 1;
        self.variables.push(name);
    }

    fn forget(&mut self, mark: usize) {
        for name in self.variables.drain(mark..) {
            if let Some(count) = self.declared.get_mut(&name) {
                *count -= 1;
            }
        }
    }

    fn is_declared(&self, name: &str) -> bool {
        self.declared.get(name).is_some_and(|count| *count > 0)
    }
}

struct Parser<'a> {
    name: Arc<str>,
    text: &'a [u8],
    /// See [`Source::lines`].
    lines: Option<Lines>,
    has_function: &'a dyn Fn(&str) -> bool,
    lexer: Lexer<'a>,
    scope: Scope,
    nodes: Vec<Node>,
    roots: BTreeMap<Arc<str>, NodeId>,
}

impl<'a> Parser<'a> {
    fn new(request: &Request<'a>) -> Parser<'a> {
        let name: Arc<str> = Arc::from(request.name);
        let mut lexer = Lexer::new(request.text, request.delims);
        lexer.break_is_name = (request.has_function)("break");
        lexer.continue_is_name = (request.has_function)("continue");
        Parser {
            name: Arc::clone(&name),
            text: request.text,
            lines: request.lines.clone(),
            has_function: request.has_function,
            lexer,
            scope: Scope::new(name),
            nodes: Vec::new(),
            roots: BTreeMap::new(),
        }
    }

    fn add(&mut self, pos: usize, kind: NodeKind) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { pos, kind });
        id
    }

    fn kind(&self, id: NodeId) -> &NodeKind {
        &self.nodes[id.0 as usize].kind
    }

    fn text_of(&self, token: &Token) -> &'a [u8] {
        &self.text[token.pos..token.end]
    }

    /// Returns the text of a token that is made of letters, digits and ASCII only.
    fn str_of(&self, token: &Token) -> String {
        String::from_utf8_lossy(self.text_of(token)).into_owned()
    }

    fn next(&mut self) -> Token {
        if self.scope.peeked > 0 {
            self.scope.peeked -= 1;
        } else {
            self.scope.tokens[0] = self.lexer.next_token();
        }
        self.scope.tokens[self.scope.peeked].clone()
    }

    fn back_up(&mut self) {
        self.scope.peeked += 1;
    }

    /// Gives back the last token and one before it.
    fn back_up_two(&mut self, before: Token) {
        self.scope.tokens[1] = before;
        self.scope.peeked = 2;
    }

    /// Gives back the last token and the two before it, the earlier one first.
    fn back_up_three(&mut self, earlier: Token, before: Token) {
        self.scope.tokens[1] = before;
        self.scope.tokens[2] = earlier;
        self.scope.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.back_up();
        token
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.back_up();
        token
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token, Error> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            Err(self.unexpected(&token, context))
        }
    }

    /// Returns an error at the last token read.
    fn error(&self, message: impl Into<String>) -> Error {
        self.error_at(self.scope.tokens[0].pos, message)
    }

    /// Returns an error at a position.
    fn error_at(&self, pos: usize, message: impl Into<String>) -> Error {
        let before = &self.text[..pos];
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let line = 1 + utf8::count_newlines(before);
        let origins = self.lines.as_ref();
        let location = Location {
            template: Arc::clone(&self.name),
            line,
            column: pos - line_start,
            offset: pos,
            origin: origins.and_then(|lines| lines.get(line - 1).cloned().flatten()),
        };
        let told_line = self.scope.tokens[0].line;
        let node = String::new();
        let frame = Frame {
            location,
            executing: None,
            node,
            step: Step::Failed,
            told_line,
        };
        Error::new(ErrorKind::Parse, message).within(frame)
    }

    fn unexpected(&self, token: &Token, context: &str) -> Error {
        let description = token.describe(self.text);
        if token.kind != TokenKind::Error {
            return self.error_at(token.pos, format!("unexpected {description} in {context}"));
        }
        let started = self.scope.action_line;
        if started == 0 || started == token.line {
            return self.error_at(token.pos, description);
        }
        // "unclosed action" already says what started.
        let what = if description.ends_with(" action") {
            ""
        } else {
            " in action"
        };
        self.error_at(
            token.pos,
            format!("{description}{what} started at {}:{started}", self.name),
        )
    }
}
