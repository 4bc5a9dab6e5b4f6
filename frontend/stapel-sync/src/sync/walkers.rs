//! The walkers of a tree: one for each mapping that needs one, of which one is under way.

use crate::error::Error;
use crate::tree::Tree;
use crate::walk::Walker;

/// Walkers of mappings, each with whatever else its mapping needs, made when first asked for.
pub(super) struct Walkers<T> {
    made: Vec<Option<(Walker, T)>>,
    current: usize,
}

impl<T> Walkers<T> {
    pub(super) fn new(tree: &Tree<'_>) -> Self {
        let made = tree.places.iter().map(|_| None).collect();
        Walkers { made, current: 0 }
    }

    /// Returns the walker of a mapping. The one before goes back to its base: with many mappings,
    /// all the directories that they are in would be too many to hold open.
    pub(super) fn get(
        &mut self,
        mapping: usize,
        make: impl FnOnce() -> Result<(Walker, T), Error>,
    ) -> Result<&mut (Walker, T), Error> {
        if mapping != self.current {
            if let Some((walker, _)) = &mut self.made[self.current] {
                walker.rest()?;
            }
            self.current = mapping;
        }
        match &mut self.made[mapping] {
            Some(made) => Ok(made),
            slot => Ok(slot.insert(make()?)),
        }
    }

    /// Leaves all directories; returns what else the mappings have.
    pub(super) fn finish(self) -> Result<Vec<Option<T>>, Error> {
        let finish = |(walker, rest): (Walker, T)| walker.finish().map(|()| rest);
        self.made
            .into_iter()
            .map(|made| made.map(finish).transpose())
            .collect()
    }
}
