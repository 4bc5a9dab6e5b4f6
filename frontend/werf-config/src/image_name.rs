//! Names of images.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of an image; empty for the nameless one, which is shown as `~`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ImageName(String);

impl ImageName {
    /// Returns the name that is written as `name`.
    pub fn new(name: impl Into<String>) -> ImageName {
        ImageName(name.into())
    }

    /// Returns the text, which is empty for the nameless image.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the nameless image.
    pub fn is_nameless(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_nameless() { "~" } else { &self.0 })
    }
}
