//! Places as people know them.

use serde::{Deserialize, Serialize};

/// A place in a text: lines and columns start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// A range of a file, by the name that people know the file under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file as it was given with `-f`.
    pub file: String,
    /// The first character.
    pub start: Position,
    /// The place behind the last character; in the same line as that character.
    pub end: Position,
    /// The line that a template has made of this place, where it differs from what is written.
    #[serde(skip)]
    pub rendered: Option<String>,
}

impl Location {
    /// Returns the place before the character at `line` and `column`, both from 1, which is no more than that.
    pub fn point(file: impl Into<String>, line: usize, column: usize) -> Location {
        let position = Position { line, column };
        Location {
            file: file.into(),
            start: position,
            end: position,
            rendered: None,
        }
    }
}

/// A value and where people find it written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located<T> {
    /// The value. In JSON it is `text`, since most of them are as they are written.
    #[serde(rename = "text")]
    pub value: T,
    /// Where it is written.
    pub at: Location,
}

impl<T> Located<T> {
    /// Returns `value` as written at `at`.
    pub fn new(value: T, at: Location) -> Located<T> {
        Located { value, at }
    }
}
