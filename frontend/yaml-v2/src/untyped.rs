//! Documents to [`Value`]s, as yaml.v2's `UnmarshalStrict` fills an `interface{}`.
//!
//! werf reads every document this way before it looks at any directive. So what is refused here is
//! refused everywhere in a `werf.yaml`: equal keys, a key that is also merged with `<<`, lists and
//! mappings as keys, tags that do not fit their text, and aliases that blow up.

use std::collections::HashMap;

use diagnostic::Span;

use super::node::{NodeId, NodeKind, NodeRef};
use super::problem::Problem;
use super::resolve::resolve;
use super::value::{Key, Value};

/// What the keys of a mapping are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Values of any type: `on` and `yes` are the same key, `1` and `"1"` are not.
    Any,
    /// Their text. So it is at the top of a document of a `werf.yaml`.
    Text,
}

/// Reads the value of `node`, whose own keys are `keys`, and everything that is wrong with it.
pub fn read(node: NodeRef<'_>, keys: Keys) -> (Value, Vec<Problem>) {
    let mut reader = Reader::default();
    let value = match (keys, &node.target().node().kind) {
        (Keys::Text, NodeKind::Mapping(_)) => reader.mapping(node.target(), Keys::Text),
        _ => reader.value(node),
    };
    let value = value.unwrap_or_else(|problem| {
        reader.problems.push(*problem);
        Value::Null
    });
    (value, reader.problems)
}

#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
    /// How many values have been read, each alias counted as often as it is used.
    read: usize,
    /// How many of them came from aliases.
    aliased: usize,
    /// The aliases that are being followed.
    following: Vec<NodeId>,
}

/// A mapping that is being read.
struct Entries {
    keys: Keys,
    pairs: Vec<(Value, Value)>,
    origins: HashMap<Key, Origin>,
}

/// Where a key comes from: its own text, and the `<<` that brought it.
#[derive(Clone, Copy)]
struct Origin {
    at: Span,
    merge: Option<Span>,
}

/// What cannot be read any further.
type Reading<T> = Result<T, Box<Problem>>;

impl Reader {
    fn value(&mut self, node: NodeRef<'_>) -> Reading<Value> {
        self.count(node)?;
        match &node.node().kind {
            NodeKind::Scalar { text, style } => {
                Ok(match resolve(node.node().tag.as_deref(), text, *style) {
                    Ok(resolved) => resolved.value,
                    Err(message) => {
                        self.problems.push(Problem::BadTag {
                            message,
                            at: node.span(),
                        });
                        Value::Null
                    }
                })
            }
            NodeKind::Sequence(items) => {
                let items = items.iter().map(|&item| self.value(node.other(item)));
                Ok(Value::List(items.collect::<Reading<_>>()?))
            }
            NodeKind::Mapping(_) => self.mapping(node, Keys::Any),
            NodeKind::Alias { .. } => self.follow(node, Self::value),
        }
    }

    /// Reads what an alias stands for.
    fn follow<T>(
        &mut self,
        alias: NodeRef<'_>,
        read: impl FnOnce(&mut Self, NodeRef<'_>) -> Reading<T>,
    ) -> Reading<T> {
        if let NodeKind::Alias { name, .. } = &alias.node().kind
            && self.following.contains(&alias.id())
        {
            return Err(Box::new(Problem::Circular {
                name: name.clone(),
                at: alias.span(),
            }));
        }
        self.following.push(alias.id());
        let read = read(self, alias.target())?;
        self.following.pop();
        Ok(read)
    }

    fn mapping(&mut self, node: NodeRef<'_>, keys: Keys) -> Reading<Value> {
        let mut entries = Entries {
            keys,
            pairs: Vec::new(),
            origins: HashMap::new(),
        };
        self.entries(node, &mut entries, None)?;
        Ok(Value::Map(entries.pairs))
    }

    /// Reads the keys and values of `node` into `entries`, which may be those of a mapping that merges it.
    fn entries(
        &mut self,
        node: NodeRef<'_>,
        entries: &mut Entries,
        merge: Option<Span>,
    ) -> Reading<()> {
        let NodeKind::Mapping(pairs) = &node.node().kind else {
            return Ok(());
        };
        for &(key, value) in pairs {
            let (key, value) = (node.other(key), node.other(value));
            if key.is_merge_key() {
                self.merge(value, entries, merge.unwrap_or(key.span()))?;
                continue;
            }
            let key_value = match entries.keys {
                Keys::Any => self.value(key)?,
                Keys::Text => match super::read::key(key) {
                    Ok(text) => Value::String(text),
                    Err(problem) => {
                        self.problems.push(problem);
                        continue;
                    }
                },
            };
            let Some(name) = Key::of(&key_value) else {
                let is_map = matches!(key_value, Value::Map(_));
                self.problems.push(Problem::CollectionAsKey {
                    is_map,
                    at: key.span(),
                    line: None,
                });
                continue;
            };
            let read = self.value(value)?;
            let origin = Origin {
                at: key.span(),
                merge,
            };
            let is_nan = matches!(key_value, Value::Float(value) if value.is_nan());
            match entries.origins.get(&name) {
                // As in Go, this is the one value that does not equal itself.
                Some(&first) if !is_nan => {
                    self.problems
                        .push(duplicate(&key_value, first, origin, value.node().line));
                    // Without strictness the last one wins.
                    let twin = entries.pairs.iter_mut().find(|(key, _)| *key == key_value);
                    if let Some((_, value)) = twin {
                        *value = read;
                    }
                }
                _ => {
                    entries.origins.insert(name, origin);
                    entries.pairs.push((key_value, read));
                }
            }
        }
        Ok(())
    }

    /// Merges the value of a `<<` key: a mapping or a list of mappings, of which the first wins.
    fn merge(&mut self, node: NodeRef<'_>, entries: &mut Entries, merge: Span) -> Reading<()> {
        match &node.node().kind {
            NodeKind::Sequence(items) => {
                for &item in items.iter().rev() {
                    self.merge_mapping(node.other(item), entries, merge)?;
                }
                Ok(())
            }
            _ => self.merge_mapping(node, entries, merge),
        }
    }

    fn merge_mapping(
        &mut self,
        node: NodeRef<'_>,
        entries: &mut Entries,
        merge: Span,
    ) -> Reading<()> {
        if !matches!(node.target().node().kind, NodeKind::Mapping(_)) {
            self.problems
                .push(Problem::MergeOfNoMapping { at: node.span() });
            return Ok(());
        }
        self.count(node)?;
        match &node.node().kind {
            NodeKind::Alias { .. } => self.follow(node, |reader, target| {
                reader.count(target)?;
                reader.entries(target, entries, Some(merge))
            }),
            _ => self.entries(node, entries, Some(merge)),
        }
    }

    /// Counts a value, and stops where aliases make many of few.
    fn count(&mut self, node: NodeRef<'_>) -> Reading<()> {
        self.read += 1;
        self.aliased += usize::from(!self.following.is_empty());
        // yaml.v2 2.4.0: small documents may consist of aliases by 99 %, large ones by 10 %.
        const SMALL: f64 = 400_000.0;
        const LARGE: f64 = 4_000_000.0;
        if self.aliased > 100 && self.read > 1000 {
            let size = (self.read as f64).clamp(SMALL, LARGE);
            let allowed = 0.99 - 0.89 * (size - SMALL) / (LARGE - SMALL);
            if self.aliased as f64 / self.read as f64 > allowed {
                let outermost = self
                    .following
                    .first()
                    .map_or(node, |&alias| node.other(alias));
                return Err(Box::new(Problem::ExcessiveAliasing {
                    at: outermost.span(),
                }));
            }
        }
        Ok(())
    }
}

/// Puts the blame on the key that is written out, if one is and the other is merged.
fn duplicate(key: &Value, first: Origin, second: Origin, line: usize) -> Problem {
    let (at, other) = match (first.merge, second.merge) {
        (None, Some(_)) => (first, second),
        _ => (second, first),
    };
    Problem::DuplicateKey {
        key: key.clone(),
        at: at.at,
        other: other.at,
        merge: other.merge,
        line,
    }
}
