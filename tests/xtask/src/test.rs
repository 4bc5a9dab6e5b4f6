//! `cargo xtask test`: all tests, from unit to end-to-end, with the environment prepared.

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::checkout::{self, Profile};
use crate::env::Env;
use crate::talk::say;

/// Where end-to-end tests find this program, to start second builders with.
const XTASK: &str = "WERF_XTASK";

/// Runs cargo's tests in full view and passes their exit status on.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let env = Env::with_frontend(Profile::Harness)?;
    let mut cargo = env.equip(checkout::cargo());
    cargo
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .args(arguments)
        .env(XTASK, std::env::current_exe().context("find this program")?)
        .stdin(Stdio::null());
    say("running the tests");
    let status = cargo.status().context("start cargo test")?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}
