//! `cargo xtask compatibility`: runs the end-to-end tests that `tests/e2e/compatibility` names, on one engine after the
//! other, and writes what came out as the table of `docs/compatibility.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::checkout::{self, Profile};
use crate::env::engine::Engine;
use crate::env::{Env, Which};
use crate::home::Home;
use crate::talk::{pass_on, say};
use crate::test::{SKIPPED, equip};
use crate::written_table::{WrittenTable, read_row};

/// What the rows are: sections and, for each row, the tests that show it.
const ROWS: &str = "tests/e2e/compatibility";

/// Where the table is, between two lines.
const TABLE: WrittenTable = WrittenTable {
    document: "docs/compatibility.md",
    begin: "<!-- written by `cargo xtask compatibility` -->\n",
    end: "<!-- end -->\n",
};

/// How `compatibility` is asked for.
#[derive(clap::Args)]
pub struct Options {
    /// Runs the tests on these engines only; the other columns are of the last time
    #[arg(long, value_name = "NAME")]
    engine: Vec<Engine>,
    /// Runs nothing: writes the table of what was seen last on this machine
    #[arg(long, conflicts_with = "engine")]
    table: bool,
}

/// A row of the table, or a heading above some of them.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Section(String),
    Row { what: String, tests: Vec<Test> },
}

/// A test: the file below `tests/e2e/tests` and the function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    module: String,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Skipped,
    Failed,
}

type Outcomes = BTreeMap<String, Outcome>;

/// Runs the tests and writes the table.
pub fn run(options: &Options) -> Result<()> {
    let text =
        fs::read_to_string(checkout::root().join(ROWS)).with_context(|| format!("read {ROWS}"))?;
    let lines = parse(&text)?;
    let engines = match (options.table, &options.engine[..]) {
        (true, _) => &[],
        (false, []) => Engine::value_variants(),
        (false, named) => named,
    };
    for &engine in engines {
        let outcomes = run_on(engine, &lines)?;
        let mut record = String::new();
        for (test, outcome) in &outcomes {
            let _ = writeln!(record, "{test} {}", outcome.name());
        }
        let path = record_of(engine)?;
        fs::write(&path, record).with_context(|| format!("write {}", path.display()))?;
    }
    let recorded: Vec<Outcomes> = Engine::value_variants()
        .iter()
        .map(|engine| {
            Ok(read_record(
                &fs::read_to_string(record_of(*engine)?).unwrap_or_default(),
            ))
        })
        .collect::<Result<_>>()?;
    TABLE.write(&table(&lines, &recorded))
}

fn record_of(engine: Engine) -> Result<PathBuf> {
    Ok(Home::open()?.dir("compatibility")?.join(engine.name()))
}

/// Runs all tests that rows name, one at a time: what two builds at once do is a row of its own.
fn run_on(engine: Engine, lines: &[Line]) -> Result<Outcomes> {
    let env = Env::with_frontend_of(Which::of(engine), Profile::Harness)?;
    let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in lines {
        if let Line::Row { tests, .. } = line {
            for test in tests {
                modules.entry(&test.module).or_default().insert(&test.name);
            }
        }
    }
    let mut outcomes = Outcomes::new();
    for (module, names) in modules {
        say(format_args!(
            "{engine}: {} tests of `{module}`",
            names.len()
        ));
        let skipped = tempfile::NamedTempFile::new().context("make a file for skipped tests")?;
        let mut cargo = equip(&env)?;
        cargo
            .args([
                "test",
                "--quiet",
                "--locked",
                "--package",
                "e2e",
                "--test",
                program(module),
            ])
            .args(["--", "--format=pretty", "--test-threads=1", "--exact"])
            .args(names.iter().map(|name| in_program(module, name)))
            .env(SKIPPED, skipped.path())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        let output = cargo.output().context("start cargo test")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let skipped = fs::read_to_string(skipped.path())?;
        let found = outcomes_of(&said, module, &skipped);
        for name in names {
            let test = format!("{module}::{name}");
            let outcome = found
                .get(&test)
                .with_context(|| format!("{ROWS} names `{test}`, which did not run"))?;
            if *outcome == Outcome::Failed {
                pass_on(&said);
            }
            outcomes.insert(test, *outcome);
        }
    }
    Ok(outcomes)
}

/// The test program that has a file of its own.
const ALONE: &str = "prune";

/// Returns the test program that `module` is in.
fn program(module: &str) -> &str {
    if module == ALONE { ALONE } else { "all" }
}

/// Returns what a test of `module` is called in its program.
fn in_program(module: &str, name: &str) -> String {
    if module == ALONE {
        name.to_owned()
    } else {
        format!("{module}::{name}")
    }
}

/// Reads the file of rows: `# section`, and `what | module::test, module::test`.
fn parse(text: &str) -> Result<Vec<Line>> {
    let parse = |line: &str| {
        if let Some(section) = line.strip_prefix("# ") {
            return Ok(Line::Section(section.to_owned()));
        }
        let (what, tests) = read_row(ROWS, line)?;
        let tests = tests.into_iter();
        let tests = tests.map(|(module, name)| Test { module, name }).collect();
        Ok(Line::Row { what, tests })
    };
    text.lines()
        .filter(|line| !line.is_empty())
        .map(parse)
        .collect()
}

/// Reads what a test program prints, and which tests said that they were skipped (`e2e::needs`).
fn outcomes_of(said: &str, module: &str, skipped: &str) -> Outcomes {
    let ended = |line: &str| {
        let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
        let prefix = format!("{module}::");
        let name = name.strip_prefix(&prefix).unwrap_or(name);
        let test = format!("{prefix}{name}");
        let is_skipped = skipped.lines().any(|line| {
            line.strip_prefix(&test)
                .is_some_and(|rest| rest.starts_with(':'))
        });
        let outcome = match outcome {
            "ok" if is_skipped => Outcome::Skipped,
            "ok" => Outcome::Passed,
            "FAILED" => Outcome::Failed,
            _ => return None,
        };
        Some((test, outcome))
    };
    said.lines().filter_map(ended).collect()
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Skipped => "skipped",
            Outcome::Failed => "failed",
        }
    }
}

fn read_record(text: &str) -> Outcomes {
    let line = |line: &str| {
        let (test, outcome) = line.split_once(' ')?;
        let all = [Outcome::Passed, Outcome::Skipped, Outcome::Failed];
        let outcome = all.into_iter().find(|one| one.name() == outcome)?;
        Some((test.to_owned(), outcome))
    };
    text.lines().filter_map(line).collect()
}

/// Returns the table in Markdown, with a column for each of `recorded`, which are in the order of the engines.
fn table(lines: &[Line], recorded: &[Outcomes]) -> String {
    let mut table = String::from("| |");
    for engine in Engine::value_variants() {
        let _ = write!(table, " `{engine}` |");
    }
    table += " tests |\n| --- |";
    table += &" --- |".repeat(recorded.len() + 1);
    table.push('\n');
    for line in lines {
        match line {
            Line::Section(section) => {
                let _ = writeln!(
                    table,
                    "| **{section}** |{}",
                    " |".repeat(recorded.len() + 1)
                );
            }
            Line::Row { what, tests } => {
                let _ = write!(table, "| {what} |");
                for outcomes in recorded {
                    let _ = write!(table, " {} |", cell(tests, outcomes));
                }
                let tests: Vec<String> = tests
                    .iter()
                    .map(|test| format!("`{}::{}`", test.module, test.name))
                    .collect();
                let _ = writeln!(table, " {} |", tests.join(", "));
            }
        }
    }
    table
}

/// What a row's tests say together: the worst counts.
fn cell(tests: &[Test], outcomes: &Outcomes) -> &'static str {
    let worst = tests
        .iter()
        .map(|test| outcomes.get(&format!("{}::{}", test.module, test.name)))
        .map(|outcome| outcome.copied().ok_or(()))
        .collect::<Result<Vec<Outcome>, ()>>()
        .map(|all| all.into_iter().max());
    match worst {
        Ok(Some(Outcome::Passed)) => "yes",
        Ok(Some(Outcome::Skipped)) => "the daemon cannot",
        Ok(Some(Outcome::Failed)) => "**no**",
        Ok(None) | Err(()) => "not run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# Caches\nin a registry | caching::one, fresh::two\ninside | caching::three\n";

    #[test]
    fn a_row_says_what_the_worst_of_its_tests_says() {
        let lines = parse(TEXT).unwrap();
        let said = "running 2 tests\ntest one ... ok\ntest three ... ok\ntest four - should panic ... ignored\n";
        let mut first = outcomes_of(said, "caching", "");
        first.extend(outcomes_of("test two ... FAILED\n", "fresh", ""));
        let mut second = outcomes_of(said, "caching", "caching::one: no cache export\n");
        second.extend(outcomes_of("test two ... ok\n", "fresh", ""));
        let third = Outcomes::new();
        let shown = table(&lines, &[first.clone(), second, third, first]);
        assert_rows(
            &shown,
            "| **Caches** | | | | | |\n\
             | in a registry | **no** | the daemon cannot | not run | **no** | `caching::one`, `fresh::two` |\n\
             | inside | yes | yes | not run | yes | `caching::three` |\n",
        );
    }

    /// The rows below the two lines of the heading.
    fn assert_rows(table: &str, rows: &str) {
        let shown: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(shown, rows.lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let read = read_record("a::b passed\na::c skipped\na::d failed\nbroken\n");
        assert_eq!(read.len(), 3);
        assert_eq!(read["a::c"], Outcome::Skipped);
    }

    #[test]
    fn only_the_table_is_replaced() {
        let WrittenTable { begin, end, .. } = TABLE;
        let document = format!("# T\n\n{begin}old\n{end}after\n");
        let with = TABLE.within(&document, "new\n").unwrap();
        assert_eq!(with, format!("# T\n\n{begin}\nnew\n\n{end}after\n"));
        assert!(TABLE.within("nothing", "new").is_err());
    }

    #[test]
    fn a_broken_row_is_named() {
        for bad in ["no bar", "what | test"] {
            assert!(parse(bad).unwrap_err().to_string().contains(ROWS), "{bad}");
        }
    }

    #[test]
    fn every_test_that_the_document_names_is_there() {
        let document = fs::read_to_string(checkout::root().join(TABLE.document)).unwrap();
        let rows = fs::read_to_string(checkout::root().join(ROWS)).unwrap();
        let names = document.split('`').skip(1).step_by(2);
        let of_rows = rows.lines().filter_map(|line| line.split_once(" | "));
        let names = names.chain(of_rows.flat_map(|(_, tests)| tests.split(", ")));
        let mut found = 0;
        for (module, name) in names.filter_map(|name| name.split_once("::")) {
            let path = checkout::root().join(format!("tests/e2e/tests/{module}.rs"));
            let text = fs::read_to_string(&path).unwrap_or_default();
            assert!(text.contains(&format!("fn {name}(")), "{module}::{name}");
            found += 1;
        }
        assert!(found > 100, "{found}");
    }
}
