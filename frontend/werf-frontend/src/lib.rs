//! Builds the images of a `werf.yaml` as a BuildKit frontend.
//!
//! The steps of a build, in their order; every arrow is a plain value, and nothing earlier imports
//! anything later:
//!
//! ```text
//! git::repo ──► helper::locate ──► config::load ──► plan::plan ──► lower::lower ──► gateway
//!  HEAD commit    which file        werf.yaml        stages          LLB graph       solve, return
//! ```
//!
//! The first four run inside the build graph, in an exec named PLAN ([`helper::plan`]); its result, a
//! [`plan::file::PlanFile`], is all that the gateway knows of the repository.

pub mod gateway;
pub mod git;
pub mod helper;
pub mod lower;
