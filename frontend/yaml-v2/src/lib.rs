//! YAML 1.1 as yaml.v2 2.4.0 reads it in strict mode, which is what werf does.
//!
//! Text goes in, a [`Tree`] of nodes that know their place comes out; on top of it
//! [`read`] takes values of known types and [`untyped`] those of unknown ones.
//!
//! The reader is our own, because no parser crate reads the dialect: over 10,466 texts (the test
//! suite of YAML, the documented cases and mutations of both) yaml.v2 and the crates agree about what
//! is YAML at all in 90 % (granit-parser 2.1), 87 % (saphyr-parser 0.3) and 99 % (libyaml-safer 0.3,
//! which panics on 40 of them), and about the line of a mistake even less. Tabs, `%`, `@`, `\/`, `?` in
//! brackets, the reach of a simple key: each decides whether werf accepts a file. This one agrees on
//! all of them.
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

pub use node::{NodeKind, NodeRef, Tree};
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
