//! Git directories, opened read-only, never with a `git` program: the project's own, those of submodules and of mappings
//! with `url`.
//!
//! [`repo`] opens one at a commit, [`tree`] lists what a mapping takes from there, through [`submodule`] also from
//! the repositories inside; [`files`] reads single files, as templates do. [`overlay`] puts files of the working directory,
//! which [`disk`] reads, over those of the commit; [`work_tree`] makes a tree of all of them. Nothing here knows of werf: what counts is
//! decided by the masks that are handed in.

pub mod disk;
pub mod files;
#[cfg(test)]
pub mod fixture;
pub mod overlay;
pub mod path;
pub mod repo;
pub mod submodule;
pub mod tree;
pub mod work_tree;
