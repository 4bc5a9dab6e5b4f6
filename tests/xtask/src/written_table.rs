//! Tables in documents that commands write from what tests have shown: the rows that name tests, and the place of the table.

use std::fs;

use anyhow::{Context, Result};

use crate::checkout;
use crate::talk::say;

/// Reads a row of `file`: `what | where::test, where::test`. Returns what, and where each test is and its name.
pub fn read_row(file: &str, line: &str) -> Result<(String, Vec<(String, String)>)> {
    let (what, tests) = line
        .split_once(" | ")
        .with_context(|| format!("{file}: no ` | ` in `{line}`"))?;
    let tests = tests.split(", ").map(|test| {
        let (place, name) = test
            .split_once("::")
            .with_context(|| format!("{file}: no `::` in `{test}`"))?;
        Ok((place.to_owned(), name.to_owned()))
    });
    Ok((what.to_owned(), tests.collect::<Result<_>>()?))
}

/// A table between two lines of a document.
pub struct WrittenTable {
    /// The document, from the root of the checkout.
    pub document: &'static str,
    /// The line before it, with the line breaks around that.
    pub begin: &'static str,
    /// The line after it, likewise.
    pub end: &'static str,
}

impl WrittenTable {
    /// Writes the table into the document.
    pub fn write(&self, table: &str) -> Result<()> {
        let document = self.document;
        let path = checkout::root().join(document);
        let text = fs::read_to_string(&path).with_context(|| format!("read {document}"))?;
        fs::write(&path, self.within(&text, table)?)
            .with_context(|| format!("write {document}"))?;
        say(format_args!("wrote the table of {document}"));
        Ok(())
    }

    /// Returns the text of the document with this table.
    pub fn within(&self, text: &str, table: &str) -> Result<String> {
        let WrittenTable {
            document,
            begin,
            end,
        } = self;
        let missing = |line: &str| format!("{document} has no line `{}`", line.trim());
        let (before, rest) = text.split_once(begin).with_context(|| missing(begin))?;
        let (_, after) = rest.split_once(end).with_context(|| missing(end))?;
        Ok(format!("{before}{begin}\n{table}\n{end}{after}"))
    }
}
