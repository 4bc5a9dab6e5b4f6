//! The project's repository: one git directory, opened read-only, never with a `git` program.

#[cfg(test)]
pub mod fixture;
pub mod repo;
