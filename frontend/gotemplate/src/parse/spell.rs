//! How nodes are written in error messages: normalised, not as they stand in the text.

use std::ops::Range;
use std::sync::Arc;

use super::node::{Node, NodeId, NodeKind};

/// Longer texts are cut, so that a deep chain of calls cannot repeat a huge argument list at
/// every level.
const MAX_LEN: usize = 2000;

/// A piece of text still to be written.
enum Piece<'a> {
    Node(NodeId),
    Text(&'a str),
}

/// Returns the text of a node; string literals are taken from `text`.
pub(super) fn spell(nodes: &[Node], text: &[u8], id: NodeId) -> String {
    let mut out = String::new();
    let mut pending = vec![Piece::Node(id)];
    while let Some(piece) = pending.pop() {
        if out.len() > MAX_LEN {
            let mut end = MAX_LEN;
            while !out.is_char_boundary(end) {
                end -= 1;
            }
            out.truncate(end);
            out.push_str("...");
            return out;
        }
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Node(id) => {
                let at = pending.len();
                spell_node(nodes, text, id, &mut out, &mut pending);
                // Pieces were added in reading order, but are taken from the end.
                pending[at..].reverse();
            }
        }
    }
    out
}

/// Writes what precedes the first inner node of a node, and leaves the rest in `pending`.
fn spell_node<'a>(
    nodes: &'a [Node],
    text: &[u8],
    id: NodeId,
    out: &mut String,
    pending: &mut Vec<Piece<'a>>,
) {
    let verbatim =
        |range: &Range<usize>| String::from_utf8_lossy(&text[range.clone()]).into_owned();
    match &nodes[id.0 as usize].kind {
        NodeKind::List(nodes) => pending.extend(nodes.iter().map(|id| Piece::Node(*id))),
        NodeKind::Text(range) => out.push_str(&verbatim(range)),
        NodeKind::Action(pipe) => {
            pending.extend([Piece::Text("{{"), Piece::Node(*pipe), Piece::Text("}}")]);
        }
        NodeKind::Control { word, pipe, .. } => pending.extend([
            Piece::Text("{{"),
            Piece::Text(word.name()),
            Piece::Text(" "),
            Piece::Node(*pipe),
            Piece::Text("}}"),
        ]),
        NodeKind::Template { name, pipe } => {
            out.push_str("{{template ");
            out.push_str(&crate::fmt::quote::quoted(name.as_bytes()));
            if let Some(pipe) = pipe {
                pending.extend([Piece::Text(" "), Piece::Node(*pipe)]);
            }
            pending.push(Piece::Text("}}"));
        }
        NodeKind::Break => out.push_str("{{break}}"),
        NodeKind::Continue => out.push_str("{{continue}}"),
        NodeKind::Pipe {
            variables,
            commands,
            assign,
        } => {
            if !variables.is_empty() {
                out.push_str(&variables.join(", "));
                out.push_str(if *assign { " = " } else { " := " });
            }
            for (index, command) in commands.iter().enumerate() {
                if index > 0 {
                    pending.push(Piece::Text(" | "));
                }
                pending.push(Piece::Node(*command));
            }
        }
        NodeKind::Command(operands) => {
            for (index, operand) in operands.iter().enumerate() {
                if index > 0 {
                    pending.push(Piece::Text(" "));
                }
                push_operand(nodes, *operand, pending);
            }
        }
        NodeKind::Identifier(name) => out.push_str(name),
        NodeKind::Field(fields) => push_fields(fields, pending),
        NodeKind::Variable { name, fields } => {
            out.push_str(name);
            push_fields(fields, pending);
        }
        NodeKind::Chain { operand, fields } => {
            push_operand(nodes, *operand, pending);
            push_fields(fields, pending);
        }
        NodeKind::Dot => out.push('.'),
        NodeKind::Nil => out.push_str("nil"),
        NodeKind::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        NodeKind::Number { text, .. } => out.push_str(text),
        NodeKind::String { quoted, .. } => out.push_str(&verbatim(quoted)),
    }
}

fn push_operand(nodes: &[Node], id: NodeId, pending: &mut Vec<Piece<'_>>) {
    if matches!(nodes[id.0 as usize].kind, NodeKind::Pipe { .. }) {
        pending.extend([Piece::Text("("), Piece::Node(id), Piece::Text(")")]);
    } else {
        pending.push(Piece::Node(id));
    }
}

fn push_fields<'a>(fields: &'a [Arc<str>], pending: &mut Vec<Piece<'a>>) {
    for field in fields {
        pending.extend([Piece::Text("."), Piece::Text(field)]);
    }
}
