//! What fuzzing starts from and what it has found, and mutations of that, by the functions that libFuzzer calls.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fuzz_targets::{TARGETS, Target};

/// How many mutations each target gets here. libFuzzer makes better ones, and more of them.
const MUTATIONS: usize = 3000;

/// How many those get that write files.
const MUTATIONS_ON_DISK: usize = 100;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// Returns the inputs of a target, in order.
fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus().join(target.name))
        .map(|files| files.filter_map(|file| Some(file.ok()?.path())).collect())
        .unwrap_or_default();
    files.sort();
    let mut inputs: Vec<Vec<u8>> = files
        .iter()
        .map(|path| std::fs::read(path).expect("an input"))
        .collect();
    inputs.extend((target.seeds)());
    inputs
}

#[test]
fn every_target_has_something_to_start_from_and_every_corpus_a_target() {
    for target in &TARGETS {
        assert!(!inputs(target).is_empty(), "{}", target.name);
    }
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    for directory in std::fs::read_dir(corpus()).unwrap() {
        let name = directory.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(name.as_str()), "{name}");
    }
}

#[test]
fn every_input_is_answered() {
    for target in &TARGETS {
        for input in inputs(target) {
            println!("{}: {}", target.name, input.escape_ascii());
            target.run(&input);
        }
    }
}

/// A generator of numbers that are always the same ones (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Changes, removes, repeats, makes up or takes from another input some bytes.
fn mutate(input: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + numbers.below(9)).min(bytes.len());
        match numbers.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece).for_each(drop);
            }
            2 => bytes.insert(at, numbers.below(256) as u8),
            3 => bytes[at..end].fill([0, 1, b'.', b'/', 0x7f, 0x80, 0xff][numbers.below(7)]),
            4 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            _ => {
                let from = numbers.below(other.len() + 1);
                let to = (from + numbers.below(30)).min(other.len());
                bytes
                    .splice(at..end, other[from..to].to_vec())
                    .for_each(drop);
            }
        }
    }
    bytes
}

#[test]
fn mutations_are_answered() {
    let mut found = Vec::new();
    for target in &TARGETS {
        let inputs = inputs(target);
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let most = if target.is_on_disk {
            MUTATIONS_ON_DISK
        } else {
            MUTATIONS
        };
        let mut mutations = (0..most).map(|_| {
            let input = &inputs[numbers.below(inputs.len())];
            let other = &inputs[numbers.below(inputs.len())];
            mutate(input, other, &mut numbers)
        });
        let fails = |input: &Vec<u8>| std::panic::catch_unwind(|| target.run(input)).is_err();
        if let Some(input) = mutations.find(fails) {
            found.push(format!("{}: {}", target.name, input.escape_ascii()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn slow_functions_of_templates_end_within_the_budget() {
    let template = Target::named("template").unwrap();
    for text in [
        "{{ range until 1000 }}{{ bcrypt \"x\" }}{{ end }}",
        "{{ range until 1000 }}{{ genPrivateKey \"rsa\" }}{{ end }}",
        "{{ range until 1000 }}{{ derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}{{ end }}",
        "{{ range until 1000000000 }}{{ end }}",
        "{{ repeat 1000000000 \"x\" }}",
    ] {
        template.run(text.as_bytes());
    }
}
