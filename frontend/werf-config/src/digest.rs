//! What directives add to the digests of their stages: named values, in an order that is a contract.

/// Named values, in the order in which they enter a digest.
///
/// Every name, value and place in the order is in the cache keys of all users: a change reruns their stages, and is a
/// line in the changelog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestFields(Vec<(&'static str, Vec<u8>)>);

impl DigestFields {
    /// Returns none.
    pub fn new() -> DigestFields {
        DigestFields::default()
    }

    /// Adds a value.
    pub fn field(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.0.push((name, value.as_ref().to_vec()));
        self
    }

    /// Adds each of `values`, in their order, all under one name.
    pub fn fields<V: AsRef<[u8]>>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        values
            .into_iter()
            .fold(self, |fields, value| fields.field(name, value))
    }

    /// Adds the value if there is something to say, so that an absent directive and an older configuration without it
    /// have one digest.
    pub fn optional(self, name: &'static str, value: &str) -> Self {
        if value.is_empty() {
            self
        } else {
            self.field(name, value)
        }
    }

    /// Adds all of `others`.
    pub fn all(mut self, others: DigestFields) -> Self {
        self.0.extend(others.0);
        self
    }
}

impl IntoIterator for DigestFields {
    type Item = (&'static str, Vec<u8>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
