//! YAML 1.1 as yaml.v2 2.4.0 reads it in strict mode, which is what werf does.
//!
//! Text goes in, a [`Tree`] of nodes that know their place comes out; on top of it
//! [`read`] takes values of known types and [`untyped`] those of unknown ones.
//!
//! The reader is our own, because no parser crate reads the dialect (`docs/dependencies.md` has the figures). Tabs, `%`,
//! `@`, `\/`, `?` in brackets, the reach of a simple key: each decides whether werf accepts a file. This one agrees
//! with yaml.v2 on all the texts that were compared.
//!
//! Two things differ on purpose: nesting ends at 100 levels instead of 10,000, and a control character is
//! refused wherever it stands, while yaml.v2 may stop reading before it gets there.
//!
//! ```text
//! text → scanner (simple_key, scalar, property) → parser (collection) → node::Tree → read, untyped
//! ```

pub mod advice;
mod collection;
mod cursor;
mod node;
mod parser;
mod problem;
mod property;
pub mod read;
mod resolve;
mod scalar;
mod scanner;
mod simple_key;
mod timestamp;
mod token;
pub mod untyped;
mod value;

pub use node::{Node, NodeKind, NodeRef, Tree};
pub use parser::Parser;
pub use problem::{Mismatch, Problem};
pub use token::{Finder, SyntaxError};
pub use value::Value;

/// Whether `text` without quotes is that text, and not a number, a boolean or something else.
pub fn is_plain_text(text: &str) -> bool {
    text != "<<"
        && resolve::resolve(None, text, token::Style::Plain)
            .is_ok_and(|resolved| resolved.tag == "!!str")
}
