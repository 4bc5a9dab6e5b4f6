//! What the parser makes of a document: a tree of nodes that know where they are written.

use diagnostic::Span;

use super::token::Style;

/// The place of a node in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) usize);

/// One document.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Option<NodeId>,
}

/// One value as written.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its tag in full, such as `tag:yaml.org,2002:str`.
    pub tag: Option<String>,
    /// The text, without anchor and tag.
    pub span: Span,
    /// The line in its document, from 1, as yaml.v2 counts it.
    pub line: usize,
}

/// The kinds of nodes.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Text; empty and plain where nothing is written.
    Scalar {
        /// The text, without quotes and indentation.
        text: String,
        /// How it is written.
        style: Style,
    },
    /// A list.
    Sequence(Vec<NodeId>),
    /// Keys and values in the order of the text.
    Mapping(Vec<(NodeId, NodeId)>),
    /// Another name for an earlier node, which may be one that this one is part of.
    Alias {
        /// The name of the anchor.
        name: String,
        /// The node that has it.
        target: NodeId,
    },
}

impl Tree {
    /// Returns the outermost node, or `None` for a text without any.
    pub fn root(&self) -> Option<NodeRef<'_>> {
        self.root.map(|id| self.at(id))
    }

    /// Returns the node at `id`.
    pub fn at(&self, id: NodeId) -> NodeRef<'_> {
        NodeRef { tree: self, id }
    }

    /// Returns every node.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// Returns every scalar that is written without quotes.
    pub fn plain_scalars(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| {
            matches!(
                node.kind,
                NodeKind::Scalar {
                    style: Style::Plain,
                    ..
                }
            )
        })
    }
}

/// A node in its tree.
#[derive(Clone, Copy, Debug)]
pub struct NodeRef<'a> {
    tree: &'a Tree,
    id: NodeId,
}

impl<'a> NodeRef<'a> {
    /// Returns the node itself.
    pub fn node(self) -> &'a Node {
        &self.tree.nodes[self.id.0]
    }

    /// Returns its place in the tree.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Returns its text.
    pub fn span(self) -> Span {
        self.node().span
    }

    /// Returns another node of the same tree.
    pub fn other(self, id: NodeId) -> NodeRef<'a> {
        NodeRef {
            tree: self.tree,
            id,
        }
    }

    /// Returns the node that an alias stands for, or itself. An alias cannot stand for another alias:
    /// only what is written can have an anchor.
    pub fn target(self) -> NodeRef<'a> {
        match self.node().kind {
            NodeKind::Alias { target, .. } => self.other(target),
            _ => self,
        }
    }

    /// Whether it is the key `<<`, which merges another mapping into this one.
    pub fn is_merge_key(self) -> bool {
        let node = self.node();
        match &node.kind {
            NodeKind::Scalar { text, style } if text == "<<" => match node.tag.as_deref() {
                None => *style == Style::Plain,
                Some(tag) => tag == "!" || tag == "tag:yaml.org,2002:merge",
            },
            _ => false,
        }
    }
}
