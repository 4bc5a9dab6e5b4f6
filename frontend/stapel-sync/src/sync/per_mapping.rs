//! Something that some mappings need and others do not.

use crate::error::Error;
use crate::tree::Tree;

/// Something for each mapping that needs it, made when it is first asked for.
pub(super) struct PerMapping<T, F> {
    made: Vec<Option<T>>,
    make: F,
}

impl<T, F: FnMut(usize) -> Result<T, Error>> PerMapping<T, F> {
    pub(super) fn new(tree: &Tree<'_>, make: F) -> Self {
        PerMapping {
            made: tree.places.iter().map(|_| None).collect(),
            make,
        }
    }

    pub(super) fn get(&mut self, mapping: usize) -> Result<&mut T, Error> {
        let slot = &mut self.made[mapping];
        match slot {
            Some(made) => Ok(made),
            None => Ok(slot.insert((self.make)(mapping)?)),
        }
    }

    /// Returns what was made, in the order of the mappings.
    pub(super) fn into_made(self) -> impl Iterator<Item = Option<T>> {
        self.made.into_iter()
    }
}
