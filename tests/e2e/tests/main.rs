//! Builds on a real daemon, next to each other: each makes stages of its own ([`e2e::salt`]).

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod ansible;
mod ansible_managers;
mod ansible_stand_ins;
mod ansible_userlands;
mod archives;
mod as_layers;
mod at_once;
mod attestations;
mod bake;
mod caching;
mod changes;
mod client_options;
mod crash;
mod dependencies;
mod dev;
mod dockerfile;
mod examples;
mod explained;
mod failed_command;
mod fresh_builder;
mod git;
mod git_cache;
mod git_context;
mod holds;
mod image;
mod image_spec;
mod images;
mod import_links;
mod imports;
mod model;
mod mounts;
mod named_contexts;
mod options;
mod platforms;
mod refusals;
mod remote;
mod secrets;
mod templates;
mod uncommitted;
mod until;
mod upgrade;
mod worked_example;
