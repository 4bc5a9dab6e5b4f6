//! Nodes to values of a known type, as yaml.v2 fills the fields of a Go struct.
//!
//! The type decides how a scalar is read: a string takes the text of any scalar as it is written (so
//! `1.10` stays `1.10`), a boolean takes `yes` but not `"true"`, an integer takes `1.0`. Null is the
//! zero value of every type, which is `None` or empty here.

use std::collections::HashMap;

use diagnostic::{Span, Spanned};

use super::node::{NodeId, NodeKind, NodeRef};
use super::problem::{Mismatch, Problem};
use super::resolve::{Resolved, resolve};
use super::value::Value;

/// A key of a mapping and its value.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// The text of the key.
    pub key: Spanned<String>,
    /// The line of the key as yaml.v2 counts it.
    pub line: usize,
    /// What stands behind it.
    pub value: NodeRef<'a>,
}

type Read<T> = Result<Option<Spanned<T>>, Problem>;

/// Reads the text of a scalar, whatever it could mean otherwise.
pub fn text(node: NodeRef<'_>) -> Read<String> {
    const WANTED: &str = "a string";
    let resolved = scalar(node, WANTED)?;
    let text = match resolved.value {
        Value::Null => return Ok(None),
        Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::String(text) => text,
        _ => written(node).to_owned(),
    };
    Ok(Some(Spanned::new(text, node.span())))
}

/// Reads a boolean: any of YAML 1.1's words for one, without quotes.
pub fn boolean(node: NodeRef<'_>) -> Read<bool> {
    const WANTED: &str = "`true` or `false`";
    match scalar(node, WANTED)?.value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(Spanned::new(value, node.span()))),
        _ => Err(mismatch(node, WANTED)),
    }
}

/// Reads an integer. A fraction loses what is behind the point, as in yaml.v2.
pub fn integer(node: NodeRef<'_>) -> Read<i64> {
    const WANTED: &str = "a whole number";
    let value = match scalar(node, WANTED)?.value {
        Value::Null => return Ok(None),
        Value::Int(value) => value,
        Value::Float(value) if value <= i64::MAX as f64 => value as i64,
        _ => return Err(mismatch(node, WANTED)),
    };
    Ok(Some(Spanned::new(value, node.span())))
}

/// Reads a list of scalars as their texts. What is wrong goes to `problems`.
pub fn texts(node: NodeRef<'_>, problems: &mut Vec<Problem>) -> Vec<Spanned<String>> {
    let items = items(node, "a list of strings", problems);
    let mut texts = Vec::new();
    for item in items {
        match text(item) {
            Ok(read) => {
                texts.push(read.unwrap_or_else(|| Spanned::new(String::new(), item.span())));
            }
            Err(problem) => problems.push(problem),
        }
    }
    texts
}

/// Reads a list. What is wrong goes to `problems`.
pub fn items<'a>(
    node: NodeRef<'a>,
    wanted: &'static str,
    problems: &mut Vec<Problem>,
) -> Vec<NodeRef<'a>> {
    match &node.target().node().kind {
        NodeKind::Sequence(items) => return items.iter().map(|&item| node.other(item)).collect(),
        _ if is_null(node) => {}
        _ => problems.push(mismatch(node, wanted)),
    }
    Vec::new()
}

/// Reads a single string or a list of strings. Unlike elsewhere, what could be a number or a boolean
/// must be quoted: werf resolves these values before it looks at them.
pub fn text_or_list(node: NodeRef<'_>, problems: &mut Vec<Problem>) -> Vec<Spanned<String>> {
    const WANTED: &str = "a string or a list of strings";
    let mut texts = Vec::new();
    let mut read =
        |node: NodeRef<'_>, wrong: fn(NodeRef<'_>, &'static str) -> Problem| match scalar(
            node, WANTED,
        )
        .map(|resolved| resolved.value)
        {
            Ok(Value::String(text)) => texts.push(Spanned::new(text, node.span())),
            _ => problems.push(wrong(node, WANTED)),
        };
    match &node.target().node().kind {
        NodeKind::Sequence(items) => items
            .iter()
            .for_each(|&item| read(node.other(item), wrong_item)),
        _ if is_null(node) => {}
        _ => read(node, mismatch),
    }
    texts
}

/// Reads the keys and values of a mapping with known keys, in the order of the text, merged ones where `<<`
/// stands. What is wrong goes to `problems`, equal keys included; keys that another mapping brings along
/// are not compared with these.
pub fn fields<'a>(node: NodeRef<'a>, problems: &mut Vec<Problem>) -> Vec<Field<'a>> {
    collect(node, false, problems)
}

/// Reads the keys and values of a mapping with keys of the user's own, like [`fields`]; no two keys may be
/// equal here, wherever they come from.
pub fn entries<'a>(node: NodeRef<'a>, problems: &mut Vec<Problem>) -> Vec<Field<'a>> {
    collect(node, true, problems)
}

fn collect<'a>(node: NodeRef<'a>, is_map: bool, problems: &mut Vec<Problem>) -> Vec<Field<'a>> {
    let mut collector = Collector {
        is_map,
        merging: Vec::new(),
        seen: HashMap::new(),
        fields: Vec::new(),
        problems,
    };
    match &node.target().node().kind {
        NodeKind::Mapping(_) => collector.mapping(node.target()),
        _ if is_null(node) => {}
        _ => collector.problems.push(mismatch(node, "a mapping")),
    }
    collector.fields
}

struct Collector<'a, 'p> {
    /// Whether keys of merged mappings are compared too.
    is_map: bool,
    /// The mappings that are being read, each inside the `<<` of the one before.
    merging: Vec<NodeId>,
    seen: HashMap<String, Span>,
    fields: Vec<Field<'a>>,
    problems: &'p mut Vec<Problem>,
}

impl<'a> Collector<'a, '_> {
    fn mapping(&mut self, node: NodeRef<'a>) {
        let NodeKind::Mapping(pairs) = &node.node().kind else {
            self.problems
                .push(Problem::MergeOfNoMapping { at: node.span() });
            return;
        };
        if self.merging.contains(&node.id()) {
            self.problems.push(Problem::Circular {
                name: "<<".to_owned(),
                at: node.span(),
            });
            return;
        }
        self.merging.push(node.id());
        let outside = if self.is_map {
            HashMap::new()
        } else {
            std::mem::take(&mut self.seen)
        };
        for &(key, value) in pairs {
            let (key, value) = (node.other(key), node.other(value));
            if key.is_merge_key() {
                self.merge(value);
            } else {
                self.field(key, value);
            }
        }
        if !self.is_map {
            self.seen = outside;
        }
        self.merging.pop();
    }

    fn merge(&mut self, node: NodeRef<'a>) {
        match &node.node().kind {
            NodeKind::Sequence(items) => {
                items
                    .iter()
                    .rev()
                    .for_each(|&item| self.mapping(node.other(item).target()));
            }
            _ => self.mapping(node.target()),
        }
    }

    fn field(&mut self, key: NodeRef<'a>, value: NodeRef<'a>) {
        let name = match self::key(key) {
            Ok(name) => name,
            Err(problem) => return self.problems.push(problem),
        };
        if let Some(&other) = self.seen.get(&name) {
            let line = if self.is_map {
                value.node().line
            } else {
                key.node().line
            };
            let key_value = Value::String(name);
            self.problems.push(Problem::DuplicateKey {
                key: key_value,
                at: key.span(),
                other,
                merge: None,
                line,
            });
            return;
        }
        self.seen.insert(name.clone(), key.span());
        self.fields.push(Field {
            key: Spanned::new(name, key.span()),
            line: key.node().line,
            value,
        });
    }
}

/// Reads a mapping of scalars as their texts, with names of the user's own. Null is the empty text.
pub fn text_map(
    node: NodeRef<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(Spanned<String>, Spanned<String>)> {
    let mut texts = Vec::new();
    for field in entries(node, problems) {
        let empty = || Spanned::new(String::new(), field.value.span());
        match text(field.value) {
            Ok(value) => texts.push((field.key.clone(), value.unwrap_or_else(empty))),
            Err(problem) => problems.push(problem),
        }
    }
    texts
}

/// Reads a key as its text.
pub fn key(node: NodeRef<'_>) -> Result<String, Problem> {
    let target = node.target().node();
    if matches!(target.kind, NodeKind::Scalar { .. }) {
        return Ok(text(node)?.map_or_else(String::new, |text| text.value));
    }
    let is_map = matches!(target.kind, NodeKind::Mapping(_));
    Err(Problem::CollectionAsKey {
        is_map,
        at: node.span(),
        line: Some(target.line),
    })
}

/// Whether nothing is written, or a word for nothing.
pub fn is_null(node: NodeRef<'_>) -> bool {
    matches!(
        scalar(node, "").map(|resolved| resolved.value),
        Ok(Value::Null)
    )
}

/// Whether it is a list.
pub fn is_list(node: NodeRef<'_>) -> bool {
    matches!(node.target().node().kind, NodeKind::Sequence(_))
}

/// Returns the text of a scalar as written, without quotes.
pub fn written(node: NodeRef<'_>) -> &str {
    match &node.target().node().kind {
        NodeKind::Scalar { text, .. } => text,
        _ => "",
    }
}

/// Resolves a scalar.
pub fn scalar(node: NodeRef<'_>, wanted: &'static str) -> Result<Resolved, Problem> {
    let target = node.target().node();
    match &target.kind {
        NodeKind::Scalar { text, style } => {
            resolve(target.tag.as_deref(), text, *style).map_err(|message| Problem::BadTag {
                message,
                at: node.span(),
            })
        }
        _ => Err(mismatch(node, wanted)),
    }
}

/// Returns the complaint that `node` is not `wanted`.
pub fn mismatch(node: NodeRef<'_>, wanted: &'static str) -> Problem {
    let target = node.target().node();
    let quote = wanted.contains("string").then_some("put it in quotes");
    let (found, hint) = match &target.kind {
        NodeKind::Mapping(_) => ("not a mapping".to_owned(), None),
        NodeKind::Sequence(_) | NodeKind::Alias { .. } => ("not a list".to_owned(), None),
        NodeKind::Scalar { text, style } => {
            let resolved = resolve(target.tag.as_deref(), text, *style);
            let text = shorten(text);
            match resolved.map(|resolved| resolved.value) {
                Ok(Value::Null) => ("but there is nothing".to_owned(), None),
                Ok(Value::Bool(_)) => (format!("not the boolean `{text}`"), quote),
                Ok(Value::Int(_) | Value::Uint(_) | Value::Float(_)) => {
                    (format!("not the number `{text}`"), quote)
                }
                Ok(_) => (format!("not the text `{text}`"), None),
                Err(message) => {
                    return Problem::BadTag {
                        message,
                        at: node.span(),
                    };
                }
            }
        }
    };
    Problem::Mismatch(Mismatch {
        wanted,
        found,
        hint,
        at: node.span(),
        line: target.line,
    })
}

/// Returns the complaint that `node` cannot be an item of a list of strings.
fn wrong_item(node: NodeRef<'_>, wanted: &'static str) -> Problem {
    let mut problem = mismatch(node, wanted);
    if let Problem::Mismatch(mismatch) = &mut problem {
        mismatch.found = match mismatch.found.strip_prefix("not ") {
            Some(found) => format!("and {found} in a list is not one"),
            None => "and an item of the list is empty".to_owned(),
        };
        if matches!(node.target().node().kind, NodeKind::Mapping(_)) {
            mismatch.hint = Some("a text with `: ` in it must be quoted");
        }
    }
    problem
}

/// Returns the first words of a long text, on one line.
pub fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.lines().next().unwrap_or("");
    if line.len() == text.trim_end().len() && line.chars().count() <= MOST {
        return line.to_owned();
    }
    format!("{}…", line.chars().take(MOST - 1).collect::<String>())
}
