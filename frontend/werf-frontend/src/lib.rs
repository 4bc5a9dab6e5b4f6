//! Builds the images of a `werf.yaml` as a BuildKit frontend.
//!
//! The steps of a build, in their order; every arrow is a plain value, and nothing earlier imports
//! anything later (`tests/walls.rs`):
//!
//! ```text
//! git::repo ──► helper::locate ──► werf_config::load ──► werf_plan::plan ──► lower::lower ──► gateway
//!  HEAD commit    which file         werf.yaml             stages              LLB graph       solve, return
//! ```
//!
//! Two words are read everywhere here:
//!
//! - **PLAN** is the exec, inside the build graph and from the frontend's own image, in which the first four steps run
//!   ([`helper::plan`]). The gateway solves it before anything else and reads the file that it writes, a
//!   [`werf_plan::file::PlanFile`], which is all that the gateway knows of the repository. There is a second PLAN in a build
//!   that needs other repositories, or the layer of a stage, before everything can be planned.
//! - **STORE** is BuildKit's cache mount that all builds of a daemon share. PLAN puts the files of the commit and the tools
//!   there, the execs of stages mount it read-only and take them out (`docs/store.md`). It is in no cache key, and BuildKit
//!   may empty it at any time: then the stage says so, and the gateway has PLAN and that stage run once more.

pub mod gateway;
pub mod git;
pub mod helper;
pub mod init;
pub mod lower;
