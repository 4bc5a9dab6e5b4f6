//! That each key which a configuration may have is read by somebody.

use std::collections::BTreeSet;

use diagnostic::{Diagnostics, SourceText};
use yaml_v2::NodeRef;
use yaml_v2::read;

use super::document::{self, Kind};
use super::fields::asked;
use super::schema::{Section, Shape};
use super::{directives, load};

const EVERY_KEY: &str = include_str!("../tests/every-key.yaml");

/// Keys that cannot be beside the others in a file without mistakes: they are only ever refused.
const REFUSED: [&str; 1] = ["value"];

/// Walks a document along the tables of keys.
struct Walk<'a> {
    asked: &'a std::collections::HashSet<diagnostic::Span>,
    unread: Vec<String>,
    /// Every table with each of its keys that occurs.
    seen: BTreeSet<(usize, &'static str)>,
}

impl Walk<'_> {
    fn map(&mut self, node: NodeRef<'_>, section: &'static Section, path: &str) {
        let table = std::ptr::from_ref(section) as usize;
        for field in read::fields(node, &mut Vec::new()) {
            let Some(&(name, shape)) = section.keys.iter().find(|(key, _)| *key == field.key.value)
            else {
                panic!("`{path}{}` is in no table", field.key.value);
            };
            self.seen.insert((table, name));
            if directives::NOT_READ.contains(&name) {
                self.all_seen(field.value, shape);
                continue;
            }
            let path = format!("{path}{name}");
            if !self.asked.contains(&field.key.span) {
                self.unread.push(path.clone());
            }
            match shape {
                Shape::Map(inner) => self.map(field.value, inner, &format!("{path}.")),
                Shape::List(inner) => {
                    for item in read::items(field.value, "a list", &mut Vec::new()) {
                        self.map(item, inner, &format!("{path}[]."));
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes the keys below one that nobody reads.
    fn all_seen(&mut self, node: NodeRef<'_>, shape: Shape) {
        let (nodes, section) = match shape {
            Shape::Map(section) => (vec![node], section),
            Shape::List(section) => (read::items(node, "a list", &mut Vec::new()), section),
            _ => return,
        };
        let table = std::ptr::from_ref(section) as usize;
        for node in nodes {
            for field in read::fields(node, &mut Vec::new()) {
                let shape = section.keys.iter().find(|(key, _)| *key == field.key.value);
                let &(name, shape) = shape.expect("it is in the table");
                self.seen.insert((table, name));
                self.all_seen(field.value, shape);
            }
        }
    }
}

/// Returns what is missing in `seen` of all keys of `section` and the sections in it.
fn missing(
    section: &'static Section,
    seen: &BTreeSet<(usize, &'static str)>,
    path: &str,
) -> Vec<String> {
    let table = std::ptr::from_ref(section) as usize;
    let keys = section
        .keys
        .iter()
        .filter(|(key, _)| !REFUSED.contains(key));
    keys.flat_map(|&(key, shape)| {
        let path = format!("{path}{key}");
        let own = (!seen.contains(&(table, key))).then(|| path.clone());
        let below = match shape {
            Shape::Map(inner) | Shape::List(inner) => missing(inner, seen, &format!("{path}.")),
            _ => Vec::new(),
        };
        own.into_iter().chain(below).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_key_is_in_the_text_and_is_read() {
    let source = SourceText::new("werf.yaml", EVERY_KEY).expect("it is UTF-8");
    asked::take();
    load(&source).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let asked = asked::take();
    let documents = document::read_all(&source, &mut Diagnostics::new());
    let mut walk = Walk {
        asked: &asked,
        unread: Vec::new(),
        seen: BTreeSet::new(),
    };
    for document in &documents.list {
        let (section, name) = match document.kind {
            Kind::Meta => (&directives::META, "meta: "),
            Kind::Image => (&directives::IMAGE, "image: "),
            Kind::DockerfileImage => (&directives::DOCKERFILE_IMAGE, "dockerfile: "),
        };
        walk.map(document.tree.root().expect("a mapping"), section, name);
    }
    assert_eq!(walk.unread, [""; 0], "nobody reads these");
    let sections = [
        &directives::META,
        &directives::IMAGE,
        &directives::DOCKERFILE_IMAGE,
    ];
    let absent: Vec<String> = sections
        .into_iter()
        .flat_map(|section| missing(section, &walk.seen, ""))
        .collect();
    assert_eq!(absent, [""; 0], "the text does not have these");
}
