//! What runs inside the build graph, from the frontend's own image, or on a person's command line: it
//! opens `.git` and STORE, and never speaks gRPC.

pub mod bake;
mod bake_metadata;
mod bake_steps;
pub mod bake_targets;
pub mod baseline;
pub mod changes;
pub mod chart_values;
mod commit;
mod contents;
pub mod contexts;
pub mod dev;
pub mod explain;
mod filtered;
pub mod inventory;
pub mod locate;
mod manifest_of;
pub mod plan;
pub mod project_files;
pub mod remotes;
pub mod render;
pub mod sources;
pub mod template;
pub mod uncommitted;
mod values;
