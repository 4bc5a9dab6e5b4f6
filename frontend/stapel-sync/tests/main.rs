//! STORE and the sync tool as others use them.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod linked;
mod model;
mod parsers;
mod patches;
mod program;
mod reveals;
mod rules;
mod speed;
mod store;
mod support;
