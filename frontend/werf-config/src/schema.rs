//! Which keys there are at every level of a `werf.yaml`, and checking a document against that.
//!
//! A [`Section`] is a mapping with known keys, a [`Shape`] what may stand behind one. The sections
//! themselves are data, in [`super::directives`]. [`check`] says everything that is wrong with keys and types, so
//! that whoever reads values afterwards can take what fits and leave the rest.

use std::collections::HashSet;
use std::fmt;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, closest};
use yaml_v2::NodeRef;
use yaml_v2::Problem;
use yaml_v2::read;

use super::directives;
use super::document::Kind;

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any scalar, taken as it is written.
    Text,
    /// A boolean.
    Bool,
    /// A whole number.
    Integer,
    /// A list of scalars.
    Texts,
    /// A string or a list of strings.
    TextOrList,
    /// A mapping of scalars by names of the user's own.
    TextMap,
    /// A mapping with known keys.
    Map(&'static Section),
    /// A list of such mappings.
    List(&'static Section),
    /// Something that nobody looks into.
    Anything,
}

/// A mapping with known keys.
#[derive(Debug)]
pub struct Section {
    /// The keys.
    pub keys: &'static [(&'static str, Shape)],
}

impl Section {
    /// Returns what may stand behind `key`.
    pub fn shape(&self, key: &str) -> Option<Shape> {
        self.keys
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, shape)| *shape)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|(name, _)| *name)
    }

    /// Returns the key of this section below which there is a key `name`.
    fn home_of(&self, name: &str) -> Option<&'static str> {
        let has_it = |shape: &Shape| match shape {
            Shape::Map(section) | Shape::List(section) => section.shape(name).is_some(),
            _ => false,
        };
        self.keys
            .iter()
            .find(|(_, shape)| has_it(shape))
            .map(|(name, _)| *name)
    }
}

/// What a document is, in the words of messages: `the meta section` or ``image `app` ``.
#[derive(Clone, Debug)]
pub struct Place {
    kind: Kind,
    document: String,
    path: Vec<String>,
}

impl Place {
    /// Returns the place of a whole document.
    pub fn document(kind: Kind, name: String) -> Place {
        Place {
            kind,
            document: name,
            path: Vec::new(),
        }
    }

    /// Returns the keys from the document down to here, with dots between them.
    pub fn path(&self) -> String {
        self.path.join(".")
    }

    fn inside(&self, key: &str) -> Place {
        let mut inside = self.clone();
        inside.path.push(read::shorten(key));
        inside
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}` of ", self.path())?;
        }
        f.write_str(&self.document)
    }
}

/// Checks the keys and the types of values below `node` against `section`.
///
/// `known` are the places of equal keys that have been complained about already.
pub fn check(
    node: NodeRef<'_>,
    section: &'static Section,
    place: &Place,
    source: &SourceText,
    known: &HashSet<Span>,
    diagnostics: &mut Diagnostics,
) {
    let mut checker = Checker {
        source,
        known,
        diagnostics,
    };
    checker.map(node, section, place);
}

struct Checker<'a> {
    source: &'a SourceText,
    known: &'a HashSet<Span>,
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn map(&mut self, node: NodeRef<'_>, section: &'static Section, place: &Place) {
        let mut problems = Vec::new();
        let fields = read::fields(node, &mut problems);
        self.report(problems, place);
        for field in fields {
            if self.diagnostics.is_full() {
                return;
            }
            let key = &field.key;
            let Some(&(name, shape)) = section.keys.iter().find(|(name, _)| *name == key.value)
            else {
                self.diagnostics
                    .push(self.unknown_key(&key.value, key.span, section, place));
                continue;
            };
            let inside = place.inside(name);
            self.value(field.value, shape, &inside);
        }
    }

    fn value(&mut self, node: NodeRef<'_>, shape: Shape, place: &Place) {
        let mut problems = Vec::new();
        match shape {
            Shape::Text => problems.extend(read::text(node).err()),
            Shape::Bool => problems.extend(read::boolean(node).err()),
            Shape::Integer => problems.extend(read::integer(node).err()),
            Shape::Texts => drop(read::texts(node, &mut problems)),
            Shape::TextOrList => drop(read::text_or_list(node, &mut problems)),
            Shape::TextMap => {
                for field in read::entries(node, &mut problems) {
                    self.value(field.value, Shape::Text, &place.inside(&field.key.value));
                }
            }
            Shape::Map(section) => self.map(node, section, place),
            Shape::List(section) => {
                for item in read::items(node, "a list", &mut problems) {
                    self.map(item, section, place);
                }
            }
            Shape::Anything => {}
        }
        self.report(problems, place);
    }

    fn report(&mut self, problems: Vec<Problem>, place: &Place) {
        for problem in problems {
            if self.diagnostics.is_full() {
                return;
            }
            if !matches!(problem, Problem::DuplicateKey { at, .. } if self.known.contains(&at)) {
                self.diagnostics
                    .push(problem.diagnostic(self.source, Some(&place.to_string())));
            }
        }
    }

    fn unknown_key(&self, key: &str, at: Span, section: &Section, place: &Place) -> Diagnostic {
        let shown = read::shorten(key);
        let diagnostic = Diagnostic::error(format!("unknown key `{shown}` in {place}"))
            .at(self.source.location(at));
        let is_outermost = place.path.is_empty();
        if is_outermost && place.kind == Kind::Meta && directives::IMAGE.shape(key).is_some() {
            return diagnostic.hint("a line `---` must separate an image from the meta section");
        }
        if is_outermost && place.kind != Kind::Meta && directives::META.shape(key).is_some() {
            return diagnostic.hint("it belongs in the meta section");
        }
        if is_outermost
            && place.kind == Kind::DockerfileImage
            && directives::IMAGE.shape(key).is_some()
        {
            return diagnostic
                .hint("an image with `dockerfile` is built from that, and not by stages");
        }
        if is_outermost
            && place.kind == Kind::Image
            && directives::DOCKERFILE_IMAGE.shape(key).is_some()
        {
            return diagnostic.hint(
                "an image from a Dockerfile has it: add `dockerfile: PATH`, relative to `context`",
            );
        }
        match (section.home_of(key), closest(key, section.names())) {
            (_, Some(meant)) => diagnostic.hint(format!("did you mean `{meant}`?")),
            (Some(home), None) => diagnostic.hint(format!("it belongs in `{home}`")),
            (None, None) => diagnostic,
        }
    }
}
