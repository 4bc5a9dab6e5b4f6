//! That the sync tool has the same bytes wherever it is compiled: the layers of images must not depend on who built
//! the frontend, and a person can check a release against its sources.

use std::fs;

use anyhow::{Result, ensure};

use crate::env::{Env, sync_tool};
use crate::home::remove_dir;
use crate::talk::print;

/// Compiles the tool in two directories, one deeper than the other, and compares.
pub fn check(env: &Env) -> Result<()> {
    let dir = env.home.join("reproducible");
    let mut programs = Vec::new();
    for (number, place) in ["/src", "/another/one/further/down"].iter().enumerate() {
        let output = dir.join(number.to_string());
        programs.push(fs::read(sync_tool::compile(env, &output, place)?)?);
    }
    ensure!(
        programs[0] == programs[1],
        "the sync tool has other bytes when the checkout is elsewhere: compare the two in {}",
        dir.display()
    );
    remove_dir(&dir)?;
    print(format_args!(
        "the sync tool is the same {} bytes from two directories",
        programs[0].len()
    ))
}
