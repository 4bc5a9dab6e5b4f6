//! How much memory PLAN takes at most, of which nothing can be given back while it runs.
//!
//! Packs are mapped: their pages are the kernel's file cache, which it drops when memory is short, so they do not count. What counts is
//! limited by `RLIMIT_DATA`: everything a process asks for itself.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use crate::program::{git, git_all};

/// What `docs/security.md` promises, in kibibytes.
const LIMIT: u64 = 512 << 10;

/// Almost as much as a file of a repository may have (`git/repo.rs`).
const LARGE: u64 = 159 << 20;

/// Almost as much as a file may differ from another, in place of which it is stored as a delta.
const DIFFERENCE: u64 = 14 << 20;

/// How a plan file begins that has no mistakes.
const PLANNED: &str = "{\"version\":1,\"outcome\":{\"plan\":";

/// Writes bytes that nothing makes smaller (xorshift).
fn write_noise(path: &Path, seed: u64, size: u64) {
    let mut out = BufWriter::with_capacity(
        1 << 20,
        File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap(),
    );
    let mut number = seed;
    for _ in 0..size / 8 {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        out.write_all(&number.to_le_bytes()).unwrap();
    }
    out.flush().unwrap();
}

/// Runs PLAN as a build does, upon an empty STORE, with so many kibibytes of memory. Returns the plan file, or what the program
/// says where it fails.
fn plan_within(limit: u64, project: &Path, config: &str) -> Result<String, String> {
    let out = tempfile::tempdir().unwrap();
    let tools = out.path().join("tools");
    fs::create_dir(&tools).unwrap();
    let program = env!("CARGO_BIN_EXE_werf-frontend");
    let output = Command::new("sh")
        .args(["-c", "ulimit -d \"$0\" && exec \"$@\""])
        .args([&limit.to_string(), program, "plan-in-build"])
        .arg("--git-dir")
        .arg(project.join(".git"))
        .arg("--store")
        .arg(out.path().join("store"))
        .arg("--tools")
        .arg(&tools)
        .arg("--out")
        .arg(out.path().join("plan.json"))
        .args(["--build-arg", &format!("WERF_CONFIG={config}")])
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let plan = fs::read_to_string(out.path().join("plan.json")).unwrap();
    if plan.starts_with(PLANNED) {
        let packs = fs::read_dir(out.path().join("store/packs")).unwrap();
        let stored: u64 = packs
            .map(|pack| pack.unwrap().metadata().unwrap().len())
            .sum();
        assert!(stored > LARGE, "{stored}");
    }
    Ok(plan)
}

#[test]
fn no_hostile_configuration_takes_more_than_that() {
    let hostile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hostile");
    let project = tempfile::tempdir().unwrap();
    git(project.path(), &["init", "--quiet"]);
    let files = fs::read_dir(hostile).unwrap().flatten();
    let files: Vec<_> = files.filter(|file| file.path().is_file()).collect();
    for file in &files {
        fs::copy(file.path(), project.path().join(file.file_name())).unwrap();
    }
    git_all(project.path());
    assert!(files.len() > 100, "{}", files.len());
    for file in files {
        let name = file.file_name().into_string().unwrap();
        let planned = plan_within(LIMIT, project.path(), &name);
        let refused = planned
            .as_ref()
            .is_ok_and(|file| file.contains("\"errors\""));
        assert!(refused, "{name}: {planned:.500?}");
        tally::refused(1);
    }
}

#[test]
fn plan_takes_half_a_gibibyte_at_most_whatever_the_files_are() {
    let project = tempfile::tempdir().unwrap();
    let path = |name: &str| project.path().join(name);
    git(project.path(), &["init", "--quiet"]);
    fs::write(
        path("werf.yaml"),
        "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n",
    )
    .unwrap();
    write_noise(&path("large"), 1, LARGE - DIFFERENCE);
    fs::copy(path("large"), path("other")).unwrap();
    write_noise(&path("other"), 2, DIFFERENCE);
    git_all(project.path());
    // Each as an object of its own, then one as a delta of the other: what it is made from, what it says and itself are there at once.
    for stored in ["loose", "delta"] {
        let is_planned = |limit| {
            let file = plan_within(limit, project.path(), "werf.yaml");
            file.is_ok_and(|file| file.starts_with(PLANNED))
        };
        assert!(is_planned(LIMIT), "{stored}");
        assert!(!is_planned(100 << 10), "{stored}: nothing is limited");
        tally::right(1);
        git(
            project.path(),
            &["repack", "-q", "-a", "-d", "-f", "--window=2", "--depth=2"],
        );
    }
    let packed = fs::read_dir(path(".git/objects/pack")).unwrap();
    let packed: u64 = packed
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(packed < LARGE + DIFFERENCE, "there is a delta: {packed}");
}
