//! The layers of a user stage: one, or one for each instruction under `asLayers`.

/// Which part of a user stage is planned.
pub(super) enum Layer {
    /// All commands.
    Whole,
    /// One of them.
    Command(usize),
}

impl Layer {
    /// Returns the instructions of this part, of all of the stage, and whether the first is among them.
    pub(super) fn of<'a, T>(&self, all: &'a [T]) -> (&'a [T], bool) {
        match *self {
            Layer::Whole => (all, true),
            Layer::Command(index) => (&all[index..=index], index == 0),
        }
    }
}
