//! Lists and mappings: in blocks, and in brackets and braces.

use super::cursor::Mark;
use super::node::{NodeId, NodeKind};
use super::parser::{Parsed, Parser};
use super::token::{SyntaxError, Token, TokenKind};

impl Parser<'_> {
    pub(super) fn block_sequence(&mut self, id: NodeId) -> Parsed<()> {
        let since = self.take()?.start;
        loop {
            let token = self.take()?;
            match token.kind {
                TokenKind::BlockEntry => {
                    let item = match self.scanner.peek()?.kind {
                        TokenKind::BlockEntry | TokenKind::BlockEnd => {
                            self.nothing(behind(&token))?
                        }
                        _ => self.node(true, false)?,
                    };
                    self.push_item(id, item);
                }
                TokenKind::BlockEnd => return Ok(()),
                _ => {
                    let error =
                        SyntaxError::parser("did not find expected '-' indicator", token.start);
                    return Err(error.within("while parsing a block collection", since));
                }
            }
        }
    }

    pub(super) fn indentless_sequence(&mut self, id: NodeId) -> Parsed<()> {
        while self.scanner.peek()?.kind == TokenKind::BlockEntry {
            let token = self.take()?;
            let item = match self.scanner.peek()?.kind {
                TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                    self.nothing(behind(&token))?
                }
                _ => self.node(true, false)?,
            };
            self.push_item(id, item);
        }
        Ok(())
    }

    pub(super) fn block_mapping(&mut self, id: NodeId) -> Parsed<()> {
        let since = self.take()?.start;
        loop {
            let token = self.take()?;
            match token.kind {
                TokenKind::Key => {
                    let key = self.block_part(&token)?;
                    let next = self.scanner.peek()?;
                    let value = if next.kind == TokenKind::Value {
                        let colon = self.take()?;
                        self.block_part(&colon)?
                    } else {
                        let start = next.start;
                        self.nothing(start)?
                    };
                    self.push_pair(id, key, value);
                }
                TokenKind::BlockEnd => return Ok(()),
                _ => {
                    let error = SyntaxError::parser("did not find expected key", token.start);
                    return Err(error.within("while parsing a block mapping", since));
                }
            }
        }
    }

    /// Reads what stands behind `?` or `:` in a block mapping.
    fn block_part(&mut self, indicator: &Token) -> Parsed<NodeId> {
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.nothing(behind(indicator))
            }
            _ => self.node(true, true),
        }
    }

    pub(super) fn flow_sequence(&mut self, id: NodeId) -> Parsed<()> {
        let since = self.take()?.start;
        let mut is_first = true;
        while self.next_flow_item(TokenKind::FlowSequenceEnd, is_first, since)? {
            is_first = false;
            let item = if self.scanner.peek()?.kind == TokenKind::Key {
                self.flow_pair()?
            } else {
                self.node(false, false)?
            };
            self.push_item(id, item);
        }
        Ok(())
    }

    /// Reads `key: value` in a flow sequence: a mapping of one key without braces.
    fn flow_pair(&mut self) -> Parsed<NodeId> {
        let key_token = self.take()?;
        let id = self.add(NodeKind::Mapping(Vec::new()), None, key_token.start)?;
        let is_empty = matches!(
            self.scanner.peek()?.kind,
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
        );
        let key = if is_empty {
            // libyaml drops the token that shows that there is no key, and so does yaml.v2.
            let dropped = self.take()?;
            self.nothing(behind(&dropped))?
        } else {
            self.node(false, false)?
        };
        let value = self.flow_value(TokenKind::FlowSequenceEnd)?;
        self.push_pair(id, key, value);
        self.close(id, key_token.start.offset);
        Ok(id)
    }

    pub(super) fn flow_mapping(&mut self, id: NodeId) -> Parsed<()> {
        let since = self.take()?.start;
        let mut is_first = true;
        while self.next_flow_item(TokenKind::FlowMappingEnd, is_first, since)? {
            is_first = false;
            let (key, value) = if self.scanner.peek()?.kind == TokenKind::Key {
                self.take()?;
                let next = self.scanner.peek()?;
                let start = next.start;
                let is_empty = matches!(
                    next.kind,
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd
                );
                let key = if is_empty {
                    self.nothing(start)?
                } else {
                    self.node(false, false)?
                };
                (key, self.flow_value(TokenKind::FlowMappingEnd)?)
            } else {
                let key = self.node(false, false)?;
                let start = self.scanner.peek()?.start;
                (key, self.nothing(start)?)
            };
            self.push_pair(id, key, value);
        }
        Ok(())
    }

    /// Reads what stands behind a key in a flow collection that ends with `end`.
    fn flow_value(&mut self, end: TokenKind) -> Parsed<NodeId> {
        let mut start = self.scanner.peek()?.start;
        if self.scanner.peek()?.kind == TokenKind::Value {
            self.take()?;
            let next = self.scanner.peek()?;
            if next.kind != TokenKind::FlowEntry && next.kind != end {
                return self.node(false, false);
            }
            // yaml.v2 puts the missing value of a pair in a list where the colon is.
            if end == TokenKind::FlowMappingEnd {
                start = next.start;
            }
        }
        self.nothing(start)
    }

    /// Steps to the next item of a flow collection. Returns false behind the last one, which may have a
    /// comma behind it.
    fn next_flow_item(&mut self, end: TokenKind, is_first: bool, since: Mark) -> Parsed<bool> {
        let token = self.scanner.peek()?.clone();
        if !is_first && token.kind == TokenKind::FlowEntry {
            self.take()?;
        } else if !is_first && token.kind != end {
            let (problem, context) = if end == TokenKind::FlowMappingEnd {
                (
                    "did not find expected ',' or '}'",
                    "while parsing a flow mapping",
                )
            } else {
                (
                    "did not find expected ',' or ']'",
                    "while parsing a flow sequence",
                )
            };
            return Err(SyntaxError::parser(problem, token.start).within(context, since));
        }
        if self.scanner.peek()?.kind == end {
            self.take()?;
            return Ok(false);
        }
        Ok(true)
    }
}

/// Returns the mark behind an indicator of one character.
fn behind(token: &Token) -> Mark {
    Mark {
        offset: token.end,
        line: token.start.line,
        column: token.start.column + 1,
    }
}
