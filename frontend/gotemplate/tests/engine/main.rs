//! Tests of the engine as its hosts see it.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod cases;
mod errors;
mod execution;
mod helpers;
mod limits;
mod mutation;
mod output;
mod parsing;
