//! The parse tree of a template's text.
//!
//! All nodes of a text live in one list and refer to each other by number, so that however deep
//! a template nests, neither walking nor freeing its tree needs the stack.

use std::ops::Range;
use std::sync::Arc;

use super::number::Number;
use super::spell::spell;
use crate::error::Location;
use crate::output::{Lines, Origin};
use crate::str::Str;

/// The number of a node in its [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(super) u32);

/// A node and where its text starts.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) pos: usize,
    pub(crate) kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    /// Nodes to be executed in order.
    List(Vec<NodeId>),
    /// Text to be copied; the range is that of the trimmed text.
    Text(Range<usize>),
    /// `{{pipeline}}`.
    Action(NodeId),
    /// `if`, `with` or `range` with the lists to choose from.
    Control {
        word: Control,
        pipe: NodeId,
        list: NodeId,
        else_list: Option<NodeId>,
    },
    /// `{{template "name" pipeline}}`.
    Template {
        name: Arc<str>,
        pipe: Option<NodeId>,
    },
    /// `{{break}}`.
    Break,
    /// `{{continue}}`.
    Continue,
    /// Commands, each fed with the result of the one before, and variables for the last one.
    Pipe {
        assign: bool,
        variables: Vec<Arc<str>>,
        commands: Vec<NodeId>,
    },
    /// An operand with its arguments.
    Command(Vec<NodeId>),
    /// The name of a function.
    Identifier(Arc<str>),
    /// `.a.b`.
    Field(Vec<Arc<str>>),
    /// `$a.b`: the name with its dollar sign, and the fields.
    Variable {
        name: Arc<str>,
        fields: Vec<Arc<str>>,
    },
    /// Fields of what is not itself a field or a variable: `(pipeline).a.b`.
    Chain {
        operand: NodeId,
        fields: Vec<Arc<str>>,
    },
    /// `.`.
    Dot,
    /// `nil`.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// A number with its spelling.
    Number { number: Number, text: Arc<str> },
    /// A string with its spelling, quotes included.
    String { value: Str, quoted: Range<usize> },
}

/// The words that choose between two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    If,
    With,
    Range,
}

impl Control {
    pub(super) fn name(self) -> &'static str {
        match self {
            Control::If => "if",
            Control::With => "with",
            Control::Range => "range",
        }
    }
}

/// A parsed text: the nodes of the template it is and of those it defines.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name it was parsed under.
    pub(crate) name: Arc<str>,
    pub(crate) text: Vec<u8>,
    /// Whether it was parsed by a function of a running template, not given by the host.
    pub(crate) dynamic: bool,
    /// Where the lines of a dynamic text come from, if that is known.
    pub(crate) lines: Option<Lines>,
    pub(super) nodes: Vec<Node>,
    /// Where each line starts.
    line_starts: Vec<usize>,
}

impl Source {
    pub(super) fn new(
        name: Arc<str>,
        text: Vec<u8>,
        dynamic: bool,
        lines: Option<Lines>,
        nodes: Vec<Node>,
    ) -> Source {
        let newlines = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(newlines.map(|(at, _)| at + 1))
            .collect();
        Source {
            name,
            text,
            dynamic,
            lines,
            nodes,
            line_starts,
        }
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Returns the text of a node, as Go prints it between `<` and `>`.
    pub(crate) fn spell(&self, id: NodeId) -> String {
        spell(&self.nodes, &self.text, id)
    }

    /// Reports whether a template of this text has nothing but spaces.
    pub(crate) fn is_blank(&self, root: NodeId) -> bool {
        is_blank(&self.nodes, &self.text, root)
    }

    /// Returns the line, counted from 1, of a position in the text.
    pub(crate) fn line(&self, pos: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= pos)
    }

    /// Returns a position in the text in all its forms.
    pub(crate) fn location(&self, offset: usize) -> Location {
        let line = self.line(offset);
        let column = offset - self.line_starts[line - 1];
        Location {
            template: Arc::clone(&self.name),
            line,
            column,
            offset,
            origin: self.line_origin(line),
        }
    }

    /// Returns where a line of a dynamic text comes from, if that is known.
    fn line_origin(&self, line: usize) -> Option<Origin> {
        self.lines.as_ref()?.get(line - 1)?.clone()
    }

    /// Returns where the text at a position comes from.
    pub(crate) fn origin(&self, pos: usize) -> Option<Origin> {
        let line = self.line(pos);
        if self.dynamic {
            return self.line_origin(line);
        }
        Some(Origin {
            template: Arc::clone(&self.name),
            line,
        })
    }
}

/// Reports whether a list of nodes has nothing but spaces, as Unicode sees them.
pub(super) fn is_blank(nodes: &[Node], text: &[u8], list: NodeId) -> bool {
    let NodeKind::List(list) = &nodes[list.0 as usize].kind else {
        return false;
    };
    list.iter().all(|id| match &nodes[id.0 as usize].kind {
        NodeKind::Text(range) => {
            std::str::from_utf8(&text[range.clone()]).is_ok_and(|text| text.trim().is_empty())
        }
        _ => false,
    })
}
