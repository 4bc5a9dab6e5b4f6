//! What is wrong in a text, and where.
//!
//! [`SourceText`] is a text and the name under which people know it, [`Span`] a range of it, and a [`Diagnostic`] what is
//! wrong there and what to do about it. [`render`] draws it as BuildKit's client would.

mod error;
pub mod redact;
mod source;
mod suggest;

pub use error::{Diagnostic, Diagnostics, Location, Position, Severity, render};
pub use source::{SourceText, Span, Spanned, TemplateFile};
pub use suggest::closest;
