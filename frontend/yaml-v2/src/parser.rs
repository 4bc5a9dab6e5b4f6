//! Tokens to trees, by recursive descent.

use std::collections::HashMap;

use diagnostic::Span;

use super::cursor::Mark;
use super::node::{Node, NodeId, NodeKind, Tree};
use super::scanner::Scanner;
use super::token::{Finder, Style, SyntaxError, Token, TokenKind};

/// How deep lists and mappings may be nested. yaml.v2 stops at 10,000; nobody writes more than 20.
const MOST_DEPTH: usize = 100;

/// How many nodes a document may have.
const MOST_NODES: usize = 1_000_000;

/// The tags that every document knows.
const DEFAULT_TAGS: [(&str, &str); 2] = [("!", "!"), ("!!", "tag:yaml.org,2002:")];

/// Reads the documents of a text one after the other.
#[derive(Debug)]
pub struct Parser<'a> {
    pub(super) scanner: Scanner<'a>,
    /// The offset of the text in its file.
    base: usize,
    /// The length of the text.
    length: usize,
    /// A control character of the text, if there is one.
    garbage: Option<SyntaxError>,
    is_first: bool,
    tags: Vec<(String, String)>,
    anchors: HashMap<String, NodeId>,
    tree: Tree,
    depth: usize,
    /// The offset behind the last token that stands for text.
    end: usize,
}

/// What a piece of the text was found to be.
pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// How a document begins.
enum Beginning {
    /// There is none.
    None,
    /// With its content.
    Implicit,
    /// With `---`.
    Explicit,
}

/// Anchor and tag of a node, and where the first of them stands.
struct Properties {
    anchor: Option<String>,
    tag: Option<String>,
    start: Mark,
}

impl<'a> Parser<'a> {
    /// Stands before the first document of `text`, which begins at offset `base` of its file.
    pub fn new(text: &'a str, base: usize) -> Parser<'a> {
        Parser {
            scanner: Scanner::new(text),
            base,
            length: text.len(),
            garbage: find_garbage(text),
            is_first: true,
            tags: Vec::new(),
            anchors: HashMap::new(),
            tree: Tree::default(),
            depth: 0,
            end: 0,
        }
    }

    /// Returns the next document, or `None` behind the last one.
    ///
    /// # Errors
    /// A text that is not YAML 1.1 in the eyes of yaml.v2.
    pub fn next_document(&mut self) -> Parsed<Option<Tree>> {
        if let Some(garbage) = &self.garbage {
            return Err(garbage.clone());
        }
        self.tree = Tree::default();
        self.anchors.clear();
        let root = match self.begin_document()? {
            Beginning::None => return Ok(None),
            Beginning::Implicit => self.node(true, false)?,
            Beginning::Explicit => self.document_content()?,
        };
        self.tree.root = Some(root);
        if self.scanner.peek()?.kind == TokenKind::DocumentEnd {
            self.take()?;
        }
        self.tags.clear();
        Ok(Some(std::mem::take(&mut self.tree)))
    }

    /// Returns where the text goes on behind the document that was read last, if it does. yaml.v2 never
    /// looks there unless it is asked for a stream.
    pub fn ignored(&mut self) -> Option<Span> {
        let start = loop {
            match self.scanner.peek() {
                Ok(Token {
                    kind: TokenKind::DocumentEnd,
                    ..
                }) => drop(self.scanner.next().ok()?),
                Ok(Token {
                    kind: TokenKind::StreamEnd,
                    ..
                }) => return None,
                Ok(token) => break token.start,
                Err(error) => break error.at,
            }
        };
        Some(Span::new(self.base + start.offset, self.base + self.length))
    }

    /// Reads directives and `---`, which only the first document can do without.
    fn begin_document(&mut self) -> Parsed<Beginning> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        while !is_first && self.scanner.peek()?.kind == TokenKind::DocumentEnd {
            self.scanner.next()?;
        }
        let kind = &self.scanner.peek()?.kind;
        if *kind == TokenKind::StreamEnd {
            return Ok(Beginning::None);
        }
        let is_explicit = matches!(
            kind,
            TokenKind::Version { .. } | TokenKind::TagDirective { .. } | TokenKind::DocumentStart
        );
        self.read_directives()?;
        if is_first && !is_explicit {
            return Ok(Beginning::Implicit);
        }
        let token = self.take()?;
        if token.kind != TokenKind::DocumentStart {
            return Err(SyntaxError::parser(
                "did not find expected <document start>",
                token.start,
            ));
        }
        Ok(Beginning::Explicit)
    }

    fn read_directives(&mut self) -> Parsed<()> {
        let mut has_version = false;
        loop {
            let start = self.scanner.peek()?.start;
            match self.scanner.peek()?.kind.clone() {
                TokenKind::Version { .. } if has_version => {
                    return Err(SyntaxError::parser(
                        "found duplicate %YAML directive",
                        start,
                    ));
                }
                TokenKind::Version { major: 1, minor: 1 } => has_version = true,
                TokenKind::Version { .. } => {
                    return Err(SyntaxError::parser(
                        "found incompatible YAML document",
                        start,
                    ));
                }
                TokenKind::TagDirective { handle, prefix } => {
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err(SyntaxError::parser("found duplicate %TAG directive", start));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => break,
            }
            self.take()?;
        }
        self.tags
            .extend(DEFAULT_TAGS.map(|(handle, prefix)| (handle.to_owned(), prefix.to_owned())));
        Ok(())
    }

    fn document_content(&mut self) -> Parsed<NodeId> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Version { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let start = token.start;
                self.nothing(start)
            }
            _ => self.node(true, false),
        }
    }

    /// Reads a node. Blocks may only stand where `block` says so, and a list that is not indented only
    /// as a value of a mapping.
    pub(super) fn node(&mut self, block: bool, indentless: bool) -> Parsed<NodeId> {
        if matches!(self.scanner.peek()?.kind, TokenKind::Alias(_)) {
            return self.alias();
        }
        let properties = self.properties()?;
        let list = || NodeKind::Sequence(Vec::new());
        let map = || NodeKind::Mapping(Vec::new());
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Scalar { .. } => self.scalar(properties),
            TokenKind::BlockEntry if indentless => {
                self.collection(properties, list(), Self::indentless_sequence)
            }
            TokenKind::BlockSequence if block => {
                self.collection(properties, list(), Self::block_sequence)
            }
            TokenKind::BlockMapping if block => {
                self.collection(properties, map(), Self::block_mapping)
            }
            TokenKind::FlowSequence => self.collection(properties, list(), Self::flow_sequence),
            TokenKind::FlowMapping => self.collection(properties, map(), Self::flow_mapping),
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let id = self.add_anchored(empty_scalar(), properties)?;
                self.close(id, self.end);
                Ok(id)
            }
            _ => {
                let context = if block {
                    "while parsing a block node"
                } else {
                    "while parsing a flow node"
                };
                let error = SyntaxError::parser("did not find expected node content", token.start);
                Err(error.within(context, properties.start))
            }
        }
    }

    fn alias(&mut self) -> Parsed<NodeId> {
        let token = self.take()?;
        let name = if let TokenKind::Alias(name) = token.kind {
            name
        } else {
            String::new()
        };
        let Some(&target) = self.anchors.get(&name) else {
            return Err(SyntaxError::composer(
                format!("unknown anchor '{name}' referenced"),
                token.start,
            ));
        };
        let id = self.add(NodeKind::Alias { name, target }, None, token.start)?;
        self.close(id, token.start.offset);
        Ok(id)
    }

    fn scalar(&mut self, properties: Properties) -> Parsed<NodeId> {
        let token = self.take()?;
        let kind = match token.kind {
            TokenKind::Scalar { text, style } => NodeKind::Scalar { text, style },
            _ => empty_scalar(),
        };
        let id = self.add_anchored(kind, properties)?;
        self.close(id, token.start.offset);
        Ok(id)
    }

    fn collection(
        &mut self,
        properties: Properties,
        kind: NodeKind,
        read: impl FnOnce(&mut Self, NodeId) -> Parsed<()>,
    ) -> Parsed<NodeId> {
        let start = self.scanner.peek()?.start;
        if self.depth == MOST_DEPTH {
            let problem =
                format!("lists and mappings are nested more than {MOST_DEPTH} levels deep");
            return Err(SyntaxError::composer(problem, start));
        }
        // The anchor is known inside already, as in yaml.v2; whoever follows it there goes in circles.
        let id = self.add_anchored(kind, properties)?;
        self.depth += 1;
        read(self, id)?;
        self.depth -= 1;
        self.close(id, start.offset);
        Ok(id)
    }

    fn properties(&mut self) -> Parsed<Properties> {
        let start = self.scanner.peek()?.start;
        let mut properties = Properties {
            anchor: None,
            tag: None,
            start,
        };
        let mut written_tag = None;
        loop {
            let token = self.scanner.peek()?;
            match &token.kind {
                TokenKind::Anchor(name) if properties.anchor.is_none() => {
                    properties.anchor = Some(name.clone());
                }
                TokenKind::Tag { handle, suffix } if written_tag.is_none() => {
                    written_tag = Some((handle.clone(), suffix.clone(), token.start));
                }
                _ => break,
            }
            self.take()?;
        }
        if let Some((handle, suffix, place)) = written_tag {
            properties.tag = Some(if handle.is_empty() {
                suffix
            } else {
                let Some((_, prefix)) = self.tags.iter().find(|(known, _)| *known == handle) else {
                    let error = SyntaxError::parser("found undefined tag handle", place);
                    return Err(error.within("while parsing a node", start));
                };
                format!("{prefix}{suffix}")
            });
        }
        Ok(properties)
    }

    /// Takes a token and remembers where text ends.
    pub(super) fn take(&mut self) -> Parsed<Token> {
        let token = self.scanner.next()?;
        if token.kind != TokenKind::StreamEnd && token.end > token.start.offset {
            self.end = token.end;
        }
        Ok(token)
    }

    /// Adds a node for a place where nothing is written.
    pub(super) fn nothing(&mut self, at: Mark) -> Parsed<NodeId> {
        let id = self.add(empty_scalar(), None, at)?;
        let place = self.base + at.offset;
        self.tree.nodes[id.0].span = Span::new(place, place);
        Ok(id)
    }

    fn add_anchored(&mut self, kind: NodeKind, properties: Properties) -> Parsed<NodeId> {
        let id = self.add(kind, properties.tag, properties.start)?;
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, id);
        }
        Ok(id)
    }

    pub(super) fn add(
        &mut self,
        kind: NodeKind,
        tag: Option<String>,
        start: Mark,
    ) -> Parsed<NodeId> {
        if self.tree.nodes.len() == MOST_NODES {
            let problem = format!("the document has more than {MOST_NODES} values");
            return Err(SyntaxError::composer(problem, start));
        }
        self.tree.nodes.push(Node {
            kind,
            tag,
            span: Span::default(),
            line: start.line + 1,
        });
        Ok(NodeId(self.tree.nodes.len() - 1))
    }

    /// Settles the text of a node, from `start` to the last token taken.
    pub(super) fn close(&mut self, id: NodeId, start: usize) {
        self.tree.nodes[id.0].span = Span::new(self.base + start, self.base + self.end.max(start));
    }

    pub(super) fn push_item(&mut self, id: NodeId, item: NodeId) {
        if let NodeKind::Sequence(items) = &mut self.tree.nodes[id.0].kind {
            items.push(item);
        }
    }

    pub(super) fn push_pair(&mut self, id: NodeId, key: NodeId, value: NodeId) {
        if let NodeKind::Mapping(pairs) = &mut self.tree.nodes[id.0].kind {
            pairs.push((key, value));
        }
    }
}

fn empty_scalar() -> NodeKind {
    NodeKind::Scalar {
        text: String::new(),
        style: Style::Plain,
    }
}

/// Returns the first character that YAML does not allow, which tells text from other files.
fn find_garbage(text: &str) -> Option<SyntaxError> {
    let is_text = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    let (offset, c) = text.char_indices().find(|&(_, c)| !is_text(c))?;
    let line = text[..offset].matches('\n').count();
    let problem = format!(
        "control characters are not allowed (U+{:04X})",
        u32::from(c)
    );
    let at = Mark {
        offset,
        line,
        column: 0,
    };
    Some(SyntaxError {
        finder: Finder::Reader,
        problem,
        at,
        context: None,
    })
}
