//! Text, actions and the blocks they open and close.

use std::sync::Arc;

use super::node::{Control, NodeId, NodeKind, is_blank};
use super::token::{Token, TokenKind};
use super::unquote::unquote;
use super::{Parser, Scope};
use crate::error::Error;

/// A block that is open at the current position.
struct Block {
    kind: BlockKind,
    pos: usize,
    /// The nodes of the list being read.
    nodes: Vec<NodeId>,
}

enum BlockKind {
    /// The text as a whole.
    Text,
    /// `{{define}}` with the scope around it.
    Define(Box<Scope>),
    /// `{{block}}` with the scope around it, the place of its name, and its pipeline.
    Block {
        outer: Box<Scope>,
        name_pos: usize,
        pipe: NodeId,
    },
    /// `{{if}}`, `{{with}}` or `{{range}}`.
    Control(OpenControl),
}

struct OpenControl {
    word: Control,
    pipe: NodeId,
    pos: usize,
    /// The variables declared before it.
    mark: usize,
    /// The first list, once the `else` is reached.
    list: Option<NodeId>,
    /// Whether it came as `{{else if}}` or `{{else with}}` and shares the `{{end}}` around it.
    chained: bool,
}

/// What a piece of text turned out to be.
enum Item {
    Node(NodeId),
    Opened(Block),
    Else,
    End,
}

impl Parser<'_> {
    /// Reads the whole text.
    pub(super) fn parse_all(&mut self) -> Result<(), Error> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut top = self.open(BlockKind::Text);
        loop {
            if blocks.is_empty() {
                if self.peek().kind == TokenKind::Eof {
                    break;
                }
                if let Some(define) = self.definition()? {
                    blocks.push(std::mem::replace(&mut top, define));
                    continue;
                }
            } else if self.peek_non_space().kind == TokenKind::Eof {
                return Err(self.error("unexpected EOF"));
            }
            match self.text_or_action()? {
                Item::Node(node) => top.nodes.push(node),
                Item::Opened(block) => blocks.push(std::mem::replace(&mut top, block)),
                Item::Else => {
                    if let Some(chained) = self.begin_else(&mut top)? {
                        blocks.push(std::mem::replace(&mut top, chained));
                    }
                }
                Item::End => loop {
                    let Some(outer) = blocks.pop() else {
                        return Err(self.error("unexpected {{end}}"));
                    };
                    let block = std::mem::replace(&mut top, outer);
                    let chained =
                        matches!(&block.kind, BlockKind::Control(control) if control.chained);
                    if let Some(node) = self.close(block)? {
                        top.nodes.push(node);
                    }
                    if !chained {
                        break;
                    }
                },
            }
        }
        let root = self.list(&mut top);
        self.define(root)
    }

    fn open(&mut self, kind: BlockKind) -> Block {
        Block {
            kind,
            pos: self.peek().pos,
            nodes: Vec::new(),
        }
    }

    fn list(&mut self, block: &mut Block) -> NodeId {
        let nodes = std::mem::take(&mut block.nodes);
        self.add(block.pos, NodeKind::List(nodes))
    }

    /// Adds the template of the current scope to those found.
    fn define(&mut self, root: NodeId) -> Result<(), Error> {
        let name = &self.scope.name;
        match self.roots.get(name) {
            Some(existing) if !is_blank(&self.nodes, self.text, *existing) => {
                if is_blank(&self.nodes, self.text, root) {
                    return Ok(());
                }
                let name = crate::fmt::quote::quoted(name.as_bytes());
                Err(self.error(format!("template: multiple definition of template {name}")))
            }
            _ => {
                self.roots.insert(Arc::clone(name), root);
                Ok(())
            }
        }
    }

    /// Reads `{{define "name"}}`, if that is what comes next.
    fn definition(&mut self) -> Result<Option<Block>, Error> {
        const CONTEXT: &str = "define clause";
        if self.peek().kind != TokenKind::LeftDelim {
            return Ok(None);
        }
        let delim = self.next();
        if self.next_non_space().kind != TokenKind::Define {
            self.back_up_two(delim);
            return Ok(None);
        }
        let scope = Scope::new(Arc::from(""));
        let outer = Box::new(std::mem::replace(&mut self.scope, scope));
        let token = self.next_non_space();
        self.scope.name = self.template_name(&token, CONTEXT)?;
        self.expect(TokenKind::RightDelim, CONTEXT)?;
        Ok(Some(self.open(BlockKind::Define(outer))))
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Result<Arc<str>, Error> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return Err(self.unexpected(token, context));
        }
        let name = unquote(self.text_of(token)).map_err(|error| self.error_at(token.pos, error))?;
        Ok(Arc::from(&*String::from_utf8_lossy(&name)))
    }

    fn text_or_action(&mut self) -> Result<Item, Error> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(
                self.add(token.pos, NodeKind::Text(token.pos..token.end)),
            )),
            TokenKind::LeftDelim => {
                self.scope.action_line = token.line;
                let item = self.action()?;
                // The line of an opened block's action is kept until something in it is read.
                if !matches!(item, Item::Opened(_)) {
                    self.scope.action_line = 0;
                }
                Ok(item)
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Result<Item, Error> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Block => self.block(),
            TokenKind::Break => self.leave_loop(&token, "{{break}}", NodeKind::Break),
            TokenKind::Continue => self.leave_loop(&token, "{{continue}}", NodeKind::Continue),
            TokenKind::Else => {
                // The word after `else` starts a block of its own and is left for it.
                if !matches!(self.peek_non_space().kind, TokenKind::If | TokenKind::With) {
                    self.expect(TokenKind::RightDelim, "else")?;
                }
                Ok(Item::Else)
            }
            TokenKind::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                Ok(Item::End)
            }
            TokenKind::If => self.control(Control::If, false).map(Item::Opened),
            TokenKind::Range => self.control(Control::Range, false).map(Item::Opened),
            TokenKind::Template => self.template(),
            TokenKind::With => self.control(Control::With, false).map(Item::Opened),
            _ => {
                self.back_up();
                let pos = self.peek().pos;
                let pipe = self.pipeline("command", TokenKind::RightDelim)?;
                Ok(Item::Node(self.add(pos, NodeKind::Action(pipe))))
            }
        }
    }

    fn leave_loop(&mut self, token: &Token, text: &str, kind: NodeKind) -> Result<Item, Error> {
        let next = self.next_non_space();
        if next.kind != TokenKind::RightDelim {
            return Err(self.unexpected(&next, text));
        }
        if self.scope.range_depth == 0 {
            return Err(self.error(format!("{text} outside {{{{range}}}}")));
        }
        Ok(Item::Node(self.add(token.pos, kind)))
    }

    fn template(&mut self) -> Result<Item, Error> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = if self.next_non_space().kind == TokenKind::RightDelim {
            None
        } else {
            self.back_up();
            Some(self.pipeline(CONTEXT, TokenKind::RightDelim)?)
        };
        Ok(Item::Node(
            self.add(token.pos, NodeKind::Template { name, pipe }),
        ))
    }

    fn block(&mut self) -> Result<Item, Error> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelim)?;
        let outer = Box::new(std::mem::replace(&mut self.scope, Scope::new(name)));
        let kind = BlockKind::Block {
            outer,
            name_pos: token.pos,
            pipe,
        };
        Ok(Item::Opened(self.open(kind)))
    }

    /// Reads the pipeline of a control word and opens its block.
    fn control(&mut self, word: Control, chained: bool) -> Result<Block, Error> {
        let mark = self.scope.variables.len();
        let pos = self.peek_non_space().pos;
        let pipe = self.pipeline(word.name(), TokenKind::RightDelim)?;
        if word == Control::Range {
            self.scope.range_depth += 1;
        }
        let control = OpenControl {
            word,
            pipe,
            pos,
            mark,
            list: None,
            chained,
        };
        Ok(self.open(BlockKind::Control(control)))
    }

    /// Begins the second list of a block, and the block after `{{else if}}`, if it is one.
    fn begin_else(&mut self, block: &mut Block) -> Result<Option<Block>, Error> {
        let nodes = std::mem::take(&mut block.nodes);
        let word = match &mut block.kind {
            BlockKind::Text => return Err(self.error("unexpected {{else}}")),
            BlockKind::Define(_) => {
                return Err(self.error("unexpected {{else}} in define clause"));
            }
            BlockKind::Block { outer, .. } => {
                std::mem::swap(&mut self.scope, outer);
                return Err(self.error("unexpected {{else}} in block clause"));
            }
            BlockKind::Control(OpenControl { list: Some(_), .. }) => {
                return Err(self.error("expected end; found {{else}}"));
            }
            BlockKind::Control(control) => {
                let list = self.add(block.pos, NodeKind::List(nodes));
                control.list = Some(list);
                control.word
            }
        };
        if word == Control::Range {
            self.scope.range_depth -= 1;
        }
        let next = self.peek();
        block.pos = next.pos;
        let chained = match (word, next.kind) {
            (Control::If, TokenKind::If) => Control::If,
            (Control::With, TokenKind::With) => Control::With,
            _ => return Ok(None),
        };
        self.next();
        self.control(chained, true).map(Some)
    }

    /// Ends a block and returns the node it is in the block around it.
    fn close(&mut self, mut block: Block) -> Result<Option<NodeId>, Error> {
        let list = self.list(&mut block);
        match block.kind {
            BlockKind::Text => Ok(None),
            BlockKind::Define(outer) => {
                self.define(list)?;
                self.scope = *outer;
                Ok(None)
            }
            BlockKind::Block {
                outer,
                name_pos,
                pipe,
            } => {
                self.define(list)?;
                let inner = std::mem::replace(&mut self.scope, *outer);
                self.scope.action_line = 0;
                let kind = NodeKind::Template {
                    name: inner.name,
                    pipe: Some(pipe),
                };
                Ok(Some(self.add(name_pos, kind)))
            }
            BlockKind::Control(OpenControl {
                word,
                pipe,
                pos,
                mark,
                list: first,
                ..
            }) => {
                if word == Control::Range && first.is_none() {
                    self.scope.range_depth -= 1;
                }
                self.scope.forget(mark);
                let (list, else_list) = match first {
                    Some(first) => (first, Some(list)),
                    None => (list, None),
                };
                let kind = NodeKind::Control {
                    word,
                    pipe,
                    list,
                    else_list,
                };
                Ok(Some(self.add(pos, kind)))
            }
        }
    }
}
