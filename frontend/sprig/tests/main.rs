//! The functions in templates, compared with what Go answered and held to what is true of all of them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod cases;
mod functions;
mod memory;
mod unstable;
