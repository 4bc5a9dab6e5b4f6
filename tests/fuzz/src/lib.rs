//! Everything that reads what strangers write, as functions of any bytes.
//!
//! A [`Target`] takes bytes and ends: it panics if what reads them does, takes too long, or answers with something that
//! cannot be right. `fuzz/` has libFuzzer make the bytes up; `tests/replay.rs` gives every target, in every test run, the corpora
//! in `fuzz/corpus` and some thousands of mutations of them.

use std::time::{Duration, Instant};

mod formats;
mod matching;
mod objects;
mod store;
mod template;
mod texts;

/// Separates the parts of an input that has several.
const SEPARATOR: u8 = 0xff;

/// Whatever is read, an answer comes by then, on a busy machine and without optimisation, too.
const LONGEST: Duration = Duration::from_secs(120);

/// What is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, also that of its directory in `fuzz/corpus`.
    pub name: &'static str,
    /// Reads any bytes; panics where an answer is missing or wrong.
    run: fn(&[u8]),
    /// Whether it writes files for what reads them, which takes milliseconds.
    pub is_on_disk: bool,
    /// Inputs to start from besides the corpus: those of formats that no editor writes.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 20] = [
    Target::new("checks", texts::checks),
    Target::new("config", texts::config).with(texts::files),
    Target::new("docker-words", texts::docker_words),
    Target::new("dockerignore", matching::dockerignore),
    Target::new("giterminism", texts::giterminism),
    Target::new("glob", matching::glob),
    Target::new("manifest", formats::manifest).with(formats::manifests),
    Target::new("mask", matching::mask),
    Target::new("objects", objects::objects)
        .with(objects::seeds)
        .on_disk(),
    Target::new("pack", store::pack)
        .with(store::packs)
        .on_disk(),
    Target::new("plan", formats::plan).with(formats::plans),
    Target::new("printable", texts::printable),
    Target::new("reference", texts::reference),
    Target::new("regexp", matching::regexp),
    Target::new("seal", store::seal)
        .with(store::seals)
        .on_disk(),
    Target::new("semver", matching::semver),
    Target::new("slot", formats::slot).with(formats::slots),
    Target::new("state", store::state)
        .with(store::states)
        .on_disk(),
    Target::new("template", template::render),
    Target::new("yaml", texts::yaml).with(texts::files),
];

impl Target {
    const fn new(name: &'static str, run: fn(&[u8])) -> Target {
        Target {
            name,
            run,
            is_on_disk: false,
            seeds: Vec::new,
        }
    }

    const fn with(self, seeds: fn() -> Vec<Vec<u8>>) -> Target {
        Target { seeds, ..self }
    }

    const fn on_disk(self) -> Target {
        Target {
            is_on_disk: true,
            ..self
        }
    }

    /// Returns the target of this name.
    pub fn named(name: &str) -> Option<Target> {
        TARGETS.into_iter().find(|target| target.name == name)
    }

    /// Reads `data`.
    ///
    /// # Panics
    /// Where the answer is missing, wrong or late.
    pub fn run(&self, data: &[u8]) {
        let began = Instant::now();
        (self.run)(data);
        let took = began.elapsed();
        assert!(took < LONGEST, "{}: took {took:?}", self.name);
    }
}

/// Returns the first part of an input and the rest of it, both as bytes.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == SEPARATOR) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, b""),
    }
}

/// Returns the first part of an input and the rest of it, where both are text.
fn texts(data: &[u8]) -> Option<(&str, &str)> {
    let (first, rest) = halves(data);
    Some((str::from_utf8(first).ok()?, str::from_utf8(rest).ok()?))
}
