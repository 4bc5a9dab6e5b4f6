//! Graphs from outside: built, marshalled, read back and printed.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod golden;
mod graph;
mod import;
mod random;
mod text;
