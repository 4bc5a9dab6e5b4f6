//! The keys and values of one mapping, for the readers of directives.
//!
//! What has the wrong type is as good as absent here: [`super::schema`] has complained about it.

use diagnostic::{Span, Spanned};
use yaml_v2::NodeRef;
use yaml_v2::Problem;
use yaml_v2::read::{self, Field};

/// A directive that must be there.
#[derive(Clone, Debug, Default)]
pub(crate) enum Required<T> {
    /// Nothing is written, or a word for nothing.
    #[default]
    Missing,
    /// Something of the wrong type, which has been complained about.
    Wrong,
    /// A value.
    Given(Spanned<T>),
}

impl<T> Required<T> {
    /// Returns the value, if there is one.
    pub fn given(&self) -> Option<&Spanned<T>> {
        match self {
            Required::Given(value) => Some(value),
            Required::Missing | Required::Wrong => None,
        }
    }

    /// Whether nothing is written.
    pub fn is_missing(&self) -> bool {
        matches!(self, Required::Missing)
    }
}

/// A name and a value, both where they are written.
pub(crate) type Pair = (Spanned<String>, Spanned<String>);

/// The keys and values of one mapping.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    at: Span,
    list: Vec<Field<'a>>,
    is_wrong: bool,
}

impl<'a> Fields<'a> {
    /// Returns those of `node`, none if it is no mapping. It is at its first key.
    pub fn of(node: NodeRef<'a>) -> Fields<'a> {
        let mut problems = Vec::new();
        let fields = read::fields(node, &mut problems);
        Fields {
            at: fields.first().map_or(node.span(), |field| field.key.span),
            list: fields,
            is_wrong: !problems.is_empty(),
        }
    }

    /// Returns those behind a key. It is at that key.
    pub fn behind(field: &Field<'a>) -> Fields<'a> {
        Fields {
            at: field.key.span,
            ..Fields::of(field.value)
        }
    }

    /// Returns where messages point that are about all of it.
    pub fn at(&self) -> Span {
        self.at
    }

    /// Whether something else than a mapping of texts is written, which has been complained about.
    pub fn is_wrong(&self) -> bool {
        self.is_wrong
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the key `name` and what stands behind it.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        let field = self.list.iter().find(|field| field.key.value == name)?;
        #[cfg(test)]
        asked::note(field.key.span);
        Some(field)
    }

    /// Returns the first key.
    pub fn first(&self) -> Option<&Field<'a>> {
        self.list.first()
    }

    pub fn get(&self, name: &str) -> Option<NodeRef<'a>> {
        self.field(name).map(|field| field.value)
    }

    /// Returns the key `name` if something stands behind it.
    pub fn given(&self, name: &str) -> Option<&Field<'a>> {
        self.field(name).filter(|field| !read::is_null(field.value))
    }

    /// Returns the mapping behind the key `name`, if something stands there.
    pub fn section(&self, name: &str) -> Option<Fields<'a>> {
        self.given(name).map(Fields::behind)
    }

    /// Returns the text behind `name`; an empty one is as good as none.
    pub fn text(&self, name: &str) -> Option<Spanned<String>> {
        read::text(self.get(name)?)
            .ok()?
            .filter(|text| !text.value.is_empty())
    }

    /// Returns the text behind `name` without its place, empty where there is none.
    pub fn plain(&self, name: &str) -> String {
        self.text(name).map_or_else(String::new, |text| text.value)
    }

    /// Returns the value behind `name` as `read` understands it.
    pub fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(NodeRef<'a>) -> Result<Option<Spanned<T>>, Problem>,
    ) -> Required<T> {
        match self.get(name).map(read) {
            None | Some(Ok(None)) => Required::Missing,
            Some(Err(_)) => Required::Wrong,
            Some(Ok(Some(value))) => Required::Given(value),
        }
    }

    pub fn required_text(&self, name: &str) -> Required<String> {
        self.required(name, |node| {
            Ok(read::text(node)?.filter(|text| !text.value.is_empty()))
        })
    }

    pub fn boolean(&self, name: &str) -> Option<Spanned<bool>> {
        read::boolean(self.get(name)?).ok()?
    }

    /// Whether `true` stands behind `name`, and where.
    pub fn on(&self, name: &str) -> Option<Span> {
        let value = self.boolean(name)?;
        value.value.then_some(value.span)
    }

    pub fn integer(&self, name: &str) -> Option<Spanned<i64>> {
        read::integer(self.get(name)?).ok()?
    }

    pub fn text_or_list(&self, name: &str) -> Vec<Spanned<String>> {
        self.get(name)
            .map_or_else(Vec::new, |node| read::text_or_list(node, &mut Vec::new()))
    }

    /// Returns the list of scalars behind `name`; a list without items is one, too.
    pub fn texts(&self, name: &str) -> Option<Vec<Spanned<String>>> {
        let field = self.given(name)?;
        read::is_list(field.value).then(|| read::texts(field.value, &mut Vec::new()))
    }

    /// Returns the scalars in the list behind `name`.
    pub fn list_of_texts(&self, name: &str) -> Vec<Spanned<String>> {
        self.get(name)
            .map_or_else(Vec::new, |node| read::texts(node, &mut Vec::new()))
    }

    pub fn text_map(&self, name: &str) -> Vec<Pair> {
        self.get(name)
            .map_or_else(Vec::new, |node| read::text_map(node, &mut Vec::new()))
    }

    /// Returns the mappings in the list behind `name`, each at its first key.
    pub fn entries(&self, name: &str) -> Vec<Fields<'a>> {
        let nodes = self.get(name).map_or_else(Vec::new, |node| {
            read::items(node, "a list", &mut Vec::new())
        });
        nodes.into_iter().map(Fields::of).collect()
    }
}

/// Which keys were asked for, so that a test can find those that nobody reads.
#[cfg(test)]
pub(crate) mod asked {
    use std::cell::RefCell;
    use std::collections::HashSet;

    use diagnostic::Span;

    thread_local! {
        static ASKED: RefCell<HashSet<Span>> = RefCell::default();
    }

    pub fn note(key: Span) {
        ASKED.with_borrow_mut(|asked| asked.insert(key));
    }

    /// Returns the places of all keys that were asked for in this thread since the last call.
    pub fn take() -> HashSet<Span> {
        ASKED.take()
    }
}
