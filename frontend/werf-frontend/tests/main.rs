//! The frontend from outside: its command line, its gateway, and what it makes of whole files.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod check;
mod command_line;
mod dependencies;
mod documents;
mod examples;
mod gateway;
mod giterminism;
mod image_spec;
mod init;
mod memory;
mod overview;
mod program;
mod walls;
