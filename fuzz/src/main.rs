//! Gives what libFuzzer makes up to the target that `FUZZ_TARGET` names (see `../README.md`).
//!
//! With `FUZZ_SEEDS=DIRECTORY` it writes what the target starts from there, and ends.

#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use fuzz_targets::{TARGETS, Target};

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let Some(target) = Target::named(&name) else {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            eprintln!("FUZZ_TARGET is one of {}", names.join(", "));
            std::process::exit(2);
        };
        if let Some(directory) = std::env::var_os("FUZZ_SEEDS") {
            for (index, seed) in (target.seeds)().into_iter().enumerate() {
                std::fs::write(Path::new(&directory).join(format!("seed-{index}")), seed).expect("write a seed");
            }
            std::process::exit(0);
        }
        let _ = TARGET.set(target);
    },
    |data: &[u8]| {
        if let Some(target) = TARGET.get() {
            target.run(data);
        }
    }
);
