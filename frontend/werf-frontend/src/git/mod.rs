//! The project's repository: one git directory, opened read-only, never with a `git` program.
//!
//! [`repo`] opens it at HEAD, [`tree`] lists what a mapping takes from there, through [`submodule`] also from
//! the repositories inside. What counts is decided by [`mask`], which puts werf's rules on top of the patterns of
//! [`glob`]; where mappings meet in the image is decided by [`overlap`].

pub mod files;
#[cfg(test)]
pub mod fixture;
pub mod path;
pub mod repo;
pub mod submodule;
pub mod tree;
