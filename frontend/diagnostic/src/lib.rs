//! What is wrong in a text, and where.
//!
//! [`SourceText`] is a text and the name under which people know it, [`Span`] a range of it, and a [`Diagnostic`] what is
//! wrong there and what to do about it. Readers say what they find to a [`Report`]; [`render`] draws a diagnostic as
//! BuildKit's client would. A [`Span`] is for a reader, a [`Location`] for people: whoever has the text turns one into the
//! other.

pub mod checks;
mod diagnostic;
mod frame;
mod location;
pub mod printable;
pub mod redact;
mod report;
pub mod rule;
mod source;
mod suggest;

pub use checks::Checks;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use frame::render;
pub use location::{Located, Location, Position};
pub use report::{Remark, Report};
pub use rule::Rule;
pub use source::{SourceText, Span, Spanned, TemplateFile};
pub use suggest::closest;
